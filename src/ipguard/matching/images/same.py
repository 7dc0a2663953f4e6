"""The same picture under another name: stored pictures whose whole-picture hashes nearly agree, found exactly.

Measured on 60 drawn goods on four mock-ups: saved again at JPEG quality 40 they lie within 4 bits of 256, mirrored or
turned within 6; another artwork on the same mock-up lies at 8 and more, two drawings at 40 and more. So what lies
within 6 bits is one picture; further out it may be one mock-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np

from ipguard.matching.images.hashes import TURNS, Bits

SAME = 6
"""Differing bits of 256 within which two pictures are taken for one."""
ROW = 32
"""Bytes of one turn."""


@dataclass(frozen=True, slots=True, order=True)
class Same:
    """A stored picture that is nearly the one asked for."""

    distance: int
    """Differing bits of 256."""
    sha256: str
    turn: str
    """How the one asked for is turned to be it: 0, 90, …, mirrored 270."""


class SamePictures:
    """Stored pictures by the hash of how they are; immutable once made."""

    def __init__(self, contents: Sequence[str], hashes: Sequence[bytes]) -> None:
        """SHA-256 of each picture, and its eight turns (8 × 32 bytes)."""
        self._contents = list(contents)
        rows = [np.frombuffer(one[:ROW], np.uint8) for one in hashes]
        self._bits: Bits = np.stack(rows) if rows else np.zeros((0, ROW), np.uint8)
        self._index = faiss.IndexBinaryFlat(8 * ROW)
        if rows:
            self._index.add(np.ascontiguousarray(self._bits))

    def of(self, hashes: bytes, within: int = SAME) -> list[Same]:
        """Every stored picture within so many bits of one of the eight turns, each with its nearest; nearest first."""
        if not self._contents:
            return []
        limits, distances, ids = self._index.range_search(_turned(hashes), within + 1)
        rows = [
            (int(distances[n]), turn, int(ids[n]))
            for turn in range(len(TURNS))
            for n in range(int(limits[turn]), int(limits[turn + 1]))
        ]
        return self._best(rows)

    def of_slowly(self, hashes: bytes, within: int = SAME) -> list[Same]:
        """The same by comparing everything: the reference that `of` must equal."""
        differing = np.unpackbits(_turned(hashes)[:, None, :] ^ self._bits[None, :, :], axis=2).sum(axis=2)
        rows = [
            (int(d), turn, n)
            for turn, line in enumerate(differing)
            for n, d in enumerate(line)
            if d <= within
        ]
        return self._best(rows)

    def _best(self, rows: list[tuple[int, int, int]]) -> list[Same]:
        best: dict[int, Same] = {}
        for distance, turn, number in sorted(rows):
            best.setdefault(number, Same(distance, self._contents[number], TURNS[turn]))
        return sorted(best.values())


def _turned(hashes: bytes) -> Bits:
    return np.frombuffer(hashes, np.uint8).reshape(len(TURNS), ROW)
