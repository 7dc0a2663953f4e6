"""Do matched points lie as one picture lies in another? A placement is a claim, so it has to be a plausible one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ipguard.matching.finding import Point, Quad
from ipguard.matching.images.features import Features, Floats

MIN_INLIERS = 8
"""No real product photo of 837 reached this many by chance (highest: 6)."""
RATIO = 0.82
"""A point counts when its best partner is this much nearer than the best one elsewhere (Lowe 2004 §7.1)."""
MIN_AREA_SHARE = 0.008
MAX_SIDE_RATIO = 4.0
MIN_AGREEING = 0.22
"""Of the matched points inside the region. Copies were measured at 0.33 and more, look-alikes at 0.09 and less."""
MIN_SPREAD = 0.02
"""Of the reference's area that the agreeing points must span: one corner or one logo is not the picture."""
SURE_INLIERS, MIN_AGREEING_FEW = 12, 0.4
"""Fewer points than that have to agree better."""
TOLERANCE = 0.012
"""Of the picture's diagonal: how far a point may lie from where it should."""
SEED = 20260


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a reference lies in a picture."""

    region: Quad
    reference_region: Quad
    inliers: int
    share: float
    """Of the reference that lies inside the picture, 0..1."""
    query_points: tuple[Point, ...]
    reference_points: tuple[Point, ...]


def place(
    query: Features, reference: Features, picture_size: tuple[int, int], reference_size: tuple[int, int]
) -> Placement | None:
    """Match two pictures point by point and find the one placement that most points agree on.

    Args:
        query: of the listing picture. reference: of the reference, all its sizes.
        picture_size: (width, height) in pixels. reference_size: likewise.
    """
    pairs = _pairs(query, reference)
    if len(pairs) < MIN_INLIERS:
        return None
    source = reference.points[pairs[:, 1]]
    target = query.points[pairs[:, 0]]
    tolerance = TOLERANCE * float(np.hypot(*picture_size))
    cv2.setRNGSeed(SEED)  # the same points give the same placement
    rough, mask = cv2.estimateAffinePartial2D(
        source,
        target,
        method=cv2.RANSAC,
        ransacReprojThreshold=tolerance * 2.5,
        maxIters=4000,
        confidence=0.999,
    )
    if rough is None or int(mask.sum()) < MIN_INLIERS - 2:
        return None
    keep = mask.ravel().astype(bool)
    matrix = _refined(source, target, keep, rough, tolerance)
    errors = np.linalg.norm(_project(matrix, source) - target, axis=1)
    agreeing = _unique(source, target, errors, tolerance, reference_size)
    if len(agreeing) < MIN_INLIERS:
        return None
    found = _plausible(matrix, source[agreeing], target[agreeing], picture_size, reference_size)
    asked = MIN_AGREEING if len(agreeing) >= SURE_INLIERS else MIN_AGREEING_FEW
    if found is None or len(agreeing) < asked * _inside(target, found.region):
        return None
    return found


def _inside(points: Floats, region: Quad) -> int:
    """How many matched points lie in a region: if it is a copy, a good part of them agrees on how it lies."""
    contour = np.array(region, np.float32).reshape(-1, 1, 2)
    return sum(cv2.pointPolygonTest(contour, (float(x), float(y)), measureDist=False) >= 0 for x, y in points)


def _pairs(query: Features, reference: Features) -> np.ndarray:
    """Row pairs (query, reference) that pass the ratio test; neighbours of the best partner do not compete with it."""
    if len(query) < 2 or len(reference) < 4:
        return np.zeros((0, 2), np.int64)
    similar = query.descriptors @ reference.descriptors.T
    top = np.argpartition(-similar, 3, axis=1)[:, :4]
    rows = np.arange(len(query))[:, None]
    order = np.argsort(-similar[rows, top], axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    distance = np.sqrt(np.maximum(2 - 2 * similar[rows, top], 0))
    extent = float(reference.points.max()) + 1
    best = reference.points[top[:, 0]]
    found = []
    for n in range(len(query)):
        rivals = [
            distance[n, k] for k in (1, 2, 3)
            if np.linalg.norm(reference.points[top[n, k]] - best[n]) > 0.03 * extent
        ]  # fmt: skip
        if distance[n, 0] < RATIO * (rivals[0] if rivals else 1.2):
            found.append((n, int(top[n, 0])))
    return np.array(found, np.int64).reshape(-1, 2)


def _refined(
    source: Floats, target: Floats, keep: np.ndarray, rough: np.ndarray, tolerance: float
) -> np.ndarray:
    """A perspective placement where enough points carry it, else the similarity."""
    matrix = np.vstack([rough, [0, 0, 1]]).astype(np.float64)
    errors = np.linalg.norm(_project(matrix, source) - target, axis=1)
    near = keep | (errors < tolerance * 5)
    if int(near.sum()) >= 12:
        better, mask = cv2.findHomography(
            source[near], target[near], cv2.RANSAC, tolerance, maxIters=3000, confidence=0.999
        )
        if better is not None and int(mask.sum()) >= max(10, int(keep.sum()) * 0.8) and _is_tame(better):
            return np.asarray(better, np.float64)
    return matrix


def _is_tame(matrix: np.ndarray) -> bool:
    return bool(np.linalg.det(matrix[:2, :2]) > 1e-8) and abs(matrix[2, 2]) > 1e-8


def _unique(
    source: Floats, target: Floats, errors: np.ndarray, tolerance: float, reference_size: tuple[int, int]
) -> np.ndarray:
    """Agreeing pairs, one a place on either side: the same spot at three sizes is one witness."""
    grid = max(reference_size) / 120
    seen_source: set[tuple[int, int]] = set()
    seen_target: set[tuple[int, int]] = set()
    kept = []
    for n in np.argsort(errors, kind="stable"):
        if errors[n] > tolerance:
            break
        a = (int(source[n][0] / grid), int(source[n][1] / grid))
        b = (int(target[n][0] / 3), int(target[n][1] / 3))
        if a not in seen_source and b not in seen_target:
            seen_source.add(a)
            seen_target.add(b)
            kept.append(int(n))
    return np.array(kept, np.int64)


def _plausible(
    matrix: np.ndarray,
    source: Floats,
    target: Floats,
    picture_size: tuple[int, int],
    reference_size: tuple[int, int],
) -> Placement | None:
    width, height = reference_size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    quad = _project(matrix, corners).astype(np.float32)
    if not np.isfinite(quad).all() or not cv2.isContourConvex(quad.reshape(-1, 1, 2)):
        return None
    area = float(abs(cv2.contourArea(quad)))
    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    expected = np.array([width, height, width, height]) / max(width, height)
    stretched = sides / np.maximum(expected, 0.05)
    if (
        area < MIN_AREA_SHARE * picture_size[0] * picture_size[1]
        or stretched.max() > MAX_SIDE_RATIO * stretched.min()
    ):
        return None
    hull = float(cv2.contourArea(cv2.convexHull(source)))
    if hull < MIN_SPREAD * width * height:
        return None
    frame = np.array([(0, 0), (picture_size[0], 0), picture_size, (0, picture_size[1])], np.float32)
    shown, _ = cv2.intersectConvexConvex(quad, frame)
    share = min(1.0, float(shown) / max(area, 1e-6))
    back = _project(np.linalg.inv(matrix), frame)
    seen = np.clip(back, (0, 0), (width, height)) if share < 0.97 else corners
    return Placement(
        region=_quad(np.clip(quad, (0, 0), picture_size)),
        reference_region=_quad(np.asarray(seen)),
        inliers=len(source),
        share=round(share, 4),
        query_points=tuple((float(x), float(y)) for x, y in target),
        reference_points=tuple((float(x), float(y)) for x, y in source),
    )


def _project(matrix: np.ndarray, points: Floats) -> np.ndarray:
    homogeneous = np.hstack([points, np.ones((len(points), 1), np.float32)]) @ matrix.T
    depth = np.where(np.abs(homogeneous[:, 2:]) < 1e-9, 1e-9, homogeneous[:, 2:])
    return np.asarray(homogeneous[:, :2] / depth, np.float32)


def _quad(points: np.ndarray) -> Quad:
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in points)
    return a, b, c, d
