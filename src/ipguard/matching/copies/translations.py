"""Translated re-posts, by the order in which names follow each other: no letters are the same, but the story is.

A weak sign: two tellings of one story, or two games of one series, share it too. It asks a person to look, and no more.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rapidfuzz.distance import LCSseq

from ipguard.matching.copies.index import OwnedText
from ipguard.matching.copies.matcher import VERSION
from ipguard.matching.finding import CopyPlace, Finding, Reason
from ipguard.matching.pages.cues import Cue, Scanner, seen

MIN_MENTIONS = 20
MIN_NAMES = 4
MIN_EXCESS = 0.35
"""Of what lies between chance and the same order; faithful translations are near 0.8, unrelated tales near 0."""
MAX_MENTIONS = 4_000
MAX_CHARACTERS = 5_000_000
SHUFFLES = 5
WIDER = 1.3
"""A window of the longer sequence, in lengths of the shorter: translators add and leave out mentions."""
STRENGTH = 0.4
HEADING = re.compile(
    r"^\s{0,20}(?:第\s?[0-9０-９零〇一二三四五六七八九十百千两]{1,9}\s?[章节節回话話]|(?:chapter|глава|chapitre|kapitel|cap[ií]tulo|bölüm|chương)\s+\w{1,9}|제\s?\d{1,4}\s?[장화])",
    re.IGNORECASE | re.MULTILINE,
)
NUMBER = re.compile(r"(?<!\d)\d{3,12}(?!\d)")


@dataclass(frozen=True, slots=True)
class Cast:
    """A person, place or thing of a work in every spelling it may have; `*` ends a word early, for cases."""

    id: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What of a text outlives translation."""

    names: tuple[str, ...]
    """In order of occurrence; a name said twice in a row stands once."""
    chapters: int
    numbers: frozenset[str]


class TranslationMatcher:
    """Compares the order of names in texts with that of owned texts; immutable once made, does no I/O."""

    def __init__(self, cast: Iterable[Cast], owned: Iterable[OwnedText]) -> None:
        self._scanner = Scanner([Cue(one.id, one.spellings) for one in cast], most=MAX_MENTIONS)
        self._owned = tuple((text, self.order_of(text.text)) for text in owned)

    def order_of(self, text: str) -> Order:
        """Names, chapters and numbers of a text."""
        text = text[:MAX_CHARACTERS]
        told: list[str] = []
        reached = -1
        for hit in self._scanner.hits(seen(text)):
            if hit.first >= reached:
                reached = hit.last
                if not told or told[-1] != hit.cue.id:
                    told.append(hit.cue.id)
        numbers = frozenset(found[0] for found in NUMBER.finditer(text))
        return Order(tuple(told[:MAX_MENTIONS]), len(HEADING.findall(text)), numbers)

    def match_text(self, text: str, name: str = "") -> list[Finding]:
        """A weak finding for each owned text whose names follow in the same order."""
        order = self.order_of(text)
        found = []
        for owned, theirs in self._owned:
            excess = beyond_chance(order.names, theirs.names)
            if excess >= MIN_EXCESS:
                found.append(_finding(owned, name, order, theirs, excess))
        return sorted(found, key=lambda f: (-f.strength, f.work, str(f.reason.values["owned"])))


def beyond_chance(names: Sequence[str], owned: Sequence[str]) -> float:
    """How far the order agrees beyond chance, 0..1: longest common subsequence against that of shuffled names."""
    short, long = sorted((list(names), list(owned)), key=len)
    if len(short) < MIN_MENTIONS or len(set(short) & set(long)) < MIN_NAMES:
        return 0.0
    dice = random.Random(0)  # noqa: S311 # the same question has the same answer
    chance = []
    for _ in range(SHUFFLES):
        shuffled = short[:]
        dice.shuffle(shuffled)
        chance.append(_common(shuffled, long))
    expected = sum(chance) / len(chance)
    if expected >= len(short):
        return 0.0
    return max(0.0, (_common(short, long) - expected) / (len(short) - expected))


def _common(short: Sequence[str], long: Sequence[str]) -> int:
    """The longest common subsequence with any window of the longer one."""
    width = int(WIDER * len(short))
    if len(long) <= width:
        return int(LCSseq.similarity(short, long))
    starts = range(0, len(long) - width + max(1, width // 4), max(1, width // 4))
    return max(int(LCSseq.similarity(short, long[start : start + width])) for start in starts)


def _finding(owned: OwnedText, name: str, order: Order, theirs: Order, excess: float) -> Finding:
    share = round(excess, 4)
    said = order.numbers & theirs.numbers
    return Finding(
        matcher="copy",
        version=VERSION,
        work=owned.work,
        strength=STRENGTH,
        reason=Reason(
            "copies.names",
            MappingProxyType(
                {
                    "owned": owned.name,
                    "mentions": len(order.names),
                    "names": len(set(order.names)),
                    "excess": f"{100 * excess:.0f}",
                    "chapters": f"{order.chapters}/{theirs.chapters}",
                    "numbers": len(said),
                }
            ),
        ),
        place=CopyPlace(name, owned.name, "names", "review", share, share),
        weak=True,
    )
