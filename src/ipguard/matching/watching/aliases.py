"""What else to list for a name: how it is romanised, shortened, joined, misspelt, and put beside its other names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ipguard.matching.romanise import initials, pinyin, romanised
from ipguard.matching.text.fold import compact, fold
from ipguard.matching.text.names import WatchedName
from ipguard.matching.text.rewritten import in_romaji
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.text.sounds import pinyin_of
from ipguard.matching.watching.spellings import HIRAGANA, KATAKANA, slips_of, variant_of
from ipguard.rights.work import NameKind

BY_EAR = (
    ("ph", "f"), ("ck", "k"), ("c", "k"), ("k", "c"), ("y", "i"), ("ei", "ie"), ("ie", "ei"), ("ou", "u"),
    ("x", "ks"), ("th", "t"), ("z", "s"), ("ai", "ei"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("ss", "s"),
)  # fmt: skip
"""Letters that are written for each other by ear."""
MAX_MISSPELT = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name to list."""

    text: str
    language: str
    """BCP 47, with the script where it is not the usual one of the language: zh-Latn, ja-Latn, zh-Hant."""
    how: str
    """pinyin, initials, romaji, romanised, variant, kana, joined, hyphened, misspelt, combined."""
    kind: NameKind = NameKind.ALIAS
    needs_context: bool = False


def suggestions_for(names: Sequence[WatchedName]) -> list[Suggestion]:
    """What else the names of one work may be written as, in the order of how often people do; none twice."""
    listed = {fold(name.text).text for name in names}
    made: dict[str, Suggestion] = {}
    for name in names:
        for one in _for_name(name):
            made.setdefault(one.text.casefold(), one)
    for one in _combined(names):
        made.setdefault(one.text.casefold(), one)
    return [
        one
        for one in made.values()
        if one.text and (fold(one.text).text not in listed or one.how == "variant")
    ]


def _for_name(name: WatchedName) -> Iterator[Suggestion]:
    scripts = {script_of(c) for c in name.text} - {Script.NONE}
    language = name.language.split("-")[0] or "und"
    if Script.HAN in scripts:
        yield from _for_han(name, language)
    if scripts & {Script.KATAKANA, Script.HIRAGANA}:
        yield from _for_kana(name.text)
    if scripts & {Script.HANGUL} or any("\u0400" <= c <= "\u04ff" for c in name.text):
        for read in romanised(name.text):
            yield Suggestion(_titled(read), f"{language}-Latn", "romanised")
    if scripts == {Script.SPACED} and name.text.isascii():
        yield from _for_latin(name.text, language)


def _for_han(name: WatchedName, language: str) -> Iterator[Suggestion]:
    variant = variant_of(name.text)
    if variant != name.text:
        yield Suggestion(variant, "zh-Hant" if language == "zh" else language, "variant")
    if Script.SPACED in {script_of(c) for c in name.text}:
        return
    for number, read in enumerate(pinyin(name.text)):
        yield Suggestion(read, f"{language}-Latn", "pinyin", needs_context=len(read) < 6)
        if number == 0:
            syllables = [pinyin_of(c) for c in name.text if pinyin_of(c)]
            yield Suggestion(" ".join(syllables), f"{language}-Latn", "pinyin", needs_context=len(read) < 6)
    yield Suggestion(
        initials(name.text), f"{language}-Latn", "initials", NameKind.ABBREVIATION, needs_context=True
    )


def _for_kana(text: str) -> Iterator[Suggestion]:
    for read in in_romaji(compact(fold(text)).text):
        yield Suggestion(_titled(read), "ja-Latn", "romaji", needs_context=len(read) < 6)
    for table in (KATAKANA, HIRAGANA):
        other = "".join(table.get(c, c) for c in text)
        if other != text:
            yield Suggestion(other, "ja", "kana")


def _for_latin(text: str, language: str) -> Iterator[Suggestion]:
    parts = re.findall(r"[A-Za-z0-9]+", text)
    if len(parts) > 1:
        yield Suggestion("".join(parts), language, "joined")
        yield Suggestion("-".join(parts), language, "hyphened")
        letters = "".join(part[0] for part in parts).upper()
        if len(letters) >= 2:
            yield Suggestion(letters, language, "initials", NameKind.ABBREVIATION, needs_context=True)
    if sum(map(len, parts)) >= 5:
        for misspelt in _misspelt(text):
            yield Suggestion(misspelt, language, "misspelt")


def _misspelt(text: str) -> list[str]:
    """As people write it who only heard it, then as hands slip."""
    heard = []
    for right, wrong in BY_EAR:
        place = text.lower().find(right, 1)
        if place > 0:
            heard.append(text[:place] + wrong + text[place + len(right) :])
    slips = [one.text for one in slips_of(text)]
    return list(dict.fromkeys([*heard[: MAX_MISSPELT - 2], *slips]))[:MAX_MISSPELT]


def _combined(names: Sequence[WatchedName]) -> Iterator[Suggestion]:
    """Names in two languages side by side, as titles for buyers abroad have them."""
    titles = [name for name in names if name.kind is NameKind.TITLE]
    for one in titles[:1]:
        for other in titles[1:]:
            if other.language.split("-")[0] != one.language.split("-")[0]:
                yield Suggestion(f"{other.text}{one.text}", other.language, "combined")


def _titled(text: str) -> str:
    return " ".join(part[:1].upper() + part[1:] for part in text.split())
