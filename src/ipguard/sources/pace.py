"""The pace of hosts in the database: it outlives jobs and processes, and all of them share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from crawlers.fetch.pace import HostState, Turn, after_answer, after_failure, reserved
from ipguard.database.engine import transaction
from ipguard.sources.runs import MAX_NOTE, fit_note
from ipguard.sources.tables import HostPaceRow


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """A host that is left alone because it kept failing."""

    host: str
    since: datetime
    until: datetime
    """When one request is tried; if that fails too, it stays open for longer."""
    failures: int
    why: str
    """What the last failure was, in words."""


class DatabasePace:
    """A `crawlers.fetch.pace.PaceStore` over the host_pace table; each verb is one transaction on one locked row."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, host: str, gap_seconds: float, now: datetime, longest_seconds: float = inf) -> Turn:
        """Take the host's next free moment and keep the gap after it for nobody else."""
        turns: list[Turn] = []

        def change(state: HostState) -> HostState:
            after, turn = reserved(state, gap_seconds, now, longest_seconds)
            turns.append(turn)
            return after

        self._change(host, now, change)
        return turns[0]

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        self._change(host, until, lambda state: _later(state, until))

    def failed(self, host: str, why: str, now: datetime) -> Turn:
        """Count a failure."""
        state = self._change(host, now, lambda before: after_failure(before, fit_note(why, MAX_NOTE), now))
        return Turn(state.free_at, state.failures, state.since, state.why)

    def fine(self, host: str, gap_seconds: float, now: datetime) -> None:
        """Close its circuit."""
        self._change(host, now, lambda state: after_answer(state, gap_seconds, now))

    def _change(self, host: str, first: datetime, change: Callable[[HostState], HostState]) -> HostState:
        """Change a host's row while nobody else can; one that is not there is free from `first` on."""
        with transaction(self._engine) as session:
            row = session.get(HostPaceRow, host, with_for_update=True)
            if row is None:
                dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
                new = dialect.insert(HostPaceRow).values(host=host, next_allowed_at=first, failures=0, why="")
                session.execute(new.on_conflict_do_nothing())  # now there is a row that can be locked
                row = session.get_one(HostPaceRow, host, with_for_update=True)
            before = HostState(row.next_allowed_at, row.failures, row.opened_at, row.why)
            after = change(before)
            if after != before:
                row.next_allowed_at, row.failures = after.free_at, after.failures
                row.opened_at, row.why = after.since, after.why
                session.add(row)
        return after


def open_circuits(session: Session) -> Sequence[OpenCircuit]:
    """Hosts that are left alone because they kept failing, the longest first."""
    rows = session.scalars(
        select(HostPaceRow)
        .where(col(HostPaceRow.opened_at).is_not(None))
        .order_by(col(HostPaceRow.opened_at))
    )
    return [
        OpenCircuit(row.host, row.opened_at, row.next_allowed_at, row.failures, row.why)
        for row in rows
        if row.opened_at is not None
    ]


def _later(state: HostState, until: datetime) -> HostState:
    return HostState(max(until, state.free_at), state.failures, state.since, state.why)
