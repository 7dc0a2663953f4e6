"""Figures of a period from rows: pure. A number and the list it opens come from the same rule, so they never differ."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from ipguard.reports.periods import Period, steps

WHAT = ("found", "decided", "infringing", "not_infringing", "gone", "back", "standing")
"""What is counted. found: flagged in the period. decided, infringing, not_infringing: decided in it. gone: infringing,
and not offered any more since a day in it. back: infringing, and offered again since a day in it. standing: decided as
infringing in it, and still offered."""
DIMENSIONS = ("source", "work", "seller", "market")


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What the figures need to know about one alert."""

    alert: int
    listing: int
    title: str
    work: str
    """Id."""
    work_title: str
    source: str
    seller: str
    market: str
    """ISO 3166-1 alpha-2, or empty."""
    found_at: datetime
    decision: str = ""
    """infringing or not_infringing where it stands; empty where nothing is decided."""
    decided_at: datetime | None = None
    decided_by: str = ""
    gone_at: datetime | None = None
    """Since when the listing is not offered; None while it is."""
    back_at: datetime | None = None
    """When it was last offered again after it had been gone."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a period and how long things took."""

    counts: Mapping[str, int]
    """One of WHAT → how many."""
    to_decision: timedelta | None
    """Median from found to decided, of those decided in the period."""
    to_gone: timedelta | None
    """Median from decided to gone, of those gone in the period."""


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one source, work, seller or market."""

    key: str
    name: str
    figures: Figures


def belongs(one: AlertFacts, what: str, period: Period) -> bool:
    """Whether an alert is counted."""
    infringing = one.decision == "infringing"
    if what == "found":
        return one.found_at in period
    if what == "decided":
        return one.decided_at in period
    if what in ("infringing", "not_infringing"):
        return one.decision == what and one.decided_at in period
    if what == "gone":
        return infringing and one.gone_at in period
    if what == "back":
        return infringing and one.back_at in period
    return infringing and one.decided_at in period and one.gone_at is None


def figures(alerts: Iterable[AlertFacts], period: Period) -> Figures:
    """Figures of alerts in a period."""
    counts = dict.fromkeys(WHAT, 0)
    to_decision: list[timedelta] = []
    to_gone: list[timedelta] = []
    for one in alerts:
        for what in WHAT:
            counts[what] += belongs(one, what, period)
        if one.decided_at is not None and one.decided_at in period:
            to_decision.append(max(one.decided_at - one.found_at, timedelta(0)))
        if one.decided_at is not None and one.gone_at is not None and belongs(one, "gone", period):
            to_gone.append(max(one.gone_at - one.decided_at, timedelta(0)))
    return Figures(counts, _median(to_decision), _median(to_gone))


def grouped(alerts: Sequence[AlertFacts], period: Period, dimension: str) -> list[Group]:
    """Figures by source, work, seller or market; the most infringing first, what has nothing to count left out."""
    key: Callable[[AlertFacts], str] = {
        "source": lambda one: one.source,
        "work": lambda one: one.work,
        "seller": lambda one: one.seller,
        "market": lambda one: one.market,
    }[dimension]
    together: dict[str, list[AlertFacts]] = {}
    for one in alerts:
        together.setdefault(key(one), []).append(one)
    found = [
        Group(k, rows[0].work_title if dimension == "work" else k, figures(rows, period))
        for k, rows in together.items()
    ]
    counted = [group for group in found if any(group.figures.counts.values())]
    return sorted(counted, key=lambda g: (-g.figures.counts["infringing"], -g.figures.counts["found"], g.key))


def over_time(
    alerts: Sequence[AlertFacts], period: Period, whats: Sequence[str], *, now: datetime
) -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    """First days of the steps of a period, and what → number in each."""
    moments = {what: [at for one in alerts if (at := _when(one, what, period))] for what in whats}
    known = [at.date() for ats in moments.values() for at in ats]
    first = period.since or min(known, default=now.date())
    last = min(period.until or now.date(), max(now.date(), first))
    days = list(steps(first, last))
    found = {}
    for what, ats in moments.items():
        numbers = [0] * len(days)
        for at in ats:
            numbers[max(bisect_right(days, at.date()) - 1, 0)] += 1
        found[what] = tuple(numbers)
    return tuple(day.isoformat() for day in days), found


def _when(one: AlertFacts, what: str, period: Period) -> datetime | None:
    if not belongs(one, what, period):
        return None
    return {"found": one.found_at, "gone": one.gone_at, "back": one.back_at}.get(what, one.decided_at)


def _median(spans: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(span.total_seconds() for span in spans)) if spans else None
