"""Folding with an offset map: text in its plainest form, every character of it knowing where it came from.

One table (`data/fold.tsv`, built by `build_tables`): compatibility forms and case, marks off Latin, Greek, Cyrillic,
Arabic and Thai, hiragana as katakana, every Han standard as simplified, default-ignorables gone, ™ ℠ as separators.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Offsets = NDArray[np.int64]

TOP = 0x110000
COMBINE_LATER = (0x3099, 0x309A, 0xFF9E, 0xFF9F)
"""Voicing marks that join the letter before them: they need composing before the table."""


@dataclass(frozen=True, slots=True)
class Table:
    """Code point → folded code points, as arrays: `pool[start[c] : start[c] + count[c]]`."""

    start: NDArray[np.uint32]
    count: NDArray[np.uint8]
    pool: Codes


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each of its characters, the stretch of the original it stands for."""

    text: str
    starts: Offsets
    ends: Offsets
    """Offsets in code points of the original; `original[starts[i]:ends[j]]` is what folded to `text[i:j+1]`."""

    def keep(self, mask: NDArray[np.bool_]) -> Folded:
        """The characters where `mask` is true."""
        text = decode(encode(self.text)[mask])
        return Folded(text, self.starts[mask], self.ends[mask])

    def translate(self, table: Codes) -> Folded:
        """Each character replaced by `table[it]`."""
        return Folded(decode(table[encode(self.text)]), self.starts, self.ends)


@lru_cache(maxsize=1)
def fold_table() -> Table:
    """The table, read once."""
    start = np.arange(TOP, dtype=np.uint32)
    count = np.ones(TOP, dtype=np.uint8)
    extra: list[int] = []
    for line in files("ipguard.matching.text").joinpath("data/fold.tsv").read_text("ascii").splitlines():
        code, _, to = line.partition("\t")
        codes = [int(one, 16) for one in to.split()]
        start[int(code, 16)], count[int(code, 16)] = TOP + len(extra), len(codes)
        extra.extend(codes)
    pool = np.concatenate([np.arange(TOP, dtype=np.uint32), np.array(extra, dtype=np.uint32)])
    return Table(start, count, pool)


@lru_cache(maxsize=1)
def lookalike_table() -> Codes:
    """Code point → the Latin letter it looks like; letters and digits that look alike share one."""
    table = np.arange(TOP, dtype=np.uint32)
    for line in (
        files("ipguard.matching.text").joinpath("data/lookalikes.tsv").read_text("ascii").splitlines()
    ):
        code, letter = line.split("\t")
        table[int(code, 16)] = ord(letter)
    return table


def fold(text: str) -> Folded:
    """Fold a text. Lone surrogates pass through; the offset map is exact for every input."""
    if any(chr(code) in text for code in COMBINE_LATER) or _has_jamo(text):
        return _fold_clusters(text)
    return _fold_codes(encode(text), None)


def fold_slowly(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The same by a plain loop, one character at a time: the reference that `fold` must equal."""
    table = fold_table()
    out: list[str] = []
    spans: list[tuple[int, int]] = []
    for position, character in enumerate(text):
        first, many = int(table.start[ord(character)]), int(table.count[ord(character)])
        for code in table.pool[first : first + many]:
            out.append(chr(int(code)))
            spans.append((position, position + 1))
    return "".join(out), spans


def encode(text: str) -> Codes:
    """Code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def decode(codes: Codes) -> str:
    """The text of code points."""
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


@lru_cache(maxsize=1)
def letters_and_digits() -> NDArray[np.bool_]:
    """Code point → whether it is a letter, a mark that spells (Thai, Arabic, Indic), or a digit."""
    mask = np.zeros(TOP, dtype=bool)
    for code in range(0x30000):
        mask[code] = unicodedata.category(chr(code)) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Mc", "Mn")
    return mask


def compact(folded: Folded) -> Folded:
    """Only letters and digits."""
    return folded.keep(letters_and_digits()[encode(folded.text)])


def _fold_codes(codes: Codes, spans: tuple[Offsets, Offsets] | None) -> Folded:
    table = fold_table()
    count = table.count[codes].astype(np.int64)
    origin = np.repeat(np.arange(len(codes), dtype=np.int64), count)
    within = np.arange(len(origin), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    out = table.pool[table.start[codes][origin] + within]
    if spans is None:
        return Folded(decode(out), origin, origin + 1)
    return Folded(decode(out), spans[0][origin], spans[1][origin])


def _fold_clusters(text: str) -> Folded:
    """Compose first (half-width voicing marks, conjoining jamo), each cluster keeping its whole stretch."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and end - at < 8 and _joins(text[end]):
            end += 1
        composed = unicodedata.normalize("NFKC", text[at:end]) if end - at > 1 else text[at]
        out.append(composed)
        starts += [at] * len(composed)
        ends += [end] * len(composed)
        at = end
    codes = encode("".join(out))
    return _fold_codes(codes, (np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)))


def _joins(character: str) -> bool:
    code = ord(character)
    return code in COMBINE_LATER or 0x1161 <= code <= 0x11FF


def _has_jamo(text: str) -> bool:
    return any("\u1100" <= character <= "\u11ff" for character in text)
