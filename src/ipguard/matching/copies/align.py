"""From shared fingerprints to passages: runs of (nearly) equal letters, joined across small edits.

A run grows from a shared fingerprint along its diagonal while letters mostly agree: +1 for an equal one, -`MISS` for
another, until the sum is `DROP` below its best (X-drop extension: Altschul et al., BLAST, J. Mol. Biol. 1990).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ipguard.matching.text.fold import Codes

JOIN = 40
"""Letters between two equal runs that one passage may skip: a changed word or a clause put in."""
DRIFT = 20
"""How much longer the skipped stretch may be on one side."""
OPEN = 64
"""Passages that may go on at the same time; text copied twice is two of them."""
MAX_SEEDS = 400_000
MISS = 2
DROP = 12
"""Six letters in a row that differ end a run; one in six that differs does not."""
STEP = 64


@dataclass(frozen=True, slots=True)
class Run:
    """Nearly equal letters: `size` from `at` in the text, from `owned_at` in the owned one; the ends are equal."""

    at: int
    owned_at: int
    size: int
    equal: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Runs in order that make one passage."""

    runs: tuple[Run, ...]

    @property
    def first(self) -> int:
        """Where it begins in the text, in letters."""
        return self.runs[0].at

    @property
    def last(self) -> int:
        """End in the text, after the last letter."""
        return self.runs[-1].at + self.runs[-1].size

    @property
    def owned_first(self) -> int:
        """Where it begins in the owned text."""
        return self.runs[0].owned_at

    @property
    def owned_last(self) -> int:
        """End in the owned text."""
        return self.runs[-1].owned_at + self.runs[-1].size

    @property
    def size(self) -> int:
        """Equal letters."""
        return sum(run.equal for run in self.runs)


def runs_of(text: Codes, owned: Codes, seeds: Iterable[tuple[int, int]], least: int) -> list[Run]:
    """Runs through the seeds (place in text, place in owned), each once, in order of place."""
    reached: dict[int, int] = {}
    found: list[Run] = []
    for at, owned_at in seeds:
        diagonal = at - owned_at
        if reached.get(diagonal, -1) > at or text[at] != owned[owned_at]:
            continue
        ahead, right = _alike(text[at:], owned[owned_at:])
        back, left = _alike(text[:at][::-1], owned[:owned_at][::-1])
        reached[diagonal] = at + ahead
        if left + right >= least:
            found.append(Run(at - back, owned_at - back, back + ahead, left + right))
    return sorted(found, key=lambda run: (run.at, run.owned_at))


def chained(runs: Sequence[Run], text: Codes, owned: Codes) -> list[Chain]:
    """Runs joined into passages: each goes to the open passage it follows most closely."""
    done: list[list[Run]] = []
    going: list[list[Run]] = []
    for run in runs:
        going, old = _closed(going, run.at)
        done += old
        best = min(going, key=lambda chain: _gap(chain[-1], run), default=None)
        if best is None or _gap(best[-1], run) > JOIN:
            going.append([run])
        elif (rest := _after(best[-1], run, text, owned)) is not None:
            best.append(rest)
        if len(going) > OPEN:
            done.append(going.pop(0))
    return [Chain(tuple(chain)) for chain in (*done, *going)]


def apart(chains: Iterable[Chain]) -> list[Chain]:
    """The longest passages that do not lie over one another in the text, in order of place."""
    kept: list[Chain] = []
    taken: list[tuple[int, int]] = []
    for chain in sorted(chains, key=lambda c: (-c.size, c.first)):
        over = sum(max(0, min(chain.last, last) - max(chain.first, first)) for first, last in taken)
        if 2 * over <= chain.last - chain.first:
            kept.append(chain)
            taken.append((chain.first, chain.last))
    return sorted(kept, key=lambda c: c.first)


def _closed(going: list[list[Run]], at: int) -> tuple[list[list[Run]], list[list[Run]]]:
    """Passages that may still go on at a place, and those that are over."""
    still = [chain for chain in going if at - (chain[-1].at + chain[-1].size) <= JOIN]
    return still, [chain for chain in going if at - (chain[-1].at + chain[-1].size) > JOIN]


def _gap(last: Run, run: Run) -> int:
    """How far `run` lies behind `last`; beyond `JOIN` where it cannot follow."""
    here = run.at - last.at - last.size
    there = run.owned_at - last.owned_at - last.size
    if abs(here - there) > DRIFT or max(here, there) > JOIN or min(here, there) < -DRIFT:
        return JOIN + 1
    if run.at + run.size <= last.at + last.size or run.owned_at + run.size <= last.owned_at + last.size:
        return JOIN + 1
    return max(0, here, there) + abs(here - there)


def _after(last: Run, run: Run, text: Codes, owned: Codes) -> Run | None:
    """`run` without what lies over `last` in either text; None where nothing is left."""
    over = max(0, last.at + last.size - run.at, last.owned_at + last.size - run.owned_at)
    if not over:
        return run
    same = np.flatnonzero(
        text[run.at + over : run.at + run.size] == owned[run.owned_at + over : run.owned_at + run.size]
    )
    if not len(same):
        return None
    skip = over + int(same[0])
    return Run(run.at + skip, run.owned_at + skip, run.size - skip, len(same))


def _alike(one: Codes, other: Codes) -> tuple[int, int]:
    """How far the letters mostly agree from the start, ending with an equal one; and how many are equal."""
    most = min(len(one), len(other))
    done, step, score, best, size, equal, equal_now = 0, STEP, 0, 0, 0, 0, 0
    while done < most:
        end = min(most, done + step)
        same = one[done:end] == other[done:end]
        scores = score + np.cumsum(np.where(same, 1, -MISS))
        heights = np.maximum.accumulate(np.maximum(scores, best))
        over = np.flatnonzero(heights - scores > DROP)
        stop = int(over[0]) if len(over) else len(scores)
        if stop and int(scores[:stop].max()) > best:
            top = int(np.argmax(scores[:stop]))
            best, size = int(scores[top]), done + top + 1
            equal = equal_now + int(np.count_nonzero(same[: top + 1]))
        if len(over):
            break
        equal_now += int(np.count_nonzero(same))
        score = int(scores[-1])
        done, step = end, step * 2
    return size, equal
