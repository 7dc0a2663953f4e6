"""Sellers as sources name them, with what was flagged and decided about their listings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, case, func, or_, select
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow
from ipguard.listings.tables import ListingRow


@dataclass(frozen=True, slots=True)
class SellerLine:
    """One seller at one source."""

    source: str
    seller: str
    listings: int
    alerts: int
    infringing: int


def search_sellers(
    session: Session, words: str = "", *, limit: int = 50, beyond: tuple[str, str] | None = None
) -> list[SellerLine]:
    """Sellers whose name holds these words, by source and name; `beyond` starts behind one of them (keyset)."""
    source, seller = col(ListingRow.source_id), col(ListingRow.seller_name)
    infringing = func.sum(case((col(AlertRow.state) == "infringing", 1), else_=0))
    statement = (
        select(
            source,
            seller,
            func.count(col(ListingRow.id).distinct()),
            func.count(col(AlertRow.id)),
            infringing,
        )
        .join(AlertRow, col(AlertRow.listing_id) == col(ListingRow.id), isouter=True)
        .where(seller != "")
        .group_by(source, seller)
        .order_by(source, seller)
        .limit(limit)
    )
    if words:
        statement = statement.where(seller.icontains(words, autoescape=True))
    if beyond:
        statement = statement.where(or_(source > beyond[0], and_(source == beyond[0], seller > beyond[1])))
    return [SellerLine(row[0], row[1], row[2], row[3], row[4] or 0) for row in session.execute(statement)]
