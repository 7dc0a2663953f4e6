"""Which frames of an animation are worth looking at: the first, and those least like it and like each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

EDGE = 32
"""Frames are compared as grey squares of this many pixels."""
DIFFERENT = 12.0
"""Mean difference in grey levels of 256: blinking lights and small moves are below it, another slide is above."""


class Shown(Protocol):
    """Something with pixels."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Height × width × 3, RGB."""
        ...


Frame = TypeVar("Frame", bound=Shown)


@dataclass(frozen=True, slots=True)
class Choice(Generic[Frame]):
    """The frames that were chosen, in their order, and how many were looked at."""

    pictures: tuple[Frame, ...]
    looked_at: int


def differing(first: Frame, later: Iterable[Frame], most: int) -> Choice[Frame]:
    """`first` and up to `most` - 1 of `later`, each unlike the others; one pass, at most `most` + 1 are held.

    Once there are enough, a frame takes the place of another where that leaves them further apart.
    """
    kept = [(first, _thumbnail(first))]
    looked_at = 1
    for frame in later:
        looked_at += 1
        small = _thumbnail(frame)
        if min(_distance(small, other) for _, other in kept) < DIFFERENT:
            continue
        kept.append((frame, small))
        if len(kept) > most:
            del kept[_least_missed(kept)]
    return Choice(tuple(frame for frame, _ in kept), looked_at)


def _least_missed(kept: list[tuple[Frame, NDArray[np.int16]]]) -> int:
    """The one, never the first, that is nearest to another; the newer one of two that are equally near."""
    nearest = [
        min(_distance(small, other) for m, (_, other) in enumerate(kept) if m != n)
        for n, (_, small) in enumerate(kept)
    ]
    return max(range(1, len(kept)), key=lambda n: (-nearest[n], n))


def _thumbnail(frame: Shown) -> NDArray[np.int16]:
    small = cv2.resize(frame.pixels, (EDGE, EDGE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.int16)


def _distance(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    return float(np.abs(one - other).mean())
