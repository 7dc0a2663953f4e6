"""How often a host is asked in a day. Days are UTC days; what was spent lives in a Quota that outlives us."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol


class Quota(Protocol):
    """Shared by every worker: how many requests of a day are spent."""

    def spend(self, host: str, per_day: int, day: date) -> bool:
        """Take one of the day's requests; False where all are spent, and then nothing is taken."""
        ...


class MemoryQuota:
    """A Quota for one process: tests, and trying things out."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, date], int] = {}
        self._lock = threading.Lock()

    def spend(self, host: str, per_day: int, day: date) -> bool:
        """Take one of the day's requests."""
        with self._lock:
            spent = self._spent.get((host, day), 0)
            if spent >= per_day:
                return False
            self._spent[host, day] = spent + 1
            return True


def day_of(now: datetime) -> date:
    """The UTC day of a moment."""
    return now.astimezone(UTC).date()


def next_day(now: datetime) -> datetime:
    """When the next UTC day begins."""
    return datetime.combine(day_of(now) + timedelta(days=1), time(), UTC)
