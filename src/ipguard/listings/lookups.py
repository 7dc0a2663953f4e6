"""What others say about hits: which listings still have to be asked about, and what was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlmodel import Session, col

from ipguard.listings.tables import ListingRow, LookupRow

REGISTRATION, NAMES = "registration", "names"


@dataclass(frozen=True, slots=True)
class Told:
    """What one enquiry gave."""

    kind: str
    """registration or names."""
    outcome: str
    """ok, empty, blocked, changed, error, skipped."""
    note: str = ""
    facts: Mapping[str, object] | None = None


def to_ask_about(
    session: Session, source_id: str, kind: str, listing_kind: str, limit: int
) -> list[ListingRow]:
    """Listings of this kind on a source about which nothing of `kind` was asked yet, oldest first."""
    asked = exists().where(col(LookupRow.listing_id) == col(ListingRow.id), col(LookupRow.kind) == kind)
    statement = (
        select(ListingRow)
        .where(col(ListingRow.source_id) == source_id, col(ListingRow.kind) == listing_kind, ~asked)
        .order_by(col(ListingRow.id))
        .limit(limit)
    )
    return list(session.scalars(statement))


def keep_told(session: Session, listing_id: int, told: Told, now: datetime) -> None:
    """Write down what was said about a listing."""
    facts = dict(told.facts or {})
    session.add(
        LookupRow(
            listing_id=listing_id,
            kind=told.kind,
            outcome=told.outcome,
            note=told.note[:500],
            facts=facts,
            asked_at=now,
        )
    )


def lookups_of(session: Session, listing_ids: Sequence[int]) -> dict[int, list[LookupRow]]:
    """What was said about each of these listings, in a fixed order."""
    found: dict[int, list[LookupRow]] = {listing_id: [] for listing_id in listing_ids}
    rows: Iterable[LookupRow] = session.scalars(
        select(LookupRow)
        .where(col(LookupRow.listing_id).in_(listing_ids))
        .order_by(col(LookupRow.listing_id), col(LookupRow.kind).desc())
    )
    for row in rows:
        found[row.listing_id].append(row)
    return found


SHOWN = (
    "registrar",
    "country",
    "registered_at",
    "changed_at",
    "expires_at",
    "status",
    "name_servers",
    "A",
    "AAAA",
    "CNAME",
    "NS",
    "MX",
)
"""Facts that people are shown, in this order."""


def facts_shown(row: LookupRow) -> list[tuple[str, str]]:
    """The facts of one enquiry that people are shown: name and value; hostile text, to be escaped by who prints it."""
    facts: dict[str, list[str]] = {}
    for name, value in row.facts.items():
        members = value if isinstance(value, list) else [value]
        for one in members:
            if isinstance(one, dict):  # a resource record
                facts.setdefault(str(one.get("type")), []).append(str(one.get("value")))
            elif one:
                facts.setdefault(name, []).append(str(one))
    return [(name, ", ".join(facts[name])) for name in SHOWN if name in facts]
