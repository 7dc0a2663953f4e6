"""Tables of the cases room."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from ipguard.database.base import Row, Utc


class CaseRow(Row, table=True):
    """A case: alerts and exhibits that belong together."""

    __tablename__ = "case_file"

    id: int | None = Field(default=None, primary_key=True)
    title: str
    state: str = Field(default="open", index=True)
    """open or closed."""
    created_at: datetime = Field(sa_type=Utc)
    created_by: str


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
