"""Whether a run shows less than the runs before it: pure rules over counts.

The measure is the source's own recent past, and of that the poorest run: what has been seen before is no alarm. A
difference must be large for people and unlikely for chance, so that a shop with three listings does not cry wolf.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from types import MappingProxyType

from crawlers.coverage import Count, Coverage

LEAST_RUNS = 3
"""Earlier runs without which there is no measure."""
ALPHA = 0.001
"""How likely chance may be at most: one false alarm in a thousand fields that did not change."""
DROP = 0.2
"""A share must have fallen by this much, or to half of what it was."""
HALF = 0.5
NORMAL_BAR = 3.09 * sqrt(2)
"""Twice the difference of two square roots of Poisson counts is about normal with variance 2; 3.09 leaves 0.001."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run came to."""

    read: int
    coverage: Coverage = field(default_factory=lambda: MappingProxyType({}))
    unwell: Collection[str] = ()
    """Keys of alarms that stood at its end: it is no measure for these."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Something that is less than it was."""

    now: float
    """Share, or number of listings."""
    before: float
    """In the poorest of the earlier runs."""
    of: int
    """Listings of this run that could have said it; of the yield, the number of earlier runs."""
    sure: bool
    """Chance does not explain it. Where it may, an alarm that stands is not closed, and none is raised."""

    @property
    def vanished(self) -> bool:
        """Nothing at all is left."""
        return self.now == 0


def field_key(name: str) -> str:
    """Key of the alarm on a field."""
    return f"health.field:{name}"


YIELD_KEY = "health.yield:"
"""Key of the alarm on how many listings there are."""


def judged_fields(now: Coverage, past: Sequence[Sample]) -> dict[str, Drop | None]:
    """Field → how far it has fallen, or None where it is well; fields for which there is no measure are left out.

    The count of this run is set against the lowest share among the earlier runs, moved towards one half by half a
    listing (Jeffreys), as the binomial probability of so few or fewer.
    """
    names = dict.fromkeys(name for sample in past for name in sample.coverage)
    found = {}
    for name in names:
        measures = [
            sample.coverage[name]
            for sample in past
            if sample.coverage.get(name, (0, 0))[1] and field_key(name) not in sample.unwell
        ]
        have, of = now.get(name, (0, 0))
        if of and len(measures) >= LEAST_RUNS:
            found[name] = _fallen(have, of, min(measures, key=lambda count: count[0] / count[1]))
    return found


def judged_yield(read: int, past: Sequence[Sample]) -> tuple[Drop | None, bool]:
    """(how far the number of listings has fallen below half of the poorest earlier run, whether there is a measure)."""
    measures = [sample.read for sample in past if YIELD_KEY not in sample.unwell]
    if len(measures) < LEAST_RUNS:
        return None, False
    lowest = min(measures)
    if read > lowest * HALF or not lowest:
        return None, True
    sure = 2 * (sqrt(lowest) - sqrt(read)) >= NORMAL_BAR
    return Drop(read, lowest, len(measures), sure), True


def shares(coverage: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Field → share of listings that say it, 0 to 1."""
    return {name: have / of for name, (have, of) in coverage.items() if of}


def _fallen(have: int, of: int, lowest: Count) -> Drop | None:
    share, before = have / of, lowest[0] / lowest[1]
    if not before or (share > before - DROP and share > before * HALF):
        return None
    from scipy.special import bdtr

    likely = (lowest[0] + 0.5) / (lowest[1] + 1)
    return Drop(share, before, of, float(bdtr(have, of, likely)) < ALPHA)
