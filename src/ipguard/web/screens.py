"""The watchlist, and pictures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ipguard.database.engine import reading
from ipguard.hunting.store import list_hunts
from ipguard.web.desk import desk_of
from ipguard.web.pictures import HEADERS, shown, small
from ipguard.web.queries import works

router = APIRouter()


@router.get("/watchlist")
def watchlist(request: Request) -> Response:
    """What is watched, how well its pictures serve, and how far the search of what was seen before is."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        return desk.page(
            request, "watchlist.html", {"works": works(session), "hunts": list_hunts(session, 3)}
        )


@router.get("/pictures/{digest}")
def picture(request: Request, digest: str, frame: int = 0, size: str = "") -> Response:
    """A picture by digest, written again by us; with `size=small` for a list."""
    desk = desk_of(request)
    desk.require(request)
    folder = desk.workspace.pictures
    found = small(folder, digest) if size == "small" else shown(folder, digest, frame)
    return Response(found.data, media_type="image/webp", headers=HEADERS)
