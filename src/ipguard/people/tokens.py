"""Keys for programs: `ipg_…`, shown once, kept as a hash, with scopes, an end, and a last use."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select, update
from sqlmodel import Session, col

from ipguard.errors import NotAllowed, WrongUse
from ipguard.people.audit import Detail, audit
from ipguard.people.rights import SCOPES, Principal, Role, Scope
from ipguard.people.sessions import KEY_BYTES, hash_of
from ipguard.people.tables import PersonRow, TokenRow

PREFIX = "ipg_"
"""Lets scanners of secrets know a leaked one."""
SHAPE = re.compile(r"ipg_[A-Za-z0-9_-]{43}")
HINT_LETTERS = 8
DEFAULT_DAYS, MOST_DAYS = 90, 366
USED_EVERY = timedelta(minutes=1)
MOST_TOKENS = 50
"""Open ones of one person."""


class WrongToken(NotAllowed):
    """A token that is unknown, ended or revoked; the words do not say which (answer 401)."""

    def __init__(self) -> None:
        super().__init__(
            "That token is not valid.", hint="Send “Authorization: Bearer ipg_…”; make one: ipguard token new"
        )


@dataclass(frozen=True, slots=True)
class Made:
    """A token that was just made: the only time its text is known."""

    row: TokenRow
    text: str


def make_token(
    session: Session,
    who: Principal,
    person: PersonRow,
    label: str,
    scopes: Iterable[str],
    *,
    days: int = DEFAULT_DAYS,
    now: datetime,
) -> Made:
    """A new token of a person.

    Raises:
        WrongUse: no label, no or unknown scopes, an end out of range, too many tokens, a disabled account.
        NotAllowed: a token asks for a token that may more than itself.
    """
    wanted = _scopes(scopes)
    if not label.strip():
        raise WrongUse("A token needs a name that says where it is used.", hint="For example: nightly export")
    if not 1 <= days <= MOST_DAYS:
        raise WrongUse("A token lasts between 1 and 366 days.", hint="Make a new one when it ends.")
    if person.disabled_at is not None:
        raise WrongUse("That account is disabled.", hint="Enable it first.")
    for scope in wanted if who.token is not None else ():
        for right in SCOPES[scope]:
            who.need(right)
    person_id = cast(int, person.id)
    if sum(usable(row, now) for row in tokens_of(session, person_id)) >= MOST_TOKENS:
        raise WrongUse("That is too many tokens for one person.", hint="Revoke those that are not used.")
    text = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    row = TokenRow(
        person_id=person_id,
        label=label.strip()[:100],
        hash=hash_of(text),
        hint=text[: len(PREFIX) + HINT_LETTERS],
        scopes=[scope.value for scope in wanted],
        created_at=now,
        created_by=who.by,
        ends_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    facts: dict[str, Detail] = {"person": person.name, "scopes": " ".join(row.scopes), "days": days}
    audit(session, who, "token.new", f"token:{row.id}", facts, now)
    return Made(row, text)


def revoke(
    session: Session, who: Principal, token_id: int, *, person_id: int | None = None, now: datetime
) -> None:
    """End a token now; with `person_id` only one of theirs.

    Raises:
        WrongUse: there is none such.
    """
    row = session.get(TokenRow, token_id, with_for_update=True)
    if row is None or (person_id is not None and row.person_id != person_id):
        raise WrongUse("There is no such token.", hint="List them: ipguard token list")
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now, who.by
        session.add(row)
        audit(session, who, "token.revoke", f"token:{token_id}", {}, now)


def tokens_of(session: Session, person_id: int | None = None) -> Sequence[TokenRow]:
    """Tokens of a person, or everybody's, newest first."""
    query = select(TokenRow).order_by(col(TokenRow.id).desc())
    if person_id is not None:
        query = query.where(col(TokenRow.person_id) == person_id)
    return list(session.scalars(query))


def usable(row: TokenRow, now: datetime) -> bool:
    """Whether a token still opens anything."""
    return row.revoked_at is None and row.ends_at > now


def bearer(header: str) -> str:
    """The token of an Authorization header (RFC 6750 §2.1); empty where it is none of ours."""
    scheme, _, text = header.strip().partition(" ")
    text = text.strip()
    return text if scheme.casefold() == "bearer" and SHAPE.fullmatch(text) else ""


def token_principal(session: Session, header: str, now: datetime) -> Principal:
    """Who sent a request with this Authorization header. Reads only; see `mark_used`.

    The session may be a reading one. In the console's process use `desk.token_principal(request)`, which also
    counts failures by address and writes the last use.

    Raises:
        WrongToken: unknown, ended, revoked, or its person is disabled.
    """
    text = bearer(header)
    found = session.execute(
        select(TokenRow, PersonRow)
        .join(PersonRow, col(PersonRow.id) == col(TokenRow.person_id))
        .where(col(TokenRow.hash) == hash_of(text), col(PersonRow.disabled_at).is_(None))
    ).first()
    if not text or found is None or not usable(found[0], now):
        raise WrongToken
    row, person = found[0], found[1]
    return Principal(
        cast(int, person.id),
        person.name,
        Role(person.role),
        label=person.label,
        language=person.language,
        token=row.id,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
    )


def must_be_marked(session: Session, token_id: int, now: datetime) -> bool:
    """Whether the last use on record is older than a minute."""
    used = session.scalars(select(col(TokenRow.used_at)).where(col(TokenRow.id) == token_id)).first()
    return used is None or now - used >= USED_EVERY


def mark_used(session: Session, token_id: int, now: datetime) -> None:
    """Write that a token was used."""
    session.execute(update(TokenRow).where(col(TokenRow.id) == token_id).values(used_at=now))


def _scopes(given: Iterable[str]) -> list[Scope]:
    try:
        wanted = sorted({Scope(one) for one in given})
    except ValueError:
        raise WrongUse("There is no such scope.", hint=f"Some of: {', '.join(Scope)}.") from None
    if not wanted:
        raise WrongUse("A token needs at least one scope.", hint=f"Some of: {', '.join(Scope)}.")
    return wanted
