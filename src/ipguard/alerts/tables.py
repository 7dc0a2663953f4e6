"""Tables of the alerts room. A decision is never changed or removed; undoing one is another row's date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import false
from sqlmodel import Field, Index, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class AlertRow(Row, table=True):
    """One listing that seems to copy one work. `version` rises when findings or score change."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("listing_id", "work_id"),
        Index("ix_alert_state_score", "state", "score"),
        Index("ix_alert_state_picture", "state", "picture"),
        Index("ix_alert_state_seller", "state", "seller"),
    )

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    listing_version: int
    score: float
    score_version: str
    state: str = Field(default="open", index=True)
    """open, infringing, not_infringing, later, suppressed."""
    version: int = 1
    picture: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """SHA-256 of the listing picture that its strongest picture finding rests on: what alerts are grouped by."""
    seller: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Source and seller in one word, `source/key`: what alerts are grouped by, and suppressed for."""
    exhibit_id: str | None = None
    """The exhibit that holds the exchange which raised it."""
    later_until: datetime | None = Field(default=None, sa_type=Utc)
    later_event: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """For later: what brings it back before that: price, change, availability, seller; or nothing."""
    settled: dict[str, object] | None = Field(default=None, sa_type=Json)
    """What the listing was when somebody settled this: `price`, `currency`, `availability`."""
    settled_version: int | None = None
    """Version of the listing that was last compared with `settled`."""
    suppressed_by: int | None = Field(default=None, index=True)
    """The suppression that keeps it out of the queue."""
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
    batch: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    """Decisions that were made by one key press or button share it, and are undone together."""
    session: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    """The session it was made in, by the hash of its key; empty for the command line."""
    unsure: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whoever decided would have somebody else look."""
    undone_at: datetime | None = Field(default=None, sa_type=Utc)
    undone_by: str = ""


class SightRow(Row, table=True):
    """What was on the screen when a decision was made: one row a decision, never changed."""

    __tablename__ = "decision_sight"

    decision_id: int = Field(foreign_key="decision.id", primary_key=True, ondelete="CASCADE")
    way: str
    """alone, group, ticked (of a list), view (all of a view, from its preview)."""
    pictures: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    """Each with `side` (listing, reference, explained), `sha256` of the original bytes, `name` of what was drawn."""
    look: str = ""
    """region, points, layover, row."""
    language: str = ""
    theme: str = ""
    viewport: str = ""
    """As the browser said it, `1400x875`; empty without a script."""
    shown_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the server sent what was decided about."""
    dwell_ms: int = 0
    """From then until the decision came in."""
    painted_ms: int | None = None
    """From both pictures painted to the key press, as the browser said it."""
    listing_version: int
    alert_version: int
    watch: str = ""
    """Version of watchlist and matchers that had judged the listing."""


class SuppressionRow(Row, table=True):
    """Something somebody found harmless from one seller: it does not come back while nothing changes."""

    __tablename__ = "suppression"

    id: int | None = Field(default=None, primary_key=True)
    work_id: str = Field(foreign_key="work.id", index=True, ondelete="CASCADE")
    seller: str = Field(index=True)
    """As in `alert.seller`."""
    kind: str
    """picture or name."""
    content: str = Field(index=True)
    """SHA-256 of the picture, or the name as the watchlist writes it."""
    reason: str
    """Of the decision: licensed, own_listing, …"""
    price: str | None = None
    """What it cost then, decimal text; other prices wake it."""
    currency: str | None = None
    rights: str
    """Digest of the work's rights then; others wake it."""
    decision_id: int | None = Field(default=None, foreign_key="decision.id", index=True, ondelete="SET NULL")
    made_by: str
    made_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    ended_by: str = ""
    """Who ended it, or `rights` where these changed, or `undo`."""
    hits: int = 0
    """Alerts it kept out of the queue."""
    last_hit_at: datetime | None = Field(default=None, sa_type=Utc)


class SecondLookRow(Row, table=True):
    """A decision that somebody else makes again without seeing the first."""

    __tablename__ = "second_look"

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True, ondelete="CASCADE")
    decision_id: int = Field(foreign_key="decision.id", unique=True, ondelete="CASCADE")
    why: str
    """random or unsure."""
    drawn_at: datetime = Field(sa_type=Utc)
    second: str = Field(default="", index=True)
    """infringing or not_infringing; empty while nobody has looked."""
    second_reason: str = ""
    second_by: str = ""
    second_at: datetime | None = Field(default=None, sa_type=Utc)
    settled: str = ""
    """Where the two differed: what was decided in the end."""
    settled_by: str = ""
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class SavedViewRow(Row, table=True):
    """A view of the queue that somebody named; its feed is read with a secret address."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(index=True)
    name: str
    query: str
    """Query string of the address, only with what a view knows."""
    feed: str | None = Field(default=None, unique=True)
    """SHA-256 of the key in the feed's address; None where there is none."""
    created_at: datetime = Field(sa_type=Utc)


class KeySettingRow(Row, table=True):
    """Which keys somebody decides with."""

    __tablename__ = "key_setting"

    person: str = Field(primary_key=True)
    off: bool = False
    keys: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    """Action → key, where it is not the usual one."""
