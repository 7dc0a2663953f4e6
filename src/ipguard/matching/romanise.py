"""Names in Latin letters, as sellers and domain names write them: pinyin, Hepburn, Revised Romanization, Cyrillic.

Tables of our own, after GB/T 16159 (pinyin, by way of pypinyin), modified Hepburn (ANSI Z39.11-1972), the Revised
Romanization of Korean (2000, letters without sound changes) and the common passport spelling of Cyrillic (ICAO 9303).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache

from ipguard.matching.text.fold import fold
from ipguard.matching.text.scripts import Script, script_of

MAX_READINGS = 8
"""Of one name with characters that are read in several ways."""

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サ_スセソ", "z": "ザ_ズゼゾ", "t": "タ__テト", "d": "ダ__デド",
    "n": "ナニヌネノ", "h": "ハヒ_ヘホ", "b": "バビブベボ", "p": "パピプペポ", "m": "マミムメモ", "y": "ヤ_ユ_ヨ", "r": "ラリルレロ", "w": "ワヰ_ヱ_",
}  # fmt: skip
_SINGLE = {
    "シ": "shi",
    "ジ": "ji",
    "チ": "chi",
    "ツ": "tsu",
    "ヂ": "ji",
    "ヅ": "zu",
    "フ": "fu",
    "ヲ": "o",
    "ン": "n",
    "ヴ": "vu",
}
_SMALL = {
    "ァ": "a",
    "ィ": "i",
    "ゥ": "u",
    "ェ": "e",
    "ォ": "o",
    "ャ": "ya",
    "ュ": "yu",
    "ョ": "yo",
    "ヮ": "wa",
}
_LEAD = "g kk n d tt r m b pp s ss _ j jj ch k t p h".replace("_", "").split(" ")
_VOWEL = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
_TAIL = [
    "",
    "k",
    "k",
    "ks",
    "n",
    "nj",
    "nh",
    "t",
    "l",
    "lk",
    "lm",
    "lb",
    "ls",
    "lt",
    "lp",
    "lh",
    "m",
    "p",
    "ps",
    "t",
    "t",
    "ng",
    "t",
    "t",
    "k",
    "t",
    "p",
    "h",
]
_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ",
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya e i i ye g".replace("_", "").split(" "),
        strict=True,
    )
)  # fmt: skip


def hepburn(kana: str) -> str:
    """Kana in Hepburn without macrons (とうきょう → toukyou); other characters as they are, ー left out."""
    text = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in kana)
    out = ""
    doubled = False
    for character in text:
        if character == "ッ":
            doubled = True
            continue
        if character == "ー":
            continue
        if character in _SMALL and out and out[-1] in "aiueo":
            out = _glide(out, _SMALL[character])
            continue
        read = _kana().get(character, _SMALL.get(character, character))
        if doubled and read[:1].isalpha():
            read = ("t" if read.startswith("ch") else read[0]) + read
        out, doubled = out + read, False
    return out


def revised(hangul: str) -> str:
    """Hangul syllables in the Revised Romanization, letter by letter; other characters as they are."""
    return "".join(_syllable(c) if "가" <= c <= "힣" else c for c in hangul)


def passport(cyrillic: str) -> str:
    """Lower-case Cyrillic in Latin letters; other characters as they are."""
    return "".join(_CYRILLIC.get(c, c) for c in cyrillic)


def pinyin(han: str) -> list[str]:
    """Toneless pinyin of a name, the commonest reading first, then those of characters with several readings."""
    from pypinyin import Style, lazy_pinyin
    from pypinyin import pinyin as readings

    whole = "".join(lazy_pinyin(han))
    each: list[list[str]] = readings(han, style=Style.NORMAL, heteronym=True)
    every = ("".join(one) for one in itertools.islice(itertools.product(*each), 64))
    return list(dict.fromkeys([whole, *every]))[:MAX_READINGS]


def initials(han: str) -> str:
    """First letters of the pinyin of a name."""
    from pypinyin import lazy_pinyin

    return "".join(syllable[:1] for syllable in lazy_pinyin(han))


def romanised(name: str) -> list[str]:
    """A name in Latin letters, lower case; empty where it is in Latin letters already or in a script not known here."""
    text = fold(name).text
    scripts = {script_of(c) for c in text} - {Script.NONE}
    if Script.HAN in scripts and scripts <= {Script.HAN, Script.SPACED}:
        return _ascii(pinyin(text))
    if scripts & {Script.KATAKANA, Script.HIRAGANA} and Script.HAN not in scripts:
        plain = hepburn(text)
        return _ascii([plain, _short_vowels(plain)])
    if Script.HANGUL in scripts and Script.HAN not in scripts:
        return _ascii([revised(text)])
    if any("\u0400" <= c <= "\u04ff" for c in text):
        return _ascii([passport(text)])
    return []


def _ascii(read: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one for one in read if one.isascii() and any(c.isalpha() for c in one)))


def _short_vowels(read: str) -> str:
    """Long vowels written short, as names mostly are: toukyou → tokyo."""
    return read.replace("ou", "o").replace("oo", "o").replace("uu", "u")


@lru_cache(maxsize=1)
def _kana() -> dict[str, str]:
    table = dict(_SINGLE)
    for consonant, row in _ROWS.items():
        table |= {kana: consonant + vowel for kana, vowel in zip(row, "aiueo", strict=True) if kana != "_"}
    return table


def _glide(out: str, small: str) -> str:
    """キ + ャ → kya, シ + ャ → sha, フ + ァ → fa, テ + ィ → ti."""
    stem = out[:-1]
    if small.startswith("y") and stem.endswith(("sh", "ch", "j")):
        return stem + small[1:]
    return stem + small


def _syllable(character: str) -> str:
    lead, rest = divmod(ord(character) - 0xAC00, 588)
    vowel, tail = divmod(rest, 28)
    return _LEAD[lead] + _VOWEL[vowel] + _TAIL[tail]
