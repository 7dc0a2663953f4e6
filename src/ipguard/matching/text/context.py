"""What stands around a name: merchandise, fandom, piracy, editorial and negated cues, in many languages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick

from ipguard.matching.text.fold import fold
from ipguard.matching.text.scripts import is_word_character

KINDS = ("merchandise", "fandom", "piracy", "editorial", "negated")


@dataclass(frozen=True, slots=True)
class Context:
    """Cues found in one text, the first of each kind, as folded words."""

    merchandise: str = ""
    fandom: str = ""
    piracy: str = ""
    editorial: str = ""
    negated: str = ""

    @property
    def selling(self) -> str:
        """A word that makes a name mean the work: merchandise, fandom or piracy; empty where there is none."""
        return self.merchandise or self.piracy or self.fandom


def context_of(folded: str) -> Context:
    """Cues in a folded text; words of scripts with spaces count only whole."""
    scanner, words = _scanner()
    found: dict[str, str] = {}
    for index, start, end in scanner.find_matches_as_indexes(folded, overlapping=True):
        kind, word = words[index]
        if kind not in found and _whole(folded, start, end):
            found[kind] = word
    return Context(**found)


@lru_cache(maxsize=1)
def _scanner() -> tuple[AhoCorasick, list[tuple[str, str]]]:
    data = tomllib.loads(files("ipguard.matching.text").joinpath("data/context.toml").read_text("utf-8"))
    words = [(kind, fold(word).text) for kind in KINDS for word in data[kind]]
    return AhoCorasick([word for _, word in words]), words


def _whole(text: str, start: int, end: int) -> bool:
    before = start == 0 or not (is_word_character(text[start - 1]) and is_word_character(text[start]))
    after_s = text[end : end + 1] == "s"
    end += after_s
    after = end >= len(text) or not (is_word_character(text[end]) and is_word_character(text[end - 1]))
    return before and after
