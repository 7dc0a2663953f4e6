"""One source, from its turn to its alerts, readable top to bottom: crawl, write down, look at pictures, flag, end.

Every step of a crawl is one transaction: what was read, the report, and the frontier from which to go on. So a
process may be killed anywhere; the next one goes on from the last step and doubles nothing.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import cast

from crawlers.adapter import Adapter
from ipguard.database.engine import transaction
from ipguard.enquiries import enquire
from ipguard.jobs.claims import Claim, fail, finish, renew
from ipguard.listings.store import mark_gone
from ipguard.looking import catch_up
from ipguard.matching.finding import Reason
from ipguard.sources.health import judge_run
from ipguard.sources.runs import (
    TROUBLES,
    Tally,
    begin_run,
    end_run,
    listings_before,
    run_reason,
    skipped_steps,
    tally,
)
from ipguard.sources.store import SHORTEST_INTERVAL
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.spool import Spool
from ipguard.sweep.canary import ask_canary
from ipguard.sweep.kit import At, Kit, Skipped, SourceReport
from ipguard.sweep.pages import ask_pages
from ipguard.sweep.pictures import fetch_pictures, flag_run


async def sweep_source(kit: Kit, claim: Claim) -> SourceReport:
    """Run one claimed source to its end, or as far as it lets us.

    Everything that takes the processor or the database for long leaves the event loop, so that hundreds of sources
    can share one.

    Raises:
        LeaseLost: another process runs it by now. Interrupted: disk or database take nothing more.
        BadSource: it cannot work as it is configured.
    """
    source, run = await asyncio.to_thread(_begin, kit, claim)
    run_id = cast(int, run.id)
    spool = kit.spool_of(run_id)
    adapter = kit.adapter_of(source)
    pause = await _ask(kit, claim, source, run, adapter, spool)
    report = await asyncio.to_thread(_conclude, kit, claim, source, run_id, pause)
    if report.state != "waiting":
        await asyncio.to_thread(spool.clear)
    kit.progress(At(source.id, report.state, report.pages, report.pages, report.listings))
    return report


def _begin(kit: Kit, claim: Claim) -> tuple[SourceRow, RunRow]:
    with transaction(kit.database) as session:
        renew(session, claim, kit.now())
        run = begin_run(session, claim.source_id, kit.now())
        return session.get_one(SourceRow, claim.source_id), run


async def _ask(
    kit: Kit, claim: Claim, source: SourceRow, run: RunRow, adapter: Adapter, spool: Spool
) -> datetime | None:
    """Canary, pages, then pictures; returns until when the source asked us to wait."""
    async with kit.open_fetcher(source, adapter) as fetcher:
        await ask_canary(kit, claim, source, run, adapter, fetcher)
        pause = await ask_pages(kit, claim, source, run, adapter, fetcher, spool)
        await enquire(kit.database, kit.informants, fetcher, claim, cast(int, run.id), kit.now)
        await fetch_pictures(kit, claim, source, run, fetcher, spool)
    return pause


def _conclude(kit: Kit, claim: Claim, source: SourceRow, run_id: int, pause: datetime | None) -> SourceReport:
    catch_up(kit.desk.eyes, kit.database, kit.desk.watching().pictures, run_id)
    flag_run(kit, claim, source, run_id)
    return _end(kit, claim, source, run_id, pause)


def _saw_all(source: SourceRow, run: RunRow, sums: Tally) -> bool:
    """Whether what this run did not see is gone: every page was read, up to the last, and showed something.

    A search shows what it likes; a log shows what is new; a cap ends a run before the shop does; an empty shop is more
    likely broken.
    """
    return (
        sums.whole and not run.stopped and run.listings > 0 and not source.query and source.position is None
    )


def _end(kit: Kit, claim: Claim, source: SourceRow, run_id: int, pause: datetime | None) -> SourceReport:
    """Say how it went, whether the source is well, and when it is looked at next."""
    now = kit.now()
    with transaction(kit.database) as session:
        run = session.get_one(RunRow, run_id)
        sums = tally(session, run)
        source = session.get_one(SourceRow, source.id)  # its position has moved
        before = listings_before(session, source.id, run_id)
        gone = 0
        if pause is not None:
            state, outcome = "waiting", ""
            code, why = ("run.waiting_why", {"why": sums.last}) if sums.last else ("run.waiting", {})
            reason = Reason(code, {"until": f"{pause:%Y-%m-%d %H:%M:%S}", **why})
            finish(session, claim, next_run_at=pause)
        elif sums.outcome in TROUBLES:
            state, outcome = "failed", sums.outcome
            reason = run_reason(sums, before=before, gone=0)
        else:
            gone = mark_gone(session, source.id, run_id, now) if _saw_all(source, run, sums) else 0
            state, outcome = "finished", sums.outcome
            reason = run_reason(sums, before=before, gone=gone, grows=source.position is not None)
            rest = timedelta(seconds=source.every_seconds)
            if source.position is not None and run.stopped:  # behind what grows: it goes on soon
                rest = min(rest, SHORTEST_INTERVAL)
            finish(session, claim, next_run_at=now + rest)
        run = end_run(session, run_id, state, [reason], now, outcome=outcome)
        if state == "failed":
            fail(session, claim, run.note, now=now)
        alarms = judge_run(session, run, now) if outcome else []
        skipped = tuple(Skipped(step.url, step.outcome, step.note) for step in skipped_steps(session, run_id))
    return SourceReport(
        source.id,
        state,
        run.note,
        sums.pages,
        run.read,
        run.listings,
        run.new_listings,
        run.pictures,
        run.new_alerts,
        gone,
        skipped,
        tuple(alarm.words() for alarm in alarms),
    )
