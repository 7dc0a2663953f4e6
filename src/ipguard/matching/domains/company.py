"""What stands beside a name in a domain name, and whether the name is one there or only its letters.

`starlantern|shop` is the name in company; in `lodestar|lanterns` other words run across its edges.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from importlib.resources import files

from ipguard.matching.domains.forms import letters_of, plain
from ipguard.matching.domains.sight import Sight
from ipguard.matching.words.lexicon import Cut, costs, cut

KINDS = ("selling", "piracy", "official", "game", "place", "neutral")
SUPPORTING = ("selling", "piracy", "official", "game", "place")
AFFIX_COST = 5.0
"""Of a word that often stands beside names: as cheap as the commonest words."""
CLEARLY = 2.0
"""By how much words across the edges of a name must be cheaper than the name with words beside it."""
PLAIN_COST = 3.0
"""Per character, at most, of common words of some length."""


class Rest(IntEnum):
    """What is left of a token beside a name, from best to worst."""

    NOTHING = 0
    """Nothing, digits, or the s of a plural."""
    AFFIXES = 1
    """Only words that often stand beside names."""
    WORDS = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Company:
    """What stands around a stretch of a domain name."""

    left: Rest
    right: Rest
    support: str
    """A word that says what the name is taken for, anywhere in the domain name; empty where there is none."""
    close: bool
    """Whether one stands in the same label: a host named `shop` stands before everything."""
    trading: bool
    """Whether one is of goods, copies or games, not only of addresses and places."""
    among_words: bool
    """Whether a hyphen parts it from an everyday word that does not often stand beside names."""
    straddled: bool
    """Other words run across an edge of the stretch, and they explain the whole."""

    @property
    def worst(self) -> Rest:
        """The worse side."""
        return max(self.left, self.right)

    @property
    def at_edge(self) -> bool:
        """Whether the stretch begins or ends with its token."""
        return Rest.NOTHING in (self.left, self.right)


def company_of(sight: Sight, start: int, end: int, name: str) -> Company:
    """What stands around letters [start, end), which may be the name whose folded letters are `name`."""
    first, last = sight.token_at(start), sight.token_at(end - 1)
    left, right = sight.letters[first.start : start], sight.letters[end : last.end]
    token = sight.letters[first.start : last.end]
    sides = _rest(left, before=True), _rest(right, before=False)
    beside = [*_supports(left), *_supports(right)]
    far: list[str] = []
    beside_it = [
        token
        for token in sight.tokens
        if (token.end == first.start or token.start == last.end) and token.label in (first.label, last.label)
    ]
    for other in sight.tokens:
        if other.end <= first.start or other.start >= last.end:
            words = _supports(sight.letters[other.start : other.end])
            (beside if other.label in (first.label, last.label) else far).extend(words)
    ending = plain(sight.domain.labels[-1])
    supports = [*beside, *far, *([ending] if ending in affixes().endings else [])]
    straddled = bool(left or right) and _straddled(token, start - first.start, end - first.start, name)
    return Company(
        left=sides[0],
        right=sides[1],
        support=supports[0] if supports else "",
        close=bool(beside),
        trading=any(affixes().kinds.get(word) in ("selling", "piracy", "game") for word in supports),
        among_words=any(_rest(sight.letters[t.start : t.end], before=True) >= Rest.WORDS for t in beside_it),
        straddled=straddled,
    )


def reads_as_words(text: str) -> bool:
    """Whether folded letters are a word, or words that are likely to stand together."""
    return bool(text) and cut_affixed(text).readable


def is_plain_writing(text: str) -> bool:
    """Whether folded letters are common words of some length, so that nobody would take them for a slip."""
    words = cut(text, costs())
    return words.cost <= PLAIN_COST * len(text) and all(
        p.known and p.end - p.start >= 3 for p in words.pieces
    )


@dataclass(frozen=True, slots=True)
class Affixes:
    """Words that stand beside names."""

    kinds: Mapping[str, str]
    """Folded word → its kind."""
    endings: frozenset[str]
    """Top-level domains that say what a name is taken for."""


@lru_cache(maxsize=1)
def affixes() -> Affixes:
    """The lists of `data/affixes.toml`."""
    data = tomllib.loads(files("ipguard.matching.domains").joinpath("data/affixes.toml").read_text("utf-8"))
    kinds = {letters_of(word): kind for kind in reversed(KINDS) for word in data[kind]}
    return Affixes(kinds, frozenset(plain(word) for word in data["endings"]))


def supporting() -> list[str]:
    """Folded words that say what a name is taken for."""
    return [word for word, kind in affixes().kinds.items() if kind in SUPPORTING]


@lru_cache(maxsize=4096)
def cut_affixed(text: str) -> Cut:
    """A text cut into everyday words and words that stand beside names."""
    return cut(text, _affixed_costs())


@lru_cache(maxsize=1)
def _affixed_costs() -> Mapping[str, float]:
    return {**costs(), **{word: min(AFFIX_COST, costs().get(word, AFFIX_COST)) for word in affixes().kinds}}


@lru_cache(maxsize=1)
def _plain_costs() -> Mapping[str, float]:
    """Words that stand beside names are no cheaper than others, so that nobody reads a ring into staring."""
    return {**dict.fromkeys(affixes().kinds, 2 * AFFIX_COST), **costs()}


@lru_cache(maxsize=1)
def _affix_costs() -> Mapping[str, float]:
    return dict.fromkeys(affixes().kinds, AFFIX_COST)


@lru_cache(maxsize=4096)
def _rest(text: str, *, before: bool) -> Rest:
    if not text or text.isdigit() or (text in ("s", "es") and not before):
        return Rest.NOTHING
    if all(piece.known for piece in cut(text, _affix_costs()).pieces):
        return Rest.AFFIXES
    return Rest.WORDS if reads_as_words(text) else Rest.UNKNOWN


@lru_cache(maxsize=4096)
def _supports(text: str) -> tuple[str, ...]:
    kinds = affixes().kinds
    if text in kinds:
        return (text,) if kinds[text] in SUPPORTING else ()
    words = [text[p.start : p.end] for p in cut(text, _plain_costs()).pieces if p.known]
    return tuple(word for word in words if kinds.get(word) in SUPPORTING)


def _straddled(token: str, start: int, end: int, name: str) -> bool:
    """Whether the token reads as words of which one lies across an edge of the name, better than with the name."""
    words = cut(token, _affixed_costs(), without=name)
    if not words.readable or any(piece.end - piece.start < 3 for piece in words.pieces):
        return False
    plural = token[end : end + 1] == "s" and any(p.end == end + 1 for p in words.pieces)
    if not (words.crosses(start) or (words.crosses(end) and not plural)):
        return False
    aligned = sum(cut_affixed(part).cost for part in (token[:start], name, token[end:]))
    return words.cost + CLEARLY < aligned
