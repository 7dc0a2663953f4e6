"""What the figures need, read in one go: plain columns, since a hundred thousand alerts are read at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow, DecisionRow
from ipguard.listings.history import BACK
from ipguard.listings.tables import ListingEventRow, ListingRow
from ipguard.matching.score import THRESHOLD
from ipguard.reports.figures import AlertFacts
from ipguard.reports.markets import market_of
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import SourceRow


@dataclass(frozen=True, slots=True)
class Only:
    """What a report is limited to; empty asks for everything."""

    source: str = ""
    work: str = ""
    seller: str = ""
    market: str = ""
    """ISO code; `none` for what no market is known of."""
    no_seller: bool = False
    """Only listings whose seller is not told."""


def alert_facts(session: Session, only: Only) -> list[AlertFacts]:
    """Every alert that was flagged at least as strongly as needed, or decided; newest first."""
    newest = (
        select(col(DecisionRow.alert_id), func.max(col(DecisionRow.id)).label("id"))
        .where(col(DecisionRow.undone_at).is_(None))
        .group_by(col(DecisionRow.alert_id))
        .subquery()
    )
    statement = (
        select(
            col(AlertRow.id), col(AlertRow.state), col(AlertRow.created_at), col(WorkRow.id), col(WorkRow.title),
            col(ListingRow.id), col(ListingRow.title), col(ListingRow.seller_name), col(ListingRow.currency),
            col(ListingRow.gone_at), col(ListingRow.source_id), col(DecisionRow.decision),
            col(DecisionRow.decided_at), col(DecisionRow.decided_by),
        )
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .join(WorkRow, col(WorkRow.id) == col(AlertRow.work_id))
        .outerjoin(newest, newest.c.alert_id == col(AlertRow.id))
        .outerjoin(DecisionRow, col(DecisionRow.id) == newest.c.id)
        .where((col(AlertRow.score) >= THRESHOLD) | col(AlertRow.state).in_(("infringing", "not_infringing")))
        .order_by(col(AlertRow.id).desc())
    )  # fmt: skip
    for column, value in (
        (col(ListingRow.source_id), only.source),
        (col(AlertRow.work_id), only.work),
        (col(ListingRow.seller_name), only.seller),
    ):
        if value:
            statement = statement.where(column == value)
    if only.no_seller:
        statement = statement.where(col(ListingRow.seller_name) == "")
    shops = _shops(session)
    back = _came_back(session)
    found = []
    for (
        alert, state, found_at, work, work_title, listing, title, seller, currency, gone_at, source, decision,
        decided_at, decided_by,
    ) in session.execute(statement):  # fmt: skip
        market = market_of(*shops[source], currency or "")
        if only.market and market != ("" if only.market == "none" else only.market):
            continue
        stands = decision if state in ("infringing", "not_infringing") and decision == state else ""
        found.append(
            AlertFacts(
                alert, listing, title, work, work_title, source, seller, market, found_at,
                stands, decided_at if stands else None, decided_by or "" if stands else "",
                gone_at, back.get(listing),
            )
        )  # fmt: skip
    return found


def sources_and_works(session: Session) -> tuple[list[str], list[tuple[str, str]]]:
    """Ids of the sources; ids and titles of the works: what a report can be limited to."""
    sources = list(session.scalars(select(col(SourceRow.id)).order_by(col(SourceRow.id))))
    rows = session.execute(select(col(WorkRow.id), col(WorkRow.title)).order_by(col(WorkRow.title)))
    return sources, [(row[0], row[1]) for row in rows]


def _shops(session: Session) -> Mapping[str, tuple[str, object]]:
    rows = session.execute(select(col(SourceRow.id), col(SourceRow.base_url), col(SourceRow.options)))
    return {row[0]: (row[1], (row[2] or {}).get("market")) for row in rows}


def _came_back(session: Session) -> Mapping[int, datetime]:
    """Listing → when it was last offered again after it had been gone."""
    listing = col(ListingEventRow.listing_id)
    rows = session.execute(
        select(listing, func.max(col(ListingEventRow.at)))
        .where(col(ListingEventRow.kind) == BACK)
        .group_by(listing)
    )
    return {row[0]: row[1] for row in rows}
