"""Today, sources and the watchlist."""

from __future__ import annotations

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.alerts.queries import STATES, Filter, count_alerts
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.hunting.store import list_hunts
from ipguard.matching.reasons import FIELDS
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.sources.baseline import shares
from ipguard.sources.health import alarms_of
from ipguard.sources.runs import told
from ipguard.sources.store import get_source, set_enabled
from ipguard.web.desk import desk_of, go
from ipguard.web.pictures import HEADERS, shown, small
from ipguard.web.queries import run_report, sources, works

router = APIRouter()


@router.get("/")
def today(request: Request) -> Response:
    """What waits, what ran, what stopped."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        counts = {s: count_alerts(session, Filter(state=s), now=desk.now()) for s in STATES}
        lines = sources(session)
    return desk.page(request, "today.html", {"counts": counts, "sources": lines})


@router.get("/sources")
def source_list(request: Request) -> Response:
    """Where we look, and how it goes."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        return desk.page(request, "sources.html", {"sources": sources(session)})


@router.post("/sources/{name}")
def steer(request: Request, name: str, token: str = Form(), do: str = Form()) -> Response:
    """Run a source at the next tick, pause it, or let it go on."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SOURCE_RUN)
    with transaction(desk.engine) as session:
        if do == "run":
            source = get_source(session, name)
            source.next_run_at = desk.now()
            session.add(source)
        elif do in ("pause", "resume"):
            set_enabled(session, name, do == "resume", now=desk.now())
        else:
            raise WrongUse("A source can be run, paused or resumed.")
        audit(session, who, f"source.{do}", f"source:{name}", {}, desk.now())
    return go("/sources")


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
        "names": FIELDS.get(language.split("-")[0], {}),
    }
    return desk.page(request, "run.html", values)


@router.get("/watchlist")
def watchlist(request: Request) -> Response:
    """What is watched, how well its pictures serve, and how far the search of what was seen before is."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        return desk.page(
            request, "watchlist.html", {"works": works(session), "hunts": list_hunts(session, 3)}
        )


@router.get("/pictures/{digest}")
def picture(request: Request, digest: str, frame: int = 0, size: str = "") -> Response:
    """A picture by digest, written again by us; with `size=small` for a list."""
    desk = desk_of(request)
    desk.require(request)
    folder = desk.workspace.pictures
    found = small(folder, digest) if size == "small" else shown(folder, digest, frame)
    return Response(found.data, media_type="image/webp", headers=HEADERS)
