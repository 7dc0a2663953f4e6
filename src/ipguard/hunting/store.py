"""Hunts as rows: begun once, claimed by one process at a time, gone on with after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from ipguard.hunting.tables import HuntRow
from ipguard.jobs.claims import LEASE, LeaseLost
from ipguard.rights.store import lock_edition

AGAIN_AFTER = timedelta(seconds=15)
"""A hunt that waits for a sweep to end looks again after this long."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a hunt searches for."""

    edition: int
    """Of the watchlist."""
    version: str
    """Of watchlist and matchers."""
    work: str = ""
    """Only the references of this work, compared once more; empty: whatever has not been compared yet."""


@dataclass(frozen=True, slots=True)
class HuntClaim:
    """The right to go on with one hunt, unless it is taken over."""

    hunt_id: int
    token: str


def begin(session: Session, goal: Goal, *, owner: str, now: datetime) -> HuntClaim | None:
    """Claim the hunt of this goal: the one that has not ended, else a new one.

    A watchlist that changed meanwhile raises the goal of a hunt that goes on. None where another process is at it.
    """
    lock_edition(session)
    row = session.scalars(
        select(HuntRow)
        .where(col(HuntRow.work_id) == goal.work, col(HuntRow.state) != "finished")
        .order_by(col(HuntRow.id).desc())
        .limit(1)
    ).first()
    if row is None:
        row = HuntRow(work_id=goal.work, edition=0, version="", state="running", started_at=now)
    elif row.state == "running" and row.lease_until is not None and row.lease_until > now:
        return None
    if (row.edition, row.version) != (goal.edition, goal.version):
        row.edition, row.version, row.cursor = goal.edition, goal.version, ""
    row.state, row.lease_owner, row.lease_until = "running", f"{owner}/{uuid4().hex}", now + LEASE
    session.add(row)
    session.flush()
    return HuntClaim(cast(int, row.id), row.lease_owner)


def is_done(session: Session, goal: Goal) -> bool:
    """Whether the last hunt that ended searched for just this."""
    row = session.scalars(
        select(HuntRow).where(col(HuntRow.work_id) == goal.work).order_by(col(HuntRow.id).desc()).limit(1)
    ).first()
    return (
        row is not None
        and row.state == "finished"
        and (row.edition, row.version) == (goal.edition, goal.version)
    )


def one_hunt(session: Session, hunt_id: int) -> HuntRow:
    """One hunt."""
    return session.get_one(HuntRow, hunt_id)


def list_hunts(session: Session, limit: int = 10) -> list[HuntRow]:
    """Hunts, newest first."""
    return list(session.scalars(select(HuntRow).order_by(col(HuntRow.id).desc()).limit(limit)))


def renew(session: Session, claim: HuntClaim, now: datetime) -> None:
    """Hold a claim for longer; also the fence before every write of a hunt.

    Raises:
        LeaseLost: another process goes on with it by now.
    """
    write(session, claim, lease_until=now + LEASE)


def write(session: Session, claim: HuntClaim, **values: object) -> None:
    """Write how far a hunt is.

    Raises:
        LeaseLost: another process goes on with it by now.
    """
    hit = session.execute(
        update(HuntRow)
        .where(col(HuntRow.id) == claim.hunt_id, col(HuntRow.lease_owner) == claim.token)
        .values(**values)
        .returning(col(HuntRow.id))
    ).first()
    if hit is None:
        raise LeaseLost("Another process goes on with this hunt", hint="Nothing to do.")


def count(session: Session, claim: HuntClaim, **more: int) -> None:
    """Raise figures of a hunt.

    Raises:
        LeaseLost: another process goes on with it by now.
    """
    write(session, claim, **{name: getattr(HuntRow, name) + number for name, number in more.items()})


def end(session: Session, claim: HuntClaim, note: str, now: datetime, *, waits: bool = False) -> None:
    """Write how a hunt went; one that waits for a sweep is gone on with later."""
    state = (
        {"state": "waiting", "lease_until": now + AGAIN_AFTER}
        if waits
        else {"state": "finished", "ended_at": now}
    )
    write(session, claim, **{"lease_owner": "", "lease_until": None, "note": note} | state)


def release(session: Session, claim: HuntClaim) -> None:
    """Give a claim back; whoever claims it next goes on."""
    session.execute(
        update(HuntRow)
        .where(col(HuntRow.id) == claim.hunt_id, col(HuntRow.lease_owner) == claim.token)
        .values(lease_owner="", lease_until=None)
    )


def release_all(session: Session, *, owner: str = "") -> None:
    """Free every hunt of `owner`; of everybody, for whoever knows that no other process is alive."""
    held = col(HuntRow.lease_owner).startswith(f"{owner}/", autoescape=True)
    session.execute(
        update(HuntRow)
        .where(held if owner else or_(col(HuntRow.lease_owner) != "", col(HuntRow.state) == "waiting"))
        .values(lease_owner="", lease_until=None)
    )
