"""The crawl loop: ask what the frontier holds, one step at a time, until a stop rule says enough.

Each step carries the frontier as it is afterwards. Whoever writes step and frontier down in one transaction can
be killed at any moment and goes on without losing or doubling anything but the request that was in flight.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url

from crawlers.adapter import Adapter, Outcome, Page, Query
from crawlers.errors import BadSource, CrawlError, NoKey, Refused, RetryLater, RobotsRefused, Unreadable
from crawlers.exchange import Exchange, Purpose, Request, State
from crawlers.listing import Listing

FAILURES_TO_STOP = 5
"""Failed steps in a row after which a run ends: something is wrong with the source."""
TRIES = 3
"""How often one request is tried when its host asks for a short pause."""
SHORT_PAUSE_SECONDS = 60.0
LARGE_BODY = 100_000
"""Bytes from which reading an answer leaves the event loop."""
BLOCKED_STATUS = frozenset({401, 403, 407, 451})

JsonObject = dict[str, object]
Sift = Callable[[Sequence[Listing]], Sequence[Listing]]
"""Which listings of one answer are worth keeping. Runs on a thread of its own, and must be as pure as an adapter."""


class Fetches(Protocol):
    """Asks politely: `crawlers.fetch.fetcher.Fetcher`, or a stand-in."""

    async def fetch(self, request: Request) -> Exchange:
        """The answer; raises errors of `crawlers.errors`."""
        ...


@dataclass(frozen=True, slots=True)
class Frontier:
    """What is still to be asked and what was seen: everything a run needs to go on."""

    pending: tuple[Request, ...] = ()
    seen_urls: frozenset[str] = frozenset()
    """Canonical URLs that were asked or are pending; with a digest of the body where one was posted."""
    seen_ids: frozenset[str] = frozenset()
    pages: int = 0
    failures: int = 0
    """Failed steps in a row."""
    tries: int = 0
    """How often the first pending request was asked to come back."""
    position: State | None = None
    """Up to where a source that only grows has been read."""

    def to_json(self) -> JsonObject:
        """Plain JSON values."""
        return {
            "pending": [_request_json(request) for request in self.pending],
            "seen_urls": sorted(self.seen_urls),
            "seen_ids": sorted(self.seen_ids),
            "pages": self.pages,
            "failures": self.failures,
            "tries": self.tries,
            "position": None if self.position is None else dict(self.position),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Frontier:
        """What `to_json` wrote.

        Raises:
            BadSource: it is something else.
        """
        try:
            return cls(
                pending=tuple(_request_from(row) for row in _list(data["pending"])),
                seen_urls=frozenset(str(url) for url in _list(data["seen_urls"])),
                seen_ids=frozenset(str(one) for one in _list(data["seen_ids"])),
                pages=int(str(data["pages"])),
                failures=int(str(data["failures"])),
                tries=int(str(data["tries"])),
                position=_position(data.get("position")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadSource("What was written down of the run cannot be read; it begins anew.") from error


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what became of it."""

    request: Request
    outcome: Outcome
    frontier: Frontier
    """As it is after this step."""
    exchange: Exchange | None = None
    listings: tuple[Listing, ...] = ()
    """New in this run, and worth keeping."""
    read: int = 0
    """Listings in the answer, before sifting."""
    note: str = ""
    not_before: datetime | None = None
    """The run pauses here until then."""
    stopped: str = ""
    """Why the run ends here although something is pending, in words."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a crawl is about: how to read, what to look for."""

    adapter: Adapter
    query: Query
    now: Callable[[], datetime]
    sift: Sift | None = None
    """None keeps all."""


async def crawl(course: Course, fetcher: Fetches, frontier: Frontier | None = None) -> AsyncIterator[Step]:
    """Steps of a crawl, from the beginning or from a frontier that was written down.

    Never raises for what a server does: that is an outcome.
    """
    here = frontier if frontier is not None else begin(course)
    while here.pending:
        step = await _step(course, fetcher, here)
        yield step
        here = step.frontier
        if step.stopped or step.not_before is not None:
            return


def begin(course: Course) -> Frontier:
    """The frontier of a crawl that has not begun."""
    first = tuple(course.adapter.start(course.query))
    seen = frozenset(_key(request) for request in first)
    return Frontier(pending=first, seen_urls=seen, position=course.query.position)


async def _step(course: Course, fetcher: Fetches, here: Frontier) -> Step:
    request = here.pending[0]
    rest = replace(here, pending=here.pending[1:], tries=0)
    if why := _foreign(course.adapter, request.url):
        return Step(request, Outcome.ERROR, rest, note=why)
    try:
        exchange = await fetcher.fetch(request)
    except RetryLater as error:
        return _asked_to_wait(course, request, here, error)
    except NoKey as error:
        return Step(request, Outcome.BLOCKED, rest, stopped=str(error))
    except Refused as error:
        return _failed(request, rest, Outcome.BLOCKED, error)
    except CrawlError as error:
        return _failed(request, rest, Outcome.ERROR, error)
    page = await _read(course.adapter, exchange)
    read = len(page.listings)
    if course.sift is not None and page.listings:
        page = replace(page, listings=tuple(await asyncio.to_thread(course.sift, page.listings)))
    return replace(_after(course, request, rest, exchange, page), read=read)


def _asked_to_wait(course: Course, request: Request, here: Frontier, error: RetryLater) -> Step:
    """A short pause is sat out (the host's pace makes the next try wait); a long one pauses the run."""
    again = replace(here, tries=here.tries + 1)
    pause = (error.not_before - course.now()).total_seconds()
    if pause > SHORT_PAUSE_SECONDS:
        return Step(request, Outcome.ERROR, here, note=str(error), not_before=error.not_before)
    if again.tries < TRIES:
        return Step(request, Outcome.ERROR, again, note=f"{error} It is asked again.")
    return _failed(request, replace(here, pending=here.pending[1:], tries=0), Outcome.BLOCKED, error)


def _failed(request: Request, rest: Frontier, outcome: Outcome, error: CrawlError) -> Step:
    if isinstance(error, RobotsRefused) and not error.whole_host:  # this address only; the source is well
        return Step(request, outcome, rest, note=str(error))
    after = replace(rest, failures=rest.failures + 1)
    return Step(request, outcome, after, note=str(error), stopped=_too_many_failures(after))


async def _read(adapter: Adapter, exchange: Exchange) -> Page:
    if exchange.status in BLOCKED_STATUS - adapter.policy.reads_status:
        return Page(Outcome.BLOCKED, note=f"The shop refuses us: status {exchange.status}.")
    if exchange.status >= 500:
        return Page(Outcome.ERROR, note=f"The shop has trouble: status {exchange.status}.")
    try:
        if len(exchange.body) > LARGE_BODY:
            return await asyncio.to_thread(adapter.read, exchange)
        return adapter.read(exchange)
    except Unreadable as error:
        return Page(
            Outcome.CHANGED, note=f"{error.adapter} cannot read {error.field or 'this answer'}: {error}"
        )


def _after(course: Course, request: Request, rest: Frontier, exchange: Exchange, page: Page) -> Step:
    new = tuple(one for one in _unique(page.listings) if one.id not in rest.seen_ids)
    notes = [page.note] if page.note else []
    if exchange.truncated:
        notes.append(f"The answer was cut ({exchange.truncated}).")
    kept = {one.id for one in page.listings}
    asked = [one for one in page.requests if not one.only_for or one.only_for in kept]
    if asked and _led_back(request, rest, exchange):
        notes.append("It led back to a page seen before: paging stops here.")
        asked = []
    elif asked and page.listings and not new and page.position is None:
        notes.append("Nothing new on this page: paging stops here.")
        asked = []
    wanted, dropped = _unseen(course.adapter, rest, asked, exchange.url)
    notes.extend(dropped)
    after = replace(
        rest,
        pending=(*rest.pending, *wanted),
        seen_urls=rest.seen_urls | {_key(one) for one in wanted} | {_key(replace(request, url=exchange.url))},
        seen_ids=rest.seen_ids | {one.id for one in new},
        pages=rest.pages + (request.purpose in (Purpose.PAGE, Purpose.FEED)),
        failures=rest.failures + 1 if page.outcome in (Outcome.ERROR, Outcome.BLOCKED) else 0,
        position=page.position if page.position is not None else rest.position,
    )
    stopped = _enough(course.query, after) or _too_many_failures(after)
    if page.outcome is Outcome.BLOCKED:
        stopped = stopped or "The shop blocks us; it is left alone until the next run."
    return Step(request, page.outcome, after, exchange, new, note=" ".join(notes), stopped=stopped)


def _unseen(
    adapter: Adapter, rest: Frontier, requests: Sequence[Request], base: str
) -> tuple[list[Request], list[str]]:
    """Requests that are worth asking, and why others were dropped."""
    wanted: list[Request] = []
    known = {_key(Request(base))}
    seen = foreign = 0
    for request in requests:
        key = _key(request)
        if key in known or key in rest.seen_urls:
            seen += 1
        elif _foreign(adapter, request.url):
            foreign += 1
        else:
            known.add(key)
            wanted.append(request)
    notes = []
    if seen:
        notes.append(f"{seen} address{'es' if seen > 1 else ''} seen before, not asked again.")
    if foreign:
        notes.append(
            f"{foreign} address{'es' if foreign > 1 else ''} on other hosts or unreadable, not asked."
        )
    return wanted, notes


def _led_back(request: Request, rest: Frontier, exchange: Exchange) -> bool:
    """Whether a redirect ended on a page that was asked before, as shops do with pages past the last."""
    final = _key(replace(request, url=exchange.url))
    return final != _key(request) and final in rest.seen_urls


def _enough(query: Query, frontier: Frontier) -> str:
    if not frontier.pending:
        return ""
    if len(frontier.seen_ids) >= query.max_listings:
        return f"{len(frontier.seen_ids)} listings are enough for one run."
    if frontier.pages >= query.max_pages:
        return f"{frontier.pages} pages are enough for one run; {len(frontier.pending)} were not asked."
    return ""


def _too_many_failures(frontier: Frontier) -> str:
    if frontier.failures >= FAILURES_TO_STOP:
        return f"{frontier.failures} failures in a row: the run ends here."
    return ""


def _foreign(adapter: Adapter, url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
        host = parts.netloc.rsplit("@", 1)[-1].lower()
    except ValueError:
        return "Not a web address."
    return "" if host in adapter.hosts else f"{host} is not a host of this source, so it is not asked."


def _unique(listings: Sequence[Listing]) -> list[Listing]:
    return list({one.id: one for one in listings}.values())


def _key(request: Request) -> str:
    """One spelling for requests that ask the same; a URL that is none is its own key."""
    try:
        url = str(canonicalize_url(request.url))
    except ValueError:
        url = request.url
    if not request.body and request.method == "GET":
        return url
    return f"{request.method} {url} {hashlib.sha256(request.body).hexdigest()}"


def _request_json(request: Request) -> JsonObject:
    return {
        "url": request.url,
        "purpose": request.purpose.value,
        "method": request.method,
        "headers": [list(pair) for pair in request.headers],
        "body": request.body.decode("latin-1"),
        "label": request.label,
        "only_for": request.only_for,
        "state": dict(request.state),
    }


def _request_from(row: object) -> Request:
    if not isinstance(row, dict):
        raise TypeError("a request is an object")
    return Request(
        url=str(row["url"]),
        purpose=Purpose(row["purpose"]),
        method=str(row["method"]),
        headers=tuple((str(name), str(value)) for name, value in row["headers"]),
        body=str(row["body"]).encode("latin-1"),
        label=str(row["label"]),
        only_for=str(row.get("only_for", "")),
        state=MappingProxyType(dict(row["state"])),
    )


def _position(value: object) -> State | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError("a position is an object")
    return MappingProxyType(value) if value is not None else None


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value
