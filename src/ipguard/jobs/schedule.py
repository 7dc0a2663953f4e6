"""The schedule: APScheduler is the clock, our own rows say what is due.

A few fixed ticks in memory. Its persistent job store is never used: two processes on one fire everything
twice, and it forgets missed runs when it starts; rows claimed in one statement do neither.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine

from ipguard.database.engine import transaction
from ipguard.errors import IpguardError
from ipguard.jobs.claims import Claim, claim_due, held_by
from ipguard.jobs.engine import Job, JobEngine

LOG = structlog.get_logger(__name__)

TICK_SECONDS = 5
SWEEP = "sweep"
"""Name of the task that runs one claimed source."""
TELL = "tell"
"""Name of the task that tells people what happened."""
HUNT = "hunt"
"""Name of the task that searches what is stored for what the watchlist gained."""
FORGET = "forget"
"""Name of the task that lets go of what need not be kept any longer."""


def owner_name() -> str:
    """A name for this process that no other has: host, process, and a draw."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


def tick(
    database: Engine, engine: JobEngine, *, owner: str, workers: int, now: Callable[[], datetime]
) -> list[Claim]:
    """Claim what is due, at most as much as there are workers, and have it run."""
    with transaction(database) as session:
        moment = now()
        free = workers - held_by(session, owner, moment)
        claims = claim_due(session, owner=owner, now=moment, limit=free) if free > 0 else []
    for claim in claims:
        engine.defer(job_for(claim))
    return claims


def job_for(claim: Claim) -> Job:
    """The job that runs a claimed source."""
    arguments = {"source": claim.source_id, "token": claim.token}
    return Job(SWEEP, arguments, key=claim.host)


class Clock:
    """Ticks for as long as it is entered."""

    def __init__(
        self,
        database: Engine,
        engine: JobEngine,
        *,
        owner: str,
        workers: int,
        now: Callable[[], datetime],
        seconds: float = TICK_SECONDS,
        beside: Callable[[], Sequence[Job]] = tuple,
    ) -> None:
        self._database, self._engine, self._owner = database, engine, owner
        self._workers, self._now, self._seconds = workers, now, seconds
        self._beside = beside
        """Jobs that are due beside the sources."""
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set."""
        self._scheduler.add_job(
            self._tick,
            IntervalTrigger(seconds=self._seconds, timezone="UTC"),
            id="tick",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=self._now(),
        )
        self._scheduler.start()
        try:
            stop.wait()
        finally:
            self._scheduler.shutdown(wait=True)

    def _tick(self) -> None:
        try:
            claims = tick(
                self._database, self._engine, owner=self._owner, workers=self._workers, now=self._now
            )
            for job in self._beside():
                self._engine.defer(job)
        except IpguardError as error:
            LOG.warning("tick failed, the next one tries again", error=str(error))
            return
        if claims:
            LOG.info("claimed", sources=[claim.source_id for claim in claims])
