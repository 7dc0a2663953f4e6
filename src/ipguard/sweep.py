"""One source, from its turn to its alerts, readable top to bottom: crawl, write down, look at pictures, flag, end.

Every step of a crawl is one transaction: what was read, the report, and the frontier from which to go on. So a
process may be killed anywhere; the next one goes on from the last step and doubles nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Engine

from crawlers.adapter import Adapter, Outcome, Query
from crawlers.crawl import Course, Fetches, Frontier, Step, crawl
from crawlers.errors import BadSource, CrawlError, RetryLater, Unreachable
from crawlers.exchange import Exchange, Purpose, Request, State
from crawlers.listing import Listing
from ipguard.capture import Pictures, sniffed, wire_exchanges
from ipguard.database.engine import reading, transaction
from ipguard.enquiries import Informants, enquire
from ipguard.flagging import Desk, flag, picture_name, step_name
from ipguard.jobs.claims import Claim, fail, finish, renew
from ipguard.listings.pictures import Wanted, fetched_before, keep_picture, skip_picture, wanted
from ipguard.listings.store import judge_again, keep_listings, mark_gone
from ipguard.looking import catch_up
from ipguard.matching.judge import worth_keeping
from ipguard.matching.sellers import host_of
from ipguard.sources.runs import (
    TROUBLES,
    Asked,
    Tally,
    begin_run,
    end_run,
    listings_before,
    run_note,
    skipped_steps,
    tally,
    write_step,
)
from ipguard.sources.store import SHORTEST_INTERVAL
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.spool import Spool

SHORT_PAUSE_SECONDS = 60.0
TRIES = 3
PICTURES_A_TURN = 20
"""Pictures fetched before what they complete is judged, so that alerts come while a long run goes on."""
STOPPED = "stopped"
"""Kept beside the frontier: why the crawl ended although more was to be asked, or empty."""

Progress = Callable[[str, int, int], None]
"""Told (source, things asked, things known of)."""
OpenFetcher = Callable[[SourceRow, Adapter], AbstractAsyncContextManager[Fetches]]


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
    progress: Progress = lambda _source, _done, _total: None


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


def sweep_source(kit: Kit, claim: Claim) -> SourceReport:
    """Run one claimed source to its end, or as far as it lets us.

    Raises:
        LeaseLost: another process runs it by now. Interrupted: disk or database take nothing more.
        BadSource: it cannot work as it is configured.
    """
    with transaction(kit.database) as session:
        renew(session, claim, kit.now())
        run = begin_run(session, claim.source_id, kit.now())
        source = session.get_one(SourceRow, claim.source_id)
    run_id = cast(int, run.id)
    spool = kit.spool_of(run_id)
    adapter = kit.adapter_of(source)
    pause = asyncio.run(_ask(kit, claim, source, run, adapter, spool))
    catch_up(kit.desk.eyes, kit.database, kit.desk.watching().pictures, run_id)
    _flag(kit, claim, source, run_id)
    report = _end(kit, claim, source, run_id, pause)
    if report.state != "waiting":
        spool.clear()
    return report


async def _ask(
    kit: Kit, claim: Claim, source: SourceRow, run: RunRow, adapter: Adapter, spool: Spool
) -> datetime | None:
    """Crawl pages, then fetch pictures; returns until when the source asked us to wait."""
    async with kit.open_fetcher(source, adapter) as fetcher:
        pause = None
        async for step in _steps(kit, source, run, adapter, fetcher):
            await asyncio.to_thread(_write, kit, claim, cast(int, run.id), adapter, step, spool)
            kit.progress(source.id, step.frontier.pages, step.frontier.pages + len(step.frontier.pending))
            pause = step.not_before
        await enquire(kit.database, kit.informants, fetcher, claim, cast(int, run.id), kit.now)
        await _fetch_pictures(kit, claim, source, cast(int, run.id), fetcher, spool)
    return pause


def _flag(kit: Kit, claim: Claim, source: SourceRow, run_id: int, *, seen_whole: bool = False) -> None:
    """Judge what was read, and count the alerts that are new."""
    raised = flag(kit.desk, claim, source, run_id, kit.spool_of, seen_whole=seen_whole)
    new = sum(1 for alert in raised if alert.new)
    if new:
        with transaction(kit.database) as session:
            row = session.get_one(RunRow, run_id)
            row.new_alerts += new
            session.add(row)


async def _steps(
    kit: Kit, source: SourceRow, run: RunRow, adapter: Adapter, fetcher: Fetches
) -> AsyncIterator[Step]:
    """Steps from where the run stands; a frontier that cannot be read any more begins anew."""
    frontier = None
    if run.frontier is not None:
        try:
            frontier = Frontier.from_json(run.frontier)
        except BadSource:
            frontier = None
    query = Query(
        source.query,
        max_pages=adapter.policy.pages_a_run,
        position=cast("State | None", source.position),
    )

    def sift(listings: Sequence[Listing]) -> list[Listing]:
        return worth_keeping(kit.desk.watching(), listings)

    async for step in crawl(Course(adapter, query, kit.now, sift), fetcher, frontier):
        yield step


def _write(kit: Kit, claim: Claim, run_id: int, adapter: Adapter, step: Step, spool: Spool) -> None:
    """Write one step down: listings, report and frontier in one transaction."""
    now = kit.now()
    notes = " ".join(part for part in (step.note, step.stopped) if part)
    with transaction(kit.database) as session:
        renew(session, claim, now)
        run = session.get_one(RunRow, run_id)
        if step.exchange is not None and step.listings:
            spool.put(step_name(run.steps + 1), wire_exchanges(step.exchange))
        status = step.exchange.status if step.exchange is not None else None
        asked = Asked("page", step.request.url, _outcome(step), notes, status, len(step.listings))
        position = write_step(session, run, asked, now)
        read_by = f"{adapter.name}@{adapter.version}"
        kept = keep_listings(
            session, claim.source_id, step.listings, read_by=read_by, run_id=run_id, step=position, now=now
        )
        run.read += step.read
        run.listings += len(kept)
        run.new_listings += sum(1 for one in kept if one.new)
        ended = bool(step.stopped) or not step.frontier.pending
        left = (
            Frontier(seen_ids=step.frontier.seen_ids, position=step.frontier.position)
            if ended
            else step.frontier
        )
        run.frontier = {**left.to_json(), STOPPED: step.stopped}
        session.add(run)
        if step.frontier.position is not None:
            session.get_one(SourceRow, claim.source_id).position = dict(step.frontier.position)


def _outcome(step: Step) -> str:
    """A page that was never asked for (robots.txt, address) is one skipped; a shop that answers "no" blocks us."""
    return "skipped" if step.exchange is None and step.outcome is Outcome.BLOCKED else step.outcome.value


async def _fetch_pictures(
    kit: Kit, claim: Claim, source: SourceRow, run_id: int, fetcher: Fetches, spool: Spool
) -> None:
    """Fetch what this run's listings show and nobody has fetched, and look at each at once.

    A host that asks for a pause is left alone: its pictures stay wanted, and the next run asks for them.
    """
    after = done = 0
    resting: set[str] = set()
    while True:
        await asyncio.to_thread(_flag, kit, claim, source, run_id, seen_whole=True)
        with reading(kit.database) as session:
            rows = wanted(session, run_id, after, PICTURES_A_TURN)
        if not rows:
            return
        for row in rows:
            if host_of(row.url) not in resting:
                try:
                    await _fetch_picture(kit, claim, run_id, row, fetcher, spool)
                except RetryLater as error:
                    resting.add(host_of(row.url))
                    _skip(kit, claim, run_id, row.url, f"{error} The next run asks again.", None, ever=False)
            done += 1
            kit.progress(source.id, done, max(done, len(rows)))
        after = rows[-1].id


async def _fetch_picture(
    kit: Kit, claim: Claim, run_id: int, row: Wanted, fetcher: Fetches, spool: Spool
) -> None:
    with reading(kit.database) as session:
        before = fetched_before(session, row.url)
    if before is not None and before.sha256 is not None:
        _keep(
            kit,
            claim,
            run_id,
            row.url,
            before.sha256,
            before.media_type,
            Asked("picture", row.url, "ok", "had it"),
        )
        return
    try:
        answer = await _picture(fetcher, row.url, kit.now)
    except RetryLater:
        raise
    except CrawlError as error:
        _skip(kit, claim, run_id, row.url, str(error), None, ever=not isinstance(error, Unreachable))
        return
    if answer.status != 200 or not answer.body:
        words = f"answered with status {answer.status}" if answer.status != 200 else "answered with nothing"
        _skip(kit, claim, run_id, row.url, words, answer.status, ever=answer.status < 500)
        return
    sha256 = await asyncio.to_thread(kit.pictures.put, answer.body)
    spool.put(picture_name(sha256), wire_exchanges(answer))
    seen = await asyncio.to_thread(kit.desk.look, sha256)
    cut = f"it was cut ({answer.truncated}). " if answer.truncated else ""
    outcome, note = ("skipped", f"{cut}{seen.skipped}") if seen.skipped or cut else ("ok", "")
    asked = Asked("picture", row.url, outcome, note, answer.status)
    _keep(kit, claim, run_id, row.url, sha256, sniffed(answer.body), asked)


async def _picture(fetcher: Fetches, url: str, now: Callable[[], datetime]) -> Exchange:
    """One picture; short pauses are sat out by the host's own pace."""
    for attempt in range(TRIES):
        try:
            return await fetcher.fetch(Request(url, Purpose.PICTURE))
        except RetryLater as error:
            if attempt + 1 == TRIES or error.not_before - now() > timedelta(seconds=SHORT_PAUSE_SECONDS):
                raise
    raise AssertionError("the loop returns or raises")


def _keep(kit: Kit, claim: Claim, run_id: int, url: str, sha256: str, media_type: str, asked: Asked) -> None:
    now = kit.now()
    with transaction(kit.database) as session:
        renew(session, claim, now)
        run = session.get_one(RunRow, run_id)
        write_step(session, run, asked, now)
        run.pictures += 1
        judge_again(session, keep_picture(session, url, sha256=sha256, media_type=media_type, now=now))


def _skip(kit: Kit, claim: Claim, run_id: int, url: str, why: str, status: int | None, *, ever: bool) -> None:
    """Put on record why a picture was not fetched; `ever`: asking again would change nothing."""
    now = kit.now()
    with transaction(kit.database) as session:
        renew(session, claim, now)
        run = session.get_one(RunRow, run_id)
        write_step(session, run, Asked("picture", url, "skipped", why, status), now)
        if ever:
            skip_picture(session, url, why, now)


def _saw_all(source: SourceRow, run: RunRow, sums: Tally) -> bool:
    """Whether what this run did not see is gone: every page was read, up to the last, and showed something.

    A search shows what it likes; a log shows what is new; a cap ends a run before the shop does; an empty shop is more
    likely broken.
    """
    return (
        sums.whole and not _stopped(run) and run.listings > 0 and not source.query and source.position is None
    )


def _stopped(run: RunRow) -> bool:
    """Whether a run ended although more was to be asked."""
    return run.frontier is not None and bool(run.frontier.get(STOPPED))


def _end(kit: Kit, claim: Claim, source: SourceRow, run_id: int, pause: datetime | None) -> SourceReport:
    """Say how it went, and when the source is looked at next."""
    now = kit.now()
    with transaction(kit.database) as session:
        run = session.get_one(RunRow, run_id)
        sums = tally(session, run)
        source = session.get_one(SourceRow, source.id)  # its position has moved
        before = listings_before(session, source.id, run_id)
        gone = 0
        if pause is not None:
            state, note = (
                "waiting",
                f"It asked us to wait until {pause:%Y-%m-%d %H:%M:%S} UTC; then it goes on.",
            )
            finish(session, claim, next_run_at=pause)
        elif sums.outcome in TROUBLES:
            state, note = "failed", run_note(sums, before=before, gone=0)
            fail(session, claim, note, now=now)
        else:
            gone = mark_gone(session, source.id, run_id, now) if _saw_all(source, run, sums) else 0
            state, note = (
                "finished",
                run_note(sums, before=before, gone=gone, grows=source.position is not None),
            )
            rest = timedelta(seconds=source.every_seconds)
            if source.position is not None and _stopped(run):  # behind what grows: it goes on soon
                rest = min(rest, SHORTEST_INTERVAL)
            finish(session, claim, next_run_at=now + rest)
        run = end_run(session, run_id, state, note, now)
        skipped = tuple(Skipped(step.url, step.outcome, step.note) for step in skipped_steps(session, run_id))
    return SourceReport(
        source.id,
        state,
        note,
        sums.pages,
        run.read,
        run.listings,
        run.new_listings,
        run.pictures,
        run.new_alerts,
        gone,
        skipped,
    )
