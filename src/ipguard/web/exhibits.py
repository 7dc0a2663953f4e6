"""One exhibit: the captured page on its second origin, pictures, files, custody, proof, and checking it now."""

from __future__ import annotations

import io
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from PIL import Image
from sqlalchemy import select
from sqlmodel import Session, col

from evidence_store.bundles.papers.pictures import printable
from ipguard.alerts.queries import one_alert
from ipguard.alerts.tables import SightRow
from ipguard.cases.store import exhibit_label
from ipguard.cases.tables import CaseExhibitRow, CaseRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.exhibits import PICTURE_TYPES, Opened, exhibit_file, facts_of, look_at, verify_exhibit
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.web.desk import desk_of
from ipguard.web.exhibit_origin import Origin
from ipguard.web.guard import POLICY
from ipguard.web.pictures import HEADERS as PICTURE_HEADERS

router = APIRouter()
SHOWN_SIDE = 1600
"""Longest side of a picture that is shown, pixels."""


def opened_of(request: Request) -> Opened:
    """The exhibits of the workspace of this request."""
    desk = desk_of(request)
    return Opened(desk.workspace, desk.now, request.app.state.memory)


@router.get("/exhibits/{exhibit_id}")
def exhibit(request: Request, exhibit_id: str) -> Response:
    """An exhibit."""
    return _page(request, exhibit_id, checked=False)


@router.post("/exhibits/{exhibit_id}/verify")
def verify(request: Request, exhibit_id: str, token: str = Form()) -> Response:
    """The same, with everything hashed again."""
    desk = desk_of(request)
    desk.act(request, token, Right.READ)
    return _page(request, exhibit_id, checked=True)


@router.get("/exhibits/{exhibit_id}/files/{name}")
def file(request: Request, exhibit_id: str, name: str) -> Response:
    """A file of an exhibit, always as a download: what a shop sent is never shown on this origin."""
    desk = desk_of(request)
    who = desk.require(request, Right.EXPORT)
    found, data = exhibit_file(opened_of(request), exhibit_id, name)
    with transaction(desk.engine) as session:
        audit(session, who, "exhibit.download", f"exhibit:{exhibit_id}", {"file": found.name}, desk.now())
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{exhibit_id[:8]}-{found.name}')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/exhibits/{exhibit_id}/pictures/{name}")
def picture(request: Request, exhibit_id: str, name: str) -> Response:
    """A picture of an exhibit, decoded and written again by us."""
    desk = desk_of(request)
    desk.require(request)
    found, data = exhibit_file(opened_of(request), exhibit_id, name)
    if found.media_type not in PICTURE_TYPES:
        raise WrongUse("That file is no picture.")
    slices = printable(data).slices
    if not slices:
        raise WrongUse("That picture cannot be shown; download it.")
    return Response(_joined(slices), media_type="image/webp", headers=PICTURE_HEADERS)


def _page(request: Request, exhibit_id: str, *, checked: bool) -> Response:
    desk = desk_of(request)
    desk.require(request)
    opened = opened_of(request)
    with reading(desk.engine) as session:
        rows = _in_cases(session, exhibit_id)
        alert = next((row.alert_id for row, _ in rows if row.alert_id is not None), None)
        story = one_alert(session, alert, now=desk.now()) if alert is not None else None
        sights = [
            (one, sight)
            for one in (story.decisions if story else ())
            if (sight := session.get(SightRow, one.id)) is not None
        ]
    number = exhibit_label(rows[0][0].number) if rows else ""
    seen = look_at(opened, exhibit_id, number, alert)
    origin: Origin | None = request.app.state.exhibit_origin
    frame = origin.address(exhibit_id, desk.now()) if origin and seen.page else ""
    response = desk.page(
        request,
        "exhibit.html",
        {
            "seen": seen, "exhibit_id": exhibit_id, "cases": [(case, row) for row, case in rows], "story": story,
            "sights": sights,
            "facts": facts_of(seen.exhibit), "frame": frame, "picture_types": PICTURE_TYPES,
            "checks": verify_exhibit(opened, exhibit_id) if checked and not seen.exhibit.gone else None,
        },
    )  # fmt: skip
    if frame and origin:
        response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src {origin.url}"
    return response


def _in_cases(session: Session, exhibit_id: str) -> list[tuple[CaseExhibitRow, CaseRow]]:
    rows = session.execute(
        select(CaseExhibitRow, CaseRow)
        .join(CaseRow, col(CaseRow.id) == col(CaseExhibitRow.case_id))
        .where(col(CaseExhibitRow.exhibit_id) == exhibit_id)
        .order_by(col(CaseRow.id))
    ).all()
    return [(row[0], row[1]) for row in rows]


def _joined(slices: tuple[bytes, ...]) -> bytes:
    """The slices of a tall picture below each other, no side above what a browser takes easily."""
    parts = [Image.open(io.BytesIO(data), formats=("JPEG",)) for data in slices[:10]]
    height = sum(part.height for part in parts)
    whole = Image.new("RGB", (parts[0].width, height), "white")
    at = 0
    for part in parts:
        whole.paste(part, (0, at))
        at += part.height
    if whole.height > 8 * SHOWN_SIDE:
        whole = whole.crop((0, 0, whole.width, 8 * SHOWN_SIDE))
    out = io.BytesIO()
    whole.save(out, "WEBP", quality=86, method=2)
    return out.getvalue()
