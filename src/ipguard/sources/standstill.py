"""Everything stands still: one switch for the whole workspace, beside the pause of each source."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from ipguard.errors import WrongUse
from ipguard.sources.tables import StandstillRow

ONLY = 1
"""Id of the one row."""


def standstill(session: Session) -> StandstillRow | None:
    """Since when and by whom everything is paused; None while sources run."""
    return session.get(StandstillRow, ONLY)


def stop_all(session: Session, *, by: str, now: datetime) -> StandstillRow:
    """Pause everything: nothing begins until `go_on`. Runs that go on are ended by `jobs.claims.stop_everything`."""
    found = standstill(session)
    if found is None:
        found = StandstillRow(id=ONLY, since=now, by=by)
        session.add(found)
        session.flush()
    return found


def go_on(session: Session) -> None:
    """Let sources run again; each that was paused by itself stays paused."""
    found = standstill(session)
    if found is not None:
        session.delete(found)
        session.flush()


def refuse_standstill(session: Session) -> None:
    """Check that sources may run.

    Raises:
        WrongUse: everything is paused; says by whom and since when.
    """
    found = standstill(session)
    if found is not None:
        raise WrongUse(
            f"Everything is paused since {found.since:%Y-%m-%d %H:%M} UTC, by {found.by}",
            hint="ipguard source resume --all",
        )
