"""Running sources: now, on somebody's order, or as a service that keeps the schedule."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Engine

from crawlers.errors import CrawlError
from evidence_store.errors import EvidenceError, StoreLocked
from evidence_store.exhibit import Operator
from evidence_store.store import Memory
from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError, WrongUse
from ipguard.hunting.hunt import HuntReport, hunt
from ipguard.hunting.hunt import Progress as HuntProgress
from ipguard.hunting.store import AGAIN_AFTER, Goal, HuntClaim, begin, is_done
from ipguard.hunting.store import release as release_hunt
from ipguard.hunting.store import release_all as release_hunts
from ipguard.jobs.claims import Claim, claim_named, fail, release, release_all, renew
from ipguard.jobs.engine import AnyTask, Job
from ipguard.jobs.engine_local import LocalEngine, all_of
from ipguard.jobs.lease import Keeper
from ipguard.jobs.lock import nobody_sweeps, only_service, sweeping
from ipguard.jobs.schedule import FORGET, HUNT, SWEEP, TELL, Clock, owner_name
from ipguard.keeping import stamp_quietly
from ipguard.lookout import Lookout
from ipguard.matching.sellers import host_of
from ipguard.notify.events import EvidenceTrouble, event_id
from ipguard.notify.outbox import announce
from ipguard.rights.store import edition_now, load_works
from ipguard.settings import Workspace
from ipguard.sources.standstill import refuse_standstill
from ipguard.sources.store import get_source, list_sources, refuse_by_hand
from ipguard.sources.tables import SourceRow
from ipguard.sweep import Progress, SourceReport, Stopped
from ipguard.telling import office_of
from ipguard.wiring import Sweeper, forget, looking_out, make_hunt, make_sweeper

LOG = structlog.get_logger(__name__)

AT_ONCE = 200
"""Sources run at once by one process, on one event loop; each host is asked by one of them at a time."""

KNOWN_ERRORS = (IpguardError, CrawlError, EvidenceError)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How a sweep over several sources went."""

    reports: tuple[SourceReport, ...]
    busy: tuple[str, ...]
    """Sources that another process runs at this moment."""


def sweep_now(
    workspace: Workspace,
    database: Engine,
    names: Sequence[str],
    *,
    everything: bool,
    operator: Operator,
    now: Callable[[], datetime],
    progress: Progress,
) -> Sweep:
    """Run these sources now; with no names those that are due, or every enabled one.

    Raises:
        WrongUse: everything is paused.
    """
    with reading(database) as session:
        refuse_standstill(session)
    chosen = _chosen(database, names, everything=everything, at=now())
    free_the_dead(workspace, database)
    with sweeping(workspace.folder), looking_out(workspace, database) as lookout:
        sweeper = make_sweeper(workspace, database, lookout, operator=operator, now=now, progress=progress)
        reports: dict[str, SourceReport] = {}
        with Keeper(database, now, renew) as keeper:
            work = {
                name: partial(_run_named, database, sweeper, keeper, name, now, reports) for name in chosen
            }
            asyncio.run(all_of(work, key_of=chosen.__getitem__, at_once=AT_ONCE))
    stamp_quietly(workspace, now)
    told = tuple(reports[name] for name in chosen if name in reports)
    return Sweep(told, tuple(name for name in chosen if name not in reports))


async def _run_named(
    database: Engine,
    sweeper: Sweeper,
    keeper: Keeper[Claim],
    name: str,
    now: Callable[[], datetime],
    reports: dict[str, SourceReport],
) -> None:
    """Run a source unless another process does."""
    claims = await asyncio.to_thread(_claim_named, database, name, now)
    if not claims:
        return
    try:
        reports[name] = await _run(database, sweeper, keeper, claims[0], now)
    finally:  # stopped by hand or by a full disk: the next command goes on at once
        with transaction(database) as session:
            release(session, claims[0])


def _claim_named(database: Engine, name: str, now: Callable[[], datetime]) -> list[Claim]:
    with transaction(database) as session:
        return claim_named(session, [name], owner=owner_name(), now=now())


def hunt_now(
    workspace: Workspace,
    database: Engine,
    *,
    work: str = "",
    operator: Operator,
    now: Callable[[], datetime],
    progress: HuntProgress,
) -> HuntReport:
    """Search everything stored for what the watchlist gained; for a work, for all of its pictures once more.

    Raises:
        WrongUse: there is no such work, or another process hunts at this moment.
    """
    if work:
        with reading(database) as session:
            known = [one.id for one in load_works(session)]
        if work not in known:
            raise WrongUse(f"There is no work {work}.", hint="List them: ipguard watch list")
    free_the_dead(workspace, database)
    describing = partial(progress, "references")
    with sweeping(workspace.folder), looking_out(workspace, database, describing) as lookout:
        owner = owner_name()
        claim = _begin(database, lookout, work, owner, now)
        if claim is None:
            raise WrongUse("Another process hunts at this moment.", hint="Look at it: ipguard hunt --list")
        kit = make_hunt(
            workspace, database, lookout, operator=operator, owner=owner, now=now, progress=progress
        )
        try:
            report = hunt(kit, claim)
        finally:
            with transaction(database) as session:
                release_hunt(session, claim)
    stamp_quietly(workspace, now)
    return report


def _begin(
    database: Engine, lookout: Lookout, work: str, owner: str, now: Callable[[], datetime]
) -> HuntClaim | None:
    watch = lookout.watch()
    with transaction(database) as session:
        goal = Goal(edition_now(session), watch.version, work)
        return begin(session, goal, owner=owner, now=now())


@contextmanager
def schedule_running(
    workspace: Workspace, database: Engine, *, operator: Operator, now: Callable[[], datetime]
) -> Iterator[None]:
    """Keep the schedule while the block lasts: claim what is due, run it, record what fails.

    Raises:
        WrongUse: another service keeps it already.
    """
    stop = threading.Event()
    alone = database.dialect.name == "sqlite"
    with only_service(workspace.folder) if alone else nullcontext():
        free_the_dead(workspace, database)
        with sweeping(workspace.folder):
            arguments = (workspace, database, operator, now, stop)
            keeping = threading.Thread(target=_keep_schedule, args=arguments, name="schedule")
            keeping.start()
            try:
                yield
            finally:
                stop.set()
                keeping.join()


def free_the_dead(workspace: Workspace, database: Engine) -> None:
    """Free what a crash left leased, where nobody else can be alive; elsewhere leases end by themselves."""
    if database.dialect.name != "sqlite":
        return
    with nobody_sweeps(workspace.folder) as alone:
        if alone:
            with transaction(database) as session:
                release_all(session)
                release_hunts(session)


def _keep_schedule(
    workspace: Workspace,
    database: Engine,
    operator: Operator,
    now: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    with looking_out(workspace, database) as lookout:
        _keep(workspace, database, lookout, operator, now, stop)


def _keep(
    workspace: Workspace,
    database: Engine,
    lookout: Lookout,
    operator: Operator,
    now: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    memory, owner = Memory(), owner_name()
    hunts = Hunts(workspace, database, lookout, operator, owner, now, stop)

    sweeper = make_sweeper(
        workspace,
        database,
        lookout,
        operator=operator,
        now=now,
        progress=lambda _at: None,
        stopping=stop.is_set,
    )
    keeper = Keeper(database, now, renew)

    async def run(source: str, token: str) -> None:
        claim = await asyncio.to_thread(_claim_of, database, source, token)
        await _run(database, sweeper, keeper, claim, now)
        for words in await asyncio.to_thread(stamp_quietly, workspace, now, memory):
            await asyncio.to_thread(telling.trouble, words)

    def failed(job: Job, error: Exception) -> None:
        if isinstance(error, EvidenceError) and not isinstance(error, StoreLocked):
            telling.trouble(str(error))
        if job.task in (HUNT, TELL, FORGET) or isinstance(error, Stopped):
            return  # it is logged; its rows stand where it stopped, and a later tick goes on
        claim = _claim_of(database, str(job.arguments["source"]), str(job.arguments["token"]))
        with transaction(database) as session:
            fail(session, claim, _in_words(error), now=now())

    telling = Telling(workspace, database, now)
    forgetting = Forgetting(workspace, database, now)

    def beside() -> list[Job]:
        return [*hunts.due(), *telling.due(), *forgetting.due()]

    tasks: dict[str, AnyTask] = {SWEEP: run, HUNT: hunts.run, TELL: telling.run, FORGET: forgetting.run}
    engine = LocalEngine(tasks, workers=AT_ONCE + 3, failed=failed)
    clock = Clock(database, engine, owner=owner, workers=AT_ONCE, now=now, beside=beside)
    ticking = threading.Thread(target=clock.run, args=(stop,), name="clock")
    ticking.start()
    try:
        with keeper:
            engine.run(stop)
    finally:
        stop.set()
        ticking.join()
        with transaction(database) as session:
            release_all(session, owner=owner)
            release_hunts(session, owner=owner)


class Hunts:
    """When a service hunts: at its start, after each change of the watchlist, and again while one waits."""

    def __init__(
        self,
        workspace: Workspace,
        database: Engine,
        lookout: Lookout,
        operator: Operator,
        owner: str,
        now: Callable[[], datetime],
        stop: threading.Event,
    ) -> None:
        self._workspace, self._database, self._lookout, self._now = workspace, database, lookout, now
        self._kit = make_hunt(
            workspace, database, lookout, operator=operator, owner=owner, now=now, stop=stop
        )
        self._done_for: int | None = None
        """Edition of the watchlist that was hunted for to the end."""
        self._at_it = False
        self._not_before: datetime | None = None

    def due(self) -> list[Job]:
        """The hunt that is to be run now, if any."""
        with reading(self._database) as session:
            edition = edition_now(session)
        rests = self._not_before is not None and self._now() < self._not_before
        if self._at_it or rests or edition == self._done_for:
            return []
        self._at_it, self._not_before = True, self._now() + AGAIN_AFTER
        return [Job(HUNT, key=HUNT)]

    def run(self) -> None:
        """Hunt, unless the last hunt was for just this; what it leaves, a later one takes up."""
        try:
            watch = self._lookout.watch()
            with reading(self._database) as session:
                edition = edition_now(session)
                done = is_done(session, Goal(edition, watch.version))
            if not done:
                claim = _begin(self._database, self._lookout, "", self._kit.owner, self._now)
                done = claim is not None and hunt(self._kit, claim).state == "finished"
                stamp_quietly(self._workspace, self._now)
            if done:
                self._done_for, self._not_before = edition, None
        finally:
            self._at_it = False


class Telling:
    """When a service tells people: at every tick that finds something due, one round at a time."""

    def __init__(self, workspace: Workspace, database: Engine, now: Callable[[], datetime]) -> None:
        self._office, self._database, self._now = office_of(workspace, database, now), database, now
        self._at_it = False

    def due(self) -> list[Job]:
        """The round that is to be run now, if any."""
        if self._at_it or not self._office.is_due():
            return []
        self._at_it = True
        return [Job(TELL, key=TELL)]

    def trouble(self, words: str) -> None:
        """Something about the evidence is wrong: told at once, and once a day for the same words."""
        now = self._now()
        event = EvidenceTrouble(event_id("evidence.trouble", words, now.date()), now, words)
        with transaction(self._database) as session:
            announce(session, event, now)

    def run(self) -> None:
        """Look what there is to tell, and tell it."""
        try:
            self._office.round()
        finally:
            self._at_it = False


class Forgetting:
    """When a service lets go of what need not be kept: an hour after its start, then once a day."""

    def __init__(self, workspace: Workspace, database: Engine, now: Callable[[], datetime]) -> None:
        self._workspace, self._database, self._now = workspace, database, now
        self._next = now() + timedelta(hours=1)

    def due(self) -> list[Job]:
        """The round that is to be run now, if any."""
        if self._now() < self._next:
            return []
        self._next = self._now() + timedelta(days=1)
        return [Job(FORGET, key=FORGET)]

    def run(self) -> None:
        """Forget, and say what."""
        for one in forget(self._workspace, self._database, now=self._now):
            if one.listings or one.versions:
                LOG.info(
                    "forgot",
                    source=one.source,
                    listings=one.listings,
                    versions=one.versions,
                    pictures=one.pictures,
                )


async def _run(
    database: Engine, sweeper: Sweeper, keeper: Keeper[Claim], claim: Claim, now: Callable[[], datetime]
) -> SourceReport:
    """Run one source; what goes wrong in a known way is its report."""
    try:
        with keeper.holding(claim):
            return await sweeper.run(claim)
    except CrawlError as error:
        words = str(error)
        await asyncio.to_thread(_failed, database, claim, words, now)
        return SourceReport(claim.source_id, "failed", words)


def _failed(database: Engine, claim: Claim, words: str, now: Callable[[], datetime]) -> None:
    with transaction(database) as session:
        fail(session, claim, words, now=now())


def _in_words(error: Exception) -> str:
    """What goes on record: our own errors in their words, others by name, since they may quote a page."""
    if isinstance(error, KNOWN_ERRORS):
        return str(error)
    return f"It broke off: {type(error).__name__}. The log says more."


def _chosen(database: Engine, names: Sequence[str], *, everything: bool, at: datetime) -> dict[str, str]:
    """Source → the host it asks."""
    with reading(database) as session:
        if names:
            rows = [get_source(session, name) for name in names]
            for row in rows:
                refuse_by_hand(row)
        else:
            rows = [row for row in list_sources(session) if row.enabled and (everything or _is_due(row, at))]
        return {row.id: host_of(row.base_url) for row in rows}


def _is_due(row: SourceRow, at: datetime) -> bool:
    return row.next_run_at is not None and row.next_run_at <= at


def _claim_of(database: Engine, source: str, token: str) -> Claim:
    with reading(database) as session:
        row = get_source(session, source)
        return Claim(source, token, host_of(row.base_url), row.lease_until or datetime.now(UTC))
