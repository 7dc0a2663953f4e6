"""The views of one text that names are looked for in; every character knows its place in the original."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ipguard.matching.text.decoding import undo
from ipguard.matching.text.fold import (
    Codes,
    Folded,
    Offsets,
    decode,
    encode,
    fold,
    letters_and_digits,
    lookalike_table,
)
from ipguard.matching.text.names import pinyin_of

SURROGATE = re.compile("[\ud800-\udfff]")

MAX_CHARACTERS = 200_000
"""Of one field; a longer one is cut, as no shop shows more."""


@dataclass(frozen=True, slots=True)
class View:
    """Some characters of the base text, changed one by one."""

    text: str
    places: Offsets
    """Where each stands in the base text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of the base text that may be a name."""

    views: Views
    first: int
    last: int
    """Base characters [first, last)."""

    @property
    def start(self) -> int:
        """In the original, code points."""
        return int(self.views.base.starts[self.first])

    @property
    def end(self) -> int:
        """In the original, code points."""
        return int(self.views.base.ends[self.last - 1])

    @property
    def written(self) -> str:
        """The original characters."""
        return self.views.original[self.start : self.end]

    def glyph(self, place: int) -> str:
        """The character at a place of the base text as it was written, where it was written as one character."""
        base = self.views.base
        if not 0 <= place < len(base.text):
            return ""
        start, end = int(base.starts[place]), int(base.ends[place])
        return self.views.original[start] if end - start == 1 else base.text[place]


@dataclass(frozen=True)
class Views:
    """A text seen in several ways, each made when it is first needed."""

    original: str

    @cached_property
    def base(self) -> Folded:
        """Decoded and folded; a lone surrogate is read as the replacement character."""
        text = SURROGATE.sub("\ufffd", self.original[:MAX_CHARACTERS])
        plain = undo(text)
        if plain is None:
            return fold(text)
        decoded, starts, ends = plain
        folded = fold(decoded)
        first, last = _offsets(starts), _offsets(ends)
        if not len(folded.starts):
            return folded
        return Folded(folded.text, first[folded.starts], last[folded.ends - 1])

    @cached_property
    def compact(self) -> View:
        """Letters and digits only."""
        kept = np.flatnonzero(letters_and_digits()[self._codes])
        return View(decode(self._codes[kept]), kept)

    @cached_property
    def look(self) -> View:
        """Letters, digits and the signs that stand for letters, look-alikes unified."""
        table = lookalike_table()
        kept = np.flatnonzero(letters_and_digits()[self._codes] | (table[self._codes] != self._codes))
        return View(decode(table[self._codes[kept]]), kept)

    @cached_property
    def _codes(self) -> Codes:
        return encode(self.base.text)

    def hit(self, view: View, first: int, last: int) -> Hit:
        """Characters [first, last) of a view as a stretch of the base text."""
        return Hit(self, int(view.places[first]), int(view.places[last - 1]) + 1)

    @cached_property
    def pinyin(self) -> tuple[str, list[int]]:
        """Han as toneless pinyin, other letters as they are; for each letter its place in `compact`."""
        out: list[str] = []
        places: list[int] = []
        for position, character in enumerate(self.compact.text):
            read = pinyin_of(character) or character
            out.append(read)
            places += [position] * len(read)
        return "".join(out), places


def _offsets(values: list[int]) -> Offsets:
    return np.array(values, dtype=np.int64)
