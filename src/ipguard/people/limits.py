"""How often something may fail before it has to wait: a try is counted before it is judged, so that many at once
gain nothing, and what succeeds is forgiven.

Waiting grows from half a minute to a quarter of an hour and never further, and tries that are refused while waiting
do not prolong it: nobody can lock somebody out for good. A browser that a person signed in from before counts for
itself, so guessing from elsewhere does not keep it out; and `ipguard user reset` always makes a link.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import cast

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from ipguard.database.statements import insert_into
from ipguard.errors import NotAllowed
from ipguard.people.tables import TriesRow

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)
"""After so long without a failure, counting starts anew."""
MOST_ROWS = 20_000
"""Rows kept at most; the oldest go first."""
ACCOUNT_FREE, ADDRESS_FREE, TOKEN_FREE = 5, 30, 30
"""Failures before the first wait; an address may be a whole office."""


class TooManyTries(NotAllowed):
    """Somebody has to wait."""

    def __init__(self, until: datetime, now: datetime) -> None:
        seconds = max(1, int((until - now).total_seconds()) + 1)
        super().__init__(f"Too many failed tries. Wait {seconds} seconds, then try again.", hint="")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Gate:
    """What one try is counted against."""

    key: str
    free: int


def gate(secret: bytes, kind: str, value: str, free: int) -> Gate:
    """A gate for an account, a browser or an address; neither is kept in the clear."""
    return Gate(hmac.new(secret, f"tries:{kind}:{value}".encode(), "sha256").hexdigest(), free)


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the /64 that one customer has."""
    try:
        known = ip_address(address.split("%")[0])
    except ValueError:
        return "unknown"
    return str(IPv6Address(int(known) >> 64 << 64)) if known.version == 6 else str(known)


def count_try(session: Session, gates: Sequence[Gate], now: datetime) -> None:
    """Count a try against every gate, before it is judged.

    Raises:
        TooManyTries: one of them is closed for now; nothing is counted.
    """
    keys = sorted(one.key for one in gates)
    for key in keys:  # there first, so that of two first tries at once both count
        new = insert_into(session, TriesRow).values(key=key, failures=0, last_at=now)
        session.execute(new.on_conflict_do_nothing())
    locked = select(TriesRow).where(col(TriesRow.key).in_(keys)).order_by(col(TriesRow.key)).with_for_update()
    rows = {row.key: row for row in session.scalars(locked.execution_options(populate_existing=True))}
    waits = [row.until for row in rows.values() if row.until and row.until > now]
    if waits:
        raise TooManyTries(max(waits), now)
    for one in gates:
        row = rows[one.key]
        row.failures = 1 if now - row.last_at > FORGOTTEN else row.failures + 1
        over = row.failures - one.free
        row.until = now + min(FIRST_WAIT * 2 ** min(over, 16), LONGEST_WAIT) if over >= 0 else None
        row.last_at = now
        session.add(row)
    session.flush()
    _bound(session, now)


def closed_until(session: Session, one: Gate, now: datetime) -> datetime | None:
    """Until when a gate is closed; None where it is open. Only reads."""
    until = session.scalars(select(col(TriesRow.until)).where(col(TriesRow.key) == one.key)).first()
    return until if until and until > now else None


def forgive(session: Session, own: Sequence[Gate], shared: Sequence[Gate] = ()) -> None:
    """What succeeded was no failure: the account's own gates open, a shared one takes this try back."""
    session.execute(delete(TriesRow).where(col(TriesRow.key).in_([one.key for one in own])))
    taken = update(TriesRow).where(
        col(TriesRow.key).in_([one.key for one in shared]), col(TriesRow.failures) > 0
    )
    session.execute(taken.values(failures=col(TriesRow.failures) - 1, until=None))


def _bound(session: Session, now: datetime) -> None:
    session.execute(delete(TriesRow).where(col(TriesRow.last_at) < now - FORGOTTEN - LONGEST_WAIT))
    count = cast(int, session.scalar(select(func.count()).select_from(TriesRow)))
    if count > MOST_ROWS:
        oldest = select(col(TriesRow.key)).order_by(col(TriesRow.last_at)).limit(count - MOST_ROWS)
        session.execute(delete(TriesRow).where(col(TriesRow.key).in_(oldest)))
