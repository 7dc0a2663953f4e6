"""When a host may be asked next. Verdicts are pure; what was reserved lives in a PaceStore that outlives us."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import inf
from typing import Protocol

MAX_RETRY_AFTER = timedelta(hours=1)
BACK_OFF = timedelta(seconds=30)
"""After the first failure without a Retry-After; doubles with each."""
FAILURES_TO_OPEN = 4
"""Failures in a row after which a host's circuit opens."""


PROBE = timedelta(minutes=2)
"""How long everybody waits for the one try of a circuit that is half open: longer than an exchange may take."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When a host may be asked, and what is known of it."""

    at: datetime
    failures: int = 0
    """In a row, of every worker."""
    since: datetime | None = None
    """When its circuit opened; None while it is closed."""
    why: str = ""
    """What the last failure was."""


class PaceStore(Protocol):
    """Shared by every worker: who may ask which host when, and which hosts keep failing."""

    def reserve(self, host: str, gap_seconds: float, now: datetime, longest_seconds: float = inf) -> Turn:
        """Take the host's next free moment (not before `now`) and keep the gap after it for nobody else.

        Nothing is taken where that moment is further away than `longest_seconds`. Of a host whose circuit is open,
        one gets a turn when its time has come, and the others wait for what becomes of it.
        """
        ...

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        ...

    def failed(self, host: str, why: str, now: datetime) -> Turn:
        """Count a failure. From FAILURES_TO_OPEN in a row the circuit is open, each time for longer."""
        ...

    def fine(self, host: str, gap_seconds: float, now: datetime) -> None:
        """It answered: forget its failures and close its circuit."""
        ...


@dataclass(frozen=True, slots=True)
class HostState:
    """What is known of one host; the rules below say how it changes."""

    free_at: datetime
    failures: int = 0
    since: datetime | None = None
    why: str = ""


def reserved(
    state: HostState, gap_seconds: float, now: datetime, longest_seconds: float
) -> tuple[HostState, Turn]:
    """The state after somebody wants a turn, and the turn."""
    at = max(now, state.free_at)
    turn = Turn(at, state.failures, state.since, state.why)
    if (at - now).total_seconds() > longest_seconds:
        return state, turn
    pause = PROBE if state.since is not None else timedelta(seconds=gap_seconds)
    return replace(state, free_at=at + pause), turn


def after_failure(state: HostState, why: str, now: datetime) -> HostState:
    """The state after one more failure."""
    failures = state.failures + 1
    if failures < FAILURES_TO_OPEN:
        return replace(state, failures=failures, why=why)
    until = max(back_off(failures, now), now if state.since is not None else state.free_at)
    return replace(state, failures=failures, why=why, since=state.since or now, free_at=until)


def after_answer(state: HostState, gap_seconds: float, now: datetime) -> HostState:
    """The state after an answer: a closed circuit, and the usual gap."""
    free_at = now + timedelta(seconds=gap_seconds) if state.since is not None else state.free_at
    return HostState(free_at)


class MemoryPace:
    """A PaceStore for one process: tests, and trying things out."""

    def __init__(self) -> None:
        self._states: dict[str, HostState] = {}

    def reserve(self, host: str, gap_seconds: float, now: datetime, longest_seconds: float = inf) -> Turn:
        """Take the host's next free moment."""
        self._states[host], turn = reserved(self._of(host, now), gap_seconds, now, longest_seconds)
        return turn

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        state = self._of(host, until)
        self._states[host] = replace(state, free_at=max(until, state.free_at))

    def failed(self, host: str, why: str, now: datetime) -> Turn:
        """Count a failure."""
        state = self._states[host] = after_failure(self._of(host, now), why, now)
        return Turn(state.free_at, state.failures, state.since, state.why)

    def fine(self, host: str, gap_seconds: float, now: datetime) -> None:
        """Close its circuit."""
        self._states[host] = after_answer(self._of(host, now), gap_seconds, now)

    def _of(self, host: str, now: datetime) -> HostState:
        return self._states.get(host) or HostState(now)


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
