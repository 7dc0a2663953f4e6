"""Where things were found, in the form a page can draw: marked text, and regions in percent of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ipguard.matching.finding import Finding, PicturePlace, Quad, TextPlace


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, marked or not."""

    text: str
    marked: bool


def marked(text: str, findings: Iterable[Finding], field: str = "title") -> tuple[Piece, ...]:
    """Cut `text` where findings point to; offsets that do not fit the text any more mark nothing."""
    hit = [False] * len(text)
    for finding in findings:
        place = finding.place
        if (
            isinstance(place, TextPlace)
            and place.field == field
            and text[place.start : place.end] == place.text
        ):
            hit[place.start : place.end] = [True] * (place.end - place.start)
    pieces: list[Piece] = []
    for character, on in zip(text, hit, strict=True):
        if pieces and pieces[-1].marked == on:
            pieces[-1] = Piece(pieces[-1].text + character, on)
        else:
            pieces.append(Piece(character, on))
    return tuple(pieces)


def best_place(findings: Sequence[Finding]) -> PicturePlace | None:
    """The strongest finding that knows where in a picture it is."""
    placed = [f for f in findings if isinstance(f.place, PicturePlace)]
    best = max(placed, key=lambda f: f.strength, default=None)
    return best.place if best is not None and isinstance(best.place, PicturePlace) else None


def points(region: Quad) -> str:
    """A region as SVG points, in pixels of its picture."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in region)
