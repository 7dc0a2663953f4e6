"""The pace of hosts in the database: it outlives jobs and processes, and all of them share it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite

from ipguard.database.engine import transaction
from ipguard.sources.tables import HostPaceRow


class DatabasePace:
    """A `crawlers.fetch.pace.PaceStore` over the host_pace table; each verb is one transaction on one locked row."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, host: str, gap_seconds: float, now: datetime) -> datetime:
        """Take the host's next free moment and keep the gap after it for nobody else."""
        gap = timedelta(seconds=gap_seconds)
        return self._write(host, now, gap) - gap

    def postpone(self, host: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        self._write(host, until, timedelta(0))

    def _write(self, host: str, earliest: datetime, gap: timedelta) -> datetime:
        """Set the next free moment to the later of what stands there and `earliest`, plus the gap; returns it."""
        with transaction(self._engine) as session:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            first = dialect.insert(HostPaceRow).values(host=host, next_allowed_at=earliest)
            session.execute(first.on_conflict_do_nothing())  # now there is a row that can be locked
            row = session.get_one(HostPaceRow, host, with_for_update=True)
            row.next_allowed_at = max(row.next_allowed_at, earliest) + gap
            session.add(row)
        return row.next_allowed_at
