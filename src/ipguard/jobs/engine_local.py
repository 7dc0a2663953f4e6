"""The engine in this process: a few threads, one job a key at a time, first come first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping

import structlog

from ipguard.jobs.engine import Job, Task

LOG = structlog.get_logger(__name__)
POLL_SECONDS = 0.5
"""How often an idle worker looks whether it shall stop."""

Failed = Callable[[Job, Exception], None]
"""Puts on record that a job failed, in words."""


class LocalEngine:
    """Threads over a queue in memory. A crash forgets the queue; the rows it came from remember."""

    def __init__(self, tasks: Mapping[str, Task], *, workers: int, failed: Failed) -> None:
        self._tasks = tasks
        self._workers = workers
        self._failed = failed
        self._waiting: deque[Job] = deque()
        self._running: set[str] = set()
        self._change = threading.Condition()

    def defer(self, job: Job) -> None:
        """Have `job` run as soon as a worker is free and no other of its key runs.

        Raises:
            KeyError: no such task: a mistake in the program.
        """
        if job.task not in self._tasks:
            raise KeyError(job.task)
        with self._change:
            self._waiting.append(job)
            self._change.notify()

    def run(self, stop: threading.Event) -> None:
        """Run jobs until `stop` is set; jobs begun are finished, jobs waiting are left to their rows."""
        threads = [
            threading.Thread(target=self._work, args=(stop,), name=f"worker-{number}")
            for number in range(self._workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            job = self._next()
            if job is None:
                continue
            try:
                self._tasks[job.task](**job.arguments)
            except Exception as error:  # noqa: BLE001 — the worker loop: a job that fails must not end the service
                LOG.warning("job failed", task=job.task, error=type(error).__name__)
                self._failed(job, error)
            finally:
                self._done(job)

    def _next(self) -> Job | None:
        with self._change:
            for job in self._waiting:
                if not job.key or job.key not in self._running:
                    self._waiting.remove(job)
                    self._running.add(job.key)
                    return job
            self._change.wait(POLL_SECONDS)
            return None

    def _done(self, job: Job) -> None:
        with self._change:
            self._running.discard(job.key)
            self._change.notify_all()
