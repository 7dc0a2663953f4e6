"""Pictures by content, for every screen."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ipguard.web.desk import desk_of
from ipguard.web.pictures import HEADERS, shown, small

router = APIRouter()


@router.get("/pictures/{digest}")
def picture(request: Request, digest: str, frame: int = 0, size: str = "") -> Response:
    """A picture by digest, written again by us; with `size=small` for a list."""
    desk = desk_of(request)
    desk.require(request)
    folder = desk.workspace.pictures
    found = small(folder, digest) if size == "small" else shown(folder, digest, frame)
    return Response(found.data, media_type="image/webp", headers=HEADERS)
