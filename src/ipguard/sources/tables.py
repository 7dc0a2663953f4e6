"""Tables of the sources room. What is due lives here, in our own rows, and not in the scheduler."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class SourceRow(Row, table=True):
    """A place to look at, and when it is looked at next."""

    __tablename__ = "source"

    id: str = Field(primary_key=True, max_length=64)
    adapter: str
    """Name in `crawlers.registry`: shopify, schema-org, …"""
    base_url: str
    options: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    query: str = ""
    """What to ask for; empty asks for everything shown."""
    local: bool = False
    """May be reached at an address that is not public: a test shop of our own."""
    enabled: bool = True
    every_seconds: int = 86_400
    min_gap_seconds: float = 1.0
    next_run_at: datetime | None = Field(default=None, sa_type=Utc, index=True)
    lease_owner: str = ""
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    attempts: int = 0
    """Failed runs in a row."""
    last_error: str = ""
    position: dict[str, object] | None = Field(default=None, sa_type=Json)
    """Up to where a source that only grows was read, as its adapter said; None for others."""
    created_at: datetime = Field(sa_type=Utc)


class RunRow(Row, table=True):
    """One run of a source. `frontier` is what is still to be asked; with it a run resumes."""

    __tablename__ = "run"

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id", index=True, ondelete="CASCADE")
    state: str = Field(index=True)
    """running, waiting (asked to come back later), finished, failed."""
    started_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    frontier: dict[str, object] | None = Field(default=None, sa_type=Json)
    steps: int = 0
    read: int = 0
    """Listings in the answers; those that were not worth keeping are not among `listings`."""
    listings: int = 0
    new_listings: int = 0
    pictures: int = 0
    new_alerts: int = 0
    note: str = ""
    """In words: how it went."""


class StepRow(Row, table=True):
    """One thing asked in a run and what became of it: the run report."""

    __tablename__ = "run_step"
    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True, ondelete="CASCADE")
    position: int
    at: datetime = Field(sa_type=Utc)
    kind: str
    """page, picture, registration or names."""
    url: str
    status: int | None = None
    outcome: str
    """ok, empty, blocked, changed, error, skipped."""
    note: str = ""
    listings: int = 0


class HostPaceRow(Row, table=True):
    """When a host may be asked next; outlives jobs and processes, shared by all of them."""

    __tablename__ = "host_pace"

    host: str = Field(primary_key=True)
    next_allowed_at: datetime = Field(sa_type=Utc)
