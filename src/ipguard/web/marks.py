"""Where things were found, in the form a page can draw: marked text, and regions in percent of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ipguard.matching.finding import DomainPlace, Finding, PagePlace, PicturePlace, Quad, TextPlace


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, marked or not."""

    text: str
    marked: bool


def marked(text: str, findings: Iterable[Finding], field: str = "title") -> tuple[Piece, ...]:
    """Cut `text` where findings point to; offsets that do not fit the text any more mark nothing."""
    hit = [False] * len(text)
    for finding in findings:
        for start, end, words in _stretches(finding, field):
            if text[start:end] == words:
                hit[start:end] = [True] * (end - start)
    pieces: list[Piece] = []
    for character, on in zip(text, hit, strict=True):
        if pieces and pieces[-1].marked == on:
            pieces[-1] = Piece(pieces[-1].text + character, on)
        else:
            pieces.append(Piece(character, on))
    return tuple(pieces)


def _stretches(finding: Finding, field: str) -> list[tuple[int, int, str]]:
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
