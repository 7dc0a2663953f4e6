"""What ships with the adapter port: the contract every adapter passes, and saved pages as folders.

A saved page is a folder `tests/pages/<adapter>/<case>/` with `exchange.json`, `body` and `expected.json`; each field
that is expected becomes one test, so a redesigned shop shows up as "price, seller failed" and not as a wall of JSON.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from dataclasses import replace

import pytest

from crawlers.adapter import Adapter, Outcome, Page, Query
from crawlers.crawl import Course, Step, crawl
from crawlers.exchange import Exchange, Request
from crawlers.saved import FROZEN, SavedPage, saved_pages

__all__ = ["FROZEN", "AdapterContract", "SavedPage", "saved_pages"]
MOST_REQUESTS = 60
"""Requests after which a crawl of one and the same answer has not ended."""


class AdapterContract(ABC):
    """What every adapter promises. Subclass, give an adapter and its saved pages."""

    @pytest.fixture
    @abstractmethod
    def adapter(self) -> Adapter:
        """The adapter under test."""

    @pytest.fixture
    @abstractmethod
    def saved(self) -> list[SavedPage]:
        """Its saved pages."""

    def test_it_has_a_policy_hosts_and_a_version(self, adapter: Adapter) -> None:
        """Whoever asks must know what is allowed."""
        assert adapter.policy.access in "ABCD"
        assert adapter.policy.min_gap_seconds > 0
        assert adapter.hosts
        assert adapter.version

    def test_it_begins_with_requests_on_its_own_hosts(self, adapter: Adapter) -> None:
        """Nothing foreign is asked first."""
        for text in ("", "星灯", "a b&c=d"):
            requests = adapter.start(Query(text))
            assert requests
            assert all(request.url.split("/")[2] in adapter.hosts for request in requests)

    def test_the_same_answer_reads_the_same_twice(self, adapter: Adapter, saved: list[SavedPage]) -> None:
        """Reading is pure."""
        for page in saved:
            assert adapter.read(page.exchange) == adapter.read(page.exchange)

    def test_ids_are_unique_on_a_page_and_stay_under_tracking(
        self, adapter: Adapter, saved: list[SavedPage]
    ) -> None:
        """One listing is one listing."""
        for page in saved:
            read = adapter.read(page.exchange).listings
            assert len({one.id for one in read}) == len(read)
            url = (
                page.exchange.url + ("&" if "?" in page.exchange.url else "?") + "utm_source=x&gclid=1&spm=2"
            )
            tracked = adapter.read(replace(page.exchange, url=url)).listings
            assert [one.id for one in tracked] == [one.id for one in read]

    def test_a_price_says_where_it_was_read(self, adapter: Adapter, saved: list[SavedPage]) -> None:
        """Amount and currency come from one place, and it is named."""
        for page in saved:
            for listing in adapter.read(page.exchange).listings:
                assert listing.price is None or (listing.price.read_from and listing.price.amount >= 0)

    def test_reading_raises_for_nothing_a_server_can_say(
        self, adapter: Adapter, saved: list[SavedPage]
    ) -> None:
        """Cut, mixed and mangled answers are outcomes."""
        dice = random.Random(9309)  # noqa: S311 — the same every time
        for page in saved:
            for _ in range(12):
                body = bytearray(page.exchange.body or b"x")
                for _ in range(dice.randint(1, 8)):
                    body[dice.randrange(len(body))] = dice.randrange(256)
                mangled = bytes(body[: dice.randint(0, len(body))])
                status = dice.choice((200, 200, 404, 410, 418))
                assert isinstance(adapter.read(replace(page.exchange, body=mangled, status=status)), Page)

    def test_empty_blocked_and_changed_are_three_things(
        self, adapter: Adapter, saved: list[SavedPage]
    ) -> None:
        """Each of the outcomes has a saved page."""
        outcomes = {adapter.read(page.exchange).outcome for page in saved}
        assert {Outcome.OK, Outcome.EMPTY, Outcome.BLOCKED, Outcome.CHANGED} <= outcomes

    def test_a_crawl_ends_where_every_answer_is_the_same(
        self, adapter: Adapter, saved: list[SavedPage]
    ) -> None:
        """Paging that leads round and round stops by itself, long before the limit of a run."""
        for page in saved:
            course = Course(adapter, Query("lantern", max_pages=MOST_REQUESTS * 2), lambda: FROZEN)
            steps = asyncio.run(_crawled(course, _Same(page.exchange)))
            assert len(steps) < MOST_REQUESTS + len(adapter.read(page.exchange).requests), page.case


class _Same:
    """Answers whatever is asked in the same way."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def fetch(self, request: Request) -> Exchange:
        """The same answer, as if it had come from there."""
        return replace(self._exchange, request=request, url=request.url)


async def _crawled(course: Course, fetcher: _Same) -> list[Step]:
    steps: list[Step] = []
    async for step in crawl(course, fetcher):
        steps.append(step)
        if len(steps) > MOST_REQUESTS * 3:
            break
    return steps
