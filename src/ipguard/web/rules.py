"""Rules and suppressions: why things are not shown, each with a count that opens its list, and an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.alerts.suppressing import end_suppression, list_suppressions, renew_suppression
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.sellers.queries import listed
from ipguard.web.desk import desk_of, go
from ipguard.web.queries import works

router = APIRouter()

DOINGS: Mapping[str, Callable[..., int]] = {"end": end_suppression, "renew": renew_suppression}


@router.get("/rules")
def rules(request: Request, ended: bool = False, work: str = "") -> Response:
    """Suppressions in force, or those that ended; beneath them the lists of sellers."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        rows = list_suppressions(session, ended=ended, work=work)
        titles = {card.work.id: card.work.title for card in works(session)}
        on_lists = listed(session)
    values = {"rows": rows, "ended": ended, "work": work, "titles": titles, "listed": on_lists}
    return desk.page(request, "rules.html", values)


@router.post("/rules")
def steer(request: Request, token: str = Form(), rule: int = Form(), do: str = Form()) -> Response:
    """End a suppression, so that what it kept out comes back, or take that end back."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SUPPRESS)
    if do not in DOINGS:
        raise WrongUse("A suppression can be ended or renewed.")
    with transaction(desk.engine) as session:
        count = DOINGS[do](session, rule, by=who.by, now=desk.now())
        audit(session, who, f"suppression.{do}", f"suppression:{rule}", {"alerts": count}, desk.now())
    return go("/rules" if do == "end" else "/rules?ended=true")
