"""Which implementation stands behind each port: the only module of ipguard that names them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
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
from evidence_store.bundles.export import BundleSummary, export_bundle
from evidence_store.bundles.story import Order, PdfSigner
from evidence_store.errors import Malformed, StoreError, TimestampError
from evidence_store.exhibit import Capture, Operator, Receipt
from evidence_store.log.cosignature import parse_witness
from evidence_store.log.witness import HttpWitness
from evidence_store.store import EvidenceStore, Memory
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.beacon import fetch_beacon
from evidence_store.timestamps.http_authority import HttpAuthority
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.verify.verdict import Verdict
from evidence_store.verify.verifier import verify_bundle
from ipguard import __version__
from ipguard.capture import Recorder
from ipguard.cases.store import add_exhibit, gather, one_case
from ipguard.cases.tables import CaseExhibitRow, CaseExportRow
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.errors import DoesNotVerify, NotConfigured, WrongUse
from ipguard.flagging import Desk, Eyes
from ipguard.jobs.claims import Claim
from ipguard.matching import prices, score, sellers
from ipguard.matching.finding import PicturePlace
from ipguard.matching.images import matcher as picture_matcher
from ipguard.matching.images.draw import side_by_side
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
from ipguard.settings import Authority, Workspace
from ipguard.sources.pace import DatabasePace
from ipguard.sources.tables import SourceRow
from ipguard.spool import Spool
from ipguard.sweep import Kit, Progress, SourceReport, sweep_source

Clock = Callable[[], datetime]


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


class EvidenceVault:
    """The evidence store, opened for each batch and let go again, so that console and sweep take turns."""

    def __init__(self, workspace: Workspace, now: Clock, memory: Memory | None = None) -> None:
        self._workspace, self._now, self._memory = workspace, now, memory or Memory()

    def keep(self, captures: Sequence[Capture]) -> Sequence[Receipt]:
        """Keep captures so that they survive a crash; each with the beacon's newest round, where one is configured."""
        captures = _with_beacon(captures, self._workspace.settings.evidence.beacon_url)
        with open_store(self._workspace, self._now, self._memory) as store:
            return store.keep(captures)


def _with_beacon(captures: Sequence[Capture], url: str) -> Sequence[Capture]:
    """What a beacon says goes into every record; that it did not answer goes there as well."""
    if not url:
        return captures
    try:
        said = fetch_beacon(url).fields()
    except TimestampError as error:
        return [replace(capture, failures=(*capture.failures, str(error))) for capture in captures]
    return [replace(capture, beacon=said) for capture in captures]


class RegionDrawer:
    """Draws the matched place beside the reference."""

    def draw(self, picture: bytes, reference: bytes, place: PicturePlace) -> bytes:
        """A PNG."""
        return side_by_side(picture, reference, place)


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


def open_store(workspace: Workspace, now: Clock, memory: Memory | None = None) -> EvidenceStore:
    """The workspace's evidence store; use it as a context and let go of it soon.

    `memory` belongs to a process that opens it again and again: what it hashed once is not hashed again.
    """
    passphrase = workspace.evidence_passphrase
    return EvidenceStore.open(workspace.evidence, passphrase=passphrase, now=now, memory=memory)


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


def authorities(workspace: Workspace, now: Clock) -> list[TimestampAuthority]:
    """The time-stamping authorities of the settings.

    Raises:
        NotConfigured: one has no roots to verify its stamps with.
    """
    return [_authority(workspace, one, now) for one in workspace.settings.evidence.authorities]


def witnesses(workspace: Workspace) -> list[HttpWitness]:
    """The witnesses of the settings.

    Raises:
        NotConfigured: one has a key that does not read.
    """
    try:
        return [
            HttpWitness(one.name, one.url, parse_witness(one.vkey))
            for one in workspace.settings.evidence.witnesses
        ]
    except Malformed as error:
        raise NotConfigured(
            f"A witness in the settings: {error}", hint="Ask its keeper for its key."
        ) from error


def export_case(
    workspace: Workspace,
    database: Engine,
    case_id: int,
    *,
    by: str,
    now: Clock,
    progress: Callable[[int, int], None],
) -> tuple[BundleSummary, Verdict]:
    """Export a case: stamp, write the bundle, and verify what was written before calling it good.

    Raises:
        WrongUse: the case has no exhibits. DoesNotVerify: the bundle on disk does not verify.
    """
    with transaction(database) as session:
        gather(session, case_id, now=now())
    with reading(database) as session:
        story = one_case(session, case_id, now=now())
    if not story.exhibits:
        raise WrongUse(
            f"Case {case_id} has no exhibits yet", hint=f"Add an alert: ipguard case add {case_id} ALERT"
        )
    reference = f"CASE-{case_id:04d}"
    out = workspace.exports / f"{reference}-{now():%Y%m%dT%H%M%SZ}.zip"
    order = _order(workspace, story.case.title, reference, by)
    with open_store(workspace, now) as store:
        exhibits = [row.exhibit_id for row in story.exhibits]
        summary = export_bundle(
            store,
            exhibits,
            out,
            order,
            authorities=authorities(workspace, now),
            witnesses=witnesses(workspace),
            now=now,
            progress=progress,
        )
        vkey = store.vkey
    verdict = verify_bundle(out, vkey=vkey)
    if not verdict.good:
        raise DoesNotVerify(
            f"The bundle {out} does not verify; do not hand it out", hint="ipguard evidence check"
        )
    with transaction(database) as session:
        session.add(
            CaseExportRow(
                case_id=case_id, file_name=out.name, sha256=summary.sha256, exhibits=summary.exhibits,
                exported_at=now(), exported_by=by, note=_about_stamps(summary),
            )
        )  # fmt: skip
    return summary, verdict


def _order(workspace: Workspace, title: str, reference: str, by: str) -> Order:
    """What a bundle of this workspace says on its papers, and the certificate that signs them."""
    evidence = workspace.settings.evidence
    signer = None
    if evidence.pdf_signer:
        stamper = next(
            (one for one in evidence.authorities if one.name == evidence.pdf_signer.authority), None
        )
        signer = PdfSigner(
            workspace.folder / evidence.pdf_signer.pkcs12,
            workspace.pdf_passphrase,
            stamper.url if stamper and stamper.url != "local" else "",
        )
    return Order(
        title,
        reference,
        by,
        f"export of case {reference}",
        organisation=evidence.organisation,
        language=evidence.language,
        time_zone=evidence.time_zone,
        pdf_signer=signer,
    )


def _about_stamps(summary: BundleSummary) -> str:
    """What a reader of the list of bundles must know about their time stamps; empty when all is well."""
    notes = [
        f"{one.authority}: no stamp ({one.problem})"
        if one.stamp is None
        else f"{one.authority}: no legal value"
        for one in summary.stamped
        if one.stamp is None or not one.stamp.has_legal_value
    ]
    return "; ".join(notes or ([] if summary.stamped else ["no time stamp: no authority is configured"]))


_local_authority_lock = threading.Lock()


def _authority(workspace: Workspace, one: Authority, now: Clock) -> TimestampAuthority:
    if one.url == "local":
        with _local_authority_lock:
            return LocalAuthority(workspace.folder / "local-authority", now=now, name=one.name)
    if one.roots is None:
        raise NotConfigured(
            f"The authority {one.name} has no roots to verify its stamps with",
            hint='Name a PEM file: roots = "trust/….pem" (never a web trust store).',
        )
    try:
        roots = (workspace.folder / one.roots).read_bytes()
    except OSError as error:
        raise NotConfigured(f"The roots of {one.name} cannot be read: {error}") from error
    try:
        return HttpAuthority(one.name, one.url, roots)
    except TimestampError as error:
        raise NotConfigured(str(error), hint=error.hint) from error


def _look(data: bytes) -> PictureLook:
    quality = quality_of(data)
    unreadable = render(quality.unreadable) if quality.unreadable else ""
    return PictureLook(quality.width, quality.height, quality.media_type, quality.warnings, unreadable)
