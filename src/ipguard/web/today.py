"""Today: what waits, what came back, what is overdue, what stopped, and what happened since you were here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from ipguard.alerts.queries import Filter, count_alerts
from ipguard.alerts.second_look import count_looks
from ipguard.alerts.tables import AlertRow, DecisionRow
from ipguard.cases.pages import CaseFilter, page_of_cases
from ipguard.database.engine import reading
from ipguard.hunting.store import list_hunts
from ipguard.hunting.tables import HuntRow
from ipguard.listings.tables import ListingEventRow
from ipguard.people.rights import Principal
from ipguard.people.sessions import last_visit
from ipguard.sources.health import Alarm, open_alarms
from ipguard.sources.runs import told
from ipguard.sources.standstill import standstill
from ipguard.sources.tables import StandstillRow
from ipguard.web.desk import desk_of
from ipguard.web.queries import SourceLine, sources, works

router = APIRouter()

RUNS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since somebody was here last."""

    at: datetime
    alerts: int
    decisions: int
    """Of other people."""
    gone: int
    """Listings that were taken off."""


@dataclass(frozen=True, slots=True)
class Day:
    """Everything on the screen."""

    review: int
    back: int
    """Of those to review: came back after a decision, or from Later."""
    looks: int
    """Second looks that wait for this reader."""
    overdue: int
    week: int
    """Cases that have to be done within seven days."""
    alarms: tuple[Alarm, ...]
    still: StandstillRow | None
    hunts: tuple[HuntRow, ...]
    runs: tuple[SourceLine, ...]
    """Sources by their newest run."""
    since: Since | None
    watched: int
    """Works on the watchlist."""


@router.get("/")
def today(request: Request) -> Response:
    """The first screen of a day."""
    desk = desk_of(request)
    me = desk.require(request)
    with reading(desk.engine) as session:
        day = day_of(session, me, desk.now())
    values = {"day": day, "told": told, "second_looks": "/second-look" in request.app.state.pages}
    return desk.page(request, "today.html", values)


def day_of(session: Session, me: Principal, now: datetime) -> Day:
    """What a person finds today."""
    lines = sources(session)
    ran = sorted(
        (line for line in lines if line.run), key=lambda line: -(line.run.id or 0) if line.run else 0
    )
    never = [line for line in lines if line.run is None]
    return Day(
        review=count_alerts(session, Filter(), now=now),
        back=count_alerts(session, Filter(back=True), now=now),
        looks=count_looks(session, reader=me.by).get("waiting", 0),
        overdue=_cases(session, "overdue", now),
        week=_cases(session, "week", now),
        alarms=tuple(open_alarms(session)),
        still=standstill(session),
        hunts=tuple(hunt for hunt in list_hunts(session, 3) if hunt.state == "running"),
        runs=tuple([*ran, *never][:RUNS_SHOWN]),
        since=_since(session, me),
        watched=len(works(session)),
    )


def _cases(session: Session, due: str, now: datetime) -> int:
    return page_of_cases(session, CaseFilter(due=due), sort="deadline", today=now.date(), limit=1).total


def _since(session: Session, me: Principal) -> Since | None:
    at = last_visit(session, me)
    if at is None:
        return None

    def count(*conditions: ColumnElement[bool]) -> int:
        return session.scalars(select(func.count()).where(*conditions)).one()

    return Since(
        at,
        alerts=count(col(AlertRow.created_at) > at),
        decisions=count(col(DecisionRow.decided_at) > at, col(DecisionRow.decided_by) != me.by),
        gone=count(col(ListingEventRow.at) > at, col(ListingEventRow.kind) == "gone"),
    )
