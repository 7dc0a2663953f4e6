# ruff: noqa: SLF001
"""What is kept of a listing picture, so that it can be compared again without its bytes."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import cv2
import faiss
import numpy as np

from ipguard.matching.images.decode import Picture
from ipguard.matching.images.features import Features, query_features
from ipguard.matching.images.geometry import place
from ipguard.matching.images.hashes import Bits, turned_hashes
from ipguard.matching.images.index import ReferenceIndex, build_index
from ipguard.matching.images.matcher import PictureVerdict, _from_features, _from_hash

VERSION = "1"
MAGIC = b"IPGF1\n"
EMPTY = np.zeros((0, 0, 3), np.uint8)


class BadFingerprint(ValueError):
    """These bytes are no fingerprint of this version."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Hashes and features of one picture."""

    bits: Bits
    """8 × 32: eight turns, the picture as it is first."""
    features: tuple[Features, Features]
    """As it is, and mirrored."""
    width: int
    """Of the picture as decoded upright, pixels."""
    height: int

    def to_bytes(self) -> bytes:
        """A form to be kept; `from_bytes` reads it."""
        out = io.BytesIO()
        parts = {
            f"{name}{n}": getattr(one, name)
            for n, one in enumerate(self.features)
            for name in ("points", "sizes", "angles")
        }
        parts |= {
            f"codes{n}": np.rint(one.descriptors * 255).astype(np.uint8)
            for n, one in enumerate(self.features)
        }
        np.savez_compressed(out, bits=self.bits, size=np.array([self.width, self.height]), **parts)
        return MAGIC + out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """Read what `to_bytes` wrote.

        Raises:
            BadFingerprint: it is damaged, or of another version.
        """
        if not data.startswith(MAGIC):
            raise BadFingerprint("these bytes are no fingerprint of this version")
        try:
            with np.load(io.BytesIO(data[len(MAGIC) :]), allow_pickle=False) as stored:
                width, height = (int(one) for one in stored["size"])
                sides = [
                    Features(
                        stored[f"points{n}"],
                        stored[f"sizes{n}"],
                        stored[f"angles{n}"],
                        _unit(stored[f"codes{n}"].astype(np.float32)),
                    )
                    for n in (0, 1)
                ]
                return cls(stored["bits"], (sides[0], sides[1]), width, height)
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise BadFingerprint("the fingerprint is damaged") from error


def fingerprint_of(picture: Picture) -> Fingerprint:
    """What is kept of a picture."""
    features = (query_features(picture), query_features(picture, mirrored=True))
    made = Fingerprint(turned_hashes(picture), features, picture.width, picture.height)
    return Fingerprint.from_bytes(made.to_bytes())  # as it will be read: the same answer at once and later


def match_fingerprint(index: ReferenceIndex, fingerprint: Fingerprint, sha256: str) -> PictureVerdict:
    """Compare a picture that was seen before with every reference."""
    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    picture = Picture(EMPTY, fingerprint.width, fingerprint.height, "")
    found = {
        hit.reference: _from_hash(index, picture, hit, sha256)
        for hit in index.hashes.search(fingerprint.bits)
    }
    for mirrored in (False, True):
        if mirrored and found:
            break
        query = fingerprint.features[mirrored]
        for number in index.candidates(query):
            if number in found:
                continue
            reference = index.references[number]
            size = (reference.width, reference.height)
            placement = place(query, index.features[number], (fingerprint.width, fingerprint.height), size)
            if placement is not None:
                found[number] = _from_features(reference, picture, placement, sha256, mirrored=mirrored)
    return PictureVerdict(tuple(sorted(found.values(), key=lambda f: (-f.strength, f.work, str(f.place)))))


def extended(index: ReferenceIndex, pictures: Iterable[tuple[str, str, str, bytes]]) -> ReferenceIndex:
    """The index with further references."""
    more, _ = build_index(pictures)
    return ReferenceIndex(
        [*index.references, *more.references],
        [*index.features, *more.features],
        np.concatenate([index._bits, more._bits]),
        np.concatenate([index._flat, more._flat]),
    )


def without(index: ReferenceIndex, sha256s: Collection[str]) -> ReferenceIndex:
    """The index without some references."""
    keep = [n for n, one in enumerate(index.references) if one.sha256 not in sha256s]
    return ReferenceIndex(
        [index.references[n] for n in keep],
        [index.features[n] for n in keep],
        index._bits[keep],
        index._flat[keep],
    )


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)
