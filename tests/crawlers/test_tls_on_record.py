"""The TLS session of the very exchange is on record; a certificate nobody believes is refused, or recorded as such."""

from __future__ import annotations

import ssl

import pytest
from certificates import made_for

from crawlers.errors import RobotsRefused, Unreachable
from crawlers.exchange import Request
from crawlers.fetch.limits import Limits
from crawlers.fetch.names import Resolved
from crawlers.fetch.transport import http_transport

LIMITS = Limits(100_000)
LOCAL = frozenset({"shop.test", "127.0.0.1"})


async def loopback(host: str, port: int) -> Resolved:
    return Resolved(("127.0.0.1",))


@pytest.fixture
def open_transport(clock):
    def open_(trust: ssl.SSLContext | None = None, *, evidence: bool = False):
        return http_transport(
            now=clock.now, resolve=loopback, local_hosts=LOCAL, trust=trust, accept_bad_certificates=evidence
        )

    return open_


@pytest.mark.parametrize("evidence", [False, True])
def test_a_good_session_is_recorded_whole(run, server_factory, reply, tmp_path, open_transport, evidence):
    shop = made_for(tmp_path, "shop.test")

    async def go():
        async with (
            server_factory(tls=shop.server) as server,
            open_transport(shop.trust, evidence=evidence) as transport,
        ):
            server.says("/", reply(b"lantern"))
            found = await transport.send(Request(f"https://shop.test:{server.port}/"), (), LIMITS)
        tls = found.wire.tls
        assert (tls.version, tls.alpn, tls.sni) == ("TLSv1.3", "http/1.1", "shop.test")
        assert tls.cipher.startswith("TLS_")
        assert tls.chain == shop.chain
        assert (tls.verified, tls.error) == (True, "")
        assert (found.wire.local_address, found.wire.local_port > 0) == ("127.0.0.1", True)
        assert found.wire.response == server.sent[0]

    run(go())


BAD = {
    "expired": ({"expired": True}, "shop.test", "expired"),
    "self-signed": ({"self_signed": True}, "shop.test", "self-signed"),
    "of another name": ({}, "other.test", "Hostname mismatch"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_certificate_nobody_believes_is_refused_in_ordinary_crawling(
    run, server_factory, reply, tmp_path, open_transport, what
):
    how, name, _ = BAD[what]
    shop = made_for(tmp_path, name, **how)

    async def go():
        async with server_factory(tls=shop.server) as server, open_transport(shop.trust) as transport:
            server.says("/", reply(b"lantern"))
            with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                await transport.send(Request(f"https://shop.test:{server.port}/"), (), LIMITS)
            assert server.asked == []

    run(go())


@pytest.mark.parametrize("what", BAD)
def test_for_evidence_it_is_recorded_as_not_believed_on_every_exchange_of_the_connection(
    run, server_factory, reply, tmp_path, open_transport, what
):
    how, name, words = BAD[what]
    shop = made_for(tmp_path, name, **how)

    async def go():
        async with (
            server_factory(tls=shop.server) as server,
            open_transport(shop.trust, evidence=True) as transport,
        ):
            server.says("/", reply(b"lantern"))
            for _ in range(2):
                found = await transport.send(Request(f"https://shop.test:{server.port}/"), (), LIMITS)
                assert found.body == b"lantern"
                assert not found.wire.tls.verified
                assert words in found.wire.tls.error
                assert found.wire.tls.chain == shop.chain

    run(go())


def test_a_server_without_tls_is_no_bad_certificate(run, server_factory, open_transport):
    async def go():
        async with server_factory() as server, open_transport(evidence=True) as transport:
            with pytest.raises(Unreachable):
                await transport.send(Request(f"https://shop.test:{server.port}/"), (), LIMITS)

    run(go())


def test_a_fetcher_believes_only_what_it_was_told_to(run, server_factory, fetching, reply, tmp_path):
    shop = made_for(tmp_path, "shop.test", self_signed=True)

    async def go():
        async with server_factory(tls=shop.server) as server, fetching(trust=shop.trust) as fetcher:
            with pytest.raises((Unreachable, RobotsRefused)):
                await fetcher.fetch(Request(f"https://shop.test:{server.port}/"))

    run(go())


def test_no_name_is_sent_to_an_address(run, server_factory, reply, tmp_path, open_transport):
    shop = made_for(tmp_path, "127.0.0.1")

    async def go():
        async with server_factory(tls=shop.server) as server, open_transport(shop.trust) as transport:
            server.says("/", reply(b"lantern"))
            found = await transport.send(Request(f"https://127.0.0.1:{server.port}/"), (), LIMITS)
        assert (found.wire.tls.sni, found.wire.tls.verified) == ("", True)

    run(go())
