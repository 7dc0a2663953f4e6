"""Running functions on hostile bytes in processes that may die: each has one task at a time, so nobody else's is lost.

A process that dies or stalls costs its task. The task is tried once more in a new process, since a machine that ran
out of memory kills whom it likes; a key that kills twice is remembered, and not tried again.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar, cast

from ipguard.matching.finding import Reason

if sys.platform != "win32":
    import resource

Result = TypeVar("Result")

CRASHED = Reason("unreadable.crashed")
"""What is said of a picture whose process died."""

SECONDS = 60.0
"""Wall and CPU time a task may take; a photo takes 0.1 s."""
START_SECONDS = 120.0
"""A new process reads its libraries from disk first; that is not the picture's fault."""
ROOM = 2 * 1024**3
"""Bytes of address space a task may add to what its process has: decoding is held to a quarter of it."""
REMEMBERED = 10_000
"""Keys that killed twice; the oldest are forgotten."""
WATCH_SECONDS = 2.0


class Died(Exception):
    """The process died, or was ended because it took too long."""


class Isolated:
    """A few processes that run tasks; callers wait for a free one, so what waits is never more than the callers."""

    def __init__(self, *, processes: int = 1, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._all = [_Process() for _ in range(processes)]
        self._free: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for one in self._all:
            self._free.put(one)
        self._killers: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, task: Callable[..., Result], *args: object, key: str = "") -> Result | None:
        """What `task(*args)` returns, or None if it killed its process, now or twice before under this key.

        Args:
            task: a function of a module, found by its name over there; what it raises kills its process.
            args: picklable, like what it returns, which must not be None.
            key: what the task is about, such as a digest; without one nothing is remembered.
        """
        with self._lock:
            if key in self._killers:
                return None
        process = self._free.get()
        try:
            for _ in range(2):
                try:
                    return cast("Result | None", process.ask(task, args, self._seconds))
                except Died:
                    continue
        finally:
            self._free.put(process)
        if key:
            with self._lock:
                self._killers[key] = None
                if len(self._killers) > REMEMBERED:
                    self._killers.popitem(last=False)
        return None

    def close(self) -> None:
        """End the processes."""
        for one in self._all:
            one.end()


class _Process:
    """One process, started when it is first needed and again after it died."""

    def __init__(self) -> None:
        self._pipe: Connection | None = None
        self._process: multiprocessing.process.BaseProcess | None = None

    def ask(self, task: Callable[..., object], args: tuple[object, ...], seconds: float) -> object:
        pipe = self._pipe or self._start()
        answer: object = None
        try:
            pipe.send((task, args, seconds))
            for patience in (START_SECONDS, seconds):  # first that it has what it needs, then the answer
                if not pipe.poll(patience):
                    raise EOFError
                answer = pipe.recv()
            return answer
        except (OSError, EOFError) as error:
            self.end()
            raise Died from error
        except BaseException:  # also Ctrl-C: an answer still to come must not be taken for the next one
            self.end()
            raise

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours


def _serve(pipe: Connection, parent: int) -> None:
    """Over there: one task after another until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever was interrupted ends this process
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    while True:
        try:
            task, args, seconds = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(None)
        _limit(seconds)
        try:
            answer = task(*args)
        except MemoryError:
            answer = None
        pipe.send(answer)


def _end_with(parent: int) -> None:
    """End this process soon after its parent: a parent that is killed cannot tell it to."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def _limit(seconds: float) -> None:
    """Allow this task so much CPU time and memory beyond what its process has used; where the platform can."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _at_most(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        _at_most(resource.RLIMIT_AS, pages * resource.getpagesize() + ROOM)


def _at_most(what: int, value: int) -> None:
    """The soft limit, so that the next task can be given more."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
