"""One hop: wait for the turn of a host, sign, send, strike keys out, put on record, heed what it says about pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from crawlers.errors import CrawlError, RetryLater, Unreachable
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch import pace as pacing
from crawlers.fetch.answers import (
    MAX_AGE,
    Kept,
    conditions,
    key_of,
    may_ask,
    still_stands,
    unchanged,
    worth_keeping,
)
from crawlers.fetch.manner import Manner
from crawlers.fetch.pace import Turn
from crawlers.fetch.quota import day_of, next_day
from crawlers.fetch.signing import Signed, struck_text, withheld
from crawlers.fetch.transport import Transport
from crawlers.fetch.urls import host_of

NOT_COUNTED = frozenset({Purpose.ROBOTS, Purpose.PICTURE})
"""Purposes that spend nothing of a day's requests: those are about what adapters ask."""


class Sender:
    """Sends one request at a time a host; knows nothing of robots.txt or redirects."""

    def __init__(self, transport: Transport, manner: Manner, journal: Callable[[Exchange], None]) -> None:
        self._transport, self._manner, self._journal = transport, manner, journal
        self._turns: dict[str, asyncio.Lock] = {}

    async def ask(self, request: Request, signed: Signed, gap_seconds: float) -> Exchange:
        """One hop, asked with “has it changed?” where an earlier answer is kept.

        Raises:
            RetryLater: the host asks for a pause, is not free soon, keeps failing, or was asked enough for today.
            AddressRefused, Unreachable: nothing usable came.
        """
        answers = self._manner.answers
        if answers is None or not may_ask(request):
            return await self.exchange(request, signed, gap_seconds)
        key = key_of(request)
        kept = answers.get(key, self._manner.now() - MAX_AGE)
        answer = await self.exchange(request, _asking(signed, kept), gap_seconds)
        if answer.status == 304 and kept is not None:
            if still_stands(kept, answer):
                return unchanged(kept, answer)
            answers.forget(key)  # it speaks of another answer than ours
            answer = await self.exchange(request, signed, gap_seconds)
        if worth_keeping(answer):
            answers.put(key, Kept(answer))
        elif kept is not None and answer.status < 500:
            answers.forget(key)
        return answer

    async def exchange(
        self, request: Request, signed: Signed, gap_seconds: float, *, recorded: bool = True
    ) -> Exchange:
        """Send when it is the host's turn, and put on record what may be; `recorded` False puts nothing there.

        Raises:
            RetryLater, AddressRefused, Unreachable: as `ask` does.
        """
        host, manner = host_of(request.url), self._manner
        async with self.turn(host):
            turn = await self.wait(host, gap_seconds, request.url)
            if request.purpose not in NOT_COUNTED and recorded:
                await self._spend(host, request.url)
            headers = (*manner.identity.headers(), *signed.headers)
            try:
                answer = await self._transport.send(signed.request, headers, manner.limits[request.purpose])
            except CrawlError as error:
                error.args, error.url = (struck_text(str(error), signed.secrets),), request.url
                if isinstance(error, Unreachable):
                    manner.pace.failed(host, str(error), manner.now())
                raise
        answer = withheld(answer, request, signed) if signed.request is not request else answer
        if recorded:
            self._journal(answer)
        self._heed(host, answer, turn, gap_seconds)
        return answer

    async def wait(self, host: str, gap_seconds: float, url: str) -> Turn:
        """Wait for the host's turn. Hold its `turn` lock meanwhile.

        Raises:
            RetryLater: it comes too late to be waited for.
        """
        manner = self._manner
        now = manner.now()
        turn = manner.pace.reserve(host, gap_seconds, now, manner.longest_wait_seconds)
        wait = (turn.at - now).total_seconds()
        if wait > manner.longest_wait_seconds:
            why = f" It keeps failing: {turn.why}" if turn.since is not None else ""
            raise RetryLater(
                f"{host} is not to be asked before {turn.at:%H:%M:%S} UTC.{why}", not_before=turn.at, url=url
            )
        if wait > 0:
            await manner.sleep(wait)
        return turn

    def turn(self, key: str) -> asyncio.Lock:
        """Held by whoever asks a host, reads its robots.txt, or fetches its token."""
        return self._turns.setdefault(key, asyncio.Lock())

    async def _spend(self, host: str, url: str) -> None:
        manner = self._manner
        limit = manner.per_day.get(host)
        while limit is not None and not manner.quota.spend(host, limit, day_of(manner.now())):
            now = manner.now()
            until = next_day(now)
            if (until - now).total_seconds() > manner.longest_wait_seconds:
                raise RetryLater(
                    f"{host} was asked {limit:,} times today, which is what is allowed; it goes on at "
                    f"{until:%H:%M} UTC on {until:%Y-%m-%d}.",
                    not_before=until,
                    url=url,
                )
            await manner.sleep((until - now).total_seconds())

    def _heed(self, host: str, answer: Exchange, turn: Turn, gap_seconds: float) -> None:
        """Close the host's circuit, or count a failure and pause where it asks for that."""
        pace, now = self._manner.pace, self._manner.now()
        said = pacing.retry_after(answer.header("retry-after"), now) or pacing.limit_reached(
            answer.header("x-ratelimit-remaining"), answer.header("x-ratelimit-reset"), now
        )
        if answer.status not in (429, 503) and not (answer.status == 403 and said):  # GitHub says it with 403
            if turn.failures:
                pace.fine(host, gap_seconds, now)
            return
        state = pace.failed(host, f"it answered {answer.status}.", now)
        until = said or pacing.back_off(state.failures, now)
        if state.since is not None:
            until = max(until, state.at)
        pace.postpone(host, until)
        raise RetryLater(
            f"{host} answered {answer.status} and asks for a pause until {until:%H:%M:%S} UTC.",
            not_before=until,
            url=answer.url,
        )


def _asking(signed: Signed, kept: Kept | None) -> Signed:
    """The same request with the conditions of a kept answer, if there is one."""
    if kept is None:
        return signed
    request = replace(signed.request, headers=(*signed.request.headers, *conditions(kept)))
    return replace(signed, request=request)
