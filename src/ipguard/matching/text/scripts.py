"""Which script a character is of, as far as edge rules need to know."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache


class Script(StrEnum):
    """Groups of scripts that share an edge rule."""

    SPACED = "spaced"
    """Latin, Greek, Cyrillic, Arabic, Hebrew, Vietnamese, digits: words stand between spaces."""
    HAN = "han"
    HIRAGANA = "hiragana"
    KATAKANA = "katakana"
    HANGUL = "hangul"
    THAI = "thai"
    """Thai, Lao, Khmer, Burmese: no spaces, no rule."""
    NONE = "none"
    """Not a letter."""


@lru_cache(maxsize=65_536)
def script_of(character: str) -> Script:
    """The script of a character."""
    code = ord(character)
    if 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x323AF or code == 0x3005:
        return Script.HAN
    if 0x3041 <= code <= 0x309F:
        return Script.HIRAGANA
    if 0x30A0 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
        return Script.NONE if code in (0x30A0, 0x30FB, 0xFF65) else Script.KATAKANA
    if 0xAC00 <= code <= 0xD7A3 or 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F:
        return Script.HANGUL
    if 0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF:
        return Script.THAI
    return Script.SPACED if character.isalnum() else Script.NONE


def is_word_character(character: str) -> bool:
    """Whether a character belongs to a word of a script that puts spaces between words."""
    return script_of(character) is Script.SPACED
