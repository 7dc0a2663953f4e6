"""Owned texts and where each of their fingerprints stands; immutable, grown by making a larger one, kept as npz."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ipguard.matching.copies.fingerprints import (
    K_DENSE,
    K_SPARSE,
    WINDOW,
    Fingerprints,
    Hashes,
    Reduced,
    fingerprints,
    reduce,
)

FORMAT = f"ipguard copies 1, k={K_DENSE}/{K_SPARSE}, w={WINDOW}"
MANY_WORKS = 8
"""From so many works on, what several of them share is taken for common to such works."""
COMMON_WORKS = 4
COMMON_SHARE = 0.05
Numbers = NDArray[np.uint32]
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged npz may raise; RuntimeError where a flipped bit says that it is encrypted or newer."""


class Unreadable(Exception):
    """Kept fingerprints that cannot be read: damaged, or of another version."""


@dataclass(frozen=True, slots=True)
class OwnedText:
    """One text of one work."""

    work: str
    name: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class CopyIndex:
    """Fingerprints of owned texts, sorted by hash."""

    texts: tuple[OwnedText, ...]
    reduced: tuple[Reduced, ...]
    hashes: Hashes
    owners: Numbers
    """Which text each fingerprint is of."""
    places: Numbers

    def shared(self, prints: Fingerprints) -> dict[int, list[tuple[int, int]]]:
        """Text number → (place in the asking text, place in the owned one), in order; common fingerprints left out."""
        first = np.searchsorted(self.hashes, prints.hashes, side="left")
        last = np.searchsorted(self.hashes, prints.hashes, side="right")
        hit = np.flatnonzero(last > first)
        found: dict[int, list[tuple[int, int]]] = {}
        most = self._common_from()
        works = np.array([self._work_numbers()[text.work] for text in self.texts], dtype=np.int64)
        for number in hit:
            begin, end = int(first[number]), int(last[number])
            owners = self.owners[begin:end]
            if end - begin >= most and len(np.unique(works[owners])) >= most:
                continue
            at = int(prints.places[number])
            for owner, place in zip(owners.tolist(), self.places[begin:end].tolist(), strict=True):
                found.setdefault(owner, []).append((at, place))
        return {owner: sorted(seeds) for owner, seeds in sorted(found.items())}

    def with_texts(self, texts: Iterable[OwnedText]) -> CopyIndex:
        """A larger index; a text that is in already, letter for letter under the same name, is not added twice."""
        known = {(text.work, text.name, text.digest) for text in self.texts}
        fresh = [text for text in texts if (text.work, text.name, text.digest) not in known]
        return self._grown(fresh)

    def without(self, names: Iterable[str]) -> CopyIndex:
        """An index without the texts of these names."""
        gone = set(names)
        kept = [number for number, text in enumerate(self.texts) if text.name not in gone]
        renumbered = np.full(len(self.texts) + 1, -1, dtype=np.int64)
        renumbered[kept] = np.arange(len(kept))
        mask = renumbered[self.owners] >= 0
        return CopyIndex(
            tuple(self.texts[n] for n in kept),
            tuple(self.reduced[n] for n in kept),
            self.hashes[mask],
            renumbered[self.owners[mask]].astype(np.uint32),
            self.places[mask],
        )

    def _grown(self, fresh: Sequence[OwnedText]) -> CopyIndex:
        reduced = [reduce(text.text) for text in fresh]
        prints = [fingerprints(one.codes) for one in reduced]
        hashes = np.concatenate([self.hashes, *(one.hashes for one in prints)])
        numbered = [
            np.full(len(one.hashes), len(self.texts) + n, dtype=np.uint32) for n, one in enumerate(prints)
        ]
        owners = np.concatenate([self.owners, *numbered])
        places = np.concatenate([self.places, *(one.places for one in prints)])
        order = np.lexsort((places, owners, hashes))
        return CopyIndex(
            (*self.texts, *fresh), (*self.reduced, *reduced), hashes[order], owners[order], places[order]
        )

    def _work_numbers(self) -> dict[str, int]:
        return {work: number for number, work in enumerate(dict.fromkeys(text.work for text in self.texts))}

    def _common_from(self) -> int:
        """In how many works a fingerprint is common to such works; out of reach for a few works."""
        works = len(self._work_numbers())
        return max(COMMON_WORKS, int(COMMON_SHARE * works)) if works >= MANY_WORKS else 1 << 30


def empty_index() -> CopyIndex:
    """An index of nothing, to add to."""
    none = np.zeros(0, dtype=np.uint32)
    return CopyIndex((), (), np.zeros(0, dtype=np.uint64), none, none)


def build_index(texts: Iterable[OwnedText]) -> CopyIndex:
    """An index of these texts."""
    return empty_index().with_texts(texts)


def to_bytes(index: CopyIndex) -> bytes:
    """The index as an npz file, texts included."""
    said = [[text.work, text.name, text.text] for text in index.texts]
    about = json.dumps({"format": FORMAT, "texts": said}).encode("ascii")
    file = io.BytesIO()
    np.savez_compressed(
        file,
        about=np.frombuffer(about, dtype=np.uint8),
        hashes=index.hashes,
        owners=index.owners,
        places=index.places,
    )
    return file.getvalue()


def from_bytes(data: bytes) -> CopyIndex:
    """An index that `to_bytes` wrote.

    Raises:
        Unreadable: it is damaged, or was written with other settings.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            hashes, owners, places = (file[name] for name in ("hashes", "owners", "places"))
        if about["format"] != FORMAT:
            raise Unreadable(f"it was written as “{about['format']}”, this version reads “{FORMAT}”")
        texts = tuple(OwnedText(str(work), str(name), str(text)) for work, name, text in about["texts"])
    except DAMAGED as error:
        raise Unreadable(f"it is damaged: {error}") from error
    reduced = tuple(reduce(text.text) for text in texts)
    sizes = np.array([len(one.codes) for one in reduced], dtype=np.int64)
    typed = (hashes.dtype, owners.dtype, places.dtype) == (np.uint64, np.uint32, np.uint32)
    if not typed or not len(hashes) == len(owners) == len(places):
        raise Unreadable("it is damaged: its columns do not fit each other")
    if len(hashes) and (int(owners.max()) >= len(texts) or bool((places >= sizes[owners]).any())):
        raise Unreadable("it is damaged: a fingerprint stands outside its text")
    if bool((hashes[1:] < hashes[:-1]).any()):
        raise Unreadable("it is damaged: its fingerprints are not in order")
    return CopyIndex(texts, reduced, hashes, owners, places)
