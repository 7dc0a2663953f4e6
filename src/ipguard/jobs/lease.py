"""Holding a lease while a run lasts: renewed beside it, so that a slow shop costs nobody the source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from ipguard.database.engine import transaction
from ipguard.errors import Interrupted
from ipguard.jobs.claims import RENEW_SECONDS, LeaseLost

C = TypeVar("C")


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
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(seconds):
            try:
                with transaction(database) as session:
                    renew(session, claim, now())
            except LeaseLost:
                return
            except Interrupted:
                continue  # a locked database now; the next beat is in time

    thread = threading.Thread(target=beat, name="lease")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
