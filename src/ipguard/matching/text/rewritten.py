"""Names written in another way: in Latin letters, with split or similar Han characters.

Aliases are made from the names of a watchlist, not read from a listing: exact and cheap to look for.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from importlib.resources import files

from ipguard.matching.romanise import hepburn, passport
from ipguard.matching.text.sounds import pinyin_of, readings_of

MAX_READINGS = 8
"""Of one name with characters that are read in several ways."""
LONG_VOWEL = re.compile(r"([aeiou])\1+")
VOWELS = dict(zip("aiueo", "アイウエオ", strict=True))
KUNREI = (
    ("shi", "si"),
    ("sh", "sy"),
    ("chi", "ti"),
    ("ch", "ty"),
    ("tsu", "tu"),
    ("fu", "hu"),
    ("ji", "zi"),
    ("j", "zy"),
)
"""Hepburn and Kunrei (ISO 3602) spellings."""


def in_pinyin(letters: str) -> list[str]:
    """Pinyin of a Han name, syllables joined; ü as v and as u."""
    readings = [readings_of(letter)[:2] for letter in letters]
    if not all(readings):
        return []
    found = ["".join(one) for one in itertools.islice(itertools.product(*readings), MAX_READINGS)]
    return list(dict.fromkeys([*found, *(read.replace("v", "u") for read in found)]))


def initials(letters: str) -> str:
    """First letters of the pinyin of a Han name."""
    return "".join(pinyin_of(letter)[:1] for letter in letters)


def in_romaji(kana: str) -> list[str]:
    """Romanisations of a name in kana: Hepburn and Kunrei, with long vowels as they are, short, and without u."""
    long = ""
    for letter in kana:
        long += VOWELS.get(hepburn(long[-1:])[-1:], "") if letter == "ー" else letter
    reads = [hepburn(kana), hepburn(long)]
    if not all(read.isascii() and read.isalpha() for read in reads):
        return []
    other = []
    for read in reads:
        for wide, narrow in KUNREI:
            read = read.replace(wide, narrow)
        other.append(read)
    both = reads + other
    single = [LONG_VOWEL.sub(r"\1", one) for one in both]
    return list(dict.fromkeys([*both, *single, *(one.replace("ou", "o") for one in single)]))


def latin_of(word: str) -> str:
    """A folded Cyrillic word in Latin letters; any other as it is: kana and Hangul have too few sounds to compare."""
    return passport(word) if "\u0400" <= word[0] < "\u0530" else word


def split(letters: str) -> list[str]:
    """A Han name with all, or with one, of its characters written as their parts."""
    known = _components()
    parts = [known.get(letter, letter) for letter in letters]
    found = ["".join(parts)]
    for at, part in enumerate(parts):
        found.append(letters[:at] + part + letters[at + 1 :])
    return [one for one in dict.fromkeys(found) if one != letters]


def similar(letters: str) -> list[str]:
    """A Han name with one character replaced by one that looks like it."""
    known = _similar()
    return [
        letters[:at] + other + letters[at + 1 :]
        for at, letter in enumerate(letters)
        for other in known.get(letter, "")
    ]


@lru_cache(maxsize=1)
def _components() -> dict[str, str]:
    """Han character → the two characters that sellers write for it."""
    rows = files("ipguard.matching.text").joinpath("data/components.tsv").read_text("utf-8").splitlines()
    return {row[0]: row[2:] for row in rows if row[2:].isalpha()}


@lru_cache(maxsize=1)
def _similar() -> dict[str, str]:
    """Han character → characters that look like it."""
    found: dict[str, str] = {}
    for row in (
        files("ipguard.matching.text").joinpath("data/similar_han.txt").read_text("utf-8").splitlines()
    ):
        for letter in row:
            found[letter] = "".join(dict.fromkeys(found.get(letter, "") + row.replace(letter, "")))
    return found
