"""The pace of hosts in the database: it outlives jobs and processes, and all of them share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from crawlers.fetch.pace import HostState, Turn, after_answer, after_failure, reserved
from ipguard.database.engine import connected
from ipguard.sources.runs import MAX_NOTE, fit_note
from ipguard.sources.tables import HostPaceRow

STATE = (
    select(
        col(HostPaceRow.next_allowed_at),
        col(HostPaceRow.failures),
        col(HostPaceRow.opened_at),
        col(HostPaceRow.why),
    )
    .where(col(HostPaceRow.host) == bindparam("host"))
    .with_for_update()
)
CHANGE = (
    update(HostPaceRow)
    .where(col(HostPaceRow.host) == bindparam("of"))
    .values(
        next_allowed_at=bindparam("at"),
        failures=bindparam("failed"),
        opened_at=bindparam("since"),
        why=bindparam("words"),
    )
)


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
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        row = dialect.insert(HostPaceRow).values(
            host=bindparam("host"), next_allowed_at=bindparam("first"), failures=0, why=""
        )
        self._first = row.on_conflict_do_nothing()

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
        with connected(self._engine) as connection:
            found = connection.execute(STATE, {"host": host}).first()
            if found is None:
                connection.execute(self._first, {"host": host, "first": first})
                found = connection.execute(
                    STATE, {"host": host}
                ).one()  # now there is a row that can be locked
            before = HostState(*found)
            after = change(before)
            if after != before:
                new = {
                    "at": after.free_at,
                    "failed": after.failures,
                    "since": after.since,
                    "words": after.why,
                }
                connection.execute(CHANGE, {"of": host, **new})
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
