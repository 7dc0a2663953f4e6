"""How much of a picture is lettering, by the shape of what is drawn: no model and no reading.

Letters are blobs of one height and one stroke width that stand in lines (Epshtein, Ofek & Wexler 2010 use the same
signs). What is measured is the share of all drawn edges that belongs to such lines.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.decode import Pixels

EDGE = 900
"""Longest edge it is looked at."""
LOW, HIGH = 6, 130
"""Heights of letters, in pixels at EDGE."""
LEAST_IN_LINE = 4
LEAST_LETTERS = 12
"""Fewer are no text to speak of."""


def lettering(pixels: Pixels) -> float:
    """The share of a picture's edges that belongs to lines of letters, 0..1."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    factor = EDGE / max(grey.shape)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=way), np.uint8)
    edges = cv2.Canny(grey, 60, 160) > 0
    total = int(edges.sum())
    if not total:
        return 0.0
    best = 0
    for side in (grey, 255 - grey):
        dark = cv2.adaptiveThreshold(side, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 41, 14)
        boxes = _letters(np.asarray(dark, np.uint8))
        lines = _in_lines(boxes)
        if len(lines) >= LEAST_LETTERS:
            covered = np.zeros(edges.shape, bool)
            for x, y, width, height in lines:
                covered[max(0, y - 2) : y + height + 2, max(0, x - 2) : x + width + 2] = True
            best = max(best, int((edges & covered).sum()))
    return best / total


def _letters(dark: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Boxes (x, y, width, height) of blobs that could be letters: right in size, neither full nor hair-thin."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    if count < 2:
        return np.zeros((0, 4), np.int32)
    boxes, area = np.asarray(stats[1:, :4], np.int32), stats[1:, cv2.CC_STAT_AREA]
    width, height = boxes[:, 2], boxes[:, 3]
    fill = area / np.maximum(width * height, 1)
    good = (
        (height >= LOW)
        & (height <= HIGH)
        & (width >= 2)
        & (width <= 2.2 * height)
        & (fill > 0.12)
        & (fill < 0.92)
    )
    depth = cv2.distanceTransform(dark, cv2.DIST_L2, 3)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, np.asarray(labels.ravel(), np.int64), depth.ravel())
    stroke = deepest[1:] * 2
    good &= (stroke < 0.45 * height) & (area > stroke * height * 0.5)
    return np.asarray(boxes[good], np.int32)


def _in_lines(boxes: NDArray[np.int32]) -> list[tuple[int, int, int, int]]:
    """Those boxes that have neighbours of their height beside them, LEAST_IN_LINE to a line."""
    if len(boxes) < LEAST_IN_LINE:
        return []
    order = np.argsort(boxes[:, 0], kind="stable")
    x, y, width, height = boxes[order].T.astype(np.int64)
    parent = list(range(len(x)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for n in range(len(x)):
        gap = x[n + 1 :] - (x[n] + width[n])
        alike = (gap < 1.1 * height[n]) & (gap > -0.4 * width[n])
        alike &= (height[n + 1 :] < 1.9 * height[n]) & (height[n] < 1.9 * height[n + 1 :])
        alike &= np.abs((y[n + 1 :] + height[n + 1 :]) - (y[n] + height[n])) < 0.45 * height[n]
        for other in np.flatnonzero(alike)[:3]:
            parent[root(n)] = root(n + 1 + int(other))
    roots = [root(n) for n in range(len(x))]
    sizes = np.bincount(roots, minlength=len(x))
    kept = [n for n in range(len(x)) if sizes[roots[n]] >= LEAST_IN_LINE]
    return [(int(x[n]), int(y[n]), int(width[n]), int(height[n])) for n in kept]
