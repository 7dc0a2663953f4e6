"""Tables of the sellers room. An entry of a list is never changed: it ends, and another begins."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, Index

from ipguard.database.base import Row, Utc


class SellerEntryRow(Row, table=True):
    """A seller that stands on one of the three lists."""

    __tablename__ = "seller_entry"
    __table_args__ = (Index("ix_seller_entry_seller", "source_id", "seller_key"),)

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE")
    seller_key: str
    """The marketplace's id of the seller, else the name; empty where a shop is its own seller."""
    stance: str
    """allow, deny or watch."""
    work_id: str = ""
    """For one work only; empty for all."""
    note: str = ""
    made_by: str
    made_at: datetime = Field(sa_type=Utc)
    ended_by: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
