"""The door: the first link, name and password, the second step, an invitation, a provider."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError, NotConfigured, WrongUse
from ipguard.people import oidc, passwords, sessions
from ipguard.people.accounts import get_person
from ipguard.people.audit import audit
from ipguard.people.limits import ADDRESS_FREE, TooManyTries, count_try, gate, network_of
from ipguard.people.links import an_admin_can_sign_in, look_at_link, use_link
from ipguard.people.signing_in import (
    Entered,
    NotSignedIn,
    enter,
    known_browser,
    principal_for,
    second_step,
    sign_in,
)
from ipguard.web.access import COOKIE, FLOW_COOKIE, KNOWN_COOKIE
from ipguard.web.desk import Desk, NotInside, desk_of, go

if TYPE_CHECKING:
    from ipguard.people.oidc_provider import Provider

router = APIRouter()
YEAR_SECONDS = 365 * 24 * 3600
SETS_A_PASSWORD = ("invite", "reset")


@router.get("/enter")
def by_first_link(request: Request, key: str = "") -> Response:
    """Trade the one-time key of `ipguard serve` for a session."""
    desk = desk_of(request)
    with transaction(desk.engine) as session:
        person = use_link(session, key, ("enter",), desk.now())
        if person is None:
            raise NotInside
        entered = enter(session, desk.door(request), person, "link", desk.now())
    return let_in(request, go("/"), entered)


@router.get("/signin")
def ask(request: Request, back: str = "/") -> Response:
    """Name and password, or the code where the password was right already."""
    desk = desk_of(request)
    with suppress(NotInside):
        desk.principal(request)
        return go(local(back))
    return _form(request, back=back, waits=_waits(desk, request))


@router.post("/signin")
def by_password(
    request: Request,
    name: str = Form("", max_length=200),
    password: str = Form("", max_length=1000),
    back: str = Form("/"),
) -> Response:
    """Judge a name and a password."""
    desk = desk_of(request)
    try:
        entered = sign_in(desk.door(request), name, password, desk.now())
    except (NotSignedIn, TooManyTries) as error:
        return _form(request, error, back=back, name=name)
    if entered.waits:
        return let_in(request, _form(request, back=back, waits=True, status=200), entered)
    return let_in(request, go(local(back)), entered)


@router.post("/signin/code")
def by_code(request: Request, code: str = Form("", max_length=64), back: str = Form("/")) -> Response:
    """Judge the second step."""
    desk = desk_of(request)
    try:
        entered = second_step(desk.door(request), request.cookies.get(COOKIE, ""), code, desk.now())
    except (NotSignedIn, TooManyTries) as error:
        return _form(request, error, back=back, waits=_waits(desk, request))
    return let_in(request, go(local(back)), entered)


@router.get("/signin/oidc")
def to_provider(request: Request) -> Response:
    """Send the browser to the provider."""
    desk = desk_of(request)
    address = network_of(request.client.host if request.client else "")
    try:
        with transaction(desk.engine) as session:
            count_try(session, [gate(desk.access.secret, "oidc", address, ADDRESS_FREE)], desk.now())
        url, browser = provider_url(request, None)
    except (IpguardError, TooManyTries) as error:
        return _form(request, error)
    return with_flow(request, go(url), browser)


@router.get("/signin/oidc/return")
def from_provider(
    request: Request, code: str = "", state: str = "", iss: str = "", error: str = ""
) -> Response:
    """Take somebody back from the provider.

    The answer is a page that leads on by itself: a redirect would still count as coming from the other site, and the
    browser would not send the session's SameSite=Strict cookie with it.
    """
    desk = desk_of(request)
    try:
        entered, place = _received(desk, request, code, state, iss, error)
    except IpguardError as refused:
        response = _form(request, refused)
    else:
        response = desk.page(request, "onward.html", {"to": place, "provider": ""})
        if entered:
            let_in(request, response, entered)
    response.delete_cookie(FLOW_COOKIE, path="/signin")
    return response


@router.get("/invite")
def invitation(request: Request, key: str = "") -> Response:
    """The form of an invitation or a reset; looking at it does not use it up, since mail programs look too."""
    desk = desk_of(request)
    with reading(desk.engine) as session:
        person = look_at_link(session, key, SETS_A_PASSWORD, desk.now())
    values = {"key": key, "person": person, "words": "", "hint": ""}
    return desk.page(request, "invite.html", values, 200 if person else 410)


@router.post("/invite")
def accept(
    request: Request,
    key: str = Form(),
    label: str = Form("", max_length=100),
    password: str = Form("", max_length=1000),
    again: str = Form("", max_length=1000),
) -> Response:
    """Set the first or a new password, and come in."""
    desk = desk_of(request)
    now = desk.now()
    with reading(desk.engine) as session:
        person = look_at_link(session, key, SETS_A_PASSWORD, now)
    if person is None:
        return desk.page(request, "invite.html", {"key": key, "person": None, "words": "", "hint": ""}, 410)
    try:
        hashed = new_hash(password, again, name=person.name, label=label)
    except WrongUse as error:
        values = {"key": key, "person": person, "words": str(error), "hint": error.hint}
        return desk.page(request, "invite.html", values, 409)
    with transaction(desk.engine) as session:
        used = use_link(session, key, SETS_A_PASSWORD, now)
        if used is None:
            raise NotInside
        row = get_person(session, used.id or 0)
        row.password, row.password_at, row.label = hashed, now, label.strip() or row.label
        session.add(row)
        sessions.end_all(session, row.id or 0, by=row.name, now=now)
        audit(session, principal_for(row), "person.password", f"person:{row.id}", {}, now)
        entered = enter(session, desk.door(request), row, "password", now, waits=bool(row.totp))
    return let_in(request, go("/signin" if entered.waits else "/"), entered)


def new_hash(password: str, again: str, *, name: str, label: str) -> str:
    """The hash of a password that was typed twice and is good enough.

    Raises:
        WrongUse: it is not, and why.
    """
    if password != again:
        raise WrongUse("The two passwords differ.", hint="Type it twice the same.")
    return passwords.hash_password(passwords.check_password(password, name=name, label=label))


def outside(request: Request, _error: Exception) -> Response:
    """Nobody is signed in: the form, or how to come in for the first time."""
    desk = desk_of(request)
    with reading(desk.engine) as session:
        somebody = an_admin_can_sign_in(session)
    if not somebody and not desk.workspace.settings.people.oidc:
        return desk.page(request, "outside.html", {}, 401)
    back = request.url.path if request.method == "GET" and request.url.path != "/enter" else "/"
    return _form(request, back=back + (f"?{request.url.query}" if back != "/" and request.url.query else ""))


def second_step_first(_request: Request, _error: Exception) -> Response:
    """Lead somebody whose role needs a second step to the page that sets it up."""
    return go("/account/second-step")


def let_in(request: Request, response: Response, entered: Entered) -> Response:
    """Give the browser its key; the session it had before ends, and it is known from now on."""
    desk = desk_of(request)
    _cookie(request, response, COOKIE, entered.key)
    if not entered.waits:
        mark = known_browser(desk.access.secret, entered.person_id)
        _cookie(request, response, KNOWN_COOKIE, mark, seconds=YEAR_SECONDS)
    with suppress(NotInside):
        me, now = desk.principal(request), desk.now()
        with transaction(desk.engine) as session:
            sessions.end(session, me.id, me.session, by=me.by, now=now)
    return response


def provider_url(request: Request, link_to: int | None) -> tuple[str, str]:
    """Where to send the browser, and what it has to bring back in its cookie.

    Raises:
        NotConfigured: no provider is set, or its extra is not installed.
        SourceRefused: the provider does not answer.
    """
    desk = desk_of(request)
    provider = _provider(desk)
    with transaction(desk.engine) as session:
        begun = oidc.begin_flow(session, link_to=link_to, now=desk.now())
    url = provider.authorization_url(
        _return_address(desk, request), state=begun.state, nonce=begun.nonce, verifier=begun.verifier
    )
    return url, begun.browser


def with_flow(request: Request, response: Response, browser: str) -> Response:
    """Remember which browser was sent to the provider."""
    _cookie(
        request,
        response,
        FLOW_COOKIE,
        browser,
        seconds=int(oidc.WITHIN / timedelta(seconds=1)),
        path="/signin",
        lax=True,
    )
    return response


def local(back: str) -> str:
    """A place of this console to go back to."""
    safe = back.startswith("/") and not back.startswith("//") and "\\" not in back and back.isprintable()
    return back if safe and not back.startswith("/signin") else "/"


def _received(
    desk: Desk, request: Request, code: str, state: str, iss: str, error: str
) -> tuple[Entered | None, str]:
    settings, now = desk.workspace.settings.people.oidc, desk.now()
    provider = _provider(desk)
    with transaction(desk.engine) as session:
        back = oidc.take_flow(session, state, request.cookies.get(FLOW_COOKIE, ""), now)
    if settings is None or error or not code or (iss and iss != settings.issuer):  # RFC 9207: no mix-up
        raise NotSignedIn("The provider did not confirm this sign-in.", hint="Begin again.")
    told = provider.redeem(
        code, _return_address(desk, request), nonce=back.nonce, verifier=back.verifier, now=now
    )
    with transaction(desk.engine) as session:
        if back.link_to is not None:
            oidc.link(session, get_person(session, back.link_to), told, now)
            return None, "/account"
        person = oidc.known_person(session, told, settings.roles, now)
        return enter(session, desk.door(request), person, "oidc", now), "/"


def _provider(desk: Desk) -> Provider:
    settings = desk.workspace.settings.people.oidc
    if settings is None:
        raise NotConfigured("No provider is set up.", hint="Write [people.oidc] into ipguard.toml.")
    try:
        from ipguard.people.oidc_provider import Provider
    except ModuleNotFoundError as error:
        raise NotConfigured(
            "Signing in by a provider needs an extra.", hint="Install it: pip install 'ipguard[oidc]'"
        ) from error
    return Provider(settings, desk.workspace.oidc_secret)


def _return_address(desk: Desk, request: Request) -> str:
    settings = desk.workspace.settings.people.oidc
    base = (settings.public_url if settings else "") or str(request.base_url)
    return base.rstrip("/") + "/signin/oidc/return"


def _waits(desk: Desk, request: Request) -> bool:
    with reading(desk.engine) as session:
        return (
            sessions.waiting(session, request.cookies.get(COOKIE, ""), desk.lasting, desk.now()) is not None
        )


def _form(
    request: Request,
    error: IpguardError | None = None,
    *,
    back: str = "/",
    name: str = "",
    waits: bool = False,
    status: int = 401,
) -> Response:
    desk = desk_of(request)
    settings = desk.workspace.settings.people.oidc
    seconds = error.seconds if isinstance(error, TooManyTries) else 0
    values = {
        "words": "" if seconds or error is None else str(error),
        "hint": error.hint if error else "",
        "seconds": seconds,
        "after": local(back),
        "name": name,
        "waits": waits,
        "provider": (settings.label or settings.issuer) if settings else "",
    }
    asked = request.url.path == "/signin" and request.method == "GET"
    response = desk.page(
        request, "signin.html", values, 200 if asked or status == 200 else (429 if seconds else status)
    )
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def _cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    *,
    seconds: int | None = None,
    path: str = "/",
    lax: bool = False,
) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        secure=secure,
        samesite="lax" if lax else "strict",
    )
