"""The references, ready to be searched: hashes, features, and an inverted index over the descriptors of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.decode import Picture, Undecodable, decode
from ipguard.matching.images.features import Features, reference_features
from ipguard.matching.images.hashes import Bits, HashIndex, hash_of, is_flat

FLAT_UP_TO = 40_000
"""Descriptors that are searched one by one; more get an inverted index, which is approximate."""
NEIGHBOURS = 4
PROBES = 12
CANDIDATES = 12
"""References that are compared point by point."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference picture."""

    work: str
    sha256: str
    name: str
    width: int
    height: int


class ReferenceIndex:
    """Everything that is known of the references; immutable once made."""

    def __init__(
        self,
        references: list[Reference],
        features: list[Features],
        bits: Bits,
        flat: NDArray[np.bool_],
        search: faiss.Index | None = None,
    ) -> None:
        self.references, self.features = references, features
        self._bits, self._flat = bits, flat
        self.hashes = HashIndex(bits, flat)
        counts = [len(one) for one in features]
        self._owner = np.repeat(np.arange(len(features)), counts)
        self._search = search if search is not None else _make_search(features)

    def __len__(self) -> int:
        return len(self.references)

    def candidates(self, query: Features) -> list[int]:
        """References worth comparing point by point, most votes first; all of them when they are few."""
        if len(self) <= CANDIDATES:
            return list(range(len(self)))
        if not len(query) or self._search is None:
            return []
        similar, ids = self._search.search(query.descriptors, NEIGHBOURS)
        votes = np.zeros(len(self))
        for rank in range(NEIGHBOURS):
            good = ids[:, rank] >= 0
            np.add.at(votes, self._owner[ids[good, rank]], np.maximum(similar[good, rank] - 0.6, 0) ** 2)
        sizes = np.array([len(one) for one in self.features], np.float64)
        scored = votes / np.sqrt(np.maximum(sizes, 50))
        return [int(n) for n in np.argsort(-scored, kind="stable")[:CANDIDATES] if votes[n] > 0]

    def save(self, folder: Path) -> None:
        """Write the index down; `load` gives one with the same answers."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("points", "sizes", "angles", "descriptors"):
            parts = [getattr(one, name) for one in self.features]
            np.save(
                folder / f"{name}.npy", np.concatenate(parts) if parts else np.zeros((0, 128), np.float32)
            )
        np.save(folder / "bits.npy", self._bits)
        np.save(folder / "flat.npy", self._flat)
        if self._search is not None:
            faiss.write_index(self._search, str(folder / "search.faiss"))
        meta = {
            "format": FORMAT,
            "references": [asdict(one) for one in self.references],
            "counts": [len(one) for one in self.features],
        }
        (folder / "index.json").write_text(json.dumps(meta), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> ReferenceIndex:
        """Open what `save` wrote; arrays are mapped, not read."""
        meta = json.loads((folder / "index.json").read_text("utf-8"))
        ends = np.cumsum(meta["counts"]).tolist()
        starts = [0, *ends[:-1]]
        arrays = {
            n: np.load(folder / f"{n}.npy", mmap_mode="r")
            for n in ("points", "sizes", "angles", "descriptors")
        }
        features = [
            Features(*(arrays[name][a:b] for name in ("points", "sizes", "angles", "descriptors")))
            for a, b in zip(starts, ends, strict=False)
        ]
        stored = folder / "search.faiss"
        search = faiss.read_index(str(stored), faiss.IO_FLAG_MMAP) if stored.exists() else None
        references = [Reference(**row) for row in meta["references"]]
        return cls(references, features, np.load(folder / "bits.npy"), np.load(folder / "flat.npy"), search)


def build_index(
    pictures: Iterable[tuple[str, str, str, bytes]],
) -> tuple[ReferenceIndex, list[tuple[str, Undecodable]]]:
    """An index over (work, sha256, name, bytes), and the names that could not be read with their reasons."""
    references: list[Reference] = []
    features: list[Features] = []
    bits: list[Bits] = []
    flat: list[bool] = []
    unread: list[tuple[str, Undecodable]] = []
    for work, sha256, name, data in pictures:
        picture = decode(data)
        if isinstance(picture, Undecodable):
            unread.append((name, picture))
            continue
        references.append(Reference(work, sha256, name, picture.width, picture.height))
        features.append(reference_features(picture))
        bits.append(hash_of(picture))
        flat.append(is_flat(picture))
    all_bits = np.concatenate(bits) if bits else np.zeros((0, 32), np.uint8)
    return ReferenceIndex(references, features, all_bits, np.array(flat, bool)), unread


def size_of(picture: Picture) -> tuple[int, int]:
    """(width, height) of the original."""
    return picture.width, picture.height


def _make_search(features: list[Features]) -> faiss.Index | None:
    """Inner product over unit vectors: one by one while they are few, an inverted file of 8-bit codes after that."""
    rows = [np.asarray(one.descriptors) for one in features if len(one)]
    if not rows:
        return None
    descriptors = np.ascontiguousarray(np.concatenate(rows), np.float32)
    index: faiss.Index = faiss.IndexFlatIP(128)
    if len(descriptors) > FLAT_UP_TO:
        lists = int(4 * np.sqrt(len(descriptors)))
        quantiser = faiss.IndexFlatIP(128)
        inverted = faiss.IndexIVFScalarQuantizer(
            quantiser, 128, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        inverted.own_fields, inverted.nprobe = True, PROBES
        quantiser.this.disown()  # type: ignore[attr-defined] # faiss's stubs leave it out
        step = max(1, len(descriptors) // (lists * 40))
        inverted.train(np.ascontiguousarray(descriptors[::step]))
        index = inverted
    index.add(descriptors)
    return index
