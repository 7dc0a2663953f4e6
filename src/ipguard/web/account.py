"""One's own account: who one is here, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.database.engine import transaction
from ipguard.people import sessions
from ipguard.people.audit import audit
from ipguard.web.access import COOKIE
from ipguard.web.desk import desk_of, go

router = APIRouter()


@router.get("/account")
def account(request: Request) -> Response:
    """Who one is here."""
    desk = desk_of(request)
    desk.principal(request)
    return desk.page(request, "account.html", {})


@router.post("/account/out")
def sign_out(request: Request, token: str = Form()) -> Response:
    """End this session."""
    desk = desk_of(request)
    desk.check_form(request, token)
    who, now = desk.principal(request), desk.now()
    with transaction(desk.engine) as session:
        sessions.end(session, who.id, who.session, by=who.by, now=now)
        audit(session, who, "session.end", f"person:{who.id}", {}, now)
    response = go("/")
    response.delete_cookie(COOKIE)
    return response
