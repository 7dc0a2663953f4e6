"""Sessions: one row for each browser that is in. The cookie holds a key, the row its hash; ending the row ends it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlmodel import Session, col

from ipguard.people.devices import device_words
from ipguard.people.rights import Principal, Role
from ipguard.people.tables import PersonRow, SessionRow
from ipguard.settings import Settings

KEY_BYTES = 32
SEEN_EVERY = timedelta(minutes=5)
"""A session's last sight is written this often: not with every picture of a page."""
SECOND_STEP_WITHIN = timedelta(minutes=10)
KEPT = timedelta(days=30)
"""Ended sessions are removed after this; the record tells of them for ever."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lasts."""

    idle: timedelta = timedelta(hours=2)
    whole: timedelta = timedelta(hours=12)
    """NIST SP 800-63B §2.2.3: twelve hours at AAL2."""


def lasting_of(settings: Settings) -> Lasting:
    """How long the settings let sessions last."""
    people = settings.people
    return Lasting(timedelta(minutes=people.idle_minutes), timedelta(hours=people.session_hours))


@dataclass(frozen=True, slots=True)
class Browser:
    """What a request tells of the browser that sent it."""

    agent: str = ""
    address: str = ""


def hash_of(key: str) -> str:
    """What is kept of a random key: it has 256 bits, so plain SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def begin(
    session: Session,
    person: PersonRow,
    *,
    method: str,
    browser: Browser,
    lasting: Lasting,
    now: datetime,
    waits: bool = False,
) -> str:
    """A new session; returns the key for the cookie. One that waits for the second step lets nobody in."""
    key = secrets.token_urlsafe(KEY_BYTES)
    session.add(
        SessionRow(
            hash=hash_of(key),
            person_id=cast(int, person.id),
            method=method,
            waits=waits,
            device=device_words(browser.agent),
            address=browser.address,
            created_at=now,
            seen_at=now,
            ends_at=now + (SECOND_STEP_WITHIN if waits else lasting.whole),
        )
    )
    if not waits:
        person.entered_at = now
        session.add(person)
    session.flush()
    return key


@dataclass(frozen=True, slots=True)
class Inside:
    """A session that holds."""

    principal: Principal
    stale: bool
    """Its last sight is old enough to be written again: `mark_seen`."""


def look_up(session: Session, key: str, lasting: Lasting, now: datetime) -> Inside | None:
    """Who holds a key; None where it is unknown, ended, idle for too long, or waits for the second step."""
    found = _lookup(session, key, lasting, now, waits=False)
    if found is None:
        return None
    row, person = found
    principal = Principal(
        cast(int, person.id),
        person.name,
        Role(person.role),
        label=person.label,
        language=person.language,
        session=row.hash,
        has_password=bool(person.password),
        has_second_step=bool(person.totp),
        method=row.method,
    )
    return Inside(principal, now - row.seen_at >= SEEN_EVERY)


def waiting(
    session: Session, key: str, lasting: Lasting, now: datetime
) -> tuple[SessionRow, PersonRow] | None:
    """The session and person of a key that waits for the second step."""
    return _lookup(session, key, lasting, now, waits=True)


def mark_seen(session: Session, session_hash: str, now: datetime) -> None:
    """Write that a session was used."""
    session.execute(update(SessionRow).where(col(SessionRow.hash) == session_hash).values(seen_at=now))


def sessions_of(session: Session, person_id: int, lasting: Lasting, now: datetime) -> Sequence[SessionRow]:
    """The sessions of a person that hold, newest first."""
    rows = session.scalars(
        select(SessionRow)
        .where(
            col(SessionRow.person_id) == person_id,
            col(SessionRow.ended_at).is_(None),
            col(SessionRow.waits).is_(False),
            col(SessionRow.ends_at) > now,
            col(SessionRow.seen_at) > now - lasting.idle,
        )
        .order_by(col(SessionRow.created_at).desc())
    )
    return list(rows)


def count_open(session: Session, lasting: Lasting, now: datetime) -> dict[int, int]:
    """How many sessions of each person hold."""
    holding = (
        select(col(SessionRow.person_id), func.count())
        .where(
            col(SessionRow.ended_at).is_(None),
            col(SessionRow.waits).is_(False),
            col(SessionRow.ends_at) > now,
            col(SessionRow.seen_at) > now - lasting.idle,
        )
        .group_by(col(SessionRow.person_id))
    )
    return {row[0]: row[1] for row in session.execute(holding)}


def end(session: Session, person_id: int, session_hash: str, *, by: str, now: datetime) -> bool:
    """End one session of a person; False where there is none such."""
    return (
        _end(session, now, by, col(SessionRow.person_id) == person_id, col(SessionRow.hash) == session_hash)
        > 0
    )


def end_all(session: Session, person_id: int, *, by: str, now: datetime, but: str = "") -> int:
    """End every session of a person, but for one; returns how many ended."""
    return _end(session, now, by, col(SessionRow.person_id) == person_id, col(SessionRow.hash) != but)


def _end(session: Session, now: datetime, by: str, *which: ColumnElement[bool]) -> int:
    open_ones = update(SessionRow).where(col(SessionRow.ended_at).is_(None), *which)
    result = session.execute(open_ones.values(ended_at=now, ended_by=by))
    return cast(CursorResult[object], result).rowcount


def _lookup(
    session: Session, key: str, lasting: Lasting, now: datetime, *, waits: bool
) -> tuple[SessionRow, PersonRow] | None:
    if not key:
        return None
    found = session.execute(
        select(SessionRow, PersonRow)
        .join(PersonRow, col(PersonRow.id) == col(SessionRow.person_id))
        .where(
            col(SessionRow.hash) == hash_of(key),
            col(SessionRow.waits).is_(waits),
            col(SessionRow.ended_at).is_(None),
            col(SessionRow.ends_at) > now,
            col(SessionRow.seen_at) > now - lasting.idle,
            col(PersonRow.disabled_at).is_(None),
        )
    ).first()
    return (found[0], found[1]) if found else None


def sweep_out(session: Session, now: datetime) -> None:
    """Remove what ended long ago, so that the table does not grow for ever."""
    session.execute(delete(SessionRow).where(col(SessionRow.ends_at) < now - KEPT))


def last_visit(session: Session, me: Principal) -> datetime | None:
    """When a person was last here before this session; None where that is not known."""
    return session.scalars(
        select(func.max(col(SessionRow.seen_at))).where(
            col(SessionRow.person_id) == me.id, col(SessionRow.hash) != me.session
        )
    ).one()
