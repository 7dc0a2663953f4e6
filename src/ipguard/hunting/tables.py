"""Tables of the hunting room."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from ipguard.database.base import Row, Utc


class HuntRow(Row, table=True):
    """One search of everything stored for what a change of the watchlist brought; how far it is, and who is at it."""

    __tablename__ = "hunt"

    id: int | None = Field(default=None, primary_key=True)
    work_id: str = ""
    """Only the references of this work, compared once more; empty: whatever has not been compared yet."""
    edition: int
    """Of the watchlist it searches for."""
    version: str
    """Of watchlist and matchers, as verdicts name it."""
    state: str = Field(index=True)
    """running, waiting (a source is being swept; it is asked again), finished."""
    cursor: str = ""
    """Pictures up to this SHA-256 are done."""
    pictures: int = 0
    """Pictures compared so far."""
    pictures_total: int = 0
    listings: int = 0
    """Listings judged again so far."""
    listings_total: int = 0
    found: int = 0
    """Pictures in which it changed what is seen."""
    new_alerts: int = 0
    started_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    lease_owner: str = ""
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    """While running: until when somebody is surely at it. While waiting: not before."""
    note: str = ""
    """In words: how it went, or what it waits for."""
