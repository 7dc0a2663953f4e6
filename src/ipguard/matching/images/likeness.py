"""Does the matched place look like the reference, pixel by pixel? Chance and shared frames do not.

The place is laid back flat at thumbnail size and compared patch by patch: zero-mean normalised cross-correlation (Lewis
1995), which light and colour do not change. Only patches with something in them count.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.decode import Picture, Pixels
from ipguard.matching.images.fitting import Warp

Grey = NDArray[np.uint8]

THUMB_EDGE = 64
"""Longest edge of what is kept of a reference for this, pixels."""
PATCH = 9
"""Edge of a patch, pixels of the thumbnail."""
TEXTURE = 5.0
"""Grey levels: a patch of the reference that varies less says nothing."""
ALIKE = 0.5
"""Correlation from which a patch counts as seen."""
LEAST_SHARE = 0.04
"""Of the thumbnail that must be in view with texture, or nothing can be said."""
PICTURE_EDGE = 512
"""Longest edge of the picture that is looked at."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much a place looks like a reference."""

    middle: float
    """Median correlation of patches, -1..1."""
    upper: float
    """Upper quartile of it: on a phone case or behind a hand only a part of the work is left to be seen."""
    seen: float
    """Share of patches in view that are alike, 0..1."""
    compared: float
    """Share of the reference that could be compared, 0..1."""


UNKNOWN = Likeness(0.0, 0.0, 0.0, 0.0)


def thumb_of(picture: Picture) -> Grey:
    """What is kept of a reference: grey, at most THUMB_EDGE long."""
    return _grey(picture.pixels, THUMB_EDGE)


def look_over(picture: Picture) -> Grey:
    """A listing picture as `likeness` takes it."""
    return _grey(picture.pixels, PICTURE_EDGE)


def likeness(grey: Grey, picture_width: int, thumb: Grey, reference_width: int, warp: Warp) -> Likeness:
    """Compare the place in a picture with the reference.

    Args:
        grey: of the whole picture, see `look_over`. thumb: of the reference.
        picture_width, reference_width: of the originals, pixels; `warp` goes from one to the other.
    """
    height, width = thumb.shape
    down, up = grey.shape[1] / picture_width, reference_width / width
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    places = warp(np.column_stack([columns.ravel(), rows.ravel()]) * up) * down - 0.5
    x, y = (places[:, n].reshape(height, width).astype(np.float32) for n in (0, 1))
    place = cv2.remap(_softened(grey, x, y), x, y, cv2.INTER_LINEAR).astype(np.float32)
    inside = (x >= 0) & (y >= 0) & (x <= grey.shape[1] - 1) & (y <= grey.shape[0] - 1)
    return _compare(thumb.astype(np.float32), place, inside.astype(np.uint8) * 255)


def _softened(grey: Grey, x: NDArray[np.float32], y: NDArray[np.float32]) -> Grey:
    """Without what the smaller thumbnail cannot show: pixels that are skipped over would be noise."""
    shrink = float(np.median(np.hypot(np.diff(x, axis=1), np.diff(y, axis=1))))
    return (
        grey if shrink < 1.5 else np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.4 * min(shrink, 16)), np.uint8)
    )


def _compare(one: NDArray[np.float32], other: NDArray[np.float32], inside: Grey) -> Likeness:
    patch = (PATCH, PATCH)
    mean_a, mean_b = cv2.blur(one, patch), cv2.blur(other, patch)
    var_a = np.maximum(cv2.blur(one * one, patch) - mean_a**2, 0)
    var_b = np.maximum(cv2.blur(other * other, patch) - mean_b**2, 0)
    together = cv2.blur(one * other, patch) - mean_a * mean_b
    counted = (cv2.erode(inside, np.ones(patch, np.uint8), borderValue=255) > 250) & (var_a > TEXTURE**2)
    if counted.mean() < LEAST_SHARE:
        return UNKNOWN
    found = (together / np.sqrt(var_a * var_b + 4.0))[counted]
    middle, upper = np.percentile(found, (50, 75))
    return Likeness(float(middle), float(upper), float((found > ALIKE).mean()), float(counted.mean()))


def _grey(pixels: Pixels, edge: int) -> Grey:
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    factor = edge / max(grey.shape)
    if factor < 1:
        size = (max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)
