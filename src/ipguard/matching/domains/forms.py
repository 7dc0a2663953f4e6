"""Watched names in the forms they take in domain names: letters and digits only, in Latin letters and in their own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from ipguard.matching.domains.reading import Domain
from ipguard.matching.romanise import romanised
from ipguard.matching.text.fold import compact, fold
from ipguard.matching.text.looks import lookalike_table
from ipguard.matching.text.names import WatchedName
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.words.lexicon import costs, everyday

MIN_ROMANISED = 4
"""Letters of a romanised name, at least: shorter ones are everybody's."""
MIN_ROMANISED_TYPO = 10
"""Letters of a romanised name in which a wrong one is forgiven: xin is a letter from xing, and another word."""
MIN_REORDERED = 4
"""Letters of each word of a name whose words may be turned round, at least."""
MIN_TYPO = 5
"""Letters from which one wrong letter is looked for."""
PAIRS = (("m", "rn"), ("rn", "m"), ("w", "vv"), ("vv", "w"), ("d", "cl"), ("cl", "d"))
"""Letters that two others look like in the type of an address bar."""
SUBTITLE = re.compile(r"\s*[:：~～〜–—|(（]|\s-\s")
"""What parts a title from its subtitle."""
MIN_TITLE = 8
"""Weight of a title without its subtitle, at least."""
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe"})
ARTICLES = ("the ", "a ", "an ", "el ", "la ", "los ", "le ", "les ", "der ", "die ", "das ")
EVERYDAY_RANK = MappingProxyType({"en": 30_000, "zh": 15_000, "zh-pinyin": 5_000, "ja-romaji": 4_000})
"""A name that is a word of this rank (or of any, in lists not named) means the work only in company."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way a name may stand in a domain name."""

    name: WatchedName
    letters: str
    """Folded, letters and digits only."""
    how: str
    """name, romanised, reordered, pairs (rn for m), tld (the label of an official domain)."""
    words: tuple[str, ...]
    """Of `letters`, where hyphens are expected between them."""
    look: str
    """`letters` with look-alikes unified; empty where they are not Latin."""
    weight: int
    """Length as far as chance hits go: a Han character counts as three letters, kana and Hangul as two."""
    common: bool
    """An everyday word, or marked as needing context."""
    compound: bool
    """Everyday words one after the other: with a third of them beside it, it may be something else."""

    @property
    def may_be_misspelt(self) -> bool:
        """Whether it is looked for with one letter wrong: a letter away from an everyday word stands another."""
        if self.how == "romanised":
            return not self.common and len(self.letters) >= MIN_ROMANISED_TYPO
        return not self.common and self.how == "name"


def forms_of(names: Iterable[WatchedName], official: Mapping[str, Iterable[Domain]]) -> list[Form]:
    """Forms of all names, each once a work, and the labels of official domains that other endings are bought for."""
    found: dict[tuple[str, str], Form] = {}
    for name in names:
        for form in _of_name(name):
            found.setdefault((name.work, form.letters), form)
    for work, domains in official.items():
        for domain in domains:
            letters = letters_of(domain.free[-1]) if domain.free else ""
            if letters:
                form = _form(WatchedName(work, domain.decoded, ""), letters, "tld", (letters,))
                found.setdefault((work, letters), form)
    return list(found.values())


def plain(text: str) -> str:
    """A folded text; names in ASCII need no table."""
    return text.lower() if text.isascii() else fold(text).text


def letters_of(text: str) -> str:
    """Letters and digits of a folded text."""
    if text.isascii():
        return "".join(c for c in text.lower() if c.isalnum())
    return compact(fold(text)).text


def look_of(text: str) -> str:
    """A folded text with look-alike letters and digits unified."""
    return text.translate(_looks())


@lru_cache(maxsize=1)
def _looks() -> dict[int, int]:
    table = lookalike_table()
    changed = np.flatnonzero(table != np.arange(len(table)))
    return {int(code): int(table[code]) for code in changed}


def _of_name(name: WatchedName) -> Iterator[Form]:
    for text, how in _spellings(name.text):
        words = tuple(w for part in re.split(r"[\W_]+", plain(text)) if (w := letters_of(part)))
        letters = "".join(words)
        if len(letters) < 2:
            continue
        form = _form(name, letters, how, words)
        yield form
        if form.look and len(letters) >= MIN_TYPO and how == "name":
            for changed in _pairs(letters):
                yield _form(name, changed, "pairs", (changed,))
            if 2 <= len(words) <= 3 and all(len(word) >= MIN_REORDERED for word in words):
                for order in itertools.permutations(words):
                    yield _form(name, "".join(order), "reordered", order)
    for read in romanised(name.text):
        words = tuple(re.findall(r"[a-z0-9]+", read))
        letters = "".join(words)
        if len(letters) >= MIN_ROMANISED:
            yield _form(name, letters, "romanised", words)


def _spellings(text: str) -> Iterator[tuple[str, str]]:
    """The name, what is left without its article or subtitle, and other ways to write its signs."""
    yield text, "name"
    title = SUBTITLE.split(text)[0]
    if title != text and _weight(letters_of(title)) >= MIN_TITLE:
        yield title, "name"
    if any(ord(c) in UMLAUTS for c in text.lower()):
        yield text.lower().translate(UMLAUTS), "name"
    folded = plain(text)
    if "&" in folded:
        yield folded.replace("&", " and "), "name"
    if "'" in folded or "’" in folded:
        yield re.sub("['’]", "", folded), "name"
    for article in ARTICLES:
        rest = folded.removeprefix(article)
        if rest != folded and len(letters_of(rest)) >= 8:
            yield rest, "name"


def _pairs(letters: str) -> Iterator[str]:
    for one, other in PAIRS:
        places = [found.start() for found in re.finditer(one, letters)]
        for place in places:
            yield letters[:place] + other + letters[place + len(one) :]
        if len(places) > 1:
            yield letters.replace(one, other)


def _form(name: WatchedName, letters: str, how: str, words: tuple[str, ...]) -> Form:
    western = all(ord(c) < 0x250 for c in letters)
    weight = _weight(letters)
    known = everyday(letters) if letters in costs() else ()
    common = name.needs_context or any(rank <= EVERYDAY_RANK.get(which, rank) for which, rank in known)
    look = look_of(letters) if western else ""
    return Form(name, letters, how, words, look, weight, common, all(word in costs() for word in words))


def _weight(letters: str) -> int:
    scripts = [script_of(c) for c in letters]
    return sum(3 if s is Script.HAN else 1 if s is Script.SPACED else 2 for s in scripts)
