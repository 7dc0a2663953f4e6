"""Running sources: now, on somebody's order, or as a service that keeps the schedule."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from crawlers.errors import CrawlError
from evidence_store.errors import EvidenceError
from evidence_store.exhibit import Operator
from evidence_store.store import Memory
from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError
from ipguard.jobs.claims import Claim, claim_named, fail, release, release_all
from ipguard.jobs.engine import Job
from ipguard.jobs.engine_local import LocalEngine
from ipguard.jobs.lease import held
from ipguard.jobs.lock import nobody_sweeps, only_service, sweeping
from ipguard.jobs.schedule import SWEEP, Clock, owner_name
from ipguard.keeping import stamp_quietly
from ipguard.matching.sellers import host_of
from ipguard.settings import Workspace
from ipguard.sources.store import get_source, list_sources
from ipguard.sources.tables import SourceRow
from ipguard.sweep import Progress, SourceReport
from ipguard.wiring import Sweeper, make_sweeper

WORKERS = 4
"""Sources run at once by one service; each host is asked by one of them at a time."""

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
    """Run these sources now; with no names those that are due, or every enabled one."""
    chosen = _chosen(database, names, everything=everything, at=now())
    free_the_dead(workspace, database)
    with sweeping(workspace.folder), _sweeper(workspace, database, operator, now, progress) as sweeper:
        reports: list[SourceReport] = []
        busy: list[str] = []
        for name in chosen:
            with transaction(database) as session:
                claims = claim_named(session, [name], owner=owner_name(), now=now())
            if not claims:
                busy.append(name)
                continue
            try:
                reports.append(_run(database, sweeper, claims[0], now))
            finally:  # stopped by hand or by a full disk: the next command goes on at once
                with transaction(database) as session:
                    release(session, claims[0])
    stamp_quietly(workspace, now)
    return Sweep(tuple(reports), tuple(busy))


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


def _keep_schedule(
    workspace: Workspace,
    database: Engine,
    operator: Operator,
    now: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    memory = Memory()

    def run(source: str, token: str) -> None:
        claim = _claim_of(database, source, token)
        with _sweeper(workspace, database, operator, now, lambda *_: None) as sweeper:
            _run(database, sweeper, claim, now)
        stamp_quietly(workspace, now, memory)

    def failed(job: Job, error: Exception) -> None:
        claim = _claim_of(database, str(job.arguments["source"]), str(job.arguments["token"]))
        with transaction(database) as session:
            fail(session, claim, _in_words(error), now=now())

    engine = LocalEngine({SWEEP: run}, workers=WORKERS, failed=failed)
    owner = owner_name()
    clock = Clock(database, engine, owner=owner, workers=WORKERS, now=now)
    ticking = threading.Thread(target=clock.run, args=(stop,), name="clock")
    ticking.start()
    try:
        engine.run(stop)
    finally:
        stop.set()
        ticking.join()
        with transaction(database) as session:
            release_all(session, owner=owner)


def _run(database: Engine, sweeper: Sweeper, claim: Claim, now: Callable[[], datetime]) -> SourceReport:
    """Run one source; what goes wrong in a known way is its report."""
    try:
        with held(database, claim, now):
            return sweeper.run(claim)
    except CrawlError as error:
        with transaction(database) as session:
            fail(session, claim, str(error), now=now())
        return SourceReport(claim.source_id, "failed", str(error))


def _in_words(error: Exception) -> str:
    """What goes on record: our own errors in their words, others by name, since they may quote a page."""
    if isinstance(error, KNOWN_ERRORS):
        return str(error)
    return f"It broke off: {type(error).__name__}. The log says more."


@contextmanager
def _sweeper(
    workspace: Workspace,
    database: Engine,
    operator: Operator,
    now: Callable[[], datetime],
    progress: Progress,
) -> Iterator[Sweeper]:
    sweeper = make_sweeper(workspace, database, operator=operator, now=now, progress=progress)
    try:
        yield sweeper
    finally:
        sweeper.close()


def _chosen(database: Engine, names: Sequence[str], *, everything: bool, at: datetime) -> list[str]:
    with reading(database) as session:
        if names:
            return [get_source(session, name).id for name in names]
        return [row.id for row in list_sources(session) if row.enabled and (everything or _is_due(row, at))]


def _is_due(row: SourceRow, at: datetime) -> bool:
    return row.next_run_at is not None and row.next_run_at <= at


def _claim_of(database: Engine, source: str, token: str) -> Claim:
    with reading(database) as session:
        row = get_source(session, source)
        return Claim(source, token, host_of(row.base_url), row.lease_until or datetime.now(UTC))
