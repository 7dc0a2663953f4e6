"""A name as sellers may write it: one or two spellings of every family, made by rule, to be run through the matcher."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ipguard.matching.romanise import initials, romanised
from ipguard.matching.text.fold import fold
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.text.sounds import pinyin_of
from ipguard.matching.words.lexicon import words

HOMOGLYPHS = str.maketrans("aceopxyiAEOCPX", "асеорхуіАЕОСРХ")
LEET = str.maketrans("oOiIeEaAsS", "0011334455")
ACCENTS = str.maketrans("aeioun", "áéíóúñ")
ZERO_WIDTH = "\u200b"
BOLD = {chr(c): chr(0x1D5D4 + c - 65) for c in range(65, 91)} | {
    chr(c): chr(0x1D5EE + c - 97) for c in range(97, 123)
}
"""Mathematical sans-serif bold letters, the commonest "fancy font"."""
WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
KATAKANA = {chr(c): chr(c + 0x60) for c in range(0x3041, 0x3097)}
HIRAGANA = {b: a for a, b in KATAKANA.items()}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name written in another way."""

    family: str
    """upper, joined, hashtag, spaced, lookalike, fancy, wide, leet, invisible, accents, omission, doubling, swapped,
    mask, encoded, order, variant, marks_between, homophone, pinyin, initials, kana, romanised, decomposed."""
    text: str


def spellings_of(name: str) -> list[Spelling]:
    """Spellings of a name in families that its script has; none equal to the name itself."""
    scripts = {script_of(c) for c in fold(name).text} - {Script.NONE}
    made = [*_any(name)]
    if Script.SPACED in scripts:
        made += _western(name)
    if Script.HAN in scripts:
        made += _han(name)
    if scripts & {Script.KATAKANA, Script.HIRAGANA}:
        made += _kana(name)
    if Script.HANGUL in scripts:
        made.append(Spelling("decomposed", unicodedata.normalize("NFD", name)))
    if Script.HAN not in scripts:
        made += [Spelling("romanised", read) for read in romanised(name)[:1]]
    first: dict[str, Spelling] = {}
    for one in made:
        first.setdefault(one.text, one)
    return [one for one in first.values() if one.text.strip() and one.text != name]


def slips_of(name: str) -> list[Spelling]:
    """Names with one letter left out, one doubled, two swapped: as hands slip, in the middle of the longest word."""
    word = max(name.split(), key=len, default="")
    start, middle = name.find(word), len(word) // 2
    if len(word) < 4 or not word.isalpha():
        return []
    at = start + middle
    swap = next((n for n in range(at, start + len(word) - 1) if name[n] != name[n + 1]), at)
    return [
        Spelling("omission", name[:at] + name[at + 1 :]),
        Spelling("doubling", name[:at] + name[at] + name[at:]),
        Spelling("swapped", name[:swap] + name[swap + 1] + name[swap] + name[swap + 2 :]),
    ]


def variant_of(name: str) -> str:
    """The name with every Han character in another standard form of it (traditional, Japanese), where there is one."""
    return "".join(_variants().get(c, c) for c in name)


def _any(name: str) -> Iterator[Spelling]:
    yield Spelling("invisible", ZERO_WIDTH.join(name))
    yield Spelling("encoded", "".join(f"&#{ord(c)};" for c in name))
    letters = [c for c in name if not c.isspace()]
    if len(letters) >= 3:
        at = len(letters) // 2
        yield Spelling("mask", _with(name, letters[at], "*", at))


def _western(name: str) -> Iterator[Spelling]:
    yield Spelling("upper", name.upper())
    parts = name.split()
    if len(parts) > 1:
        yield Spelling("joined", "".join(parts))
        yield Spelling("hashtag", "#" + "".join(part[:1].upper() + part[1:] for part in parts))
        yield Spelling("order", " ".join(reversed(parts)))
    yield Spelling("spaced", " ".join(c for c in name if not c.isspace()))
    yield Spelling("marks_between", ".".join(c for c in name if not c.isspace()))
    yield Spelling("lookalike", name.translate(HOMOGLYPHS))
    yield Spelling("fancy", "".join(BOLD.get(c, c) for c in name))
    yield Spelling("wide", name.translate(WIDE))
    yield Spelling("leet", name.translate(LEET))
    yield Spelling("accents", name.translate(ACCENTS))
    yield from slips_of(name)


def _han(name: str) -> Iterator[Spelling]:
    yield Spelling("variant", variant_of(name))
    yield Spelling("spaced", " ".join(name))
    yield Spelling("marks_between", "/".join(name))
    yield from _homophones(name)
    reads = romanised(name)
    if reads:
        yield Spelling("pinyin", reads[0])
        yield Spelling("pinyin", " ".join(filter(None, (pinyin_of(c) or c for c in name))))
        yield Spelling("initials", initials(name))


def _homophones(name: str) -> Iterator[Spelling]:
    """The last Han character replaced by the commonest other one of the same sound."""
    for at in range(len(name) - 1, -1, -1):
        read = pinyin_of(name[at])
        other = next((c for c in _by_sound().get(read, "") if c != name[at]), "") if read else ""
        if other:
            yield Spelling("homophone", name[:at] + other + name[at + 1 :])
            return


def _kana(name: str) -> Iterator[Spelling]:
    yield Spelling("kana", "".join(KATAKANA.get(c, c) for c in name))
    yield Spelling("kana", "".join(HIRAGANA.get(c, c) for c in name))
    yield Spelling("marks_between", "・".join(name))
    yield Spelling("spaced", " ".join(name))


def _with(name: str, letter: str, sign: str, count: int) -> str:
    """The name with one letter, the one after `count` letters, replaced by a sign."""
    seen = 0
    for place, character in enumerate(name):
        if not character.isspace():
            if seen == count and character == letter:
                return name[:place] + sign + name[place + 1 :]
            seen += 1
    return name


@lru_cache(maxsize=1)
def _variants() -> dict[str, str]:
    """Simplified Han character → the first other character that folds to it."""
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    folded = fold(every)
    found: dict[str, str] = {}
    for character, place in zip(folded.text, folded.starts.tolist(), strict=True):
        if character != every[place]:
            found.setdefault(character, every[place])
    return found


@lru_cache(maxsize=1)
def _by_sound() -> dict[str, str]:
    """Toneless syllable → Han characters read so, the commonest first."""
    found: dict[str, dict[str, None]] = {}
    for word in words("zh"):
        for character in word:
            found.setdefault(pinyin_of(character), {})[character] = None
    return {read: "".join(characters) for read, characters in found.items() if read}
