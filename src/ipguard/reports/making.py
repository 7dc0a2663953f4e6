"""Making a report as a file, and writing down that it was made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.blobs.store import read
from evidence_store.bundles.papers.pictures import printable
from evidence_store.errors import EvidenceError
from evidence_store.store import Memory
from ipguard.cases.tables import CaseRow
from ipguard.cases.timeline import note
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingPictureRow
from ipguard.reports.case_report import case_report
from ipguard.reports.figures import WHAT, belongs
from ipguard.reports.gathering import gather_case
from ipguard.reports.html import report_html
from ipguard.reports.model import FORMATS, Report
from ipguard.reports.pdf import report_pdf
from ipguard.reports.periods import Period
from ipguard.reports.rows import Only, alert_facts
from ipguard.reports.summary_report import summary_report
from ipguard.reports.tables import ReportRow
from ipguard.reports.words import speaker
from ipguard.reports.xlsx import MAX_PICTURES, small_picture, summary_xlsx
from ipguard.settings import Workspace

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a report, where, and as of when."""

    workspace: Workspace
    database: Engine
    by: str
    at: datetime
    """Of what moment the report tells."""
    memory: Memory | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A report as a file."""

    name: str
    data: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return hashlib.sha256(self.data).hexdigest()


def make_case_report(
    maker: Maker, case_id: int, *, language: str, form: str, progress: Progress = lambda _done, _of: None
) -> Made:
    """The report of a case as PDF or HTML, on the case's timeline.

    Raises:
        WrongUse: there is no such case, or it is not made in that language or form.
        PdfUnavailable: there is no typst or no font for what has to be printed.
    """
    if form not in ("pdf", "html"):
        raise WrongUse(f"The report of a case is not made as “{form[:20]}”.", hint="One of: pdf, html.")
    speaker(language)
    material = gather_case(
        maker.workspace, maker.database, case_id, now=lambda: maker.at, memory=maker.memory, progress=progress
    )
    report = case_report(material, language, at=maker.at, by=maker.by)
    made = _printed(report, form)
    with transaction(maker.database) as session:
        case = session.get_one(CaseRow, case_id, with_for_update=True)
        about = {"file": made.name, "sha256": made.sha256}
        if _record(session, maker, made, report, case_id, form):
            note(session, case, "reported", by=maker.by, now=maker.at, about=about)
    return made


def make_summary(maker: Maker, period: Period, only: Only, *, language: str, form: str) -> Made:
    """The report of a period as PDF, HTML or workbook.

    Raises:
        WrongUse: it is not made in that language or form.
        PdfUnavailable: there is no typst or no font for what has to be printed.
    """
    if form not in FORMATS:
        raise WrongUse(f"A report is not made as “{form[:20]}”.", hint=f"One of: {', '.join(FORMATS)}.")
    speaker(language)
    with reading(maker.database) as session:
        alerts = alert_facts(session, only)
        counted = [one.listing for one in alerts if any(belongs(one, what, period) for what in WHAT)]
        digests = _first_pictures(session, counted[:MAX_PICTURES]) if form == "xlsx" else {}
    organisation = maker.workspace.settings.evidence.organisation
    report = summary_report(
        alerts, period, only, language, at=maker.at, by=maker.by, organisation=organisation
    )
    if form == "xlsx":
        folder = maker.workspace.pictures
        data = summary_xlsx(
            alerts, period, only, language, at=maker.at, by=maker.by,
            picture=lambda listing: _small(folder, digests.get(listing, "")),
        )  # fmt: skip
        made = Made(_name(report, form), data, MEDIA_TYPES[form])
    else:
        made = _printed(report, form)
    with transaction(maker.database) as session:
        _record(session, maker, made, report, None, form)
    return made


def report_made(session: Session, sha256: str) -> ReportRow | None:
    """The report of that digest, if one of ours has it."""
    return session.get(ReportRow, sha256)


def _printed(report: Report, form: str) -> Made:
    data = report_pdf(report) if form == "pdf" else report_html(report)
    return Made(_name(report, form), data, MEDIA_TYPES[form])


def _name(report: Report, form: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", f"{report.reference}-{report.at:%Y%m%dT%H%M%SZ}-{report.language}")
    return f"{stem}.{form}"


def _record(
    session: Session, maker: Maker, made: Made, report: Report, case_id: int | None, form: str
) -> bool:
    """Write down the digest; False where the same file was made before."""
    if session.get(ReportRow, made.sha256) is not None:
        return False
    session.add(
        ReportRow(
            sha256=made.sha256, kind=report.kind, case_id=case_id, reference=report.reference,
            language=report.language, format=form, made_at=maker.at, made_by=maker.by,
        )
    )  # fmt: skip
    session.flush()
    return True


def _first_pictures(session: Session, listings: list[int]) -> dict[int, str]:
    """Listing → digest of its first picture."""
    rows = session.execute(
        select(col(ListingPictureRow.listing_id), col(ListingPictureRow.sha256))
        .where(col(ListingPictureRow.listing_id).in_(listings), col(ListingPictureRow.sha256).is_not(None))
        .order_by(col(ListingPictureRow.position).desc())
    )
    return {row[0]: row[1] for row in rows}


def _small(folder: Path, digest: str) -> bytes:
    """A small JPEG of a picture; nothing where it is not there or does not decode."""
    if not digest:
        return b""
    try:
        slices = printable(read(DirectoryBlobs(folder), digest)).slices
    except EvidenceError:
        return b""
    return small_picture(slices[0]) if slices else b""
