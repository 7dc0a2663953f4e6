"""Tables of the rights room: works, names, rights, reference pictures, official sellers, domains and prices."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class WorkRow(Row, table=True):
    """A work on the watchlist."""

    __tablename__ = "work"

    id: str = Field(primary_key=True, max_length=64)
    title: str
    owner: str
    active: bool = True
    created_at: datetime = Field(sa_type=Utc)
    updated_at: datetime = Field(sa_type=Utc)


class NameRow(Row, table=True):
    """One way a work is written."""

    __tablename__ = "work_name"
    __table_args__ = (UniqueConstraint("work_id", "text"),)

    id: int | None = Field(default=None, primary_key=True)
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    text: str
    language: str
    kind: str
    needs_context: bool = False
    required: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    any_of: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    none_of: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})


class RightRow(Row, table=True):
    """A registration or claim in one territory."""

    __tablename__ = "work_right"

    id: int | None = Field(default=None, primary_key=True)
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    kind: str
    territory: str
    number: str
    valid_to: date | None = None


class PictureRow(Row, table=True):
    """A reference picture; the bytes lie in the workspace's picture store under `sha256`."""

    __tablename__ = "reference_picture"
    __table_args__ = (UniqueConstraint("work_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    sha256: str = Field(max_length=64, index=True)
    file_name: str
    media_type: str
    width: int
    height: int
    warnings: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    """Reason codes and values: too small, too flat, how many altered copies the self-test found."""
    edition: int = 0
    """Edition of the watchlist that it came with; what was looked at before has not been compared with it."""


class EditionRow(Row, table=True):
    """How often the watchlist was changed: one row, which every change raises by one."""

    __tablename__ = "watchlist_edition"

    id: int = Field(primary_key=True)
    edition: int


class OfficialSellerRow(Row, table=True):
    """A seller who may sell the work: shop host, marketplace seller name or id."""

    __tablename__ = "official_seller"

    work_id: str = Field(foreign_key="work.id", primary_key=True, ondelete="CASCADE")
    seller: str = Field(primary_key=True)


class OfficialDomainRow(Row, table=True):
    """A domain name of the owner, lower case, without a scheme."""

    __tablename__ = "official_domain"

    work_id: str = Field(foreign_key="work.id", primary_key=True, ondelete="CASCADE")
    domain: str = Field(primary_key=True)


class OfficialPriceRow(Row, table=True):
    """What the genuine article costs; the amount is decimal text, exact on every database."""

    __tablename__ = "official_price"

    id: int | None = Field(default=None, primary_key=True)
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    product: str
    amount: str
    currency: str = Field(max_length=3)
