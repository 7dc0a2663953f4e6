"""Of one's own account, the second step and the keys for programs."""

from __future__ import annotations

import io

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.database.engine import transaction
from ipguard.errors import IpguardError, NotConfigured, WrongUse
from ipguard.people import tokens, totp
from ipguard.people.accounts import clear_second_step, get_person
from ipguard.people.sealing import seal, unseal
from ipguard.people.signing_in import begin_second_step, confirm_password
from ipguard.web.account import account_page
from ipguard.web.desk import Desk, desk_of, go

router = APIRouter()
ISSUER = "ipguard"
MODULE_PIXELS = 5


@router.get("/account/second-step")
def second_step(request: Request) -> Response:
    """A new secret, as a QR code and in letters; it counts when its first code was typed."""
    desk_of(request).principal(request)
    return _setting_up(request, totp.new_secret())


@router.post("/account/second-step")
def switch_on(
    request: Request,
    token: str = Form(),
    sealed: str = Form(max_length=1000),
    code: str = Form(max_length=64),
    current: str = Form("", max_length=1000),
) -> Response:
    """Switch the second step on; shows the recovery codes once."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me, now = desk.principal(request), desk.now()
    secret = _opened(desk, me.session, sealed)
    try:
        if me.has_password:
            confirm_password(desk.door(request), me, current, now)
        codes = begin_second_step(desk.door(request), me, secret, code, now)
    except IpguardError as error:
        return _setting_up(request, secret, error)
    return desk.page(request, "recovery.html", {"codes": codes})


@router.post("/account/second-step/off")
def switch_off(request: Request, token: str = Form(), current: str = Form("", max_length=1000)) -> Response:
    """Take the second step off; the password is asked for again."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me, now = desk.principal(request), desk.now()
    try:
        confirm_password(desk.door(request), me, current, now)
    except IpguardError as error:
        return account_page(request, error)
    with transaction(desk.engine) as session:
        clear_second_step(session, me, get_person(session, me.id), now=now)
    return go("/account")


@router.post("/account/tokens")
def new_token(
    request: Request,
    token: str = Form(),
    label: str = Form("", max_length=100),
    scope: list[str] = Form([]),
    days: int = Form(tokens.DEFAULT_DAYS),
) -> Response:
    """Make a token; its text is on the answer and nowhere else."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me = desk.require(request)
    try:
        with transaction(desk.engine) as session:
            person = get_person(session, me.id)
            made = tokens.make_token(session, me, person, label, scope, days=days, now=desk.now())
    except WrongUse as error:
        return account_page(request, error)
    return account_page(request, new_token=made.text)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(request: Request, token_id: int, token: str = Form()) -> Response:
    """End one of one's tokens."""
    desk = desk_of(request)
    desk.check_form(request, token)
    me = desk.principal(request)
    with transaction(desk.engine) as session:
        tokens.revoke(session, me, token_id, person_id=me.id, now=desk.now())
    return go("/account")


def _setting_up(request: Request, secret: str, error: IpguardError | None = None) -> Response:
    desk = desk_of(request)
    me = desk.principal(request)
    values = {
        "sealed": seal(desk.access.secret, f"{me.session} {secret}"),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": _qr(totp.uri(secret, me.name, ISSUER)),
        "words": str(error) if error else "",
        "hint": error.hint if error else "",
    }
    return desk.page(request, "second_step.html", values, 409 if error else 200)


def _opened(desk: Desk, session: str, sealed: str) -> str:
    """The secret of a form that this session was given."""
    try:
        whose, _, secret = unseal(desk.access.secret, sealed).partition(" ")
    except NotConfigured:
        whose, secret = "", ""
    if whose != session:
        raise WrongUse("This form belongs to another session.", hint="Load the page again.")
    return secret


def _qr(text: str) -> str:
    """A QR code as SVG without any style, black on white in every theme: cameras want it so."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=MODULE_PIXELS, light="#fff", xmldecl=False, svgns=True, omitsize=False
    )
    return out.getvalue().decode()
