"""The port every source fits: a pure reader of saved answers.

An adapter never does I/O. It says what to ask first, and turns each answer into listings, further
requests and an outcome; so a saved exchange can be read again years later with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from crawlers.auth import Auth
from crawlers.exchange import Exchange, Request, State
from crawlers.listing import Listing


class Outcome(StrEnum):
    """What an answer turned out to be. These five are never mixed up."""

    OK = "ok"
    EMPTY = "empty"
    """Understood, and there is nothing (more) here."""
    BLOCKED = "blocked"
    """A challenge, consent or log-in page, or a plain refusal."""
    CHANGED = "changed"
    """An answer came, but its shape is not the one this adapter knows."""
    ERROR = "error"
    """No usable answer: network, cap, 5xx."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be done with a source and its answers, and since when we know it."""

    access: str
    """Access class: A open, B official API, C official API with unsuited terms, D no official way."""
    basis: str
    """Why asking is all right: public-page, api-terms, permission."""
    robots: str = "obey"
    terms_url: str = ""
    terms_read: date | None = None
    may_store_raw: bool = True
    retain_days: int = 365
    may_profile_seller: bool = True
    min_gap_seconds: float = 1.0
    per_day: int = 2000
    """What is asked of a host in a UTC day at most, whichever source asks; robots.txt and pictures do not count."""
    pages_a_run: int = 50
    """Pages after which a run ends; what is left is the next run's."""
    reads_status: frozenset[int] = frozenset()
    """Statuses that would mean a refusal elsewhere and that this adapter reads: 451 on a code host is an answer."""
    rendered: bool = False
    """Its pages show nothing without their scripts: a browser finishes them. A source may ask for that too."""
    auth: Auth | None = None
    """How this source's hosts are told who asks; None where nobody has to be told."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. An empty text asks a shop for everything it shows."""

    text: str = ""
    language: str = ""
    max_pages: int = 50
    max_listings: int = 5000
    position: State | None = None
    """Where an earlier run stopped reading, as the adapter said it; None for the first."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer yielded."""

    outcome: Outcome
    listings: tuple[Listing, ...] = ()
    requests: tuple[Request, ...] = ()
    """What to ask next, in order."""
    note: str = ""
    """In words, for the run report: why it is blocked, what changed, what was skipped."""
    position: State | None = None
    """Up to where a source that only grows has been read, this answer included; the next run begins there.
    None on sources that are read from the beginning each time."""


class Adapter(Protocol):
    """One marketplace or kind of source.

    `read` must be pure and must not raise for anything a server can say: an answer it cannot
    read is a Page with outcome CHANGED or BLOCKED and a note. `crawlers.testing.AdapterContract`
    is the suite every adapter passes.
    """

    @property
    def name(self) -> str:
        """Short lower-case name; with `version` it says who read a listing."""
        ...

    @property
    def version(self) -> str:
        """Raised whenever the same answer would yield something else."""
        ...

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts this adapter may ask; picture hosts excepted."""
        ...

    @property
    def policy(self) -> Policy:
        """Rules for this source."""
        ...

    def start(self, query: Query) -> Sequence[Request]:
        """Requests that begin a crawl for `query`."""
        ...

    def read(self, exchange: Exchange) -> Page:
        """Listings, further requests and an outcome from one answer."""
        ...
