"""The record of who did what: entries are added in the transaction of the deed, and each is chained to the last.

An entry's hash is SHA-256 over its canonical JSON (RFC 8785) with the hash of the entry before it, so a changed,
removed or inserted entry breaks every later one. Whoever can write the whole database could write the whole chain
anew: note the newest hash elsewhere (`ipguard audit check` prints it) and it can be compared later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import rfc8785
from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from ipguard.database.statements import insert_into
from ipguard.people.rights import Principal
from ipguard.people.tables import AuditHeadRow, AuditRow

START = "0" * 64
"""What the first entry follows."""
HEAD = 1
PORTION = 1000
"""Entries that are read at once."""

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to read; empty means all."""

    person: str = ""
    action: str = ""
    """An action, or its first word for all of that kind."""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What checking the record showed."""

    entries: int
    head: str
    """Hash of the newest entry."""
    broken: int | None = None
    """Position of the first entry that does not fit; None where all do."""

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed or put between."""
        return self.broken is None


def audit(
    session: Session,
    principal: Principal,
    action: str,
    subject: str,
    details: Mapping[str, Detail],
    now: datetime,
) -> AuditRow:
    """Add one entry, in the transaction of the deed itself: both are kept or neither.

    Args:
        session: of the transaction; it holds the record's lock until it ends, so do this last.
        principal: who did it.
        action: words with a dot, like `case.export`.
        subject: the row it was done to, like `case:12`; empty where there is none.
        details: short facts. Never secrets, never words of a listing.
        now: aware UTC.
    """
    head = _head(session)
    row = AuditRow(
        id=head.position + 1,
        at=now.astimezone(UTC),
        person_id=principal.id,
        person=principal.name,
        role=principal.role.value,
        way=principal.way,
        action=action,
        subject=subject,
        details=dict(details),
        before=head.hash or START,
        hash="",
    )
    row.hash = entry_hash(row)
    session.add(row)
    head.position, head.hash = row.id, row.hash
    session.add(head)
    session.flush()
    return row


def entry_facts(row: AuditRow) -> dict[str, object]:
    """An entry as it is hashed and exported, without its own hash."""
    return {
        "position": row.id,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "person_id": row.person_id,
        "person": row.person,
        "role": row.role,
        "way": row.way,
        "action": row.action,
        "subject": row.subject,
        "details": dict(row.details),
        "before": row.before,
    }


def entry_hash(row: AuditRow) -> str:
    """SHA-256 of an entry's canonical JSON, in hexadecimal."""
    facts: dict[str, object] = entry_facts(row)
    return hashlib.sha256(rfc8785.dumps(facts)).hexdigest()  # type: ignore[arg-type]  # object is JSON here


def entries(
    session: Session, wanted: Wanted | None = None, *, before: int = 0, limit: int = 100
) -> list[AuditRow]:
    """Entries, newest first; with `before`, those older than that position."""
    query = _select(wanted or Wanted()).order_by(col(AuditRow.id).desc()).limit(limit)
    if before:
        query = query.where(col(AuditRow.id) < before)
    return list(session.scalars(query))


def every_entry(session: Session, wanted: Wanted | None = None) -> Iterator[AuditRow]:
    """Entries, oldest first, read in portions."""
    at = 0
    while True:
        query = _select(wanted or Wanted()).where(col(AuditRow.id) > at)
        rows = list(session.scalars(query.order_by(col(AuditRow.id)).limit(PORTION)))
        yield from rows
        if len(rows) < PORTION:
            return
        at = rows[-1].id


def check_chain(session: Session) -> Chain:
    """Whether every entry stands as it was written, up to the newest."""
    last, position = START, 0
    for row in every_entry(session):
        position += 1
        if row.id != position or row.before != last or row.hash != entry_hash(row):
            return Chain(position, last, position)
        last = row.hash
    head = session.get(AuditHeadRow, HEAD)
    if (head.position if head else 0) != position or (head.hash if head and position else START) != last:
        return Chain(position, last, position + 1)
    return Chain(position, last)


def newest(session: Session) -> tuple[int, str]:
    """Position and hash of the newest entry; 0 and START's zeros for an empty record."""
    head = session.get(AuditHeadRow, HEAD)
    return (head.position, head.hash) if head and head.position else (0, START)


def position_of(session: Session, entry: str) -> int | None:
    """Position of the entry with that hash; None where there is none."""
    return session.scalars(select(col(AuditRow.id)).where(col(AuditRow.hash) == entry)).first()


def actions(session: Session) -> list[str]:
    """Every action that was ever recorded, for a filter."""
    return list(session.scalars(select(col(AuditRow.action)).distinct().order_by(col(AuditRow.action))))


def _select(wanted: Wanted) -> Select[AuditRow]:
    query = select(AuditRow)
    if wanted.person:
        query = query.where(col(AuditRow.person) == wanted.person)
    if wanted.action:
        same, kind = col(AuditRow.action) == wanted.action, f"{wanted.action}."
        query = query.where(or_(same, col(AuditRow.action).startswith(kind, autoescape=True)))
    if wanted.subject:
        query = query.where(col(AuditRow.subject) == wanted.subject)
    if wanted.since:
        query = query.where(col(AuditRow.at) >= wanted.since)
    if wanted.until:
        query = query.where(col(AuditRow.at) < wanted.until)
    return query


def _head(session: Session) -> AuditHeadRow:
    """The newest entry's place, locked until the transaction ends."""
    found = session.get(AuditHeadRow, HEAD, with_for_update=True, populate_existing=True)
    if found is None:
        start = insert_into(session, AuditHeadRow).values(id=HEAD, position=0, hash="")
        session.execute(start.on_conflict_do_nothing())
        found = session.get_one(AuditHeadRow, HEAD, with_for_update=True, populate_existing=True)
    return found
