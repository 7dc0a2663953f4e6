"""Many patterns looked for at once, each standing for entries of a list; and the caps on what is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

from ipguard.matching.text.views import Batch, View

T = TypeVar("T")
WIDEST = 5
"""Characters of the text for one letter of a name, at most: what is wider has gaps that no layer lets pass."""
MAX_HITS = 2_000
"""Stretches looked at in one text, per layer: hostile texts repeat a name a million times."""


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit that was reached in one text of a batch, so that not everything was looked at."""

    text: int
    code: str
    """Reason code: text.cut, text.many_hits, text.many_findings."""
    limit: int


@dataclass(slots=True)
class Work:
    """What looking through a batch costs, and which caps it reached."""

    steps: int = 0
    """Stretches looked at, by all layers: the work that texts can make more of than they are long."""
    caps: set[Cap] = field(default_factory=set)


class Scanner(Generic[T]):
    """An automaton over (pattern, entry) pairs."""

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        entries: dict[str, list[T]] = {}
        for pattern, entry in pairs:
            if pattern:
                known = entries.setdefault(pattern, [])
                if entry not in known:
                    known.append(entry)
        self.patterns = list(entries)
        self.entries = list(entries.values())
        self._automaton = AhoCorasick(self.patterns) if self.patterns else None

    def __bool__(self) -> bool:
        return self._automaton is not None

    def raw(self, text: str) -> Sequence[tuple[int, int, int]]:
        """(pattern, start, end) of every hit."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton else ()

    def scan(self, batch: Batch, view: View, work: Work) -> Iterator[tuple[T, int, int]]:
        """(entry, first, last) of hits as stretches of the base, at most MAX_HITS a text."""
        if self._automaton is None:
            return
        hits = self.raw(view.text)
        places = view.places
        for pattern, start, end in capped(batch, view, hits, work) if len(hits) > MAX_HITS else hits:
            work.steps += 1
            first, last = int(places[start]), int(places[end - 1]) + 1
            if last - first > WIDEST * (end - start):
                continue
            for entry in self.entries[pattern]:
                yield entry, first, last


def capped(
    batch: Batch, view: View, hits: Sequence[tuple[int, int, int]], work: Work
) -> Iterator[tuple[int, int, int]]:
    """The first MAX_HITS hits of each text; a text that has more is noted."""
    seen: dict[int, int] = {}
    for hit in hits:
        number = batch.number(min(int(view.places[hit[1]]), len(batch.text)))
        seen[number] = seen.get(number, 0) + 1
        if seen[number] <= MAX_HITS:
            yield hit
    work.caps |= {Cap(number, "text.many_hits", MAX_HITS) for number, many in seen.items() if many > MAX_HITS}
