"""Local features: SIFT points (Lowe 2004) at the sizes measured to be enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.decode import Picture, Pixels
from ipguard.matching.images.descriptors import Packed, mirrored, pack, pack_axes, unpack

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

QUERY_EDGE = 512
SMALL_EDGE = 400
"""Pictures smaller than this are enlarged first."""
QUERY_FEATURES = 1200
REFERENCE_SIZES = ((480, 430), (240, 180), (120, 80))
"""(longest edge, features): a print on a far-away shirt looks like the small one."""
CONTRAST, EDGE = 0.02, 20.0
"""SIFT thresholds; the edge threshold keeps line art (the default of 10 drops it)."""


@dataclass(frozen=True, slots=True)
class Features:
    """Points and descriptors of one picture. Coordinates are pixels of the original, upright."""

    points: Floats
    """n × 2: x, y."""
    sizes: Floats
    """n: diameter in original pixels."""
    angles: Floats
    """n: radians, clockwise from the right."""
    packed: Packed
    """n × 32: descriptors, see `descriptors`."""

    def __len__(self) -> int:
        return len(self.points)

    def mirrored(self, width: float) -> Features:
        """What the same picture turned left to right would give: no second look at the pixels is needed."""
        points = self.points.copy()
        points[:, 0] = np.float32(width) - points[:, 0]
        packed = pack_axes(mirrored(unpack(self.packed)))
        return Features(points, self.sizes, np.float32(np.pi) - self.angles, packed)

    def first(self, count: int) -> Features:
        """The strongest ones."""
        return Features(self.points[:count], self.sizes[:count], self.angles[:count], self.packed[:count])


def query_features(picture: Picture) -> Features:
    """Features of a listing picture, strongest first."""
    longest = max(picture.pixels.shape[:2])
    edge = QUERY_EDGE if longest >= SMALL_EDGE else min(QUERY_EDGE, longest * 2)
    return _at(picture.pixels, edge, QUERY_FEATURES, picture.scale)


def reference_features(picture: Picture) -> Features:
    """Features of a reference at three sizes."""
    parts = [_at(picture.pixels, edge, count, picture.scale) for edge, count in REFERENCE_SIZES]
    return Features(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.sizes for p in parts]),
        np.concatenate([p.angles for p in parts]),
        np.concatenate([p.packed for p in parts]),
    )


def sift_at(pixels: Pixels, edge: int, count: int) -> tuple[Floats, Floats]:
    """SIFT at one size: points (n × 4: x, y, size, radians; in pixels of that size) and descriptors (n × 128).

    The strongest `count`, strongest first; the same pixels always give the same order.
    """
    height, width = pixels.shape[:2]
    factor = edge / max(height, width)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    resized = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    sift = cv2.SIFT.create(nfeatures=count, contrastThreshold=CONTRAST, edgeThreshold=EDGE)
    found, raw = sift.detectAndCompute(resized, None)
    if raw is None or not found:
        return np.zeros((0, 4), np.float32), np.zeros((0, 128), np.float32)
    rows = np.array([(*p.pt, p.size, math.radians(p.angle), p.response) for p in found], np.float64)
    order = np.lexsort((rows[:, 1], rows[:, 0], -rows[:, 4]))[:count]
    return rows[order, :4].astype(np.float32), np.asarray(raw[order], np.float32)


def _at(pixels: Pixels, edge: int, count: int, scale: float) -> Features:
    rows, sift = sift_at(pixels, edge, count)
    rows[:, :3] *= scale * max(pixels.shape[:2]) / edge
    return Features(np.ascontiguousarray(rows[:, :2]), rows[:, 2].copy(), rows[:, 3].copy(), pack(sift))
