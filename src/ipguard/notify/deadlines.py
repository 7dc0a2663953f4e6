"""What is due and when: read from the rows of the rooms it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow
from ipguard.cases.tables import CaseRow
from ipguard.listings.tables import ListingRow
from ipguard.rights.tables import RightRow, WorkRow

ENDED = ("resolved", "closed")
"""Cases whose day does not matter any more."""
MAX_LATER = 500
"""Alerts put off that stand in a calendar; more is a queue, not a calendar."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day on which something is due."""

    uid: str
    """The same as long as it is the same deadline."""
    what: str
    """case, right, retention, later."""
    title: str
    due: date
    path: str
    """Of the console's page about it."""


def deadlines(session: Session, *, now: datetime) -> list[Deadline]:
    """Everything that is due from today on, soonest first."""
    found = [*_cases(session, now), *_rights(session, now), *_later(session, now)]
    return sorted(found, key=lambda one: (one.due, one.uid))


def _cases(session: Session, now: datetime) -> list[Deadline]:
    rows = session.scalars(
        select(CaseRow).where(col(CaseRow.due_on) >= now.date(), col(CaseRow.state).not_in(ENDED))
    )
    return [
        Deadline(f"case-{row.id}", "case", row.title, row.due_on, f"/cases/{row.id}")
        for row in rows
        if row.due_on
    ]


def _rights(session: Session, now: datetime) -> list[Deadline]:
    rows = session.execute(
        select(RightRow, WorkRow)
        .join(WorkRow, col(WorkRow.id) == col(RightRow.work_id))
        .where(col(RightRow.valid_to) >= now.date())
    )
    return [
        Deadline(
            f"right-{right.id}",
            "right",
            f"{work.title}: {right.kind} {right.territory} {right.number}".strip(),
            right.valid_to,
            "/watchlist",
        )
        for right, work in rows
        if right.valid_to is not None
    ]


def _later(session: Session, now: datetime) -> list[Deadline]:
    rows = session.execute(
        select(AlertRow, ListingRow)
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .where(col(AlertRow.state) == "later", col(AlertRow.later_until) > now)
        .order_by(col(AlertRow.later_until))
        .limit(MAX_LATER)
    )
    return [
        Deadline(
            f"later-{alert.id}",
            "later",
            f"#{alert.id} {listing.title}",
            alert.later_until.date(),
            f"/alerts/{alert.id}?state=later",
        )
        for alert, listing in rows
        if alert.later_until is not None
    ]
