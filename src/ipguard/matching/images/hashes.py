"""Whole pictures: imagehash's pHash of 256 bits, in eight turns (mirror and quarter turns), compared exactly.

A hash alone is right at ≤ 77 of 256 bits for the picture as it is (one false flag per 1,000 unrelated pictures and
1,000 references, 8,132 illustrations), and eight turns look eight times. So hashes only propose here:
whoever takes a proposal up compares pixels before anything is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import faiss
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ipguard.matching.images.decode import Picture

Bits = NDArray[np.uint8]
"""n × 32: 256 bits a row."""

NEAR = 64
"""Largest distance that is a proposal. Of 3,568 unrelated pictures against 1,554 references none that looked alike as
well came nearer than 72 (round buttons, planets); whole copies beyond are seen by their features."""
NEAR_FLAT = 24
"""For flat references, whose hashes many pictures share."""
EDGE, KEPT = 64, 16
"""Pixels an edge that the cosine transform sees, and the lowest frequencies a side that are kept (Zauner 2010)."""
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
    hashed = imagehash.phash(Image.fromarray(_small(picture)), hash_size=KEPT, highfreq_factor=EDGE // KEPT)
    return np.packbits(hashed.hash)[None, :]


def turned_hashes(picture: Picture) -> Bits:
    """Eight rows, in the order of TURNS; the bits that imagehash gives for the picture turned.

    Turning a picture changes signs and order of its frequencies and nothing else, so one transform serves all eight
    (as PDQ does it: Facebook 2019, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" §5.4).
    """
    low = _frequencies(picture)
    odd = np.where(np.arange(KEPT) % 2, -1.0, 1.0)
    rows = []
    for base in (low, low * odd[None, :]):
        turned = base
        for _ in range(4):
            rows.append(_bits(turned))
            turned = turned.T * odd[None, :]  # a quarter turn clockwise: transposed, then left for right
    return np.stack(rows)


def is_flat(picture: Picture) -> bool:
    """Whether a picture has too little in it for a hash to tell it from others."""
    return float(_small(picture).std()) < FLAT_DEVIATION


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
    return hit.distance <= (NEAR_FLAT if flat[hit.reference] else NEAR)


def _nearest(hits: list[HashHit]) -> list[HashHit]:
    best: dict[int, HashHit] = {}
    for hit in sorted(hits, key=lambda h: (h.distance, h.turn, h.reference)):
        best.setdefault(hit.reference, hit)
    return list(best.values())


def _small(picture: Picture) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(np.ascontiguousarray(picture.pixels), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (EDGE, EDGE), interpolation=cv2.INTER_AREA), np.uint8)


def _frequencies(picture: Picture) -> NDArray[np.float64]:
    import scipy.fft  # half a second that commands without pictures need not wait

    return np.asarray(scipy.fft.dctn(_small(picture).astype(np.float64), type=2)[:KEPT, :KEPT])


def _bits(frequencies: NDArray[np.float64]) -> Bits:
    return np.packbits(frequencies > np.median(frequencies))
