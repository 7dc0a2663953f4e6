"""Sellers: who sells copies, on which list they stand, and who they seem to be elsewhere."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.rights import Right
from ipguard.sellers.lists import LONGEST_NOTE, SellerKey, Stance, put_on_list, take_off_list
from ipguard.sellers.queries import SellerFilter, SellerLine, list_sellers, one_seller
from ipguard.sources.store import list_sources
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.queries import works
from ipguard.wiring import sellers_not_followed

router = APIRouter()

A_PAGE = 50


@router.get("/sellers")
def sellers(request: Request, q: str = "", source: str = "", on: str = "", after: str = "") -> Response:
    """Sellers with most open alerts first; the filter is the address."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        hidden = _hidden(desk, session)
        wanted = SellerFilter(q.strip()[:200], source, on if on in set(Stance) else "", hidden)
        lines = list_sellers(session, wanted, after=_place(after), limit=A_PAGE + 1)
        known = list_sources(session)
    more = lines[A_PAGE - 1] if len(lines) > A_PAGE else None
    filters = {"q": wanted.words, "source": source, "on": wanted.stance}
    values = {
        "lines": lines[:A_PAGE],
        "filters": filters,
        "sources": [row.id for row in known],
        "hidden": sorted(hidden),
        "older": "?" + urlencode({**filters, "after": _mark(more)}) if more else "",
        "newest": "?" + urlencode(filters) if after else "",
        "stances": list(Stance),
    }
    return desk.page(request, "sellers.html", values)


@router.get("/sellers/of")
def seller(request: Request, source: str, seller: str = "") -> Response:
    """One seller: lists, listings, works, and links with their proof."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        profile = one_seller(session, SellerKey(source, seller), _hidden(desk, session))
        watched = works(session)
    values = {"profile": profile, "works": watched, "stances": list(Stance), "longest": LONGEST_NOTE}
    return desk.page(request, "seller.html", values)


@router.post("/sellers/list")
def put(
    request: Request,
    token: str = Form(),
    source: str = Form(),
    seller: str = Form(""),
    stance: str = Form(),
    work: str = Form(""),
    note: str = Form("", max_length=LONGEST_NOTE),
) -> Response:
    """Put a seller on a list."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SUPPRESS)
    if stance not in set(Stance):
        raise WrongUse("There is no such list", hint="allow, deny or watch")
    key = SellerKey(source, seller)
    with transaction(desk.engine) as session:
        put_on_list(session, key, Stance(stance), who, desk.now(), work=work, note=note)
    return go(address(key))


@router.post("/sellers/unlist")
def take(request: Request, token: str = Form(), entry: int = Form()) -> Response:
    """Take a seller off a list."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.SUPPRESS)
    with transaction(desk.engine) as session:
        row = take_off_list(session, entry, who, desk.now())
        key = SellerKey(row.source_id, row.seller_key)
    return go(address(key))


def address(who: SellerKey) -> str:
    """Where a seller's page is."""
    return "/sellers/of?" + urlencode({"source": who.source, "seller": who.key})


def _hidden(desk: Desk, session: Session) -> frozenset[str]:
    return sellers_not_followed(desk.workspace, list_sources(session))


def _mark(line: SellerLine) -> str:
    return f"{line.open}\x1f{line.who.source}\x1f{line.who.key}"


def _place(after: str) -> tuple[int, str, str] | None:
    count, _, rest = after.partition("\x1f")
    source, between, key = rest.partition("\x1f")
    return (int(count[:9]), source, key) if between and count.isascii() and count.isdigit() else None
