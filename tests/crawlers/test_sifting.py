"""What is not worth keeping leaves no listing and no request behind; what an adapter reads itself is no refusal."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.crawl import Course, Step, crawl
from crawlers.exchange import Exchange, Request
from crawlers.frontier import digest_of
from crawlers.listing import Listing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "https://code.example"
OPEN = Policy("A", "public-page")


@dataclass(frozen=True)
class Pages:
    """An adapter whose pages are scripted by path."""

    pages: dict[str, Page]
    policy: Policy = OPEN
    name: str = "scripted"
    version: str = "1"
    hosts: tuple[str, ...] = ("code.example",)

    def start(self, query: Query) -> list[Request]:
        return [Request(f"{BASE}/1")]

    def read(self, exchange: Exchange) -> Page:
        return self.pages[exchange.url.removeprefix(BASE)]


@dataclass
class Asked:
    status: int = 200

    def __post_init__(self) -> None:
        self.urls: list[str] = []

    async def fetch(self, request: Request) -> Exchange:
        self.urls.append(request.url.removeprefix(BASE))
        return Exchange(request, request.url, self.status, (), b"", NOON, NOON)


def one(name: str) -> Listing:
    return Listing(name, f"{BASE}/{name}", name)


def steps(course: Course, asked: Asked) -> list[Step]:
    async def run() -> list[Step]:
        return [step async for step in crawl(course, asked)]

    return asyncio.run(run())


def test_only_what_is_kept_becomes_a_listing_and_is_followed():
    lamp, star = Request(f"{BASE}/lamp", only_for="lamp"), Request(f"{BASE}/star", only_for="star")
    adapter = Pages(
        {
            "/1": Page(Outcome.OK, (one("lamp"), one("star")), (lamp, star, Request(f"{BASE}/2"))),
            "/star": Page(Outcome.OK),
            "/2": Page(Outcome.OK, (one("mug"),), position={"next": 2}),
        }
    )
    threads: set[int] = set()

    def sift(listings):
        threads.add(threading.get_ident())
        return [listing for listing in listings if listing.id == "star"]

    asked = Asked()
    taken = steps(Course(adapter, Query(), lambda: NOON, sift), asked)
    assert asked.urls == ["/1", "/star", "/2"]
    assert [[kept.id for kept in step.listings] for step in taken] == [["star"], [], []]
    assert [step.read for step in taken] == [2, 0, 1]
    assert taken[-1].frontier.seen_ids == {digest_of("star")}
    assert taken[-1].frontier.position == {"next": 2}
    assert threading.get_ident() not in threads


def test_who_sifts_nothing_follows_everything_that_belongs_to_a_listing():
    lamp = Request(f"{BASE}/lamp", only_for="lamp")
    asked = Asked()
    steps(
        Course(
            Pages({"/1": Page(Outcome.OK, (one("lamp"),), (lamp,)), "/lamp": Page(Outcome.OK)}),
            Query(),
            lambda: NOON,
        ),
        asked,
    )
    assert asked.urls == ["/1", "/lamp"]


def test_a_source_that_only_grows_is_read_on_where_it_shows_what_was_seen_before():
    more = Request(f"{BASE}/2")
    same = Page(Outcome.OK, (one("star"),), position={"next": 1})
    adapter = Pages({"/1": Page(Outcome.OK, (one("star"),), (more,), position={"next": 1}), "/2": same})
    taken = steps(Course(adapter, Query(), lambda: NOON), Asked())
    assert len(taken) == 2
    adapter = Pages(
        {
            "/1": Page(Outcome.OK, (one("star"),), (more,)),
            "/2": Page(Outcome.OK, (one("star"),), (Request(f"{BASE}/3"),)),
        }
    )
    assert "Nothing new" in steps(Course(adapter, Query(), lambda: NOON), Asked())[-1].note


@pytest.mark.parametrize(
    ("reads", "outcome"), [(frozenset({451}), Outcome.OK), (frozenset(), Outcome.BLOCKED)]
)
def test_a_status_is_an_answer_where_the_adapter_reads_it(reads, outcome):
    adapter = Pages({"/1": Page(Outcome.OK, (one("star"),))}, Policy("A", "public-page", reads_status=reads))
    (step,) = steps(Course(adapter, Query(), lambda: NOON), Asked(451))
    assert step.outcome is outcome
