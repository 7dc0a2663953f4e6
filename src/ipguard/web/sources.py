"""Sources: what is looked at, how each is, what ran, what comes next; pause one or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from crawlers.adapter import Policy
from crawlers.errors import BadSource
from crawlers.registry import known_adapters
from ipguard.adding import Asked, add_place, check_canary, place_of
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.jobs.claims import stop_everything
from ipguard.matching.reasons import FIELDS
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.settings import Workspace
from ipguard.sources.baseline import shares
from ipguard.sources.health import SourceHealth, accept, alarms_of, health_of, health_of_all, set_canary
from ipguard.sources.pace import OpenCircuit, open_circuits
from ipguard.sources.quota import spent_today
from ipguard.sources.runs import told
from ipguard.sources.standstill import go_on, standstill
from ipguard.sources.store import (
    BY_HAND,
    get_source,
    list_sources,
    parse_interval,
    set_enabled,
)
from ipguard.sources.tables import SourceRow
from ipguard.web.desk import desk_of, go
from ipguard.web.queries import run_report
from ipguard.wiring import adapter_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Card:
    """One source on the screen."""

    source: SourceRow
    health: SourceHealth
    policy: Policy | None
    """None where its adapter is gone or refuses its options; `trouble` says why."""
    trouble: str
    hosts: tuple[str, ...]
    circuits: tuple[OpenCircuit, ...]
    spent: int
    """Requests today, of `policy.per_day`."""

    @property
    def reads(self) -> list[int]:
        """Listings read in the last runs, oldest first."""
        return [run.read for run in reversed(self.health.runs)]


@router.get("/sources")
def sources(request: Request) -> Response:
    """Every source with its health, the most troubled first, and the schedule of the next days."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        cards = _cards(session, desk.workspace, desk.now())
        still = standstill(session)
    order = {"unwell": 0, "unknown": 1, "well": 2, "paused": 3}
    cards.sort(key=lambda card: (order.get(card.health.state, 0), card.source.id))
    values = {"cards": cards, "still": still, "days": _days(cards), "adapters": known_adapters()}
    return desk.page(request, "sources.html", values)


@router.get("/sources/{name}")
def source(request: Request, name: str) -> Response:
    """One source: rules, health by field, alarms, runs."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        row = get_source(session, name)
        card = _card(
            row, health_of(session, name), desk.workspace, open_circuits(session), _spent(session, desk.now())
        )
        alarms = alarms_of(session, name)
        still = standstill(session)
    names = _names(desk.language(request))
    values = {"card": card, "alarms": alarms, "still": still, "fields": _fields(card.health), "names": names}
    return desk.page(request, "source.html", values)


@router.post("/sources")
def add(
    request: Request,
    token: str = Form(),
    place: str = Form(max_length=2000),
    adapter: str = Form("", max_length=64),
    query: str = Form("", max_length=500),
    every: str = Form("1d", max_length=8),
) -> Response:
    """Add a place to look at; without an adapter the place is asked what it is."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SOURCE_EDIT)
    found = place_of(desk.workspace, Asked(place, adapter, "", query, parse_interval(every)), now=desk.now)
    with transaction(desk.engine) as session:
        row, _ = add_place(session, desk.workspace, found, now=desk.now())
        audit(session, who, "source.add", f"source:{row.id}", {"adapter": row.adapter}, desk.now())
        name = row.id
    return go(f"/sources/{name}")


@router.post("/sources/all")
def all_at_once(request: Request, token: str = Form(), do: str = Form()) -> Response:
    """Pause everything, or let it go on."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SOURCE_RUN)
    with transaction(desk.engine) as session:
        if do == "pause":
            stop_everything(session, by=who.by, now=desk.now())
        elif do == "resume":
            go_on(session)
        else:
            raise WrongUse("Everything can be paused or resumed.")
        audit(session, who, f"source.{do}_all", "", {}, desk.now())
    return go("/sources")


@router.post("/sources/{name}")
def steer(request: Request, name: str, token: str = Form(), do: str = Form()) -> Response:
    """Run a source at the next tick, pause it, let it go on, or take what it shows now as right."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SOURCE_EDIT if do == "accept" else Right.SOURCE_RUN)
    with transaction(desk.engine) as session:
        if do == "run":
            row = get_source(session, name)
            row.next_run_at = desk.now()
            session.add(row)
        elif do in ("pause", "resume"):
            set_enabled(session, name, do == "resume", now=desk.now())
        elif do == "accept":
            accept(session, name, who=who.by, now=desk.now())
        else:
            raise WrongUse("A source can be run, paused or resumed.")
        audit(session, who, f"source.{do}", f"source:{name}", {}, desk.now())
    return go(f"/sources/{name}" if do == "accept" else "/sources")


@router.post("/sources/{name}/change")
def change(
    request: Request,
    name: str,
    token: str = Form(),
    every: str = Form(max_length=8),
    gap: float = Form(ge=0.0, le=3600.0, allow_inf_nan=False),
    canary: str = Form("", max_length=2000),
    query: str = Form("", max_length=500),
) -> Response:
    """Change schedule, pace, canary and words of a source."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SOURCE_EDIT)
    interval = parse_interval(every)
    with transaction(desk.engine) as session:
        row = get_source(session, name)
        check_canary(adapter_of(desk.workspace, row), row, canary.strip())
        row.every_seconds, row.min_gap_seconds, row.query = int(interval.total_seconds()), gap, query.strip()
        session.add(row)
        set_canary(session, name, canary)
        audit(session, who, "source.change", f"source:{name}", {"every": every, "gap": str(gap)}, desk.now())
    return go(f"/sources/{name}")


@router.get("/runs/{run_id}")
def run(request: Request, run_id: int, after: int = 0) -> Response:
    """Every step of a run, with what became of it."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        found, steps = run_report(session, run_id, after)
        alarms = [one for one in alarms_of(session, found.source_id) if one.stood_in(run_id)]
    language = desk.language(request)
    values = {
        "run": found,
        "steps": steps,
        "words": told(found, language),
        "alarms": alarms,
        "shares": shares(found.coverage),
        "names": _names(language),
    }
    return desk.page(request, "run.html", values)


def _names(language: str) -> Mapping[str, str]:
    """Fields of a listing in words."""
    return FIELDS.get(language.split("-")[0], {})


def _cards(session: Session, workspace: Workspace, now: datetime) -> list[Card]:
    health = {one.source: one for one in health_of_all(session)}
    circuits, spent = open_circuits(session), _spent(session, now)
    return [_card(row, health[row.id], workspace, circuits, spent) for row in list_sources(session)]


def _card(
    row: SourceRow,
    health: SourceHealth,
    workspace: Workspace,
    circuits: Sequence[OpenCircuit],
    spent: Mapping[str, int],
) -> Card:
    policy: Policy | None = None
    hosts: tuple[str, ...] = ()
    trouble = ""
    if row.adapter != BY_HAND:
        try:
            adapter = adapter_of(workspace, row)
            policy, hosts = adapter.policy, adapter.hosts
        except BadSource as error:
            trouble = str(error)
    mine = tuple(one for one in circuits if one.host in hosts)
    return Card(row, health, policy, trouble, tuple(hosts), mine, sum(spent.get(host, 0) for host in hosts))


def _spent(session: Session, now: datetime) -> dict[str, int]:
    return spent_today(session, now.date())


def _days(cards: Sequence[Card]) -> list[tuple[date, list[SourceRow]]]:
    """What is looked at on which day, by time: the calendar of the screen."""
    coming = sorted(
        (card.source for card in cards if card.source.enabled and card.source.next_run_at is not None),
        key=lambda row: (row.next_run_at, row.id),
    )
    days: dict[date, list[SourceRow]] = {}
    for row in coming:
        if row.next_run_at is not None:
            days.setdefault(row.next_run_at.date(), []).append(row)
    return list(days.items())


def _fields(health: SourceHealth) -> list[tuple[str, float | None, float | None]]:
    """(field, share in the newest run that was read, lowest share of the runs that are the measure)."""
    newest = next((run.shares for run in health.runs if run.shares), {})
    return [(name, newest.get(name), health.lowest.get(name)) for name in sorted({*newest, *health.lowest})]
