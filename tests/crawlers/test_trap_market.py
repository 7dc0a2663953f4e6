"""The trap market, each of its traps by name: what the crawler does, and what the market's own log says it did."""

from __future__ import annotations

import contextlib
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from certificates import made_for
from trap_market import LETTERS, TrapMarket, trap_door, trap_market

from crawlers.adapter import Outcome, Policy, Query
from crawlers.adapters import shopify
from crawlers.adapters.schema_org import make
from crawlers.crawl import Course, Step, crawl
from crawlers.errors import AddressRefused, RobotsRefused, TooMuch, Unreachable
from crawlers.exchange import Purpose, Request
from crawlers.fetch.fetcher import Fetcher, Identity, Manner
from crawlers.fetch.limits import LIMITS, Limits
from crawlers.fetch.names import Resolved
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.transport import http_transport

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SPELLINGS = (
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0X7F.1", "0177.0.0.1",
    "017700000001", "00000177.0.0.1", "127.000.000.001", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.",
    "127。0。0。1", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "%31%32%37.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[2001:0:0:0:0:0:80ff:fffe]", "user@127.0.0.1", "shop.test@127.0.0.1", "inside.test", "169.254.169.254",
    "[fd00:ec2::254]", "metadata.test",
)  # fmt: skip
SCHEMES = ("//127.0.0.1:{port}/", "http:\\\\127.0.0.1:{port}\\", "file:///etc/passwd", "ftp://127.0.0.1:{port}/",
           "gopher://127.0.0.1:{port}/x", "javascript:alert(1)", "data:text/html,x", "http://", "http:///x", "http://[::1")  # fmt: skip
NAMES = {
    "shop.test": "127.0.0.1",
    "other.test": "127.0.0.1",
    "inside.test": "10.0.0.1",
    "metadata.test": "169.254.169.254",
}


async def resolve(host: str, port: int) -> Resolved:
    """Names of the market; every other spelling as the C library of this machine reads it, and no name server."""
    if known := NAMES.get(host.rstrip(".").lower()):
        return Resolved((known,))
    flags = socket.AI_NUMERICHOST if not host.lower().startswith("localhost") else 0
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=flags)
    return Resolved(tuple(dict.fromkeys(str(row[4][0]) for row in found)))


@pytest.fixture
def visit(clock):
    """Opens a fetcher that knows the market's names; shop.test and other.test may be on this machine."""

    @contextlib.asynccontextmanager
    async def opened(trust=None, resolver=resolve, **manner):
        local = frozenset({"shop.test", "other.test"})
        async with http_transport(
            now=clock.now, resolve=resolver, local_hosts=local, trust=trust
        ) as transport:
            values = {"min_gap_seconds": 0.0, **manner}
            yield Fetcher(transport, Manner(Identity("1"), MemoryPace(), clock.now, clock.sleep, **values))

    return opened


async def crawled(market: TrapMarket, fetcher: Fetcher, clock, path: str, **query: int) -> list[Step]:
    """A whole crawl by the real generic adapter."""
    adapter = make(market.at(path), Policy("A", "public-page"), {})
    course = Course(adapter, Query(**query), clock.now)
    return [step async for step in crawl(course, fetcher)]


def found(steps: list[Step]) -> list[str]:
    return [one.title for step in steps for one in step.listings]


def told(steps: list[Step]) -> str:
    return " ".join(f"{step.note} {step.stopped}" for step in steps)


# -- where it must not go ---------------------------------------------------------------------------


def test_trap_redirect_to_a_private_address_on_a_late_hop(run, visit):
    async def go():
        async with trap_market() as market, trap_door() as (port, reached), visit() as fetcher:
            for target in (
                f"http://127.0.0.1:{port}/",
                "http://inside.test/",
                "http://169.254.169.254/latest",
            ):
                market.targets = [target]
                with pytest.raises(AddressRefused):
                    await fetcher.fetch(Request(market.at("/hops/1")))
            assert market.asked() == ["/hops/1", "/hops/2", "/hops/3"] * 3
            assert reached == []

    run(go())


def test_trap_every_spelling_of_this_machine(run, visit):
    async def go():
        async with trap_market() as market, trap_door() as (port, reached), visit() as fetcher:
            market.targets = [f"http://{one}:{port}/" for one in SPELLINGS]
            market.targets += [one.format(port=port) for one in SCHEMES]
            for number, _ in enumerate(market.targets):
                with contextlib.suppress(AddressRefused, RobotsRefused, Unreachable, TooMuch):
                    answer = await fetcher.fetch(Request(market.at(f"/to?n={number}")))
                    assert answer.status == 404  # what is no address of its own is a path of the market
            assert reached == []
            assert len({one for one in market.asked() if one.startswith("/to?")}) == len(market.targets)
            assert {one.host for one in market.log} == {"shop.test"}

    run(go())


def test_trap_rebinding_between_resolving_and_connecting(run, visit):
    """The name answers with this machine (ours, so allowed) once, and with the metadata service ever after."""
    resolved: list[str] = []

    async def rebinding(host: str, _port: int) -> Resolved:
        resolved.append("127.0.0.1" if not resolved else "169.254.169.254")
        return Resolved((resolved[-1],))

    async def go():
        async with trap_market() as market, visit(resolver=rebinding) as fetcher:
            answer = await fetcher.fetch(Request(market.at("/calm/item/1")))
            assert answer.wire.address == "127.0.0.1"
            assert resolved == ["127.0.0.1"]  # one look-up, one connection, to what was looked up
            with pytest.raises(Unreachable):
                await fetcher.fetch(Request(market.at("/cut-head")))  # now it has to connect again
            with pytest.raises(AddressRefused, match=r"169\.254\.169\.254"):
                await fetcher.fetch(Request(market.at("/calm/item/2")))
            assert resolved == ["127.0.0.1", "169.254.169.254"]
            assert "/calm/item/2" not in market.asked()

    run(go())


@pytest.mark.parametrize("secure", [False, True], ids=["http", "tls"])
def test_no_request_of_a_whole_crawl_reaches_what_robots_txt_forbids(run, visit, clock, tmp_path, secure):
    """Links, redirects and sitemaps all lead into shut rooms and to a host that is shut whole; its own log is the proof."""
    served = made_for(tmp_path, "shop.test", "other.test") if secure else None
    shut = b"User-agent: *\nDisallow: /members/\nDisallow: /vault\nDisallow: /*?sort=\nAllow: /members/door\n"

    async def go():
        async with (
            trap_market(served.server if served else None) as market,
            visit(trust=served.trust if served else None) as fetcher,
        ):
            market.robots = {"shop.test": shut, "other.test": b"User-agent: *\nDisallow: /\n"}
            market.targets = [market.at("/calm/item/8", "other.test")]
            goods = await crawled(market, fetcher, clock, "/calm")
            mapped = await crawled(market, fetcher, clock, "/maps/a.xml")
            away = await crawled(market, fetcher, clock, "/to?n=0")
            assert sorted(found(goods)) == ["Lantern 1", "Lantern 2", "Lantern 3", "Lantern 4"]
            assert found(mapped) == ["Lantern 1"]
            assert found(away) == []
            forbidden = ("/members/item", "/vault")
            assert [one for one in market.asked() if one.startswith(forbidden) or "?sort=" in one] == []
            assert {one.path for one in market.log if one.host == "other.test"} == {"/robots.txt"}
            assert "/way-in/item/4" in market.asked()  # it went up to the door, and not through it
            assert told([*goods, *mapped, *away]).count("does not allow us") == 6

    run(go())


# -- what it must not swallow -----------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_trap_bombs(run, visit, coding):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            answer = await fetcher.fetch(Request(market.at(f"/bomb/{coding}")))
            assert (len(answer.body), answer.truncated) == (LIMITS[Purpose.PAGE].max_bytes, "length")
            assert len(answer.wire.response) < 100_000

    run(go())


@pytest.mark.parametrize("path", ["/drip-body", "/drip-head"])
def test_trap_slow_loris(run, visit, path):
    async def go():
        quick = {**LIMITS, Purpose.PAGE: Limits(100_000, read_seconds=5.0, total_seconds=0.2)}
        async with trap_market() as market, visit(limits=quick) as fetcher:
            if path == "/drip-head":
                with pytest.raises(Unreachable):
                    await fetcher.fetch(Request(market.at(path)))
                return
            answer = await fetcher.fetch(Request(market.at(path)))
            assert answer.truncated == "time"
            assert 0 < len(answer.body) < 100

    run(go())


@pytest.mark.parametrize("path", ["/flood-head", "/flood-field"])
def test_trap_a_head_without_end(run, visit, path):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            with pytest.raises(Unreachable):
                await fetcher.fetch(Request(market.at(path)))

    run(go())


def test_trap_the_line_goes_dead(run, visit, clock):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            (step,) = await crawled(market, fetcher, clock, "/cut-body")
            assert step.exchange.truncated == "disconnect"
            assert "cut (disconnect)" in step.note
            (step,) = await crawled(market, fetcher, clock, "/cut-head")
            assert (step.outcome, step.exchange) == (Outcome.ERROR, None)

    run(go())


# -- where it must come to an end -------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "most"), [("other", 12), ("same", 6)])
def test_trap_paging_without_end(run, visit, clock, kind, most):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            steps = await crawled(market, fetcher, clock, f"/endless/{kind}?page=1", max_pages=12)
            assert len(market.asked()) <= most
            assert len(market.asked()) == len(set(market.asked()))
            assert "enough for one run" in told(steps) or "seen before" in told(steps)

    run(go())


def test_trap_page_99_is_page_1(run, visit, clock):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            steps = await crawled(market, fetcher, clock, "/round?page=1")
            assert sorted(found(steps)) == ["Lantern 1", "Lantern 2", "Lantern 3"]
            assert [one for one in market.asked() if "round" in one] == [
                "/round?page=1", "/round?page=2", "/round?page=3", "/round?page=99", "/round?page=1",
            ]  # fmt: skip
            assert "led back to a page seen before" in told(steps)

    run(go())


def test_trap_sitemaps_that_name_one_another(run, visit, clock):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            steps = await crawled(market, fetcher, clock, "/maps/a.xml")
            assert found(steps)[0] == "Lantern 1"
            assert len(market.asked()) == len(set(market.asked())) < 12
            assert "lie deeper" in told(steps)

    run(go())


# -- what it must understand ------------------------------------------------------------------------


@pytest.mark.parametrize("told_by", ["header", "meta", "nothing", "wrongly"])
def test_trap_eight_encodings(run, visit, clock, told_by):
    """A title read wrongly is a work not recognised. UTF-16 has no name of its own in a page: its mark says it."""

    async def go():
        async with trap_market() as market, visit() as fetcher:
            for encoding, (title, _) in LETTERS.items():
                if told_by in ("nothing", "wrongly") and encoding == "windows-1252":
                    continue  # a page that is silent about this one is any of a dozen
                (step,) = await crawled(market, fetcher, clock, f"/letters/{encoding}?told={told_by}")
                assert found([step]) == [title], encoding
            (step,) = await crawled(market, fetcher, clock, "/letters/gb18030?told=mark8")
            assert found([step]) == [LETTERS["gb18030"][0]]  # its UTF-8 mark outweighs what its header says

    run(go())


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_trap_a_busy_shop_is_waited_for_as_long_as_it_says(run, visit, clock, form, status):
    until = NOON + timedelta(seconds=30)

    async def go():
        async with trap_market() as market, visit() as fetcher:
            market.status, market.refuses = status, 1
            market.retry_after = "30" if form == "seconds" else format_datetime(until, usegmt=True)
            steps = await crawled(market, fetcher, clock, "/busy")
            assert found(steps) == ["Lantern 5"]
            assert clock.now() == until
            assert market.asked() == ["/busy", "/busy"]
            market.refuses, market.retry_after = 1, "3000"
            (step,) = await crawled(market, fetcher, clock, "/busy")
            assert step.not_before == until + timedelta(seconds=3000)  # too long to sit out: the run pauses
            assert market.asked() == ["/busy"] * 3

    run(go())


@pytest.mark.parametrize("wall", ["check", "captcha", "login"])
def test_trap_walls_end_the_run_and_are_never_climbed(run, visit, clock, wall):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            (step,) = await crawled(market, fetcher, clock, f"/wall/{wall}")
            assert step.outcome is Outcome.BLOCKED
            assert market.asked() == [f"/wall/{wall}"]
            assert b"Mozilla" not in market.log[-1].head

    run(go())


def test_trap_a_shop_that_was_rebuilt_is_changed_and_not_empty(run, visit, clock):
    async def go():
        async with trap_market() as market, visit() as fetcher:
            adapter = shopify.make(market.at(""), Policy("A", "public-page"), {})
            course = Course(adapter, Query(), clock.now)
            assert found([step async for step in crawl(course, fetcher)]) == ["Lantern 7"]
            market.changed = True
            steps = [step async for step in crawl(course, fetcher)]
            assert Outcome.CHANGED in {step.outcome for step in steps}
            assert found(steps) == []
            assert "products" in told(steps)

    run(go())
