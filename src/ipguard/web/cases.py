"""Cases: the list and the board, one case with all that is in it, its bundles, drafts and reports."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, Response
from sqlmodel import Session

from ipguard.cases.editing import Facts, edit_case, facts_of, value_of
from ipguard.cases.pages import SORTS, CaseFilter, CasePage, board, page_of_cases
from ipguard.cases.states import MOVES, STATES
from ipguard.cases.store import CaseStory, exhibit_label, move_case, new_case, one_case
from ipguard.cases.tables import CaseExportRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.evidence import open_store
from ipguard.exhibits import Opened
from ipguard.listings.history import history_of
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.reports.gathering import Exhibit, exhibit_of, sealed_by
from ipguard.reports.making import Maker, make_case_report
from ipguard.reports.model import LANGUAGES as REPORT_LANGUAGES
from ipguard.reports.rows import sources_and_works
from ipguard.web.case_story import people, timeline
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.exhibits import opened_of
from ipguard.web.exports import Exports, Progress

router = APIRouter()
TABS = ("listings", "evidence", "letters", "timeline", "people")
VIEWS = ("table", "board")
COOKIE = "ipguard_cases"
"""The view and order that were chosen last: a name each, joined with a dot."""
MAX_CSV = 10_000
MAX_LETTER_BYTES = 5_000_000
LETTERS = {
    "us-902.html": "Declaration under US FRE 902(11), (13), (14) and 28 USC 1746",
    "cn.html": "Statement on electronic evidence for courts in China",
    "eu.html": "Statement on time stamps under eIDAS for courts in the EU",
    "jp.html": "Statement of evidence (証拠説明書) for courts in Japan",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for the start of a formula."""


@router.get("/cases")
def cases(
    request: Request,
    state: str = "active",
    work: str = "",
    seller: str = "",
    counsel: str = "",
    words: str = "",
    due: str = "",
    sort: str = "",
    view: str = "",
    after: str = "",
) -> Response:
    """Cases as a table or a board; the filter is in the address."""
    desk = desk_of(request)
    desk.require(request)
    saved_view, _, saved_sort = request.cookies.get(COOKIE, "").partition(".")
    view = view if view in VIEWS else saved_view if saved_view in VIEWS else VIEWS[0]
    sort = sort if sort in SORTS else saved_sort if saved_sort in SORTS else "newest"
    wanted = CaseFilter(
        state if state in (*STATES, "active", "") else "active", work, seller, counsel, words, due
    )
    today = _today(desk)
    with reading(desk.engine) as session:
        page = page_of_cases(session, wanted, sort=sort, today=today, after=after)
        columns = board(session, wanted, today=today) if view == "board" else {}
        _, works = sources_and_works(session)
    query = _query(wanted)
    response = desk.page(
        request,
        "cases.html",
        {
            "page": page, "columns": columns, "wanted": wanted, "works": works, "states": STATES, "sorts": SORTS,
            "sort": sort, "view": view, "query": query, "today": today, "soon": _soon(today),
            "older": f"/cases?{query}&sort={sort}&after={page.following}" if page.following else "",
            "first": f"/cases?{query}&sort={sort}" if after else "",
        },
    )  # fmt: skip
    response.set_cookie(
        COOKIE, f"{view}.{sort}", httponly=True, samesite="strict", max_age=31_536_000,
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


@router.get("/cases.csv")
def cases_csv(
    request: Request,
    state: str = "active",
    work: str = "",
    seller: str = "",
    counsel: str = "",
    words: str = "",
    due: str = "",
    sort: str = "newest",
) -> Response:
    """The cases of a filter as CSV, which spreadsheet programs read as UTF-8 and never as formulas."""
    desk = desk_of(request)
    who = desk.require(request, Right.EXPORT)
    wanted = CaseFilter(state, work, seller, counsel, words, due)
    with reading(desk.engine) as session:
        page = page_of_cases(session, wanted, sort=sort, today=_today(desk), limit=MAX_CSV)
    with transaction(desk.engine) as session:
        audit(session, who, "case.list_export", "", {"cases": len(page.lines)}, desk.now())
    return Response(
        _csv(page).encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="cases.csv"'},
    )


@router.post("/cases")
def open_case(request: Request, token: str = Form(), title: str = Form("", max_length=300)) -> Response:
    """A new case."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.CASE_EDIT)
    with transaction(desk.engine) as session:
        case = new_case(session, title, by=who.by, now=desk.now())
        audit(session, who, "case.open", f"case:{case.id}", {}, desk.now())
    return go(f"/cases/{case.id}")


@router.get("/cases/{case_id}")
def case(request: Request, case_id: int, tab: str = TABS[0]) -> Response:
    """One case: its facts, and one of its tabs."""
    desk = desk_of(request)
    desk.require(request)
    tab = tab if tab in TABS else TABS[0]
    with reading(desk.engine) as session:
        story = one_case(session, case_id, now=desk.now())
        values = _tab(opened_of(request), session, story, tab)
    exports: Exports = request.app.state.exports
    return desk.page(
        request,
        "case.html",
        {
            "story": story, "tab": tab, "tabs_shown": TABS, "facts": facts_of(story.case),
            "moves": MOVES[story.case.state], "can_export": desk.export is not None, "running": exports.of(case_id),
            "report_languages": REPORT_LANGUAGES, "letters": LETTERS, "today": _today(desk), **values,
        },
    )  # fmt: skip


@router.post("/cases/{case_id}/facts")
def change_facts(
    request: Request,
    case_id: int,
    token: str = Form(),
    title: str = Form("", max_length=300),
    counsel_firm: str = Form("", max_length=300),
    counsel_person: str = Form("", max_length=300),
    counsel_contact: str = Form("", max_length=300),
    due_on: str = Form("", max_length=10),
    value: str = Form("", max_length=40),
    currency: str = Form("", max_length=3),
    notes: str = Form("", max_length=8000),
) -> Response:
    """Change what is said of a case."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.CASE_EDIT)
    due = _day(due_on)
    facts = Facts(title, counsel_firm, counsel_person, counsel_contact, due, value_of(value), currency, notes)
    with transaction(desk.engine) as session:
        changed = edit_case(session, case_id, facts, by=who.by, now=desk.now())
        if changed:
            audit(session, who, "case.edit", f"case:{case_id}", {"changed": ", ".join(changed)}, desk.now())
    return go(f"/cases/{case_id}")


@router.post("/cases/{case_id}/move")
def move(
    request: Request,
    case_id: int,
    token: str = Form(),
    to: str = Form(),
    why: str = Form("", max_length=1000),
) -> Response:
    """Move a case to another state."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.CASE_EDIT)
    with transaction(desk.engine) as session:
        move_case(session, case_id, to, by=who.by, now=desk.now(), why=why)
        audit(session, who, "case.move", f"case:{case_id}", {"to": to}, desk.now())
    return go(f"/cases/{case_id}")


@router.post("/cases/{case_id}/export")
def export(request: Request, case_id: int, token: str = Form()) -> Response:
    """A bundle of the case; a longer one runs on beside the console, and its page shows how far it is."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.EXPORT)
    work = desk.export
    if work is None:
        raise WrongUse("This console does not export.", hint=f"Run: ipguard case export {case_id}")
    with reading(desk.engine) as session:
        if not one_case(session, case_id, now=desk.now()).exhibits:
            raise WrongUse(f"Case {case_id} has no exhibits yet", hint="Add an alert to it.")

    def run(progress: Progress) -> None:
        work(case_id, who.by, progress)
        with transaction(desk.engine) as session:
            audit(session, who, "case.export", f"case:{case_id}", {}, desk.now())

    exports: Exports = request.app.state.exports
    running = exports.begin(case_id, run)
    if running.ended and running.error:
        return desk.page(request, "error.html", {"words": running.error, "hint": running.hint}, 409)
    return go(f"/cases/{case_id}?tab=evidence" if running.ended else f"/cases/{case_id}/export")


@router.get("/cases/{case_id}/export")
def export_progress(request: Request, case_id: int) -> Response:
    """How far an export is; the page loads itself again until it has ended."""
    desk = desk_of(request)
    desk.require(request)
    exports: Exports = request.app.state.exports
    running = exports.of(case_id)
    if running is None or (running.ended and not running.error):
        return go(f"/cases/{case_id}?tab=evidence")
    return desk.page(request, "export.html", {"case_id": case_id, "running": running})


@router.get("/cases/{case_id}/bundles/{export_id}")
def bundle(request: Request, case_id: int, export_id: int) -> Response:
    """A bundle that was exported, as a download."""
    desk = desk_of(request)
    who = desk.require(request, Right.EXPORT)
    file = _bundle_file(desk, case_id, export_id)
    with transaction(desk.engine) as session:
        audit(session, who, "case.download", f"case:{case_id}", {"file": file.name}, desk.now())
    return FileResponse(file, media_type="application/zip", filename=file.name)


@router.get("/cases/{case_id}/bundles/{export_id}/letters/{name}")
def letter(request: Request, case_id: int, export_id: int, name: str) -> Response:
    """A draft out of a bundle, for a human to fill in and sign."""
    desk = desk_of(request)
    desk.require(request, Right.EXPORT)
    file = _bundle_file(desk, case_id, export_id)
    if name not in LETTERS:
        raise WrongUse("A bundle holds no such draft.")
    try:
        with zipfile.ZipFile(file) as archive:
            inside = next(one for one in archive.infolist() if one.filename.endswith(f"/declarations/{name}"))
            data = archive.read(inside) if inside.file_size <= MAX_LETTER_BYTES else b""
    except (StopIteration, OSError, zipfile.BadZipFile) as error:
        raise WrongUse("That bundle holds no such draft.", hint="Export the case again.") from error
    headers = {"Content-Disposition": f'attachment; filename="case-{case_id}-{name}"'}
    return Response(data, media_type="text/html; charset=utf-8", headers=headers)


@router.post("/cases/{case_id}/report")
def report(
    request: Request,
    case_id: int,
    token: str = Form(),
    language: str = Form("en"),
    form: str = Form("pdf"),
) -> Response:
    """The report of a case as a download; its digest goes on record."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.EXPORT)
    maker = Maker(desk.workspace, desk.engine, who.by, desk.now(), opened_of(request).memory)
    made = make_case_report(maker, case_id, language=language, form=form)
    with transaction(desk.engine) as session:
        audit(session, who, "case.report", f"case:{case_id}", {"file": made.name}, desk.now())
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.data, media_type=made.media_type, headers=headers)


def _tab(opened: Opened, session: Session, story: CaseStory, tab: str) -> Mapping[str, object]:
    """What a tab needs beside the case itself; the evidence store is opened only where it is read."""
    if tab not in ("evidence", "timeline", "people"):
        return {}
    exhibits = _exhibits(opened, story)
    if tab == "evidence":
        with open_store(opened.workspace, opened.now, opened.memory) as store:
            sealed = sealed_by(store)
            kept = {one.id: store.why_kept(one.id) for one in exhibits if not one.gone}
        return {"exhibits": exhibits, "sealed": sealed, "kept": kept}
    if tab == "people":
        return {"people": people(story, exhibits)}
    histories = {one.view.id: history_of(session, cast(int, one.view.listing.id)) for one in story.alerts}
    return {"lines": timeline(story, exhibits, histories)}


def _exhibits(opened: Opened, story: CaseStory) -> list[Exhibit]:
    if not story.exhibits:
        return []
    with open_store(opened.workspace, opened.now, opened.memory) as store:
        return [
            exhibit_of(store, exhibit_label(row.number), row.exhibit_id, row.alert_id)
            for row in story.exhibits
        ]


def _bundle_file(desk: Desk, case_id: int, export_id: int) -> Path:
    with reading(desk.engine) as session:
        row = session.get(CaseExportRow, export_id)
    name = Path(row.file_name).name if row is not None and row.case_id == case_id else ""
    file = desk.workspace.exports / name
    if not name or not file.is_file():
        raise WrongUse("That bundle is not in the workspace any more.", hint="Export the case again.")
    return file


def _csv(page: CasePage) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    head = "Case,Title,State,Works,Sellers,Deadline,Counsel,Value,Currency,Alerts,Exhibits,Bundles,Opened,By"
    table.writerow(head.split(","))
    for line in page.lines:
        one = line.case
        cells = [
            line.id, one.title, one.state, "; ".join(line.works), "; ".join(line.sellers), one.due_on or "",
            one.counsel_firm, one.value_amount or "", one.value_currency, line.alerts, line.exhibits, line.exports,
            f"{one.created_at:%Y-%m-%d %H:%M} UTC", one.created_by,
        ]  # fmt: skip
        table.writerow([f"'{cell}" if str(cell).startswith(FORMULA) else cell for cell in cells])
    return out.getvalue()


def _query(wanted: CaseFilter) -> str:
    """The filter as the address has it."""
    given = {
        "state": wanted.state, "work": wanted.work, "seller": wanted.seller, "counsel": wanted.counsel,
        "words": wanted.words, "due": wanted.due,
    }  # fmt: skip
    return urlencode({name: value for name, value in given.items() if value or name == "state"})


def _today(desk: Desk) -> date:
    return desk.now().astimezone(ZoneInfo(desk.workspace.settings.evidence.time_zone)).date()


def _soon(today: date) -> date:
    """Deadlines before this day are marked."""
    return date.fromordinal(today.toordinal() + 8)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WrongUse("A day is written like 2026-11-24.") from error
