"""Deadlines as a calendar that others subscribe to (RFC 5545), behind a secret address that can be revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.errors import WrongUse
from ipguard.notify.deadlines import Deadline
from ipguard.notify.message import Voice, plain, say
from ipguard.notify.tables import FeedRow

MAX_NAME = 100
READ_EVERY = timedelta(minutes=10)
"""How often the last look is written down."""


def make_calendar(found: Sequence[Deadline], voice: Voice, now: datetime) -> bytes:
    """Deadlines as all-day events; the same deadline keeps its UID, so that a moved one moves."""
    calendar = Calendar()
    calendar.add("prodid", "-//ipguard//deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "ipguard")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})  # RFC 7986 §5.7
    for one in found:
        event = Event()
        event.add("uid", f"{one.uid}@ipguard")
        event.add("dtstamp", now)
        event.add("dtstart", one.due)
        event.add("dtend", one.due + timedelta(days=1))
        event.add("transp", "TRANSPARENT")  # nobody is busy that day
        title = say(f"deadline_{one.what}", voice.language, due=one.due.isoformat(), title=plain(one.title))
        event.add("summary", title)
        event.add("categories", [one.what])
        if link := voice.link("", one.path):
            event.add("url", link.url)
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def new_feed(session: Session, name: str, language: str, *, by: str, now: datetime) -> tuple[FeedRow, str]:
    """A feed and its secret, shown this once.

    Raises:
        WrongUse: it has no name, or no language of ours.
    """
    name = plain(name, MAX_NAME)
    if not name or language not in ("en", "zh"):
        raise WrongUse("A feed needs a name that says who reads it.")
    secret = secrets.token_urlsafe(24)
    row = FeedRow(name=name, language=language, secret_sha256=_digest(secret), created_at=now, created_by=by)
    session.add(row)
    session.flush()
    return row, secret


def list_feeds(session: Session) -> list[FeedRow]:
    """Feeds that are not revoked, oldest first."""
    return list(
        session.scalars(select(FeedRow).where(col(FeedRow.revoked_at).is_(None)).order_by(col(FeedRow.id)))
    )


def revoke_feed(session: Session, feed_id: int, now: datetime) -> None:
    """A feed's address stops working.

    Raises:
        WrongUse: there is no such feed.
    """
    row = session.get(FeedRow, feed_id)
    if row is None:
        raise WrongUse("There is no such feed.")
    row.revoked_at = row.revoked_at or now
    session.add(row)


def feed_of(session: Session, secret: str) -> FeedRow | None:
    """The feed that has this secret and was not revoked."""
    row = session.scalars(select(FeedRow).where(col(FeedRow.secret_sha256) == _digest(secret))).first()
    return row if row is not None and row.revoked_at is None else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
