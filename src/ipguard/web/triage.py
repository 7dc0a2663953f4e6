"""Triage: the queue, one alert with both pictures, and deciding on what was really shown."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from ipguard.alerts.decisions import Choice, Deed, Sight, settle, undo_newest
from ipguard.alerts.queries import next_alert, one_alert
from ipguard.cases.store import add_alert
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.audit import audit
from ipguard.people.rights import Principal, Right
from ipguard.web.appearance import theme_of
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.marks import best_place
from ipguard.web.pictures import HEADERS as PICTURE_HEADERS
from ipguard.web.pictures import explained
from ipguard.web.triage_page import look_at, screen
from ipguard.web.view import View, read_view, view_of

router = APIRouter()
MOST_PICKED = 100
"""Alerts that one button decides: no list shows more at once."""
FOREVER_DAYS = 90
"""An event that never comes must not hide an alert for ever."""
MOST_DAYS = 365
LONGEST_VIEWPORT = 12


class ViewForm(BaseModel):
    """The parts of a view that a form carries."""

    token: str
    state: str = "open"
    work: str = ""
    source: str = ""
    seller: str = ""
    picture: str = ""
    rule: str = ""
    q: str = ""
    back: str = ""
    group: str = ""
    start: str = Field("", alias="from")
    page: str = ""
    since: str = ""
    look: str = ""

    def view(self) -> View:
        """The view they say."""
        return read_view({**self.model_dump(exclude={"token", "start"}), "from": self.start})


class DecideForm(ViewForm):
    """A decision about one alert, about those of its group that are ticked, or about ticked ones alone."""

    decision: str
    version: int = 0
    mark: str = ""
    pick: list[str] = Field(default_factory=list, max_length=MOST_PICKED)
    """`number:version:mark` of each further alert."""
    until: str = Field("3", max_length=20)
    """For later: days, or the event that brings it back."""
    unsure: str = ""
    note: str = Field("", max_length=2000)
    viewport: str = Field("", max_length=LONGEST_VIEWPORT)
    painted: str = ""
    """Milliseconds since both pictures were painted, as the browser counted; empty without a script."""


@router.get("/alerts")
def queue(request: Request) -> Response:
    """The queue, with its first alert open."""
    return screen(request, None, view_of(request))


@router.get("/alerts/{alert_id:int}/explained/{part}")
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


@router.get("/alerts/{alert_id:int}")
def alert(request: Request, alert_id: int) -> Response:
    """One alert beside the queue it belongs to."""
    return screen(request, alert_id, view_of(request))


@router.post("/alerts/{alert_id:int}/decide")
def decide_alert(request: Request, alert_id: int, form: Annotated[DecideForm, Form()]) -> Response:
    """Decide on the version that was shown, and on the ticked ones of its group; then the next of the same view."""
    desk = desk_of(request)
    who = desk.act(request, form.token, Right.BULK if form.pick else Right.DECIDE)
    view = form.view()
    now = desk.now()
    shown_at = _shown_at(desk, who, alert_id, form.version, form.mark, now)
    picked = [one for one in _picked(desk, who, form, now) if one[0] != alert_id]
    deed = _deed(who, form, now)
    with transaction(desk.engine) as session:
        story = one_alert(session, alert_id, now=now)
        way = "group" if picked else "alone"
        seen = look_at(session, desk, story, view.look)
        sight = _sight(request, desk, form, way, shown_at, now)
        sight = replace(sight, pictures=seen.seen(), look=seen.look, painted_ms=_painted(form.painted))
        choice = _choice(form, now)
        settle(session, alert_id, form.version, choice, deed, sight=sight)
        _settle_picked(session, request, desk, form, picked, deed, choice, way)
        done = {alert_id, *(one[0] for one in picked)}
        following = _following(session, view, story.view.key, now, done)
        audit(session, who, "alert.decide", f"alert:{alert_id}", _told(choice, form, len(done)), now)
    return go((f"/alerts/{following}" if following else "/alerts") + view.query())


@router.post("/alerts/decide")
def decide_ticked(request: Request, form: Annotated[DecideForm, Form()]) -> Response:
    """Decide on what is ticked in the list; every listing gets a record of its own, and one key undoes them all."""
    desk = desk_of(request)
    who = desk.act(request, form.token, Right.BULK)
    now = desk.now()
    picked = _picked(desk, who, form, now)
    if not picked:
        raise WrongUse("Nothing is ticked; nothing was decided.", hint="Tick some alerts of the list first.")
    choice, deed = _choice(form, now), _deed(who, form, now)
    with transaction(desk.engine) as session:
        _settle_picked(session, request, desk, form, picked, deed, choice, "ticked")
        audit(session, who, "alert.decide_many", "", _told(choice, form, len(picked)), now)
    return go("/alerts" + form.view().query())


@router.post("/undo")
def undo_last(request: Request, form: Annotated[ViewForm, Form()]) -> Response:
    """Take the newest deed of this session back and show its alert again; as many times as there were deeds."""
    desk = desk_of(request)
    who = desk.act(request, form.token, Right.DECIDE)
    with transaction(desk.engine) as session:
        undone = undo_newest(session, Deed(who.by, desk.now(), session=who.session))
        audit(session, who, "alert.undo", f"alert:{undone[0]}", {"alerts": len(undone)}, desk.now())
    return go(f"/alerts/{undone[0]}" + form.view().query())


@router.post("/alerts/{alert_id:int}/case")
def into_case(
    request: Request, alert_id: int, token: str = Form(), case: int = Form(), back: str = Form("")
) -> Response:
    """Put an alert and its exhibits into a case, and go on in the queue where somebody came from it."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.CASE_EDIT)
    with transaction(desk.engine) as session:
        add_alert(session, case, alert_id, by=who.by, now=desk.now())
        audit(session, who, "case.add_alert", f"case:{case}", {"alert": alert_id}, desk.now())
    return go(f"/alerts/{alert_id}{back}" if back.startswith("?") else f"/cases/{case}")


def _settle_picked(
    session: Session,
    request: Request,
    desk: Desk,
    form: DecideForm,
    picked: list[tuple[int, int, datetime]],
    deed: Deed,
    choice: Choice,
    way: str,
) -> None:
    for number, version, shown_at in picked:
        view = one_alert(session, number, now=deed.now).view
        seen: dict[str, object] = {"side": "listing", "sha256": view.alert.picture}
        pictures = (seen,) if view.alert.picture else ()
        sight = replace(_sight(request, desk, form, way, shown_at, deed.now), pictures=pictures, look="row")
        settle(session, number, version, choice, deed, sight=sight)


def _picked(desk: Desk, who: Principal, form: DecideForm, now: datetime) -> list[tuple[int, int, datetime]]:
    """Number, version and the moment it was shown of everything ticked."""
    found = []
    for one in form.pick:
        number, _, rest = one.partition(":")
        version, _, mark = rest.partition(":")
        if not (number.isascii() and number.isdigit() and version.isascii() and version.isdigit()):
            raise WrongUse("That is no alert of this list.", hint="Load the page again.")
        at = _shown_at(desk, who, int(number), int(version), mark, now)
        found.append((int(number), int(version), at))
    return found


def _shown_at(desk: Desk, who: Principal, number: int, version: int, mark: str, now: datetime) -> datetime:
    """When it was sent; what nobody can have looked at is not decided about."""
    if not desk.access.was_seen(who.session, number, version, mark, now):
        raise WrongUse(
            "This alert was not on the screen long enough; nothing was decided.",
            hint="Look at it, then decide.",
        )
    return datetime.fromtimestamp(int(mark.partition(".")[0]) / 1000, UTC)


def _choice(form: DecideForm, now: datetime) -> Choice:
    what, _, reason = form.decision.partition(":")
    if what != "later":
        return Choice(what, reason, form.note)
    days = int(form.until) if form.until.isascii() and form.until.isdigit() else 0
    if not 0 <= days <= MOST_DAYS:
        raise WrongUse(f"Later ends within {MOST_DAYS} days.", hint="Choose a nearer day.")
    event = "" if days else form.until
    return Choice(what, note=form.note, until=now + timedelta(days=days or FOREVER_DAYS), event=event)


def _deed(who: Principal, form: DecideForm, now: datetime) -> Deed:
    return Deed(
        who.by,
        now,
        batch=secrets.token_hex(8),
        session=who.session,
        chance=secrets.randbelow(1_000_000) / 1_000_000,
        unsure=bool(form.unsure),
    )


def _sight(
    request: Request, desk: Desk, form: DecideForm, way: str, shown_at: datetime, now: datetime
) -> Sight:
    return Sight(
        way,
        shown_at,
        dwell_ms=int((now - shown_at).total_seconds() * 1000),
        language=desk.language(request),
        theme=theme_of(request),
        viewport=form.viewport,
    )


def _painted(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _following(
    session: Session, view: View, key: tuple[float, int], now: datetime, done: set[int]
) -> int | None:
    if not view.group:
        return next_alert(session, view.wanted, now=now, beyond=key, skip=done)
    return None  # the next group comes first by itself


def _told(choice: Choice, form: DecideForm, count: int) -> dict[str, str | int | bool | None]:
    said: dict[str, str | int | bool | None] = {"decision": choice.decision, "version": form.version}
    return said | {"reason": choice.reason, "event": choice.event, "alerts": count}
