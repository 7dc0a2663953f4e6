"""Which implementation stands behind each port of crawling and matching; `evidence` does the same for evidence."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlmodel import Session

import crawlers.registry
from crawlers.adapter import Adapter
from crawlers.auth import Auth
from crawlers.crawl import Fetches
from crawlers.errors import BadSource
from crawlers.fetch.fetcher import Fetcher, Identity, Manner
from crawlers.fetch.records import DnsRecords
from crawlers.fetch.rendering import RenderingFetcher, RenderingOptions, open_renderer
from crawlers.fetch.signing import Credential
from crawlers.fetch.tokens import TokenCache
from crawlers.fetch.transport import http_transport
from evidence_store.blobs import store as blob_door
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.errors import StoreError
from evidence_store.exhibit import Operator
from ipguard import __version__
from ipguard.capture import Recorder
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.enquiries import Informants, registries
from ipguard.errors import WrongUse
from ipguard.evidence import Clock, EvidenceVault
from ipguard.flagging import Desk
from ipguard.forgetting import Forgotten, forget_stale
from ipguard.hunting.hunt import HuntKit
from ipguard.hunting.hunt import Progress as HuntProgress
from ipguard.jobs.claims import Claim
from ipguard.looking import Eyes
from ipguard.lookout import Lookout
from ipguard.matching.finding import PicturePlace
from ipguard.matching.images import trials
from ipguard.matching.images.draw import explanations
from ipguard.matching.images.embedding import Model
from ipguard.matching.images.eye import Asked
from ipguard.matching.images.quality import quality_of
from ipguard.matching.reasons import render
from ipguard.rights.store import (
    Imported,
    PictureLook,
    ReferencePicture,
    import_watchlist,
    load_pictures,
    note_trials,
    pictures_of,
    read_pictures,
)
from ipguard.rights.tables import PictureRow
from ipguard.rights.watchlist import load_watchlist
from ipguard.settings import Workspace
from ipguard.sources.answers import DatabaseAnswers
from ipguard.sources.credentials import credentials_of
from ipguard.sources.keys import Keys, load_keys
from ipguard.sources.pace import DatabasePace
from ipguard.sources.quota import DatabaseQuota
from ipguard.sources.store import RENDERED, list_sources, wants_rendering
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

    def erase(self, sha256: str) -> None:
        """Take bytes away for good, where nothing shows them any more."""
        self._blobs.erase(sha256)


class RegionDrawer:
    """Draws the matched place beside the reference, the agreeing points, and one laid over the other."""

    def draw(self, picture: bytes, reference: bytes, place: PicturePlace) -> dict[str, bytes]:
        """View → JPEG."""
        return explanations(picture, reference, place)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Everything a job needs to run sources."""

    kit: Kit

    async def run(self, claim: Claim) -> SourceReport:
        """Run one claimed source; hundreds may run on one event loop."""
        return await sweep_source(self.kit, claim)


def add_watchlist(
    workspace: Workspace,
    file: Path,
    *,
    now: Clock,
    self_test: trials.Advance | None = None,
    changing: bool = False,
    also: Callable[[Session, Imported], None] = lambda _session, _done: None,
) -> Imported:
    """Read a watchlist file and its pictures, and take all of it or nothing.

    Args:
        workspace: its database and picture store.
        file: the watchlist; its pictures lie beside it.
        now: the time.
        self_test: looks for altered copies of every picture first, and is told how far that is.
        changing: paused works stay so, and known pictures keep what was said about them.
        also: is done in the same transaction, at its end.
    """
    watchlist = load_watchlist(file)
    store = PictureStore(workspace.pictures)
    pictures = read_pictures(watchlist, _look, store.put)
    engine = make_engine(workspace.database_url)
    try:
        if self_test is not None:
            pictures = _examined(engine, store, pictures, self_test)
        with transaction(engine) as session:
            done = import_watchlist(session, watchlist, pictures, now=now(), changing=changing)
            also(session, done)
            return done
    finally:
        engine.dispose()


def try_references(
    workspace: Workspace, database: Engine, work: str, advance: trials.Advance, *, all_of_them: bool
) -> None:
    """Look for altered copies of the pictures of a work, of those not tested yet or of all, and write down the result.

    Raises:
        WrongUse: a picture is gone from the store.
    """
    store = PictureStore(workspace.pictures)
    with reading(database) as session:
        mine = pictures_of(session, work)
        wanted = [row for row in mine if all_of_them or not _tested(row)]
        others = [row for row in (*mine, *load_pictures(session)) if row not in wanted]
        known = [_added(store, row) for row in others]
        added = [_added(store, row) for row in wanted]
    if not added:
        return
    said = trials.examine(added, known, advance=advance)
    with transaction(database) as session:
        note_trials(session, work, {digest: reasons for (_, digest), reasons in said.items()})


def _added(store: PictureStore, row: PictureRow) -> trials.Added:
    return trials.Added(row.work_id, row.sha256, row.file_name, store.get(row.sha256))


def _tested(row: PictureRow) -> bool:
    return any(note["code"] == "reference.self_test" for note in row.warnings)


def keys_of(workspace: Workspace) -> Keys:
    """Keys of sources that want one, as they are at this moment."""
    return load_keys(os.environ, workspace.folder / workspace.settings.crawling.keys)


def _told(workspace: Workspace, source: SourceRow, auth: Auth | None) -> Mapping[str, Credential]:
    """What the hosts of a source are told; no key file is looked at for one that is asked by anybody."""
    if auth is None:
        return {}
    try:
        return credentials_of(source, auth, keys_of(workspace))
    except WrongUse as error:
        raise BadSource(str(error), hint=error.hint) from error


def identity(workspace: Workspace) -> Identity:
    """How we introduce ourselves."""
    crawling = workspace.settings.crawling
    return Identity(__version__, crawling.contact_url, crawling.contact_mail)


@contextmanager
def looking_out(
    workspace: Workspace, database: Engine, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Iterator[Lookout]:
    """The one lookout of a process, shared by its jobs; `progress` tells of references that are described."""
    lookout = Lookout(
        database,
        PictureStore(workspace.pictures),
        workspace.folder / "index",
        asked=asked_beside(workspace),
        progress=progress,
    )
    try:
        yield lookout
    finally:
        lookout.close()


def asked_beside(workspace: Workspace) -> Asked:
    """What the settings ask of pictures beside hashes and features."""
    matching = workspace.settings.matching
    given = matching.embeddings
    if given is None:
        return Asked(matching.ocr)
    model = Model(workspace.folder / given.model, given.size, given.mean, given.deviation, given.threshold)
    return Asked(matching.ocr, model, str(workspace.folder / "index-vectors"))


def make_desk(
    workspace: Workspace, database: Engine, lookout: Lookout, *, operator: Operator, now: Clock
) -> Desk:
    """What flagging needs."""
    pictures = PictureStore(workspace.pictures)
    recorder = Recorder(pictures, RegionDrawer(), operator, workspace.settings.evidence.legal_basis)
    eyes, vault = Eyes(database, pictures, now), EvidenceVault(workspace, now)
    return Desk(database, lookout.watch, eyes, recorder, vault, now)


def make_sweeper(
    workspace: Workspace,
    database: Engine,
    lookout: Lookout,
    *,
    operator: Operator,
    now: Clock,
    progress: Progress,
    stopping: Callable[[], bool] = lambda: False,
) -> Sweeper:
    """Put a sweep together, for the watchlist as it is and as it becomes; `stopping` ends runs at their next step."""
    pictures = PictureStore(workspace.pictures)
    desk = make_desk(workspace, database, lookout, operator=operator, now=now)
    tokens = TokenCache()

    @asynccontextmanager
    async def open_fetcher(source: SourceRow, adapter: Adapter) -> AsyncIterator[Fetches]:
        hosts = (
            frozenset(urlsplit(f"//{host}").hostname or "" for host in adapter.hosts)
            if source.local
            else frozenset()
        )
        policy, own = adapter.policy, workspace.settings.crawling.min_gap_seconds
        gap = max(source.min_gap_seconds, *(() if source.local else (own, policy.min_gap_seconds)), 0.0)
        rendered = policy.rendered or wants_rendering(source)
        answers = DatabaseAnswers(database)
        answers.keep_bounds(now())
        manner = Manner(
            identity(workspace),
            DatabasePace(database),
            now,
            min_gap_seconds=gap,
            credentials=_told(workspace, source, policy.auth),
            tokens=tokens,
            answers=answers if policy.may_store_raw and not rendered else None,
            quota=DatabaseQuota(database),
            per_day=dict.fromkeys(adapter.hosts, policy.per_day),
        )
        async with http_transport(now=now, local_hosts=hosts) as transport:
            fetcher = Fetcher(transport, manner)
            if not rendered:
                yield fetcher
                return
            who = manner.identity.headers()[0][1]
            options = RenderingOptions(workspace.settings.crawling.chromium, who)
            async with open_renderer(options, now=now, local_hosts=hosts) as renderer:
                yield RenderingFetcher(fetcher, renderer)

    spool_of = partial(Spool, workspace.folder / "spool")
    crawling = workspace.settings.crawling
    file = workspace.folder / crawling.rdap_services if crawling.rdap_services else None
    asked = Informants(registries(file), DnsRecords(now, crawling.servers))
    return Sweeper(
        Kit(
            database,
            desk,
            pictures,
            open_fetcher,
            partial(adapter_of, workspace),
            spool_of,
            now,
            asked,
            progress,
            stopping,
        )
    )


def adapter_of(workspace: Workspace, source: SourceRow) -> Adapter:
    """What reads a source.

    Raises:
        BadSource: it cannot work as it is configured.
    """
    return crawlers.registry.build_adapter(
        source.adapter,
        source.base_url,
        {name: value for name, value in source.options.items() if name != RENDERED},
        min_gap_seconds=max(source.min_gap_seconds, 0.001),
        recipes=(workspace.marketplaces,),
    )


def forget(workspace: Workspace, database: Engine, *, now: Clock, dry_run: bool = False) -> list[Forgotten]:
    """Let go of what each source's terms do not let us keep for longer; sources whose reader is gone are left alone."""
    erase = PictureStore(workspace.pictures).erase
    with reading(database) as session:
        rows = list_sources(session)
    found = []
    for source in rows:
        try:
            days = adapter_of(workspace, source).policy.retain_days
        except BadSource:
            continue
        found.append(forget_stale(database, source.id, days, now=now(), erase=erase, dry_run=dry_run))
    return found


def sellers_not_followed(workspace: Workspace, sources: Iterable[SourceRow]) -> frozenset[str]:
    """Sources whose terms do not let us tell sellers apart; those whose adapter is gone count as such."""
    closed = set()
    for source in sources:
        try:
            followed = adapter_of(workspace, source).policy.may_profile_seller
        except BadSource:
            followed = False
        if not followed:
            closed.add(source.id)
    return frozenset(closed)


def make_hunt(
    workspace: Workspace,
    database: Engine,
    lookout: Lookout,
    *,
    operator: Operator,
    owner: str,
    now: Clock,
    stop: threading.Event | None = None,
    progress: HuntProgress = lambda _what, _done, _of: None,
) -> HuntKit:
    """Put a hunt together; `stop` ends it at its next step."""
    desk = make_desk(workspace, database, lookout, operator=operator, now=now)
    spool_of = partial(Spool, workspace.folder / "spool")
    return HuntKit(database, desk, spool_of, owner, stop or threading.Event(), progress)


def _examined(
    engine: Engine, store: PictureStore, pictures: Sequence[ReferencePicture], advance: trials.Advance
) -> tuple[ReferencePicture, ...]:
    """The same pictures with what the self-test says about them, among all that is watched already."""
    works = {picture.work for picture in pictures}
    with reading(engine) as session:
        rows = [row for row in load_pictures(session) if row.work_id not in works]
    known = [_added(store, row) for row in rows]
    added = [trials.Added(p.work, p.sha256, p.file_name, store.get(p.sha256)) for p in pictures]
    said = trials.examine(added, known, advance=advance)
    return tuple(
        replace(p, look=replace(p.look, warnings=(*p.look.warnings, *said[p.work, p.sha256])))
        for p in pictures
    )


def _look(data: bytes) -> PictureLook:
    quality = quality_of(data)
    unreadable = render(quality.unreadable) if quality.unreadable else ""
    return PictureLook(quality.width, quality.height, quality.media_type, quality.warnings, unreadable)
