"""The crawl loop: ask what the frontier holds, one step at a time, until a stop rule says enough.

Each step carries what it changes in the frontier. Whoever writes step and change down in one transaction can be
killed at any moment and goes on without losing or doubling anything but the request that was in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

from crawlers.adapter import Adapter, Outcome, Page, Query
from crawlers.coverage import Coverage, coverage_of
from crawlers.errors import CrawlError, NoKey, Refused, RetryLater, RobotsRefused, Unreadable
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.frontier import Change, Frontier, digest_of, request_key
from crawlers.listing import Listing

FAILURES_TO_STOP = 5
"""Failed steps in a row after which a run ends: something is wrong with the source."""
TRIES = 3
"""How often one request is tried when its host asks for a short pause."""
SHORT_PAUSE_SECONDS = 60.0
LARGE_BODY = 100_000
"""Bytes from which reading an answer leaves the event loop."""
BLOCKED_STATUS = frozenset({401, 403, 407, 451})

Sift = Callable[[Sequence[Listing]], Sequence[Listing]]
"""Which listings of one answer are worth keeping. Runs on a thread of its own, and must be as pure as an adapter."""


class Fetches(Protocol):
    """Asks politely: `crawlers.fetch.fetcher.Fetcher`, or a stand-in."""

    async def fetch(self, request: Request) -> Exchange:
        """The answer; raises errors of `crawlers.errors`."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what became of it."""

    request: Request
    outcome: Outcome
    change: Change
    """What this step does to the frontier; the first of a new crawl brings what it begins with."""
    frontier: Frontier = field(default_factory=Frontier)
    """As it is after this step, until the next one is asked for."""
    exchange: Exchange | None = None
    listings: tuple[Listing, ...] = ()
    """New in this run, and worth keeping."""
    read: int = 0
    """Listings in the answer, before sifting."""
    coverage: Coverage = field(default_factory=lambda: MappingProxyType({}))
    """What those say and do not say."""
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
    first = Change() if frontier is not None else begin(course)
    here = frontier if frontier is not None else Frontier()
    here.apply(first)
    while here.pending:
        step = await _step(course, fetcher, here)
        here.apply(step.change)
        yield replace(step, change=_together(first, step.change), frontier=here)
        first = Change()
        if step.stopped or step.not_before is not None:
            return


def begin(course: Course) -> Change:
    """What a crawl begins with."""
    first = tuple(course.adapter.start(course.query))
    return Change(
        requests=first, urls=tuple(request_key(one) for one in first), position=course.query.position
    )


def _together(first: Change, then: Change) -> Change:
    """Both as one change."""
    return replace(
        then,
        done=first.done + then.done,
        requests=(*first.requests, *then.requests),
        urls=(*first.urls, *then.urls),
    )


async def _step(course: Course, fetcher: Fetches, here: Frontier) -> Step:
    request = here.pending[0]
    if why := _foreign(course.adapter, request.url):
        return Step(request, Outcome.ERROR, _passed(here), note=why)
    try:
        exchange = await fetcher.fetch(request)
    except RetryLater as error:
        return _asked_to_wait(course, request, here, error)
    except NoKey as error:
        return Step(request, Outcome.BLOCKED, _passed(here), stopped=str(error))
    except Refused as error:
        return _failed(request, here, Outcome.BLOCKED, error)
    except CrawlError as error:
        return _failed(request, here, Outcome.ERROR, error)
    page = await _read(course.adapter, exchange)
    read, coverage = len(page.listings), coverage_of(page.listings)
    if course.sift is not None and page.listings:
        page = replace(page, listings=tuple(await asyncio.to_thread(course.sift, page.listings)))
    return replace(_after(course, request, here, exchange, page), read=read, coverage=coverage)


def _passed(here: Frontier, *, failures: int = 0) -> Change:
    """The first pending request is done with, and nothing came of it; `failures` more in a row."""
    return Change(
        done=1, pages=here.pages, failures=here.failures + failures, tries=0, position=here.position
    )


def _asked_to_wait(course: Course, request: Request, here: Frontier, error: RetryLater) -> Step:
    """A short pause is sat out (the host's pace makes the next try wait); a long one pauses the run."""
    still = replace(_passed(here), done=0, tries=here.tries)
    pause = (error.not_before - course.now()).total_seconds()
    if pause > SHORT_PAUSE_SECONDS:
        return Step(request, Outcome.ERROR, still, note=str(error), not_before=error.not_before)
    if here.tries + 1 < TRIES:
        again = replace(still, tries=here.tries + 1)
        return Step(request, Outcome.ERROR, again, note=f"{error} It is asked again.")
    return _failed(request, here, Outcome.BLOCKED, error)


def _failed(request: Request, here: Frontier, outcome: Outcome, error: CrawlError) -> Step:
    if isinstance(error, RobotsRefused) and not error.whole_host:  # this address only; the source is well
        return Step(request, outcome, _passed(here), note=str(error))
    after = _passed(here, failures=1)
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


def _after(course: Course, request: Request, here: Frontier, exchange: Exchange, page: Page) -> Step:
    new = tuple(one for one in _unique(page.listings) if digest_of(one.id) not in here.seen_ids)
    notes = [page.note] if page.note else []
    if exchange.truncated:
        notes.append(f"The answer was cut ({exchange.truncated}).")
    if exchange.unchanged_since is not None:
        notes.append(f"Unchanged since {exchange.unchanged_since:%Y-%m-%d %H:%M} UTC, its host says.")
    kept = {one.id for one in page.listings}
    asked = [one for one in page.requests if not one.only_for or one.only_for in kept]
    if asked and _led_back(request, here, exchange):
        notes.append("It led back to a page seen before: paging stops here.")
        asked = []
    elif asked and page.listings and not new and page.position is None:
        notes.append("Nothing new on this page: paging stops here.")
        asked = []
    wanted, dropped = _unseen(course.adapter, here, asked, exchange.url)
    notes.extend(dropped)
    if _only_onwards(request, page, asked, wanted):
        notes.append("Nothing new on this page: paging stops here.")
        wanted = {}
    came_from = request_key(replace(request, url=exchange.url))
    after = Change(
        done=1,
        requests=tuple(wanted.values()),
        urls=(*wanted, *(() if came_from in here.seen_urls else (came_from,))),
        ids=tuple(digest_of(one.id) for one in new),
        pages=here.pages + (request.purpose in (Purpose.PAGE, Purpose.FEED)),
        failures=here.failures + 1 if page.outcome in (Outcome.ERROR, Outcome.BLOCKED) else 0,
        position=page.position if page.position is not None else here.position,
    )
    stopped = _enough(course.query, here, after) or _too_many_failures(after)
    if page.outcome is Outcome.BLOCKED:
        stopped = stopped or "The shop blocks us; it is left alone until the next run."
    return Step(
        request, page.outcome, after, Frontier(), exchange, new, note=" ".join(notes), stopped=stopped
    )


def _unseen(
    adapter: Adapter, here: Frontier, requests: Sequence[Request], base: str
) -> tuple[dict[int, Request], list[str]]:
    """Requests that are worth asking, by their key, and why others were dropped."""
    wanted: dict[int, Request] = {}
    own = request_key(Request(base))
    seen = foreign = 0
    for request in requests:
        key = request_key(request)
        if key == own or key in wanted or key in here.seen_urls:
            seen += 1
        elif _foreign(adapter, request.url):
            foreign += 1
        else:
            wanted[key] = request
    notes = []
    if seen:
        notes.append(f"{seen} address{'es' if seen > 1 else ''} seen before, not asked again.")
    if foreign:
        notes.append(
            f"{foreign} address{'es' if foreign > 1 else ''} on other hosts or unreadable, not asked."
        )
    return wanted, notes


def _only_onwards(
    request: Request, page: Page, asked: Sequence[Request], wanted: Mapping[int, Request]
) -> bool:
    """Whether a later page of links names nothing that was not named before, but for one more page of its kind."""
    if page.listings or page.position is not None or len(wanted) != 1 or len(asked) < 2:
        return False
    (onwards,) = wanted.values()
    return bool(request.label) and onwards.label == request.label and request.purpose is Purpose.PAGE


def _led_back(request: Request, here: Frontier, exchange: Exchange) -> bool:
    """Whether a redirect ended on a page that was asked before, as shops do with pages past the last."""
    if exchange.url == request.url:
        return False
    final = request_key(replace(request, url=exchange.url))
    return final != request_key(request) and final in here.seen_urls


def _enough(query: Query, here: Frontier, after: Change) -> str:
    left = len(here.pending) - after.done + len(after.requests)
    if not left:
        return ""
    listings = len(here.seen_ids) + len(after.ids)
    if listings >= query.max_listings:
        return f"{listings} listings are enough for one run."
    if after.pages >= query.max_pages:
        return f"{after.pages} pages are enough for one run; {left} were not asked."
    return ""


def _too_many_failures(after: Change) -> str:
    if after.failures >= FAILURES_TO_STOP:
        return f"{after.failures} failures in a row: the run ends here."
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
