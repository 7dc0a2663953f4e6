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
from ipguard.matching.words.lexicon import words as words_of

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
MIN_SUBTITLE = 10
"""Weight of a subtitle that stands for the work by itself, at least; one of everyday words never does."""
PARTICLES = re.compile("(?<=[\u4e00-\u9fff])[之的](?=[\u4e00-\u9fff])")
MIN_HAN = 4
"""Han characters of a name without its particles, at least."""
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe"})
ARTICLES = ("the ", "a ", "an ", "el ", "la ", "los ", "le ", "les ", "der ", "die ", "das ")
VERY_COMMON = 2_500
"""Rank of English words that are words whatever they look like."""
PHRASE_RANK = 4_000
INFLECTIONS = ("s", "es", "ed", "ing", "ly", "er", "ness", "y")
DERIVED = (
    "ity",
    "tion",
    "sion",
    "ment",
    "ness",
    "ous",
    "ive",
    "able",
    "ible",
    "ism",
    "ist",
    "ance",
    "ence",
    "ial",
    "ical",
)
SPOKEN = ("zh-pinyin", "ja-romaji")
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
    phrase: bool
    """Said of other things too: `one piece` of a swimsuit; or a word of some list, if only for being famous."""

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
        for read in romanised(text):
            latin = tuple(re.findall(r"[a-z0-9]+", read))
            if len("".join(latin)) >= MIN_ROMANISED:
                yield _form(name, "".join(latin), "romanised", latin)


def _spellings(text: str) -> Iterator[tuple[str, str]]:
    """The name, what is left without its article or subtitle, and other ways to write its signs."""
    yield text, "name"
    title, *subtitles = SUBTITLE.split(text)
    if subtitles and _weight(letters_of(title)) >= MIN_TITLE:
        yield title, "name"
    for subtitle in subtitles:
        if _weight(letters_of(subtitle)) >= MIN_SUBTITLE and not _all_everyday(subtitle):
            yield subtitle, "name"
    particles = PARTICLES.sub("", text)
    if particles != text and len(particles) >= MIN_HAN:
        yield particles, "name"
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
    common = name.needs_context or _is_everyday(letters, how)
    look = look_of(letters) if western else ""
    phrase = all(in_english(word) <= PHRASE_RANK for word in words) or letters in costs()
    return Form(
        name, letters, how, words, look, weight, common, all(word in costs() for word in words), phrase
    )


def in_english(word: str) -> int:
    """Rank among English words; a very high one where it is none."""
    return words_of("en").get(word, 1 << 30)


def _is_everyday(letters: str, how: str) -> bool:
    """Whether a form is also a word that people use, and no brand that stands in word lists for being famous.

    An English word below the commonest is one where it is inflected: falcons, bleaching; nobody says nintendoing.
    """
    if letters not in costs():
        return False
    for which, rank in everyday(letters):
        if which in SPOKEN and how != "romanised":
            continue
        if which == "en" and rank > VERY_COMMON:
            if rank <= EVERYDAY_RANK["en"] and _is_inflected(letters):
                return True
        elif rank <= EVERYDAY_RANK.get(which, rank):
            return True
    return False


def _is_inflected(word: str) -> bool:
    """Whether an English word has other forms, is one, or ends as words made of others do."""
    known = words_of("en")
    stems = {word.removesuffix("e"), word.removesuffix("y") + "i"}
    if word.endswith(DERIVED) or any(stem + end in known for stem in stems for end in INFLECTIONS):
        return True
    roots = {word.removesuffix(end) for end in INFLECTIONS} - {word}
    return any(root in known or root + "e" in known for root in roots)


def _all_everyday(text: str) -> bool:
    return all(letters_of(word) in costs() for word in plain(text).split())


def _weight(letters: str) -> int:
    scripts = [script_of(c) for c in letters]
    return sum(3 if s is Script.HAN else 1 if s is Script.SPACED else 2 for s in scripts)
