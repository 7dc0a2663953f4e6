"""From points that agree to a placement that can be shown: where, how much of the work, and how sure.

A placement is a claim, so it has to be a plausible one (convex, its sides within bounds, not a speck), and its sureness
is measured: `WEIGHTS` are a logistic regression over copies and look-alikes, see docs/calibration.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ipguard.matching.finding import MAX_POINTS, Point, Quad
from ipguard.matching.images.agreement import Agreement
from ipguard.matching.images.features import Features
from ipguard.matching.images.fitting import Matrix, Points, Warp, project
from ipguard.matching.images.likeness import Likeness

Size = tuple[int, int]
"""Width and height, pixels."""

MIN_POINTS = 5
MIN_AREA_SHARE = 0.004
"""Of the picture: a smaller place is a speck."""
MAX_SIDE_RATIO = 5.0
"""How differently the sides of a placement may be stretched."""
MIN_SPREAD = 0.002
"""Of the reference that agreeing points must span."""
WHOLE = 0.97
"""Share of a reference in view from which all of it is said to be."""
WEIGHTS = (-7.4, 2.72, 0.83, -9.61, 0.45, 1.64, 7.99)
"""Of the measures in `Evidence.measures`, in their order."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a reference lies in a picture."""

    region: Quad
    """Corner by corner where `reference_region` lies in the picture."""
    reference_region: Quad
    """The part of the reference that is in view: an upright box."""
    share: float
    """Of the reference that is in view, 0..1."""
    points: tuple[tuple[Point, Point], ...]
    """Agreeing points in picture and reference, the surest first, at most MAX_POINTS."""
    inliers: int
    sureness: float
    """0..1: how often what measures like this was a copy."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a placement."""

    votes: int
    inliers: int
    asked: int
    distance: float
    """Mean of the agreeing descriptors' distances."""
    spread: float
    """Share of the reference that agreeing points span."""
    likeness: Likeness

    @property
    def measures(self) -> tuple[float, ...]:
        """What the regression sees: a constant first."""
        return (
            1.0,
            math.log(self.votes),
            math.log(self.inliers / max(self.asked, 1)),
            self.distance,
            self.likeness.middle,
            self.likeness.upper,
            self.likeness.seen,
        )

    @property
    def sureness(self) -> float:
        """0..1."""
        total = sum(w * m for w, m in zip(WEIGHTS, self.measures, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, total))))


def outline(warp: Warp, reference: Size, picture: Size) -> np.ndarray | None:
    """Corners of a reference in a picture (4 × 2, float32), or None where no flat thing could lie so."""
    width, height = reference
    quad = warp(_box(0, 0, width, height)).astype(np.float32)
    if not np.isfinite(quad).all() or not cv2.isContourConvex(quad.reshape(-1, 1, 2)):
        return None
    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    stretched = sides / np.array([width, height, width, height])
    area = abs(float(cv2.contourArea(quad)))
    if area < MIN_AREA_SHARE * picture[0] * picture[1]:
        return None
    return quad if stretched.max() <= MAX_SIDE_RATIO * stretched.min() else None


def evidence_for(
    agreement: Agreement, votes: int, points: Features, size: Size, alike: Likeness
) -> Evidence | None:
    """What speaks for an agreement, or None where its points are too few or sit in one corner.

    Args:
        points: of the reference. size: likewise.
    """
    if len(agreement.queries) < MIN_POINTS:
        return None
    hull = cv2.convexHull(points.points[agreement.references])
    spread = float(cv2.contourArea(hull)) / (size[0] * size[1])
    if spread < MIN_SPREAD:
        return None
    distance = float(agreement.distances.mean())
    return Evidence(votes, len(agreement.queries), agreement.asked, distance, spread, alike)


def placement(
    agreement: Agreement,
    quad: np.ndarray,
    pair: tuple[Features, Features],
    sizes: tuple[Size, Size],
    sure: float,
) -> Placement:
    """What is told of an agreement.

    Args:
        quad: see `outline`. pair: features of picture and reference. sizes: of picture and reference.
    """
    (picture, reference), (frame_size, size) = pair, sizes
    frame = np.array([(0, 0), (frame_size[0], 0), frame_size, (0, frame_size[1])], np.float32)
    shown, _ = cv2.intersectConvexConvex(quad, frame)
    share = min(1.0, float(shown) / max(abs(float(cv2.contourArea(quad))), 1e-6))
    part = _box(0, 0, *size) if share >= WHOLE else _part_in_view(agreement.warp, frame, size)
    region = np.clip(agreement.warp(part), (0, 0), frame_size)
    rows = _spread_out(agreement, reference, size)
    told = tuple(
        (_point(picture.points[agreement.queries[n]]), _point(reference.points[agreement.references[n]]))
        for n in rows
    )
    return Placement(_quad(region), _quad(part), round(share, 4), told, len(agreement.queries), sure)


def _part_in_view(warp: Warp, frame: np.ndarray, size: Size) -> Points:
    """The upright box of a reference whose place lies in the picture."""
    back: Matrix = np.asarray(np.linalg.inv(warp.matrix), np.float64)
    seen = project(back, frame.astype(np.float64)).astype(np.float32)
    whole = _box(0, 0, *size).astype(np.float32)
    area, polygon = cv2.intersectConvexConvex(seen, whole)
    if area <= 0 or polygon is None:
        return _box(0, 0, *size)
    corners = polygon.reshape(-1, 2)
    (x, y), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return _box(x, y, right, bottom)


def _box(x: float, y: float, right: float, bottom: float) -> Points:
    return np.array([(x, y), (right, y), (right, bottom), (x, bottom)], np.float64)


def _spread_out(agreement: Agreement, reference: Features, size: Size) -> list[int]:
    """Rows to show: the nearest descriptors of each part of the reference first, so that all of it is seen."""
    cells = (reference.points[agreement.references] / max(size) * 8).astype(np.int64)
    rank: dict[tuple[int, int], int] = {}
    order = []
    for n in np.argsort(agreement.distances, kind="stable").tolist():
        cell = (int(cells[n][0]), int(cells[n][1]))
        rank[cell] = rank.get(cell, 0) + 1
        order.append((rank[cell], n))
    return [n for _, n in sorted(order)[:MAX_POINTS]]


def _point(xy: np.ndarray) -> Point:
    return round(float(xy[0]), 1), round(float(xy[1]), 1)


def _quad(points: np.ndarray) -> Quad:
    a, b, c, d = (_point(xy) for xy in points)
    return a, b, c, d
