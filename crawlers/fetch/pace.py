"""When a host may be asked next. Verdicts are pure; what was reserved lives in a PaceStore that outlives us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

MAX_RETRY_AFTER = timedelta(hours=1)
BACK_OFF = timedelta(seconds=30)
"""After the first failure without a Retry-After; doubles with each."""
FAILURES_TO_OPEN = 4
"""Failures in a row after which a host's circuit opens."""


class PaceStore(Protocol):
    """Shared by every worker: who may ask which host when."""

    def reserve(self, host: str, gap_seconds: float, now: datetime) -> datetime:
        """Take the host's next free moment (not before `now`) and keep the gap after it for nobody else."""
        ...

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        ...


class MemoryPace:
    """A PaceStore for one process: tests, and trying things out."""

    def __init__(self) -> None:
        self._free_at: dict[str, datetime] = {}

    def reserve(self, host: str, gap_seconds: float, now: datetime) -> datetime:
        """Take the host's next free moment."""
        at = max(now, self._free_at.get(host, now))
        self._free_at[host] = at + timedelta(seconds=gap_seconds)
        return at

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        self._free_at[host] = max(until, self._free_at.get(host, until))


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """The moment a Retry-After names, seconds or HTTP-date (RFC 9110 §10.2.3), at most an hour away; None if none."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return now + min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return min(max(at, now), now + MAX_RETRY_AFTER)


def limit_reached(remaining: str | None, reset: str | None, now: datetime) -> datetime | None:
    """When a used-up quota fills again (`X-RateLimit-Remaining: 0`, `X-RateLimit-Reset` in seconds of the epoch), at
    most an hour away; None where it is not used up or no moment is told."""
    if (remaining or "").strip() != "0" or not (reset or "").strip().isdigit():
        return None
    at = datetime.fromtimestamp(min(int((reset or "").strip()[:12]), 32_503_680_000), UTC)
    return min(max(at, now), now + MAX_RETRY_AFTER)


def back_off(failures: int, now: datetime) -> datetime:
    """When to ask again after `failures` in a row (1, 2, …) that named no time."""
    doubled: timedelta = BACK_OFF * 2 ** (min(max(failures, 1), 20) - 1)
    return now + min(doubled, MAX_RETRY_AFTER)
