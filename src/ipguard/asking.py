"""Asking on somebody's order, outside a sweep: what a place is, one page once more, pictures of what was brought."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

import crawlers.registry
from crawlers.crawl import Fetches
from crawlers.errors import CrawlError
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch.browser import BrowserOptions, BrowserPage, capture_page
from crawlers.fetch.fetcher import Fetcher, Manner, open_fetcher
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.rendering import RenderingFetcher, RenderingOptions, open_renderer
from crawlers.fetch.transport import http_transport
from evidence_store.exhibit import Operator
from ipguard.cases.store import add_exhibit, one_case
from ipguard.cases.tables import CaseExhibitRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.evidence import Clock, EvidenceVault
from ipguard.recapture import Means, Outcome, Wanted, recapture
from ipguard.settings import Workspace
from ipguard.sources.pace import DatabasePace
from ipguard.sources.store import check_url
from ipguard.wiring import identity


def recognise_adapter(workspace: Workspace, url: str, *, local: bool, now: Clock, log: bool = False) -> str:
    """Which adapter reads a shop, or a certificate log, found out by asking it one thing, politely."""
    registry = crawlers.registry
    probe = registry.log_probe_url(check_url(url)) if log else registry.probe_url(check_url(url))

    async def ask() -> str:
        hosts = frozenset({urlsplit(probe).hostname or ""}) if local else frozenset()
        async with http_transport(now=now, local_hosts=hosts) as transport:
            fetcher = Fetcher(transport, Manner(identity(workspace), MemoryPace(), now, min_gap_seconds=0.0))
            answer = await fetcher.fetch(Request(probe, Purpose.FEED))
            if log:
                return registry.recognise_log(answer)
            kind = registry.recognise(answer)
            if kind == "shopify" or urlsplit(url).path.strip("/"):
                return kind
            try:
                second = await fetcher.fetch(Request(registry.woocommerce_probe(url), Purpose.FEED))
            except CrawlError:  # robots.txt or the network: the pages themselves may still be read
                return kind
            return f"{registry.RECIPE}woocommerce" if registry.is_woocommerce(second) else kind

    return asyncio.run(ask())


@contextmanager
def asking(
    workspace: Workspace, url: str, *, local: bool, now: Clock, rendered: bool = False
) -> Iterator[Callable[[Request], Exchange]]:
    """Asks one thing after the other, as politely as a sweep, while somebody waits; raises `crawlers.errors`."""
    hosts = frozenset({urlsplit(url).hostname or ""}) if local else frozenset()
    gap = 0.0 if local else workspace.settings.crawling.min_gap_seconds
    manner = Manner(identity(workspace), MemoryPace(), now, min_gap_seconds=gap)
    options = RenderingOptions(workspace.settings.crawling.chromium, manner.identity.headers()[0][1])
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        plain = runner.run(opened.enter_async_context(open_fetcher(manner, local_hosts=hosts)))
        asks: Fetches = plain
        if rendered:
            renderer = open_renderer(options, now=now, local_hosts=hosts)
            asks = RenderingFetcher(plain, runner.run(opened.enter_async_context(renderer)))
        try:
            yield lambda request: runner.run(asks.fetch(request))
        finally:
            runner.run(opened.aclose())


def recapture_for_case(
    workspace: Workspace,
    database: Engine,
    case_id: int,
    wanted: Wanted,
    *,
    alert_id: int | None = None,
    operator: Operator,
    now: Clock,
    browser: BrowserOptions | None = None,
    time_zone: str = "UTC",
    local_hosts: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[CaseExhibitRow, Outcome]:
    """Ask for a page once more, keep what was said as an exhibit, and put that into a case.

    Raises:
        CrawlError: nothing at all was said. WrongUse: there is no such case, or it is closed.
    """
    with reading(database) as session:
        if one_case(session, case_id, now=now()).case.state == "closed":
            raise WrongUse(f"Case {case_id} is closed.", hint="Open it again, or open a new one.")
    outcome = see_page(
        workspace, database, wanted,
        operator=operator, now=now, browser=browser, time_zone=time_zone, local_hosts=local_hosts, progress=progress,
    ).outcome  # fmt: skip
    receipt = EvidenceVault(workspace, now).keep([outcome.capture])[0]
    with transaction(database) as session:
        (row,) = add_exhibit(session, case_id, receipt.exhibit_id, alert_id=alert_id, now=now())
    return row, outcome


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page that was asked for once, on somebody's order."""

    outcome: Outcome
    heard: tuple[Exchange, ...]
    """Everything that was asked over HTTP, robots.txt and redirects included."""
    page: BrowserPage | None
    """As a browser showed it; None where none was wanted, or it could not."""


def see_page(
    workspace: Workspace,
    database: Engine,
    wanted: Wanted,
    *,
    operator: Operator,
    now: Clock,
    browser: BrowserOptions | None = None,
    time_zone: str = "UTC",
    local_hosts: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> SeenPage:
    """Ask for a page and its pictures once, and show it to a browser where one is wanted. Nothing is kept yet.

    Raises:
        CrawlError: nothing at all was said.
    """
    heard: list[Exchange] = []
    shown: list[BrowserPage] = []
    gap = 0.0 if local_hosts else workspace.settings.crawling.min_gap_seconds
    who = identity(workspace)
    manner = Manner(who, DatabasePace(database), now, min_gap_seconds=gap)
    seeing = browser and replace(
        browser, executable=workspace.settings.crawling.chromium, introduction=who.headers()[0][1]
    )

    async def look(url: str) -> BrowserPage:
        shown.append(await capture_page(url, seeing or BrowserOptions(), now=now, local_hosts=local_hosts))
        return shown[0]

    async def ask() -> Outcome:
        async with open_fetcher(
            manner, local_hosts=local_hosts, journal=heard.append, accept_bad_certificates=True
        ) as asks:
            legal_basis = workspace.settings.evidence.legal_basis
            eyes, zone = (look if seeing else None), ZoneInfo(time_zone)
            return await recapture(
                Means(asks, heard, eyes, operator, legal_basis, now, zone, progress), wanted
            )

    outcome = asyncio.run(ask())
    return SeenPage(outcome, tuple(heard), shown[0] if shown else None)


def fetch_pictures(
    workspace: Workspace,
    database: Engine,
    urls: Sequence[str],
    *,
    now: Clock,
    local_hosts: frozenset[str] = frozenset(),
) -> dict[str, Exchange]:
    """Pictures that somebody ordered by their addresses, each asked for once; those not to be had are left out."""
    gap = 0.0 if local_hosts else workspace.settings.crawling.min_gap_seconds
    manner = Manner(identity(workspace), DatabasePace(database), now, min_gap_seconds=gap)

    async def ask() -> dict[str, Exchange]:
        found: dict[str, Exchange] = {}
        async with open_fetcher(manner, local_hosts=local_hosts) as asks:
            for url in urls:
                try:
                    answer = await asks.fetch(Request(url, Purpose.PICTURE))
                except CrawlError:
                    continue
                if answer.status == 200 and not answer.truncated:
                    found[url] = answer
        return found

    return asyncio.run(ask())
