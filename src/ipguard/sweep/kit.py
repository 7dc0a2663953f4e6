"""What a sweep works with, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from crawlers.adapter import Adapter
from crawlers.crawl import Fetches
from ipguard.capture import Pictures
from ipguard.enquiries import Informants
from ipguard.errors import Interrupted
from ipguard.flagging import Desk
from ipguard.sources.tables import SourceRow
from ipguard.spool import Spool


@dataclass(frozen=True, slots=True)
class At:
    """How far the run of one source is."""

    source: str
    what: str
    """canary, pages, pictures, or the state it ended in."""
    done: int
    """Things asked."""
    of: int
    """Things known of."""
    listings: int = 0
    """Kept so far."""


Progress = Callable[[At], None]
OpenFetcher = Callable[[SourceRow, Adapter], AbstractAsyncContextManager[Fetches]]


class Stopped(Interrupted):
    """Somebody stopped the process: every step that was reported is kept, and the run goes on when it is started."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a sweep works with; put together in `ipguard.wiring`."""

    database: Engine
    desk: Desk
    pictures: Pictures
    open_fetcher: OpenFetcher
    adapter_of: Callable[[SourceRow], Adapter]
    spool_of: Callable[[int], Spool]
    now: Callable[[], datetime]
    informants: Informants
    progress: Progress = lambda _at: None
    stopping: Callable[[], bool] = lambda: False
    """Asked before every request whether the process is to end."""

    def go_on(self) -> None:
        """Raises Stopped where the process is to end."""
        if self.stopping():
            raise Stopped(
                "It was stopped; everything reported before this step is kept, and the run goes on later."
            )


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not read, and why: a value, told to people."""

    url: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How the run of one source went."""

    source: str
    state: str
    """finished, waiting or failed."""
    note: str
    pages: int = 0
    read: int = 0
    """Listings in the answers."""
    listings: int = 0
    """Of these, kept."""
    new_listings: int = 0
    pictures: int = 0
    new_alerts: int = 0
    gone: int = 0
    skipped: tuple[Skipped, ...] = ()
    alarms: tuple[str, ...] = ()
    """What is wrong with the source, a sentence each."""
