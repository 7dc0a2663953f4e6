"""The story of a listing: what it said first, what changed when, when it went and came back; and where that stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import func, select
from sqlmodel import Session, col

from crawlers.addresses import same_place
from ipguard.database.statements import portions
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingEventRow, ListingRow, ListingVersionRow

FIRST, CHANGED, GONE, BACK = "first", "changed", "gone", "back"
TOLD = (
    "title", "price", "seller", "pictures", "availability", "condition", "description", "brand", "category", "tags",
    "codes", "ships_from", "language", "url", "kind",
)  # fmt: skip
"""Names of what a version says, in the order changes are told."""
Said = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Read:
    """Where and when something was read."""

    run_id: int
    step: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One thing that a version says otherwise than the one before."""

    field: str
    """title, price, seller, pictures, availability, description, …"""
    before: str
    """In one line; of a description or of pictures, how much there is."""
    after: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a listing."""

    at: datetime
    kind: str
    """first, changed, gone, back."""
    version: int
    """The version that stood from then on; of gone and back, the one that stood."""
    changes: tuple[FieldChange, ...] = ()
    run_id: int | None = None
    step: int | None = None
    """Position in that run whose answer said so: the same exchange is in the exhibits of that version."""
    said: Said | None = None
    """Everything that version said; None for gone and back."""


def keep_versions(session: Session, versions: Sequence[tuple[int, int, Said]], read: Read) -> None:
    """Write (listing, version, what it said) beside the listings, with what differs from the version before."""
    before = _latest(session, [listing_id for listing_id, _, _ in versions])
    for listing_id, version, said in versions:
        last = before.get(listing_id)
        if last is not None and last.version >= version:
            continue
        row = ListingVersionRow(
            listing_id=listing_id,
            version=version,
            at=read.at,
            run_id=read.run_id,
            step=read.step,
            read_by=read.by,
            changed=_differing(last.said, said) if last is not None else [],
            said=dict(said),
        )
        session.add(row)
    session.flush()


def keep_events(
    session: Session, listing_ids: Iterable[int], kind: str, run_id: int | None, now: datetime
) -> None:
    """Write that listings went or came back."""
    session.add_all(
        [ListingEventRow(listing_id=one, at=now, kind=kind, run_id=run_id) for one in sorted(listing_ids)]
    )
    session.flush()


def history_of(session: Session, listing_id: int) -> list[Moment]:
    """What happened to a listing, oldest first; empty where there is none of that number."""
    versions = list(
        session.scalars(
            select(ListingVersionRow)
            .where(col(ListingVersionRow.listing_id) == listing_id)
            .order_by(col(ListingVersionRow.version))
        )
    )
    moments = []
    last: ListingVersionRow | None = None
    for row in versions:
        before = last.said if last is not None else {}
        changes = tuple(
            FieldChange(name, in_a_line(name, before.get(name)), in_a_line(name, row.said.get(name)))
            for name in row.changed
        )
        kind = FIRST if last is None else CHANGED
        moments.append(Moment(row.at, kind, row.version, changes, row.run_id, row.step, row.said))
        last = row
    events = session.scalars(
        select(ListingEventRow)
        .where(col(ListingEventRow.listing_id) == listing_id)
        .order_by(col(ListingEventRow.id))
    )
    for event in events:
        stood = max((row.version for row in versions if row.at < event.at), default=1)
        moments.append(Moment(event.at, event.kind, stood, run_id=event.run_id))
    return sorted(moments, key=lambda one: (one.at, one.kind == CHANGED))


def find_listing(session: Session, named: str) -> ListingRow:
    """A listing by its number, or by its address under whatever tracking parameters.

    Raises:
        WrongUse: there is none, or several sources show it; then they are told.
    """
    if named.isdecimal():
        found = session.get(ListingRow, int(named[:18]))
        rows = [found] if found is not None else []
    else:
        wanted = same_place(named)
        host = wanted.partition("/")[0]
        near = col(ListingRow.url).contains(host, autoescape=True)
        rows = [
            one for one in session.scalars(select(ListingRow).where(near)) if same_place(one.url) == wanted
        ]
    if not rows:
        raise WrongUse(
            f"There is no listing {named}", hint="Its number stands beside its alert: ipguard alerts"
        )
    if len(rows) > 1:
        known = ", ".join(f"{one.id} ({one.source_id})" for one in rows)
        raise WrongUse(f"Several sources show {named}", hint=f"Name one by its number: {known}.")
    return rows[0]


def lately_changed(session: Session, source_id: str, *, limit: int = 50) -> list[tuple[ListingRow, Moment]]:
    """The newest changes, departures and returns of a source, newest first."""
    rows = session.execute(
        select(ListingVersionRow, ListingRow)
        .join(ListingRow, col(ListingRow.id) == col(ListingVersionRow.listing_id))
        .where(col(ListingRow.source_id) == source_id, col(ListingVersionRow.version) > 1)
        .order_by(col(ListingVersionRow.at).desc(), col(ListingVersionRow.id).desc())
        .limit(limit)
    )
    found = [
        (row, Moment(v.at, CHANGED, v.version, _named(v.changed, v.said), v.run_id, v.step, v.said))
        for v, row in rows
    ]
    events = session.execute(
        select(ListingEventRow, ListingRow)
        .join(ListingRow, col(ListingRow.id) == col(ListingEventRow.listing_id))
        .where(col(ListingRow.source_id) == source_id)
        .order_by(col(ListingEventRow.id).desc())
        .limit(limit)
    )
    found += [(row, Moment(e.at, e.kind, row.version, run_id=e.run_id)) for e, row in events]
    return sorted(found, key=lambda pair: pair[1].at, reverse=True)[:limit]


def in_a_line(name: str, value: object) -> str:
    """A value of a version for people: pictures as how many, a description as the beginning of its digest."""
    if value in (None, "", [], ["", "", "", ""]):
        return ""
    if name == "pictures":
        return str(len(cast("list[str]", value)))
    if name == "description":
        return str(value)[:12]
    if name == "price" and isinstance(value, list):
        amount, currency, *_ = value
        return f"{amount} {currency or ''}".strip()
    if name == "seller" and isinstance(value, list):
        return str(value[1] or value[0] or value[2])
    if isinstance(value, list):
        return ", ".join(str(one) for one in value if one)
    return str(value)


def _named(names: Iterable[str], said: Said) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(name, "", in_a_line(name, said.get(name))) for name in names)


def _differing(before: Said, after: Said) -> list[str]:
    """Names that both tell, and tell otherwise; a version of before versions were kept tells less."""
    return [name for name in TOLD if name in before and name in after and before[name] != after[name]]


def _latest(session: Session, listing_ids: Sequence[int]) -> dict[int, ListingVersionRow]:
    found: dict[int, ListingVersionRow] = {}
    for portion in portions(listing_ids):
        newest = (
            select(
                col(ListingVersionRow.listing_id), func.max(col(ListingVersionRow.version)).label("version")
            )
            .where(col(ListingVersionRow.listing_id).in_(portion))
            .group_by(col(ListingVersionRow.listing_id))
            .subquery()
        )
        rows = session.scalars(
            select(ListingVersionRow).join(
                newest,
                (col(ListingVersionRow.listing_id) == newest.c.listing_id)
                & (col(ListingVersionRow.version) == newest.c.version),
            )
        )
        found.update((row.listing_id, row) for row in rows)
    return found
