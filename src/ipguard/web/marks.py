"""Where things were found, in the form a page can draw: marked text, and regions in percent of a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ipguard.matching.finding import (
    DomainPlace,
    Finding,
    PagePlace,
    PicturePlace,
    Quad,
    TextPlace,
)

PLAIN, FOUND, CHANGED = 0, 1, 2
Stretch = tuple[int, int, str]
"""Start, end, and the characters that must stand there."""
AROUND = 40
"""Code points shown on either side of what was found."""
LONG = 1200
"""Longer texts are shown as their beginning and what stands around the marks."""
BEGINNING = 300
MAX_SHOWN = 4000
TURNERS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Turn the direction of what follows (UAX #9): on a screen they would show a text in another order than it is."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, marked or not."""

    text: str
    marked: bool = False
    changed: bool = False
    """Characters that are not the name's own."""
    code: bool = False
    """`text` is the number of a character that cannot be seen."""
    left_out: bool = False
    """Text that is not shown stands here."""


def marked(text: str, findings: Iterable[Finding], field: str = "title") -> tuple[Piece, ...]:
    """Cut `text` where findings point to; offsets that do not fit the text any more mark nothing."""
    return pieces(text, _levels(text, findings, field))


def excerpts(text: str, findings: Iterable[Finding], field: str) -> tuple[Piece, ...]:
    """The same for a text that may be long: its beginning, and what stands around the marks."""
    levels = _levels(text, findings, field)
    if len(text) <= LONG:
        return pieces(text, levels)
    shown = [place < BEGINNING for place in range(len(text))]
    left = MAX_SHOWN - BEGINNING
    for level, run in groupby(enumerate(levels), key=lambda one: one[1]):
        if level:
            places = [place for place, _ in run]
            first, last = max(0, places[0] - AROUND), min(len(text), places[-1] + 1 + AROUND)
            left -= last - first
            if left >= 0:
                shown[first:last] = [True] * (last - first)
    found: list[Piece] = []
    for on, stretch in groupby(range(len(text)), key=shown.__getitem__):
        places = list(stretch)
        start, end = places[0], places[-1] + 1
        found += pieces(text[start:end], levels[start:end]) if on else (Piece(" … ", left_out=True),)
    return tuple(found)


def around(text: str, found: Stretch, changed: Iterable[Stretch] = ()) -> tuple[Piece, ...]:
    """What was found with what stands beside it; alone where `text` is not what it was found in any more."""
    start, end, words = found
    if text[start:end] != words:
        text, changed = words, [(first - start, last - start, one) for first, last, one in changed]
        start, end = 0, len(words)
    levels = [PLAIN] * len(text)
    _raise(levels, text, [(start, end, words)], FOUND)
    _raise(levels, text, changed, CHANGED)
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    before = (Piece("…", left_out=True),) if first else ()
    after = (Piece("…", left_out=True),) if last < len(text) else ()
    return (*before, *pieces(text[first:last], levels[first:last]), *after)


def pieces(text: str, levels: Sequence[int]) -> tuple[Piece, ...]:
    """Text cut where its level changes; what cannot be seen becomes its number, and turns nothing."""
    found: list[Piece] = []
    shown = [(level, _is_hidden(character, level)) for character, level in zip(text, levels, strict=True)]
    at = 0
    for (level, hidden), run in groupby(shown):
        size = len(list(run))
        stretch, at = text[at : at + size], at + size
        said = [f"{ord(c):04X}" for c in stretch] if hidden else [stretch]
        found += [Piece(one, level > PLAIN, level == CHANGED, hidden) for one in said]
    return tuple(found)


def tamed(text: str) -> str:
    """A text for where no mark-up can stand: what turns its direction or cannot be stored is told by its number."""
    return "".join(f"⟨{one.text}⟩" if one.code else one.text for one in pieces(text, [PLAIN] * len(text)))


def _is_hidden(character: str, level: int) -> bool:
    """Emoji need their joiners, so outside of what was found only those count that turn or break a text."""
    sort = unicodedata.category(character)
    if sort == "Cs" or character in TURNERS:
        return True
    return level > PLAIN and sort in ("Cf", "Cc", "Co", "Cn") and character not in "\n\t"


def _levels(text: str, findings: Iterable[Finding], field: str) -> list[int]:
    levels = [PLAIN] * len(text)
    for finding in findings:
        _raise(levels, text, _stretches(finding, field), FOUND)
        if isinstance(finding.place, TextPlace) and finding.place.field == field:
            changed = [(change.start, change.end, change.text) for change in finding.place.changed]
            _raise(levels, text, changed, CHANGED)
    return levels


def _raise(levels: list[int], text: str, stretches: Iterable[Stretch], level: int) -> None:
    for start, end, words in stretches:
        if 0 <= start < end and text[start:end] == words:
            levels[start:end] = [max(level, one) for one in levels[start:end]]


def _stretches(finding: Finding, field: str) -> list[Stretch]:
    """Where a finding points to in a field: start, end, the characters there."""
    match finding.place:
        case TextPlace() as place if place.field == field:
            return [(place.start, place.end, place.text)]
        case DomainPlace() as place if field == "title":
            return [(place.start, place.end, place.text)]
        case PagePlace() as place:
            return [(sign.start, sign.end, sign.text) for sign in place.signs if sign.field == field]
        case _:
            return []


def best_place(findings: Sequence[Finding]) -> PicturePlace | None:
    """The strongest finding that knows where in a picture it is."""
    placed = [f for f in findings if isinstance(f.place, PicturePlace)]
    best = max(placed, key=lambda f: f.strength, default=None)
    return best.place if best is not None and isinstance(best.place, PicturePlace) else None


def points(region: Quad) -> str:
    """A region as SVG points, in pixels of its picture."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in region)
