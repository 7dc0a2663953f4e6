"""Second look: decisions that somebody else makes again without seeing the first, and how often both agree."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy import update
from sqlmodel import Session, col

from ipguard.alerts.decisions import REASONS, Choice, Deed, settle, undo
from ipguard.alerts.queries import one_alert
from ipguard.alerts.second_look import (
    KINDS,
    agreement,
    count_looks,
    list_looks,
    look_again,
    settle_look,
)
from ipguard.alerts.tables import AlertRow, DecisionRow, SecondLookRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.web.desk import desk_of, go
from ipguard.web.triage_page import look_at, read_of
from ipguard.web.view import LOOKS

router = APIRouter()
KIND_WORDS = {"waiting": "To look at", "agreed": "Both agree", "differ": "They differ", "settled": "Settled"}
WHY_WORDS = {"random": "drawn at random", "unsure": "the reader was unsure"}


@router.get("/second-look")
def second_look(request: Request, kind: str = "waiting") -> Response:
    """What waits for a second look, and how often both agreed; every number opens its list."""
    desk = desk_of(request)
    who = desk.require(request)
    kind = kind if kind in KINDS else "waiting"
    with reading(desk.engine) as session:
        looks = list_looks(session, kind, reader=who.by)
        rows = [
            (look, first, one_alert(session, look.alert_id, now=desk.now()).view) for look, first in looks
        ]
        values: dict[str, object] = {
            "kind": kind,
            "kinds": KINDS,
            "kind_words": KIND_WORDS,
            "why_words": WHY_WORDS,
            "counts": count_looks(session, reader=who.by),
            "rows": rows,
            "told": [(why, agreement(session, why)) for why in ("random", "unsure")],
        }
    return desk.page(request, "second_look.html", values)


@router.get("/second-look/{look_id:int}")
def one_look(request: Request, look_id: int, look: str = "") -> Response:
    """One alert to decide again; the first decision is not on the page."""
    desk = desk_of(request)
    who = desk.require(request)
    now = desk.now()
    with reading(desk.engine) as session:
        row, first = _open(session, look_id)
        story = one_alert(session, row.alert_id, now=now)
        sides = look_at(session, desk, story, look if look in LOOKS else "")
    if first.decided_by == who.by and not row.second:
        raise WrongUse("You made the first decision: somebody else has to look again.")
    values = {
        "row": row,
        "first": first,
        "story": story,
        "sides": sides,
        "read": read_of(story),
        "reasons": REASONS,
        "mark": desk.access.shown(who.session, story.view.id, story.view.alert.version, now),
    }
    return desk.page(request, "second_look_one.html", values)


@router.post("/second-look/{look_id:int}")
def decide_again(
    request: Request,
    look_id: int,
    token: str = Form(),
    decision: str = Form(),
    mark: str = Form(),
    version: int = Form(),
) -> Response:
    """Record the second decision; then the next one that waits."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.DECIDE)
    now = desk.now()
    what, _, reason = decision.partition(":")
    with transaction(desk.engine) as session:
        row, _first = _open(session, look_id)
        if not desk.access.was_seen(who.session, row.alert_id, version, mark, now):
            raise WrongUse(
                "This alert was not on the screen long enough; nothing was decided.",
                hint="Look at it, then decide.",
            )
        look_again(session, look_id, decision=what, reason=reason, by=who.by, now=now)
        audit(session, who, "alert.second_look", f"alert:{row.alert_id}", {"decision": what}, now)
        waiting = list_looks(session, "waiting", reader=who.by, limit=1)
    return go(f"/second-look/{waiting[0][0].id}" if waiting else "/second-look")


@router.post("/second-look/{look_id:int}/settle")
def settle_it(request: Request, look_id: int, token: str = Form(), decision: str = Form()) -> Response:
    """Say what two differing decisions come to; the alert follows."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.DECIDE)
    now = desk.now()
    what, _, reason = decision.partition(":")
    with transaction(desk.engine) as session:
        row, first = _open(session, look_id)
        settle_look(session, look_id, decision=what, by=who.by, now=now)
        if what != first.decision and first.undone_at is None:
            _turn(session, row, Choice(what, reason), Deed(who.by, now, batch=secrets.token_hex(8)))
        audit(session, who, "alert.settle", f"alert:{row.alert_id}", {"decision": what}, now)
    return go("/second-look?kind=differ")


def _turn(session: Session, row: SecondLookRow, choice: Choice, deed: Deed) -> None:
    undo(session, row.alert_id, by=deed.by, now=deed.now)
    session.execute(update(AlertRow).where(col(AlertRow.id) == row.alert_id).values(state="open"))
    session.expire_all()
    alert = session.get_one(AlertRow, row.alert_id)
    settle(session, row.alert_id, alert.version, choice, deed, sight=None)


def _open(session: Session, look_id: int) -> tuple[SecondLookRow, DecisionRow]:
    row = session.get(SecondLookRow, look_id)
    if row is None:
        raise WrongUse("There is no such second look.", hint="Load the page again.")
    return row, session.get_one(DecisionRow, row.decision_id)
