"""Tables of the listings room."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class ListingRow(Row, table=True):
    """A listing as last read. `version` rises when what it says changes."""

    __tablename__ = "listing"
    __table_args__ = (UniqueConstraint("source_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id", index=True, ondelete="CASCADE")
    key: str
    """The adapter's listing id."""
    kind: str = "offer"
    """offer, domain, page, repository, invite, server: `crawlers.listing.Kind`."""
    url: str
    title: str
    description: str = ""
    price_amount: str | None = None
    """Decimal text, exact on every database."""
    currency: str | None = None
    price_kind: str = ""
    price_raw: str = ""
    seller_key: str = ""
    seller_name: str = ""
    seller_url: str = ""
    condition: str = ""
    availability: str = ""
    brand: str = ""
    category: str = ""
    tags: list[str] = Field(default_factory=list, sa_type=Json)
    language: str = ""
    missing: list[str] = Field(default_factory=list, sa_type=Json)
    digest: str
    """SHA-256 of everything it says, canonical JSON."""
    version: int = 1
    read_by: str
    """adapter@version."""
    first_seen_at: datetime = Field(sa_type=Utc)
    last_seen_at: datetime = Field(sa_type=Utc)
    changed_at: datetime = Field(sa_type=Utc)
    gone_at: datetime | None = Field(default=None, sa_type=Utc)
    last_run_id: int | None = Field(default=None, index=True)
    last_step: int | None = None
    """Position of the step in that run whose answer said this."""
    judged_with: str = ""
    """Version of watchlist and matchers that judged this version; anything else while it has to be judged (again)."""


class ListingVersionRow(Row, table=True):
    """What one version of a listing said, when it was first read, and where: which run, and which step of it."""

    __tablename__ = "listing_version"
    __table_args__ = (UniqueConstraint("listing_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    version: int
    at: datetime = Field(sa_type=Utc)
    run_id: int | None = None
    step: int | None = None
    read_by: str = ""
    """adapter@version."""
    changed: list[str] = Field(default_factory=list, sa_type=Json)
    """Names in `said` that differ from the version before; empty for the first."""
    said: dict[str, object] = Field(sa_type=Json)
    """`ipguard.listings.said.kept_of`: everything it said, the description as its digest."""


class ListingEventRow(Row, table=True):
    """A listing went, or came back."""

    __tablename__ = "listing_event"

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    at: datetime = Field(sa_type=Utc)
    kind: str
    """gone or back."""
    run_id: int | None = None


class LookupRow(Row, table=True):
    """What somebody else says about a listing that is a hit: a registry, or the name servers."""

    __tablename__ = "listing_lookup"
    __table_args__ = (UniqueConstraint("listing_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    kind: str
    """registration or names."""
    outcome: str
    """ok, empty, blocked, changed, error, skipped."""
    note: str = ""
    """In words, what was not told or why nothing was."""
    facts: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    """What was said, without anything about a person."""
    asked_at: datetime = Field(sa_type=Utc)


class ListingPictureRow(Row, table=True):
    """A picture of a listing: its bytes lie in the workspace's picture store, or `skipped` says why not."""

    __tablename__ = "listing_picture"
    __table_args__ = (UniqueConstraint("listing_id", "url"),)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    position: int
    url: str = Field(index=True)
    sha256: str | None = Field(default=None, max_length=64, index=True)
    media_type: str = ""
    skipped: str = ""
    fetched_at: datetime | None = Field(default=None, sa_type=Utc)


class PictureLookRow(Row, table=True):
    """What looking at one picture content told, and up to where that holds: one row, however many listings show it."""

    __tablename__ = "picture_look"

    sha256: str = Field(primary_key=True, max_length=64)
    version: str
    """Of the picture matcher that looked."""
    edition: int
    """Of the watchlist: it was compared with every reference up to this one."""
    skipped: dict[str, object] | None = Field(default=None, sa_type=Json)
    """Why it could not be looked at: `code` and `values` of a Reason."""
    text: str = ""
    """What could be read in it, one line a line; empty where nobody was asked to read."""
    looked_at: datetime = Field(sa_type=Utc)


class PictureFindingRow(Row, table=True):
    """One reference picture that one picture content shows; kept so that it is compared once and not at every run."""

    __tablename__ = "picture_finding"

    sha256: str = Field(primary_key=True, max_length=64)
    work_id: str = Field(primary_key=True)
    reference: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the reference picture."""
    finding: dict[str, object] = Field(sa_type=Json)
    """A Finding as JSON."""


class PictureFingerprintRow(Row, table=True):
    """What is kept of one picture content to compare it again without its bytes."""

    __tablename__ = "picture_fingerprint"

    sha256: str = Field(primary_key=True, max_length=64)
    version: str
    """Of the fingerprint's making; another one is made again from the picture."""
    width: int
    """Of the picture as decoded upright, pixels."""
    height: int
    made_at: datetime = Field(sa_type=Utc)
    hashes: bytes
    """Eight turns of 256 bits: 8 × 32 bytes, the picture as it is first."""
    data: bytes
    """`Fingerprint.to_bytes()`."""
