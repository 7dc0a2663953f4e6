"""Letting go of what no alert rests on, as long after it was last seen as a source's terms say (`retain_days`).

What raised an alert stays, with its story: it has its own rules (`ipguard.keeping`). Everything else of a listing goes,
and pictures that nothing shows any more go with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, delete, exists, func, select
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow
from ipguard.database.engine import reading, transaction
from ipguard.database.statements import portions
from ipguard.listings.tables import (
    ListingPictureRow,
    ListingRow,
    ListingVersionRow,
    PictureFindingRow,
    PictureFingerprintRow,
    PictureLookRow,
)
from ipguard.rights.tables import PictureRow

AT_ONCE = 200
"""Listings a transaction: nobody waits long for the database."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was let go of, or would be, for one source."""

    source: str
    retain_days: int
    """As its reader's policy says."""
    listings: int
    """Not seen for so long, and never flagged."""
    versions: int
    """Older than that, of listings that are still shown and were never flagged."""
    pictures: int
    """Contents that nothing shows any more."""
    kept_flagged: int
    """Listings not seen for as long that stay, because an alert rests on them."""


def forget_stale(
    database: Engine,
    source_id: str,
    retain_days: int,
    *,
    now: datetime,
    erase: Callable[[str], None],
    dry_run: bool = False,
) -> Forgotten:
    """Delete what is older than `retain_days` of one source; safe to be killed and run again.

    Args:
        database: each portion is a transaction of its own.
        source_id: whose listings.
        retain_days: 0 keeps nothing beyond this moment.
        now: aware UTC.
        erase: takes the bytes of a picture away, by SHA-256.
        dry_run: only count.
    """
    before = now - timedelta(days=retain_days)
    flagged = exists().where(col(AlertRow.listing_id) == col(ListingRow.id))
    stale = (col(ListingRow.source_id) == source_id, col(ListingRow.last_seen_at) < before)
    with reading(database) as session:
        ids = list(session.scalars(select(col(ListingRow.id)).where(*stale, ~flagged)))
        kept = session.scalars(select(func.count()).select_from(ListingRow).where(*stale, flagged)).one()
        old = list(session.scalars(_old_versions(source_id, before, flagged)))
        shown = _contents(session, ids)
        orphans = [sha256 for sha256 in shown if not _used(session, sha256, besides=ids)]
    if not dry_run:
        for portion in portions(ids, AT_ONCE):
            with transaction(database) as session:
                session.execute(delete(ListingRow).where(col(ListingRow.id).in_(portion), ~flagged))
        for portion in portions(old, AT_ONCE):
            with transaction(database) as session:
                session.execute(delete(ListingVersionRow).where(col(ListingVersionRow.id).in_(portion)))
        _erase_pictures(database, orphans, erase)
    return Forgotten(source_id, retain_days, len(ids), len(old), len(orphans), kept)


def _old_versions(source_id: str, before: datetime, flagged: ColumnElement[bool]):  # type: ignore[no-untyped-def] # noqa: ANN202 — a Select
    return (
        select(col(ListingVersionRow.id))
        .join(ListingRow, col(ListingRow.id) == col(ListingVersionRow.listing_id))
        .where(
            col(ListingRow.source_id) == source_id,
            col(ListingRow.last_seen_at) >= before,
            col(ListingVersionRow.version) < col(ListingRow.version),
            col(ListingVersionRow.at) < before,
            ~flagged,
        )
    )


def _contents(session: Session, listing_ids: Iterable[int | None]) -> list[str]:
    found: dict[str, None] = {}
    for portion in portions(listing_ids):
        rows = session.scalars(
            select(col(ListingPictureRow.sha256)).where(
                col(ListingPictureRow.listing_id).in_(portion), col(ListingPictureRow.sha256).is_not(None)
            )
        )
        found.update(dict.fromkeys(sha256 for sha256 in rows if sha256))
    return list(found)


def _used(session: Session, sha256: str, besides: Iterable[int | None] = ()) -> bool:
    """Whether a listing, these left out, or a reference of the watchlist shows this content."""
    gone = set(besides)
    showing = session.scalars(
        select(col(ListingPictureRow.listing_id)).where(col(ListingPictureRow.sha256) == sha256)
    )
    reference = select(col(PictureRow.id)).where(col(PictureRow.sha256) == sha256).limit(1)
    return any(one not in gone for one in showing) or session.scalars(reference).first() is not None


def _erase_pictures(database: Engine, contents: Iterable[str], erase: Callable[[str], None]) -> None:
    for sha256 in contents:
        with transaction(database) as session:
            if _used(session, sha256):
                continue  # somebody has come to show it meanwhile
            for table in (PictureLookRow, PictureFindingRow, PictureFingerprintRow):
                session.execute(delete(table).where(col(table.sha256) == sha256))
            erase(sha256)
