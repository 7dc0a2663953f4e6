"""Looking at alerts: the list, and one alert with all that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from ipguard.alerts.findings import from_row
from ipguard.alerts.tables import AlertExhibitRow, AlertRow, DecisionRow, FindingRow
from ipguard.errors import WrongUse
from ipguard.listings.lookups import lookups_of
from ipguard.listings.tables import ListingPictureRow, ListingRow, LookupRow
from ipguard.matching.finding import Finding, Reason, ReasonValue
from ipguard.matching.score import THRESHOLD
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import SourceRow

STATES = ("open", "infringing", "not_infringing", "later")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts are wanted; None or empty asks for every one."""

    state: str | None = "open"
    work: str = ""
    source: str = ""
    min_score: float = THRESHOLD
    """Alerts whose listing changed until it no longer matched fall below."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert with its listing and its reasons."""

    alert: AlertRow
    listing: ListingRow
    work: WorkRow
    source: SourceRow
    state: str
    """As it is now: a later whose time has come is open."""
    findings: tuple[Finding, ...]
    """Of the version shown, strongest first."""

    @property
    def id(self) -> int:
        """Number of the alert."""
        return cast(int, self.alert.id)

    @property
    def reopened(self) -> Reason | None:
        """Why it came back after a decision."""
        stored = self.alert.reopened
        if stored is None:
            return None
        return Reason(str(stored["code"]), cast("Mapping[str, ReasonValue]", stored["values"]))


@dataclass(frozen=True, slots=True)
class AlertStory:
    """One alert with everything that belongs to it."""

    view: AlertView
    pictures: tuple[ListingPictureRow, ...]
    decisions: tuple[DecisionRow, ...]
    """Oldest first, undone ones too."""
    exhibits: tuple[str, ...]
    """Ids, oldest first."""
    lookups: tuple[LookupRow, ...] = ()
    """What a registry and name servers say about it."""


def list_alerts(
    session: Session, wanted: Filter, *, now: datetime, limit: int = 50, after: int = 0
) -> list[AlertView]:
    """Alerts, strongest first; `after` skips that many."""
    rows = session.execute(
        _filtered(_joined(), wanted, now)
        .order_by(col(AlertRow.score).desc(), col(AlertRow.id))
        .limit(limit)
        .offset(after)
    ).all()
    found = _findings(session, [cast(int, row[0].id) for row in rows])
    return [_view(row[0], row[1], row[2], row[3], found, now) for row in rows]


def count_alerts(session: Session, wanted: Filter, *, now: datetime) -> int:
    """How many there are."""
    inner = _filtered(_joined(), wanted, now).subquery()
    return session.scalars(select(func.count()).select_from(inner)).one()


def one_alert(session: Session, alert_id: int, *, now: datetime) -> AlertStory:
    """One alert and its story.

    Raises:
        WrongUse: there is no such alert.
    """
    row = session.execute(_joined().where(col(AlertRow.id) == alert_id)).first()
    if row is None:
        raise WrongUse(f"There is no alert {alert_id}.", hint="List them: ipguard alerts")
    view = _view(row[0], row[1], row[2], row[3], _findings(session, [alert_id]), now)
    pictures = session.scalars(
        select(ListingPictureRow)
        .where(col(ListingPictureRow.listing_id) == view.listing.id)
        .order_by(col(ListingPictureRow.position))
    )
    decisions = session.scalars(
        select(DecisionRow).where(col(DecisionRow.alert_id) == alert_id).order_by(col(DecisionRow.id))
    )
    listing_id = cast(int, view.listing.id)
    told = tuple(lookups_of(session, [listing_id])[listing_id])
    return AlertStory(view, tuple(pictures), tuple(decisions), exhibits_of(session, alert_id), told)


def exhibits_of(session: Session, alert_id: int) -> tuple[str, ...]:
    """Exhibits of one alert, oldest first."""
    return tuple(
        session.scalars(
            select(col(AlertExhibitRow.exhibit_id))
            .where(col(AlertExhibitRow.alert_id) == alert_id)
            .order_by(col(AlertExhibitRow.kept_at), col(AlertExhibitRow.exhibit_id))
        )
    )


Joined = Select[AlertRow, ListingRow, WorkRow, SourceRow]


def _joined() -> Joined:
    return (
        select(AlertRow, ListingRow, WorkRow, SourceRow)
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .join(WorkRow, col(WorkRow.id) == col(AlertRow.work_id))
        .join(SourceRow, col(SourceRow.id) == col(ListingRow.source_id))
    )


def _filtered(statement: Joined, wanted: Filter, now: datetime) -> Joined:
    conditions: list[ColumnElement[bool]] = [col(AlertRow.score) >= wanted.min_score]
    waiting = and_(col(AlertRow.state) == "later", col(AlertRow.later_until) > now)
    woken = and_(col(AlertRow.state) == "later", col(AlertRow.later_until) <= now)
    if wanted.state == "open":
        conditions.append(or_(col(AlertRow.state) == "open", woken))
    elif wanted.state == "later":
        conditions.append(waiting)
    elif wanted.state:
        conditions.append(col(AlertRow.state) == wanted.state)
    if wanted.work:
        conditions.append(col(AlertRow.work_id) == wanted.work)
    if wanted.source:
        conditions.append(col(ListingRow.source_id) == wanted.source)
    return statement.where(*conditions)


def _view(
    alert: AlertRow,
    listing: ListingRow,
    work: WorkRow,
    source: SourceRow,
    found: Mapping[int, list[FindingRow]],
    now: datetime,
) -> AlertView:
    woken = alert.state == "later" and alert.later_until is not None and alert.later_until <= now
    rows = found.get(cast(int, alert.id), ())
    findings = tuple(from_row(row, work.id) for row in rows if row.alert_version == alert.version)
    return AlertView(alert, listing, work, source, "open" if woken else alert.state, findings)


def _findings(session: Session, alert_ids: list[int]) -> dict[int, list[FindingRow]]:
    found: dict[int, list[FindingRow]] = {}
    rows = session.scalars(
        select(FindingRow)
        .join(
            AlertRow,
            and_(
                col(AlertRow.id) == col(FindingRow.alert_id),
                col(AlertRow.version) == col(FindingRow.alert_version),
            ),
        )
        .where(col(FindingRow.alert_id).in_(alert_ids))
        .order_by(col(FindingRow.id))
    )
    for row in rows:
        found.setdefault(row.alert_id, []).append(row)
    return found
