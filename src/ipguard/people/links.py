"""Links that let one person in once: the first admin's, an invitation, a reset. There is no default password."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, or_, select, update
from sqlmodel import Session, col

from ipguard.people.rights import Role
from ipguard.people.sessions import KEY_BYTES, hash_of
from ipguard.people.tables import IdentityRow, LinkRow, PersonRow

FIRST_ADMIN = "admin"
LASTS = {"enter": timedelta(hours=24), "invite": timedelta(days=7), "reset": timedelta(hours=24)}


def make_link(session: Session, person: PersonRow, kind: str, *, by: str, now: datetime) -> str:
    """A key for a link of that kind; an older unused one of the person stops working."""
    key = secrets.token_urlsafe(KEY_BYTES)
    person_id = cast(int, person.id)
    older = update(LinkRow).where(col(LinkRow.person_id) == person_id, col(LinkRow.used_at).is_(None))
    session.execute(older.values(used_at=now))
    session.add(
        LinkRow(
            hash=hash_of(key),
            person_id=person_id,
            kind=kind,
            created_at=now,
            created_by=by,
            ends_at=now + LASTS[kind],
        )
    )
    session.flush()
    return key


def look_at_link(session: Session, key: str, kinds: tuple[str, ...], now: datetime) -> PersonRow | None:
    """Whom an unused link is for; None where it is unknown, used, or too old."""
    return session.scalars(
        select(PersonRow)
        .join(LinkRow, col(LinkRow.person_id) == col(PersonRow.id))
        .where(
            col(LinkRow.hash) == hash_of(key),
            col(LinkRow.kind).in_(kinds),
            col(LinkRow.used_at).is_(None),
            col(LinkRow.ends_at) > now,
            col(PersonRow.disabled_at).is_(None),
        )
    ).first()


def use_link(session: Session, key: str, kinds: tuple[str, ...], now: datetime) -> PersonRow | None:
    """Use a link up; of two that come at once, one gets the person and the other None."""
    person = look_at_link(session, key, kinds, now)
    if person is None:
        return None
    unused = update(LinkRow).where(col(LinkRow.hash) == hash_of(key), col(LinkRow.used_at).is_(None))
    used = cast(CursorResult[object], session.execute(unused.values(used_at=now))).rowcount
    return person if used else None


def first_admin(session: Session, now: datetime) -> PersonRow:
    """The oldest admin who may come in; made where there is none."""
    oldest = session.scalars(
        select(PersonRow)
        .where(col(PersonRow.role) == Role.ADMIN.value, col(PersonRow.disabled_at).is_(None))
        .order_by(col(PersonRow.id))
        .limit(1)
    ).first()
    if oldest is not None:
        return oldest
    names = set(
        session.scalars(select(col(PersonRow.name)).where(col(PersonRow.name).startswith(FIRST_ADMIN)))
    )
    number = next(n for n in range(1, len(names) + 2) if _numbered(n) not in names)
    made = PersonRow(
        name=_numbered(number), role=Role.ADMIN.value, created_at=now, created_by="ipguard serve"
    )
    session.add(made)
    session.flush()
    return made


def an_admin_can_sign_in(session: Session) -> bool:
    """Whether some admin has a password or an account at a provider: then no link is printed at the start."""
    linked = select(col(IdentityRow.person_id))
    found = session.scalars(
        select(col(PersonRow.id))
        .where(
            col(PersonRow.role) == Role.ADMIN.value,
            col(PersonRow.disabled_at).is_(None),
            or_(col(PersonRow.password) != "", col(PersonRow.id).in_(linked)),
        )
        .limit(1)
    ).first()
    return found is not None


def _numbered(number: int) -> str:
    return FIRST_ADMIN if number == 1 else f"{FIRST_ADMIN}-{number}"
