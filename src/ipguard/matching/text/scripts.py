"""Which script a character is of, as far as edge rules need to know."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class Script(StrEnum):
    """Groups of scripts that share an edge rule."""

    SPACED = "spaced"
    """Latin, Greek, Cyrillic, Arabic, Hebrew, Vietnamese, digits: words stand between spaces."""
    HAN = "han"
    HIRAGANA = "hiragana"
    KATAKANA = "katakana"
    HANGUL = "hangul"
    THAI = "thai"
    """Thai, Lao, Khmer, Burmese: no spaces between words."""
    NONE = "none"
    """Not a letter."""


NONE, LOWER, UPPER, DIGIT, HAN, HIRAGANA, KATAKANA, HANGUL, THAI, THAI_LEADING, DEPENDENT = range(11)
"""Kinds of character, one byte each, as `kinds_of` tells them. LOWER holds letters without case too."""
SPACED_KINDS = frozenset((LOWER, UPPER, DIGIT))
LAST_LETTER = 0x32400
"""No letter that names are written in lies beyond (CJK Extension H ends at U+323AF)."""
SCRIPT_OF_KIND = (
    Script.NONE, Script.SPACED, Script.SPACED, Script.SPACED, Script.HAN, Script.HIRAGANA, Script.KATAKANA,
    Script.HANGUL, Script.THAI, Script.THAI, Script.THAI,
)  # fmt: skip


def script_of(character: str) -> Script:
    """The script of a character."""
    return SCRIPT_OF_KIND[kinds_of_codes()[ord(character)]]


def is_word_character(character: str) -> bool:
    """Whether a character belongs to a word of a script that puts spaces between words."""
    return script_of(character) is Script.SPACED


@lru_cache(maxsize=1)
def kinds_of_codes() -> NDArray[np.uint8]:
    """Code point → kind of character."""
    table = np.zeros(0x110000, dtype=np.uint8)
    for code in range(LAST_LETTER):
        table[code] = _kind(code)
    return table


def _kind(code: int) -> int:
    if 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or code >= 0x20000 or code in (0x3005, 0x3007):
        return HAN
    if 0x3041 <= code <= 0x309F:
        return HIRAGANA
    if 0x30A0 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
        return NONE if code in (0x30A0, 0x30FB, 0xFF65) else KATAKANA
    if 0xAC00 <= code <= 0xD7A3 or 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F:
        return HANGUL
    character = chr(code)
    category = unicodedata.category(character)
    if 0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF:
        if code in range(0x0E40, 0x0E45) or code in range(0x0EC0, 0x0EC5):
            return THAI_LEADING
        spells = category in ("Mn", "Mc") or code in (0x0E30, 0x0E32, 0x0E33, 0x0E45, 0x0EB0, 0x0EB2, 0x0EB3)
        return DEPENDENT if spells else THAI if category[0] in "LN" else NONE
    if category in ("Nd", "Nl", "No"):
        return DIGIT
    if category[0] == "L":
        return UPPER if category in ("Lu", "Lt") else LOWER
    return LOWER if category in ("Mn", "Mc") and code >= 0x0900 else NONE
