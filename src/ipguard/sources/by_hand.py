"""Sources that people fill by hand: one a marketplace, never asked by the schedule."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from ipguard.errors import WrongUse
from ipguard.sources.marketplaces import Marketplace
from ipguard.sources.store import BY_HAND
from ipguard.sources.tables import SourceRow


def source_by_hand(session: Session, place: Marketplace, *, now: datetime) -> SourceRow:
    """The source that holds what people bring of a marketplace; made where there is none yet.

    Raises:
        WrongUse: its name is taken by a source that is asked.
    """
    for name in (place.id, f"{place.id[:56]}-by-hand"):
        row = session.get(SourceRow, name)
        if row is None:
            row = SourceRow(
                id=name,
                adapter=BY_HAND,
                base_url=place.home,
                options={"marketplace": place.name, "country": place.country},
                enabled=False,
                next_run_at=None,
                created_at=now,
            )
            session.add(row)
            session.flush()
        if row.adapter == BY_HAND:
            return row
    raise WrongUse(f"The names {place.id} and {place.id}-by-hand are taken by sources that are asked.")
