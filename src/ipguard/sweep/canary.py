"""The canary of a source: something that always yields a listing. Where it does not, nothing else can be relied on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

from crawlers.adapter import Adapter, Outcome, Query
from crawlers.crawl import Course, Fetches, crawl
from crawlers.exchange import Request
from crawlers.frontier import Change, Frontier, request_key
from ipguard.database.engine import transaction
from ipguard.jobs.claims import Claim, renew
from ipguard.sources.runs import Asked, write_step
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.sweep.kit import At, Kit

MOST_REQUESTS = 3
"""A canary costs no more: for example a currency, a list, and the first page of goods."""
WORST_FIRST = (Outcome.BLOCKED, Outcome.CHANGED, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Sung:
    """What became of a canary."""

    outcome: Outcome
    url: str
    note: str
    status: int | None
    listings: int


async def ask_canary(
    kit: Kit, claim: Claim, source: SourceRow, run: RunRow, adapter: Adapter, fetcher: Fetches
) -> None:
    """Ask once a run, before anything else, at the source's own pace, and write down what came.

    A source that asks for a pause is left to the crawl, which pauses the run; the canary is asked when it goes on.
    """
    if not source.canary or run.canary or run.crawled:
        return
    kit.progress(At(source.id, "canary", 0, 1))
    sung = await _listen(kit, source.canary, adapter, fetcher)
    if sung is not None:
        await asyncio.to_thread(_write, kit, claim, cast(int, run.id), sung)


async def _listen(kit: Kit, canary: str, adapter: Adapter, fetcher: Fetches) -> Sung | None:
    """None where the source asked for a pause before anything was found."""
    course = Course(adapter, Query(canary, max_pages=MOST_REQUESTS), kit.now)
    outcomes, notes, asked = [], [], 0
    last: tuple[str, int | None] = ("", None)
    async for step in crawl(course, fetcher, _beginning(canary)):
        if step.not_before is not None:
            return None
        asked += 1
        last = (step.request.url, step.exchange.status if step.exchange is not None else None)
        if step.read:
            return Sung(Outcome.OK, *_as_told(last, ""), step.read)
        outcomes.append(step.outcome)
        notes += [step.note] if step.note else []
        if asked >= MOST_REQUESTS:
            break
    outcome = next((one for one in WORST_FIRST if one in outcomes), Outcome.EMPTY)
    return Sung(outcome, *_as_told(last, " ".join(notes)), 0)


def _as_told(last: tuple[str, int | None], note: str) -> tuple[str, str, int | None]:
    return last[0], note, last[1]


def _beginning(canary: str) -> Frontier | None:
    """A frontier that holds the address; None for words, with which the adapter begins."""
    if not canary.startswith(("http://", "https://")):
        return None
    frontier, request = Frontier(), Request(canary)
    frontier.apply(Change(requests=(request,), urls=(request_key(request),)))
    return frontier


def _write(kit: Kit, claim: Claim, run_id: int, sung: Sung) -> None:
    now = kit.now()
    with transaction(kit.database) as session:
        renew(session, claim, now)
        run = session.get_one(RunRow, run_id)
        write_step(
            session,
            run,
            Asked("canary", sung.url, sung.outcome.value, sung.note, sung.status, sung.listings),
            now,
        )
        run.canary = sung.outcome.value
        session.add(run)
