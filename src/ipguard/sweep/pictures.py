"""Pictures of one run: each address fetched once, looked at at once, and kept by content."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from crawlers.crawl import Fetches
from crawlers.errors import CrawlError, RetryLater, Unreachable
from crawlers.exchange import Exchange, Purpose, Request
from ipguard.capture import sniffed, wire_exchanges
from ipguard.database.engine import reading, transaction
from ipguard.flagging import flag, picture_name
from ipguard.jobs.claims import Claim, renew
from ipguard.listings.pictures import Wanted, fetched_before, keep_picture, skip_picture, wanted
from ipguard.listings.store import judge_again
from ipguard.listings.tables import ListingPictureRow
from ipguard.matching.sellers import host_of
from ipguard.sources.runs import Asked, write_step
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.spool import Spool
from ipguard.sweep.kit import At, Kit

SHORT_PAUSE_SECONDS = 60.0
TRIES = 3
PICTURES_A_TURN = 20
"""Pictures fetched before what they complete is judged, so that alerts come while a long run goes on."""


async def fetch_pictures(
    kit: Kit, claim: Claim, source: SourceRow, run: RunRow, fetcher: Fetches, spool: Spool
) -> None:
    """Fetch what this run's listings show and nobody has fetched, and look at each at once.

    A host that asks for a pause is left alone: its pictures stay wanted, and the next run asks for them.
    """
    run_id, after, done = cast(int, run.id), 0, 0
    resting: set[str] = set()
    while True:
        await asyncio.to_thread(flag_run, kit, claim, source, run_id, seen_whole=True)
        rows = await asyncio.to_thread(_wanted, kit, run_id, after)
        if not rows:
            return
        for row in rows:
            if host_of(row.url) not in resting:
                try:
                    await _fetch_picture(kit, claim, run_id, row, fetcher, spool)
                except RetryLater as error:
                    resting.add(host_of(row.url))
                    again = f"{error} The next run asks again."
                    await asyncio.to_thread(_skip, kit, claim, run_id, row.url, again, None, ever=False)
            done += 1
            kit.progress(At(source.id, "pictures", done, max(done, len(rows))))
            kit.go_on()
        after = rows[-1].id


async def _fetch_picture(
    kit: Kit, claim: Claim, run_id: int, row: Wanted, fetcher: Fetches, spool: Spool
) -> None:
    before = await asyncio.to_thread(_had, kit, row.url)
    if before is not None and before.sha256 is not None:
        await asyncio.to_thread(
            _keep,
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
        ever = not isinstance(error, Unreachable)
        await asyncio.to_thread(_skip, kit, claim, run_id, row.url, str(error), None, ever=ever)
        return
    if answer.status != 200 or not answer.body:
        words = f"answered with status {answer.status}" if answer.status != 200 else "answered with nothing"
        ever = answer.status < 500
        await asyncio.to_thread(_skip, kit, claim, run_id, row.url, words, answer.status, ever=ever)
        return
    await asyncio.to_thread(_take, kit, claim, run_id, row, answer, spool)


def _take(kit: Kit, claim: Claim, run_id: int, row: Wanted, answer: Exchange, spool: Spool) -> None:
    """Keep the bytes and what was said on the wire, then look."""
    sha256 = kit.pictures.put(answer.body)
    spool.put(picture_name(sha256), wire_exchanges(answer))
    seen = kit.desk.look(sha256)
    cut = f"it was cut ({answer.truncated}). " if answer.truncated else ""
    outcome, note = ("skipped", f"{cut}{seen.skipped}") if seen.skipped or cut else ("ok", "")
    asked = Asked("picture", row.url, outcome, note, answer.status)
    _keep(kit, claim, run_id, row.url, sha256, sniffed(answer.body), asked)


def _wanted(kit: Kit, run_id: int, after: int) -> list[Wanted]:
    with reading(kit.database) as session:
        return wanted(session, run_id, after, PICTURES_A_TURN)


def _had(kit: Kit, url: str) -> ListingPictureRow | None:
    with reading(kit.database) as session:
        return fetched_before(session, url)


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


def flag_run(kit: Kit, claim: Claim, source: SourceRow, run_id: int, *, seen_whole: bool = False) -> None:
    """Judge what was read, and count the alerts that are new."""
    raised = flag(kit.desk, claim, source, run_id, kit.spool_of, seen_whole=seen_whole)
    new = sum(1 for alert in raised if alert.new)
    if new:
        with transaction(kit.database) as session:
            row = session.get_one(RunRow, run_id)
            row.new_alerts += new
            session.add(row)
