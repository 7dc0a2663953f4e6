"""Which letters a character may stand for by its look: homoglyphs of other scripts, fancy fonts, leet digits and signs.

Letters that share a character (6 is b or g, 1 is i or l) share one class, so that one look-up finds them all; what a
character really may stand for is checked afterwards. Classes are an equality key and never a text: no distance is
measured on them (UTS #39 §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from ipguard.matching.text.fold import GONE, Codes, Flags, encode, fold_table

FAKED = {"m": "rn", "w": "vv", "d": "cl"}
"""Letters that two others together look like."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Code point as written → class of the Latin letters it looks like."""

    classes: Codes
    stands_for: dict[str, str]
    """Character as written → letters."""
    signs: Flags
    """Characters that have a row: letters, and signs that are read as letters ($ @ +)."""
    plain: Codes
    """Code point as written → what it folds to, GONE or MANY."""


@lru_cache(maxsize=1)
def looks() -> Looks:
    """The table, read once."""
    rows = files("ipguard.matching.text").joinpath("data/lookalikes.tsv").read_text("ascii").splitlines()
    stands_for = {chr(int(code, 16)): letters for code, letters in (row.split("\t") for row in rows)}
    groups = [set(letters) for letters in set(stands_for.values()) if len(letters) > 1]
    chief = {letter: min(set().union(*(g for g in groups if letter in g))) for g in groups for letter in g}
    chief |= {letter: chief[chief[letter]] for letter in chief}
    single = fold_table().one()
    classes = np.where(single < len(single), single, np.arange(len(single), dtype=np.uint32))
    signs = np.zeros(len(classes), dtype=bool)
    for character, letters in stands_for.items():
        signs[ord(character)] = True
        classes[ord(character)] = ord(chief.get(letters[0], letters[0]))
    plain = np.array([ord(c) for c in chief], dtype=np.uint32)
    for letter in plain.tolist():
        classes[classes == letter] = ord(chief[chr(letter)])
    folded_too = np.isin(single, np.array([ord(c) for c in stands_for], dtype=np.uint32)) & ~signs
    changed = np.flatnonzero(folded_too & (single < len(single)))
    classes[changed] = classes[single[changed]]
    return Looks(classes, stands_for, signs, single)


def may_stand_for(written: str, wanted: str) -> bool:
    """Whether a character as written may be read as the (folded) letter that a name has there."""
    known = looks()
    if wanted in known.stands_for.get(written, ""):
        return True
    plain = int(known.plain[ord(written)])
    if plain < GONE and wanted in known.stands_for.get(chr(plain), ""):
        return True
    return not wanted.isascii() and bool(
        set(known.stands_for.get(wanted, "")) & set(_reading(written, plain))
    )


def look_of(letters: str) -> str:
    """The classes of a folded text's letters."""
    return "".join(map(chr, looks().classes[encode(letters)].tolist()))


def _reading(written: str, plain: int) -> str:
    own = looks().stands_for.get(written, "")
    return own or (chr(plain) if plain < GONE else "")


@lru_cache(maxsize=1)
def lookalike_table() -> Codes:
    """Folded code point → the one Latin letter it looks most like, itself where it looks like none; l and i as one."""
    table = np.arange(len(looks().classes), dtype=np.uint32)
    for character, letters in looks().stands_for.items():
        table[ord(character)] = ord(letters[0])
    table[ord("l")] = ord("i")
    return table
