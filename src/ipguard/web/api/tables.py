"""Lists as tables that leave the house: CSV that Excel opens in China too, and XLSX with small pictures.

No cell is ever a formula: in CSV a cell that begins like one gets an apostrophe, in XLSX every cell is a string.
Rows are read and written in portions; a list that is longer than a table may be says so in its last row.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Annotated, Literal, cast

import xlsxwriter
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.alerts.queries import Filter, list_alerts
from ipguard.cases.pages import CaseFilter, page_of_cases
from ipguard.database.engine import reading, transaction
from ipguard.listings.tables import ListingRow
from ipguard.matching.score import THRESHOLD
from ipguard.people.audit import audit, entries
from ipguard.people.rights import Right
from ipguard.telling import thumbnail
from ipguard.web.api.acting import State
from ipguard.web.api.door import Caller, Who
from ipguard.web.api.reading import Words

router = APIRouter()
PORTION = 500
MAX_ROWS = {"csv": 100_000, "xlsx": 20_000}
MAX_PICTURES = 500
PICTURE_HEIGHT = 74
"""Of a row with a picture, points."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cells = tuple[str, ...]
What = Literal["alerts", "cases", "listings", "audit"]

HEADS: dict[str, Cells] = {
    "alerts": (
        "picture", "number", "state", "score", "work", "title", "price", "currency", "seller", "source", "url",
        "raised", "changed",
    ),
    "cases": ("number", "title", "state", "due", "value", "currency", "alerts", "exhibits", "exports", "opened", "by"),
    "listings": (
        "number", "source", "kind", "title", "price", "currency", "seller", "url", "first seen", "last seen", "gone",
    ),
    "audit": ("position", "at", "person", "role", "way", "action", "subject", "details", "hash"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """Which rows are wanted."""

    state: str = "open"
    work: str = ""
    source: str = ""
    words: str = ""
    min_score: float = THRESHOLD


_TABLE = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/tables/{what}.{form}",
    tags=["tables"],
    summary="A list as CSV or XLSX",
    response_class=Response,
    responses={200: {"content": {"text/csv": _TABLE, XLSX: _TABLE}}},
)
def table(
    who: Who,
    what: What,
    form: Literal["csv", "xlsx"],
    state: Annotated[State, Query(description="Of alerts.")] = "open",
    work: Words = "",
    source: Words = "",
    words: Words = "",
    min_score: Annotated[float, Query(ge=0, le=1)] = THRESHOLD,
) -> Response:
    """Alerts, cases, listings or the record; 100,000 rows of CSV, 20,000 of XLSX, and the last row says if more."""
    who.need(Right.AUDIT_READ if what == "audit" else Right.EXPORT)
    wish = Wish(state, work, source, words, min_score)
    with transaction(who.desk.engine) as session:
        audit(session, who.principal, f"{what}.table", "", {"form": form}, who.now)
    name = f"ipguard-{what}-{who.now:%Y%m%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    rows = capped(rows_of(who, what, wish), MAX_ROWS[form], len(HEADS[what]))
    if form == "csv":
        return StreamingResponse(
            csv_lines(HEADS[what], rows), media_type="text/csv; charset=utf-8", headers=headers
        )
    book = xlsx(who, what, rows)
    return StreamingResponse(pieces(book), media_type=XLSX, headers=headers)


def rows_of(who: Caller, what: str, wish: Wish) -> Iterator[Cells]:
    """Rows of a list, read in portions; no transaction stays open between two of them."""
    read = {"alerts": _alerts, "cases": _cases, "listings": _listings, "audit": _audit}[what]
    place: object = None
    while True:
        with reading(who.desk.engine) as session:
            found, place = read(session, who, wish, place)
        yield from found
        if place is None:
            return


def capped(rows: Iterable[Cells], most: int, width: int) -> Iterator[Cells]:
    """At most so many rows; one more says that there are others."""
    for number, row in enumerate(rows):
        if number == most:
            words = (
                f"Cut after {most} rows: narrow the filter for the others. 已截至 {most} 行，请缩小筛选范围。"
            )
            yield (words, *[""] * (width - 1))
            return
        yield row


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_lines(heads: Cells, rows: Iterable[Cells]) -> Iterator[str]:
    """CSV (RFC 4180) with the mark that lets Excel read UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    yield "\ufeff" + out.getvalue()
    for row in rows:
        out.seek(0)
        out.truncate()
        writer.writerow([harmless(cell).encode("utf-8", "replace").decode() for cell in row])
        yield out.getvalue()


def xlsx(who: Caller, what: str, rows: Iterable[Cells]) -> IO[bytes]:
    """A workbook: head frozen, filter on, pictures of alerts beside their rows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 — closed by `pieces` when it was sent
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(file, options)
    sheet, bold = book.add_worksheet(what), book.add_format({"bold": True})
    heads, last = HEADS[what], 0
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heads) - 1, 16)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
    for number, row in enumerate(rows, 1):
        digest = row[0] if what == "alerts" and number <= MAX_PICTURES else ""
        small = thumbnail(who.desk.workspace, digest) if len(digest) == 64 else None
        if small:
            sheet.set_row(number, PICTURE_HEIGHT)
        for column, cell in enumerate(row):
            sheet.write_string(number, column, "" if small and column == 0 else harmless(cell)[:32_000])
        if small:
            place = {"image_data": io.BytesIO(small), "x_scale": 0.5, "y_scale": 0.5, "object_position": 1}
            sheet.insert_image(number, 0, f"{digest[:12]}.jpg", place)
        last = number
    sheet.autofilter(0, 0, last, len(heads) - 1)
    book.close()
    file.seek(0)
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces, closed at its end."""
    with file:
        while piece := file.read(256 * 1024):
            yield piece


def _text(value: object) -> str:
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def _alerts(session: Session, who: Caller, wish: Wish, place: object) -> tuple[Sequence[Cells], object]:
    wanted = Filter(
        None if wish.state == "any" else wish.state, wish.work, wish.source, wish.min_score, words=wish.words
    )
    beyond = cast("tuple[float, int] | None", place)
    found = list_alerts(session, wanted, now=who.now, limit=PORTION, beyond=beyond)
    cells = [
        (
            view.alert.picture, str(view.id), view.state, f"{view.alert.score:.3f}", view.work.title,
            view.listing.title, _text(view.listing.price_amount), _text(view.listing.currency),
            view.listing.seller_name, view.source.id, view.listing.url, _text(view.alert.created_at),
            _text(view.alert.updated_at),
        )
        for view in found
    ]  # fmt: skip
    return cells, found[-1].key if len(found) == PORTION else None


def _cases(session: Session, who: Caller, wish: Wish, place: object) -> tuple[Sequence[Cells], object]:
    page = page_of_cases(
        session, CaseFilter(state="", words=wish.words), sort="newest", today=who.now.date(),
        after=str(place or ""), limit=PORTION,
    )  # fmt: skip
    cells = [
        (
            str(line.id), line.case.title, line.case.state, _text(line.case.due_on), _text(line.case.value_amount),
            line.case.value_currency, str(line.alerts), str(line.exhibits), str(line.exports),
            _text(line.case.created_at), line.case.created_by,
        )
        for line in page.lines
    ]  # fmt: skip
    return cells, page.following or None


def _listings(session: Session, _who: Caller, wish: Wish, place: object) -> tuple[Sequence[Cells], object]:
    statement = select(ListingRow).order_by(col(ListingRow.id)).limit(PORTION)
    if wish.source:
        statement = statement.where(col(ListingRow.source_id) == wish.source)
    if place:
        statement = statement.where(col(ListingRow.id) > place)
    rows = list(session.scalars(statement))
    cells = [
        (
            str(row.id), row.source_id, row.kind, row.title, _text(row.price_amount), _text(row.currency),
            row.seller_name, row.url, _text(row.first_seen_at), _text(row.last_seen_at), _text(row.gone_at),
        )
        for row in rows
    ]  # fmt: skip
    return cells, rows[-1].id if len(rows) == PORTION else None


def _audit(session: Session, _who: Caller, _wish: Wish, place: object) -> tuple[Sequence[Cells], object]:
    rows = entries(session, before=cast(int, place or 0), limit=PORTION)
    cells = [
        (
            str(row.id), _text(row.at), row.person, row.role, row.way, row.action, row.subject,
            "; ".join(f"{name} {value}" for name, value in row.details.items()), row.hash,
        )
        for row in rows
    ]  # fmt: skip
    return cells, rows[-1].id if len(rows) == PORTION else None
