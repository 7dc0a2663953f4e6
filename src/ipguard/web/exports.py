"""Exports that take longer than a page waits: run one after the other beside the console, with their progress."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field

from evidence_store.errors import EvidenceError
from ipguard.errors import IpguardError

logger = logging.getLogger(__name__)

WAIT_SECONDS = 2.0
"""A page waits this long for an export before it shows a bar."""
Progress = Callable[[int, int], None]
Work = Callable[[Progress], None]


@dataclass(slots=True)
class Running:
    """An export that runs or has ended; read by pages while it is written by its thread."""

    done: int = 0
    of: int = 0
    error: str = ""
    hint: str = ""
    future: Future[None] | None = field(default=None, repr=False)

    @property
    def ended(self) -> bool:
        """Whether it is over, well or not."""
        return self.future is not None and self.future.done()


class Exports:
    """One export at a time, one for each case. What was running when the process ends is not in the list of bundles."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "export")
        self._lock = threading.Lock()
        self._of: dict[int | str, Running] = {}

    def begin(self, case_id: int | str, work: Work) -> Running:
        """Start the export of a case, or join the one that runs; waits WAIT_SECONDS at most."""
        with self._lock:
            running = self._of.get(case_id)
            if running is None or running.ended:
                running = self._of[case_id] = Running()
                running.future = self._pool.submit(_run, running, work)
        self._wait(running)
        return running

    def of(self, case_id: int | str) -> Running | None:
        """The last export of a case in this process."""
        return self._of.get(case_id)

    def close(self) -> None:
        """Wait for what runs, and take no more."""
        self._pool.shutdown(cancel_futures=True)

    @staticmethod
    def _wait(running: Running) -> None:
        if running.future is not None:
            try:
                running.future.result(WAIT_SECONDS)
            except NotYet:
                return


def _run(running: Running, work: Work) -> None:
    def progress(done: int, of: int) -> None:
        running.done, running.of = done, of

    try:
        work(progress)
    except (IpguardError, EvidenceError) as error:
        running.error, running.hint = str(error), str(getattr(error, "hint", ""))
    except Exception:
        logger.error("an export broke off", exc_info=True)
        running.error = "The export broke off; the log says more."
