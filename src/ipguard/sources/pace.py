"""The pace of hosts in the database: it outlives jobs and processes, and all of them share it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from ipguard.database.engine import transaction
from ipguard.sources.tables import HostPaceRow


class DatabasePace:
    """A `crawlers.fetch.pace.PaceStore` over the host_pace table; each verb is one statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, host: str, gap_seconds: float, now: datetime) -> datetime:
        """Take the host's next free moment and keep the gap after it for nobody else."""
        gap = timedelta(seconds=gap_seconds)
        return self._write(host, now + gap, now, gap) - gap

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        self._write(host, until, until, timedelta(0))

    def _write(self, host: str, first: datetime, earliest: datetime, gap: timedelta) -> datetime:
        """Set the next free moment to the later of what stands there and `earliest`, plus the gap; returns it."""
        with transaction(self._engine) as session:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            standing = session.get(HostPaceRow, host, with_for_update=True)
            later = max(standing.next_allowed_at, earliest) + gap if standing is not None else first
            statement = dialect.insert(HostPaceRow).values(host=host, next_allowed_at=later)
            ahead = col(HostPaceRow.next_allowed_at)
            newer = case(
                (ahead > statement.excluded.next_allowed_at, ahead), else_=statement.excluded.next_allowed_at
            )
            session.execute(
                statement.on_conflict_do_update(index_elements=["host"], set_={"next_allowed_at": newer})
            )
        return later
