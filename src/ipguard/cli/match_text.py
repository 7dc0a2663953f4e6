"""`ipguard match text`: names in texts, one JSON line in, one JSON line out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ipguard.cli.lines import row_of, wrong_line
from ipguard.cli.output import emit, safe, say
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.finding import Finding
    from ipguard.matching.text.matcher import Reading

BATCH = 256
MAX_LINE = 4_000_000
"""Bytes of one line that are read; a longer one is no listing. Of several lines read together, too."""


def match_text(
    watchlist: Annotated[Path, typer.Option(help="A watchlist file (TOML).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines: that is what comes out in any case.")
    ] = True,
) -> None:
    """Find watchlist names in texts: JSON Lines {"id", "text"} on stdin, one result line for each.

    A line that cannot be read gives a line with "error"; the rest is matched, and the exit code is 2.
    """
    from ipguard.matching.reasons import render
    from ipguard.matching.text.matcher import TextMatcher
    from ipguard.matching.text.names import names_of
    from ipguard.rights.watchlist import load_watchlist

    matcher = TextMatcher(names_of(load_watchlist(watchlist).works))
    for restriction in matcher.restrictions:
        say(safe(render(restriction)))
    wrong = 0
    for batch in _batches(sys.stdin.buffer):
        answers = iter(matcher.read([{"title": str(row["text"])} for row in batch if "error" not in row]))
        for row in batch:
            if "error" in row:
                wrong += 1
                emit(row)
            else:
                emit(_answer(row["id"], next(answers)))
    if wrong:
        raise WrongUse(
            f"{wrong} lines could not be read; the others were matched", hint='A line is {"id", "text"}.'
        )
    if as_json and sys.stdin.isatty():
        say("Nothing came in.")


def _answer(key: object, reading: Reading) -> dict[str, object]:
    from ipguard.matching.reasons import render
    from ipguard.matching.score import verdicts

    best = verdicts(reading.findings)
    row: dict[str, object] = {
        "id": key,
        "match": bool(best and best[0].match),
        "score": best[0].score if best else 0.0,
        "findings": [_told(one) for one in reading.findings],
    }
    if reading.limits:
        row["limits"] = [render(limit) for limit in reading.limits]
    return row


def _told(finding: Finding) -> dict[str, object]:
    from ipguard.matching.finding import TextPlace
    from ipguard.matching.reasons import render

    row: dict[str, object] = {"work": finding.work}
    if isinstance(finding.place, TextPlace):
        place = finding.place
        row |= {
            "name": place.name,
            "layer": place.layer,
            "start": place.start,
            "end": place.end,
            "text": place.text,
        }
        row["changed"] = [asdict(change) for change in place.changed]
    values = finding.reason.values
    told = {
        "strength": finding.strength,
        "why": render(finding.reason),
        "why_zh": render(finding.reason, "zh"),
    }
    return row | told | {key: values[key] for key in ("context", "cues") if values.get(key, "-") != "-"}


def _batches(stream: BinaryIO) -> Iterator[list[dict[str, object]]]:
    """Rows of some lines at a time: memory is that of one batch, however much comes in."""
    batch: list[dict[str, object]] = []
    size = 0
    for number, line in enumerate(_lines(stream), 1):
        if line.strip():
            batch.append(_row(number, line))
            size += len(line)
        if len(batch) >= BATCH or size >= MAX_LINE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines, a longer one than MAX_LINE by its beginning: its rest is read over."""
    while line := stream.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        yield line


def _row(number: int, line: bytes) -> dict[str, object]:
    if len(line) > MAX_LINE:
        return wrong_line(number, f"longer than {MAX_LINE:,} bytes")
    row, wrong = row_of(number, line)
    if wrong is not None:
        return wrong
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("text"), str):
        return wrong_line(number, 'not an object with "id" and a "text"')
    return row
