"""Tables of the alerts room. A decision is never changed or removed; undoing one is another row's date."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class AlertRow(Row, table=True):
    """One listing that seems to copy one work. `version` rises when findings or score change."""

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("listing_id", "work_id"),)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    listing_version: int
    score: float
    score_version: str
    state: str = Field(default="open", index=True)
    """open, infringing, not_infringing, later."""
    version: int = 1
    exhibit_id: str | None = None
    """The exhibit that holds the exchange which raised it."""
    later_until: datetime | None = Field(default=None, sa_type=Utc)
    reopened: dict[str, object] | None = Field(default=None, sa_type=Json)
    """Why it came back after a decision: `code` and `values` of a Reason; None where it did not."""
    created_at: datetime = Field(sa_type=Utc, index=True)
    updated_at: datetime = Field(sa_type=Utc)


class FindingRow(Row, table=True):
    """One reason behind an alert, as the matcher of that version computed it."""

    __tablename__ = "finding"

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True, ondelete="CASCADE")
    alert_version: int
    matcher: str
    matcher_version: str
    strength: float
    weak: bool = False
    reason_code: str
    reason_values: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    place: dict[str, object] | None = Field(default=None, sa_type=Json)
    """TextPlace or PicturePlace as JSON; `kind` says which."""


class AlertExhibitRow(Row, table=True):
    """An exhibit that holds what raised one version of an alert."""

    __tablename__ = "alert_exhibit"

    alert_id: int = Field(foreign_key="alert.id", primary_key=True, ondelete="CASCADE")
    exhibit_id: str = Field(primary_key=True)
    alert_version: int
    kept_at: datetime = Field(sa_type=Utc)


class DecisionRow(Row, table=True):
    """What somebody decided about one version of an alert."""

    __tablename__ = "decision"

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True, ondelete="CASCADE")
    alert_version: int
    """The version that was on the screen."""
    decision: str
    """infringing, not_infringing, later."""
    reason: str = ""
    """For not_infringing: licensed, own_listing, different_work, too_generic, other."""
    note: str = ""
    until: datetime | None = Field(default=None, sa_type=Utc)
    decided_by: str
    decided_at: datetime = Field(sa_type=Utc)
    undone_at: datetime | None = Field(default=None, sa_type=Utc)
    undone_by: str = ""
