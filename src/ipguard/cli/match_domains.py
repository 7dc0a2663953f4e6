"""`ipguard match domains`: watched names in domain names, one a line, as fast as certificate logs give them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption
from ipguard.cli.output import CONTROL, say
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.finding import Finding

CHUNK = 1 << 16
MAX_LINE = 4096
"""Bytes of a line that are kept; a longer one is no domain name."""


def match_domains(
    watchlist: Annotated[Path, typer.Option(help="A watchlist file (TOML).")],
    found_only: Annotated[
        bool, typer.Option("--found-only", help="Leave out lines without a finding.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find watched names in domain names: one name a line on stdin; with --json one result line for each.

    Names under `official_domains` of the watchlist are never found. A line that is no domain name gives a line with
    "error"; the rest is matched, and the exit code is 2.
    """
    from ipguard.matching.domains.matcher import DomainMatcher
    from ipguard.matching.text.names import names_of
    from ipguard.rights.watchlist import load_watchlist

    works = load_watchlist(watchlist).works
    matcher = DomainMatcher(names_of(works), {work.id: work.official_domains for work in works})
    read = found = wrong = 0
    for lines in _lines(sys.stdin.buffer):
        answers = [_answer(*one) for one in zip(lines, matcher.match_domains(lines), strict=True)]
        read += len(lines)
        wrong += sum("error" in answer for answer in answers)
        found += sum(bool(answer["match"]) for answer in answers)
        told = [a for a in answers if a["match"] or not (found_only or (not as_json and "error" not in a))]
        sys.stdout.write("".join(map(_as_json if as_json else _as_text, told)))
        sys.stdout.flush()
    say(f"{read:,} names read, {found:,} look like a watched name, {wrong:,} are no domain names.")
    if wrong:
        raise WrongUse(
            f"{wrong} lines are no domain names; the others were matched",
            hint="A line is one host name: no http://, no path, no port.",
        )


def _answer(line: str, findings: Sequence[Finding]) -> dict[str, object]:
    from ipguard.matching.domains.reading import Unreadable, read_domain
    from ipguard.matching.finding import DomainPlace, Reason
    from ipguard.matching.reasons import render
    from ipguard.matching.score import verdicts

    best = verdicts(findings)
    answer: dict[str, object] = {
        "domain": line,
        "match": bool(best and best[0].match),
        "score": best[0].score if best else 0.0,
        "findings": [
            {
                "work": one.work,
                "name": one.place.name,
                "layer": one.place.layer,
                "decoded": one.place.decoded,
                "start": one.place.start,
                "end": one.place.end,
                "text": one.place.text,
                "changed": one.place.changed,
                "strength": one.strength,
                "why": render(one.reason),
            }
            for one in findings
            if isinstance(one.place, DomainPlace)
        ],
    }
    if not best and not _looks_plain(line):
        read = read_domain(line)
        if isinstance(read, Unreadable):
            answer |= {"error": render(Reason(f"no_domain.{read.code}")), "code": read.code}
    return answer


def _looks_plain(line: str) -> bool:
    """Whether a line is a domain name beyond doubt, so that reading it once more would tell nothing."""
    from ipguard.matching.domains.reading import MAX_LABEL

    labels = line.split(".")
    return (
        line.isascii()
        and len(line) <= MAX_LABEL
        and all(labels)
        and not labels[-1].isdigit()
        and line.replace("-", "").replace(".", "").isalnum()
    )


def _as_json(answer: dict[str, object]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(", ", ": ")) + "\n"


def _as_text(answer: dict[str, object]) -> str:
    findings = answer["findings"]
    whys = [finding["why"] for finding in findings] if isinstance(findings, list) else []
    score = "-" if "error" in answer else f"{answer['score']:.2f}"
    told = "; ".join([*whys, *([str(answer["error"])] if "error" in answer else [])])
    return f"{answer['domain']}\t{score}\t{told}".translate(CONTROL | {9: 9}) + "\n"


def _lines(stream: IO[bytes]) -> Iterator[list[str]]:
    """Lines as they come in, many at a time where many are there; bytes that are not UTF-8 become U+FFFD."""
    rest = b""
    while chunk := stream.read1(CHUNK):  # type: ignore[attr-defined]
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[: MAX_LINE + 1]
        if whole:
            yield [_text(line) for line in whole]
    if rest:
        yield [_text(rest)]


def _text(line: bytes) -> str:
    return line[: MAX_LINE + 1].decode("utf-8", "replace").removesuffix("\r")
