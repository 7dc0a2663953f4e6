"""Tables of the people room. Secrets are kept as hashes; a person is disabled, never removed."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, UniqueConstraint

from ipguard.database.base import Json, Row, Utc


class PersonRow(Row, table=True):
    """Somebody who may come in."""

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    """Sign-in name, folded; stands in decisions and cases, so it never changes."""
    label: str = ""
    """The name people read."""
    role: str
    language: str = ""
    password: str = ""
    """Argon2id in PHC form; empty where they come in another way."""
    password_at: datetime | None = Field(default=None, sa_type=Utc)
    totp: str = ""
    """The secret of the second step, sealed with the workspace's key; empty where there is none."""
    totp_step: int = 0
    """Time step of the newest code that was used: a code works once (RFC 6238 §5.2)."""
    disabled_at: datetime | None = Field(default=None, sa_type=Utc)
    created_at: datetime = Field(sa_type=Utc)
    created_by: str
    entered_at: datetime | None = Field(default=None, sa_type=Utc)
    """When they last signed in."""


class RecoveryRow(Row, table=True):
    """A code that stands in for the second step, once."""

    __tablename__ = "person_recovery"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    hash: str
    used_at: datetime | None = Field(default=None, sa_type=Utc)


class LinkRow(Row, table=True):
    """A link that works once: the first admin's, an invitation, a reset."""

    __tablename__ = "person_link"

    hash: str = Field(primary_key=True)
    """SHA-256 of the key in the link."""
    person_id: int = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    kind: str
    """enter, invite, reset."""
    created_at: datetime = Field(sa_type=Utc)
    created_by: str
    ends_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)


class SessionRow(Row, table=True):
    """One browser of one person."""

    __tablename__ = "person_session"

    hash: str = Field(primary_key=True)
    """SHA-256 of the key in the cookie."""
    person_id: int = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    method: str
    """link, password, oidc."""
    waits: bool = False
    """The password was right; the second step is still to come."""
    device: str = ""
    """Browser and system in words."""
    address: str = ""
    created_at: datetime = Field(sa_type=Utc)
    seen_at: datetime = Field(sa_type=Utc)
    ends_at: datetime = Field(sa_type=Utc, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    ended_by: str = ""


class TokenRow(Row, table=True):
    """A key for programs."""

    __tablename__ = "person_token"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    label: str
    hash: str = Field(unique=True)
    hint: str
    """Its first letters, to tell tokens apart."""
    scopes: list[str] = Field(default_factory=list, sa_type=Json)
    created_at: datetime = Field(sa_type=Utc)
    created_by: str
    ends_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)
    """Last use, to the minute."""
    revoked_at: datetime | None = Field(default=None, sa_type=Utc)
    revoked_by: str = ""


class IdentityRow(Row, table=True):
    """Who a person is at an OpenID provider: by issuer and subject, never by mail address."""

    __tablename__ = "person_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    issuer: str
    subject: str
    linked_at: datetime = Field(sa_type=Utc)


class OidcFlowRow(Row, table=True):
    """A sign-in that was sent to a provider and is not back yet."""

    __tablename__ = "person_oidc_flow"

    hash: str = Field(primary_key=True)
    """SHA-256 of the state parameter."""
    browser: str
    """SHA-256 of the cookie of the browser that began it."""
    verifier: str
    """PKCE code_verifier (RFC 7636)."""
    nonce: str
    link_to: int | None = Field(default=None, foreign_key="person.id", ondelete="CASCADE")
    """The person who links an account; None for a sign-in."""
    ends_at: datetime = Field(sa_type=Utc, index=True)


class TriesRow(Row, table=True):
    """How often something failed for one account, browser or address, until when it has to wait."""

    __tablename__ = "person_tries"

    key: str = Field(primary_key=True)
    """Keyed hash: neither names nor addresses are kept here."""
    failures: int = 0
    last_at: datetime = Field(sa_type=Utc, index=True)
    until: datetime | None = Field(default=None, sa_type=Utc)


class AuditRow(Row, table=True):
    """One thing that somebody did. Rows are only added: a trigger refuses everything else."""

    __tablename__ = "audit_entry"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, … without gaps."""
    at: datetime = Field(sa_type=Utc, index=True)
    person_id: int = Field(index=True)
    """0 for the command line and for whoever was not let in."""
    person: str
    role: str
    way: str
    """session, token:7, command."""
    action: str = Field(index=True)
    subject: str = Field(index=True)
    details: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    before: str
    """Hash of the entry before it."""
    hash: str


class AuditHeadRow(Row, table=True):
    """The newest entry; whoever adds one locks this row first."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True)
    position: int = 0
    hash: str = ""
