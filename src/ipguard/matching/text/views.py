"""The views of a batch of texts that names are looked for in; every character knows its place in its original.

All texts of a batch are one array, with a line break between two. Every view is a look-up and a mask of that array,
so there is one chain of offsets: view → base (folded) → decoded → original.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ipguard.matching.text.decoding import SIGNS, Map, undo
from ipguard.matching.text.fold import (
    GONE,
    JOINER,
    Codes,
    Flags,
    FoldedCodes,
    Offsets,
    decode,
    encode,
    fold_codes,
    letters_and_digits,
)
from ipguard.matching.text.looks import looks
from ipguard.matching.text.scripts import HAN, NONE, kinds_of_codes
from ipguard.matching.text.sounds import sound_classes

MAX_CHARACTERS = 200_000
"""Of one text; a longer one is cut, and the cut is told (no shop shows more)."""


@dataclass(frozen=True, slots=True)
class View:
    """Some characters of the base, changed one by one."""

    text: str
    places: Offsets
    """Where each stands in the base."""


@dataclass(frozen=True)
class Batch:
    """Texts seen in several ways, each made when it is first needed. Places are indices into `base`."""

    texts: tuple[str, ...]
    """As given, and cut at MAX_CHARACTERS."""
    cut: frozenset[int]
    """Numbers of the texts that were longer."""

    @cached_property
    def _maps(self) -> dict[int, Map]:
        """Text number → its decoded form, where it was encoded."""
        joined = self._joined
        if not any(sign in joined for sign in SIGNS):
            return {}
        return {n: plain for n, text in enumerate(self.texts) if (plain := undo(text)) is not None}

    @cached_property
    def _joined(self) -> str:
        return JOINER.join(self.texts)

    @cached_property
    def _decoded(self) -> tuple[str, ...]:
        if not self._maps:
            return self.texts
        return tuple(self._maps[n][0] if n in self._maps else text for n, text in enumerate(self.texts))

    @cached_property
    def _written(self) -> Codes:
        """Code points of all decoded texts, joined."""
        return encode(JOINER.join(self._decoded) if self._maps else self._joined)

    @cached_property
    def _begins(self) -> list[int]:
        """Where each decoded text begins in the joined array, and where one more would."""
        lengths = [0, *map(len, self._decoded)]
        begins: list[int] = (np.cumsum(lengths) + np.arange(len(lengths))).tolist()
        return begins

    @cached_property
    def base(self) -> FoldedCodes:
        """Decoded and folded."""
        return fold_codes(self._written)

    @cached_property
    def _ends(self) -> Offsets:
        return self.base.ends

    @cached_property
    def text(self) -> str:
        """The base as text."""
        return decode(self.base.codes)

    @cached_property
    def borders(self) -> list[int]:
        """Places where each text begins in the base, and where one more would."""
        places: list[int] = np.searchsorted(self.base.starts, np.array(self._begins[:-1])).tolist()
        return [*places, len(self.base.codes) + 1]

    @cached_property
    def _joiners(self) -> Offsets:
        return np.array(self.borders[1:-1], dtype=np.int64) - 1

    @cached_property
    def _first_written(self) -> Codes:
        """For each base character the first one that was written for it."""
        return self._written.take(self.base.starts)

    @cached_property
    def kinds(self) -> bytes:
        """Kind of each base character, as it was written where that is a letter."""
        table = kinds_of_codes()
        written = table.take(self._first_written)
        return np.where(written == NONE, table.take(self.base.codes), written).tobytes()

    @cached_property
    def _is_letter(self) -> Flags:
        mask = letters_and_digits().take(self.base.codes)
        mask[self._joiners] = True
        return mask

    @cached_property
    def compact(self) -> View:
        """Letters and digits only."""
        places = np.flatnonzero(self._is_letter)
        return View(decode(self.base.codes[places]), places)

    @cached_property
    def look(self) -> View:
        """Letters, digits and the signs that stand for letters, each as the class of what it looks like."""
        table = looks()
        single = self._ends - self.base.starts == 1
        kept = self._is_letter | (table.signs.take(self._first_written) & single)
        places = np.flatnonzero(kept)
        codes = np.where(single, self._first_written, self.base.codes)[places]
        seen = table.classes.take(codes)
        several = seen >= GONE
        seen[several] = self.base.codes[places[several]]
        seen[np.searchsorted(places, self._joiners)] = ord(JOINER)
        return View(decode(seen), places)

    @cached_property
    def sound(self) -> View:
        """Letters and digits as what they sound like."""
        places = np.flatnonzero(self._is_letter)
        heard = sound_classes().take(self.base.codes[places])
        kept = heard != GONE
        return View(decode(heard[kept]), places[kept])

    @cached_property
    def spaced(self) -> View:
        """Letters and digits, one space for whatever stands between two, and a space round each text."""
        gaps = ~self._is_letter
        kept = self._is_letter.copy()
        kept[1:] |= gaps[1:] & self._is_letter[:-1]
        kept[:1] = True
        places = np.flatnonzero(kept)
        letters = np.where(gaps, np.uint32(32), self.base.codes)[places]
        joiners = np.searchsorted(places, self._joiners)
        around = np.concatenate([[0], joiners, joiners + 1, [len(places)]])
        beside = np.concatenate([[0], self._joiners, self._joiners, [len(self.base.codes)]])
        return View(decode(np.insert(letters, around, 32)), np.insert(places, around, beside))

    @cached_property
    def has_han(self) -> bool:
        """Whether there is any Han character."""
        return HAN in self.kinds

    def number(self, place: int) -> int:
        """Which text a place is in."""
        return bisect_right(self.borders, place) - 1

    def span(self, first: int, last: int) -> tuple[int, int, int]:
        """Base characters [first, last) as (text number, start, end) in code points of the original text."""
        number = self.number(first)
        begun = self._begins[number]
        start, end = int(self.base.starts[first]) - begun, int(self._ends[last - 1]) - begun
        if number in self._maps:
            _, starts, ends = self._maps[number]
            return number, starts[start], ends[end - 1]
        return number, start, end

    def written(self, place: int) -> str:
        """The character that was written at a place of the base (decoded; the first, where it was several)."""
        return chr(int(self._written[int(self.base.starts[place])]))


def batch_of(texts: Sequence[str]) -> Batch:
    """The batch of some texts, each cut where it is too long."""
    cut = frozenset(n for n, text in enumerate(texts) if len(text) > MAX_CHARACTERS)
    return Batch(tuple(text[:MAX_CHARACTERS] if n in cut else text for n, text in enumerate(texts)), cut)
