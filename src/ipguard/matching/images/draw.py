"""Explanation pictures: where the work was seen, which points agree, and one laid over the other. No words in them.

The listing picture is left, the work right. A filled dot marks the work's upper left corner and a ring its upper
right one, in both: so one sees that a copy is turned or mirrored.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ipguard.matching.finding import PicturePlace, Point, Quad
from ipguard.matching.images.decode import Picture, Pixels
from ipguard.matching.images.layover import (
    EDGE,
    Layover,
    Pair,
    at_drawing_size,
    how_it_lies,
    lay_over,
    moved,
    open_pair,
    spread_out,
)

Colour = tuple[int, int, int]

GAP, MARGIN = 24, 16
PAPER, EDGE_LINE = (246, 246, 244), (206, 206, 202)
OUTLINE, CASING = (230, 57, 70), (255, 255, 255)
LINES = ((213, 94, 0), (0, 114, 178), (0, 158, 115))
"""Told apart by colour-blind readers too (Okabe & Ito 2008); one for the upper, middle and lower third."""
MOST_LINES = 40
_SHIFT = 4
"""OpenCV draws at sixteenths of a pixel."""


def views_of(place: PicturePlace) -> tuple[str, ...]:
    """Which views explain a finding: region, points, layover."""
    if place.method == "embedding":
        return ("region",)  # a model says that two pictures are alike, and not where
    return ("region", "points", "layover") if place.points else ("region", "layover")


def explanations(picture: bytes, reference: bytes, place: PicturePlace) -> dict[str, bytes]:
    """View → JPEG: what explains, not what is evidence, and ten times smaller than PNG.

    Raises:
        WrongUse: one of the two cannot be read.
    """
    pair = open_pair(picture, reference, place)
    drawn = {"region": region_view(pair), "points": points_view(pair), "layover": layover_view(pair)}
    return {view: jpeg(pixels) for view in views_of(place) if (pixels := drawn[view]) is not None}


def region_view(pair: Pair) -> Pixels:
    """Both pictures, the place outlined in each."""
    return _sheet([_outlined_panels(pair)])


def points_view(pair: Pair) -> Pixels:
    """Both pictures, with a line from each agreeing point to its partner."""
    left, right = _outlined_panels(pair, faint=True)
    sheet = _sheet([(left, right)])
    at_left, at_right = _origins(left, right)
    pairs = spread_out(pair.place.points, MOST_LINES)
    order = sorted(pairs, key=lambda one: one[0][1])
    ends = [
        (_onto(seen, left, at_left), _onto(known, right, at_right), LINES[n * len(LINES) // len(order)])
        for n, (seen, known) in enumerate(order)
    ]
    for colour, width in ((CASING, 3), (None, 1)):
        for start, end, own in ends:
            cv2.line(sheet, _fixed(start), _fixed(end), colour or own, width, cv2.LINE_AA, _SHIFT)
    for start, end, own in ends:
        for dot in (start, end):
            cv2.circle(sheet, _fixed(dot), 6 << _SHIFT, CASING, -1, cv2.LINE_AA, _SHIFT)
            cv2.circle(sheet, _fixed(dot), 4 << _SHIFT, own, -1, cv2.LINE_AA, _SHIFT)
    return sheet


def layover_view(pair: Pair) -> Pixels | None:
    """Mixed and difference above, the place unrolled and the work below; of whole pictures both, and what differs."""
    over = lay_over(pair)
    if over is None:
        return None
    difference = _Panel(over.difference, 1.0)
    if pair.place.method == "hash":
        return _sheet([(_panel(pair.picture), _Panel(over.laid, 1.0), difference)])
    return _sheet(
        [(_Panel(outlined(over), 1.0), difference), (_Panel(over.flat, 1.0), _Panel(over.reference, 1.0))]
    )


def covered(over: Layover) -> Pixels:
    """The listing picture with the reference wholly over the place where it lies."""
    inside = cv2.fillConvexPoly(
        np.zeros(over.mixed.shape[:2], np.uint8), np.rint(over.corners).astype(np.int32), 1
    )
    return np.asarray(np.where(inside[:, :, None] > 0, over.laid, over.mixed), np.uint8)


def outlined(over: Layover) -> Pixels:
    """The mixed picture with a thin line around the work that lies in it."""
    panel = _Panel(over.mixed.copy(), 1.0)
    _ring(panel, over.corners, ((CASING, 3), (OUTLINE, 1)))
    return panel.pixels


def jpeg(pixels: Pixels) -> bytes:
    """RGB pixels as a JPEG that keeps thin coloured lines: no chroma subsampling."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, subsampling=0)
    return out.getvalue()


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A picture at drawing size."""

    pixels: Pixels
    scale: float
    """Drawn pixels for one of the original."""

    @property
    def size(self) -> tuple[int, int]:
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


def _panel(picture: Picture) -> _Panel:
    pixels, matrix = at_drawing_size(picture)
    return _Panel(pixels, float(matrix[0, 0]))


def _outlined_panels(pair: Pair, *, faint: bool = False) -> tuple[_Panel, _Panel]:
    left, right = _panel(pair.picture), _panel(pair.reference)
    marks = _marks(pair)
    _outline(left, pair.place.region, marks[0], faint=faint)
    _outline(right, pair.place.reference_region, marks[1], faint=faint)
    return left, right


def _marks(pair: Pair) -> tuple[list[Point], list[Point]]:
    """The work's upper corners, in the listing picture and in the work; those out of the picture are left out."""
    matrix = how_it_lies(pair)
    if matrix is None:
        return [], []
    known = [(0.0, 0.0), (float(pair.reference.width), 0.0)]
    seen = [(float(x), float(y)) for x, y in moved(matrix, np.array(known))]
    return seen, known


def _outline(panel: _Panel, quad: Quad, marks: Sequence[Point], *, faint: bool) -> None:
    """Outline and corner marks, drawn onto the panel."""
    strokes = ((CASING, 5), (OUTLINE, 2)) if faint else ((CASING, 8), (OUTLINE, 4))
    _ring(panel, np.array(quad, np.float64) * panel.scale, strokes)
    if faint:
        return
    width, height = panel.size
    for n, (x, y) in enumerate(marks):
        at = _fixed((min(max(x * panel.scale, 9), width - 9), min(max(y * panel.scale, 9), height - 9)))
        if not (-9 <= x * panel.scale <= width + 9 and -9 <= y * panel.scale <= height + 9):
            continue
        cv2.circle(panel.pixels, at, 9 << _SHIFT, CASING, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(panel.pixels, at, 6 << _SHIFT, OUTLINE, -1 if n == 0 else 3, cv2.LINE_AA, _SHIFT)


def _ring(panel: _Panel, corners: NDArray[np.float64], strokes: Sequence[tuple[Colour, int]]) -> None:
    far = 4 * EDGE  # OpenCV's sixteenths overflow far outside
    fixed = np.rint(np.clip(corners, -far, far) * (1 << _SHIFT)).astype(np.int32)
    for colour, width in strokes:
        cv2.polylines(panel.pixels, [fixed], True, colour, width, cv2.LINE_AA, _SHIFT)


def _sheet(rows: Sequence[Sequence[_Panel]]) -> Pixels:
    """Panels in rows on paper, centred in their cells."""
    widths = [max(row[n].size[0] for row in rows) for n in range(len(rows[0]))]
    heights = [max(panel.size[1] for panel in row) for row in rows]
    width = sum(widths) + GAP * (len(widths) - 1) + 2 * MARGIN
    height = sum(heights) + GAP * (len(heights) - 1) + 2 * MARGIN
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    top = MARGIN
    for row, high in zip(rows, heights, strict=True):
        left = MARGIN
        for panel, wide in zip(row, widths, strict=True):
            x, y = left + (wide - panel.size[0]) // 2, top + (high - panel.size[1]) // 2
            sheet[y - 1 : y + panel.size[1] + 1, x - 1 : x + panel.size[0] + 1] = EDGE_LINE
            sheet[y : y + panel.size[1], x : x + panel.size[0]] = panel.pixels
            left += wide + GAP
        top += high + GAP
    return sheet


def _origins(left: _Panel, right: _Panel) -> tuple[Point, Point]:
    """Where the upper left corners of two panels lie on their sheet."""
    high = max(left.size[1], right.size[1])
    return (
        (MARGIN, MARGIN + (high - left.size[1]) // 2),
        (MARGIN + left.size[0] + GAP, MARGIN + (high - right.size[1]) // 2),
    )


def _onto(point: Point, panel: _Panel, origin: Point) -> Point:
    return point[0] * panel.scale + origin[0], point[1] * panel.scale + origin[1]


def _fixed(point: Point) -> tuple[int, int]:
    return round(point[0] * (1 << _SHIFT)), round(point[1] * (1 << _SHIFT))
