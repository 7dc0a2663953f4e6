"""Tables of the reports room."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from ipguard.database.base import Row, Utc


class ReportRow(Row, table=True):
    """A report that was made: with its digest, anybody who holds the file can be told whether it is the one."""

    __tablename__ = "report"

    sha256: str = Field(primary_key=True, max_length=64)
    """Of the file."""
    kind: str
    """case or summary."""
    case_id: int | None = Field(default=None, foreign_key="case_file.id", index=True, ondelete="CASCADE")
    reference: str
    language: str
    format: str
    """pdf, html or xlsx."""
    made_at: datetime = Field(sa_type=Utc)
    made_by: str
