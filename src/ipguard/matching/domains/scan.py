"""The first look over many domain names at once: which may hold which name, and where.

Whole batches are arrays. Exact forms are found by one Aho-Corasick scan over the names without hyphens and dots.
One wrong letter is found by deletion neighbourhoods (Bocek, Hunt, Stiller 2007, "Fast Similarity Search in Large
Dictionaries"): two words one edit apart share a word that lacks one letter of each. Those of every stretch that begins
or ends where a token does are hashed in one pass: with Q[i] = Σ c[j]·B^j (mod 2^64) the hash of a stretch without its
letter i is two subtractions and a multiplication. Whatever the hashes say is verified by the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ahocorasick_rs import BytesAhoCorasick
from numpy.typing import NDArray

from ipguard.matching.domains.forms import MIN_TYPO, Form, look_of

MAX_TYPO = 24
"""Letters of a name, at most, in which wrong letters are looked for."""
SHORT = 4
"""Letters up to which a name is looked for only where a token begins or ends."""
BATCH = 4096
"""Names looked at in one pass: its arrays stay in a core's cache."""
BASE = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier, so that it has an inverse modulo 2^64."""
NEWLINE, DOT, HYPHEN = b"\n.-"

Words = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a domain name's letters that may be a form."""

    form: int
    start: int
    end: int
    typo: bool


@dataclass(frozen=True, slots=True)
class _Batch:
    """Many names as one array of letters, a newline after each."""

    letters: NDArray[np.uint8]
    rows: Places
    """Where each name begins in `letters`; one more than there are names."""
    starts: Places
    """Letters that begin a token outside the last label."""
    ends: Places
    """One past letters that end a token outside the last label."""
    first: Places
    """Of each letter: where its label begins."""
    last: Places
    """Of each letter: one past where its label ends."""


class Scanner:
    """Looks for many forms at once; immutable once made."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._table = _byte_table()
        patterns: dict[bytes, list[int]] = defaultdict(list)
        short: dict[bytes, list[int]] = defaultdict(list)
        for i, form in enumerate(forms):
            if form.look:
                (short if len(form.look) <= SHORT else patterns)[
                    form.look.encode("latin-1", "replace")
                ].append(i)
        self._patterns = list(patterns.values())
        self._automaton = BytesAhoCorasick(list(patterns)) if patterns else None
        self._short = _Hashes([(word, i) for word, found in short.items() for i in found])
        typos = [
            (form.look.encode("latin-1", "replace"), i)
            for i, form in enumerate(forms)
            if form.look
            and MIN_TYPO <= len(form.look) <= MAX_TYPO
            and not form.common
            and form.how in ("name", "romanised")
        ]
        self._near = _Hashes([(part, i) for word, i in typos for part in _shortened(word)])
        lengths = {len(word) for word, _ in typos}
        self._wanted = sorted({w + d for w in lengths for d in (-1, 0, 1)})
        self._lengths = lengths

    def scan(self, names: Sequence[str]) -> dict[int, list[Found]]:
        """What each name may hold, by its place in `names`; offsets count letters and digits from its beginning.

        Args:
            names: lower case or not; letters that are not ASCII are never part of a hit.
        """
        found: dict[int, list[Found]] = defaultdict(list)
        for first in range(0, len(names), BATCH):
            batch = self._batch(names[first : first + BATCH])
            self._exact(batch, first, found)
            self._edges(batch, first, found)
        return found

    def _batch(self, names: Sequence[str]) -> _Batch:
        blob = "\n".join(names).encode("ascii", "replace").translate(self._table) + b"\n"
        codes = np.frombuffer(blob, dtype=np.uint8)
        kept = codes > DOT
        kept |= codes == NEWLINE
        places = np.flatnonzero(kept)
        letters = codes[places]
        breaks = letters == NEWLINE
        rows = np.concatenate(([0], np.flatnonzero(breaks) + 1))
        before = np.empty(len(places), dtype=np.uint8)
        before[0] = NEWLINE
        before[1:] = codes[places[1:] - 1]
        after = codes[np.minimum(places + 1, len(codes) - 1)]
        parted = before <= DOT
        ended = (after <= DOT) & ~breaks
        dots = np.cumsum(codes == DOT)[places]
        return _with_labels(letters, rows, breaks, parted & ~breaks, ended, dots)

    def _exact(self, batch: _Batch, offset: int, found: dict[int, list[Found]]) -> None:
        if self._automaton is None:
            return
        hits = self._automaton.find_matches_as_indexes(batch.letters.tobytes(), overlapping=True)
        if not hits:
            return
        rows = (
            np.searchsorted(batch.rows, np.fromiter((h[1] for h in hits), np.int64, len(hits)), "right") - 1
        )
        for (pattern, start, end), row in zip(hits, rows.tolist(), strict=True):
            begin = int(batch.rows[row])
            found[offset + row] += [
                Found(f, start - begin, end - begin, False) for f in self._patterns[pattern]
            ]

    def _edges(self, batch: _Batch, offset: int, found: dict[int, list[Found]]) -> None:
        """Short names, and names with one wrong letter, where a token begins or ends."""
        if not (self._short or self._near):
            return
        hasher = _Hasher(batch.letters)
        for length in range(2, SHORT + 1):
            for start in (s[s + length <= batch.last[s]] for s in (batch.starts,)):
                self._collect(
                    self._short, hasher.whole(start, length), start, length, batch, offset, found, False
                )
            back = batch.ends - length
            back = back[(back >= 0)]
            back = back[back >= batch.first[np.minimum(back + length - 1, len(batch.letters) - 1)]]
            self._collect(self._short, hasher.whole(back, length), back, length, batch, offset, found, False)
        for length in self._wanted:
            starts = self._windows(batch, length)
            if len(starts):
                self._collect(
                    self._near, hasher.whole(starts, length), starts, length, batch, offset, found, True
                )
                if length in self._lengths or length - 1 in self._lengths:
                    rows, keys = hasher.shortened(starts, length, self._near)
                    self._collect(self._near, keys, starts[rows], length, batch, offset, found, True)

    @staticmethod
    def _windows(batch: _Batch, length: int) -> Places:
        """Where stretches of a length begin that start or end with a token and stay within one label."""
        forward = batch.starts[batch.starts + length <= batch.last[batch.starts]]
        back = batch.ends - length
        back = back[back >= batch.first[batch.ends - 1]]
        return np.unique(np.concatenate((forward, back)))

    @staticmethod
    def _collect(
        known: _Hashes, keys: Words, starts: Places, length: int, batch: _Batch, offset: int,
        found: dict[int, list[Found]], typo: bool,
    ) -> None:  # fmt: skip
        places, forms = known.find(keys)
        if not len(places):
            return
        where = starts[places]
        rows = np.searchsorted(batch.rows, where, "right") - 1
        for row, start, form in set(
            zip(rows.tolist(), (where - batch.rows[rows]).tolist(), forms.tolist(), strict=True)
        ):
            found[offset + row].append(Found(form, start, start + length, typo))


class _Hasher:
    """Hashes of stretches of an array of letters, each in constant time."""

    def __init__(self, letters: NDArray[np.uint8]) -> None:
        powers, self._inverse = _powers(len(letters))
        sums = np.zeros(len(letters) + 1, dtype=np.uint64)
        np.cumsum(_letter_values()[letters] * powers[: len(letters)], out=sums[1:])
        self._sums = sums
        self._gaps = sums[:-1] - sums[1:] * _INVERSE

    def whole(self, starts: Places, length: int) -> Words:
        """Of [start, start + length)."""
        result: Words = (self._sums[starts + length] - self._sums[starts]) * self._inverse[starts]
        return result

    def shortened(self, starts: Places, length: int, known: _Hashes) -> tuple[Places, Words]:
        """(index into starts, hash) of stretches without one letter, those that may be known."""
        rest = self._sums[starts + length] * _INVERSE - self._sums[starts]
        scale = self._inverse[starts]
        rows: list[Places] = []
        keys: list[Words] = []
        for letter in range(length):
            key = (self._gaps[starts + letter] + rest) * scale
            likely = np.flatnonzero(known.likely(key))
            rows.append(likely)
            keys.append(key[likely])
        return np.concatenate(rows), np.concatenate(keys)


class _Hashes:
    """Hashes of words and which forms they are of; a table of bits says no quickly."""

    def __init__(self, words: Sequence[tuple[bytes, int]]) -> None:
        keys = np.array([hash_of(word) for word, _ in words], dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._forms = np.array([form for _, form in words], dtype=np.int64)[order]
        bits = min(26, max(10, (32 * len(words)).bit_length()))
        self._shift = np.uint64(64 - bits)
        self._bits = np.zeros(1 << bits, dtype=bool)
        self._bits[(keys >> self._shift).astype(np.int64)] = True

    def __bool__(self) -> bool:
        return bool(len(self._keys))

    def likely(self, keys: Words) -> NDArray[np.bool_]:
        """Whether a hash may be known."""
        result: NDArray[np.bool_] = self._bits[(keys >> self._shift).astype(np.int64)]
        return result

    def find(self, keys: Words) -> tuple[Places, Places]:
        """(index into keys, form) of every hash that is known."""
        places = np.flatnonzero(self.likely(keys))
        first = np.searchsorted(self._keys, keys[places], "left")
        count = np.searchsorted(self._keys, keys[places], "right") - first
        index = np.repeat(places, count)
        within = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
        return index, self._forms[np.repeat(first, count) + within]


_INVERSE = np.uint64(pow(int(BASE), -1, 1 << 64))


def hash_of(word: bytes) -> int:
    """The same hash of one word, by a plain loop."""
    values = _letter_values()
    total, power = 0, 1
    for code in word:
        total += int(values[code]) * power
        power = power * int(BASE) & 0xFFFFFFFFFFFFFFFF
    return total & 0xFFFFFFFFFFFFFFFF


def _shortened(word: bytes) -> set[bytes]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _letter_values() -> Words:
    return np.random.default_rng(7).integers(1, 1 << 63, 256, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _powers(count: int) -> tuple[Words, Words]:
    powers = np.full(count + 1, BASE, dtype=np.uint64)
    inverse = np.full(count + 1, _INVERSE, dtype=np.uint64)
    powers[0] = inverse[0] = 1
    return np.cumprod(powers), np.cumprod(inverse)


def _byte_table() -> bytes:
    """ASCII → what it is read as: look-alikes unified, `_` as a hyphen, whatever cannot stand in a name as one."""
    table = bytearray(b"-" * 256)
    for code in range(128):
        character = chr(code).lower()
        if character.isalnum() or character == "?":
            table[code] = ord(look_of(character))
    table[NEWLINE], table[DOT] = NEWLINE, DOT
    return bytes(table)


def _with_labels(
    letters: NDArray[np.uint8], rows: Places, breaks: NDArray[np.bool_], parted: NDArray[np.bool_],
    ended: NDArray[np.bool_], dots: Places,
) -> _Batch:  # fmt: skip
    """Adds where labels begin and end; tokens of the last label, which nobody registers, are no edges."""
    count = len(letters)
    changes = np.empty(count, dtype=bool)
    changes[0] = True
    changes[1:] = (dots[1:] != dots[:-1]) | breaks[1:] | breaks[:-1]
    begins = np.flatnonzero(changes)
    number = np.cumsum(changes) - 1
    stops = np.append(begins[1:], count)
    followed = np.append(breaks[begins[1:]], True)  # a label right before a newline is the last
    inner = ~followed[number]
    return _Batch(
        letters=letters, rows=rows, starts=np.flatnonzero(parted & inner), ends=np.flatnonzero(ended & inner) + 1,
        first=begins[number], last=stops[number],
    )  # fmt: skip
