"""Everyday words: how common one is in which language, and the cheapest way to cut joined writing into words.

The lists (`data/`, their sources in NOTICE.md) are folded like everything that is matched. Cutting is the classic
shortest path over word costs that rise with the logarithm of the rank (Zipf 1935; Norvig 2009, "Natural Language
Corpus Data").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

LISTS = ("en", "zh", "ja", "ko", "es", "fr", "de", "pt", "it", "ru", "nl", "more", "zh-pinyin", "ja-romaji")
WORD_COST = 4.0
"""Of any word, on top of ln(rank + 1): few long words are likelier than many short ones."""
UNKNOWN_COST = 9.0
"""Of a character that no word covers."""
FOREIGN_COST = 0.7
"""More for words of any list but English, the language of most domain names."""
READABLE_COST = 3.5
"""Per character, at most, where a cut is one that people read: `lode|star|lantern`, not `la|bub|u`."""
LONGEST = 24
"""Characters of a word, at most."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a cut, or one character that is of none."""

    start: int
    end: int
    known: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """Joined writing cut into words."""

    pieces: tuple[Piece, ...]
    cost: float

    @property
    def readable(self) -> bool:
        """Whether it is all words, and words that are likely to stand together."""
        length = self.pieces[-1].end if self.pieces else 0
        return all(piece.known for piece in self.pieces) and self.cost <= READABLE_COST * length

    def crosses(self, place: int) -> bool:
        """Whether a word lies on both sides of a place."""
        return any(piece.start < place < piece.end for piece in self.pieces)


@lru_cache(maxsize=len(LISTS))
def words(language: str) -> Mapping[str, int]:
    """Folded word → rank (1 is the commonest) of one of LISTS."""
    text = files("ipguard.matching.words").joinpath(f"data/{language}.txt").read_text("utf-8")
    return MappingProxyType({word: rank for rank, word in enumerate(text.split(), 1)})


@lru_cache(maxsize=1)
def costs() -> Mapping[str, float]:
    """Folded word → cost over all lists."""
    found: dict[str, float] = {}
    for language in LISTS:
        more = WORD_COST if language == "en" else WORD_COST + FOREIGN_COST
        for word, rank in words(language).items():
            cost = more + math.log(rank + 1)
            if cost < found.get(word, math.inf):
                found[word] = cost
    return found


def everyday(word: str) -> tuple[tuple[str, int], ...]:
    """(list, rank) of every list that holds a folded word, commonest first."""
    found = [(language, words(language)[word]) for language in LISTS if word in words(language)]
    return tuple(sorted(found, key=lambda pair: pair[1]))


def cut(text: str, costs: Mapping[str, float], *, without: str = "") -> Cut:
    """The cheapest cut of a folded text; the word `without` is not used. At most LONGEST · len(text) look-ups."""
    totals = [0.0]
    steps: list[tuple[int, bool]] = [(0, True)]
    for end in range(1, len(text) + 1):
        digit = text[end - 1].isdigit()
        total, step = totals[end - 1] + (1.0 if digit else UNKNOWN_COST), (end - 1, digit)
        for start in range(max(0, end - LONGEST), end - 1):
            if (word := text[start:end]) in costs and word != without:
                reached = totals[start] + costs[word]
                if reached < total:
                    total, step = reached, (start, True)
        totals.append(total)
        steps.append(step)
    pieces: list[Piece] = []
    end = len(text)
    while end:
        start, known = steps[end]
        pieces.append(Piece(start, end, known))
        end = start
    return Cut(tuple(reversed(pieces)), totals[-1])
