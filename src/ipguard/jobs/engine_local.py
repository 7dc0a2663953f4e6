"""The engine in this process: one event loop, one job a key at a time, first come first served.

Jobs that wait for a network are coroutines: hundreds share the loop, and what they compute or write goes to a few
threads. Jobs that only compute are plain functions, each on a thread of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from ipguard.jobs.engine import AnyTask, Job

LOG = structlog.get_logger(__name__)
POLL_SECONDS = 0.5
"""How often the loop looks whether it shall stop."""
THREADS = 6
"""Threads that compute and write for all jobs together: more would only wait for the database and for each other."""

Failed = Callable[[Job, Exception], None]
"""Puts on record that a job failed, in words."""


class LocalEngine:
    """A loop over a queue in memory. A crash forgets the queue; the rows it came from remember."""

    def __init__(self, tasks: Mapping[str, AnyTask], *, workers: int, failed: Failed) -> None:
        """`workers`: jobs at once."""
        self._tasks = tasks
        self._workers = workers
        self._failed = failed
        self._waiting: deque[Job] = deque()
        self._running: set[str] = set()
        self._at_once = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._change: asyncio.Event | None = None

    def defer(self, job: Job) -> None:
        """Have `job` run as soon as there is room and no other of its key runs. From any thread.

        Raises:
            KeyError: no such task: a mistake in the program.
        """
        if job.task not in self._tasks:
            raise KeyError(job.task)
        with self._lock:
            self._waiting.append(job)
            if self._loop is not None and self._change is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._change.set)

    def run(self, stop: threading.Event) -> None:
        """Run jobs until `stop` is set; jobs begun are finished, jobs waiting are left to their rows."""
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="worker"))
            runner.run(self._main(stop))

    async def _main(self, stop: threading.Event) -> None:
        with self._lock:
            self._loop, self._change = asyncio.get_running_loop(), asyncio.Event()
        begun: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            self._change.clear()
            while (job := self._next()) is not None:
                task = asyncio.create_task(self._work(job))
                begun.add(task)
                task.add_done_callback(begun.discard)
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._change.wait()
            except TimeoutError:
                continue
        if begun:
            await asyncio.wait(begun)

    async def _work(self, job: Job) -> None:
        try:
            await self._call(job)
        except Exception as error:  # noqa: BLE001 — the worker loop: a job that fails must not end the service
            LOG.warning("job failed", task=job.task, error=type(error).__name__)
            await asyncio.to_thread(self._failed, job, error)
        finally:
            self._done(job)

    async def _call(self, job: Job) -> None:
        task = self._tasks[job.task]
        if asyncio.iscoroutinefunction(task):
            await task(**job.arguments)
            return
        with ThreadPoolExecutor(1, thread_name_prefix=job.task) as thread:
            await asyncio.get_running_loop().run_in_executor(thread, partial(task, **job.arguments))

    def _next(self) -> Job | None:
        with self._lock:
            if self._at_once >= self._workers:
                return None
            for job in self._waiting:
                if not job.key or job.key not in self._running:
                    self._waiting.remove(job)
                    self._running.add(job.key)
                    self._at_once += 1
                    return job
            return None

    def _done(self, job: Job) -> None:
        with self._lock:
            self._running.discard(job.key)
            self._at_once -= 1
        if self._change is not None:
            self._change.set()


async def all_of(
    work: Mapping[str, Callable[[], Awaitable[None]]], *, key_of: Callable[[str], str], at_once: int
) -> None:
    """Run every piece of work, `at_once` of them and never two of one key; the first error ends them all.

    Raises:
        Whatever one of them raises; the others are cancelled at their next pause.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="worker"))
    by_key: dict[str, list[str]] = {}
    for name in work:
        by_key.setdefault(key_of(name), []).append(name)
    room = asyncio.Semaphore(at_once)

    async def one_after_the_other(names: list[str]) -> None:
        for name in names:
            async with room:
                await work[name]()

    try:
        async with asyncio.TaskGroup() as group:
            for names in by_key.values():
                group.create_task(one_after_the_other(names))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
