"""Builds `data/fold.tsv`: code point → folded text. Run once; the result is data, frozen and tested by its hash.

`python -m ipguard.matching.text.build_tables OPENCC_DICTIONARIES` reads TSCharacters, JPVariants, HKVariants and
TWVariants from that folder. Unicode data is that of the running Python; so the table is committed, not rebuilt.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

TARGET = Path(__file__).parent / "data" / "fold.tsv"
LAST = 0x2FA1F
"""Last code point with a compatibility mapping."""
IGNORED = {
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x2800,
    0x3164,
    0xFFA0,
    0x00AD,
    0x034F,
    0x061C,
    0x180E,
    0x200B,
    0x200C,
    0x200D,
}
IGNORED_RANGES = (
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0x200E, 0x200F),
    (0x202A, 0x202E),
    (0xE0000, 0xE0FFF),
    (0x180B, 0x180F),
    (0xFEFF, 0xFEFF),
    (0x1D173, 0x1D17A),
)
"""Default-ignorable code points (Unicode DerivedCoreProperties), and fillers that show nothing."""
SEPARATORS = {0x2122: " ", 0x2120: " ", 0x00AE: " ", 0x00A9: " ", 0x4E28: "|"}
"""™ ℠ ® © stand beside a name and are no letters of it; 丨 is put between letters and read as a bar."""
MARKED = ("LATIN", "GREEK", "CYRILLIC")
STROKES = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "ƀ": "b",
    "ɨ": "i",
    "ı": "i",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
}
ARABIC = {
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ى": "ي",
    "ئ": "ي",
    "ؤ": "و",
    "ة": "ه",
    "ک": "ك",
    "ی": "ي",
    "ـ": "",
}
LETTER_BLOCKS = ((0x1F150, "a", 26), (0x1F170, "a", 26), (0x1F1E6, "a", 26))
"""Negative circled, negative squared, regional indicators: letters that NFKC leaves alone."""


def folded(code: int, han: dict[str, str]) -> str:
    """What a code point folds to."""
    character = chr(code)
    if code in SEPARATORS:
        return SEPARATORS[code]
    if code in IGNORED or any(first <= code <= last for first, last in IGNORED_RANGES):
        return ""
    for first, letter, count in LETTER_BLOCKS:
        if first <= code < first + count:
            return chr(ord(letter) + code - first)
    text = unicodedata.normalize("NFKC", character).casefold()
    text = unicodedata.normalize("NFKC", text)
    return "".join(_letter(one, han) for one in text)


def _letter(character: str, han: dict[str, str]) -> str:
    code = ord(character)
    if 0x3041 <= code <= 0x3096:
        return chr(code + 0x60)
    if 0x0300 <= code <= 0x036F or 0x064B <= code <= 0x065F or code == 0x0670 or 0x0E47 <= code <= 0x0E4E:
        return ""
    if character in ARABIC:
        return ARABIC[character]
    if character in STROKES:
        return STROKES[character]
    if character in han:
        return han[character]
    if unicodedata.name(character, "").startswith(MARKED):
        base = "".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c))
        return "".join(STROKES.get(c, c) for c in base)
    return character


def read_han(folder: Path) -> dict[str, str]:
    """Single characters of any standard → simplified."""
    simplified = _pairs(folder / "TSCharacters.txt")
    found = dict(simplified)
    for name in ("JPVariants", "HKVariants", "TWVariants"):
        for traditional, variant in _pairs(folder / f"{name}.txt").items():
            found.setdefault(variant, simplified.get(traditional, traditional))
    return {a: b for a, b in found.items() if a != b and len(a) == len(b) == 1}


def _pairs(path: Path) -> dict[str, str]:
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines() if "\t" in line)
    return {row[0]: row[1].split(" ")[0] for row in rows}


def main() -> None:
    """Write the table."""
    han = read_han(Path(sys.argv[1]))
    lines = []
    for code in range(LAST + 1):
        if 0xD800 <= code <= 0xDFFF or 0xAC00 <= code <= 0xD7A3:
            continue
        to = folded(code, han)
        if to != chr(code):
            lines.append(f"{code:04x}\t{' '.join(f'{ord(c):04x}' for c in to)}\n")
    lines += [f"{code:04x}\t\n" for code in range(0xE0000, 0xE1000)]
    TARGET.write_text("".join(lines), "ascii")


if __name__ == "__main__":
    main()
