"""Triage: the queue, one alert with both pictures, and deciding on what was really shown."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from ipguard.alerts.decisions import REASONS, decide, undo
from ipguard.alerts.queries import STATES, AlertStory, AlertView, Filter, count_alerts, list_alerts, one_alert
from ipguard.cases.store import add_alert, list_cases
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.lookups import facts_shown
from ipguard.matching.images.draw import views_of
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.explain import Read
from ipguard.web.marks import best_place
from ipguard.web.pictures import HEADERS as PICTURE_HEADERS
from ipguard.web.pictures import Shown, explained, shown
from ipguard.web.queries import reference_of

router = APIRouter()
LOOKS = ("region", "points", "layover")
"""Ways to look at a match; the one that was chosen stays while the queue is worked through."""
PAGE = 50
TRAIL = 50
"""Decisions a reader can walk back, one step each."""
LATER_DAYS = (1, 3, 7, 30)


@router.get("/alerts")
def queue(
    request: Request,
    state: str = "open",
    work: str = "",
    source: str = "",
    after: int = 0,
    trail: str = "",
    look: str = "",
) -> Response:
    """The queue, with its first alert open."""
    return _screen(request, None, _filter(state, work, source), after, _trail(trail), look)


@router.get("/alerts/{alert_id}/explained/{part}")
def explanation(request: Request, alert_id: int, part: str) -> Response:
    """One picture that explains the best finding of an alert: its points, or one laid over the other."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        place = best_place(one_alert(session, alert_id, now=desk.now()).view.findings)
    drawn = explained(desk.workspace.pictures, place).get(part) if place else None
    if drawn is None:
        raise WrongUse("There is no such picture.")
    return Response(drawn.data, media_type="image/webp", headers=PICTURE_HEADERS)


@router.get("/alerts/{alert_id}")
def alert(
    request: Request,
    alert_id: int,
    state: str = "open",
    work: str = "",
    source: str = "",
    after: int = 0,
    trail: str = "",
    look: str = "",
) -> Response:
    """One alert beside the queue it belongs to."""
    return _screen(request, alert_id, _filter(state, work, source), after, _trail(trail), look)


@router.post("/alerts/{alert_id}/decide")
def decide_alert(
    request: Request,
    alert_id: int,
    token: str = Form(),
    version: int = Form(),
    mark: str = Form(),
    decision: str = Form(),
    days: int = Form(3, ge=1, le=365),
    state: str = Form("open"),
    work: str = Form(""),
    source: str = Form(""),
    after: int = Form(0, ge=0),
    trail: str = Form(""),
    look: str = Form(""),
) -> Response:
    """Decide on the version that was shown; then the next undecided alert of the same view."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.DECIDE)
    now = desk.now()
    if not desk.access.was_seen(who.session, alert_id, version, mark, now):
        raise WrongUse(
            "This alert was not on the screen long enough; nothing was decided.",
            hint="Look at it, then decide.",
        )
    what, _, reason = decision.partition(":")
    wanted = _filter(state, work, source)
    with transaction(desk.engine) as session:
        following = _next(session, desk, wanted, after, alert_id)
        until = now + timedelta(days=days) if what == "later" else None
        decide(
            session, alert_id, version=version, decision=what, by=who.by, now=now, reason=reason, until=until
        )
        audit(session, who, "alert.decide", f"alert:{alert_id}", {"decision": what, "version": version}, now)
    place = f"/alerts/{following}" if following else "/alerts"
    return go(place + _query(wanted, after, [*_trail(trail), alert_id], look))


@router.post("/undo")
def undo_last(
    request: Request,
    token: str = Form(),
    trail: str = Form(),
    state: str = Form("open"),
    work: str = Form(""),
    source: str = Form(""),
    after: int = Form(0, ge=0),
    look: str = Form(""),
) -> Response:
    """Take the newest decision of this session back and show its alert again."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.DECIDE)
    steps = _trail(trail)
    if not steps:
        raise WrongUse("There is nothing to undo.")
    with transaction(desk.engine) as session:
        undo(session, steps[-1], by=who.by, now=desk.now())
        audit(session, who, "alert.undo", f"alert:{steps[-1]}", {}, desk.now())
    return go(f"/alerts/{steps[-1]}" + _query(_filter(state, work, source), after, steps[:-1], look))


@router.post("/alerts/{alert_id}/case")
def into_case(request: Request, alert_id: int, token: str = Form(), case: int = Form()) -> Response:
    """Put an alert and its exhibits into a case."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.CASE_EDIT)
    with transaction(desk.engine) as session:
        add_alert(session, case, alert_id, by=who.by, now=desk.now())
        audit(session, who, "case.add_alert", f"case:{case}", {"alert": alert_id}, desk.now())
    return go(f"/cases/{case}")


def _screen(
    request: Request, alert_id: int | None, wanted: Filter, after: int, trail: list[int], look: str
) -> Response:
    desk = desk_of(request)
    session_name = desk.require(request).session
    now = desk.now()
    with reading(desk.engine) as session:
        found = list_alerts(session, wanted, now=now, limit=PAGE + 1, after=max(after, 0))
        total = count_alerts(session, wanted, now=now)
        chosen = alert_id or (found[0].id if found else None)
        story = one_alert(session, chosen, now=now) if chosen else None
        sides = _sides(session, desk, story, look) if story else {}
        cases = [line for line in list_cases(session) if line.case.state == "open"]
    values: dict[str, object] = {
        "alerts": found[:PAGE],
        "more": after + PAGE if len(found) > PAGE else None,
        "total": total,
        "story": story,
        "cases": cases,
        "states": STATES,
        "reasons": REASONS,
        "days": LATER_DAYS,
        "wanted": wanted,
        "after": after,
        "trail": ".".join(map(str, trail)),
        "trail_steps": trail,
        "query": _query(wanted, after, trail, look),
        "view_query": _query,
        "wished": look if look in LOOKS else "",
        "facts_shown": facts_shown,
        "mark": "",
        "read": _read(story) if story else None,
        **_neighbours(found[:PAGE], chosen),
        **sides,
    }
    if story:
        values["mark"] = desk.access.shown(session_name, story.view.id, story.view.alert.version, now)
    return desk.page(request, "triage.html", values)


def _sides(session: Session, desk: Desk, story: AlertStory, wish: str) -> dict[str, object]:
    place = best_place(story.view.findings)
    kept = [picture.sha256 for picture in story.pictures if picture.sha256]
    listing = place.picture if place else (kept[0] if kept else None)
    reference = place.reference if place else reference_of(session, story.view.work.id)
    looks = views_of(place) if place else ()
    look = wish if wish in looks else "region"
    drawn = explained(desk.workspace.pictures, place) if place and look != "region" else {}
    return {
        "looks": looks,
        "look": look if drawn else "region",
        "drawn": drawn,
        "place": place,
        "listing_picture": _look(desk, listing, place.frame if place else 0),
        "listing_digest": listing,
        "reference_picture": _look(desk, reference),
        "reference_digest": reference,
    }


def _read(story: AlertStory) -> Read:
    listing = story.view.listing
    return Read(
        listing.title,
        listing.description,
        "\n".join(listing.tags),
        listing.seller_name,
        names=(listing.url, listing.key),
    )


def _look(desk: Desk, digest: str | None, frame: int = 0) -> Shown | None:
    try:
        return shown(desk.workspace.pictures, digest, frame) if digest else None
    except WrongUse:
        return None  # the page says in its place that it cannot be shown


def _neighbours(found: list[AlertView], chosen: int | None) -> dict[str, object]:
    ids = [view.id for view in found]
    at = ids.index(chosen) if chosen in ids else -1
    return {
        "previous": ids[at - 1] if at > 0 else None,
        "following": ids[at + 1] if 0 <= at < len(ids) - 1 else None,
    }


def _next(session: Session, desk: Desk, wanted: Filter, after: int, alert_id: int) -> int | None:
    ids = [v.id for v in list_alerts(session, wanted, now=desk.now(), limit=PAGE, after=after)]
    at = ids.index(alert_id) if alert_id in ids else -1
    return ids[at + 1] if at + 1 < len(ids) else None


def _filter(state: str, work: str, source: str) -> Filter:
    return Filter(state=state if state in STATES else "open", work=work, source=source)


def _trail(text: str) -> list[int]:
    return [int(part) for part in text.split(".") if part.isascii() and part.isdigit()][-TRAIL:]


def _query(wanted: Filter, after: int = 0, trail: list[int] | None = None, look: str = "") -> str:
    values = {"state": wanted.state, "work": wanted.work, "source": wanted.source}
    values["look"] = look if look in LOOKS else ""
    values |= {"after": str(after or ""), "trail": ".".join(map(str, (trail or [])[-TRAIL:]))}
    return "?" + urlencode({name: value for name, value in values.items() if value})
