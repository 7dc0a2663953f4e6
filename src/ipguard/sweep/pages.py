"""Pages of one run: asked from where it stands, and every step written down in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import cast

from crawlers.adapter import Adapter, Outcome, Query
from crawlers.coverage import added
from crawlers.crawl import Course, Fetches, Step, crawl
from crawlers.exchange import State
from crawlers.listing import Listing
from ipguard.capture import wire_exchanges
from ipguard.database.engine import reading, transaction
from ipguard.flagging import step_name
from ipguard.jobs.claims import Claim, renew
from ipguard.listings.store import keep_listings
from ipguard.matching.judge import worth_keeping
from ipguard.sources.runs import Asked, end_crawl, frontier_of, keep_change, write_step
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.spool import Spool
from ipguard.sweep.kit import At, Kit


async def ask_pages(
    kit: Kit, claim: Claim, source: SourceRow, run: RunRow, adapter: Adapter, fetcher: Fetches, spool: Spool
) -> datetime | None:
    """Ask for pages until a stop rule says enough; returns until when the source asked us to wait."""
    if run.crawled:
        return None
    pause, kept = None, 0
    async for step in _steps(kit, source, run, adapter, fetcher):
        kept += await asyncio.to_thread(_write, kit, claim, cast(int, run.id), adapter, step, spool)
        asked, left = step.frontier.pages, len(step.frontier.pending)
        kit.progress(At(source.id, "pages", asked, asked + left, kept))
        pause = step.not_before
        kit.go_on()
    return pause


async def _steps(
    kit: Kit, source: SourceRow, run: RunRow, adapter: Adapter, fetcher: Fetches
) -> AsyncIterator[Step]:
    """Steps from where the run stands; a frontier that cannot be read any more begins anew."""
    with reading(kit.database) as session:
        frontier = frontier_of(session, run)
    query = Query(
        source.query,
        max_pages=adapter.policy.pages_a_run,
        position=cast("State | None", source.position),
    )

    def sift(listings: Sequence[Listing]) -> list[Listing]:
        return worth_keeping(kit.desk.watching(), listings)

    async for step in crawl(Course(adapter, query, kit.now, sift), fetcher, frontier):
        yield step


def _write(kit: Kit, claim: Claim, run_id: int, adapter: Adapter, step: Step, spool: Spool) -> int:
    """Write one step down: listings, report and frontier in one transaction; returns how many listings were kept."""
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
        kept = keep_listings(
            session,
            claim.source_id,
            step.listings,
            read_by=f"{adapter.name}@{adapter.version}",
            run_id=run_id,
            step=position,
            now=now,
            follow_seller=adapter.policy.may_profile_seller,
        )
        run.read += step.read
        run.listings += len(kept)
        run.new_listings += sum(1 for one in kept if one.new)
        before = {name: (have, of) for name, (have, of) in run.coverage.items()}
        run.coverage = {name: list(count) for name, count in added(before, step.coverage).items()}
        if step.stopped or not step.frontier.pending:
            end_crawl(session, run, step.stopped)
        else:
            keep_change(session, run, position, step.change)
        session.add(run)
        if step.change.position is not None:
            session.get_one(SourceRow, claim.source_id).position = dict(step.change.position)
    return len(kept)


def _outcome(step: Step) -> str:
    """A page that was never asked for (robots.txt, address) is one skipped; a shop that answers "no" blocks us."""
    return "skipped" if step.exchange is None and step.outcome is Outcome.BLOCKED else step.outcome.value
