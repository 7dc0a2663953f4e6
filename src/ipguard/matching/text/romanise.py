"""Names in Latin letters and letters of their own: pinyin, romaji, romanised Hangul and Cyrillic, initials, split Han.

Aliases are made from the names of a watchlist, not read from a listing: exact and cheap to look for. Sources of the
schemes: Hanyu Pinyin (ISO 7098), Hepburn and Kunrei (ISO 3602), Revised Romanization of Korean (2000), and the common
passport transliteration of Russian (ICAO 9303).
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from importlib.resources import files

from ipguard.matching.text.sounds import readings_of

MAX_READINGS = 8
"""Alternative romanisations of one name."""
LONG_VOWEL = re.compile(r"([aeiou])\1+")
_ROWS = {"": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サシスセソ", "z": "ザジズゼゾ", "t": "タチツテト", "d": "ダヂヅデド",
         "n": "ナニヌネノ", "h": "ハヒフヘホ", "b": "バビブベボ", "p": "パピプペポ", "m": "マミムメモ", "r": "ラリルレロ"}  # fmt: skip
_HEPBURN = {"シ": "shi", "ジ": "ji", "チ": "chi", "ツ": "tsu", "ヂ": "ji", "ヅ": "zu", "フ": "fu"}
_REST = {"ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヲ": "o", "ン": "n", "ヴ": "vu"}
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ャ": "ya", "ュ": "yu", "ョ": "yo"}
_LEADS = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_VOWELS = ("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu",
           "eu", "ui", "i")  # fmt: skip
_TAILS = ("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng",
          "t", "t", "k", "t", "p", "t")  # fmt: skip
_CYRILLIC = dict(
    zip("абвгдежзийклмнопрстуфхцчшщъыьэюяёієґї",
        ("a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya e i e g i").split(), strict=True)
) | {"ъ": "", "ь": ""}  # fmt: skip


def pinyin(letters: str) -> list[str]:
    """Pinyin of a Han name, syllables joined; several where a character has several readings."""
    return ["".join(one) for one in _syllables(letters)]


def pinyin_initials(letters: str) -> str:
    """First letters of the syllables of a Han name."""
    return next(("".join(part[0] for part in one) for one in _syllables(letters)), "")


def _syllables(letters: str) -> list[tuple[str, ...]]:
    readings = [readings_of(letter)[:3] for letter in letters]
    if not all(readings):
        return []
    usual = tuple(one[0] for one in readings)
    others = itertools.islice(itertools.product(*readings), MAX_READINGS)
    found = [usual, *others]
    return list(dict.fromkeys([*found, *(tuple(part.replace("v", "u") for part in one) for one in found)]))


def romaji(kana: str) -> list[str]:
    """Romanisations of a name in katakana (folded kana are): Hepburn with and without long vowels, Kunrei."""
    found = [_romaji(kana, hepburn=True), _romaji(kana, hepburn=False)]
    if not all(found):
        return []
    single = [LONG_VOWEL.sub(r"\1", one) for one in found]
    return list(dict.fromkeys([*found, *single, *(one.replace("ou", "o") for one in single)]))


def _romaji(kana: str, *, hepburn: bool) -> str:
    out = ""
    doubled = False
    for letter in kana:
        if letter == "ッ":
            doubled = True
            continue
        if letter == "ー":
            out += out[-1:]
            continue
        sound = (_HEPBURN.get(letter, "") if hepburn else "") or _kana().get(letter, "")
        if letter in _SMALL:
            out, sound = _contracted(out, _SMALL[letter], hepburn)
        if not sound:
            return ""
        out += (sound[0] if doubled else "") + sound
        doubled = False
    return out


def _contracted(out: str, small: str, hepburn: bool) -> tuple[str, str]:
    """キャ is kya, シャ sha, フォ fo: the vowel before a small letter goes."""
    stem = out[:-1] if out[-1:] in "aiueo" else out
    if hepburn and stem.endswith(("sh", "ch", "j")):
        small = small[-1]
    return stem, small


@lru_cache(maxsize=1)
def _kana() -> dict[str, str]:
    rows = {
        kana: lead + vowel for lead, row in _ROWS.items() for kana, vowel in zip(row, "aiueo", strict=True)
    }
    return rows | _REST


def romanised_hangul(letters: str) -> str:
    """A Hangul name in the Revised Romanization, syllable by syllable; empty for anything else."""
    out = ""
    for letter in letters:
        code = ord(letter) - 0xAC00
        if not 0 <= code < 11172:
            return ""
        lead, rest = divmod(code, 588)
        vowel, tail = divmod(rest, 28)
        out += _LEADS[lead] + _VOWELS[vowel] + _TAILS[tail]
    return out


def romanised_cyrillic(letters: str) -> str:
    """A Cyrillic name in Latin letters; empty where a letter is not known."""
    if not all(letter in _CYRILLIC for letter in letters):
        return ""
    return "".join(_CYRILLIC[letter] for letter in letters)


def latin_of(word: str) -> str:
    """A folded word of Latin, Cyrillic, Hangul or kana letters in Latin letters; empty for anything else."""
    if word.isascii():
        return word
    first = ord(word[0])
    if 0x0400 <= first < 0x0530:
        return romanised_cyrillic(word)
    if 0xAC00 <= first < 0xD7A4:
        return romanised_hangul(word)
    return _romaji(word, hepburn=True) if 0x30A0 < first < 0x3100 else ""


@lru_cache(maxsize=1)
def components() -> dict[str, tuple[str, str]]:
    """Han character → the two characters that sellers write for it."""
    rows = files("ipguard.matching.text").joinpath("data/components.tsv").read_text("utf-8").splitlines()
    return {row[0]: (row[2], row[3]) for row in rows if len(row) == 4}


def split(letters: str) -> list[str]:
    """A Han name with all, or with one, of its characters written as their parts."""
    known = components()
    parts = ["".join(known.get(letter, (letter,))) for letter in letters]
    found = ["".join(parts)]
    for at, part in enumerate(parts):
        found.append(letters[:at] + part + letters[at + 1 :])
    return [one for one in dict.fromkeys(found) if one != letters]


@lru_cache(maxsize=1)
def similar_han() -> dict[str, str]:
    """Han character → characters that look like it."""
    found: dict[str, str] = {}
    for row in (
        files("ipguard.matching.text").joinpath("data/similar_han.txt").read_text("utf-8").splitlines()
    ):
        for letter in row:
            found[letter] = found.get(letter, "") + row.replace(letter, "")
    return found
