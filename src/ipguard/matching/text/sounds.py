"""What sounds alike: one class per character where a script spells by sound, and a phonetic key for Latin words.

Han: toneless pinyin (the commonest reading), with the pairs that speakers confuse most (zh/z, ch/c, sh/s, -ng/-n)
as one. Kana: long marks and small forms. Hangul: vowels and final consonants that have merged in speech. Cyrillic:
unstressed vowels, voicing. Arabic, Thai: letters of one sound. The classes are keys of equality, not a transcription.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np

from ipguard.matching.text.fold import GONE, TOP, Codes, encode

SYLLABLE_BASE = 0xF0000
"""Pinyin syllables are numbered in the private use area: one code point each, as the character had."""
KANA = {"ー": "", "ッ": "", "ァ": "ア", "ィ": "イ", "ゥ": "ウ", "ェ": "エ", "ォ": "オ", "ャ": "ヤ", "ュ": "ユ", "ョ": "ヨ",
        "ヅ": "ズ", "ヂ": "ジ", "ヲ": "オ", "ヴ": "ブ", "ヰ": "イ", "ヱ": "エ"}  # fmt: skip
CYRILLIC = {"о": "а", "е": "и", "ё": "и", "э": "и", "ы": "и", "й": "и", "я": "а", "ю": "у", "ь": "", "ъ": "", "б": "п",
            "в": "ф", "г": "к", "д": "т", "ж": "ш", "з": "с", "щ": "ш"}  # fmt: skip
ARABIC = {"ص": "س", "ث": "س", "ط": "ت", "ض": "د", "ظ": "ز", "ذ": "ز", "ق": "ك", "ح": "ه", "ع": "ا", "غ": "ج"}
THAI = {"ศ": "ส", "ษ": "ส", "ซ": "ส", "ณ": "น", "ฎ": "ด", "ฏ": "ต", "ฑ": "ท", "ฒ": "ท", "ธ": "ท", "ถ": "ท", "ฐ": "ท",
        "ภ": "พ", "ผ": "พ", "ญ": "ย", "ฬ": "ล", "ร": "ล", "ใ": "ไ", "ข": "ค", "ฆ": "ค", "ฉ": "ช", "ฌ": "ช"}  # fmt: skip
VOWEL_MERGER = {1: 5, 3: 7, 10: 11, 15: 11}
"""Hangul vowels by index: ㅐ as ㅔ, ㅒ as ㅖ, ㅙ and ㅞ as ㅚ."""
TAIL_MERGER = {2: 1, 3: 1, 5: 4, 6: 4, 9: 8, 11: 8, 12: 8, 13: 8, 15: 8, 10: 16, 18: 17, 26: 17, 14: 17,
               19: 7, 20: 7, 22: 7, 23: 7, 25: 7, 27: 7, 24: 1}  # fmt: skip
"""Hangul finals by index, as they are spoken at the end of a syllable (Standard Pronunciation §8 to §11)."""
MOST_READ = 8
"""Characters of a name whose other readings are looked for."""
NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"))


@lru_cache(maxsize=1)
def sound_classes() -> Codes:
    """Folded code point → its sound class; GONE where it is not heard."""
    table = np.arange(TOP, dtype=np.uint32)
    for code, readings in _readings().items():
        table[code] = _syllables()[near(readings[0])]
    for letters in (KANA, CYRILLIC, ARABIC, THAI):
        for letter, to in letters.items():
            table[ord(letter)] = ord(to) if to else GONE
    for code in range(0xAC00, 0xD7A4):
        lead, rest = divmod(code - 0xAC00, 588)
        vowel, tail = divmod(rest, 28)
        table[code] = 0xAC00 + lead * 588 + VOWEL_MERGER.get(vowel, vowel) * 28 + TAIL_MERGER.get(tail, tail)
    return table


def sounds_of(letters: str) -> list[str]:
    """The sound classes of a folded name's letters, without what is not heard; several where readings differ."""
    heard = sound_classes()[encode(letters)]
    usual = "".join(map(chr, heard[heard != GONE].tolist()))
    if len(usual) != len(letters) or len(letters) > MOST_READ:
        return [usual]
    others = [usual]
    for at, letter in enumerate(letters):
        sounds = [chr(_syllables()[near(reading)]) for reading in readings_of(letter)[1:3]]
        others += [usual[:at] + sound + usual[at + 1 :] for sound in sounds]
    return list(dict.fromkeys(others))


def near(syllable: str) -> str:
    """A pinyin syllable with the distinctions that many speakers do not make taken away."""
    for wide, narrow in NEAR:
        if syllable.startswith(wide):
            syllable = narrow + syllable[len(wide) :]
            break
    return syllable[:-1] if syllable.endswith("ng") and syllable[-3:-2] in "ie" else syllable


def pinyin_of(character: str) -> str:
    """The commonest toneless pinyin of a Han character (ü as v); empty for anything else."""
    readings = _readings().get(ord(character))
    return readings[0] if readings else ""


def readings_of(character: str) -> tuple[str, ...]:
    """Every toneless pinyin of a Han character, the commonest first."""
    return _readings().get(ord(character), ())


@lru_cache(maxsize=1)
def _syllables() -> dict[str, int]:
    """Syllable → its code point in the private use area."""
    heard = sorted({near(reading) for readings in _readings().values() for reading in readings})
    return {syllable: SYLLABLE_BASE + number for number, syllable in enumerate(heard)}


@lru_cache(maxsize=1)
def _readings() -> dict[int, tuple[str, ...]]:
    from pypinyin.constants import PINYIN_DICT

    return {
        code: tuple(dict.fromkeys(plain for one in readings.split(",") if (plain := _toneless(one))))
        for code, readings in PINYIN_DICT.items()
        if code >= 0x3400
    }


@lru_cache(maxsize=8192)
def _toneless(syllable: str) -> str:
    bare = unicodedata.normalize("NFD", syllable.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v")
                                 .replace("ǚ", "v").replace("ǜ", "v"))  # fmt: skip
    return "".join(c for c in bare if c.isascii() and c.isalpha())


LATIN_RULES = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"^(kn|gn|pn)", "n"), (r"^wr", "r"), (r"^ps", "s"), (r"^x", "s"),
        (r"tsch|tch", "c"), (r"sch|sh", "s"), (r"ch", "c"), (r"ph", "f"), (r"gh(?=[^aeiouy]|$)", ""), (r"gh", "g"),
        (r"th", "t"), (r"dh", "d"), (r"kh", "k"), (r"wh", "w"), (r"rh", "r"), (r"ck", "k"), (r"qu?", "k"), (r"x", "ks"),
        (r"c(?=[eiy])", "s"), (r"c", "k"), (r"dg(?=[eiy])", "j"), (r"z", "s"), (r"v", "f"), (r"(?<=[aeo])w(?=[^aeiouy]|$)", ""),
        (r"w", "f"), (r"j", "g"), (r"(?<=.)h", ""), (r"mb$", "m"), (r"d", "t"), (r"b", "p"), (r"g", "k"), (r"[aeiouy]+", "a"),
    )
)  # fmt: skip
"""After Metaphone (Philips 1990), made coarser: voiced and voiceless as one, every vowel as one."""


@lru_cache(maxsize=65_536)
def phonetic_key(word: str) -> str:
    """How a folded Latin word sounds, coarsely; empty where it is no Latin word."""
    if not word.isascii() or not word.isalpha():
        return ""
    vowel = word[0] in "aeiouy"
    for pattern, to in LATIN_RULES:
        word = pattern.sub(to, word)
    word = re.sub(r"(.)\1+", r"\1", word)
    return ("a" if vowel else "") + word.replace("a", "")
