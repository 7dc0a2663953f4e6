"""Alerts and cases: listing, looking, deciding, undoing, opening, filling, exporting. The rules are the console's."""

from __future__ import annotations

from datetime import date
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response
from sqlalchemy import select
from sqlmodel import Session, col

from ipguard import answered
from ipguard.alerts.decisions import Choice, Deed, settle, undo
from ipguard.alerts.queries import Filter, list_alerts, one_alert
from ipguard.alerts.tables import AlertRow
from ipguard.cases.pages import CaseFilter, page_of_cases
from ipguard.cases.store import add_alert, new_case, one_case
from ipguard.cases.tables import CaseExportRow, CaseRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.matching.score import THRESHOLD
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.web.api.door import (
    Caller,
    Cursor,
    Done,
    IfMatch,
    Limit,
    RepeatKey,
    Who,
    begin,
    check_match,
    etag_of,
    from_cursor,
    once,
    repeated,
    reply,
    to_cursor,
)
from ipguard.web.api.made import alert_line, alert_out, case_line, case_out, export_out
from ipguard.web.api.problems import Refused, missing
from ipguard.web.api.reading import Number, Words
from ipguard.web.api.shapes import (
    AddAlert,
    AlertLine,
    AlertOut,
    CaseLineOut,
    CaseOut,
    Decide,
    ExportOut,
    NewCase,
    Page,
)

router = APIRouter()
State = Literal["open", "infringing", "not_infringing", "later", "suppressed", "any"]


@router.get("/alerts", response_model=Page[AlertLine], tags=["alerts"], summary="Alerts, the strongest first")
def alerts(
    request: Request,
    who: Who,
    state: State = "open",
    work: Words = "",
    source: Words = "",
    seller: Annotated[Words, Query(description="Source and seller in one word.")] = "",
    words: Annotated[Words, Query(description="In title, seller or address.")] = "",
    min_score: Annotated[float, Query(ge=0, le=1)] = THRESHOLD,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Alerts that fit. A list that is paged through may miss what changes its score meanwhile."""
    place = from_cursor(cursor, float, int)
    wanted = Filter(None if state == "any" else state, work, source, min_score, seller=seller, words=words)
    beyond = (float(str(place[0])), int(str(place[1]))) if place else None
    with reading(who.desk.engine) as session:
        found = list_alerts(session, wanted, now=who.now, limit=limit + 1, beyond=beyond)
    items = [alert_line(view) for view in found[:limit]]
    following = to_cursor(float(items[-1].score), items[-1].id) if len(found) > limit else ""
    return reply(request, Page[AlertLine](items=items, next=following))


@router.get(
    "/alerts/{alert_id}", response_model=AlertOut, tags=["alerts"], summary="One alert and its reasons"
)
def alert(request: Request, who: Who, alert_id: Number) -> Response:
    """An alert with findings, decisions, pictures and exhibits."""
    with reading(who.desk.engine) as session:
        return reply(request, _alert(session, who, alert_id))


@router.post(
    "/alerts/{alert_id}/decisions", response_model=AlertOut, tags=["alerts"], summary="Decide about an alert"
)
def decide(
    request: Request, who: Who, alert_id: Number, given: Decide, key: RepeatKey = "", if_match: IfMatch = ""
) -> Response:
    """Decide about the version that was read. One that changed or was decided since is refused with 409."""
    who.need(Right.DECIDE)
    _complete(given, who)

    def act(session: Session) -> Done:
        check_match(if_match, _alert(session, who, alert_id))
        choice = Choice(given.decision, given.reason, given.note, given.until)
        settle(session, alert_id, given.version, choice, Deed(who.principal.by, who.now), sight=None)
        facts = {"decision": given.decision, "version": given.version}
        audit(session, who.principal, "alert.decide", f"alert:{alert_id}", facts, who.now)
        return Done(_alert(session, who, alert_id))

    return once(request, who, key, given, act)


@router.post(
    "/alerts/{alert_id}/undo", response_model=AlertOut, tags=["alerts"], summary="Take the last decision back"
)
def take_back(
    request: Request, who: Who, alert_id: Number, key: RepeatKey = "", if_match: IfMatch = ""
) -> Response:
    """The alert is again what it was before its last decision."""
    who.need(Right.DECIDE)

    def act(session: Session) -> Done:
        check_match(if_match, _alert(session, who, alert_id))
        undo(session, alert_id, by=who.principal.by, now=who.now)
        audit(session, who.principal, "alert.undo", f"alert:{alert_id}", {}, who.now)
        return Done(_alert(session, who, alert_id))

    return once(request, who, key, None, act)


@router.get("/cases", response_model=Page[CaseLineOut], tags=["cases"], summary="Cases, newest first")
def cases(
    request: Request,
    who: Who,
    state: Annotated[
        str, Query(pattern="^[a-z]*$", max_length=20, description="A state, `active`, or empty.")
    ] = "",
    words: Words = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Cases that fit."""
    place = from_cursor(cursor, str)
    wanted = CaseFilter(state=state, words=words)
    with reading(who.desk.engine) as session:
        try:
            found = page_of_cases(
                session,
                wanted,
                sort="newest",
                today=who.now.date(),
                after=str(place[0]) if place else "",
                limit=limit,
            )
        except WrongUse as error:
            raise Refused(400, "filter", str(error), hint=error.hint) from error
    following = to_cursor(found.following) if found.following else ""
    return reply(request, Page[CaseLineOut](items=[case_line(one) for one in found.lines], next=following))


@router.post("/cases", response_model=CaseOut, status_code=201, tags=["cases"], summary="Open a case")
def open_case(request: Request, who: Who, given: NewCase, key: RepeatKey = "") -> Response:
    """A new case."""
    who.need(Right.CASE_EDIT)

    def act(session: Session) -> Done:
        row = new_case(session, given.title, by=who.principal.by, now=who.now)
        number = int(str(row.id))
        audit(session, who.principal, "case.open", f"case:{number}", {}, who.now)
        return Done(case_out(one_case(session, number, now=who.now)), 201, f"/api/v1/cases/{number}")

    return once(request, who, key, given, act)


@router.get("/cases/{case_id}", response_model=CaseOut, tags=["cases"], summary="One case")
def case(request: Request, who: Who, case_id: Number) -> Response:
    """A case with its alerts, exhibits and bundles."""
    with reading(who.desk.engine) as session:
        return reply(request, _case(session, who, case_id))


@router.post(
    "/cases/{case_id}/alerts", response_model=CaseOut, tags=["cases"], summary="Put an alert into a case"
)
def into_case(
    request: Request, who: Who, case_id: Number, given: AddAlert, key: RepeatKey = "", if_match: IfMatch = ""
) -> Response:
    """The alert joins with every exhibit it has."""
    who.need(Right.CASE_EDIT)

    def act(session: Session) -> Done:
        check_match(if_match, _case(session, who, case_id))
        if session.get(AlertRow, given.alert) is None:
            raise missing("such alert")
        add_alert(session, case_id, given.alert, by=who.principal.by, now=who.now)
        audit(session, who.principal, "case.add_alert", f"case:{case_id}", {"alert": given.alert}, who.now)
        return Done(_case(session, who, case_id))

    return once(request, who, key, given, act)


@router.post(
    "/cases/{case_id}/exports",
    response_model=ExportOut,
    status_code=201,
    tags=["cases"],
    summary="Export a bundle",
)
def export(request: Request, who: Who, case_id: Number, key: RepeatKey = "") -> Response:
    """The bundle is stamped, written and verified before this answers; it can take a minute."""
    who.need(Right.EXPORT)
    desk = who.desk
    with transaction(desk.engine) as session:
        _case(session, who, case_id)
        before = begin(session, request, who, key, None) if key else None
    if before is not None:
        return repeated(request, before)
    if desk.export is None:
        _free(who, key)
        raise Refused(
            503, "no-export", "This console does not export.", hint=f"Run: ipguard case export {case_id}"
        )
    try:
        desk.export(case_id, who.principal.by, lambda _done, _of: None)
    except BaseException:
        _free(who, key)
        raise
    with transaction(desk.engine) as session:
        newest = session.scalars(
            select(CaseExportRow)
            .where(col(CaseExportRow.case_id) == case_id)
            .order_by(col(CaseExportRow.id).desc())
        ).first()
        if newest is None:
            raise Refused(500, "failed", "The export left no trace.")
        audit(session, who.principal, "case.export", f"case:{case_id}", {"sha256": newest.sha256}, desk.now())
        shape = export_out(newest)
        place = f"/api/v1/cases/{case_id}/exports/{newest.id}/bundle"
        text = shape.model_dump_json()
        if key:
            answered.finish(session, who.key, key, answered.Answered(201, text, etag_of(text), place))
    return reply(request, shape, 201, place)


@router.get(
    "/cases/{case_id}/exports/{export_id}/bundle",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    tags=["cases"],
    summary="A bundle as a file",
)
def bundle(who: Who, case_id: Number, export_id: Number) -> Response:
    """The zip, as long as it is in the workspace."""
    who.need(Right.EXPORT)
    with reading(who.desk.engine) as session:
        row = session.get(CaseExportRow, export_id)
    name = FilePath(row.file_name).name if row and row.case_id == case_id else ""
    file = who.desk.workspace.exports / name if name else None
    if file is None or not file.is_file():
        raise missing("such bundle in the workspace")
    return FileResponse(file, media_type="application/zip", filename=file.name)


def _alert(session: Session, who: Caller, alert_id: int) -> AlertOut:
    if session.get(AlertRow, alert_id) is None:
        raise missing("such alert")
    return alert_out(one_alert(session, alert_id, now=who.now))


def _case(session: Session, who: Caller, case_id: int) -> CaseOut:
    if session.get(CaseRow, case_id) is None:
        raise missing("such case")
    return case_out(one_case(session, case_id, now=who.now))


def _complete(given: Decide, who: Caller) -> None:
    """Refuse a decision that cannot be recorded, before the alert is looked at."""
    dismissed, later = given.decision == "not_infringing", given.decision == "later"
    if dismissed != bool(given.reason):
        raise Refused(422, "invalid", "A reason belongs to not_infringing, and is needed there.")
    if later != (given.until is not None):
        raise Refused(422, "invalid", "A moment `until` belongs to later, and is needed there.")
    if given.until is not None and not (who.now < given.until and given.until.date() < date(2200, 1, 1)):
        raise Refused(422, "invalid", "`until` is not in the future, or too far in it.")


def _free(who: Caller, key: str) -> None:
    if key:
        with transaction(who.desk.engine) as session:
            answered.give_up(session, who.key, key)
