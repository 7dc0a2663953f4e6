"""`ipguard match text`: names in texts, one JSON line in, one JSON line out."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.output import emit, say
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.text.matcher import TextMatcher

BATCH = 256


def match_text(
    watchlist: Annotated[Path, typer.Option(help="A watchlist file (TOML).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines: that is what comes out in any case.")
    ] = True,
) -> None:
    """Find watchlist names in texts: JSON Lines {"id", "text"} on stdin, one result line for each.

    A line that cannot be read gives a line with "error"; the rest is matched, and the exit code is 2.
    """
    from ipguard.matching.text.matcher import TextMatcher
    from ipguard.matching.text.names import names_of
    from ipguard.rights.watchlist import load_watchlist

    matcher = TextMatcher(names_of(load_watchlist(watchlist).works))
    wrong = 0
    for batch in _batches(sys.stdin):
        for row in batch:
            if "error" in row:
                wrong += 1
                emit(row)
            else:
                emit(_answer(matcher, row["id"], str(row["text"])))
    if wrong:
        raise WrongUse(
            f"{wrong} lines could not be read; the others were matched", hint='A line is {"id", "text"}.'
        )
    if as_json and sys.stdin.isatty():
        say("Nothing came in.")


def _answer(matcher: TextMatcher, key: object, text: str) -> dict[str, object]:
    from ipguard.matching.finding import TextPlace
    from ipguard.matching.reasons import render
    from ipguard.matching.score import verdicts

    (findings,) = matcher.match_texts([text])
    best = verdicts(findings)
    rows = [
        {
            "work": one.work,
            "name": one.place.name,
            "layer": one.place.layer,
            "start": one.place.start,
            "end": one.place.end,
            "text": one.place.text,
            "strength": one.strength,
            "why": render(one.reason),
        }
        for one in findings
        if isinstance(one.place, TextPlace)
    ]
    score = best[0].score if best else 0.0
    return {"id": key, "match": bool(best and best[0].match), "score": score, "findings": rows}


def _batches(lines: Iterable[str]) -> Iterator[list[dict[str, object]]]:
    numbered = enumerate(lines, 1)
    while batch := list(itertools.islice(numbered, BATCH)):
        yield [_row(number, line) for number, line in batch if line.strip()]


def _row(number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        return {"line": number, "error": f"not JSON: {error}"}
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("text"), str):
        return {"line": number, "error": 'not an object with "id" and a "text"'}
    return row
