"""Watched names in the forms they take in domain names: letters and digits only, in Latin letters and in their own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ipguard.matching.romanise import romanised
from ipguard.matching.text.fold import compact, encode, fold
from ipguard.matching.text.looks import lookalike_table
from ipguard.matching.text.names import WatchedName
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.words.lexicon import costs, everyday

MIN_ROMANISED = 5
"""Letters of a romanised name, at least: shorter ones are everybody's."""
MIN_REORDERED = 4
"""Letters of each word of a name whose words may be turned round, at least."""
MIN_TYPO = 5
"""Letters from which one wrong letter is looked for."""
PAIRS = (("m", "rn"), ("rn", "m"), ("w", "vv"), ("vv", "w"), ("d", "cl"), ("cl", "d"))
"""Letters that two others look like in the type of an address bar."""
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


def forms_of(names: Iterable[WatchedName], official: Mapping[str, tuple[str, ...]]) -> list[Form]:
    """Forms of all names, each once a work; `official` gives the labels that other endings are bought for."""
    found: dict[tuple[str, str], Form] = {}
    for name in names:
        for form in _of_name(name):
            found.setdefault((name.work, form.letters), form)
    for work, labels in official.items():
        for label in labels:
            letters = compact(fold(label)).text
            if letters:
                form = _form(WatchedName(work, label, ""), letters, "tld", (letters,))
                found.setdefault((work, letters), form)
    return list(found.values())


def look_of(text: str) -> str:
    """A folded text with look-alike letters and digits unified."""
    table = lookalike_table()
    return "".join(chr(int(table[code])) for code in encode(text))


def _of_name(name: WatchedName) -> Iterator[Form]:
    for text, how in _spellings(name.text):
        words = tuple(w for part in re.split(r"[\W_]+", fold(text).text) if (w := compact(fold(part)).text))
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
    """The name, and what is left without its article or with its & written out."""
    yield text, "name"
    folded = fold(text).text
    if "&" in folded:
        yield folded.replace("&", " and "), "name"
    if "'" in folded or "’" in folded:
        yield re.sub("['’]", "", folded), "name"
    for article in ARTICLES:
        rest = folded.removeprefix(article)
        if rest != folded and len(compact(fold(rest)).text) >= 8:
            yield rest, "name"


def _pairs(letters: str) -> Iterator[str]:
    for one, other in PAIRS:
        places = [found.start() for found in re.finditer(one, letters)]
        for place in places:
            yield letters[:place] + other + letters[place + len(one) :]
        if len(places) > 1:
            yield letters.replace(one, other)


def _form(name: WatchedName, letters: str, how: str, words: tuple[str, ...]) -> Form:
    scripts = [script_of(c) for c in letters]
    western = all(ord(c) < 0x250 for c in letters)
    weight = sum(3 if s is Script.HAN else 1 if s is Script.SPACED else 2 for s in scripts)
    known = everyday(letters) if letters in costs() else ()
    common = name.needs_context or any(rank <= EVERYDAY_RANK.get(which, rank) for which, rank in known)
    return Form(name, letters, how, words, look_of(letters) if western else "", weight, common)
