"""Which implementation stands behind each port of crawling and matching; `evidence` does the same for evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

import crawlers.registry
from crawlers.adapter import Adapter
from crawlers.crawl import Fetches
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch.browser import BrowserOptions, BrowserPage, capture_page
from crawlers.fetch.fetcher import Fetcher, Identity, Manner, open_fetcher
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.transport import http_transport
from evidence_store.blobs import store as blob_door
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.errors import StoreError
from evidence_store.exhibit import Operator
from ipguard import __version__
from ipguard.capture import Recorder
from ipguard.cases.store import add_exhibit, one_case
from ipguard.cases.tables import CaseExhibitRow
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.errors import WrongUse
from ipguard.evidence import Clock, EvidenceVault
from ipguard.flagging import Desk, Eyes
from ipguard.jobs.claims import Claim
from ipguard.matching import prices, score, sellers
from ipguard.matching.finding import PicturePlace
from ipguard.matching.images import matcher as picture_matcher
from ipguard.matching.images.draw import explanations
from ipguard.matching.images.index import build_index
from ipguard.matching.images.isolated import IsolatedMatcher
from ipguard.matching.images.quality import quality_of
from ipguard.matching.judge import PictureSeen, Watch
from ipguard.matching.reasons import render
from ipguard.matching.text import matcher as text_matcher
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import names_of
from ipguard.recapture import Means, Outcome, Wanted, recapture
from ipguard.rights.store import (
    Imported,
    PictureLook,
    import_watchlist,
    load_pictures,
    load_works,
    read_pictures,
)
from ipguard.rights.watchlist import load_watchlist
from ipguard.rights.work import Work
from ipguard.settings import Workspace
from ipguard.sources.pace import DatabasePace
from ipguard.sources.tables import SourceRow
from ipguard.spool import Spool
from ipguard.sweep import Kit, Progress, SourceReport, sweep_source


class PictureStore:
    """Pictures by content, in the workspace."""

    def __init__(self, folder: Path) -> None:
        self._blobs = DirectoryBlobs(folder)

    def put(self, data: bytes) -> str:
        """Keep bytes; returns their SHA-256."""
        return blob_door.receive(self._blobs, data)

    def get(self, sha256: str) -> bytes:
        """Bytes that were kept.

        Raises:
            WrongUse: they are not there, or have changed.
        """
        try:
            return blob_door.read(self._blobs, sha256)
        except StoreError as error:
            raise WrongUse(f"Picture {sha256[:12]}… cannot be read: {error}") from error


class RegionDrawer:
    """Draws the matched place beside the reference, the agreeing points, and one laid over the other."""

    def draw(self, picture: bytes, reference: bytes, place: PicturePlace) -> dict[str, bytes]:
        """View → PNG."""
        return explanations(picture, reference, place)


class IsolatedEyes:
    """Looks at pictures in a process of its own."""

    def __init__(self, matcher: IsolatedMatcher) -> None:
        self._matcher = matcher

    def match(self, data: bytes) -> PictureSeen:
        """What the picture shows, or why it cannot be read."""
        verdict = self._matcher.match(data, hashlib.sha256(data).hexdigest())
        return PictureSeen(verdict.findings, render(verdict.skipped) if verdict.skipped else "")


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Everything a process needs to run sources; close it when done."""

    kit: Kit
    matcher: IsolatedMatcher

    def run(self, claim: Claim) -> SourceReport:
        """Run one claimed source."""
        return sweep_source(self.kit, claim)

    def close(self) -> None:
        """End the picture process."""
        self.matcher.close()


def add_watchlist(workspace: Workspace, file: Path, *, now: Clock) -> Imported:
    """Read a watchlist file and its pictures, and take all of it or nothing."""
    watchlist = load_watchlist(file)
    store = PictureStore(workspace.pictures)
    pictures = read_pictures(watchlist, _look, store.put)
    engine = make_engine(workspace.database_url)
    try:
        with transaction(engine) as session:
            return import_watchlist(session, watchlist, pictures, now=now())
    finally:
        engine.dispose()


def recognise_adapter(workspace: Workspace, url: str, *, local: bool, now: Clock) -> str:
    """Which adapter reads a shop, found out by asking it one thing, politely."""
    import asyncio

    from ipguard.sources.store import check_url

    probe = crawlers.registry.probe_url(check_url(url))

    async def ask() -> str:
        hosts = frozenset({urlsplit(probe).hostname or ""}) if local else frozenset()
        async with http_transport(now=now, local_hosts=hosts) as transport:
            fetcher = Fetcher(transport, Manner(identity(workspace), MemoryPace(), now, min_gap_seconds=0.0))
            return crawlers.registry.recognise(await fetcher.fetch(Request(probe, Purpose.FEED)))

    return asyncio.run(ask())


def identity(workspace: Workspace) -> Identity:
    """How we introduce ourselves."""
    crawling = workspace.settings.crawling
    return Identity(__version__, crawling.contact_url, crawling.contact_mail)


def make_sweeper(
    workspace: Workspace, database: Engine, *, operator: Operator, now: Clock, progress: Progress
) -> Sweeper:
    """Put a sweep together for the watchlist as it is now."""
    pictures = PictureStore(workspace.pictures)
    with reading(database) as session:
        works, rows = load_works(session), load_pictures(session)
    version = watch_version(works, [row.sha256 for row in rows])
    folder = workspace.folder / "index" / version
    if not (folder / "index.json").exists():
        names = {row.sha256: row.file_name for row in rows}
        index, _ = build_index(
            (row.work_id, row.sha256, names[row.sha256], pictures.get(row.sha256)) for row in rows
        )
        index.save(folder)
    matcher = IsolatedMatcher(folder)
    watch = Watch(
        version,
        TextMatcher(names_of(works)),
        IsolatedEyes(matcher),
        {work.id: work.official_sellers for work in works},
        {work.id: work.official_prices for work in works},
    )
    recorder = Recorder(pictures, RegionDrawer(), operator, workspace.settings.evidence.legal_basis)
    desk = Desk(database, watch, Eyes(watch, pictures), recorder, EvidenceVault(workspace, now), now)

    @asynccontextmanager
    async def open_fetcher(source: SourceRow, adapter: Adapter) -> AsyncIterator[Fetches]:
        hosts = (
            frozenset(urlsplit(f"//{host}").hostname or "" for host in adapter.hosts)
            if source.local
            else frozenset()
        )
        gap = max(
            source.min_gap_seconds, 0.0 if source.local else workspace.settings.crawling.min_gap_seconds
        )
        manner = Manner(identity(workspace), DatabasePace(database), now, min_gap_seconds=gap)
        async with http_transport(now=now, local_hosts=hosts) as transport:
            yield Fetcher(transport, manner)

    def adapter_of(source: SourceRow) -> Adapter:
        return crawlers.registry.build_adapter(
            source.adapter,
            source.base_url,
            source.options,
            min_gap_seconds=max(source.min_gap_seconds, 0.001),
        )

    def spool_of(run_id: int) -> Spool:
        return Spool(workspace.folder / "spool", run_id)

    return Sweeper(Kit(database, desk, pictures, open_fetcher, adapter_of, spool_of, now, progress), matcher)


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
    import asyncio

    with reading(database) as session:
        if one_case(session, case_id, now=now()).case.state != "open":
            raise WrongUse(f"Case {case_id} is closed.", hint="Open a new case.")
    heard: list[Exchange] = []
    gap = 0.0 if local_hosts else workspace.settings.crawling.min_gap_seconds
    who = identity(workspace)
    manner = Manner(who, DatabasePace(database), now, min_gap_seconds=gap)
    seeing = browser and replace(
        browser, executable=workspace.settings.crawling.chromium, introduction=who.headers()[0][1]
    )

    async def look(url: str) -> BrowserPage:
        return await capture_page(url, seeing or BrowserOptions(), now=now, local_hosts=local_hosts)

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
    receipt = EvidenceVault(workspace, now).keep([outcome.capture])[0]
    with transaction(database) as session:
        (row,) = add_exhibit(session, case_id, receipt.exhibit_id, alert_id=alert_id, now=now())
    return row, outcome


def watch_version(works: Sequence[Work], pictures: Sequence[str]) -> str:
    """Changes with the watchlist and with every matcher: same version, same listing, same verdict."""
    rules = [module.VERSION for module in (text_matcher, picture_matcher, prices, sellers, score)]
    said = json.dumps([rules, [repr(work) for work in works], sorted(pictures)], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _look(data: bytes) -> PictureLook:
    quality = quality_of(data)
    unreadable = render(quality.unreadable) if quality.unreadable else ""
    return PictureLook(quality.width, quality.height, quality.media_type, quality.warnings, unreadable)
