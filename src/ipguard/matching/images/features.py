"""Local features: SIFT as RootSIFT (Lowe 2004; Arandjelović & Zisserman 2012), at the sizes measured to be enough."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.decode import Picture, Pixels

Floats = NDArray[np.float32]

QUERY_EDGE = 512
SMALL_EDGE = 400
"""Pictures smaller than this are enlarged first."""
QUERY_FEATURES = 1500
REFERENCE_SIZES = ((480, 800), (240, 300), (120, 120))
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
    """n: radians."""
    descriptors: Floats
    """n × 128, unit length."""

    def __len__(self) -> int:
        return len(self.points)


def query_features(picture: Picture, *, mirrored: bool = False) -> Features:
    """Features of a listing picture. Mirrored: of the picture turned left to right, in its own coordinates then."""
    pixels = picture.pixels[:, ::-1] if mirrored else picture.pixels
    longest = max(pixels.shape[:2])
    edge = QUERY_EDGE if longest >= SMALL_EDGE else min(QUERY_EDGE, longest * 2)
    return _at(pixels, edge, QUERY_FEATURES, picture.scale)


def reference_features(picture: Picture) -> Features:
    """Features of a reference at three sizes."""
    parts = [_at(picture.pixels, edge, count, picture.scale) for edge, count in REFERENCE_SIZES]
    return Features(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.sizes for p in parts]),
        np.concatenate([p.angles for p in parts]),
        np.concatenate([p.descriptors for p in parts]),
    )


def _at(pixels: Pixels, edge: int, count: int, scale: float) -> Features:
    height, width = pixels.shape[:2]
    factor = edge / max(height, width)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    resized = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    sift = cv2.SIFT.create(nfeatures=count, contrastThreshold=CONTRAST, edgeThreshold=EDGE)
    found, raw = sift.detectAndCompute(resized, None)
    if raw is None or not found:
        return Features(*(np.zeros(shape, np.float32) for shape in ((0, 2), (0,), (0,), (0, 128))))
    order = sorted(range(len(found)), key=lambda n: (-found[n].response, found[n].pt))[:count]
    back = scale / factor
    root = np.sqrt(raw[order] / np.maximum(raw[order].sum(axis=1, keepdims=True), 1e-6))
    return Features(
        np.array([found[n].pt for n in order], np.float32) * np.float32(back),
        np.array([found[n].size for n in order], np.float32) * np.float32(back),
        np.radians(np.array([found[n].angle for n in order], np.float32)),
        root.astype(np.float32),
    )
