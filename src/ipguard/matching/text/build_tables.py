"""Builds the tables in `data/`. Run once; the results are data, frozen and tested by their hashes.

`python -m ipguard.matching.text.build_tables OPENCC_DICTIONARIES CONFUSABLES_JSON JIEBA_DICT` reads
TSCharacters, JPVariants, HKVariants and TWVariants from the folder, the UTS #39 confusables as the package
confusable_homoglyphs ships them, and jieba's `dict.txt`.
Unicode data is that of the running Python; so the tables are committed, not rebuilt.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

from ipguard.matching.text.own_lookalikes import OWN

DATA = Path(__file__).parent / "data"
COMMON, COMMON_LONG = 20, 30
"""Counts in jieba's list from which a word of up to two, or of three and four characters is common."""
LAST = 0x2FA1F
"""Last code point with a compatibility mapping."""
IGNORED = {0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x00AD, 0x034F, 0x061C, 0x180E}
IGNORED_RANGES = (
    (0x0000, 0x0008), (0x000E, 0x001F), (0x007F, 0x0084), (0x0086, 0x009F),  # controls that are no white space
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0x180B, 0x180F), (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0x1F3FB, 0x1F3FF), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Default-ignorable code points (Unicode DerivedCoreProperties), fillers that show nothing, emoji skin tones."""
MARK_RANGES = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5),
    (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E4), (0x06E7, 0x06E8),
    (0x06EA, 0x06ED), (0x0E47, 0x0E4E), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
)  # fmt: skip
"""Marks that decorate and do not spell: Latin, Greek, Cyrillic, Hebrew points, Arabic harakat, Thai tones, enclosures."""
SEPARATORS = {0x2122: " ", 0x2120: " ", 0x00AE: " ", 0x00A9: " ", 0x4E28: "|", 0x4E36: "·"}
"""™ ℠ ® © stand beside a name and are no letters of it; 丨 and 丶 are put between letters and read as signs."""
MARKED = ("LATIN", "GREEK", "CYRILLIC")
STROKES = {
    "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ƀ": "b", "ɨ": "i", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe",
    "þ": "th", "ð": "d", "ɓ": "b", "ƃ": "b", "ƈ": "c", "ȼ": "c", "ɖ": "d", "ɗ": "d", "ƌ": "d", "ɇ": "e", "ƒ": "f",
    "ɠ": "g", "ǥ": "g", "ɦ": "h", "ⱨ": "h", "ɉ": "j", "ƙ": "k", "ⱪ": "k", "ƚ": "l", "ɫ": "l", "ɬ": "l", "ⱡ": "l",
    "ɱ": "m", "ƞ": "n", "ɲ": "n", "ɳ": "n", "ŋ": "n", "ɵ": "o", "ƥ": "p", "ᵽ": "p", "ɋ": "q", "ʠ": "q", "ɍ": "r",
    "ɽ": "r", "ʂ": "s", "ȿ": "s", "ƭ": "t", "ʈ": "t", "ⱦ": "t", "ʉ": "u", "ʋ": "v", "ⱱ": "v", "ⱳ": "w", "ɏ": "y",
    "ƴ": "y", "ƶ": "z", "ʐ": "z", "ʑ": "z", "ɀ": "z", "ⱬ": "z",
}  # fmt: skip
SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
ARABIC = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك", "ی": "ي", "ـ": "",
    "ە": "ه", "ہ": "ه", "ۀ": "ه", "ۃ": "ه", "ے": "ي", "گ": "ك", "ڤ": "ف", "چ": "ج", "پ": "ب", "ژ": "ز",
}  # fmt: skip
LETTER_BLOCKS = (
    (0x1F110, "a", 26), (0x1F150, "a", 26), (0x1F170, "a", 26), (0x1F1E6, "a", 26), (0x249C, "a", 26),
    (0x2776, "1", 9), (0x2780, "1", 9), (0x278A, "1", 9), (0x24F5, "1", 9), (0x2488, "1", 9), (0x2474, "1", 9),
    (0x1F101, "0", 10), (0x24FF, "0", 1), (0x1F10B, "0", 1), (0x1F10C, "0", 1),
)  # fmt: skip
"""Circled, squared, parenthesised, regional letters and digits that NFKC leaves alone or puts in brackets."""
OF_DIGITS = dict(zip("0123456789", ("o", "il", "z", "e", "a", "s", "bg", "t", "b", "gq"), strict=True))
"""Letters that a digit may stand for: what looks like the digit may stand for them too."""
WORD_SIGNS = {
    0x1F18E: "ab", 0x1F191: "cl", 0x1F192: "cool", 0x1F193: "free", 0x1F194: "id", 0x1F195: "new", 0x1F196: "ng",
    0x1F197: "ok", 0x1F198: "sos", 0x1F199: "up!", 0x1F19A: "vs", 0x1F51F: "10", 0x1F4B2: "$",
}  # fmt: skip


def folded(code: int, han: dict[str, str]) -> str:
    """What a code point folds to."""
    character = chr(code)
    if code in SEPARATORS:
        return SEPARATORS[code]
    if code in WORD_SIGNS:
        return WORD_SIGNS[code]
    if code in IGNORED or _within(code, IGNORED_RANGES):
        return ""
    for first, letter, count in LETTER_BLOCKS:
        if first <= code < first + count:
            return chr(ord(letter) + code - first)
    text = unicodedata.normalize("NFKC", character).casefold()
    text = unicodedata.normalize("NFKC", text)
    return "".join(_letter(one, han) for one in text)


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _letter(character: str, han: dict[str, str]) -> str:
    code = ord(character)
    if 0x3041 <= code <= 0x3096 or 0x309D <= code <= 0x309E:
        return chr(code + 0x60)
    if _within(code, MARK_RANGES):
        return ""
    for table in (ARABIC, STROKES, SMALL_CAPITALS, han):
        if character in table:
            return table[character]
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
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


def lookalikes(confusables: Path, han: dict[str, str]) -> dict[str, str]:
    """Character as written → the Latin letters it may stand for: UTS #39 single prototypes, then our own."""
    found: dict[str, str] = {}
    for character, others in json.loads(confusables.read_text("utf-8")).items():
        if len(character) != 1 or character.isascii() or folded(ord(character), han).isascii():
            continue
        ascii_ones = {one["c"].lower() for one in others if one["c"].isascii() and one["c"].isalnum()}
        single = sorted(one for one in ascii_ones if len(one) == 1)
        if single:
            found[character] = "il" if single[0] in "1il" else OF_DIGITS.get(single[0], single[0])
    for stands_for, characters in OWN:
        found.update(
            (character, stands_for) for character in characters if not ("a" <= character.lower() <= "z")
        )
    for character, letters in list(found.items()):
        plain = folded(ord(character), han)
        if len(plain) == 1 and not plain.isascii():
            found.setdefault(plain, letters)
    return found


def han_words(dictionary: Path, han: dict[str, str]) -> dict[str, int]:
    """Words of up to four Han characters, simplified, with their counts; rare ones left out."""
    found: dict[str, int] = {}
    for line in dictionary.read_text("utf-8").splitlines():
        word, count, *_ = line.split()
        usual = int(count) >= (COMMON if len(word) <= 2 else COMMON_LONG)
        if usual and len(word) <= 4 and all("\u4e00" <= c <= "\u9fff" for c in word):
            plain = "".join(han.get(c, c) for c in word)
            found[plain] = found.get(plain, 0) + int(count)
    return found


def main() -> None:
    """Write the tables."""
    han = read_han(Path(sys.argv[1]))
    lines = []
    for code in range(LAST + 1):
        if 0xD800 <= code <= 0xDFFF or 0xAC00 <= code <= 0xD7A3:
            continue
        to = folded(code, han)
        if to != chr(code):
            lines.append(f"{code:04x}\t{' '.join(f'{ord(c):04x}' for c in to)}\n")
    lines += [f"{code:04x}\t\n" for code in range(0xE0000, 0xE1000)]
    (DATA / "fold.tsv").write_text("".join(lines), "ascii")
    look = sorted(lookalikes(Path(sys.argv[2]), han).items())
    (DATA / "lookalikes.tsv").write_text("".join(f"{ord(c):04x}\t{to}\n" for c, to in look), "ascii")
    words = sorted(han_words(Path(sys.argv[3]), han).items())
    (DATA / "words.tsv").write_text("".join(f"{word}\t{count}\n" for word, count in words), "utf-8")


if __name__ == "__main__":
    main()
