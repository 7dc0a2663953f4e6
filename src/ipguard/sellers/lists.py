"""The three lists: allow (licensed, never flagged), deny (known to copy, weighs against it), watch (look first)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.errors import WrongUse
from ipguard.matching.sellers import host_of
from ipguard.people.audit import audit
from ipguard.people.rights import Principal
from ipguard.rights.store import next_edition
from ipguard.rights.tables import WorkRow
from ipguard.sellers.tables import SellerEntryRow
from ipguard.sources.tables import SourceRow

LONGEST_NOTE = 1000


class Stance(StrEnum):
    """Which list a seller stands on."""

    ALLOW = "allow"
    """Licensed: turns the verdict round, as an official seller of the watchlist does."""
    DENY = "deny"
    """Known to sell copies: supports a verdict, and never makes one."""
    WATCH = "watch"
    """Changes no verdict; people look here first."""


@dataclass(frozen=True, slots=True)
class SellerKey:
    """A seller on one source."""

    source: str
    key: str
    """The marketplace's id, else the name; empty where the shop is its own seller."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What matchers are told: work → entries as `host`, or `host/seller`."""

    allowed: Mapping[str, tuple[str, ...]]
    denied: Mapping[str, tuple[str, ...]]


NOBODY = Listed({}, {})
"""Empty lists."""


def put_on_list(
    session: Session,
    who: SellerKey,
    stance: Stance,
    principal: Principal,
    now: datetime,
    *,
    work: str = "",
    note: str = "",
) -> SellerEntryRow:
    """Put a seller on a list, for one work or all; an entry for the same work ends with that.

    Every listing of the seller is judged again at its next run.

    Raises:
        WrongUse: there is no such source or work.
    """
    if session.get(SourceRow, who.source) is None:
        raise WrongUse(f"There is no source “{who.source}”", hint="`ipguard source list` shows all.")
    if work and session.get(WorkRow, work) is None:
        raise WrongUse(f"There is no work “{work}”", hint="`ipguard watch list` shows all.")
    for standing in entries_of(session, who):
        if standing.work_id == work:
            standing.ended_at, standing.ended_by = now, principal.by
            session.add(standing)
    row = SellerEntryRow(
        source_id=who.source,
        seller_key=who.key,
        stance=stance.value,
        work_id=work,
        note=note.strip()[:LONGEST_NOTE],
        made_by=principal.by,
        made_at=now,
    )
    session.add(row)
    session.flush()
    next_edition(session)  # whoever matches reads the lists anew
    audit(session, principal, f"seller.{stance}", f"seller_entry:{row.id}", {"source": who.source}, now)
    return row


def take_off_list(session: Session, entry_id: int, principal: Principal, now: datetime) -> SellerEntryRow:
    """End an entry.

    Raises:
        WrongUse: there is none, or it has ended.
    """
    row = session.get(SellerEntryRow, entry_id)
    if row is None or row.ended_at is not None:
        raise WrongUse("That entry has ended already", hint="Load the page again.")
    row.ended_at, row.ended_by = now, principal.by
    session.add(row)
    next_edition(session)
    audit(session, principal, "seller.unlist", f"seller_entry:{row.id}", {"source": row.source_id}, now)
    return row


def entries_of(session: Session, who: SellerKey, *, ended: bool = False) -> Sequence[SellerEntryRow]:
    """Entries of one seller, newest first; with `ended` those too that are over."""
    query = select(SellerEntryRow).where(
        col(SellerEntryRow.source_id) == who.source, col(SellerEntryRow.seller_key) == who.key
    )
    if not ended:
        query = query.where(col(SellerEntryRow.ended_at).is_(None))
    return list(session.scalars(query.order_by(col(SellerEntryRow.id).desc())))


def listed_sellers(session: Session, works: Sequence[str]) -> Listed:
    """Who is allowed and denied for which work, as matchers take it."""
    rows = session.execute(
        select(SellerEntryRow, col(SourceRow.base_url))
        .join(SourceRow, col(SourceRow.id) == col(SellerEntryRow.source_id))
        .where(col(SellerEntryRow.ended_at).is_(None))
        .order_by(col(SellerEntryRow.id))
    ).all()
    told: dict[str, dict[str, list[str]]] = {Stance.ALLOW: {}, Stance.DENY: {}}
    for row, base in rows:
        if row.stance not in told:
            continue
        entry = f"{host_of(base)}/{row.seller_key}" if row.seller_key else host_of(base)
        for work in [row.work_id] if row.work_id else works:
            told[row.stance].setdefault(work, []).append(entry)
    allowed, denied = ({work: tuple(given) for work, given in told[one].items()} for one in told)
    return Listed(allowed, denied)
