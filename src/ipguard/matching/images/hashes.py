"""Whole pictures: imagehash's pHash of 256 bits, in eight turns (mirror and quarter turns), compared exactly.

Distances at one false flag per 1,000 unrelated pictures and 1,000 references were measured at ≤ 77 of 256 for the
picture as it is (8,132 illustrations); eight turns look eight times, so turned ones are held to less.
"""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ipguard.matching.images.decode import Picture, Pixels

Bits = NDArray[np.uint8]
"""n × 32: 256 bits a row."""

NEAR = 64
"""Largest distance that is a finding, the picture as it is."""
NEAR_TURNED = 56
NEAR_FLAT = 32
"""For flat references, whose hashes many pictures share."""
FLAT_DEVIATION = 18.0
"""Grey levels: a picture that varies less is flat."""
TURNS = ("0", "90", "180", "270", "mirrored", "mirrored 90", "mirrored 180", "mirrored 270")


@dataclass(frozen=True, slots=True)
class HashHit:
    """A reference that a picture resembles as a whole."""

    reference: int
    distance: int
    """Differing bits of 256."""
    turn: int
    """Index into TURNS."""


def hash_of(picture: Picture) -> Bits:
    """One row: the picture as it is."""
    return _pack(_small(picture.pixels))[None, :]


def turned_hashes(picture: Picture) -> Bits:
    """Eight rows, in the order of TURNS."""
    small = np.asarray(_small(picture.pixels))
    turns = [np.rot90(base, -n) for base in (small, small[:, ::-1]) for n in range(4)]
    return np.stack([_pack(Image.fromarray(np.ascontiguousarray(turn))) for turn in turns])


def is_flat(picture: Picture) -> bool:
    """Whether a picture has too little in it for a hash to tell it from others."""
    return float(np.asarray(_small(picture.pixels)).std()) < FLAT_DEVIATION


class HashIndex:
    """Exact search over references: every one within the radius, none else."""

    def __init__(self, bits: Bits, flat: NDArray[np.bool_]) -> None:
        self._bits, self._flat = bits, flat
        self._index = faiss.IndexBinaryFlat(256)
        if len(bits):
            self._index.add(np.ascontiguousarray(bits))

    def search(self, turned: Bits) -> list[HashHit]:
        """References near one of the eight turns, each with its nearest turn, nearest first."""
        if not len(self._bits):
            return []
        limits, distances, ids = self._index.range_search(np.ascontiguousarray(turned), NEAR + 1)
        rows = [
            HashHit(int(ids[n]), int(distances[n]), turn)
            for turn in range(len(turned))
            for n in range(int(limits[turn]), int(limits[turn + 1]))
        ]
        return _nearest([hit for hit in rows if _near(hit, self._flat)])

    def search_slowly(self, turned: Bits) -> list[HashHit]:
        """The same by comparing everything: the reference that `search` must equal."""
        differing = np.unpackbits(turned[:, None, :] ^ self._bits[None, :, :], axis=2).sum(axis=2)
        rows = [HashHit(r, int(d), t) for t, line in enumerate(differing) for r, d in enumerate(line)]
        return _nearest([hit for hit in rows if _near(hit, self._flat)])


def _near(hit: HashHit, flat: NDArray[np.bool_]) -> bool:
    limit = NEAR_FLAT if flat[hit.reference] else NEAR if hit.turn == 0 else NEAR_TURNED
    return hit.distance <= limit


def _nearest(hits: list[HashHit]) -> list[HashHit]:
    best: dict[int, HashHit] = {}
    for hit in sorted(hits, key=lambda h: (h.distance, h.turn, h.reference)):
        best.setdefault(hit.reference, hit)
    return list(best.values())


def _small(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels).convert("L").resize((64, 64), Image.Resampling.BOX)


def _pack(image: Image.Image) -> Bits:
    bits = imagehash.phash(image, hash_size=16, highfreq_factor=4).hash
    return np.packbits(bits.reshape(-1))
