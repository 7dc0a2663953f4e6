"""Tables of the sources room. What is due lives here, in our own rows, and not in the scheduler."""

from __future__ import annotations

from datetime import date, datetime

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
    canary: str = ""
    """An address or words that must yield a listing in every run; empty asks for none."""
    baseline_after: datetime | None = Field(default=None, sa_type=Utc)
    """Runs that began before are no measure any more: somebody said that what the source shows now is right."""
    created_at: datetime = Field(sa_type=Utc)


class StandstillRow(Row, table=True):
    """While this row is there, nothing runs; one row at most."""

    __tablename__ = "standstill"

    id: int = Field(primary_key=True)
    since: datetime = Field(sa_type=Utc)
    by: str


class RunRow(Row, table=True):
    """One run of a source. With its frontier, rows of their own, it resumes."""

    __tablename__ = "run"

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id", index=True, ondelete="CASCADE")
    state: str = Field(index=True)
    """running, waiting (asked to come back later), finished, failed."""
    started_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    crawled: bool = False
    """Pages are done with; what may be left is pictures."""
    stopped: str = ""
    """Why the crawl ended although more was to be asked, or empty."""
    steps: int = 0
    read: int = 0
    """Listings in the answers; those that were not worth keeping are not among `listings`."""
    listings: int = 0
    new_listings: int = 0
    pictures: int = 0
    new_alerts: int = 0
    note: str = ""
    """In words: how it went."""
    reasons: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    """The same as `code` and `values` of Reasons, for readers of every language."""
    outcome: str = ""
    """ok, empty, blocked, changed, error; empty while it goes on."""
    canary: str = ""
    """Outcome of the canary; empty where none was asked."""
    coverage: dict[str, list[int]] = Field(default_factory=dict, sa_type=Json)
    """Field → [listings that say it, listings that could], as `crawlers.coverage` counts."""
    unwell: list[str] = Field(default_factory=list, sa_type=Json)
    """What was wrong at its end, as keys of alarms: such a run is no measure for what was wrong with it."""


class RunFrontierRow(Row, table=True):
    """What one step of a run that goes on did to its frontier; replayed in order they give it back."""

    __tablename__ = "run_frontier"

    run_id: int = Field(foreign_key="run.id", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    """Of the step."""
    change: dict[str, object] = Field(sa_type=Json)
    """A `crawlers.frontier.Change` as JSON."""


class SourceAlarmRow(Row, table=True):
    """Something is wrong with a source, from `since` until `until`: a field disappeared, less is shown, …"""

    __tablename__ = "source_alarm"

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id", index=True, ondelete="CASCADE")
    code: str
    """Of a Reason: health.field, health.yield, health.blocked, …"""
    subject: str = ""
    """The field, for health.field."""
    values: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    """Of the Reason, as last seen."""
    since: datetime = Field(sa_type=Utc)
    until: datetime | None = Field(default=None, sa_type=Utc, index=True)
    """None while it is open."""
    opened_by: int | None = None
    """The run in which it was first seen."""
    last_seen_in: int | None = None
    closed_by: int | None = None
    """The run in which it was well again; None where a person accepted the change."""
    accepted_by: str = ""
    """Who said that what the source shows now is right."""


class StepRow(Row, table=True):
    """One thing asked in a run and what became of it: the run report."""

    __tablename__ = "run_step"
    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True, ondelete="CASCADE")
    position: int
    at: datetime = Field(sa_type=Utc)
    kind: str
    """page, canary, picture, registration or names."""
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
    failures: int = 0
    """In a row, of every worker."""
    opened_at: datetime | None = Field(default=None, sa_type=Utc)
    """When its circuit opened because it kept failing; None while it is closed."""
    why: str = ""
    """What the last failure was, in words."""


class QuotaRow(Row, table=True):
    """Requests to a host that are spent of a UTC day."""

    __tablename__ = "quota_day"

    host: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    spent: int = 0


class KeptAnswerRow(Row, table=True):
    """An answer that can be asked about: has it changed? No key of ours is in it."""

    __tablename__ = "kept_answer"

    key: str = Field(primary_key=True, max_length=64)
    """SHA-256 of what was asked."""
    said_at: datetime = Field(sa_type=Utc, index=True)
    size: int
    """Bytes of `answer`."""
    answer: bytes
    """As `crawlers.fetch.stored` writes it."""
