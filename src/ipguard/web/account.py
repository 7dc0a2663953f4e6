"""One's own account: name, language, password, sessions, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError, WrongUse
from ipguard.people import oidc, sessions, tokens
from ipguard.people.accounts import get_person, set_own, set_password
from ipguard.people.audit import audit
from ipguard.people.rights import RIGHTS, SCOPES, Scope
from ipguard.people.signing_in import codes_left, confirm_password
from ipguard.people.tables import PersonRow
from ipguard.web.access import COOKIE
from ipguard.web.desk import desk_of, go
from ipguard.web.language import COOKIE as LANGUAGE_COOKIE
from ipguard.web.language import LANGUAGES
from ipguard.web.signing import new_hash, provider_url, with_flow

router = APIRouter()
TOKEN_DAYS = (7, 30, 90, 180, 365)


@router.get("/account")
def account(request: Request) -> Response:
    """Everything about oneself."""
    return account_page(request)


def account_page(request: Request, error: IpguardError | None = None, new_token: str = "") -> Response:
    """The account page; after a form, with what went wrong or the token that was made."""
    desk = desk_of(request)
    me, now = desk.principal(request), desk.now()
    settings = desk.workspace.settings.people
    with reading(desk.engine) as session:
        values: dict[str, object] = {
            "person": session.get_one(PersonRow, me.id),
            "sessions": sessions.sessions_of(session, me.id, desk.lasting, now),
            "tokens": tokens.tokens_of(session, me.id),
            "codes_left": codes_left(session, me.id),
            "linked": oidc.is_linked(session, me.id),
        }
    values |= {
        "words": str(error) if error else "",
        "hint": error.hint if error else "",
        "seconds": getattr(error, "seconds", 0),
        "new_token": new_token,
        "provider": (settings.oidc.label or settings.oidc.issuer) if settings.oidc else "",
        "scopes": [scope for scope in Scope if SCOPES[scope] & RIGHTS[me.role]],
        "days": TOKEN_DAYS,
        "default_days": tokens.DEFAULT_DAYS,
        "usable": lambda row: tokens.usable(row, now),
        "must_set_up": me.role in settings.second_step_for and not me.has_second_step and me.method != "oidc",
    }
    return desk.page(request, "account.html", values, 409 if error else 200)


@router.post("/account/profile")
def profile(
    request: Request,
    token: str = Form(),
    label: str = Form("", max_length=100),
    language: str = Form("", max_length=10),
) -> Response:
    """The name others read, and the language of the screens."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me = desk.principal(request)
    with transaction(desk.engine) as session:
        set_own(session, me, get_person(session, me.id), label=label, language=language, now=desk.now())
    response = go("/account")
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, httponly=True, samesite="strict", max_age=31_536_000)
    else:
        response.delete_cookie(LANGUAGE_COOKIE)
    return response


@router.post("/account/password")
def password(
    request: Request,
    token: str = Form(),
    current: str = Form("", max_length=1000),
    new: str = Form("", max_length=1000),
    again: str = Form("", max_length=1000),
) -> Response:
    """Set a password; every other session ends."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me, now = desk.principal(request), desk.now()
    try:
        if me.has_password:
            confirm_password(desk.door(request), me, current, now)
        hashed = new_hash(new, again, name=me.name, label=me.label)
    except IpguardError as error:
        return account_page(request, error)
    with transaction(desk.engine) as session:
        set_password(session, me, get_person(session, me.id), hashed, now=now)
    return go("/account")


@router.post("/account/sessions")
def end_sessions(request: Request, token: str = Form(), which: str = Form(max_length=64)) -> Response:
    """End one of one's sessions, or all but this one."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me, now = desk.principal(request), desk.now()
    with transaction(desk.engine) as session:
        if which == "others":
            ended = sessions.end_all(session, me.id, by=me.by, now=now, but=me.session)
        elif sessions.end(session, me.id, which, by=me.by, now=now):
            ended = 1
        else:
            raise WrongUse("That session has ended already.")
        audit(session, me, "session.end", f"person:{me.id}", {"sessions": ended}, now)
    return go("/account")


@router.post("/account/out")
def sign_out(request: Request, token: str = Form(), everywhere: str = Form("")) -> Response:
    """End this session, or every one."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me, now = desk.principal(request), desk.now()
    with transaction(desk.engine) as session:
        if everywhere:
            sessions.end_all(session, me.id, by=me.by, now=now)
        else:
            sessions.end(session, me.id, me.session, by=me.by, now=now)
        audit(session, me, "session.end", f"person:{me.id}", {"everywhere": bool(everywhere)}, now)
    response = go("/signin")
    response.delete_cookie(COOKIE)
    return response


@router.post("/account/link")
def link(request: Request, token: str = Form()) -> Response:
    """Go to the provider to link one's account there to the one here."""
    desk = desk_of(request)
    desk.check_form(request, token)
    try:
        url, browser = provider_url(request, desk.principal(request).id)
    except IpguardError as error:
        return account_page(request, error)
    return with_flow(request, desk.page(request, "onward.html", {"to": url, "provider": url}), browser)


@router.post("/account/unlink")
def unlink(request: Request, token: str = Form()) -> Response:
    """Take the link to the provider off."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me = desk.principal(request)
    with transaction(desk.engine) as session:
        oidc.unlink(session, me, get_person(session, me.id), desk.now())
    return go("/account")
