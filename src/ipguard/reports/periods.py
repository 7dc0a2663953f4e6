"""Periods of time and the steps that a trend is drawn in: pure rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ipguard.errors import WrongUse

MOST_STEPS = 60


@dataclass(frozen=True, slots=True)
class Period:
    """From the start of one day to the end of another, UTC; without a day, since or until for ever."""

    since: date | None = None
    until: date | None = None
    """The last day that belongs to it."""

    def __contains__(self, at: datetime | None) -> bool:
        if at is None or (self.since and at < _start(self.since)):
            return False
        return not (self.until and at >= _start(self.until + timedelta(days=1)))


def period_of(since: str, until: str) -> Period:
    """A period as people write it: ISO days, either may be empty.

    Raises:
        WrongUse: a day is none, or it ends before it starts.
    """
    try:
        first = date.fromisoformat(since) if since else None
        last = date.fromisoformat(until) if until else None
    except ValueError as error:
        raise WrongUse("A day is written like 2026-11-24.") from error
    if first and last and last < first:
        raise WrongUse("That period ends before it starts.")
    return Period(first, last)


def steps(first: date, last: date) -> Iterator[date]:
    """First days of days, weeks (Mondays) or months between two days: as fine as MOST_STEPS lets."""
    days = (last - first).days + 1
    if days <= MOST_STEPS // 2:
        yield from (first + timedelta(days=n) for n in range(days))
    elif days <= MOST_STEPS * 7:
        at = first - timedelta(days=first.weekday())
        while at <= last:
            yield at
            at += timedelta(days=7)
    else:
        at = first.replace(day=1)
        while at <= last:
            yield at
            at = (at + timedelta(days=32)).replace(day=1)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
