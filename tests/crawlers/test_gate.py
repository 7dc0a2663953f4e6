"""The gate lets a browser out to what its page asked for, at public addresses, and to nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from crawlers.fetch.gate import Gate, GateLimits, open_gate, place_of
from crawlers.fetch.names import Resolved

LOCAL = frozenset({"shop.test"})
SOON = GateLimits(asked_seconds=0.05)


async def loopback(host: str, port: int) -> Resolved:
    return Resolved(("127.0.0.1",))


@pytest.fixture
def gate(clock):
    @contextlib.asynccontextmanager
    async def open_(limits: GateLimits = SOON) -> AsyncIterator[Gate]:
        async with open_gate(loopback, now=clock.now, local_hosts=LOCAL, limits=limits) as one:
            yield one

    return open_


async def through(gate: Gate, said: bytes, then: bytes = b"") -> bytes:
    """What comes back for what a browser says, until the gate hangs up or as much as is wanted came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    writer.write(said)
    heard = b""
    while (not then or then not in heard) and (piece := await reader.read(65536)):
        heard += piece
    writer.close()
    return heard


def get(url: str, *lines: str) -> bytes:
    host = url.split("/")[2]
    return "\r\n".join([f"GET {url} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


def test_plain_http_is_recorded_byte_for_byte_as_it_reached_the_shop(run, server_factory, reply, gate):
    async def go():
        async with server_factory() as server, gate() as one:
            server.says("/a?b=1", reply(b"lantern", x_odd="caf\u00e9"))
            url = f"{server.at('shop.test')}/a?b=1"
            await one.expect(url)
            heard = await through(one, get(url, "Proxy-Connection: keep-alive", "X-Own: 1"), then=b"lantern")
            assert heard == server.sent[0]
            (passage,) = one.passages
            assert passage.wire.request == server.received[0]
            assert passage.wire.response == server.sent[0]
            assert server.received[0].startswith(b"GET /a?b=1 HTTP/1.1\r\nHost: shop.test")
            assert b"Proxy-Connection" not in server.received[0]
            assert (passage.wire.address, passage.wire.port) == ("127.0.0.1", server.port)

    run(go())


def test_what_the_page_did_not_ask_for_is_not_connected_to(run, server_factory, gate):
    async def go():
        async with server_factory() as server, gate() as one:
            await one.expect(f"http://shop.test:{server.port + 1}/")
            assert await through(one, get(f"{server.at('shop.test')}/")) == b""
            assert b"403" in await through(one, b"CONNECT shop.test:%d HTTP/1.1\r\n\r\n" % server.port)
            assert list(one.own_traffic) == [f"shop.test:{server.port}"]
            assert server.received == []

    run(go())


def test_word_that_the_page_asks_may_come_a_moment_after_the_connection(run, server_factory, reply, gate):
    async def go():
        async with server_factory() as server, gate(GateLimits(asked_seconds=20)) as one:
            server.says("/", reply(b"lantern"))
            reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
            writer.write(get(f"{server.at('shop.test')}/"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.2)
            await one.expect(server.at("shop.test"))
            assert (await reader.readuntil(b"lantern")).startswith(b"HTTP/1.1 200")
            writer.close()

    run(go())


@pytest.mark.parametrize("host", ["inside.test", "127.0.0.1", "0x7f000001", "localhost"])
def test_an_address_that_is_not_public_is_not_connected_to_and_looks_like_no_answer(
    run, server_factory, gate, host
):
    async def go():
        async with server_factory() as server, gate() as one:
            url = f"http://{host}:{server.port}/"
            await one.expect(url)
            assert await through(one, get(url)) == b""
            assert b"403" in await through(one, f"CONNECT {host}:{server.port} HTTP/1.1\r\n\r\n".encode())
            assert "not a public address" in one.refused[f"{host}:{server.port}"]
            assert server.received == []

    run(go())


@pytest.mark.parametrize(
    "said",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"GET https://shop.test/ HTTP/1.1\r\n\r\n",
        b"CONNECT nowhere HTTP/1.1\r\n\r\n",
        b"CONNECT shop.test:99999 HTTP/1.1\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\n\r\n",
        b"POST http://shop.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST http://shop.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST http://shop.test/ HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
        b"x" * 100_000,
    ],
)
def test_nonsense_ends_the_connection_and_nothing_else(run, gate, said):
    async def go():
        async with gate() as one:
            await one.expect("https://shop.test/")
            heard = await through(one, said)
            assert heard == b"" or heard.startswith(b"HTTP/1.1 403")
            assert one.passages == []

    run(go())


def test_a_tunnel_passes_both_ways(run, server_factory, reply, gate):
    async def go():
        async with server_factory() as server, gate() as one:
            server.says("/", reply(b"lantern"))
            await one.expect(f"wss://shop.test:{server.port}/socket")
            said = b"CONNECT shop.test:%d HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n" % server.port
            heard = await through(one, said, then=b"lantern")
            assert heard == b"HTTP/1.1 200 OK\r\n\r\n" + server.sent[0]
            assert one.reached["shop.test", server.port].address == "127.0.0.1"

    run(go())


def test_more_than_the_cap_is_cut_off(run, server_factory, reply, gate):
    async def go():
        async with server_factory() as server, gate(GateLimits(max_bytes=100_000)) as one:
            server.says("/", reply(b"x" * 5_000_000))
            await one.expect(server.at("shop.test"))
            heard = await through(one, get(f"{server.at('shop.test')}/"))
            assert len(heard) < 300_000
            assert one.full
            assert one.passages[0].truncated == "length"
            assert await through(one, get(f"{server.at('shop.test')}/")) == b""

    run(go())


def test_a_second_request_on_a_connection_is_not_passed_on(run, server_factory, reply, gate):
    async def go():
        async with server_factory() as server, gate() as one:
            server.says("/", reply(b"lantern"))
            await one.expect(server.at("shop.test"))
            url = f"{server.at('shop.test')}/"
            await through(one, get(url) + get("http://inside.test/secret"))
            assert len(server.received) <= 1

    run(go())


def test_places():
    assert place_of("https://Shop.Test./x") == ("shop.test", 443)
    assert place_of("ws://[::1]:8/x") == ("::1", 8)
    assert [place_of(url) for url in ("data:text/html,x", "http://x:y/", "about:blank", "http:///")] == [
        None
    ] * 4


def test_a_page_that_asks_without_end_is_named_and_kept_only_so_often(run, server_factory, reply, gate):
    few = GateLimits(max_passages=2, max_named=3)

    async def go():
        async with server_factory() as server, gate(few) as one:
            server.says("/", reply(b"lantern"))
            url = f"{server.at('shop.test')}/"
            await one.expect(url)
            for _ in range(2):
                assert (await through(one, get(url), then=b"lantern")).endswith(b"lantern")
            assert await through(one, get(url)) == b""
            for n in range(5):
                await one.expect(f"http://inside{n}.test/")
                await through(one, get(f"http://inside{n}.test/"))
            assert len(one.passages) == 2
            assert len(one.refused) == 3

    run(go())
