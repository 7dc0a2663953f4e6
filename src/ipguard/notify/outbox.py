"""The outbox: what is to be told, what was, and every attempt. An event is put in once for a channel.

A delivery is claimed in one statement and tried by one process; a process that dies leaves a lease that ends.
The receiver may then be told twice, with the same event id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlmodel import Session, col

from ipguard.database.statements import insert_into
from ipguard.errors import WrongUse
from ipguard.notify.events import URGENT, Event, to_json
from ipguard.notify.port import Undelivered
from ipguard.notify.tables import AttemptRow, ChannelRow, DeliveryRow

BACK_OFF = tuple(
    timedelta(seconds=seconds) for seconds in (30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000)
)
"""After each failed attempt; after the last one it is given up, two days and a half later."""
LEASE = timedelta(minutes=3)
KEPT = timedelta(days=90)
"""How long the log of what was sent is kept."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A line of the log."""

    delivery: DeliveryRow
    channel: str
    attempts: tuple[AttemptRow, ...] = ()


def put(session: Session, channel: ChannelRow, event: Event, now: datetime) -> bool:
    """Put an event into the outbox of a channel; False where it is in already."""
    row = {
        "channel_id": channel.id,
        "event_id": event.id,
        "kind": event.kind,
        "event": to_json(event),
        "state": "waiting",
        "attempts": 0,
        "next_try_at": now,
        "created_at": now,
        "last_words": "",
    }
    done = session.execute(
        insert_into(session, DeliveryRow)
        .values(row)
        .on_conflict_do_nothing(index_elements=["channel_id", "event_id"])
        .returning(col(DeliveryRow.id))
    ).first()
    return done is not None


def announce(session: Session, event: Event, now: datetime) -> int:
    """Put an event into the outbox of every channel that asked for its kind; returns how many are new."""
    channels = session.scalars(select(ChannelRow).where(~col(ChannelRow.paused)))
    return sum(put(session, one, event, now) for one in channels if event.kind in one.events)


def claim(session: Session, now: datetime, *, quiet: Sequence[int] = ()) -> DeliveryRow | None:
    """The next delivery that is due, ours for LEASE; those of quiet channels only where they are urgent."""
    due = (
        select(col(DeliveryRow.id))
        .join(ChannelRow, col(ChannelRow.id) == col(DeliveryRow.channel_id))
        .where(
            col(DeliveryRow.state) == "waiting",
            col(DeliveryRow.next_try_at) <= now,
            or_(col(DeliveryRow.lease_until).is_(None), col(DeliveryRow.lease_until) <= now),
            ~col(ChannelRow.paused),
            or_(col(ChannelRow.id).not_in(quiet), col(DeliveryRow.kind).in_(URGENT)),
        )
        .order_by(col(DeliveryRow.next_try_at), col(DeliveryRow.id))
        .limit(20)
    )
    for number in session.scalars(due).all():
        hit = session.execute(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.id) == number,
                col(DeliveryRow.state) == "waiting",
                or_(col(DeliveryRow.lease_until).is_(None), col(DeliveryRow.lease_until) <= now),
            )
            .values(lease_until=now + LEASE)
            .returning(col(DeliveryRow.id))
        ).first()
        if hit is not None:
            return session.get(DeliveryRow, number, populate_existing=True)
    return None


def sent(session: Session, delivery_id: int, now: datetime) -> None:
    """Write down that a delivery got through."""
    row = session.get_one(DeliveryRow, delivery_id)
    row.state, row.sent_at, row.lease_until, row.last_words = "sent", now, None, ""
    row.attempts += 1
    session.add_all([row, AttemptRow(delivery_id=delivery_id, at=now, outcome="sent")])


def failed(session: Session, delivery_id: int, error: Undelivered, now: datetime) -> None:
    """Write down that an attempt failed, and when the next one is, if any can help."""
    row = session.get_one(DeliveryRow, delivery_id)
    again = error.again and row.attempts < len(BACK_OFF)
    if again:
        wait = max(BACK_OFF[row.attempts], timedelta(seconds=error.after_seconds))
        row.next_try_at = now + wait
    row.state = "waiting" if again else "failed"
    row.attempts += 1
    row.lease_until, row.last_words = None, " ".join(filter(None, [f"{error}.", error.hint]))
    outcome = "again" if again else "failed"
    session.add_all([row, AttemptRow(delivery_id=delivery_id, at=now, outcome=outcome, words=row.last_words)])
    if error.gone:
        channel = session.get_one(ChannelRow, row.channel_id)
        channel.paused, channel.paused_why = True, str(error)
        session.add(channel)


def resend(session: Session, delivery_id: int, now: datetime) -> DeliveryRow:
    """Have a delivery tried again at once, sent or not: with the same event id.

    Raises:
        WrongUse: there is no such delivery.
    """
    row = session.get(DeliveryRow, delivery_id)
    if row is None:
        raise WrongUse(f"There is no delivery {delivery_id}.", hint="List them: ipguard notify log")
    row.state, row.attempts, row.next_try_at, row.lease_until = "waiting", 0, now, None
    session.add(row)
    return row


def delivery_log(
    session: Session, *, channel: str = "", state: str = "", before: int = 0, limit: int = PAGE
) -> list[DeliveryLine]:
    """Deliveries, newest first, with their attempts; `before` is a delivery's number."""
    statement = select(DeliveryRow, col(ChannelRow.name)).join(
        ChannelRow, col(ChannelRow.id) == col(DeliveryRow.channel_id)
    )
    if channel:
        statement = statement.where(col(ChannelRow.name) == channel)
    if state:
        statement = statement.where(col(DeliveryRow.state) == state)
    if before:
        statement = statement.where(col(DeliveryRow.id) < before)
    rows = session.execute(statement.order_by(col(DeliveryRow.id).desc()).limit(limit)).all()
    attempts: dict[int, list[AttemptRow]] = {}
    numbers = [row.id for row, _ in rows]
    for one in session.scalars(
        select(AttemptRow).where(col(AttemptRow.delivery_id).in_(numbers)).order_by(col(AttemptRow.id))
    ):
        attempts.setdefault(one.delivery_id, []).append(one)
    return [DeliveryLine(row, name, tuple(attempts.get(row.id or 0, ()))) for row, name in rows]


def waiting(session: Session, now: datetime) -> bool:
    """Whether anything is due: a channel to be looked after, or a delivery."""
    channel = select(func.count()).where(~col(ChannelRow.paused), col(ChannelRow.next_at) <= now)
    delivery = select(func.count()).where(
        col(DeliveryRow.state) == "waiting",
        col(DeliveryRow.next_try_at) <= now,
        or_(col(DeliveryRow.lease_until).is_(None), col(DeliveryRow.lease_until) <= now),
    )
    return any(session.scalars(one).one() for one in (channel, delivery))


def forget_old(session: Session, now: datetime) -> int:
    """Drop the log of what was sent or given up long ago."""
    old = session.scalars(
        select(DeliveryRow).where(
            col(DeliveryRow.state) != "waiting", col(DeliveryRow.created_at) < now - KEPT
        )
    ).all()
    for row in old:
        session.delete(row)
    return len(old)
