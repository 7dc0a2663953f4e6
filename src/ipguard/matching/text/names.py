"""Names ready for matching: each folded once, with the forms it may be written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ipguard.matching.text.fold import Folded, compact, fold, fold_many
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.text.sounds import pinyin_of
from ipguard.rights.work import NameKind, Work

__all__ = ["Form", "WatchedName", "form_of", "forms_of", "names_of", "pinyin_of"]

MAX_LETTERS = 200
"""Of a name: what is longer is a text, and watchlists do not take it either."""
WESTERN_END = 0x0590
"""Latin, Greek, Cyrillic and Armenian letters end here: scripts whose letters are taken for each other."""


@dataclass(frozen=True, slots=True)
class WatchedName:
    """One name as its owner writes it."""

    work: str
    text: str
    language: str
    kind: NameKind = NameKind.TITLE
    needs_context: bool = False
    required: tuple[str, ...] = ()
    """Words that must all stand in the listing for the name to count."""
    any_of: tuple[str, ...] = ()
    """Words of which one must stand in the listing."""
    none_of: tuple[str, ...] = ()
    """Words that rule the name out: another product's, another place's."""

    @property
    def has_words(self) -> bool:
        """Whether words of its own decide about it."""
        return bool(self.required or self.any_of or self.none_of)


@dataclass(frozen=True, slots=True)
class Form:
    """A name in the forms that are looked for."""

    name: WatchedName
    folded: str
    """One space between words."""
    compact: str
    """Letters and digits only."""
    script: Script
    """Of its first letter; names of several scripts are judged edge by edge."""
    words: tuple[str, ...]
    """Folded words; one for a name of a script without spaces."""
    western: bool
    """Latin, Greek, Cyrillic letters only: look-alikes are possible."""
    han: bool
    """Han characters only."""

    @property
    def is_short(self) -> bool:
        """Too short to mean the work by itself: three Latin letters, one character of any other script."""
        return len(self.compact) <= (3 if self.script is Script.SPACED else 1)

    @property
    def is_short_han(self) -> bool:
        """Two Han characters may be parts of other words."""
        return self.script is Script.HAN and len(self.compact) <= 2

    @property
    def dense(self) -> bool:
        """Of a script that puts no spaces between words."""
        return self.script not in (Script.SPACED, Script.HANGUL)


def form_of(name: WatchedName) -> Form | None:
    """The form of a name; None where nothing of it is left after folding, or where it is a text and no name."""
    return _form(name, fold(name.text))


def forms_of(names: Iterable[WatchedName]) -> list[Form]:
    """The forms of many names, each once: a name given twice for a work, and a name of no letters, add nothing."""
    given = list(dict.fromkeys(names))
    folded = fold_many([name.text for name in given]) if given else []
    forms: dict[tuple[str, str], Form] = {}
    for name, plain in zip(given, folded, strict=True):
        form = _form(name, plain)
        if form is not None:
            forms.setdefault((name.work, form.folded), form)
    return list(forms.values())


def _form(name: WatchedName, folded: Folded) -> Form | None:
    letters = compact(folded).text
    if not 0 < len(letters) <= MAX_LETTERS:
        return None
    spaced = " ".join("".join(c if script_of(c) is not Script.NONE else " " for c in folded.text).split())
    scripts = {script_of(c) for c in letters}
    return Form(
        name=name,
        folded=" ".join(folded.text.split()),
        compact=letters,
        script=script_of(letters[0]),
        words=tuple(spaced.split(" ")) if spaced else (letters,),
        western=all(ord(c) < WESTERN_END for c in letters),
        han=scripts == {Script.HAN},
    )


def names_of(works: Iterable[Work]) -> list[WatchedName]:
    """Every name of every work; a title that is no name already is one."""
    found = []
    for work in works:
        written = {name.text for name in work.names}
        found += [
            WatchedName(work.id, n.text, n.language, n.kind, n.needs_context, n.required, n.any_of, n.none_of)
            for n in work.names
        ]
        if work.title and work.title not in written:
            found.append(WatchedName(work.id, work.title, ""))
    return found
