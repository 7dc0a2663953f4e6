"""How often a watchlist would raise an alert on texts that a person has: titles of a marketplace, of one's own shop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ipguard.matching.finding import Finding, Reason, ReasonValue, TextPlace
from ipguard.matching.score import verdicts
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.matching.watching.collisions import Collision

SHOWN = 5
"""Lines shown for each name."""
OFTEN, ENOUGH = 0.01, 200
"""Share of lines from which a name is told to raise too many alerts, and lines below which no share is judged."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that raised an alert."""

    number: int
    """From 1."""
    text: str
    written: str
    layer: str


@dataclass(slots=True)
class Tally:
    """What one name raised."""

    count: int = 0
    layers: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


class Counted:
    """Counts alerts by name over batches of lines; memory does not grow with them."""

    def __init__(self, names: Sequence[WatchedName]) -> None:
        self._matcher = TextMatcher(names)
        self.lines = 0
        self.tallies: dict[tuple[str, str], Tally] = {(name.work, name.text): Tally() for name in names}

    def add(self, batch: Sequence[str]) -> None:
        """Count one batch of lines."""
        for offset, findings in enumerate(self._matcher.match_texts(batch), 1):
            raised = {one.work for one in verdicts(findings) if one.match}
            for key, found in _first_of_each(findings):
                if key[0] in raised and key in self.tallies:
                    self._count(self.tallies[key], found, self.lines + offset, batch[offset - 1])
        self.lines += len(batch)

    def often(self, name: WatchedName) -> Collision | None:
        """A warning where a name raised alerts on more lines than copies of a work would."""
        tally = self.tallies[name.work, name.text]
        if self.lines < ENOUGH or tally.count < self.lines * OFTEN:
            return None
        percent = round(100 * tally.count / self.lines, 1)
        values: dict[str, ReasonValue] = {
            "name": name.text,
            "count": tally.count,
            "lines": self.lines,
            "percent": percent,
        }
        return Collision(Reason("collision.often", MappingProxyType(values)), True)

    @staticmethod
    def _count(tally: Tally, found: TextPlace, number: int, text: str) -> None:
        tally.count += 1
        tally.layers[found.layer] = tally.layers.get(found.layer, 0) + 1
        if len(tally.lines) < SHOWN:
            tally.lines.append(Line(number, text, found.text, found.layer))


def _first_of_each(findings: Iterable[Finding]) -> Iterator[tuple[tuple[str, str], TextPlace]]:
    seen: set[tuple[str, str]] = set()
    for finding in findings:
        if isinstance(finding.place, TextPlace) and (key := (finding.work, finding.place.name)) not in seen:
            seen.add(key)
            yield key, finding.place
