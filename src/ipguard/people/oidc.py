"""Signing in by an OpenID provider: each sign-in is a row that is used once, by the browser that began it.

People are known by issuer and subject, never by a mail address or a name that somebody may take over elsewhere. A
group that the settings map to a role makes an account at the first sign-in; nothing a provider says makes an admin.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from ipguard.errors import WrongUse
from ipguard.people.accounts import find
from ipguard.people.audit import audit
from ipguard.people.rights import Principal, Role
from ipguard.people.sessions import hash_of
from ipguard.people.signing_in import NotSignedIn, principal_for
from ipguard.people.tables import IdentityRow, OidcFlowRow, PersonRow

WITHIN = timedelta(minutes=10)
"""Time to sign in at the provider."""
MOST_FLOWS = 5000
MADE_BY = "provider"
"""`created_by` of accounts that a group made: their role follows the groups."""


class Told(Protocol):
    """What a checked id_token says; see `oidc_provider.Claims`."""

    @property
    def issuer(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def groups(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that is to be sent to the provider."""

    state: str
    nonce: str
    verifier: str
    browser: str
    """For a cookie: only this browser can come back with it."""


@dataclass(frozen=True, slots=True)
class Back:
    """A sign-in that came back to the browser that began it."""

    nonce: str
    verifier: str
    link_to: int | None


def begin_flow(session: Session, *, link_to: int | None, now: datetime) -> Begun:
    """A new sign-in, or for a person a linking of their account."""
    begun = Begun(*(secrets.token_urlsafe(32) for _ in range(4)))
    session.execute(delete(OidcFlowRow).where(col(OidcFlowRow.ends_at) < now))
    if cast(int, session.scalar(select(func.count()).select_from(OidcFlowRow))) >= MOST_FLOWS:
        oldest = select(col(OidcFlowRow.hash)).order_by(col(OidcFlowRow.ends_at)).limit(MOST_FLOWS // 10)
        session.execute(delete(OidcFlowRow).where(col(OidcFlowRow.hash).in_(oldest)))
    session.add(
        OidcFlowRow(
            hash=hash_of(begun.state),
            browser=hash_of(begun.browser),
            verifier=begun.verifier,
            nonce=begun.nonce,
            link_to=link_to,
            ends_at=now + WITHIN,
        )
    )
    session.flush()
    return begun


def take_flow(session: Session, state: str, browser: str, now: datetime) -> Back:
    """Use a sign-in up.

    Raises:
        NotSignedIn: it is unknown, was used, is too old, or another browser began it.
    """
    taken = session.execute(
        delete(OidcFlowRow)
        .where(
            col(OidcFlowRow.hash) == hash_of(state),
            col(OidcFlowRow.browser) == hash_of(browser),
            col(OidcFlowRow.ends_at) > now,
        )
        .returning(col(OidcFlowRow.nonce), col(OidcFlowRow.verifier), col(OidcFlowRow.link_to))
    ).first()
    if taken is None:
        raise NotSignedIn("This sign-in was used already, or was begun elsewhere.", hint="Begin again.")
    return Back(taken[0], taken[1], taken[2])


def link(session: Session, person: PersonRow, told: Told, now: datetime) -> None:
    """Link a person's account at the provider to theirs here.

    Raises:
        WrongUse: it is linked to somebody else.
    """
    known = _identity(session, told)
    if known is not None and known.person_id != person.id:
        raise WrongUse(
            "That account at the provider is linked to somebody else.", hint="Sign out there first."
        )
    if known is None:
        session.add(
            IdentityRow(
                person_id=cast(int, person.id), issuer=told.issuer, subject=told.subject, linked_at=now
            )
        )
        session.flush()
        audit(
            session, principal_for(person), "person.link", f"person:{person.id}", {"issuer": told.issuer}, now
        )


def unlink(session: Session, who: Principal, person: PersonRow, now: datetime) -> None:
    """Take the link off.

    Raises:
        WrongUse: it is the only way in.
    """
    if not person.password:
        raise WrongUse("You could not come in any more.", hint="Set a password first.")
    session.execute(delete(IdentityRow).where(col(IdentityRow.person_id) == person.id))
    audit(session, who, "person.unlink", f"person:{person.id}", {}, now)


def is_linked(session: Session, person_id: int) -> bool:
    """Whether a person has an account at the provider linked."""
    return (
        session.scalars(select(IdentityRow).where(col(IdentityRow.person_id) == person_id)).first()
        is not None
    )


def known_person(session: Session, told: Told, roles: Mapping[str, str], now: datetime) -> PersonRow:
    """Whom a checked id_token lets in.

    Raises:
        NotSignedIn: nobody here is linked to that account and no group of theirs has a role; or it is disabled.
    """
    role = _role(told.groups, roles)
    known = _identity(session, told)
    if known is None:
        if role is None:
            raise NotSignedIn(
                "Your account at the provider is not known here.",
                hint="Ask an admin for an invitation, then link it on your account page.",
            )
        return _make(session, told, role, now)
    person = session.get_one(PersonRow, known.person_id, with_for_update=True)
    if person.disabled_at is not None:
        raise NotSignedIn("This account is disabled.", hint="Ask an admin.")
    if person.created_by == MADE_BY and person.role != Role.ADMIN.value:
        if role is None:
            raise NotSignedIn("None of your groups has a role here any more.", hint="Ask an admin.")
        if person.role != role.value:
            change = {"from": person.role, "to": role.value, "by": MADE_BY}
            person.role = role.value
            session.add(person)
            audit(session, principal_for(person), "person.role", f"person:{person.id}", change, now)
    return person


def _make(session: Session, told: Told, role: Role, now: datetime) -> PersonRow:
    person = PersonRow(
        name=_free_name(session, told.name),
        label=told.label,
        role=role.value,
        created_at=now,
        created_by=MADE_BY,
    )
    session.add(person)
    session.flush()
    facts = {"name": person.name, "role": person.role, "by": MADE_BY}
    audit(session, principal_for(person), "person.add", f"person:{person.id}", facts, now)
    link(session, person, told, now)
    return person


def _free_name(session: Session, wish: str) -> str:
    """A name near the wish that nobody has or had."""
    plain = re.sub(r"[^\w.@+-]", "", wish.casefold()).lstrip("_.@+-")[:50] or "someone"
    number = 1
    while find(session, name := plain if number == 1 else f"{plain}-{number}") is not None:
        number += 1
    return name


def _role(groups: tuple[str, ...], roles: Mapping[str, str]) -> Role | None:
    """The role of the first mapped group, in the order of the settings."""
    found = next((role for group, role in roles.items() if group in groups), None)
    return Role(found) if found and found != Role.ADMIN.value else None


def _identity(session: Session, told: Told) -> IdentityRow | None:
    return session.scalars(
        select(IdentityRow).where(
            col(IdentityRow.issuer) == told.issuer, col(IdentityRow.subject) == told.subject
        )
    ).first()
