"""Hashes of every stretch of a long text in constant time, as arrays; and sets of hashes that say no quickly.

With Q[i] = Σ c[j]·B^j over the letters before i (mod 2^64), a stretch hashes to (Q[end] - Q[start])·B^-start, wherever
it stands; without its letter i, to the same sum with the part behind i moved one place down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

BASE = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that it has an inverse modulo 2^64."""
INVERSE = np.uint64(pow(int(BASE), -1, 1 << 64))
BITS_A_KEY = 32
"""Places of the first table for each hash it holds: of strangers one in 32 passes, and the second table stops most."""
MAX_BITS = 24


@dataclass(frozen=True, slots=True)
class Hasher:
    """An array of letters (bytes) whose stretches are hashed."""

    sums: Hashes
    gaps: Hashes
    """For each letter, what leaving it out takes off the sums around it."""
    inverse: Hashes

    def whole(self, starts: Places, ends: Places) -> Hashes:
        """Of [start, end)."""
        result: Hashes = self.sums.take(ends)
        result -= self.sums.take(starts)
        result *= self.inverse.take(starts)
        return result

    def leaving_out(self, starts: Places, ends: Places) -> tuple[Places, Hashes]:
        """Of every [start, end) without each of its letters in turn: (index of the stretch, hash)."""
        index = np.repeat(np.arange(len(starts)), ends - starts)
        first = np.cumsum(ends - starts) - (ends - starts)
        letters = np.arange(len(index)) + (starts - first).take(index)
        rest = self.sums.take(ends) * INVERSE - self.sums.take(starts)
        keys = self.gaps.take(letters)
        keys += rest.take(index)
        keys *= self.inverse.take(starts).take(index)
        return index, keys


def hasher_of(letters: NDArray[np.uint8]) -> Hasher:
    """Get an array of letters ready."""
    powers, inverse = _powers(1 << (len(letters) + 1).bit_length())
    sums = np.zeros(len(letters) + 1, dtype=np.uint64)
    np.cumsum(_values().take(letters) * powers[: len(letters)], out=sums[1:])
    return Hasher(sums, sums[:-1] - sums[1:] * INVERSE, inverse)


class HashSet:
    """Which hashes are known, and the number each was given with; immutable once made."""

    def __init__(self, keys: Hashes, numbers: Places) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._numbers = numbers[order]
        bits = min(MAX_BITS, max(10, (BITS_A_KEY * len(keys)).bit_length()))
        self._shift = np.uint64(64 - bits)
        self._first = np.zeros(1 << bits, dtype=bool)
        self._first[keys >> self._shift] = True
        self._mask = np.uint64((1 << (bits - 1)) - 1)
        self._second = np.zeros(1 << (bits - 1), dtype=bool)
        self._second[(keys >> np.uint64(8)) & self._mask] = True

    def __len__(self) -> int:
        return len(self._keys)

    def likely(self, keys: Hashes) -> Places:
        """Indexes of hashes that may be known; few strangers are among them."""
        places = np.flatnonzero(self.may_hold(keys))
        second = (keys[places] >> np.uint64(8)) & self._mask
        sure: Places = places[self._second.take(second.view(np.int64), mode="clip")]
        return sure

    def may_hold(self, keys: Hashes) -> NDArray[np.bool_]:
        """Whether each hash may be known; one stranger in 32 passes."""
        # Seen as signed, which it fits, a number needs no conversion; it is in range, so none is checked.
        result: NDArray[np.bool_] = self._first.take((keys >> self._shift).view(np.int64), mode="clip")
        return result

    def holds(self, keys: Hashes) -> NDArray[np.bool_]:
        """Whether each hash is known."""
        known = np.zeros(len(keys), dtype=bool)
        places = self.likely(keys)
        at = np.searchsorted(self._keys, keys[places])
        known[places] = (
            self._keys[np.minimum(at, len(self._keys) - 1)] == keys[places] if len(self) else False
        )
        return known

    def find(self, keys: Hashes) -> tuple[Places, Places]:
        """(index into keys, number) of every pair that agrees."""
        places = self.likely(keys)
        first = np.searchsorted(self._keys, keys[places], "left")
        count = np.searchsorted(self._keys, keys[places], "right") - first
        index = np.repeat(places, count)
        within = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
        return index, self._numbers[np.repeat(first, count) + within]


def set_of(words: Sequence[bytes], *, shortened: bool = False) -> HashSet:
    """A set of words, numbered as they come; `shortened` adds each without one of its letters."""
    letters = np.frombuffer(b"".join(words), dtype=np.uint8)
    hasher = hasher_of(letters)
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    keys, numbers = hasher.whole(starts, ends), np.arange(len(words))
    if not shortened:
        return HashSet(keys, numbers)
    of, less = hasher.leaving_out(starts, ends)
    return HashSet(np.concatenate((keys, less)), np.concatenate((numbers, of)))


def hash_of(word: bytes) -> int:
    """The same hash of one word by a plain loop: the reference."""
    total, power = 0, 1
    for code in word:
        total += int(_values()[code]) * power
        power *= int(BASE)
    return total & 0xFFFFFFFFFFFFFFFF


@lru_cache(maxsize=1)
def _values() -> Hashes:
    return np.random.default_rng(7).integers(1, 1 << 63, 256, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


@lru_cache(maxsize=4)
def _powers(count: int) -> tuple[Hashes, Hashes]:
    powers = np.full(count, BASE, dtype=np.uint64)
    inverse = np.full(count, INVERSE, dtype=np.uint64)
    powers[0] = inverse[0] = 1
    return np.cumprod(powers), np.cumprod(inverse)
