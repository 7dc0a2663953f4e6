"""Tables of the cases room."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field

from ipguard.database.base import Json, Row, Utc


class CaseRow(Row, table=True):
    """A case: alerts and exhibits that belong together."""

    __tablename__ = "case_file"

    id: int | None = Field(default=None, primary_key=True)
    title: str
    state: str = Field(default="open", index=True)
    """One of `states.STATES`."""
    created_at: datetime = Field(sa_type=Utc)
    created_by: str
    changed_at: datetime = Field(sa_type=Utc, index=True)
    """When something was last done to it."""
    counsel_firm: str = ""
    counsel_person: str = ""
    counsel_contact: str = ""
    due_on: date | None = Field(default=None, index=True)
    """Day by which something has to be done, in the workspace's time zone."""
    value_amount: str | None = None
    """What is at stake: decimal text, exact on every database."""
    value_currency: str = ""
    notes: str = ""


class CaseAlertRow(Row, table=True):
    """An alert in a case."""

    __tablename__ = "case_alert"

    case_id: int = Field(foreign_key="case_file.id", primary_key=True, ondelete="CASCADE")
    alert_id: int = Field(foreign_key="alert.id", primary_key=True, ondelete="CASCADE")
    added_at: datetime = Field(sa_type=Utc)
    added_by: str


class CaseExhibitRow(Row, table=True):
    """An exhibit in a case, with the number it is called by."""

    __tablename__ = "case_exhibit"

    case_id: int = Field(foreign_key="case_file.id", primary_key=True, ondelete="CASCADE")
    exhibit_id: str = Field(primary_key=True)
    alert_id: int | None = Field(default=None, foreign_key="alert.id", index=True, ondelete="SET NULL")
    number: int
    """1, 2, … within the case; printed as E-0001."""
    added_at: datetime = Field(sa_type=Utc)


class CaseExportRow(Row, table=True):
    """A bundle that left the house."""

    __tablename__ = "case_export"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True, ondelete="CASCADE")
    file_name: str
    sha256: str
    exhibits: int
    exported_at: datetime = Field(sa_type=Utc)
    exported_by: str
    note: str = ""
    """What a reader must know: stamps that are missing or have no legal value."""


class CaseEventRow(Row, table=True):
    """Something that was done to a case. Never changed or removed."""

    __tablename__ = "case_event"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True, ondelete="CASCADE")
    at: datetime = Field(sa_type=Utc)
    kind: str
    """One of `timeline.KINDS`."""
    who: str
    why: str = ""
    about: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    """`from`, `to`, `alert`, `exhibit`, `file`: whatever the kind needs."""
