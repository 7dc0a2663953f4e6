"""Pictures of listings: which are shown, which still have to be fetched, which were skipped and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from ipguard.listings.said import MAX_LINE
from ipguard.listings.tables import ListingPictureRow, ListingRow

PER_LISTING = 12
"""Pictures of a listing that are fetched; shops show 5 to 10, and the rest is size charts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that a listing shows and nobody has fetched."""

    id: int
    listing_id: int
    url: str


def show_pictures(session: Session, listing_id: int, urls: Sequence[str]) -> None:
    """Make the rows of a listing those of `urls`, in this order; what was fetched before stays fetched."""
    known = {
        row.url: row
        for row in session.scalars(
            select(ListingPictureRow).where(col(ListingPictureRow.listing_id) == listing_id)
        )
    }
    shown = {_address(url): _why_not(url, place) for place, url in enumerate(urls)}
    for place, (url, why_not) in enumerate(shown.items()):
        row = known.get(url)
        if row is None:
            row = ListingPictureRow(listing_id=listing_id, position=place, url=url)
            row.skipped = why_not
            session.add(row)
        row.position = place
    dropped = [row.id for url, row in known.items() if url not in shown]
    if dropped:
        session.execute(delete(ListingPictureRow).where(col(ListingPictureRow.id).in_(dropped)))
    session.flush()


def wanted(session: Session, run_id: int, after: int = 0, limit: int = 200) -> list[Wanted]:
    """Pictures of this run's listings that are still to be fetched, in the order of the listings."""
    rows = session.execute(
        select(col(ListingPictureRow.id), col(ListingPictureRow.listing_id), col(ListingPictureRow.url))
        .join(ListingRow, col(ListingRow.id) == col(ListingPictureRow.listing_id))
        .where(
            col(ListingRow.last_run_id) == run_id,
            col(ListingPictureRow.sha256).is_(None),
            col(ListingPictureRow.skipped) == "",
            col(ListingPictureRow.id) > after,
        )
        .order_by(col(ListingPictureRow.id))
        .limit(limit)
    )
    return [Wanted(*row) for row in rows]


def fetched_before(session: Session, url: str) -> ListingPictureRow | None:
    """A row with the same address that was fetched: the same picture need not be asked for twice."""
    return session.scalars(
        select(ListingPictureRow)
        .where(col(ListingPictureRow.url) == url, col(ListingPictureRow.sha256).is_not(None))
        .order_by(col(ListingPictureRow.fetched_at).desc())
        .limit(1)
    ).first()


def keep_picture(session: Session, url: str, *, sha256: str, media_type: str, now: datetime) -> list[int]:
    """Write what was fetched to every listing that shows this address; returns their ids."""
    rows = session.execute(
        update(ListingPictureRow)
        .where(col(ListingPictureRow.url) == url, col(ListingPictureRow.sha256).is_(None))
        .values(sha256=sha256, media_type=media_type, fetched_at=now, skipped="")
        .returning(col(ListingPictureRow.listing_id))
    )
    return sorted({listing_id for (listing_id,) in rows})


def skip_picture(session: Session, url: str, why: str, now: datetime) -> None:
    """Write why a picture is not fetched."""
    session.execute(
        update(ListingPictureRow)
        .where(col(ListingPictureRow.url) == url, col(ListingPictureRow.sha256).is_(None))
        .values(skipped=why, fetched_at=now)
    )


def shown_by(session: Session, listing_ids: Sequence[int]) -> dict[int, list[ListingPictureRow]]:
    """Pictures of listings, in the order they are shown."""
    found: dict[int, list[ListingPictureRow]] = {listing_id: [] for listing_id in listing_ids}
    rows = session.scalars(
        select(ListingPictureRow)
        .where(col(ListingPictureRow.listing_id).in_(listing_ids))
        .order_by(col(ListingPictureRow.listing_id), col(ListingPictureRow.position))
    )
    for row in rows:
        found[row.listing_id].append(row)
    return found


def _address(url: str) -> str:
    """The address as far as an index can hold it; a longer one is kept to be shown, and never asked for."""
    return url.encode()[:MAX_LINE].decode("utf-8", "ignore")


def _why_not(url: str, place: int) -> str:
    if place >= PER_LISTING:
        return f"more than {PER_LISTING} pictures"
    if len(url.encode()) > MAX_LINE:
        return f"its address is longer than {MAX_LINE} bytes"
    if not url.startswith(("https://", "http://")):
        return "its address is not http or https"
    return ""
