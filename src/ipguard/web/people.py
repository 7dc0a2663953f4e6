"""People: who may come in, with which role; inviting, resetting, shutting out."""

from __future__ import annotations

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError, WrongUse
from ipguard.people import accounts, sessions, tokens
from ipguard.people.audit import audit
from ipguard.people.rights import RIGHTS, Right, Role
from ipguard.people.tables import PersonRow
from ipguard.web.desk import desk_of, go

router = APIRouter()


@router.get("/people")
def people(request: Request) -> Response:
    """Everybody, and what each role may do."""
    return _page(request)


@router.post("/people")
def invite(
    request: Request,
    token: str = Form(),
    name: str = Form("", max_length=200),
    label: str = Form("", max_length=100),
    role: str = Form("", max_length=20),
    language: str = Form("", max_length=10),
) -> Response:
    """A new account, and the link of its invitation, shown once."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.PEOPLE_EDIT), desk.now()
    try:
        with transaction(desk.engine) as session:
            person = accounts.add_person(session, who, name, role, label=label, language=language, now=now)
            key = accounts.invite(session, who, person, "invite", now=now)
    except WrongUse as error:
        return _page(request, error)
    return _page(request, link=_link(request, key), invited=person)


@router.get("/people/{person_id}")
def person(request: Request, person_id: int) -> Response:
    """One person: sessions, tokens, and what can be done."""
    return _one(request, person_id)


@router.post("/people/{person_id}")
def change(
    request: Request,
    person_id: int,
    token: str = Form(),
    do: str = Form(max_length=20),
    role: str = Form("", max_length=20),
) -> Response:
    """Change a role, end sessions, make a link, disable or enable."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.PEOPLE_EDIT), desk.now()
    link = ""
    try:
        with transaction(desk.engine) as session:
            row = accounts.get_person(session, person_id)
            if do == "role":
                accounts.set_role(session, who, row, role, now=now)
            elif do in ("invite", "reset"):
                link = _link(request, accounts.invite(session, who, row, do, now=now))
            elif do == "second_step":
                accounts.clear_second_step(session, who, row, now=now)
            elif do == "sessions":
                ended = sessions.end_all(session, person_id, by=who.by, now=now)
                audit(session, who, "session.end", f"person:{person_id}", {"sessions": ended}, now)
            elif do in ("disable", "enable"):
                change_to = accounts.disable if do == "disable" else accounts.enable
                change_to(session, who, row, now=now)
            else:
                raise WrongUse("That cannot be done to a person.")
    except WrongUse as error:
        return _one(request, person_id, error)
    return _one(request, person_id, link=link) if link else go(f"/people/{person_id}")


@router.post("/people/{person_id}/tokens/{token_id}")
def revoke(request: Request, person_id: int, token_id: int, token: str = Form()) -> Response:
    """End a token of somebody."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.PEOPLE_EDIT)
    with transaction(desk.engine) as session:
        tokens.revoke(session, who, token_id, person_id=person_id, now=desk.now())
    return go(f"/people/{person_id}")


def _page(
    request: Request, error: IpguardError | None = None, link: str = "", invited: PersonRow | None = None
) -> Response:
    desk = desk_of(request)
    desk.require(request, Right.PEOPLE_EDIT)
    with reading(desk.engine) as session:
        everybody = accounts.list_people(session, desk.lasting, desk.now())
    values = {
        "people": everybody,
        "roles": list(Role),
        "rights": RIGHTS,
        "every_right": list(Right),
        "link": link,
        "invited": invited,
        "words": str(error) if error else "",
        "hint": error.hint if error else "",
    }
    return desk.page(request, "people.html", values, 409 if error else 200)


def _one(request: Request, person_id: int, error: IpguardError | None = None, link: str = "") -> Response:
    desk = desk_of(request)
    desk.require(request, Right.PEOPLE_EDIT)
    now = desk.now()
    with reading(desk.engine) as session:
        row = session.get(PersonRow, person_id)
        if row is None:
            raise WrongUse("There is nobody of that name.", hint="Choose somebody from the list.")
        found = next(p for p in accounts.list_people(session, desk.lasting, now) if p.id == person_id)
        values = {
            "person": found,
            "sessions": sessions.sessions_of(session, person_id, desk.lasting, now),
            "tokens": tokens.tokens_of(session, person_id),
        }
    values |= {
        "roles": list(Role),
        "link": link,
        "usable": lambda row: tokens.usable(row, now),
        "words": str(error) if error else "",
        "hint": error.hint if error else "",
    }
    return desk.page(request, "person.html", values, 409 if error else 200)


def _link(request: Request, key: str) -> str:
    return f"{str(request.base_url).rstrip('/')}/invite?key={key}"
