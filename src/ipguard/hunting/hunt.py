"""A hunt, readable top to bottom: forget what is not watched for, compare what is new, judge what may have changed.

Pictures are compared by their fingerprints, and only with references that came after they were last compared. Each
page of them is one transaction: what is seen, which listings are to be judged again, and how far the hunt is. So a
process may be killed anywhere; the next one goes on, misses nothing and doubles nothing. Pictures that arrive
meanwhile were compared with what their sweep knew; those behind are found in a second round.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session

from ipguard.database.engine import reading, transaction
from ipguard.flagging import Desk, SpoolOf, flag
from ipguard.hunting import store
from ipguard.hunting.store import HuntClaim
from ipguard.jobs.claims import Claim, claim_named, renew
from ipguard.jobs.claims import release as give_back
from ipguard.jobs.lease import held
from ipguard.listings.looks import (
    Look,
    behind,
    count_behind,
    count_stored,
    forget_findings,
    listings_showing,
    looks_of,
    stored_contents,
)
from ipguard.listings.store import judge_again, unjudged
from ipguard.looking import PAGE, need_of, write_down
from ipguard.sources.store import get_source

Progress = Callable[[str, int, int], None]
"""Told (what: pictures or listings, done, of all)."""


@dataclass(frozen=True, slots=True)
class HuntKit:
    """What a hunt works with."""

    database: Engine
    desk: Desk
    spool_of: SpoolOf
    owner: str
    stop: threading.Event
    """Set: the hunt ends at its next step, and is gone on with later."""
    progress: Progress = lambda _what, _done, _of: None


@dataclass(frozen=True, slots=True)
class HuntReport:
    """How a hunt went, or how far it came."""

    hunt: int
    work: str
    state: str
    """running (stopped in the middle), waiting or finished."""
    note: str
    pictures: int
    found: int
    listings: int
    new_alerts: int
    busy: tuple[str, ...] = ()
    """Sources that are being swept; their listings are judged after that."""


def hunt(kit: HuntKit, claim: HuntClaim) -> HuntReport:
    """Go on with a claimed hunt to its end, or until it has to wait for a sweep.

    Raises:
        LeaseLost: another process goes on with it. Interrupted: disk or database take nothing more.
    """
    with reading(kit.database) as session:
        work = store.one_hunt(session, claim.hunt_id).work_id
    busy: list[str] = []
    with held(kit.database, claim, kit.desk.now, store.renew):
        _forget(kit, claim)
        if work:
            _compare_once_more(kit, claim, work)
        else:
            _compare(kit, claim)
        busy = _judge(kit, claim)
    return _end(kit, claim, busy)


def _forget(kit: HuntKit, claim: HuntClaim) -> None:
    """Drop what was found of references that are gone; listings that showed them are judged again."""
    standing = kit.desk.watching().pictures.references
    now = kit.desk.now()
    with transaction(kit.database) as session:
        store.renew(session, claim, now)
        judge_again(session, listings_showing(session, forget_findings(session, standing)))


def _compare(kit: HuntKit, claim: HuntClaim) -> None:
    """Bring every picture that listings show up to date; rounds, until one finds none that is behind."""
    with transaction(kit.database) as session:
        left = count_behind(session, need_of(kit.desk.watching().pictures))
        after, done, total = _start(session, claim, left)
    while not kit.stop.is_set():
        sees = kit.desk.watching().pictures
        with reading(kit.database) as session:
            contents = behind(session, need_of(sees), after=after, limit=PAGE)
            known = looks_of(session, contents)
        if not contents and not after:
            return
        if contents:
            _write(kit, claim, kit.desk.eyes.up_to_date(sees, contents, known))
            done += len(contents)
            kit.progress("pictures", done, max(total, done))
        after = contents[-1] if contents else ""


def _compare_once_more(kit: HuntKit, claim: HuntClaim, work: str) -> None:
    """Compare every picture that listings show with the references of one work, whatever was found before."""
    with transaction(kit.database) as session:
        left = count_stored(session, after=store.one_hunt(session, claim.hunt_id).cursor)
        after, done, total = _start(session, claim, left)
    while not kit.stop.is_set():
        sees = kit.desk.watching().pictures
        only = {pair for pair in sees.references if pair[0] == work}
        with reading(kit.database) as session:
            contents = stored_contents(session, after=after, limit=PAGE) if only else []
        if not contents:
            return
        _write(kit, claim, kit.desk.eyes.once_more(sees, contents, only))
        done += len(contents)
        kit.progress("pictures", done, max(total, done))
        after = contents[-1]


def _start(session: Session, claim: HuntClaim, left: int) -> tuple[str, int, int]:
    """Where a hunt goes on: after which picture, how many are done, and of how many."""
    row = store.one_hunt(session, claim.hunt_id)
    store.write(session, claim, pictures_total=row.pictures + left)
    return row.cursor, row.pictures, row.pictures + left


def _write(kit: HuntKit, claim: HuntClaim, looks: Sequence[Look]) -> None:
    now = kit.desk.now()
    with transaction(kit.database) as session:
        store.renew(session, claim, now)
        changed = write_down(session, looks, now)
        store.write(session, claim, cursor=looks[-1].sha256)
        store.count(session, claim, pictures=len(looks), found=len(changed))


def _judge(kit: HuntKit, claim: HuntClaim) -> list[str]:
    """Judge again, source by source, what this watchlist has not judged; returns sources that are being swept."""
    with transaction(kit.database) as session:
        waiting = unjudged(session, kit.desk.watching().version)
        total = sum(waiting.values())
        store.write(session, claim, listings_total=store.one_hunt(session, claim.hunt_id).listings + total)
    done = 0
    busy = []

    def judged(more: int) -> None:
        nonlocal done
        done += more
        kit.progress("listings", done, max(total, done))
        with transaction(kit.database) as session:
            store.count(session, claim, listings=more)

    for source_id in waiting:
        if kit.stop.is_set():
            break
        with _source(kit, source_id) as source_claim:
            if source_claim is None:
                busy.append(source_id)
                continue
            with reading(kit.database) as session:
                source = get_source(session, source_id)
            raised = flag(kit.desk, source_claim, source, None, kit.spool_of, progress=judged)
        with transaction(kit.database) as session:
            store.count(session, claim, new_alerts=sum(1 for alert in raised if alert.new))
    return busy


@contextmanager
def _source(kit: HuntKit, source_id: str) -> Iterator[Claim | None]:
    """Hold a source while its listings are judged, so that no sweep judges them at the same time."""
    with transaction(kit.database) as session:
        claims = claim_named(session, [source_id], owner=kit.owner, now=kit.desk.now())
    if not claims:
        yield None
        return
    try:
        with held(kit.database, claims[0], kit.desk.now, renew):
            yield claims[0]
    finally:
        with transaction(kit.database) as session:
            give_back(session, claims[0])


def _end(kit: HuntKit, claim: HuntClaim, busy: Sequence[str]) -> HuntReport:
    now = kit.desk.now()
    with transaction(kit.database) as session:
        row = store.one_hunt(session, claim.hunt_id)
        note = (
            f"{row.pictures} pictures compared, {row.found} show something else than before; "
            f"{row.listings} listings judged again, {row.new_alerts} new alerts."
        )
        if busy:
            note += f" Waits for the sweep of {', '.join(busy)} to end."
        if kit.stop.is_set():
            store.release(session, claim)
        else:
            store.end(session, claim, note, now, waits=bool(busy))
        session.flush()
        session.refresh(row)
        return HuntReport(
            claim.hunt_id, row.work_id, row.state, note, row.pictures, row.found, row.listings, row.new_alerts,
            tuple(busy),
        )  # fmt: skip
