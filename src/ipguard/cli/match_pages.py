"""`ipguard match pages`: offers of watched works on pages, repositories and invites."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.lines import row_of, wrong_line
from ipguard.cli.options import JsonOption
from ipguard.cli.output import emit, progress, safe, show
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.finding import Finding
    from ipguard.matching.pages.matcher import PageMatcher
    from ipguard.matching.pages.page import Page

SHAPE = 'A line is {"id", "url", "title", "text" or "html", "links"}.'
LINES = {".jsonl", ".ndjson"}
Read = tuple[dict[str, object], "Page | None"]
"""What names the page in the answer, and the page; no page where it could not be read."""


def match_pages(
    watchlist: Annotated[Path, typer.Option(help="A watchlist file (TOML).")],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Saved HTML pages, .jsonl files, or - for JSON Lines on stdin (the default)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find private servers, cheats, pirated clients and mirrors of watched works; exit code 0 whatever is found.

    JSON Lines {"id", "url", "title", "text" or "html", "links"} on stdin, one result for each; or saved pages.
    A line that cannot be read gives a line with "error"; the rest is matched, and the exit code is 2.
    """
    from ipguard.matching.pages.matcher import PageMatcher, official_hosts
    from ipguard.matching.text.names import names_of
    from ipguard.rights.watchlist import load_watchlist

    works = load_watchlist(watchlist).works
    matcher = PageMatcher(names_of(works), official_hosts(works))
    wrong = 0
    with progress("Reading pages") as advance:
        for done, (key, page) in enumerate(_pages(paths or [Path("-")]), 1):
            wrong += page is None
            row = key if page is None else key | _answer(matcher, page)
            if as_json:
                emit(row)
            else:
                _tell(row)
            advance(done, 0)
    if wrong:
        raise WrongUse(f"{wrong} pages could not be read; the others were matched", hint=SHAPE)


def _answer(matcher: PageMatcher, page: Page) -> dict[str, object]:
    from ipguard.matching.finding import PagePlace
    from ipguard.matching.score import verdicts

    found = matcher.match_page(page)
    best = found[0].place if found and isinstance(found[0].place, PagePlace) else None
    scored = verdicts(found)
    verdict = best.verdict if best else "none"
    groups: dict[str, list[str]] = {}
    for sign in best.signs if best else ():
        groups.setdefault(sign.group, []).append(sign.text)
    return {
        "match": verdict == "report",
        "score": scored[0].score if scored else 0.0,
        "verdict": verdict,
        "kind": best.offer if best else "",
        "groups": {group: list(dict.fromkeys(words)) for group, words in groups.items()},
        "findings": [_finding(one) for one in found],
    }


def _finding(one: Finding) -> dict[str, object]:
    from dataclasses import asdict

    from ipguard.matching.finding import PagePlace
    from ipguard.matching.reasons import render

    place = one.place if isinstance(one.place, PagePlace) else None
    return {
        "work": one.work,
        "name": one.reason.values["name"],
        "kind": place.offer if place else "",
        "verdict": place.verdict if place else "none",
        "strength": one.strength,
        "signs": [asdict(sign) for sign in place.signs] if place else [],
        "demoted": list(place.demoted) if place else [],
        "cut": list(place.cut) if place else [],
        "why": render(one.reason),
    }


def _tell(row: Mapping[str, object]) -> None:
    label = safe(row.get("path", row.get("id", row.get("line", ""))))
    if "error" in row:
        show(f"{label}: [red]not read[/], because: {safe(row['error'])}")
        return
    findings = row["findings"]
    if not isinstance(findings, list) or not findings:
        show(f"{label}: nothing found")
        return
    for one in findings:
        show(f"{label}: [bold]{one['verdict']}[/] {one['strength']:.2f} {safe(one['why'])}")


def _pages(paths: Iterable[Path]) -> Iterator[Read]:
    from ipguard.matching.pages.reading import MAX_BODY, page_of_html

    for path in paths:
        if str(path) == "-":
            yield from _lines(sys.stdin)
            continue
        try:
            with path.open("rb") as file:
                body = file.read(MAX_BODY + 1)
        except OSError as error:
            raise WrongUse(f"Cannot read {path}: {error.strerror}", hint="Check the path.") from error
        if path.suffix.lower() in LINES:
            yield from _lines(body.decode("utf-8", "replace").splitlines())
        else:
            yield {"path": str(path)}, page_of_html(body, url="", content_type="text/html")


def _lines(lines: Iterable[str]) -> Iterator[Read]:
    from ipguard.matching.pages.reading import page_of_row

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row, wrong = row_of(number, line)
        if wrong is not None:
            yield wrong, None
            continue
        page = page_of_row(row) if isinstance(row, dict) and "id" in row else None
        if page is None or not isinstance(row, dict):
            yield wrong_line(number, 'not an object with "id" and a "text" or "html"'), None
        else:
            yield {"id": row["id"]}, page
