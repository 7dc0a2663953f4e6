"""Folding with an offset map: text in its plainest form, every character of it knowing where it came from.

One table (`data/fold.tsv`, built by `build_tables`): compatibility forms and case, marks off Latin, Greek, Cyrillic,
Hebrew, Arabic and Thai, hiragana as katakana, every Han standard as simplified, default-ignorables gone, ™ ℠ as
separators. Many texts are folded at once: joined to one array of code points, one look-up, one mask; the positions
that the mask keeps are the offset map. Voicing marks and conjoining jamo are composed afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Offsets = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOP = 0x110000
GONE, MANY = TOP, TOP + 1
"""Marks in the table: the character disappears; it becomes several."""
JOINS = np.uint32(1 << 31)
"""Set in the table where the folded character may join the one before it."""
JOINER = "\n"
"""Stands between two texts of a batch; it folds to itself and is in no name."""
UNREADABLE = 0xFFFD
"""What a lone surrogate is read as: no text can be made of it."""

VOICED, SEMI_VOICED = 0x3099, 0x309A
LEADS, VOWELS, TAILS = (0x1100, 19), (0x1161, 21), (0x11A8, 27)
"""Conjoining jamo (The Unicode Standard §3.12): first code point and how many compose."""
SYLLABLES = (0xAC00, 11172)
TAIL_OF_LEAD = (1, 2, 4, 7, 0, 8, 16, 17, 0, 19, 20, 21, 22, 0, 23, 24, 25, 26, 27)
"""Lead jamo → its form under a vowel (0 where there is none): ㅂㅕㄹ typed letter by letter is 별."""


@dataclass(frozen=True, slots=True)
class Table:
    """Code point → folded code points: one in `single`, or `pool[start[c] : start[c] + count[c]]` where it says MANY."""

    single: Codes
    start: NDArray[np.uint32]
    count: NDArray[np.int64]
    pool: Codes

    def one(self) -> Codes:
        """`single` without the mark for what joins; GONE or MANY where a code point becomes none or several."""
        return self.single & (JOINS - 1)


@dataclass(frozen=True, slots=True)
class FoldedCodes:
    """Folded code points and, for each, the stretch of the array it was folded from."""

    codes: Codes
    starts: Offsets
    stretched: Offsets | None = None
    """Where each stretch ends, where something was composed; None where each is one code point."""

    @property
    def ends(self) -> Offsets:
        """Where each stretch ends."""
        return self.starts + 1 if self.stretched is None else self.stretched


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each of its characters, the stretch of the original it stands for."""

    text: str
    starts: Offsets
    ends: Offsets
    """Offsets in code points of the original; `original[starts[i]:ends[j]]` is what folded to `text[i:j+1]`."""

    def keep(self, mask: Flags) -> Folded:
        """The characters where `mask` is true."""
        text = decode(encode(self.text)[mask])
        return Folded(text, self.starts[mask], self.ends[mask])


@lru_cache(maxsize=1)
def fold_table() -> Table:
    """The table, read once."""
    single = np.arange(TOP, dtype=np.uint32)
    single[0xD800:0xE000] = UNREADABLE
    start = np.zeros(TOP, dtype=np.uint32)
    count = np.ones(TOP, dtype=np.int64)
    pool: list[int] = []
    for line in files("ipguard.matching.text").joinpath("data/fold.tsv").read_text("ascii").splitlines():
        first, _, to = line.partition("\t")
        code, codes = int(first, 16), [int(one, 16) for one in to.split()]
        single[code] = codes[0] if len(codes) == 1 else MANY if codes else GONE
        if len(codes) != 1:
            start[code], count[code] = len(pool), len(codes)
            pool.extend(codes)
    single[_is_joining(single)] |= JOINS
    return Table(single, start, count, np.array(pool, dtype=np.uint32))


def fold(text: str) -> Folded:
    """Fold a text; the offset map is exact for every input."""
    folded = fold_codes(encode(text))
    return Folded(decode(folded.codes), folded.starts, folded.ends)


def fold_many(texts: Sequence[str]) -> list[Folded]:
    """Fold many texts at once: the same as folding each."""
    joined = JOINER.join(texts)
    folded = fold_codes(encode(joined))
    text, ends, first = decode(folded.codes), folded.ends, 0
    borders = np.cumsum([len(one) + 1 for one in texts]) - 1
    lasts = np.searchsorted(folded.starts, borders).tolist()
    answer = []
    for begun, last in zip((borders + 1 - [len(one) + 1 for one in texts]).tolist(), lasts, strict=True):
        answer.append(Folded(text[first:last], folded.starts[first:last] - begun, ends[first:last] - begun))
        first = last + 1
    return answer


def fold_codes(codes: Codes) -> FoldedCodes:
    """Fold an array of code points; O(n), no loop over characters but over those that need composing."""
    table = fold_table()
    out = table.single.take(codes)
    if not len(out) or out.max() < GONE:
        starts = np.arange(len(out), dtype=np.int64)
        return FoldedCodes(out, starts)
    composing = (out & JOINS) != 0
    if joins := bool(composing.any()):
        out &= JOINS - 1
    special = out >= GONE
    out, starts = _expanded(table, codes, out, special)
    if not joins:
        return FoldedCodes(out, starts)
    return _composed(out, starts, _is_joining(out))


def encode(text: str) -> Codes:
    """Code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def decode(codes: Codes) -> str:
    """The text of code points."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@lru_cache(maxsize=1)
def letters_and_digits() -> Flags:
    """Code point → whether it is a letter, a mark that spells (Thai, Arabic, Indic), or a digit."""
    import unicodedata

    mask = np.zeros(TOP, dtype=bool)
    for code in range(0x32400):
        mask[code] = unicodedata.category(chr(code)) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Mc", "Mn")
    mask[[VOICED, SEMI_VOICED]] = False
    return mask


def compact(folded: Folded) -> Folded:
    """Only letters and digits."""
    return folded.keep(letters_and_digits()[encode(folded.text)])


def _is_joining(codes: Codes) -> Flags:
    """Conjoining jamo and voicing marks."""
    joining: Flags = ((codes >> 8) == 0x11) | ((codes - np.uint32(VOICED)) <= 1)
    return joining


def _expanded(table: Table, codes: Codes, out: Codes, special: Flags) -> tuple[Codes, Offsets]:
    """Without what disappears, and with what becomes several."""
    many = np.flatnonzero(special & (out == MANY))
    if not len(many):
        starts = np.flatnonzero(~special)
        return out[starts], starts
    counts = (out != GONE).astype(np.int64)
    counts[many] = table.count[codes[many]]
    starts = np.repeat(np.arange(len(out), dtype=np.int64), counts)
    out = out[starts]
    lengths = counts[many]
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    out[np.repeat(np.searchsorted(starts, many), lengths) + within] = table.pool[
        np.repeat(table.start[codes[many]], lengths) + within
    ]
    return out, starts


@lru_cache(maxsize=1)
def _voicing() -> dict[tuple[int, int], int]:
    import unicodedata

    return {
        (base, mark): ord(whole)
        for base in range(0x30A1, 0x30FF)
        for mark in (VOICED, SEMI_VOICED)
        if len(whole := unicodedata.normalize("NFC", chr(base) + chr(mark))) == 1
    }


def _composed(out: Codes, starts: Offsets, composing: Flags) -> FoldedCodes:
    """Marks and jamo joined to the character before them; that character then stands for the whole stretch."""
    out, ends = out.copy(), starts + 1
    kept = np.ones(len(out), dtype=bool)
    base = -1
    places = np.flatnonzero(composing).tolist()
    waiting = set(places)
    for at in places:
        base = base if base >= 0 and _adjacent(kept, base, at) else at - 1
        if base < 0:
            continue
        follower = int(out[at + 1]) if at + 1 in waiting else 0
        joined = join_characters(int(out[base]), int(out[at]), follower)
        if joined:
            out[base], ends[base], kept[at] = joined, ends[at], False
        else:
            base = -1
    kept_at = np.flatnonzero(kept)
    return FoldedCodes(out[kept_at], starts[kept_at], ends[kept_at])


def _adjacent(kept: Flags, base: int, at: int) -> bool:
    """Whether everything between has been joined to `base`."""
    return at - base <= 3 and not kept[base + 1 : at].any()


def join_characters(first: int, second: int, follower: int) -> int:
    """One code point for two, 0 where they do not join. A lead with a vowel behind it begins its own syllable."""
    if second in (VOICED, SEMI_VOICED):
        return _voicing().get((first, second), 0)
    lead, vowel, tail = first - LEADS[0], second - VOWELS[0], second - TAILS[0]
    if 0 <= lead < LEADS[1] and 0 <= vowel < VOWELS[1]:
        return SYLLABLES[0] + (lead * VOWELS[1] + vowel) * 28
    open_syllable = 0 <= first - SYLLABLES[0] < SYLLABLES[1] and (first - SYLLABLES[0]) % 28 == 0
    if not open_syllable:
        return 0
    if 0 <= tail < TAILS[1]:
        return first + tail + 1
    lead = second - LEADS[0]
    if 0 <= lead < LEADS[1] and not 0 <= follower - VOWELS[0] < VOWELS[1]:
        return first + TAIL_OF_LEAD[lead] if TAIL_OF_LEAD[lead] else 0
    return 0
