"""Who else shows the same picture: for seller clusters, for relisted goods, and beside an alert."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.database.statements import portions
from ipguard.listings.tables import ListingPictureRow, ListingRow, PictureFingerprintRow
from ipguard.matching.images.same import SAME, Same, SamePictures


@dataclass(frozen=True, slots=True)
class ShownBy:
    """A listing that shows the same picture."""

    listing_id: int
    source: str
    seller: str
    """The marketplace's id of the seller, else the name; empty where a shop is its own seller."""
    title: str
    url: str


def stored_pictures(session: Session, version: str) -> SamePictures:
    """Every stored picture with a fingerprint of this version; make it once for many questions. 32 bytes a picture."""
    rows = session.execute(
        select(col(PictureFingerprintRow.sha256), col(PictureFingerprintRow.hashes))
        .where(col(PictureFingerprintRow.version) == version)
        .order_by(col(PictureFingerprintRow.sha256))
    ).all()
    return SamePictures([sha256 for sha256, _ in rows], [hashes for _, hashes in rows])


def same_picture_as(
    session: Session, sha256: str, *, within: int = SAME, among: SamePictures | None = None
) -> list[Same]:
    """Stored pictures that are nearly this one, nearest first, itself left out; none where it was never looked at.

    Args:
        session: only reads.
        sha256: the content asked for.
        within: differing bits of 256.
        among: `stored_pictures`, for many questions.
    """
    asked = session.get(PictureFingerprintRow, sha256)
    if asked is None:
        return []
    known = among if among is not None else stored_pictures(session, asked.version)
    return [one for one in known.of(asked.hashes, within) if one.sha256 != sha256]


def shown_elsewhere(session: Session, listing_id: int) -> list[ShownBy]:
    """Other listings that show one of the pictures of a listing, the same bytes or nearly the same picture."""
    own = session.scalars(
        select(col(ListingPictureRow.sha256)).where(
            col(ListingPictureRow.listing_id) == listing_id, col(ListingPictureRow.sha256).is_not(None)
        )
    )
    contents = {sha256 for sha256 in own if sha256}
    among: SamePictures | None = None
    for sha256 in sorted(contents):
        row = session.get(PictureFingerprintRow, sha256)
        if row is not None:
            among = among or stored_pictures(session, row.version)
            contents |= {one.sha256 for one in among.of(row.hashes)}
    return _showing(session, contents, besides=listing_id)


def sellers_of(shown: Iterable[ShownBy]) -> int:
    """How many sellers these are."""
    return len({(one.source, one.seller) for one in shown})


def _showing(session: Session, contents: Iterable[str], *, besides: int) -> list[ShownBy]:
    found: dict[int, ShownBy] = {}
    for portion in portions(sorted(contents)):
        rows = session.execute(
            select(
                col(ListingRow.id),
                col(ListingRow.source_id),
                col(ListingRow.seller_key),
                col(ListingRow.seller_name),
                col(ListingRow.title),
                col(ListingRow.url),
            )
            .join(ListingPictureRow, col(ListingPictureRow.listing_id) == col(ListingRow.id))
            .where(col(ListingPictureRow.sha256).in_(portion), col(ListingRow.id) != besides)
            .distinct()
        )
        for number, source, key, name, title, url in rows:
            if number is not None:
                found[number] = ShownBy(number, source, key or name, title, url)
    return [found[number] for number in sorted(found)]
