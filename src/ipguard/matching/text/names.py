"""Names ready for matching: each folded once, with the forms it may be written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ipguard.matching.text.fold import compact, encode, fold, lookalike_table
from ipguard.matching.text.scripts import Script, script_of
from ipguard.rights.work import NameKind, Work

MIN_LOOKALIKE = 4
"""Letters a name needs before look-alike letters are read into a text: shorter ones hit too much."""
MIN_MISSPELLING = 8
"""Letters from which one wrong letter is forgiven; from 14 on, two."""
MIN_PINYIN = 6
"""Letters of a romanised name, at least."""


@dataclass(frozen=True, slots=True)
class WatchedName:
    """One name as its owner writes it."""

    work: str
    text: str
    language: str
    kind: NameKind = NameKind.TITLE
    needs_context: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A name in the forms that are looked for."""

    name: WatchedName
    folded: str
    compact: str
    look: str
    """Compact, look-alikes unified; empty where the name is not of Latin, Greek or Cyrillic letters."""
    script: Script
    """Of its first letter; names of several scripts are judged edge by edge."""
    words: tuple[str, ...]
    pinyin: str
    """Toneless, without spaces; empty where it is no Han name, or too short."""

    @property
    def is_short_han(self) -> bool:
        """Two Han characters may be parts of other words."""
        return self.script is Script.HAN and len(self.compact) <= 2


def form_of(name: WatchedName) -> Form | None:
    """The forms of a name; None where nothing of it is left after folding."""
    folded = fold(name.text)
    letters = compact(folded).text
    if not letters:
        return None
    spaced = all(script_of(c) is Script.SPACED for c in letters)
    western = spaced and all(ord(c) < 0x0530 for c in letters)
    look = _look(letters) if western and len(letters) >= MIN_LOOKALIKE else ""
    pinyin = (
        "".join(pinyin_of(c) for c in letters) if all(script_of(c) is Script.HAN for c in letters) else ""
    )
    return Form(
        name=name,
        folded=" ".join(folded.text.split()),
        compact=letters,
        look=look,
        script=script_of(letters[0]),
        words=tuple(compact(fold(word)).text for word in name.text.split()) if spaced else (),
        pinyin=pinyin if len(pinyin) >= MIN_PINYIN else "",
    )


def forms_of(names: Iterable[WatchedName]) -> list[Form]:
    """The forms of many names."""
    return [form for name in names if (form := form_of(name)) is not None]


def names_of(works: Iterable[Work]) -> list[WatchedName]:
    """Every name of every work; a title that is no name already is one."""
    found = []
    for work in works:
        written = {name.text for name in work.names}
        found += [WatchedName(work.id, n.text, n.language, n.kind, n.needs_context) for n in work.names]
        if work.title and work.title not in written:
            found.append(WatchedName(work.id, work.title, ""))
    return found


@lru_cache(maxsize=65_536)
def pinyin_of(character: str) -> str:
    """The commonest toneless pinyin of a Han character; empty for anything else."""
    if script_of(character) is not Script.HAN:
        return ""
    from pypinyin import Style, lazy_pinyin

    read: list[str] = lazy_pinyin(character, style=Style.NORMAL, errors="ignore")
    return read[0] if read else ""


def _look(letters: str) -> str:
    table = lookalike_table()
    return "".join(chr(int(table[code])) for code in encode(letters))
