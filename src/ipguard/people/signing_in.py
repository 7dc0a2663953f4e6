"""Signing in: the password, then the second step where there is one. A try is counted, then judged, then settled.

Unknown names, wrong passwords and disabled accounts take the same work and get the same words. What is hashed is
hashed outside transactions.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Engine, delete, select, update
from sqlmodel import Session, col

from ipguard.database.engine import reading, transaction
from ipguard.errors import NotAllowed, WrongUse
from ipguard.people import passwords, sessions, totp
from ipguard.people.accounts import find, get_person, plain_name
from ipguard.people.audit import audit
from ipguard.people.limits import ACCOUNT_FREE, ADDRESS_FREE, Gate, count_try, forgive, gate, network_of
from ipguard.people.rights import Principal, Role
from ipguard.people.sealing import seal, unseal
from ipguard.people.sessions import Browser, Lasting, hash_of
from ipguard.people.tables import PersonRow, RecoveryRow, SessionRow


class NotSignedIn(NotAllowed):
    """Name and password, or the code, do not fit; the words never say which."""


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in needs to know of the house and of the browser."""

    engine: Engine
    secret: bytes
    lasting: Lasting
    browser: Browser
    known: str = ""
    """What `known_browser` gave this browser when somebody signed in before."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who gave the right password, or the right code."""

    key: str
    """For the cookie."""
    person_id: int
    waits: bool
    """The second step is still to come."""


def sign_in(door: Door, name: str, password: str, now: datetime) -> Entered:
    """Judge a name and a password.

    Raises:
        NotSignedIn: they do not fit, or the account is disabled.
        TooManyTries: the account or the address has to wait.
    """
    folded = plain_name(name[:200])
    with reading(door.engine) as session:
        person = find(session, folded)
    own, shared = _gates(door, folded, person)
    with transaction(door.engine) as session:
        count_try(session, [own, shared], now)
    right, fresh = passwords.judge(password, person.password if person else "")
    if person is None or not right or person.disabled_at is not None:
        _refuse(door, person, "password", now)
        raise NotSignedIn("Name and password do not fit.", hint="Check both, or ask an admin for a new link.")
    with transaction(door.engine) as session:
        row = get_person(session, cast(int, person.id))
        if row.password != person.password or row.disabled_at is not None:
            raise NotSignedIn(
                "Name and password do not fit.", hint="Check both, or ask an admin for a new link."
            )
        row.password = fresh or row.password
        forgive(session, [] if row.totp else [own], [shared])
        return enter(session, door, row, "password", now, waits=bool(row.totp))


def second_step(door: Door, key: str, code: str, now: datetime) -> Entered:
    """Judge a code or a recovery code for a session that waits; the session gets a new key.

    Raises:
        NotSignedIn: the code does not fit or was used, or nothing waits any more.
        TooManyTries: the account has to wait.
    """
    with reading(door.engine) as session:
        found = sessions.waiting(session, key, door.lasting, now)
    if found is None:
        raise NotSignedIn("That sign-in took too long.", hint="Begin again with your password.")
    waiting, person = found
    own, shared = _gates(door, person.name, person)
    with transaction(door.engine) as session:
        count_try(session, [own, shared], now)
    with transaction(door.engine) as session:
        row = get_person(session, cast(int, person.id))
        if _fits(session, door.secret, row, code, now):
            forgive(session, [own], [shared])
            session.execute(delete(SessionRow).where(col(SessionRow.hash) == waiting.hash))
            return enter(session, door, row, waiting.method, now)
    _refuse(door, person, "code", now)
    raise NotSignedIn("That code does not fit, or was used before.", hint="Wait for the next code.")


def enter(
    session: Session, door: Door, person: PersonRow, method: str, now: datetime, *, waits: bool = False
) -> Entered:
    """Begin a session and write it on record."""
    key = sessions.begin(
        session, person, method=method, browser=door.browser, lasting=door.lasting, now=now, waits=waits
    )
    sessions.sweep_out(session, now)
    if not waits:
        audit(session, principal_for(person), "session.begin", f"person:{person.id}", {"method": method}, now)
    return Entered(key, cast(int, person.id), waits)


def principal_for(person: PersonRow) -> Principal:
    """A person who is just coming in, for the record."""
    return Principal(cast(int, person.id), person.name, Role(person.role), session="new")


def confirm_password(door: Door, who: Principal, password: str, now: datetime) -> None:
    """Ask somebody inside for their password again, before something that a stolen session must not do.

    Raises:
        NotSignedIn: it is another.
        TooManyTries: the account has to wait.
    """
    with reading(door.engine) as session:
        person = session.get_one(PersonRow, who.id)
    own, shared = _gates(door, person.name, person)
    with transaction(door.engine) as session:
        count_try(session, [own, shared], now)
    right, _ = passwords.judge(password, person.password)
    if not right:
        _refuse(door, person, "password", now)
        raise NotSignedIn("That is not your password.", hint="Nothing was changed.")
    with transaction(door.engine) as session:
        forgive(session, [own], [shared])


def begin_second_step(door: Door, who: Principal, secret: str, code: str, now: datetime) -> list[str]:
    """Switch the second step on, when the first code shows that the app has the secret; returns recovery codes.

    Raises:
        WrongUse: the code does not fit.
    """
    step = totp.matching_step(secret, code, now, 0)
    if step is None:
        raise WrongUse(
            "That code does not fit.", hint="Check the clock of the phone, then take the next code."
        )
    codes = totp.recovery_codes()
    with transaction(door.engine) as session:
        row = get_person(session, who.id)
        row.totp, row.totp_step = seal(door.secret, secret), step
        session.add(row)
        session.execute(delete(RecoveryRow).where(col(RecoveryRow.person_id) == who.id))
        session.add_all(
            RecoveryRow(person_id=who.id, hash=hash_of(totp.plain_recovery(one))) for one in codes
        )
        sessions.end_all(session, who.id, by=who.by, now=now, but=who.session)
        audit(session, who, "person.second_step_on", f"person:{who.id}", {}, now)
    return codes


def known_browser(secret: bytes, person_id: int) -> str:
    """What a browser keeps after a sign-in, so that its tries count for itself and not for the whole account."""
    body = f"{person_id}.{secrets.token_urlsafe(12)}"
    return f"{body}.{_known_mark(secret, body)}"


def _gates(door: Door, name: str, person: PersonRow | None) -> tuple[Gate, Gate]:
    body, _, mark = door.known.rpartition(".")
    known = person is not None and body.split(".")[0] == str(person.id)
    if known and hmac.compare_digest(mark.encode(), _known_mark(door.secret, body).encode()):
        own = gate(door.secret, "browser", body, ACCOUNT_FREE)
    else:
        own = gate(door.secret, "account", name, ACCOUNT_FREE)
    return own, gate(door.secret, "address", network_of(door.browser.address), ADDRESS_FREE)


def _known_mark(secret: bytes, body: str) -> str:
    return hmac.new(secret, f"known:{body}".encode(), "sha256").hexdigest()


def _fits(session: Session, secret: bytes, person: PersonRow, code: str, now: datetime) -> bool:
    """Use a code up: of two that come at once with the same one, the row's lock lets one in."""
    if not person.totp:
        return False
    step = totp.matching_step(unseal(secret, person.totp), code, now, person.totp_step)
    if step is not None:
        person.totp_step = step
        session.add(person)
        return True
    unused = update(RecoveryRow).where(
        col(RecoveryRow.person_id) == person.id,
        col(RecoveryRow.hash) == hash_of(totp.plain_recovery(code)),
        col(RecoveryRow.used_at).is_(None),
    )
    used = cast("CursorResult[object]", session.execute(unused.values(used_at=now))).rowcount
    if used:
        audit(session, principal_for(person), "person.recovery_code", f"person:{person.id}", {}, now)
    return bool(used)


def codes_left(session: Session, person_id: int) -> int:
    """Recovery codes that were not used."""
    rows = session.scalars(
        select(col(RecoveryRow.id)).where(
            col(RecoveryRow.person_id) == person_id, col(RecoveryRow.used_at).is_(None)
        )
    )
    return len(list(rows))


def _refuse(door: Door, person: PersonRow | None, what: str, now: datetime) -> None:
    """Write a failure on record. An unknown name is not kept: it may be a password that was typed there."""
    nobody = Principal(0, "", Role.READER, session="none")
    subject = f"person:{person.id}" if person else ""
    with transaction(door.engine) as session:
        audit(session, nobody, "session.refused", subject, {"what": what}, now)
