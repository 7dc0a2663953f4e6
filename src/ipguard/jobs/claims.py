"""Who may run a source now: a lease in the source's own row, claimed and fenced in single statements.

Two processes never hold the same source: the claim is one `UPDATE … WHERE nobody holds it`, which both
databases decide row by row. Each claim has its own token; whoever lost it can change nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlmodel import Session, col

from ipguard.errors import Interrupted, WrongUse
from ipguard.matching.sellers import host_of
from ipguard.sources.standstill import standstill, stop_all
from ipguard.sources.tables import SourceRow

LEASE = timedelta(seconds=90)
"""A lease not renewed for this long is dead."""
RENEW_SECONDS = 20.0
FIRST_PAUSE = timedelta(minutes=5)
"""After a failed run; doubles with each further one, up to the source's own interval."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one source until `until`, unless it is renewed."""

    source_id: str
    token: str
    host: str
    until: datetime


class LeaseLost(Interrupted):
    """Somebody else runs this source now; what this process did before is kept."""


def claim_due(session: Session, *, owner: str, now: datetime, limit: int) -> list[Claim]:
    """Claim up to `limit` sources whose time has come, never two of one host.

    Hosts that somebody is asking already are left for later. While everything is paused there is nothing to claim.
    """
    if standstill(session) is not None:
        return []
    asked = set(_hosts_held(session, now))
    chosen: list[str] = []
    rows = session.execute(
        select(col(SourceRow.id), col(SourceRow.base_url))
        .where(col(SourceRow.enabled), col(SourceRow.next_run_at) <= now, _free(now))
        .order_by(col(SourceRow.next_run_at), col(SourceRow.id))
    )
    for source_id, base_url in rows:
        host = host_of(base_url)
        if len(chosen) >= limit:
            break
        if host not in asked:
            asked.add(host)
            chosen.append(source_id)
    due = and_(col(SourceRow.next_run_at) <= now, col(SourceRow.enabled))
    return _claim(session, chosen, due, owner=owner, now=now)


def claim_named(session: Session, ids: Sequence[str], *, owner: str, now: datetime) -> list[Claim]:
    """Claim these sources whether due or not; those somebody else is running are left out.

    Raises:
        WrongUse: a source is not there; all such are named.
    """
    known = set(session.scalars(select(col(SourceRow.id)).where(col(SourceRow.id).in_(ids))))
    missing = [source_id for source_id in ids if source_id not in known]
    if missing:
        raise WrongUse(f"There is no source {', '.join(missing)}.", hint="List them: ipguard source list")
    return _claim(session, ids, col(SourceRow.id).is_not(None), owner=owner, now=now)


def held_by(session: Session, owner: str, now: datetime) -> int:
    """How many live leases an owner holds."""
    return session.scalars(
        select(func.count())
        .select_from(SourceRow)
        .where(col(SourceRow.lease_owner).startswith(f"{owner}/", autoescape=True), ~_free(now))
    ).one()


def renew(session: Session, claim: Claim, now: datetime) -> None:
    """Hold a claim for longer; also the fence before every write of a run.

    Raises:
        LeaseLost: the claim is somebody else's by now.
    """
    _as_holder(session, claim, lease_until=now + LEASE)


def finish(session: Session, claim: Claim, *, next_run_at: datetime) -> None:
    """Give a claim back after a run that went well, or that was asked to wait until `next_run_at`.

    Raises:
        LeaseLost: the claim is somebody else's by now.
    """
    _as_holder(
        session, claim, lease_owner="", lease_until=None, attempts=0, last_error="", next_run_at=next_run_at
    )


def fail(session: Session, claim: Claim, words: str, *, now: datetime) -> datetime | None:
    """Give a claim back after a run that failed; returns when it is tried again.

    None where the claim is somebody else's by now, whose business it is then.
    """
    source = session.scalars(
        select(SourceRow).where(
            col(SourceRow.id) == claim.source_id, col(SourceRow.lease_owner) == claim.token
        )
    ).first()
    if source is None:
        return None
    longest = timedelta(seconds=source.every_seconds)
    source.next_run_at = now + min(longest, FIRST_PAUSE * 2 ** min(source.attempts, 16))
    source.attempts += 1
    source.last_error, source.lease_owner, source.lease_until = words, "", None
    session.add(source)
    session.flush()
    return source.next_run_at


def release(session: Session, claim: Claim) -> None:
    """Give a claim back as it was: the run goes on when the source is claimed next."""
    session.execute(
        update(SourceRow)
        .where(col(SourceRow.id) == claim.source_id, col(SourceRow.lease_owner) == claim.token)
        .values(lease_owner="", lease_until=None)
    )


def release_all(session: Session, *, owner: str = "") -> list[str]:
    """Free every lease of `owner`; of everybody, for whoever knows that no other process is alive."""
    held = col(SourceRow.lease_owner).startswith(f"{owner}/", autoescape=True)
    freed = session.execute(
        update(SourceRow)
        .where(held if owner else col(SourceRow.lease_owner) != "")
        .values(lease_owner="", lease_until=None)
        .returning(col(SourceRow.id))
    )
    return sorted(source_id for (source_id,) in freed)


def stop_everything(session: Session, *, by: str, now: datetime) -> list[str]:
    """Pause everything and take every lease away: what runs ends at its next write, and goes on after `go_on` from
    there. Returns the sources that were running."""
    stop_all(session, by=by, now=now)
    return release_all(session)


def _as_holder(session: Session, claim: Claim, **values: object) -> None:
    hit = session.execute(
        update(SourceRow)
        .where(col(SourceRow.id) == claim.source_id, col(SourceRow.lease_owner) == claim.token)
        .values(**values)
        .returning(col(SourceRow.id))
    ).first()
    if hit is None:
        raise LeaseLost(
            f"Another process took over the source {claim.source_id}; it goes on with the same run",
            hint="Nothing to do. Only one process at a time runs a source.",
        )


def _claim(
    session: Session, ids: Collection[str], wanted: ColumnElement[bool], *, owner: str, now: datetime
) -> list[Claim]:
    claims: list[Claim] = []
    for source_id in sorted(ids):  # one order for everybody: no deadlock
        token = f"{owner}/{uuid4().hex}"
        hit = session.execute(
            update(SourceRow)
            .where(col(SourceRow.id) == source_id, wanted, _free(now))
            .values(lease_owner=token, lease_until=now + LEASE)
            .returning(col(SourceRow.base_url))
        ).first()
        if hit is not None:
            claims.append(Claim(source_id, token, host_of(hit[0]), now + LEASE))
    return claims


def _hosts_held(session: Session, now: datetime) -> list[str]:
    return [host_of(url) for url in session.scalars(select(col(SourceRow.base_url)).where(~_free(now)))]


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(col(SourceRow.lease_until).is_(None), col(SourceRow.lease_until) <= now)
