"""What a hostile or broken peer may try, and that it gets nothing: found by attacking the fetcher."""

from __future__ import annotations

import asyncio
import gzip
import logging
import random
import time
import zlib
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import zstandard
from certificates import made_for
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.errors import AddressRefused, Refused, RetryLater, RobotsRefused, Unreachable
from crawlers.exchange import Request
from crawlers.fetch.addresses import is_public, refusal
from crawlers.fetch.decoding import STEP, BodyDecoder
from crawlers.fetch.fetcher import Identity, Manner, open_fetcher
from crawlers.fetch.limits import Limits
from crawlers.fetch.names import Resolved
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.robots import PARSED_BYTES, rules_from
from crawlers.fetch.transport import http_transport

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOOPBACK = frozenset({"127.0.0.1"})


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["::127.0.0.1", "::7f00:1", "fec0::1", "64:ff9b:1::7f00:1", "3fff::1", "5f00::1", "4000::1", "192.88.99.1",
     "192.0.0.8", "2001:0:7f00:1::", "::ffff:0:127.0.0.1"],
)  # fmt: skip
def test_reserved_and_old_ranges_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1", "0.0.0.0",
     "0.0.0.1", "255.255.255.255", "224.0.0.1", "100.100.100.200", "::"],
)  # fmt: skip
def test_a_local_source_reaches_no_metadata_service(address):
    assert refusal("shop.test", [address], local=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fd12::1", "::ffff:192.168.0.9"])
def test_a_local_source_reaches_its_own_machine_only_when_it_is_local(address):
    assert refusal("shop.test", [address], local=True) == ""
    assert refusal("shop.test", [address], local=False)


def test_a_local_source_that_redirects_to_another_inner_host_is_refused(run, server_factory, fetching, reply):
    async def go():
        names = {"inner.test": ["127.0.0.1"]}
        async with server_factory() as server, fetching(names, local=frozenset({"shop.test"})) as fetcher:
            server.says("/out", reply(b"", "302 Found", location=f"{server.at('inner.test')}/secret"))
            with pytest.raises((AddressRefused, RobotsRefused), match="not a public address"):
                await fetcher.fetch(Request(f"{server.at('shop.test')}/out"))
            assert "/secret" not in server.asked

    run(go())


def test_the_next_address_of_a_name_is_tried_when_the_first_is_dead(run, server_factory, fetching, reply):
    async def go():
        names = {"two.test": ["127.0.0.2", "127.0.0.1"]}
        async with server_factory() as server, fetching(names, local=frozenset({"two.test"})) as fetcher:
            server.says("/", reply(b"alive"))
            found = await fetcher.fetch(Request(f"{server.at('two.test')}/"))
            assert found.wire.address == "127.0.0.1"
            assert found.wire.resolved == ("127.0.0.2", "127.0.0.1")

    run(go())


# -- time -------------------------------------------------------------------------------------------


def test_header_fields_that_drip_end_at_the_total_time(run):
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while not writer.is_closing():
                writer.write(b"X-More: 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    async def go():
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, http_transport(now=lambda: NOON, local_hosts=LOOPBACK) as transport:
            began = time.monotonic()
            with pytest.raises(Unreachable, match="too long"):
                await transport.send(
                    Request(f"http://127.0.0.1:{port}/"), (), Limits(1000, total_seconds=0.3)
                )
            assert time.monotonic() - began < 2

    run(go())


def test_a_name_server_that_does_not_answer_ends_at_the_connect_time(run):
    async def never(host: str, port: int) -> Resolved:
        await asyncio.Event().wait()
        return Resolved(())

    async def go():
        async with http_transport(now=lambda: NOON, resolve=never) as transport:
            with pytest.raises(Unreachable, match="in time"):
                await transport.send(Request("http://shop.test/"), (), Limits(1000, connect_seconds=0.1))

    run(go())


# -- redirects --------------------------------------------------------------------------------------

KEY = (("Authorization", "secret"),)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other"])
def test_what_was_posted_is_not_sent_again_after_a_redirect(run, server_factory, fetching, reply, status):
    async def go():
        names = {"other.test": ["127.0.0.1"]}
        local = frozenset({"shop.test", "other.test"})
        async with server_factory() as server, fetching(names, local=local) as fetcher:
            server.says("/api", reply(b"", status, location=f"{server.at('other.test')}/q"))
            server.says("/q", reply(b"ok"))
            await fetcher.fetch(
                Request(f"{server.at('shop.test')}/api", method="POST", body=b"k=1", headers=KEY)
            )
            assert server.received[-1].startswith(b"GET /q ")
            assert b"secret" not in server.received[-1]

    run(go())


def test_a_redirect_that_would_carry_a_body_elsewhere_is_not_followed(run, server_factory, fetching, reply):
    async def go():
        names = {"other.test": ["127.0.0.1"]}
        local = frozenset({"shop.test", "other.test"})
        async with server_factory() as server, fetching(names, local=local) as fetcher:
            server.says("/api", reply(b"", "307 Elsewhere", location=f"{server.at('other.test')}/q"))
            with pytest.raises(Refused, match="posted to another host"):
                await fetcher.fetch(Request(f"{server.at('shop.test')}/api", method="POST", body=b"k=1"))
            assert "/q" not in server.asked

    run(go())


# -- robots.txt and pace ----------------------------------------------------------------------------


def test_a_robots_txt_that_broke_off_forbids_everything(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/robots.txt", reply(b"User-agent: *\n", content_length="500", connection="close"))
            with pytest.raises(RobotsRefused, match="broke off") as caught:
                await fetcher.fetch(Request(f"{server.base}/x"))
            assert caught.value.whole_host
            assert server.asked == ["/robots.txt"]

    run(go())


def test_a_robots_txt_that_is_too_long_is_read_to_its_last_whole_line():
    start = b"User-agent: *\nDisallow: /private\n"
    filler = b"# " + b"x" * (PARSED_BYTES - len(start) - len(b"# \nDisallow: /")) + b"\n"
    long = start + filler + b"Disallow: /only-this\n"
    rules = rules_from(200, long, now=NOON, truncated="length")

    assert not rules.allows("https://shop.test/private", "ipguard")
    assert rules.allows("https://shop.test/other", "ipguard")


def test_a_shop_whose_robots_txt_failed_once_is_asked_again_in_a_while(
    run, server_factory, fetching, reply, clock
):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/robots.txt", reply(b"", "500 Oops"), reply(b"", "404 Not Found"))
            server.says("/", reply(b"open"))
            with pytest.raises(RobotsRefused):
                await fetcher.fetch(Request(f"{server.base}/"))
            with pytest.raises(RobotsRefused):
                await fetcher.fetch(Request(f"{server.base}/"))
            assert server.asked == ["/robots.txt"]
            clock.at += timedelta(minutes=11)
            assert (await fetcher.fetch(Request(f"{server.base}/"))).body == b"open"

    run(go())


def test_a_crawl_delay_that_is_not_kept_whole_is_said(run, server_factory, fetching, reply, clock, caplog):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/robots.txt", reply(b"User-agent: *\nCrawl-delay: 600\n"))
            server.says("/", reply(b"x"))
            for _ in range(2):
                await fetcher.fetch(Request(f"{server.base}/"))

    with caplog.at_level(logging.WARNING, "crawlers"):
        run(go())
    assert clock.slept == [60.0]
    assert [r.getMessage().split(": ", 1)[1] for r in caplog.records if r.name.startswith("crawlers")] == [
        "robots.txt asks for 600 s between requests; 60 s are kept"
    ]


def test_an_open_circuit_stays_open_until_its_time(run, server_factory, fetching, clock):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", b"nonsense\r\n\r\nConnection: close")
            for _ in range(4):
                with pytest.raises(Unreachable):
                    await fetcher.fetch(Request(f"{server.base}/"))
            asked = len(server.asked)
            for _ in range(8):
                with pytest.raises(RetryLater) as caught:
                    await fetcher.fetch(Request(f"{server.base}/"))
            assert len(server.asked) == asked
            clock.at = caught.value.not_before
            with pytest.raises(Unreachable):
                await fetcher.fetch(Request(f"{server.base}/"))
            with pytest.raises(RetryLater) as later:
                await fetcher.fetch(Request(f"{server.base}/"))
            assert later.value.not_before - clock.at > timedelta(seconds=240)

    run(go())


# -- coded bodies -----------------------------------------------------------------------------------


def packed(coding: str, data: bytes) -> bytes:
    if coding == "br":
        return brotli.compress(data, quality=4)
    if coding == "zstd":
        return zstandard.ZstdCompressor().compress(data)
    packer = zlib.compressobj(9, wbits={"gzip": 31, "deflate": 15, "raw": -15}[coding])
    return packer.compress(data) + packer.flush()


def decoded(coding: str, wire: bytes, step: int) -> BodyDecoder:
    decoder = BodyDecoder("deflate" if coding == "raw" else coding, 10**8)
    for start in range(0, len(wire), step):
        decoder.feed(wire[start : start + step])
    return decoder


@settings(max_examples=80, deadline=None)
@given(
    coding=st.sampled_from(["gzip", "deflate", "raw", "br", "zstd"]),
    size=st.one_of(st.integers(0, 600), st.integers(2 * STEP - 9, 2 * STEP + 300)),
    noise=st.booleans(),
    step=st.one_of(st.sampled_from([1, 2, 7]), st.integers(64, 1 << 20)),
)
def test_a_coded_body_comes_out_whole_however_it_is_cut_up(coding, size, noise, step):
    data = random.Random(size).randbytes(size) if noise and size < 1000 else b"\0" * size
    decoder = decoded(coding, packed(coding, data), step)

    assert decoder.body() == data
    assert decoder.whole


@pytest.mark.parametrize("step", [1, 3, 10_000])
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_that_follow_one_another_are_all_read(coding, step):
    wire = b"".join(packed(coding, letter * 10) for letter in (b"a", b"b", b"c"))

    assert decoded(coding, wire, step).body() == b"a" * 10 + b"b" * 10 + b"c" * 10


def test_what_trails_a_gzip_body_is_left_alone():
    decoder = decoded("gzip", gzip.compress(b"page") + b"\0\0\0\0rubbish", 5)

    assert (decoder.body(), decoder.whole) == (b"page", True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_coded_body_that_ends_early_is_said_to_be_cut(run, server_factory, fetching, reply, coding):
    data = random.Random(7).randbytes(5000)

    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(packed(coding, data)[:2500], content_encoding=coding))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert found.truncated == "unspecified"
            assert data.startswith(found.body)

    run(go())


def test_an_empty_answer_that_names_a_coding_is_not_cut(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"", content_encoding="gzip"))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert (found.body, found.truncated) == (b"", "")

    run(go())


# -- TLS under an authority of our own --------------------------------------------------------------


def test_the_whole_chain_under_an_authority_is_recorded(run, server_factory, reply, clock, tmp_path):
    shop = made_for(tmp_path, "shop.test")

    async def loopback(host: str, port: int) -> Resolved:
        return Resolved(("127.0.0.1",))

    async def go():
        manner = Manner(Identity("1"), MemoryPace(), clock.now, clock.sleep, min_gap_seconds=0.0)
        local = frozenset({"shop.test", "other.test"})
        async with (
            server_factory(tls=shop.server) as server,
            open_fetcher(manner, local_hosts=local, resolve=loopback, trust=shop.trust) as fetcher,
        ):
            server.says("/", reply(b"secret"))
            found = await fetcher.fetch(Request(f"https://shop.test:{server.port}/"))
            assert found.wire.tls.chain == shop.chain
            assert found.wire.response == server.sent[-1]
            assert found.wire.request == server.received[-1]
            with pytest.raises((Unreachable, RobotsRefused), match="CERTIFICATE_VERIFY_FAILED"):
                await fetcher.fetch(Request(f"https://other.test:{server.port}/"))
            asked = len(server.asked)
        async with (
            server_factory(tls=shop.server) as server,
            open_fetcher(manner, local_hosts=local, resolve=loopback) as strict,
        ):
            with pytest.raises((Unreachable, RobotsRefused), match="CERTIFICATE_VERIFY_FAILED"):
                await strict.fetch(Request(f"https://shop.test:{server.port}/"))
            assert server.asked == []
        assert asked == 2

    run(go())


def test_a_redirect_may_ask_for_a_pause_before_it_is_followed(run, server_factory, fetching, reply, clock):
    async def go():
        async with server_factory() as server, server_factory() as other, fetching() as fetcher:
            server.says("/", reply(b"", "302 Found", location=f"{other.base}/here", retry_after="40"))
            other.says("/here", reply(b"found"))
            assert (await fetcher.fetch(Request(f"{server.base}/"))).body == b"found"
            assert sum(clock.slept) == 40  # the host it leads to is left alone so long, its robots.txt too
            server.says("/", reply(b"", "302 Found", location="/later", retry_after="900"))
            with pytest.raises(RetryLater) as caught:
                await fetcher.fetch(Request(f"{server.base}/"))
            assert "/later" not in server.asked
            assert (caught.value.not_before - clock.now()).total_seconds() == 900

    run(go())


@pytest.mark.parametrize(("steps", "allowed"), [(5, False), (6, True)])
def test_a_robots_txt_is_followed_over_five_redirects_to_another_host(
    run, server_factory, fetching, reply, steps, allowed
):
    """The rules found there are for the host that was asked; after more than five there are none (RFC 9309 §2.3.1.2)."""

    async def go():
        async with server_factory() as server, server_factory() as other, fetching() as fetcher:
            server.says("/robots.txt", reply(b"", "301 Moved", location=f"{other.base}/1"))
            for step in range(1, steps):
                other.says(f"/{step}", reply(b"", "302 Found", location=f"/{step + 1}"))
            other.says(f"/{steps}", reply(b"User-agent: *\nDisallow: /shut\n"))
            server.says("/shut", reply(b"in"))
            if allowed:
                assert (await fetcher.fetch(Request(f"{server.base}/shut"))).body == b"in"
            else:
                with pytest.raises(RobotsRefused):
                    await fetcher.fetch(Request(f"{server.base}/shut"))
            assert ("/shut" in server.asked) is allowed

    run(go())
