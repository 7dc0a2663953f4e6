"""The crawl loop ends whatever a shop does, says why, and goes on from what was written down."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.crawl import Course, crawl
from crawlers.errors import BadSource, RetryLater, RobotsRefused, Unreachable
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.frontier import Change, Frontier, replayed
from crawlers.listing import Listing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "https://shop.example"


class Shelf:
    """An adapter whose pages are lines: `item ID`, `next URL`, `blocked`, `changed`."""

    name, version, hosts = "shelf", "1", ("shop.example",)
    policy = Policy("A", "public-page")

    def start(self, query: Query) -> list[Request]:
        return [Request(f"{BASE}/1")]

    def read(self, exchange: Exchange) -> Page:
        lines = [line.split(" ", 1) for line in exchange.body.decode().splitlines()]
        listings = tuple(
            Listing(rest[0], f"{BASE}/i/{rest[0]}", rest[0]) for kind, *rest in lines if kind == "item"
        )
        requests = tuple(Request(rest[0]) for kind, *rest in lines if kind == "next")
        words = {kind for kind, *_ in lines}
        outcome = next((o for o in (Outcome.BLOCKED, Outcome.CHANGED) if o.value in words), None)
        return Page(outcome or (Outcome.OK if listings else Outcome.EMPTY), listings, requests)


class Shop:
    """Answers by URL: text, an error to raise, or a status; remembers what was asked."""

    def __init__(self, pages: dict[str, object]) -> None:
        self.pages, self.asked = pages, []

    async def fetch(self, request: Request) -> Exchange:
        self.asked.append(request.url)
        said = self.pages.get(request.url.removeprefix(BASE), 404)
        if callable(said):
            said = said(len(self.asked))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(said, Exception):
            raise said
        status, body = (said, b"") if isinstance(said, int) else (200, str(said).encode())
        return Exchange(request, request.url, status, (), body, NOON, NOON)


def steps(shop: Shop, frontier: Frontier | None = None, adapter: Shelf | None = None, **query: int) -> list:
    async def collect() -> list:
        course = Course(adapter or Shelf(), Query(**query), lambda: NOON)
        return [step async for step in crawl(course, shop, frontier)]

    return asyncio.run(collect())


def ids(found: list) -> list[str]:
    return [one.id for step in found for one in step.listings]


def test_paging_is_followed_to_its_end():
    shop = Shop({"/1": f"item a\nnext {BASE}/2", "/2": "item b"})

    found = steps(shop)
    assert ids(found) == ["a", "b"]
    assert [step.outcome for step in found] == [Outcome.OK, Outcome.OK]


@pytest.mark.parametrize("next_page", [f"{BASE}/1", f"{BASE}/1#again", f"{BASE}/1?"])
def test_a_next_link_that_leads_back_ends_the_run(next_page):
    found = steps(Shop({"/1": f"item a\nnext {next_page}"}))

    assert len(found) == 1
    assert "seen before" in found[0].note


def test_an_endless_next_link_ends_when_nothing_new_comes():
    shop = Shop({f"/{n}": f"item a\nnext {BASE}/{n + 1}" for n in range(1, 500)})

    found = steps(shop)
    assert len(found) == 2
    assert "Nothing new" in found[-1].note


def test_an_endless_shop_ends_at_the_page_limit():
    shop = Shop({f"/{n}": f"item {n}\nnext {BASE}/{n + 1}" for n in range(1, 500)})

    found = steps(shop, max_pages=7)
    assert len(found) == 7
    assert "enough for one run" in found[-1].stopped


def test_an_enormous_shop_ends_at_the_listing_limit():
    shop = Shop(
        {
            f"/{n}": "\n".join(f"item {n}-{i}" for i in range(10)) + f"\nnext {BASE}/{n + 1}"
            for n in range(1, 99)
        }
    )

    assert len(ids(steps(shop, max_listings=35))) == 40


@pytest.mark.parametrize(
    "link",
    ["http://[::1/", "http://shop.example:99999/", "http://shop.example:x/", "http://\udc80/", "nonsense"],
)
def test_a_link_that_is_no_address_is_left_out_and_the_run_goes_on(link):
    shop = Shop({"/1": "", "/2": "item b"})
    adapter = Shelf()
    adapter.read = lambda exchange: (  # type: ignore[method-assign]
        Page(Outcome.OK, (), (Request(link), Request(f"{BASE}/2")))
        if exchange.url.endswith("/1")
        else Shelf().read(exchange)
    )

    found = steps(shop, adapter=adapter)
    assert shop.asked == [f"{BASE}/1", f"{BASE}/2"]
    assert "1 address on other hosts or unreadable" in found[0].note
    json.dumps(found[0].change.to_json())


def test_a_page_past_the_last_that_redirects_to_the_first_ends_the_paging():
    class Round(Shop):
        async def fetch(self, request: Request) -> Exchange:
            found = await super().fetch(request)
            return replace(found, url=f"{BASE}/1") if request.url.endswith("/2") else found

    shop = Round({"/1": f"item a\nnext {BASE}/2", "/2": f"item changed\nnext {BASE}/3", "/3": "item c"})
    found = steps(shop)

    assert shop.asked == [f"{BASE}/1", f"{BASE}/2"]
    assert "led back" in found[-1].note


def test_requests_that_differ_in_what_they_post_are_different_requests():
    bodies = [b'{"page": 1}', b'{"page": 2}', b'{"page": 1}']
    adapter = Shelf()
    adapter.start = lambda query: [Request(f"{BASE}/api")]  # type: ignore[method-assign]
    adapter.read = lambda exchange: Page(  # type: ignore[method-assign]
        Outcome.OK,
        (),
        () if exchange.request.body else tuple(Request(f"{BASE}/api", method="POST", body=b) for b in bodies),
    )
    shop = Shop({"/api": "x"})

    found = steps(shop, adapter=adapter)
    assert [step.request.body for step in found] == [b"", *bodies[:2]]
    assert "1 address seen before" in found[0].note


def test_addresses_that_robots_txt_forbids_do_not_end_the_run():
    nexts = "\n".join(f"next {BASE}/x{n}" for n in range(8))
    forbidden = {f"/x{n}": RobotsRefused("not this one.") for n in range(7)}

    found = steps(Shop({"/1": nexts, "/x7": "item last"} | forbidden))
    assert [step.outcome for step in found].count(Outcome.BLOCKED) == 7
    assert ids(found) == ["last"]


def test_a_robots_txt_that_cannot_be_read_ends_the_run_soon():
    nexts = "\n".join(f"next {BASE}/x{n}" for n in range(20))
    refused = {f"/x{n}": RobotsRefused("unreadable.", whole_host=True) for n in range(20)}

    found = steps(Shop({"/1": nexts} | refused))
    assert len(found) == 6
    assert "in a row" in found[-1].stopped


def test_other_hosts_are_not_asked_and_that_is_said():
    shop = Shop({"/1": "item a\nnext https://elsewhere.example/2"})

    found = steps(shop)
    assert shop.asked == [f"{BASE}/1"]
    assert "on other hosts" in found[0].note


@pytest.mark.parametrize(
    ("said", "outcome", "words"),
    [
        (403, Outcome.BLOCKED, "status 403"),
        (451, Outcome.BLOCKED, "status 451"),
        (500, Outcome.ERROR, "has trouble"),
        ("blocked", Outcome.BLOCKED, ""),
        ("changed", Outcome.CHANGED, ""),
        ("", Outcome.EMPTY, ""),
        (RobotsRefused("robots.txt does not allow us this address."), Outcome.BLOCKED, "robots.txt"),
        (Unreachable("No usable answer: gone."), Outcome.ERROR, "gone"),
    ],
)
def test_the_outcomes_are_kept_apart(said, outcome, words):
    (step,) = steps(Shop({"/1": said}))

    assert step.outcome is outcome
    assert words in step.note


def test_a_short_pause_is_sat_out_and_the_page_asked_again():
    pause = RetryLater("429.", not_before=NOON + timedelta(seconds=5))
    shop = Shop({"/1": [pause, "item a"]})

    found = steps(shop)
    assert ids(found) == ["a"]
    assert "asked again" in found[0].note


def test_a_host_that_never_stops_asking_for_pauses_is_blocked():
    shop = Shop({"/1": RetryLater("429.", not_before=NOON + timedelta(seconds=5))})

    found = steps(shop)
    assert len(shop.asked) == 3
    assert found[-1].outcome is Outcome.BLOCKED


def test_a_long_pause_pauses_the_run_and_keeps_its_place():
    until = NOON + timedelta(minutes=30)
    shop = Shop({"/1": f"item a\nnext {BASE}/2", "/2": [RetryLater("503.", not_before=until), "item b"]})

    found = steps(shop)
    assert found[-1].not_before == until
    assert ids(steps(shop, replayed(step.change for step in found))) == ["b"]


def test_failures_in_a_row_end_the_run():
    nexts = "\n".join(f"next {BASE}/x{n}" for n in range(20))
    shop = Shop({"/1": f"item a\n{nexts}"} | {f"/x{n}": Unreachable("gone.") for n in range(20)})

    found = steps(shop)
    assert len(found) == 6
    assert "in a row" in found[-1].stopped


def test_a_run_goes_on_from_any_step_with_nothing_doubled_or_lost():
    pages = {f"/{n}": f"item {n}a\nitem {n}b\nnext {BASE}/{n + 1}" for n in range(1, 6)} | {"/6": "item last"}
    whole = steps(Shop(dict(pages)))

    written = [json.loads(json.dumps(step.change.to_json())) for step in whole]
    for n in range(1, len(whole)):
        rest = steps(Shop(dict(pages)), replayed(Change.from_json(one) for one in written[:n]))
        assert ids(whole[:n]) + ids(rest) == ids(whole)


def test_a_request_comes_back_whole_from_what_was_written():
    request = Request(
        f"{BASE}/x", method="POST", headers=(("A", "b"),), body=b"\x00\xff", label="l", state={"n": 1}
    )
    plain, feed = Request(f"{BASE}/y"), Request(f"{BASE}/z", Purpose.FEED, only_for="a")
    change = Change(1, (request, plain, feed), (2**63 - 1, -1), (7,), 3, 1, 2, {"next": 5})

    assert Change.from_json(json.loads(json.dumps(change.to_json()))) == change


@pytest.mark.parametrize("data", [{}, {"done": 3}, {"done": 1, "requests": [{}], "urls": [], "ids": []}])
def test_what_cannot_be_read_of_a_run_is_said(data):
    with pytest.raises(BadSource):
        Change.from_json(data)


def test_a_page_under_other_tracking_parameters_is_not_asked_again():
    same = ["/1?utm_source=x", "/1?spm=a2.b&gclid=1#top", "/2?b=1&a=2", "/2?a=2&fbclid=9&b=1", "/2?a=3&b=1"]
    shop = Shop({"/1": "item a\n" + "\n".join(f"next {BASE}{one}" for one in same)})

    steps(shop)
    assert [url.removeprefix(BASE) for url in shop.asked] == ["/1", "/2?b=1&a=2", "/2?a=3&b=1"]


def test_a_step_writes_down_what_it_adds_and_not_what_is_there():
    links = "\n".join(f"next {BASE}/i/{n}" for n in range(2000))
    shop = Shop({"/1": links} | {f"/i/{n}": f"item {n}" for n in range(2000)})

    found = steps(shop, max_pages=40)
    sizes = [len(json.dumps(step.change.to_json())) for step in found]
    assert sizes[0] > 2000 * 30
    assert max(sizes[1:]) < 250


def test_a_cut_answer_is_said_to_be_cut():
    class Cut(Shop):
        async def fetch(self, request: Request) -> Exchange:
            return replace(await super().fetch(request), truncated="length")

    (step,) = steps(Cut({"/1": "item a"}))
    assert "cut (length)" in step.note
