"""Tables of the notify room. No row holds a secret: `…_ref` names where one lies."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class ChannelRow(Row, table=True):
    """Somebody who is told, in which way, and about what."""

    __tablename__ = "notify_channel"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=64)
    kind: str
    """mail, webhook, feishu, dingtalk, wecom, slack."""
    language: str = "en"
    """en or zh."""
    address: str = ""
    """Receivers of mail, or the URL of a webhook; empty where the address itself is a secret."""
    address_ref: str = ""
    secret_ref: str = ""
    events: list[str] = Field(default_factory=list, sa_type=Json)
    """Kinds of `events.KINDS`."""
    works: list[str] = Field(default_factory=list, sa_type=Json)
    """Only these; empty for every one."""
    min_score: float = 0.0
    daily_at: str = ""
    """HH:MM of one digest a day; empty tells at once."""
    quiet_from: str = ""
    quiet_to: str = ""
    """HH:MM: nothing but what is urgent is told in between."""
    time_zone: str = "UTC"
    paused: bool = False
    paused_why: str = ""
    seen: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    """Up to where it was told: the highest numbers, and the moment."""
    next_at: datetime = Field(sa_type=Utc, index=True)
    """When it is looked for next what there is to tell."""
    created_at: datetime = Field(sa_type=Utc)
    created_by: str


class DeliveryRow(Row, table=True):
    """One event for one channel: waiting, sent, or given up."""

    __tablename__ = "notify_delivery"
    __table_args__ = (UniqueConstraint("channel_id", "event_id"),)

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="notify_channel.id", index=True, ondelete="CASCADE")
    event_id: str
    kind: str
    event: dict[str, object] = Field(sa_type=Json)
    state: str = Field(default="waiting", index=True)
    """waiting, sent, failed."""
    attempts: int = 0
    next_try_at: datetime = Field(sa_type=Utc, index=True)
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    created_at: datetime = Field(sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)
    last_words: str = ""
    """What went wrong last."""


class AttemptRow(Row, table=True):
    """One attempt to deliver, and how it went."""

    __tablename__ = "notify_attempt"

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="notify_delivery.id", index=True, ondelete="CASCADE")
    at: datetime = Field(sa_type=Utc)
    outcome: str
    """sent, again, failed."""
    words: str = ""


class FeedRow(Row, table=True):
    """A calendar that whoever knows its secret address can read, until it is revoked."""

    __tablename__ = "notify_feed"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    language: str = "en"
    secret_sha256: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=Utc)
    created_by: str
    last_read_at: datetime | None = Field(default=None, sa_type=Utc)
    revoked_at: datetime | None = Field(default=None, sa_type=Utc)
