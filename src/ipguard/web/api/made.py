"""Rows in the shapes of the API."""

from __future__ import annotations

from typing import cast

from ipguard.alerts.queries import AlertStory, AlertView
from ipguard.cases.store import CaseLine, CaseStory, exhibit_label
from ipguard.cases.tables import CaseExhibitRow, CaseExportRow, CaseRow
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.matching.reasons import render
from ipguard.sources.health import SourceHealth
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.web.api.shapes import (
    AlertLine,
    AlertOut,
    CaseLineOut,
    CaseOut,
    DecisionOut,
    ExhibitOut,
    ExportOut,
    FindingOut,
    ListingOut,
    Money,
    Run,
    Source,
)


def money(amount: str | None, currency: str | None) -> Money | None:
    """An amount with its currency; None where there is none."""
    return Money(amount=amount, currency=currency or "") if amount else None


def alert_line(view: AlertView) -> AlertLine:
    """An alert in a list."""
    return AlertLine(**_line(view))  # type: ignore[arg-type]


def alert_out(story: AlertStory) -> AlertOut:
    """An alert with all it rests on."""
    findings = [
        FindingOut(
            matcher=f.matcher, strength=f.strength, weak=f.weak, reason=f.reason.code, words=render(f.reason)
        )
        for f in story.view.findings
    ]
    decisions = [
        DecisionOut(
            version=d.alert_version,
            decision=d.decision,
            reason=d.reason,
            note=d.note,
            until=d.until,
            by=d.decided_by,
            at=d.decided_at,
            undone_at=d.undone_at,
        )
        for d in story.decisions
    ]
    return AlertOut(
        **_line(story.view),  # type: ignore[arg-type]
        later_until=story.view.alert.later_until,
        findings=findings,
        decisions=decisions,
        pictures=[one.sha256 for one in story.pictures if one.sha256],
        exhibits=list(story.exhibits),
    )


def _line(view: AlertView) -> dict[str, object]:
    alert, listing = view.alert, view.listing
    return {
        "id": view.id,
        "version": alert.version,
        "state": view.state,
        "score": alert.score,
        "work": view.work.id,
        "source": view.source.id,
        "listing": listing.id,
        "title": listing.title,
        "url": listing.url,
        "seller": listing.seller_name,
        "price": money(listing.price_amount, listing.currency),
        "created_at": alert.created_at,
        "updated_at": alert.updated_at,
    }


def listing_out(row: ListingRow, pictures: list[ListingPictureRow]) -> ListingOut:
    """A listing."""
    return ListingOut(
        id=cast(int, row.id),
        source=row.source_id,
        kind=row.kind,
        url=row.url,
        title=row.title,
        description=row.description,
        price=money(row.price_amount, row.currency),
        seller=row.seller_name,
        version=row.version,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        gone_at=row.gone_at,
        pictures=[one.sha256 for one in pictures if one.sha256],
    )


def source_out(row: SourceRow, health: SourceHealth) -> Source:
    """A source with how it is."""
    return Source(
        id=row.id,
        adapter=row.adapter,
        base_url=row.base_url,
        enabled=row.enabled,
        every_seconds=row.every_seconds,
        next_run_at=row.next_run_at,
        health=health.state,
        alarms=[alarm.words() for alarm in health.alarms],
    )


def run_out(row: RunRow) -> Run:
    """A run."""
    return Run(
        id=cast(int, row.id),
        state=row.state,
        outcome=row.outcome,
        started_at=row.started_at,
        ended_at=row.ended_at,
        read=row.read,
        listings=row.listings,
        new_alerts=row.new_alerts,
        note=row.note,
    )


def case_line(line: CaseLine) -> CaseLineOut:
    """A case in a list."""
    return CaseLineOut(**_case(line.case), alerts=line.alerts, exhibits=line.exhibits, exports=line.exports)  # type: ignore[arg-type]


def case_out(story: CaseStory) -> CaseOut:
    """A case with what is in it."""
    case = story.case
    return CaseOut(
        **_case(case),  # type: ignore[arg-type]
        alerts=len(story.alerts),
        exhibits=len(story.exhibits),
        exports=len(story.exports),
        counsel=", ".join(filter(None, [case.counsel_firm, case.counsel_person])),
        alert_ids=[one.view.id for one in story.alerts],
        exhibit_list=[exhibit_out(row) for row in story.exhibits],
        export_list=[export_out(row) for row in story.exports],
    )


def exhibit_out(row: CaseExhibitRow) -> ExhibitOut:
    """An exhibit in a case."""
    return ExhibitOut(
        case=row.case_id,
        number=exhibit_label(row.number),
        id=row.exhibit_id,
        alert=row.alert_id,
        added_at=row.added_at,
    )


def export_out(row: CaseExportRow) -> ExportOut:
    """A bundle that left the house."""
    return ExportOut(
        id=cast(int, row.id),
        case=row.case_id,
        file_name=row.file_name,
        sha256=row.sha256,
        exhibits=row.exhibits,
        exported_at=row.exported_at,
        exported_by=row.exported_by,
        note=row.note,
    )


def _case(case: CaseRow) -> dict[str, object]:
    return {
        "id": case.id,
        "title": case.title,
        "state": case.state,
        "due_on": case.due_on,
        "value": money(case.value_amount, case.value_currency),
        "created_at": case.created_at,
        "created_by": case.created_by,
    }
