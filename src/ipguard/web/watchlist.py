"""The watchlist: what is watched, how well its pictures serve; add, change and pause works, add and remove pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session, col, func, select

from ipguard.alerts.tables import AlertRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.hunting.store import list_hunts
from ipguard.people.audit import Detail, audit
from ipguard.people.rights import Principal, Right
from ipguard.rights.store import MAX_PICTURE_BYTES, Imported, load_work, pictures_of, set_watched
from ipguard.rights.tables import PictureRow, RightRow, WorkRow
from ipguard.rights.watchlist import MAX_NAME_CHARACTERS
from ipguard.rights.work import NameKind, RightKind, Work
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.exports import Exports, Progress, Running
from ipguard.web.queries import WorkCard, works
from ipguard.web.work_form import PictureFile, Written, file_name, mistakes, watchlist_file, written
from ipguard.wiring import PictureStore, add_watchlist, try_references

router = APIRouter()

SOON = timedelta(days=90)
"""Rights that end within that are warned of."""
MOST_AT_ONCE = 20
"""Pictures in one form."""
LONGEST = 20_000


class WorkForm(BaseModel):
    """The form of a work."""

    token: str
    seen: str = ""
    """When the work was last changed before the form was made; empty for a new one."""
    id: str = ""
    title: str = ""
    owner: str = ""
    names: str = ""
    rights: str = ""
    official_sellers: str = ""
    official_domains: str = ""
    official_prices: str = ""

    def written(self, work: str) -> Written:
        """What was filled in, for the work it is about."""
        return Written(**self.model_dump(exclude={"token", "seen", "id"}), id=work)


@dataclass(frozen=True, slots=True)
class Validity:
    """A right, and whether it still holds."""

    right: RightRow
    state: str
    """`ended`, `soon` or empty."""


@router.get("/watchlist")
def watchlist(request: Request) -> Response:
    """What is watched, how well its pictures serve, and how far the search of what was seen before is."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        values = {
            "works": works(session),
            "hunts": list_hunts(session, 3),
            "open": _open(session),
            "rights": _rights(session, desk.now().date()),
        }
    return desk.page(request, "watchlist.html", values)


@router.get("/new-work")
def new(request: Request) -> Response:
    """The form for a work that is not watched yet."""
    desk = desk_of(request)
    desk.require(request, Right.WATCHLIST_EDIT)
    return _form(request, Written(), [])


@router.post("/new-work")
def add(request: Request, form: Annotated[WorkForm, Form()]) -> Response:
    """Watch one more work; an id that is taken is refused rather than replaced."""
    desk = desk_of(request)
    who = desk.act(request, form.token, Right.WATCHLIST_EDIT)
    name = form.id.strip()
    with reading(desk.engine) as session:
        taken = session.get(WorkRow, name) is not None
    wrong = [f"id: there is a work {name} already. Choose another, or change that work."] if taken else []
    wrong = wrong or _put(desk, who, "watchlist.add", form.written(name), None, [])
    return _form(request, form.written(name), wrong) if wrong else go(f"/watchlist/{name}")


@router.get("/watchlist/{work}")
def one(request: Request, work: str) -> Response:
    """Everything about a work."""
    desk = desk_of(request)
    desk.require(request)
    with reading(desk.engine) as session:
        form = written(load_work(session, work))
    return _form(request, form, [], work)


@router.post("/watchlist/{work}")
def change(request: Request, work: str, form: Annotated[WorkForm, Form()]) -> Response:
    """Change what is said of a work; its pictures stay."""
    desk = desk_of(request)
    who = desk.act(request, form.token, Right.WATCHLIST_EDIT)
    before, kept, changed_at = _kept(desk, work)
    if form.seen != changed_at:
        wrong = [
            "Somebody changed this work meanwhile. Copy what you wrote, load the page again, and add it."
        ]
    else:
        wrong = _put(desk, who, "watchlist.change", form.written(work), before, kept)
    return _form(request, form.written(work), wrong, work) if wrong else go(f"/watchlist/{work}")


@router.post("/watchlist/{work}/watched")
def watched(request: Request, work: str, token: str = Form(), do: str = Form()) -> Response:
    """Pause a work, or watch it again."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.WATCHLIST_EDIT)
    if do not in ("pause", "resume"):
        raise WrongUse("A work can be paused or resumed.")
    with transaction(desk.engine) as session:
        set_watched(session, work, do == "resume", now=desk.now())
        audit(session, who, f"watchlist.{do}", f"work:{work}", {}, desk.now())
    return go(f"/watchlist/{work}")


@router.post("/watchlist-pictures")
def add_pictures(
    request: Request, token: str = Form(), work: str = Form(), files: list[UploadFile] = File()
) -> Response:
    """Add pictures to a work; each is looked at now, and tried on altered copies beside the page."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.WATCHLIST_EDIT)
    before, kept, _ = _kept(desk, work)
    if len(files) > MOST_AT_ONCE:
        raise WrongUse(f"{MOST_AT_ONCE} pictures at once are the most.", hint="Send the others afterwards.")
    given = [PictureFile(file_name(file.filename or ""), _read(file)) for file in files]
    wrong = _put(
        desk, who, "watchlist.add_pictures", written(before), before, [*kept, *given], added=len(given)
    )
    if wrong:
        return _form(request, written(before), wrong, work)
    _try(request, work, all_of_them=False)
    return go(f"/watchlist/{work}")


@router.post("/watchlist/{work}/remove")
def remove_picture(request: Request, work: str, token: str = Form(), picture: str = Form()) -> Response:
    """Take a picture out of a work, by its SHA-256; its bytes stay, alerts rest on them."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.WATCHLIST_EDIT)
    before, kept, _ = _kept(desk, work, without=picture)
    wrong = _put(desk, who, "watchlist.remove_picture", written(before), before, kept, picture=picture[:64])
    return _form(request, written(before), wrong, work) if wrong else go(f"/watchlist/{work}")


@router.post("/watchlist/{work}/test")
def try_again(request: Request, work: str, token: str = Form()) -> Response:
    """Try all pictures of a work on altered copies once more."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.WATCHLIST_EDIT)
    with transaction(desk.engine) as session:
        load_work(session, work)
        audit(session, who, "watchlist.test", f"work:{work}", {}, desk.now())
    _try(request, work, all_of_them=True)
    return go(f"/watchlist/{work}")


def _put(
    desk: Desk,
    who: Principal,
    action: str,
    form: Written,
    before: Work | None,
    pictures: Sequence[PictureFile],
    **details: Detail,
) -> list[str]:
    """Take a work as a watchlist file of its own; what is wrong with it, where nothing was taken."""

    def noted(session: Session, done: Imported) -> None:
        told = {"names": done.names, "pictures": len(done.pictures), **details}
        audit(session, who, action, f"work:{form.id}", told, desk.now())

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            file = watchlist_file(folder, form, before, pictures)
            add_watchlist(desk.workspace, file, now=desk.now, changing=True, also=noted)
        except WrongUse as error:
            return mistakes(error, folder)
    return []


def _kept(desk: Desk, work: str, without: str = "") -> tuple[Work, list[PictureFile], str]:
    """A work, its pictures, and when it was last changed."""
    store = PictureStore(desk.workspace.pictures)
    with reading(desk.engine) as session:
        found, rows = load_work(session, work), pictures_of(session, work)
        changed_at = session.get_one(WorkRow, work).updated_at.isoformat()
    kept = [PictureFile(row.file_name, store.get(row.sha256)) for row in rows if row.sha256 != without]
    return found, kept, changed_at


def _read(file: UploadFile) -> bytes:
    data = file.file.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise WrongUse(
            f"{file_name(file.filename or '')} is larger than {MAX_PICTURE_BYTES:,} bytes.",
            hint="Save it smaller.",
        )
    return data


def _try(request: Request, work: str, *, all_of_them: bool) -> None:
    desk = desk_of(request)
    running: Exports = request.app.state.trials

    def run(progress: Progress) -> None:
        try_references(desk.workspace, desk.engine, work, progress, all_of_them=all_of_them)

    running.begin(work, run)


def _form(request: Request, form: Written, wrong: Sequence[str], work: str = "") -> Response:
    """The page of a work with its form, as it stands or as somebody just filled it in."""
    desk = desk_of(request)
    card: WorkCard | None = None
    found: Work | None = None
    rights: list[Validity] = []
    alerts = 0
    if work:
        with reading(desk.engine) as session:
            found = load_work(session, work)
            card = WorkCard(session.get_one(WorkRow, work), (), pictures_of(session, work))
            rights = _rights(session, desk.now().date()).get(work, [])
            alerts = _open(session).get(work, 0)
    trials: Exports = request.app.state.trials
    running: Running | None = trials.of(work) if work else None
    values = {
        "card": card, "work": found, "form": form, "wrong": wrong, "rights": rights, "open": alerts,
        "running": running, "untested": _untested(card), "longest": LONGEST, "longest_name": MAX_NAME_CHARACTERS,
        "name_kinds": ", ".join(NameKind), "right_kinds": ", ".join(RightKind), "most": MOST_AT_ONCE,
    }  # fmt: skip
    return desk.page(request, "work.html", values, 409 if wrong else 200)


def _untested(card: WorkCard | None) -> Callable[[PictureRow], bool]:
    return lambda picture: (
        card is not None and all(note.code != "reference.self_test" for note in card.notes(picture))
    )


def _open(session: Session) -> dict[str, int]:
    """Work → how many alerts wait for a decision."""
    counted = (
        select(AlertRow.work_id, func.count()).where(AlertRow.state == "open").group_by(col(AlertRow.work_id))
    )
    return dict(session.exec(counted).all())


def _rights(session: Session, today: date) -> dict[str, list[Validity]]:
    """Work → its rights, with what is to be said of how long they hold."""
    found: dict[str, list[Validity]] = {}
    for row in session.exec(select(RightRow).order_by(col(RightRow.id))):
        until = row.valid_to
        state = "" if until is None or until > today + SOON else "ended" if until < today else "soon"
        found.setdefault(row.work_id, []).append(Validity(row, state))
    return found
