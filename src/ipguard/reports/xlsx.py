"""The figures of a period as a workbook, with the listings they count and a small picture of each.

Nothing in it is a formula: XlsxWriter is told to write texts as texts, so a title that starts with = stays a title.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import xlsxwriter
from PIL import Image
from xlsxwriter.format import Format

from ipguard.reports.figures import DIMENSIONS, WHAT, AlertFacts, Figures, belongs, figures, grouped
from ipguard.reports.markets import market_name
from ipguard.reports.periods import Period
from ipguard.reports.rows import Only
from ipguard.reports.summary_report import limits, name_of, period_words
from ipguard.reports.words import Speaker, speaker

MAX_LISTINGS = 5000
MAX_PICTURES = 300
"""More make a file that mail refuses."""
SIDE = 96
"""Longest side of a small picture, pixels."""
MAX_CELL = 32_000
"""Characters; Excel takes 32,767."""

Picture = Callable[[int], bytes]
"""Listing → a small JPEG, or nothing."""


def summary_xlsx(
    alerts: Sequence[AlertFacts],
    period: Period,
    only: Only,
    language: str,
    *,
    at: datetime,
    by: str,
    picture: Picture,
) -> bytes:
    """The workbook; the same rows, pictures and moment give the same bytes."""
    say = speaker(language)
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties(
            {"title": say("summary_title"), "author": by, "created": at.astimezone(UTC).replace(tzinfo=None)}
        )
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        _figures(book, head, alerts, period, only, say, at)
        for dimension in DIMENSIONS:
            _groups(book, head, alerts, period, dimension, say)
        _listings(book, head, alerts, period, say, picture)
    return out.getvalue()


def small_picture(data: bytes) -> bytes:
    """A picture that was decoded by us, made small."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
        small = opened.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def _figures(
    book: xlsxwriter.Workbook,
    head: Format,
    alerts: Sequence[AlertFacts],
    period: Period,
    only: Only,
    say: Speaker,
    at: datetime,
) -> None:
    sheet = book.add_worksheet(say("figures"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 30)
    whole = figures(alerts, period)
    rows = [(say("period"), period_words(period, say)), (say("made"), f"{at:%Y-%m-%d %H:%M:%S} UTC")]
    rows += [(say(name), value) for name, value in limits(only, say)]
    for n, (name, value) in enumerate(rows):
        sheet.write_string(n, 0, name, head)
        sheet.write_string(n, 1, _cell(value))
    for n, (name, number) in enumerate(_counted(whole, say), len(rows) + 1):
        sheet.write_string(n, 0, name)
        if isinstance(number, str):
            sheet.write_string(n, 1, number)
        else:
            sheet.write_number(n, 1, number)


def _counted(told: Figures, say: Speaker) -> list[tuple[str, int | str]]:
    found: list[tuple[str, int | str]] = [(say(f"what.{what}"), told.counts[what]) for what in WHAT]
    return [
        *found,
        (say("to_decision"), say.span(told.to_decision)),
        (say("to_gone"), say.span(told.to_gone)),
    ]


def _groups(
    book: xlsxwriter.Workbook,
    head: Format,
    alerts: Sequence[AlertFacts],
    period: Period,
    dimension: str,
    say: Speaker,
) -> None:
    sheet = book.add_worksheet(say(f"by.{dimension}"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, len(WHAT) + 2, 14)
    names = [say(dimension), *(say(f"what.{what}") for what in WHAT), say("to_decision"), say("to_gone")]
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, head)
    for n, group in enumerate(grouped(alerts, period, dimension), 1):
        sheet.write_string(n, 0, _cell(name_of(group, dimension, say)))
        for column, what in enumerate(WHAT, 1):
            sheet.write_number(n, column, group.figures.counts[what])
        sheet.write_string(n, len(WHAT) + 1, say.span(group.figures.to_decision))
        sheet.write_string(n, len(WHAT) + 2, say.span(group.figures.to_gone))
    sheet.freeze_panes(1, 0)


def _listings(
    book: xlsxwriter.Workbook,
    head: Format,
    alerts: Sequence[AlertFacts],
    period: Period,
    say: Speaker,
    picture: Picture,
) -> None:
    sheet = book.add_worksheet(say("listings"))
    columns: Mapping[str, int] = {
        say("picture"): 15, say("alert"): 8, say("title_as_shown"): 50, say("seller"): 24, say("work"): 24,
        say("source"): 18, say("market"): 16, say("decision_title"): 18, say("found_at"): 18, say("decided_at"): 18,
        say("gone_since"): 18,
    }  # fmt: skip
    for column, (name, width) in enumerate(columns.items()):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, head)
    counted = [one for one in alerts if any(belongs(one, what, period) for what in WHAT)]
    for n, one in enumerate(counted[:MAX_LISTINGS], 1):
        small = picture(one.listing) if n <= MAX_PICTURES else b""
        if small:
            sheet.set_row(n, 74)
            options = {
                "image_data": io.BytesIO(small),
                "object_position": 1,
                "description": _cell(one.title)[:200],
            }
            sheet.insert_image(n, 0, f"{one.listing}.jpg", options)
        market = market_name(one.market, say.language) if one.market else say("unknown_market")
        decision = say.known("decision", one.decision or "open")
        texts = (one.title, one.seller, one.work_title, one.source, market, decision)
        sheet.write_number(n, 1, one.alert)
        for column, text in enumerate(texts, 2):
            sheet.write_string(n, column, _cell(text))
        for column, when in enumerate((one.found_at, one.decided_at, one.gone_at), 2 + len(texts)):
            sheet.write_string(n, column, f"{when:%Y-%m-%d %H:%M} UTC" if when else "")
    if len(counted) > MAX_LISTINGS:
        sheet.write_string(MAX_LISTINGS + 1, 2, say("more_rows", n=len(counted) - MAX_LISTINGS))
    sheet.freeze_panes(1, 3)


def _cell(text: str) -> str:
    """A text that a cell takes: one that a spreadsheet would take for a formula when copied out is quoted."""
    shown = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)[
        :MAX_CELL
    ]
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
