"""Descriptors in 32 bytes: RootSIFT turned onto its 64 strongest axes, four bits an axis.

One form everywhere (in the index, in kept fingerprints, in comparing two points), so that a picture seen again from its
fingerprint gives what it gave when it was seen first. The axes are data: `build_vocabulary` measured them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Packed = NDArray[np.uint8]
"""n × 32: two axes a byte."""

AXES, PACKED_BYTES = 64, 32
REACH = 3.0
"""Standard deviations that the 16 steps of an axis span on either side."""


@dataclass(frozen=True, slots=True)
class Axes:
    """From a RootSIFT descriptor of unit length to 64 numbers."""

    mean: Floats
    """128."""
    basis: Floats
    """64 × 128, rows orthonormal."""
    step: Floats
    """64: width of one of the 16 steps."""
    mirror: Floats
    shift: Floats
    """64 × 64 and 64: what a descriptor becomes when the picture is turned left to right is `x @ mirror.T + shift`."""


@lru_cache(maxsize=1)
def axes() -> Axes:
    """The axes, read once."""
    with np.load(BytesIO(files("ipguard.matching.images").joinpath("data/axes.npz").read_bytes())) as data:
        mean, basis, deviation = data["mean"], data["basis"], data["deviation"]
    # Lowe 2004 §6.1: 4 rows × 4 columns × 8 directions in the frame of the point; the mirror turns the rows round
    # and counts the directions the other way.
    order = np.arange(128).reshape(4, 4, 8)[::-1][..., [0, 7, 6, 5, 4, 3, 2, 1]].reshape(-1)
    mirror = basis @ basis[:, order].T
    shift = (mean[order] - mean) @ basis.T
    return Axes(mean, basis, deviation * np.float32(REACH / 8), mirror.astype(np.float32), shift)


def pack(sift: Floats) -> Packed:
    """SIFT descriptors (n × 128, any length) as 32 bytes each."""
    known = axes()
    root = np.sqrt(sift / np.maximum(sift.sum(axis=1, keepdims=True), 1e-6))
    return pack_axes((root - known.mean) @ known.basis.T)


def pack_axes(values: Floats) -> Packed:
    """n × 64 numbers as 32 bytes each."""
    steps = np.clip(np.floor(values / axes().step) + 8, 0, 15).astype(np.uint8)
    return np.asarray(steps[:, 0::2] << 4 | steps[:, 1::2], np.uint8)


def unpack(packed: Packed) -> Floats:
    """n × 64 numbers, each in the middle of its step."""
    steps = np.empty((len(packed), AXES), np.float32)
    steps[:, 0::2] = packed >> 4
    steps[:, 1::2] = packed & 15
    steps -= 7.5
    steps *= axes().step
    return steps


def mirrored(values: Floats) -> Floats:
    """Of the same points in the picture turned left to right (n × 64)."""
    known = axes()
    return values @ known.mirror.T + known.shift
