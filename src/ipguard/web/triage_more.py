"""Beside the queue: everything of a view at once, named views and their feeds, what was on a screen, the keys."""

from __future__ import annotations

import hashlib
import secrets
import xml.etree.ElementTree as ET
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import Field

from ipguard.alerts.decisions import REASONS, Choice, Deed, Sight, settle
from ipguard.alerts.queries import AlertView, alert_numbers, count_alerts, list_alerts, one_alert
from ipguard.alerts.tables import DecisionRow, SightRow
from ipguard.alerts.views import (
    KEY_WORDS,
    KEYS,
    choose_keys,
    end_feed,
    keys_of,
    list_views,
    new_feed,
    remove_view,
    save_view,
    view_of_feed,
)
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.triage import ViewForm
from ipguard.web.triage_page import small_pictures
from ipguard.web.view import LOOK_WORDS, SIDE_WORDS, WAY_WORDS, View, view_of, view_of_text

router = APIRouter()
MOST_AT_ONCE = 500
"""Alerts of a view that can be decided in one step: so many, small, are shown before it."""
IN_A_FEED = 50
ATOM = "http://www.w3.org/2005/Atom"


class AllForm(ViewForm):
    """A decision about everything of a view."""

    decision: str
    number: int
    """How many the preview showed."""
    fingerprint: str = Field(max_length=64)
    """Of numbers and versions that the preview showed."""
    mark: str


@router.get("/alerts-all")
def preview(request: Request) -> Response:
    """What would be decided: every alert of a view, before anything is."""
    desk = desk_of(request)
    who = desk.require(request, Right.BULK)
    view, now = view_of(request), desk.now()
    with reading(desk.engine) as session:
        total = count_alerts(session, view.wanted, now=now)
        rows = list_alerts(session, view.wanted, now=now, limit=MOST_AT_ONCE)
        small = small_pictures(session, rows)
    numbers = [(row.id, row.alert.version) for row in rows]
    values = {
        "at": view,
        "total": total,
        "rows": [(row, small.get(row.id)) for row in rows],
        "sellers": _counted(rows),
        "fingerprint": _fingerprint(numbers),
        "mark": desk.access.shown(who.session, 0, len(rows), now),
        "reasons": REASONS,
    }
    return desk.page(request, "triage_all.html", values)


@router.post("/alerts-all")
def decide_all(request: Request, form: Annotated[AllForm, Form()]) -> Response:
    """Decide on everything the preview showed, where it is still the same."""
    desk = desk_of(request)
    who = desk.act(request, form.token, Right.BULK)
    view, now = form.view(), desk.now()
    if not desk.access.was_seen(who.session, 0, form.number, form.mark, now):
        raise WrongUse("The preview was not on the screen long enough; nothing was decided.")
    what, _, reason = form.decision.partition(":")
    choice = Choice(what, reason)
    deed = Deed(who.by, now, batch=secrets.token_hex(8), session=who.session)
    with transaction(desk.engine) as session:
        numbers = alert_numbers(session, view.wanted, now=now, limit=MOST_AT_ONCE)
        if _fingerprint(numbers) != form.fingerprint:
            raise WrongUse(
                "The view changed since the preview was shown; nothing was decided.",
                hint="Look at the preview again.",
            )
        sight = Sight("view", now, 0, look="row", language=desk.language(request))
        for number, version in numbers:
            settle(session, number, version, choice, deed, sight=sight)
        details: dict[str, str | int | bool | None] = {
            "decision": what,
            "reason": reason,
            "alerts": len(numbers),
        }
        audit(session, who, "alert.decide_view", "", details, now)
    return go("/alerts" + view.query())


@router.get("/views")
def views(request: Request) -> Response:
    """The reader's views, and the one they came from, to keep it."""
    return _views(request, view_of(request))


@router.post("/views")
def keep_view(
    request: Request,
    token: str = Form(),
    name: str = Form("", max_length=200),
    query: str = Form("", max_length=2000),
) -> Response:
    """Keep a view under a name."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.READ)
    with transaction(desk.engine) as session:
        save_view(session, who.by, name, view_of_text(query).kept_query(), desk.now())
    return go("/views")


@router.post("/views/{view_id:int}")
def change_view(request: Request, view_id: int, token: str = Form(), do: str = Form()) -> Response:
    """Remove a view, give it a feed with a new address, or end its feed."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.READ)
    key = ""
    with transaction(desk.engine) as session:
        match do:
            case "remove":
                remove_view(session, who.by, view_id)
            case "feed":
                key = new_feed(session, who.by, view_id)
            case "end":
                end_feed(session, who.by, view_id)
            case _:
                raise WrongUse("A view can be removed, and its feed renewed or ended.")
        audit(session, who, f"view.{do}", f"view:{view_id}", {}, desk.now())
    return _views(request, View(), key) if key else go("/views")


@router.get("/feeds/{key}.atom")
def feed(request: Request, key: str) -> Response:
    """The newest of a view as Atom (RFC 4287); who has the address needs no session."""
    desk = desk_of(request)
    with reading(desk.engine) as session:
        saved = view_of_feed(session, key)
        if saved is None:
            return Response("There is no such feed.\n", 404, media_type="text/plain")
        rows = list_alerts(session, view_of_text(saved.query).wanted, now=desk.now(), limit=IN_A_FEED)
    base = f"{request.url.scheme}://{request.url.netloc}"
    return Response(_atom(saved.name, saved.id or 0, rows, base, desk), media_type="application/atom+xml")


@router.get("/decisions/{decision_id:int}")
def on_screen(request: Request, decision_id: int) -> Response:
    """What was on the screen when somebody decided."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        decision = session.get(DecisionRow, decision_id)
        if decision is None:
            raise WrongUse("There is no such decision.")
        sight = session.get(SightRow, decision_id)
        story = one_alert(session, decision.alert_id, now=desk.now())
    return desk.page(
        request,
        "decision.html",
        {
            "decision": decision,
            "sight": sight,
            "story": story,
            "ways": WAY_WORDS,
            "looks": LOOK_WORDS,
            "side_words": SIDE_WORDS,
        },
    )


@router.get("/account/keys")
def keys(request: Request) -> Response:
    """The keys one decides with."""
    desk = desk_of(request)
    who = desk.require(request)
    with reading(desk.engine) as session:
        return desk.page(
            request, "keys.html", {"keys": keys_of(session, who.by), "key_words": KEY_WORDS, "usual": KEYS}
        )


@router.post("/account/keys")
async def set_keys(request: Request) -> Response:
    """Keep them."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    return _set_keys(request, form)


def _set_keys(request: Request, form: dict[str, str]) -> Response:
    desk = desk_of(request)
    who = desk.act(request, form.get("token", ""), Right.READ)
    chosen = {} if form.get("usual") else form
    with transaction(desk.engine) as session:
        choose_keys(session, who.by, off=bool(form.get("off")), keys=chosen)
    return go("/account/keys")


def _views(request: Request, view: View, key: str = "") -> Response:
    desk = desk_of(request)
    who = desk.require(request)
    with reading(desk.engine) as session:
        kept = list_views(session, who.by)
        counts = {
            one.id: count_alerts(session, view_of_text(one.query).wanted, now=desk.now()) for one in kept
        }
    address = f"{request.url.scheme}://{request.url.netloc}/feeds/{key}.atom" if key else ""
    values = {"at": view, "kept": kept, "counts": counts, "feed": address}
    return desk.page(request, "views.html", values)


def _counted(rows: list[AlertView]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for row in rows:
        name = row.listing.seller_name or row.source.id
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda one: -one[1])[:12]


def _fingerprint(numbers: list[tuple[int, int]]) -> str:
    return hashlib.sha256(repr(sorted(numbers)).encode()).hexdigest()


def _atom(name: str, number: int, rows: list[AlertView], base: str, desk: Desk) -> bytes:
    ET.register_namespace("", ATOM)
    top = ET.Element(f"{{{ATOM}}}feed")
    newest = max((row.alert.updated_at for row in rows), default=desk.now())
    for tag, text in (
        ("title", f"ipguard · {name}"),
        ("id", f"{base}/views/{number}"),
        ("updated", newest.isoformat()),
    ):
        ET.SubElement(top, f"{{{ATOM}}}{tag}").text = _clean(text)
    author = ET.SubElement(top, f"{{{ATOM}}}author")
    ET.SubElement(author, f"{{{ATOM}}}name").text = "ipguard"
    for row in rows:
        entry = ET.SubElement(top, f"{{{ATOM}}}entry")
        address = f"{base}/alerts/{row.id}"
        said = (
            ("id", f"{address}?v={row.alert.version}"),
            ("title", f"{row.work.title} · {row.listing.title}"),
            ("updated", row.alert.updated_at.isoformat()),
            ("summary", f"{row.source.id} · {row.listing.price_amount or '—'} {row.listing.currency or ''}"),
        )
        for tag, text in said:
            ET.SubElement(entry, f"{{{ATOM}}}{tag}").text = _clean(text)
        ET.SubElement(entry, f"{{{ATOM}}}link", href=address)
    return bytes(ET.tostring(top, encoding="utf-8", xml_declaration=True))


def _clean(text: str) -> str:
    """Without characters that XML 1.0 §2.2 does not know: titles come from strangers."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or 0x20 <= ord(c) <= 0xD7FF or 0xE000 <= ord(c) <= 0xFFFD or ord(c) > 0xFFFF
    )
