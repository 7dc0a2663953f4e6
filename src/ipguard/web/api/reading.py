"""Looking: works, sources, listings, sellers, exhibits, figures, the record, and who asks."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.concurrency import run_in_threadpool

from evidence_store.verify.verifier import verify_bundle
from ipguard.alerts.queries import STATES, Filter, count_alerts
from ipguard.cases.tables import CaseExhibitRow, CaseExportRow
from ipguard.database.engine import reading
from ipguard.listings.history import history_of
from ipguard.listings.pictures import shown_by
from ipguard.listings.tables import ListingRow
from ipguard.people.audit import entries
from ipguard.people.rights import Right
from ipguard.rights.tables import NameRow, PictureRow, RightRow, WorkRow
from ipguard.sellers.queries import SellerFilter, list_sellers
from ipguard.sources.health import health_of
from ipguard.sources.store import list_sources
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.web.api.door import Cursor, Limit, Who, from_cursor, reply, to_cursor
from ipguard.web.api.made import exhibit_out, export_out, listing_out, run_out, source_out
from ipguard.web.api.problems import Refused, missing
from ipguard.web.api.shapes import (
    AuditOut,
    ExhibitOut,
    ExportOut,
    Figure,
    Figures,
    FindingOfBundle,
    ListingOut,
    Me,
    Moment,
    Page,
    Run,
    SellerOut,
    Source,
    VerdictOut,
    Work,
    WorkName,
    WorkRight,
)
from ipguard.web.guard import MAX_BUNDLE_BYTES
from ipguard.wiring import sellers_not_followed

router = APIRouter()
Number = Annotated[int, Path(ge=1, lt=2**31)]
Name = Annotated[str, Path(max_length=64, pattern=r"^[^\x00/]+$")]
Words = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


@router.get("/me", response_model=Me, tags=["me"], summary="Who asks, and what they may do")
def me(request: Request, who: Who) -> Response:
    """The person a token or session belongs to."""
    one = who.principal
    rights = sorted(right.value for right in Right if one.may(right))
    return reply(request, Me(name=one.name, role=one.role, scopes=sorted(one.scopes), rights=rights))


@router.get("/works", response_model=Page[Work], tags=["works"], summary="The watchlist")
def works(request: Request, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """Works by id, with names and rights."""
    place = from_cursor(cursor, str)
    statement = select(WorkRow).order_by(col(WorkRow.id)).limit(limit + 1)
    if place:
        statement = statement.where(col(WorkRow.id) > place[0])
    with reading(who.desk.engine) as session:
        rows = list(session.scalars(statement))
        items = [_work(session, row) for row in rows[:limit]]
    return reply(request, Page[Work](items=items, next=to_cursor(items[-1].id) if len(rows) > limit else ""))


@router.get("/works/{work_id}", response_model=Work, tags=["works"], summary="One work")
def work(request: Request, who: Who, work_id: Name) -> Response:
    """A work with its names and rights."""
    with reading(who.desk.engine) as session:
        row = session.get(WorkRow, work_id)
        if row is None:
            raise missing("such work")
        return reply(request, _work(session, row))


def _work(session: Session, row: WorkRow) -> Work:
    names = session.scalars(select(NameRow).where(col(NameRow.work_id) == row.id).order_by(col(NameRow.id)))
    rights = session.scalars(
        select(RightRow).where(col(RightRow.work_id) == row.id).order_by(col(RightRow.id))
    )
    pictures = session.scalars(select(col(PictureRow.id)).where(col(PictureRow.work_id) == row.id)).all()
    return Work(
        id=row.id,
        title=row.title,
        owner=row.owner,
        names=[WorkName(text=one.text, language=one.language, kind=one.kind) for one in names],
        rights=[
            WorkRight(kind=one.kind, territory=one.territory, number=one.number, valid_to=one.valid_to)
            for one in rights
        ],
        pictures=len(pictures),
    )


@router.get(
    "/sources", response_model=Page[Source], tags=["sources"], summary="Where we look, and how it goes"
)
def sources(request: Request, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """Sources by id, with their health."""
    place = from_cursor(cursor, str)
    statement = select(SourceRow).order_by(col(SourceRow.id)).limit(limit + 1)
    if place:
        statement = statement.where(col(SourceRow.id) > place[0])
    with reading(who.desk.engine) as session:
        rows = list(session.scalars(statement))
        items = [source_out(row, health_of(session, row.id)) for row in rows[:limit]]
    return reply(
        request, Page[Source](items=items, next=to_cursor(items[-1].id) if len(rows) > limit else "")
    )


@router.get(
    "/sources/{source_id}", response_model=Source, tags=["sources"], summary="One source and its health"
)
def source(request: Request, who: Who, source_id: Name) -> Response:
    """A source with its open alarms."""
    with reading(who.desk.engine) as session:
        row = session.get(SourceRow, source_id)
        if row is None:
            raise missing("such source")
        return reply(request, source_out(row, health_of(session, row.id)))


@router.get(
    "/sources/{source_id}/runs", response_model=Page[Run], tags=["sources"], summary="Runs, newest first"
)
def runs(request: Request, who: Who, source_id: Name, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """What a source gave, run by run."""
    place = from_cursor(cursor, int)
    statement = select(RunRow).where(col(RunRow.source_id) == source_id).order_by(col(RunRow.id).desc())
    if place:
        statement = statement.where(col(RunRow.id) < place[0])
    with reading(who.desk.engine) as session:
        if session.get(SourceRow, source_id) is None:
            raise missing("such source")
        rows = list(session.scalars(statement.limit(limit + 1)))
    items = [run_out(row) for row in rows[:limit]]
    return reply(request, Page[Run](items=items, next=to_cursor(items[-1].id) if len(rows) > limit else ""))


@router.get("/listings", response_model=Page[ListingOut], tags=["listings"], summary="Listings, newest first")
def listings(
    request: Request, who: Who, source: Words = "", seller: Words = "", limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """Listings as last read. Their texts were written by strangers."""
    place = from_cursor(cursor, int)
    statement = select(ListingRow).order_by(col(ListingRow.id).desc()).limit(limit + 1)
    for column, value in ((col(ListingRow.source_id), source), (col(ListingRow.seller_name), seller)):
        statement = statement.where(column == value) if value else statement
    if place:
        statement = statement.where(col(ListingRow.id) < place[0])
    with reading(who.desk.engine) as session:
        rows = list(session.scalars(statement))
        pictures = shown_by(session, [cast(int, row.id) for row in rows])
        items = [listing_out(row, pictures.get(cast(int, row.id), [])) for row in rows[:limit]]
    return reply(
        request, Page[ListingOut](items=items, next=to_cursor(items[-1].id) if len(rows) > limit else "")
    )


@router.get("/listings/{listing_id}", response_model=ListingOut, tags=["listings"], summary="One listing")
def listing(request: Request, who: Who, listing_id: Number) -> Response:
    """A listing as last read."""
    with reading(who.desk.engine) as session:
        row = session.get(ListingRow, listing_id)
        if row is None:
            raise missing("such listing")
        return reply(request, listing_out(row, shown_by(session, [listing_id]).get(listing_id, [])))


@router.get(
    "/listings/{listing_id}/history",
    response_model=Page[Moment],
    tags=["listings"],
    summary="What a listing said before",
)
def listing_history(request: Request, who: Who, listing_id: Number) -> Response:
    """Every version, and when it was gone and back; oldest first."""
    with reading(who.desk.engine) as session:
        if session.get(ListingRow, listing_id) is None:
            raise missing("such listing")
        moments = history_of(session, listing_id)
    items = [
        Moment(
            at=one.at,
            kind=one.kind,
            version=one.version,
            changes=[{"field": c.field, "before": c.before, "after": c.after} for c in one.changes],
        )
        for one in moments
    ]
    return reply(request, Page[Moment](items=items))


@router.get(
    "/sellers", response_model=Page[SellerOut], tags=["sellers"], summary="Sellers as sources name them"
)
def sellers(
    request: Request, who: Who, words: Words = "", limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """Sellers with most open alerts first; none of sources whose terms do not let us tell sellers apart."""
    place = from_cursor(cursor, int, str, str)
    after = (cast(int, place[0]), cast(str, place[1]), cast(str, place[2])) if place else None
    with reading(who.desk.engine) as session:
        hidden = sellers_not_followed(who.desk.workspace, list_sources(session))
        found = list_sellers(session, SellerFilter(words=words, hidden=hidden), after=after, limit=limit + 1)
    items = [
        SellerOut(
            source=one.who.source,
            seller=one.name or one.who.key,
            listings=one.listings,
            open=one.open,
            infringing=one.infringing,
            lists=list(one.stances),
        )
        for one in found[:limit]
    ]
    last = found[limit - 1] if len(found) > limit else None
    following = to_cursor(last.open, last.who.source, last.who.key) if last else ""
    return reply(request, Page[SellerOut](items=items, next=following))


@router.get("/exhibits", response_model=Page[ExhibitOut], tags=["evidence"], summary="Exhibits of cases")
def exhibits(
    request: Request,
    who: Who,
    case: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Exhibits by case and number."""
    place = from_cursor(cursor, int, int)
    statement = select(CaseExhibitRow).order_by(col(CaseExhibitRow.case_id), col(CaseExhibitRow.number))
    if case:
        statement = statement.where(col(CaseExhibitRow.case_id) == case)
    if place:
        later = (col(CaseExhibitRow.case_id) == place[0]) & (col(CaseExhibitRow.number) > place[1])
        statement = statement.where((col(CaseExhibitRow.case_id) > place[0]) | later)
    with reading(who.desk.engine) as session:
        rows = list(session.scalars(statement.limit(limit + 1)))
    following = to_cursor(rows[limit - 1].case_id, rows[limit - 1].number) if len(rows) > limit else ""
    items = [exhibit_out(row) for row in rows[:limit]]
    return reply(request, Page[ExhibitOut](items=items, next=following))


@router.get(
    "/exports", response_model=Page[ExportOut], tags=["evidence"], summary="Bundles that left the house"
)
def exports(request: Request, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """Bundles, newest first."""
    place = from_cursor(cursor, int)
    statement = select(CaseExportRow).order_by(col(CaseExportRow.id).desc()).limit(limit + 1)
    if place:
        statement = statement.where(col(CaseExportRow.id) < place[0])
    with reading(who.desk.engine) as session:
        rows = list(session.scalars(statement))
    items = [export_out(row) for row in rows[:limit]]
    return reply(
        request, Page[ExportOut](items=items, next=to_cursor(items[-1].id) if len(rows) > limit else "")
    )


BUNDLE = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/verify", response_model=VerdictOut, tags=["evidence"], summary="Check a bundle", openapi_extra=BUNDLE
)
async def verify(request: Request, who: Who) -> Response:
    """What the verifier says about a bundle, sent as the body; 256 MB at most. Nothing is kept."""
    who.need(Right.READ)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(suffix=".zip") as copy:
        async for piece in request.stream():
            size += len(piece)
            if size > MAX_BUNDLE_BYTES:
                raise Refused(
                    413, "too-large", "A bundle of at most 256 MB.", hint="Run: ipguard verify FILE"
                )
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        verdict = await run_in_threadpool(verify_bundle, FilePath(copy.name))
    findings = [
        FindingOfBundle(state=f.state.value, clause=f.check, words=f.sentence) for f in verdict.findings
    ]
    return reply(request, VerdictOut(good=verdict.good, sha256=digest.hexdigest(), findings=findings))


@router.get(
    "/reports/figures", response_model=Figures, tags=["reports"], summary="Numbers, each with its list"
)
def figures(request: Request, who: Who) -> Response:
    """How many alerts stand in which state; `list` is the address of just those."""
    with reading(who.desk.engine) as session:
        counts = {state: count_alerts(session, Filter(state=state), now=who.now) for state in STATES}
    told = [Figure(name=f"alerts.{s}", count=n, list=f"/api/v1/alerts?state={s}") for s, n in counts.items()]
    minute = who.now.replace(second=0, microsecond=0)
    return reply(request, Figures(at=minute, figures=told))


@router.get("/audit", response_model=Page[AuditOut], tags=["audit"], summary="The record, newest first")
def record(request: Request, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """Who did what; for admins."""
    who.need(Right.AUDIT_READ)
    place = from_cursor(cursor, int)
    with reading(who.desk.engine) as session:
        rows = entries(session, before=cast(int, place[0]) if place else 0, limit=limit + 1)
    items = [
        AuditOut(
            position=row.id,
            at=row.at,
            person=row.person,
            role=row.role,
            way=row.way,
            action=row.action,
            subject=row.subject,
            details=cast("dict[str, str | int | bool | None]", row.details),
            hash=row.hash,
        )
        for row in rows[:limit]
    ]
    return reply(
        request, Page[AuditOut](items=items, next=to_cursor(items[-1].position) if len(rows) > limit else "")
    )
