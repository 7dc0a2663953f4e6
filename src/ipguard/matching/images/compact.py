"""Features in 40 bytes each, as indexes and fingerprints keep them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.descriptors import PACKED_BYTES, Packed
from ipguard.matching.images.features import Features

Numbers = NDArray[np.uint16]
"""n × 4: x, y, size, direction."""

FEATURE_BYTES = 8 + PACKED_BYTES
PLACES = 65535.0
"""Steps along the longest edge."""
SIZE_STEPS, SMALLEST = 4096.0, 14.0
"""Steps an octave; sizes begin at 2 ** -SMALLEST of the longest edge."""
TURN = 65536.0 / (2 * np.pi)
"""Steps a radian."""


def numbers_of(features: Features, longest: int) -> Numbers:
    """Places, sizes and directions in 16 bits each.

    Args:
        longest: longest edge of the picture that they are of, pixels.
    """
    made = np.empty((len(features), 4), np.uint16)
    made[:, :2] = np.clip(np.rint(features.points * (PLACES / longest)), 0, PLACES)
    octaves = np.log2(np.maximum(features.sizes, 1e-9) / longest) + SMALLEST
    made[:, 2] = np.clip(np.rint(octaves * SIZE_STEPS), 0, 65535)
    made[:, 3] = np.rint(features.angles * TURN).astype(np.int64) & 0xFFFF
    return made


def octaves_of(numbers: Numbers) -> NDArray[np.float32]:
    """Sizes as octaves of the longest edge."""
    return numbers[:, 2].astype(np.float32) / np.float32(SIZE_STEPS) - np.float32(SMALLEST)


def angles_of(numbers: Numbers) -> NDArray[np.float32]:
    """Directions, radians."""
    return numbers[:, 3].astype(np.float32) / np.float32(TURN)


def features_from(numbers: Numbers, packed: Packed, longest: int) -> Features:
    """Features of a picture whose longest edge has `longest` pixels."""
    points = numbers[:, :2].astype(np.float32) * np.float32(longest / PLACES)
    return Features(points, np.exp2(octaves_of(numbers)) * np.float32(longest), angles_of(numbers), packed)


def to_bytes(features: Features, longest: int) -> bytes:
    """FEATURE_BYTES a feature."""
    rows = np.empty((len(features), FEATURE_BYTES), np.uint8)
    rows[:, :8] = numbers_of(features, longest).astype("<u2").view(np.uint8).reshape(-1, 8)
    rows[:, 8:] = features.packed
    return rows.tobytes()


def from_bytes(data: bytes, longest: int) -> Features:
    """What `to_bytes` wrote."""
    rows = np.frombuffer(data, np.uint8).reshape(-1, FEATURE_BYTES)
    numbers = np.ascontiguousarray(rows[:, :8]).view("<u2").astype(np.uint16)
    return features_from(numbers, np.ascontiguousarray(rows[:, 8:]), longest)
