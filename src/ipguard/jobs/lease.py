"""Holding a lease while a run lasts: renewed beside it, so that a slow shop costs nobody the source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from ipguard.database.engine import transaction
from ipguard.errors import Interrupted
from ipguard.jobs.claims import RENEW_SECONDS, LeaseLost

C = TypeVar("C")


class Keeper(Generic[C]):
    """Renews every claim it holds from one thread, which neither a busy loop nor a slow shop can stop.

    A lost lease is not told here: the run itself meets it at its next write, which is fenced.
    """

    def __init__(
        self,
        database: Engine,
        now: Callable[[], datetime],
        renew: Callable[[Session, C, datetime], None],
        *,
        seconds: float = RENEW_SECONDS,
    ) -> None:
        self._database, self._now, self._renew, self._seconds = database, now, renew, seconds
        self._held: dict[int, C] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Keeper[C]:
        """Begin to renew."""
        self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @contextmanager
    def holding(self, claim: C) -> Iterator[None]:
        """Renew this claim too, until the block ends, or until it is lost or given back."""
        with self._lock:
            self._held[id(claim)] = claim
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(id(claim), None)

    def _beat(self) -> None:
        while not self._stop.wait(self._seconds):
            with self._lock:
                held = list(self._held.items())
            for key, claim in held:
                try:
                    with transaction(self._database) as session:
                        self._renew(session, claim, self._now())
                except LeaseLost:
                    with self._lock:
                        self._held.pop(key, None)
                except Interrupted:
                    break  # a locked database now; the next beat is in time


@contextmanager
def held(
    database: Engine,
    claim: C,
    now: Callable[[], datetime],
    renew: Callable[[Session, C, datetime], None],
    *,
    seconds: float = RENEW_SECONDS,
) -> Iterator[None]:
    """Renew `claim` every few seconds until the block ends, or until it is lost or given back.

    A lost lease is not told here: the run itself meets it at its next write, which is fenced.
    """
    with Keeper(database, now, renew, seconds=seconds) as keeper, keeper.holding(claim):
        yield
