"""Keeping listings: one row a listing, whose version rises when what it says changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, case, exists, func, or_, select, update
from sqlmodel import Session, col

from crawlers.listing import Listing
from ipguard.database.statements import insert_into, portions
from ipguard.listings.history import BACK, GONE, Read, keep_events, keep_versions
from ipguard.listings.pictures import show_pictures
from ipguard.listings.said import digest, fit, kept_of, said_by
from ipguard.listings.tables import ListingPictureRow, ListingRow

CHUNK = 200
"""Rows a statement: 30 columns of 200 rows stay below SQLite's 32 766 parameters."""

ONLY_WHEN_NEW = frozenset({"source_id", "key", "first_seen_at"})
ONLY_WHEN_CHANGED = frozenset({"version", "changed_at", "judged_with"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one listing when it was kept."""

    id: int
    key: str
    version: int
    new: bool = False
    changed: bool = False
    """It says something else than before."""
    back: bool = False
    """It had been gone."""


def keep_listings(
    session: Session,
    source_id: str,
    listings: Iterable[Listing],
    *,
    read_by: str,
    run_id: int,
    step: int,
    now: datetime,
    follow_seller: bool = True,
) -> list[Kept]:
    """Write what was read: new rows, higher versions, or only a later `last_seen_at`.

    A listing named twice in one answer is kept once, as it was said last. Its pictures become rows that
    are still to be fetched; pictures it no longer shows are dropped from it. `read_by` is adapter@version,
    `step` the position of the step in the run. Every version is kept beside the row, without the seller where the
    source does not let sellers be followed.
    """
    by_key = {one.id: one for one in map(fit, listings)}
    if not by_key:
        return []
    before = _standing(session, source_id, list(by_key))
    said = {key: said_by(listing) for key, listing in by_key.items()}
    digests = {key: digest(one) for key, one in said.items()}
    rows = [
        _row(listing, now, source_id=source_id, digest=digests[key], read_by=read_by, run=(run_id, step))
        for key, listing in by_key.items()
    ]
    written: dict[str, tuple[int, int]] = {}
    for chunk in portions(rows):
        written.update(_upsert(session, chunk, now))
    kept = [_became(key, written[key], before.get(key), digests[key]) for key in by_key]
    news = [one for one in kept if one.new or one.changed]
    for one in news:
        show_pictures(session, one.id, by_key[one.key].pictures)
    read = Read(run_id, step, read_by, now)
    keep_versions(
        session, [(one.id, one.version, kept_of(said[one.key], seller=follow_seller)) for one in news], read
    )
    keep_events(session, [one.id for one in kept if one.back], BACK, run_id, now)
    return kept


def mark_gone(session: Session, source_id: str, run_id: int, now: datetime) -> int:
    """Mark what a full run that ended well did not see; returns how many went."""
    went = session.execute(
        update(ListingRow)
        .where(
            col(ListingRow.source_id) == source_id,
            col(ListingRow.gone_at).is_(None),
            or_(col(ListingRow.last_run_id).is_(None), col(ListingRow.last_run_id) != run_id),
        )
        .values(gone_at=now)
        .returning(col(ListingRow.id))
    )
    ids = [listing_id for (listing_id,) in went]
    keep_events(session, ids, GONE, run_id, now)
    return len(ids)


def to_judge(
    session: Session,
    run_id: int | None,
    judged_with: str,
    limit: int = CHUNK,
    *,
    seen_whole: bool = False,
    source_id: str = "",
) -> list[ListingRow]:
    """Listings of this run, or of every run of a source, that these matchers have not judged against this watchlist.

    With `seen_whole`, only those of which no picture is still to be fetched.
    """
    which = col(ListingRow.last_run_id) == run_id if run_id else col(ListingRow.source_id) == source_id
    wanted = select(ListingRow).where(which, col(ListingRow.judged_with) != judged_with)
    if seen_whole:
        wanted = wanted.where(
            ~exists().where(
                col(ListingPictureRow.listing_id) == col(ListingRow.id),
                col(ListingPictureRow.sha256).is_(None),
                col(ListingPictureRow.skipped) == "",
            )
        )
    return list(session.scalars(wanted.order_by(col(ListingRow.id)).limit(limit)))


def unjudged(session: Session, judged_with: str) -> dict[str, int]:
    """Source → how many of its listings these matchers have not judged against this watchlist."""
    rows = session.execute(
        select(col(ListingRow.source_id), func.count())
        .where(col(ListingRow.judged_with) != judged_with)
        .group_by(col(ListingRow.source_id))
        .order_by(col(ListingRow.source_id))
    )
    return {source: count for source, count in rows}  # noqa: C416 — rows are no plain tuples


def count_listings(session: Session) -> int:
    """How many listings were ever read."""
    return session.scalars(select(func.count()).select_from(ListingRow)).one()


def note_judged(session: Session, listings: Iterable[ListingRow], judged_with: str) -> None:
    """Note that these versions were judged; what changed, or became known, meanwhile stays to be judged."""
    for listing in listings:
        session.execute(
            update(ListingRow)
            .where(
                col(ListingRow.id) == listing.id,
                col(ListingRow.version) == listing.version,
                col(ListingRow.judged_with) == listing.judged_with,
            )
            .values(judged_with=judged_with)
        )


def judge_again(session: Session, listing_ids: Sequence[int]) -> None:
    """Note that something new is known about these listings: a picture arrived, or shows more than before.

    Each note differs from the one before, so that whoever judges meanwhile does not take it for judged.
    """
    for chunk in portions(listing_ids):
        session.execute(
            update(ListingRow).where(col(ListingRow.id).in_(chunk)).values(judged_with=f"again {uuid4().hex}")
        )


@dataclass(frozen=True, slots=True)
class _Before:
    digest: str
    gone: bool


def _standing(session: Session, source_id: str, keys: Sequence[str]) -> dict[str, _Before]:
    found: dict[str, _Before] = {}
    for chunk in portions(keys):
        rows = session.execute(
            select(col(ListingRow.key), col(ListingRow.digest), col(ListingRow.gone_at)).where(
                col(ListingRow.source_id) == source_id, col(ListingRow.key).in_(chunk)
            )
        )
        found.update((key, _Before(said, gone is not None)) for key, said, gone in rows)
    return found


def _upsert(session: Session, rows: Sequence[dict[str, object]], now: datetime) -> dict[str, tuple[int, int]]:
    """Key → (id, version), in one statement that both databases understand."""
    statement = insert_into(session, ListingRow).values(list(rows))
    said = statement.excluded
    other = col(ListingRow.digest) != said.digest
    changes: dict[str, ColumnElement[object]] = {
        name: said[name] for name in rows[0] if name not in ONLY_WHEN_NEW | ONLY_WHEN_CHANGED
    }
    changes["version"] = case((other, col(ListingRow.version) + 1), else_=col(ListingRow.version))
    changes["changed_at"] = case((other, now), else_=col(ListingRow.changed_at))
    changes["judged_with"] = case((other, ""), else_=col(ListingRow.judged_with))
    written = session.execute(
        statement.on_conflict_do_update(index_elements=["source_id", "key"], set_=changes).returning(
            col(ListingRow.key), col(ListingRow.id), col(ListingRow.version)
        ),
        execution_options={"populate_existing": True},
    )
    return {key: (listing_id, version) for key, listing_id, version in written}


def _became(key: str, written: tuple[int, int], before: _Before | None, said: str) -> Kept:
    listing_id, version = written
    if before is None:
        return Kept(listing_id, key, version, new=True)
    return Kept(listing_id, key, version, changed=before.digest != said, back=before.gone)


def _row(
    listing: Listing, now: datetime, *, source_id: str, digest: str, read_by: str, run: tuple[int, int]
) -> dict[str, object]:
    price = listing.price
    return {
        "source_id": source_id,
        "key": listing.id,
        "kind": listing.kind.value,
        "url": listing.url,
        "title": listing.title,
        "description": listing.description,
        "price_amount": str(price.amount) if price else None,
        "currency": price.currency if price else None,
        "price_kind": price.kind.value if price else "",
        "price_raw": price.raw if price else "",
        "seller_key": listing.seller.id,
        "seller_name": listing.seller.name,
        "seller_url": listing.seller.url,
        "condition": listing.condition,
        "availability": listing.availability,
        "brand": listing.brand,
        "category": listing.category,
        "tags": list(listing.tags),
        "language": listing.language,
        "missing": list(listing.missing),
        "digest": digest,
        "version": 1,
        "read_by": read_by,
        "first_seen_at": now,
        "last_seen_at": now,
        "changed_at": now,
        "gone_at": None,
        "last_run_id": run[0],
        "last_step": run[1],
        "judged_with": "",
    }
