"""What a benchmark says: a figure of ours, a figure of a peer, and what bounds both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison."""

    what: str
    unit: str
    ours: float
    peer: str
    theirs: float
    bound: str

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs if self.theirs else float("nan")


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process, all threads, for one call."""
    started = time.process_time()
    work()
    return max(time.process_time() - started, 1e-9)


def wall_seconds(work: Callable[[], object]) -> float:
    """Wall time for one call."""
    started = time.perf_counter()
    work()
    return max(time.perf_counter() - started, 1e-9)


def best(times: int, measure: Callable[[], float]) -> float:
    """The least of several measurements."""
    return min(measure() for _ in range(times))
