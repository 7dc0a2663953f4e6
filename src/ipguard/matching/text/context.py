"""What stands around a name: goods, fandom, piracy, editorial, official, second-hand, negated cues; 15 languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from ahocorasick_rs import AhoCorasick

from ipguard.matching.text.fold import fold
from ipguard.matching.text.scripts import is_word_character

KINDS = ("merchandise", "product", "fandom", "piracy", "editorial", "court", "official", "official_source",
         "second_hand", "negated")  # fmt: skip
NEAR = 60
"""Characters to either side within which a word stands next to a name, in texts longer than a title."""
TITLE_LENGTH = 200
"""A text up to this long is one line about one thing: every word of it stands next to every other."""
MAX_CUES = 400
"""Words of a text that are looked at, from its beginning: a text with more is a list of words."""


TINY = frozenset({"xl", "hd", "4k", "3d", "tv", "jp", "kr", "cn", "uk"})
"""Words of two letters that are run together with a name; any others end or begin other words."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that says something about the names near it."""

    kind: str
    word: str
    """Folded."""
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Context:
    """Cues by kind, each kind as its words in the order they stand."""

    cues: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def words(self, *kinds: str) -> tuple[str, ...]:
        """The cues of some kinds."""
        return tuple(dict.fromkeys(word for kind in kinds for word in self.cues.get(kind, ())))

    def joined(self, other: Context) -> Context:
        """Both together."""
        kinds = {**self.cues, **{kind: self.cues.get(kind, ()) + words for kind, words in other.cues.items()}}
        return Context(MappingProxyType(kinds))

    def without(self, written: str) -> Context:
        """Without cues that are part of the name itself as it is written."""
        kept = {
            kind: tuple(word for word in words if word not in written) for kind, words in self.cues.items()
        }
        return Context(MappingProxyType({kind: words for kind, words in kept.items() if words}))

    @property
    def strong(self) -> tuple[str, ...]:
        """Words that speak of works or of copies."""
        return self.words("piracy", "fandom")

    @property
    def selling(self) -> tuple[str, ...]:
        """Words that make a name mean the work."""
        return self.words("piracy", "merchandise", "fandom", "product", "negated")


def context_of(cues: list[Cue], length: int, first: int = 0, last: int = 0) -> Context:
    """The cues that bear on folded characters [first, last) of a text of that length."""
    whole = length <= TITLE_LENGTH
    found: dict[str, list[str]] = {}
    for cue in cues:
        if whole or (cue.last > first - NEAR and cue.first < last + NEAR):
            found.setdefault(cue.kind, []).append(cue.word)
    return Context(MappingProxyType({kind: tuple(dict.fromkeys(words)) for kind, words in found.items()}))


def cues_of(folded: str) -> list[Cue]:
    """Every cue of a folded text; a negated "official" is not "official"."""
    scanner, words = _scanner()
    hits = scanner.find_matches_as_indexes(folded, overlapping=True)[: MAX_CUES * 4]
    found = [
        Cue(*words[index], start, end)
        for index, start, end in hits
        if _whole(folded, start, end, words[index][1])
    ]
    turned = [cue for cue in found if cue.kind == "not_before"]
    after = [cue for cue in found if cue.kind == "not_after"]
    negated = [cue for cue in found if cue.kind == "negated"]
    return [_guarded(cue, turned, after, negated) for cue in _longest(found) if cue.kind in KINDS][:MAX_CUES]


def _guarded(cue: Cue, before: list[Cue], after: list[Cue], negated: list[Cue]) -> Cue:
    """An official cue as what it says: negated where a negation stands at it, or where it is part of one."""
    if cue.kind not in ("official", "official_source"):
        return cue
    turned = (
        any(0 <= cue.first - other.last <= 4 + 6 * (other.word.isascii()) for other in before)
        or any(0 <= other.first - cue.last <= 6 for other in after)
        or any(other.first <= cue.first and cue.last <= other.last for other in negated)
    )
    return Cue("negated", cue.word, cue.first, cue.last) if turned else cue


def _longest(cues: list[Cue]) -> list[Cue]:
    """Without cues of a kind that lie within longer ones of the same kind."""
    kept: list[Cue] = []
    for cue in sorted(cues, key=lambda one: (one.first, -one.last)):
        if not any(cue.kind == other.kind and cue.last <= other.last for other in kept[-4:]):
            kept.append(cue)
    return kept


@lru_cache(maxsize=1)
def _words() -> Mapping[str, tuple[str, ...]]:
    data = tomllib.loads(files("ipguard.matching.text").joinpath("data/context.toml").read_text("utf-8"))
    return {kind: tuple(dict.fromkeys(fold(word).text for word in words)) for kind, words in data.items()}


@lru_cache(maxsize=1)
def flank_words() -> frozenset[str]:
    """Words that may be run together with a name and leave it whole, without their spaces."""
    joined = {
        "".join(c for c in word if c.isalnum()) for kind in (*KINDS, "beside") for word in _words()[kind]
    }
    return frozenset(
        word for word in joined if len(word) >= 3 or not is_word_character(word[0]) or word in TINY
    )


@lru_cache(maxsize=1)
def _scanner() -> tuple[AhoCorasick, list[tuple[str, str]]]:
    words = [(kind, word) for kind in (*KINDS, "not_before", "not_after") for word in _words()[kind]]
    return AhoCorasick([word for _, word in words]), words


def _whole(text: str, start: int, end: int, word: str) -> bool:
    if not (is_word_character(word[0]) or is_word_character(word[-1])):
        return True
    before = start == 0 or not (is_word_character(text[start - 1]) and is_word_character(word[0]))
    if text[end : end + 1] == "s" and word.isascii():
        end += 1
    return before and (end >= len(text) or not (is_word_character(text[end]) and is_word_character(word[-1])))
