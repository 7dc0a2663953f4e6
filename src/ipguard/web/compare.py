"""Compare: two pictures over the whole screen with one zoom, everything else the listing shows, and how it changed."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.alerts.queries import AlertStory, one_alert
from ipguard.database.engine import reading
from ipguard.errors import WrongUse
from ipguard.listings.history import history_of
from ipguard.listings.tables import PictureLookRow
from ipguard.matching.finding import PicturePlace, TextPlace
from ipguard.rights.tables import PictureRow
from ipguard.web.desk import Desk, desk_of
from ipguard.web.marks import Piece, marked
from ipguard.web.pictures import shown
from ipguard.web.triage_page import Sides, look_at, read_of
from ipguard.web.view import view_of

router = APIRouter()
ZOOMS = (1, 2, 4)
MOMENT_WORDS = {"first": "first seen", "changed": "changed", "gone": "gone", "back": "came back"}


@router.get("/alerts/{alert_id:int}/compare")
def compare(
    request: Request, alert_id: int, picture: str = "", reference: str = "", zoom: int = 1
) -> Response:
    """The comparison of one alert; `picture` and `reference` choose others of the listing's and of the work's."""
    desk = desk_of(request)
    desk.require(request)
    view = view_of(request)
    with reading(desk.engine) as session:
        story = one_alert(session, alert_id, now=desk.now())
        sides = _chosen(
            desk, look_at(session, desk, story, view.look or "layover"), story, picture, reference
        )
        references = session.scalars(
            select(PictureRow)
            .where(col(PictureRow.work_id) == story.view.work.id)
            .order_by(col(PictureRow.id))
        ).all()
        values: dict[str, object] = {
            "story": story,
            "sides": sides,
            "references": references,
            "moments": history_of(session, story.view.listing.id or 0),
            "texts": _texts(session, story),
            "read": read_of(story),
            "at": view,
            "zoom": zoom if zoom in ZOOMS else 1,
            "zooms": ZOOMS,
            "moment_words": MOMENT_WORDS,
        }
    return desk.page(request, "compare.html", values)


def _chosen(desk: Desk, sides: Sides, story: AlertStory, picture: str, reference: str) -> Sides:
    """The sides with another picture on one of them; what was found is drawn only where it was found."""
    other = picture in {one.sha256 for one in story.pictures if one.sha256} and picture != sides.listing
    another = bool(reference) and reference != sides.reference
    if not other and not another:
        return sides
    place = next(
        (
            f.place
            for f in story.view.findings
            if isinstance(f.place, PicturePlace)
            and f.place.picture == (picture or sides.listing)
            and f.place.reference == (reference or sides.reference)
        ),
        None,
    )
    changed = replace(sides, place=place, look="region", drawn={})
    if other:
        changed = replace(changed, listing=picture, listing_picture=shown(desk.workspace.pictures, picture))
    if another:
        known = reference in {
            f.place.reference for f in story.view.findings if isinstance(f.place, PicturePlace)
        }
        if not known and not _is_reference(desk, story, reference):
            raise WrongUse("That picture is not one of this work.")
        changed = replace(
            changed, reference=reference, reference_picture=shown(desk.workspace.pictures, reference)
        )
    return changed


def _is_reference(desk: Desk, story: AlertStory, digest: str) -> bool:
    with reading(desk.engine) as session:
        return (
            session.scalars(
                select(PictureRow).where(
                    col(PictureRow.work_id) == story.view.work.id, col(PictureRow.sha256) == digest
                )
            ).first()
            is not None
        )


def _texts(session: Session, story: AlertStory) -> list[tuple[str, tuple[Piece, ...]]]:
    """Text read in the listing's pictures, with the names that were found in it marked."""
    found = []
    for picture in story.pictures:
        row = session.get(PictureLookRow, picture.sha256) if picture.sha256 else None
        if row is None or not row.text:
            continue
        own = [
            f for f in story.view.findings if isinstance(f.place, TextPlace) and f.place.picture == row.sha256
        ]
        found.append((row.sha256, marked(row.text, own, "picture_text")))
    return found
