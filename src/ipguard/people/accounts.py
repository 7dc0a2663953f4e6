"""Accounts: making them, changing them, and the rule that one admin who can come in is always left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from ipguard.errors import WrongUse
from ipguard.people import sessions
from ipguard.people.audit import audit
from ipguard.people.links import make_link
from ipguard.people.rights import Principal, Role
from ipguard.people.tables import IdentityRow, LinkRow, PersonRow, RecoveryRow, TokenRow

NAME = re.compile(r"[^\W_][\w.@+-]{0,63}")
LANGUAGES = ("", "en", "zh-Hans")


STATE_WORDS = {
    "active": "active",
    "invited": "invited",
    "no_password": "no password yet",
    "disabled": "disabled",
}
"""States of an account in words; the console translates them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the list of people."""

    row: PersonRow
    sessions: int
    """That hold now."""
    tokens: int
    linked: bool
    """Comes in by a provider."""

    @property
    def id(self) -> int:
        """Number of the person."""
        return cast(int, self.row.id)

    @property
    def state(self) -> str:
        """disabled, active, invited, or no_password: was inside by a link, and needs another one next time."""
        if self.row.disabled_at:
            return "disabled"
        if self.row.password or self.linked:
            return "active"
        return "no_password" if self.row.entered_at else "invited"


def fold_name(name: str) -> str:
    """A sign-in name as it is kept: NFKC, lower case.

    Raises:
        WrongUse: it is empty, too long, or has other characters than letters, digits and . _ @ + -
    """
    folded = plain_name(name)
    if NAME.fullmatch(folded) is None:
        raise WrongUse(
            "A sign-in name has 1 to 64 letters, digits, dots or hyphens and begins with a letter or digit.",
            hint="For example: mei.lin",
        )
    return folded


def plain_name(name: str) -> str:
    """A name as it is compared: NFKC, lower case, without spaces around it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def add_person(
    session: Session,
    who: Principal,
    name: str,
    role: str,
    *,
    now: datetime,
    label: str = "",
    language: str = "",
) -> PersonRow:
    """A new account, without a way in yet: make an invitation.

    Raises:
        WrongUse: the name is taken or none, or there is no such role.
    """
    folded = fold_name(name)
    if find(session, folded) is not None:
        raise WrongUse("That name is taken.", hint="Names are never given to somebody else; take another.")
    row = PersonRow(
        name=folded,
        label=label.strip()[:100],
        role=_role(role).value,
        language=language if language in LANGUAGES else "",
        created_at=now,
        created_by=who.by,
    )
    session.add(row)
    session.flush()
    audit(session, who, "person.add", f"person:{row.id}", {"name": folded, "role": row.role}, now)
    return row


def invite(session: Session, who: Principal, person: PersonRow, kind: str, *, now: datetime) -> str:
    """The key of a link that lets the person set a password, once. With `reset` the old ways in end now.

    Raises:
        WrongUse: the account is disabled.
    """
    if person.disabled_at is not None:
        raise WrongUse("That account is disabled.", hint="Enable it first.")
    person_id = cast(int, person.id)
    if kind == "reset":
        person.password = ""
        session.add(person)
        sessions.end_all(session, person_id, by=who.by, now=now)
    key = make_link(session, person, kind, by=who.by, now=now)
    audit(session, who, f"person.{kind}", f"person:{person_id}", {}, now)
    return key


def set_role(session: Session, who: Principal, person: PersonRow, role: str, *, now: datetime) -> None:
    """Give somebody another role; it holds from their next click.

    Raises:
        WrongUse: there is no such role, or nobody else could change it back.
    """
    wanted = _role(role)
    if wanted is not Role.ADMIN:
        _keep_an_admin(session, person)
    before, person.role = person.role, wanted.value
    session.add(person)
    audit(session, who, "person.role", f"person:{person.id}", {"from": before, "to": wanted.value}, now)


def disable(session: Session, who: Principal, person: PersonRow, *, now: datetime) -> None:
    """Shut an account: its sessions end, its tokens and links are revoked. What it did keeps its name.

    Raises:
        WrongUse: nobody else could undo it.
    """
    if person.disabled_at is not None:
        return
    _keep_an_admin(session, person)
    person_id = cast(int, person.id)
    person.disabled_at = now
    session.add(person)
    sessions.end_all(session, person_id, by=who.by, now=now)
    unused = update(LinkRow).where(col(LinkRow.person_id) == person_id, col(LinkRow.used_at).is_(None))
    session.execute(unused.values(used_at=now))
    open_ones = update(TokenRow).where(
        col(TokenRow.person_id) == person_id, col(TokenRow.revoked_at).is_(None)
    )
    session.execute(open_ones.values(revoked_at=now, revoked_by=who.by))
    audit(session, who, "person.disable", f"person:{person_id}", {}, now)


def enable(session: Session, who: Principal, person: PersonRow, *, now: datetime) -> None:
    """Open a shut account again; its tokens stay revoked."""
    person.disabled_at = None
    session.add(person)
    audit(session, who, "person.enable", f"person:{person.id}", {}, now)


def set_password(session: Session, who: Principal, person: PersonRow, hashed: str, *, now: datetime) -> None:
    """Keep a new password's hash; every other session of the person ends."""
    person.password, person.password_at = hashed, now
    session.add(person)
    sessions.end_all(session, cast(int, person.id), by=who.by, now=now, but=who.session)
    audit(session, who, "person.password", f"person:{person.id}", {}, now)


def clear_second_step(session: Session, who: Principal, person: PersonRow, *, now: datetime) -> None:
    """Take the second step off, with its recovery codes."""
    person.totp, person.totp_step = "", 0
    session.add(person)
    session.execute(delete(RecoveryRow).where(col(RecoveryRow.person_id) == person.id))
    audit(session, who, "person.second_step_off", f"person:{person.id}", {}, now)


def set_own(
    session: Session, who: Principal, person: PersonRow, *, label: str, language: str, now: datetime
) -> None:
    """What people say about themselves: the name others read, and their language."""
    person.label = label.strip()[:100]
    person.language = language if language in LANGUAGES else ""
    session.add(person)
    audit(session, who, "person.profile", f"person:{person.id}", {"language": person.language}, now)


def find(session: Session, name: str) -> PersonRow | None:
    """The account of a folded name."""
    return session.scalars(select(PersonRow).where(col(PersonRow.name) == name)).first()


def get_person(session: Session, which: str | int) -> PersonRow:
    """The account of a name or number, locked until the transaction ends.

    Raises:
        WrongUse: there is none.
    """
    same = col(PersonRow.id) == which if isinstance(which, int) else col(PersonRow.name) == plain_name(which)
    found = session.scalars(select(PersonRow).where(same).with_for_update()).first()
    if found is None:
        raise WrongUse("There is nobody of that name.", hint="List them: ipguard user list")
    return found


def list_people(session: Session, lasting: sessions.Lasting, now: datetime) -> Sequence[Person]:
    """Everybody, by name."""
    open_tokens = (
        select(col(TokenRow.person_id), func.count())
        .where(col(TokenRow.revoked_at).is_(None), col(TokenRow.ends_at) > now)
        .group_by(col(TokenRow.person_id))
    )
    tokens = {row[0]: row[1] for row in session.execute(open_tokens)}
    linked = set(session.scalars(select(col(IdentityRow.person_id))))
    held = sessions.count_open(session, lasting, now)
    rows = session.scalars(select(PersonRow).order_by(col(PersonRow.name)))
    return [
        Person(row, held.get(cast(int, row.id), 0), tokens.get(cast(int, row.id), 0), row.id in linked)
        for row in rows
    ]


def _role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise WrongUse("There is no such role.", hint=f"One of: {', '.join(Role)}.") from None


def _keep_an_admin(session: Session, person: PersonRow) -> None:
    """Refuse what would leave nobody who can come in and manage people."""
    if person.role != Role.ADMIN.value or person.disabled_at is not None:
        return
    linked = select(col(IdentityRow.person_id))
    admins = session.scalars(
        select(PersonRow)
        .where(col(PersonRow.role) == Role.ADMIN.value, col(PersonRow.disabled_at).is_(None))
        .with_for_update()
    )
    ids = set(session.scalars(linked))
    others = [one for one in admins if one.id != person.id and (one.password or one.id in ids)]
    if not others:
        raise WrongUse(
            "No other admin could come in then.",
            hint="Make somebody else an admin first, and let them sign in.",
        )
