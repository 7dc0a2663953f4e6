"""Winnowing fingerprints of a folded text (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003).

A text is folded and reduced to its letters and digits, so that case, width, script variant, signs and invisible
characters do not matter. Every k-gram is hashed; of each window of w hashes the smallest is kept, the rightmost where
several are. Any two texts that share w + k - 1 letters share a fingerprint.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ipguard.matching.text.fold import Codes, Offsets, encode, fold, letters_and_digits

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

K_DENSE = 6
"""Characters of a gram that begins with Han, kana or Hangul: about as rare as twelve Latin letters."""
K_SPARSE = 12
WINDOW = 8
"""Hashes of which one is kept; `_winnow` doubles up to it, so it is a power of two."""
SAME = 8
"""Places of one hash that are kept in one text; a text of one repeated line says nothing new."""
MAX_CHARACTERS = 20_000_000
BASE = 0x9E3779B97F4A7C15 | 1
SALTS = (np.uint64(0x243F6A8885A308D3), np.uint64(0x13198A2E03707344))
DENSE = (
    (0x3005, 0x3007), (0x3041, 0x30FF), (0x3130, 0x318F), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3), (0x1100, 0x11FF), (0xF900, 0xFAFF), (0x20000, 0x323AF),
)  # fmt: skip
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reduced:
    """A text as letters and digits only, each with the stretch of the original it stands for."""

    codes: Codes
    starts: Offsets
    ends: Offsets

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Letters [first, last) in code points of the original."""
        return int(self.starts[first]), int(self.ends[last - 1])


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Chosen hashes and the letter each begins at, in order of place."""

    hashes: Hashes
    places: NDArray[np.uint32]


def reduce(text: str) -> Reduced:
    """Letters and digits of a text, folded; lines that every book has (licences, chapter headings) are left out."""
    text = SURROGATE.sub("\ufffd", text[:MAX_CHARACTERS])
    folded = fold(text)
    codes = encode(folded.text)
    kept = letters_and_digits()[codes]
    common = np.zeros(len(text) + 1, dtype=bool)
    for found in _common_lines().finditer(text):
        common[found.start() : found.end()] = True
    kept = kept & ~common[folded.starts]
    return Reduced(codes[kept], folded.starts[kept], folded.ends[kept])


def fingerprints(codes: Codes) -> Fingerprints:
    """The fingerprints of reduced text, at most `SAME` of one hash."""
    hashes, places = _grams(codes)
    chosen = _winnow(hashes)
    return _few(hashes[chosen], places[chosen])


def is_dense(codes: Codes) -> Flags:
    """Han, kana and Hangul: scripts whose characters say as much as two letters or more."""
    return _dense_table()[np.minimum(codes, 0x3FFFF)]


def weights(codes: Codes) -> NDArray[np.float64]:
    """What each letter counts: a dense one 1, any other a half."""
    return np.where(is_dense(codes), 1.0, K_DENSE / K_SPARSE)


def _grams(codes: Codes) -> tuple[Hashes, NDArray[np.uint32]]:
    """A hash for each place where a whole gram begins; rolling, by differences of one running sum."""
    count = len(codes)
    mixed = _mix(codes.astype(np.uint64))
    powers = _powers(np.uint64(BASE), count + 1)
    undo = _powers(np.uint64(pow(BASE, -1, 1 << 64)), count + 1)
    running = np.concatenate(
        [np.zeros(1, dtype=np.uint64), np.cumsum(mixed * powers[:count], dtype=np.uint64)]
    )
    dense = is_dense(codes)
    hashes = np.zeros(count, dtype=np.uint64)
    whole = np.zeros(count, dtype=bool)
    for size, salt, mine in ((K_DENSE, SALTS[0], dense), (K_SPARSE, SALTS[1], ~dense)):
        if count < size:
            continue
        rolled = (running[size:] - running[:-size]) * undo[: count - size + 1]
        here = mine[: count - size + 1]
        hashes[: count - size + 1][here] = _mix(rolled[here] ^ salt)
        whole[: count - size + 1] |= here
    places = np.flatnonzero(whole).astype(np.uint32)
    return hashes[places], places


def _winnow(hashes: Hashes) -> NDArray[np.int64]:
    """Which hashes are kept: the rightmost smallest of every window."""
    if len(hashes) == 0:
        return np.zeros(0, dtype=np.int64)
    if len(hashes) <= WINDOW:
        return np.array([len(hashes) - 1 - int(np.argmin(hashes[::-1]))], dtype=np.int64)
    least = hashes
    for step in (1, 2, 4):
        least = np.minimum(least[:-step], least[step:])
    kept = np.zeros(len(hashes), dtype=bool)
    looking = np.ones(len(least), dtype=bool)
    for place in reversed(range(WINDOW)):
        chosen = looking & (hashes[place : place + len(least)] == least)
        kept[place : place + len(least)] |= chosen
        looking &= ~chosen
    return np.flatnonzero(kept)


def _few(hashes: Hashes, places: NDArray[np.uint32]) -> Fingerprints:
    order = np.argsort(hashes, kind="stable")
    ranked = hashes[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]]) if len(ranked) else np.zeros(0, dtype=bool)
    begins = np.flatnonzero(first)
    rank = np.arange(len(ranked)) - np.repeat(begins, np.diff(np.append(begins, len(ranked))))
    kept = np.sort(order[rank < SAME])
    return Fingerprints(hashes[kept], places[kept])


def _powers(base: np.uint64, count: int) -> Hashes:
    powers = np.full(count, base, dtype=np.uint64)
    powers[:1] = 1
    return np.multiply.accumulate(powers, dtype=np.uint64)


def _mix(values: Hashes) -> Hashes:
    """SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@lru_cache(maxsize=1)
def _dense_table() -> Flags:
    table = np.zeros(0x40000, dtype=bool)
    for first, last in DENSE:
        table[first : last + 1] = True
    return table


@lru_cache(maxsize=1)
def _common_lines() -> re.Pattern[str]:
    data = tomllib.loads(files("ipguard.matching.copies").joinpath("data/common.toml").read_text("utf-8"))
    lines = "|".join(f"(?:{pattern})" for pattern in data["lines"])
    return re.compile(rf"^[^\S\n]{{0,20}}(?:{lines})[^\n]{{0,200}}$", re.IGNORECASE | re.MULTILINE)
