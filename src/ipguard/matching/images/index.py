"""The references, ready to be searched: hashes, features, thumbnails, and an inverted file over all descriptors."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.compact import Numbers, angles_of, features_from, numbers_of, octaves_of
from ipguard.matching.images.decode import Picture, Undecodable, decode
from ipguard.matching.images.descriptors import PACKED_BYTES, Packed, unpack
from ipguard.matching.images.features import Features, reference_features
from ipguard.matching.images.hashes import Bits, HashIndex, hash_of, is_flat
from ipguard.matching.images.likeness import Grey, thumb_of
from ipguard.matching.images.vocabulary import empty_search, tuned
from ipguard.matching.images.voting import Matches

NEIGHBOURS = 4
"""Nearest reference descriptors of each descriptor of a picture."""
FAR = 1.0
"""Descriptors farther apart than this (0..1.4) are no match."""
Source = tuple[str, str, str, bytes]
"""(work, SHA-256 in hex, name, bytes) of a picture."""
FORMAT = 3
ARRAYS = ("counts", "numbers", "packed", "bits", "flat", "thumbs", "shapes")
ADD_AT_ONCE = 200_000
"""Descriptors that are unpacked at a time while the inverted file is made: 51 MB."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference picture."""

    work: str
    sha256: str
    name: str
    width: int
    height: int

    @property
    def longest(self) -> int:
        """Longest edge, pixels."""
        return max(self.width, self.height)


@dataclass(frozen=True)
class Described:
    """All that is kept of references, one behind the other."""

    references: tuple[Reference, ...]
    counts: NDArray[np.int64]
    """Features of each."""
    numbers: Numbers
    packed: Packed
    bits: Bits
    """n × 32."""
    flat: NDArray[np.bool_]
    thumbs: NDArray[np.uint8]
    """All thumbnails, flattened."""
    shapes: NDArray[np.int64]
    """n × 2: height and width of each thumbnail."""

    def only(self, keep: NDArray[np.bool_]) -> Described:
        """Those where `keep` is true."""
        pixels = self.shapes.prod(axis=1)
        return Described(
            tuple(one for one, kept in zip(self.references, keep, strict=True) if kept),
            self.counts[keep],
            self.numbers[np.repeat(keep, self.counts)],
            self.packed[np.repeat(keep, self.counts)],
            self.bits[keep],
            self.flat[keep],
            self.thumbs[np.repeat(keep, pixels)],
            self.shapes[keep],
        )


class ReferenceIndex:
    """Everything that is known of the references; immutable once made."""

    def __init__(self, described: Described, search: faiss.Index | None = None) -> None:
        self.references = described.references
        self._described = described
        self.hashes = HashIndex(described.bits, described.flat)
        self._owner = np.repeat(np.arange(len(described.counts)), described.counts)
        self._first = _starts(described.counts)
        self._thumb_at = _starts(described.shapes.prod(axis=1))
        self._longest = np.log2(np.array([one.longest for one in described.references], np.float32))
        self._search = _filled(empty_search(), described.packed) if search is None else search

    def __len__(self) -> int:
        return len(self.references)

    def features(self, number: int) -> Features:
        """Features of a reference."""
        start = int(self._first[number])
        end = start + int(self._described.counts[number])
        longest = self.references[number].longest
        return features_from(self._described.numbers[start:end], self._described.packed[start:end], longest)

    def thumb(self, number: int) -> Grey:
        """The thumbnail of a reference."""
        height, width = self._described.shapes[number]
        start = int(self._thumb_at[number])
        return self._described.thumbs[start : start + height * width].reshape(height, width)

    def matches(self, query: Features) -> Matches:
        """Descriptors of a picture with their nearest ones in all references."""
        if not len(query) or not len(self._owner):
            none = np.zeros(0, np.int64)
            return Matches(none, none, none, *(np.zeros(0, np.float32) for _ in range(3)))
        far, ids = self._search.search(unpack(query.packed), NEIGHBOURS)
        near = (ids.ravel() >= 0) & (far.ravel() < FAR * FAR)
        rows = np.repeat(np.arange(len(query)), NEIGHBOURS)[near]
        found, weight = ids.ravel()[near], 1 - far.ravel()[near] / (FAR * FAR)
        owner, numbers = self._owner[found], self._described.numbers[found]
        growth = np.log2(query.sizes[rows]) - octaves_of(numbers) - self._longest[owner]
        turn = query.angles[rows] - angles_of(numbers)
        return Matches(rows, owner, found - self._first[owner], growth, turn, weight.astype(np.float32))

    def extended(self, pictures: Iterable[Source]) -> ReferenceIndex:
        """With further references; those that are known already are not described again.

        Pictures that cannot be read are left out.
        """
        more, _ = _described(pictures)
        search = _filled(tuned(faiss.clone_index(self._search)), more.packed)
        return ReferenceIndex(_joined((self._described, more)), search)

    def without(self, sha256s: Collection[str]) -> ReferenceIndex:
        """Without some references; the others are not described again."""
        keep = np.array([one.sha256 not in sha256s for one in self.references], np.bool_)
        return self if keep.all() else ReferenceIndex(self._described.only(keep))

    def searched_by(self, search: faiss.Index) -> ReferenceIndex:
        """The same references behind another search over the same descriptors, in the same order."""
        return ReferenceIndex(self._described, search)

    def save(self, folder: Path) -> None:
        """Write the index down; `load` gives one with the same answers. `index.json` comes last."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self._described, name))
        (folder / "search.faiss").write_bytes(faiss.serialize_index(self._search).tobytes())
        meta = {"format": FORMAT, "references": [asdict(one) for one in self.references]}
        (folder / "index.json").write_text(json.dumps(meta), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> ReferenceIndex:
        """Open what `save` wrote; arrays are mapped, not read.

        Raises:
            OSError, ValueError, KeyError, RuntimeError: the folder is damaged, or of another format.
        """
        meta = json.loads((folder / "index.json").read_text("utf-8"))
        if meta["format"] != FORMAT:
            raise ValueError(f"index of format {meta['format']}, not {FORMAT}")
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
        references = tuple(Reference(**row) for row in meta["references"])
        return cls(Described(references, **arrays), tuned(faiss.read_index(str(folder / "search.faiss"))))


def build_index(pictures: Iterable[Source]) -> tuple[ReferenceIndex, list[tuple[str, Undecodable]]]:
    """An index over pictures, and the names that could not be read with their reasons."""
    described, unread = _described(pictures)
    return ReferenceIndex(described), unread


def size_of(picture: Picture) -> tuple[int, int]:
    """(width, height) of the original."""
    return picture.width, picture.height


def _described(pictures: Iterable[Source]) -> tuple[Described, list[tuple[str, Undecodable]]]:
    cv2.setNumThreads(1)
    parts, unread = [NONE], []
    for work, sha256, name, data in pictures:
        picture = decode(data)
        if isinstance(picture, Undecodable):
            unread.append((name, picture))
        else:
            parts.append(_describe(work, sha256, name, picture))
    return _joined(parts), unread


def _describe(work: str, sha256: str, name: str, picture: Picture) -> Described:
    features, thumb = reference_features(picture), thumb_of(picture)
    reference = Reference(work, sha256, name, picture.width, picture.height)
    return Described(
        (reference,),
        np.array([len(features)], np.int64),
        numbers_of(features, reference.longest),
        features.packed,
        hash_of(picture),
        np.array([is_flat(picture)], np.bool_),
        thumb.ravel(),
        np.array([thumb.shape], np.int64),
    )


def _joined(parts: Sequence[Described]) -> Described:
    references = tuple(one for part in parts for one in part.references)
    return Described(references, **{n: np.concatenate([getattr(p, n) for p in parts]) for n in ARRAYS})


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each part begins."""
    return np.concatenate([[0], np.cumsum(counts)])[:-1].astype(np.int64)


def _filled(search: faiss.Index, packed: Packed) -> faiss.Index:
    for start in range(0, len(packed), ADD_AT_ONCE):
        search.add(unpack(packed[start : start + ADD_AT_ONCE]))
    return search


NONE = Described(
    (),
    np.zeros(0, np.int64),
    np.zeros((0, 4), np.uint16),
    np.zeros((0, PACKED_BYTES), np.uint8),
    np.zeros((0, 32), np.uint8),
    np.zeros(0, np.bool_),
    np.zeros(0, np.uint8),
    np.zeros((0, 2), np.int64),
)
