"""The fetcher is polite, safe and exact, shown by a real server's own log."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import brotli
import pytest
import zstandard

from crawlers.errors import AddressRefused, RetryLater, RobotsRefused, TooMuch, Unreachable
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch.addresses import is_public
from crawlers.fetch.limits import LIMITS
from crawlers.fetch.pace import back_off, retry_after
from crawlers.fetch.robots import rules_from, unreachable
from crawlers.fetch.transport import http_transport

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZEROS = b"\0" * 64_000_000


def test_what_is_recorded_is_what_was_on_the_wire(run, server_factory, fetching, reply):
    head = b"HTTP/1.1 200 OK\r\ncontent-TYPE:   text/html\r\nX-Odd: caf\xe9\r\nTransfer-Encoding: chunked\r\n\r\n"
    odd = head + b"5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n"

    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/page", odd)
            found = await fetcher.fetch(Request(f"{server.base}/page"))
            assert found.wire.response == odd
            assert found.wire.request == server.received[-1]
            assert (found.wire.address, found.wire.port) == ("127.0.0.1", server.port)
            assert found.body == b"hello world"
            assert found.header("X-Odd") == "café"

    run(go())


def test_exchanges_on_one_kept_connection_are_recorded_apart(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            for name in "ab":
                server.says(f"/{name}", reply(name.encode() * 3))
            one = await fetcher.fetch(Request(f"{server.base}/a"))
            two = await fetcher.fetch(Request(f"{server.base}/b"))
            assert one.wire.response.endswith(b"aaa")
            assert two.wire.response.startswith(b"HTTP/1.1 200")
            assert two.wire.response.count(b"HTTP/1.1") == 1

    run(go())


def test_a_connection_over_which_more_came_than_was_asked_for_is_not_used_again(
    run, server_factory, fetching, reply
):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            planted = reply(b"planted")
            server.says("/a", reply(b"aaa") + planted)
            server.says("/b", reply(b"bbb"))
            assert (await fetcher.fetch(Request(f"{server.base}/a"))).body == b"aaa"
            assert (await fetcher.fetch(Request(f"{server.base}/b"))).body == b"bbb"

    run(go())


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again_and_nothing_is_posted_twice(run):
    async def go():
        opened, asked = [], []

        async def one_answer_and_a_rude_end(reader, writer):
            opened.append(1)
            for turn in (0, 1):
                asked.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[0])
                if turn:
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(one_answer_and_a_rude_end, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with (
            server,
            http_transport(now=lambda: NOON, local_hosts=frozenset({"127.0.0.1"})) as transport,
        ):
            for _ in range(2):
                found = await transport.send(Request(url), (), LIMITS[Purpose.PAGE])
                assert found.body == b"ok"
            assert (len(opened), asked) == (2, [b"GET"] * 3)
            with pytest.raises(Unreachable, match="without an answer"):
                await transport.send(Request(url, method="POST", body=b"x"), (), LIMITS[Purpose.PAGE])
            assert asked[3:] == [b"POST"]

    run(go())


def test_we_say_who_we_are_and_never_that_we_are_a_browser(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"x"))
            await fetcher.fetch(Request(f"{server.base}/"))
            asked = server.received[-1].decode()
            assert "User-Agent: ipguard/1.2 (+https://owner.example/bot)\r\n" in asked
            assert "From: bot@owner.example\r\n" in asked
            assert "Mozilla" not in asked
            assert "Cookie" not in asked

    run(go())


def test_cookies_are_not_kept(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"x", set_cookie="session=1"))
            await fetcher.fetch(Request(f"{server.base}/"))
            await fetcher.fetch(Request(f"{server.base}/"))
            assert b"cookie" not in server.received[-1].lower()

    run(go())


NOT_PUBLIC = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_never_connected_to(run, fetching, address):
    async def go():
        async with fetching({"trap.test": [address]}) as fetcher:
            with pytest.raises(AddressRefused):
                await fetcher.fetch(Request("http://trap.test/"))

    assert not is_public(address)
    run(go())


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"]
)
def test_the_open_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://127。0。0。1/", "http://[::ffff:127.0.0.1]/",
        "http://user@127.0.0.1/", "file:///etc/passwd", "ftp://shop.test/", "gopher://shop.test/", "http:///", "http://[::1/",
        "http://0177.0.0.1/", "javascript:alert(1)", "http://shop.test:99999/",
    ],
)  # fmt: skip
def test_other_spellings_of_this_machine_lead_nowhere(run, fetching, url):
    async def go():
        async with fetching(
            {"2130706433": ["127.0.0.1"], "0x7f000001": ["127.0.0.1"]}, local=frozenset()
        ) as fetcher:
            with pytest.raises((AddressRefused, Unreachable, RobotsRefused)):
                await fetcher.fetch(Request(url))

    run(go())


def test_one_private_address_among_public_ones_is_enough_to_refuse(run, fetching):
    async def go():
        async with fetching({"mixed.test": ["93.184.216.34", "10.0.0.1"]}) as fetcher:
            with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
                await fetcher.fetch(Request("http://mixed.test/"))

    run(go())


def test_a_redirect_to_a_private_address_is_refused(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            for path, target in (
                ("/meta", "http://169.254.169.254/latest/"),
                ("/self", "http://localhost:1/"),
                ("/file", "file:///etc/passwd"),
            ):
                server.says(path, reply(b"", "302 Found", location=target))
                with pytest.raises((AddressRefused, RobotsRefused)):
                    await fetcher.fetch(Request(f"{server.base}{path}"))

    run(go())


def test_a_name_that_changes_its_address_is_checked_each_time(run, server_factory, fetching, reply):
    async def go():
        names = {"rebinding.test": ["127.0.0.1", "127.0.0.1", "169.254.169.254"]}
        async with (
            server_factory() as server,
            fetching(names, local=frozenset({"rebinding.test"})) as fetcher,
        ):
            server.says("/robots.txt", reply(b"", connection="close"))
            server.says("/a", reply(b"fine", connection="close"))
            assert (await fetcher.fetch(Request(f"{server.at('rebinding.test')}/a"))).body == b"fine"
            with pytest.raises(AddressRefused, match=r"169\.254"):
                await fetcher.fetch(Request(f"{server.at('rebinding.test')}/a"))

    run(go())


def test_redirects_are_exchanges_of_their_own_and_come_to_an_end(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/old", reply(b"", "301 Moved", location="/new"))
            server.says("/new", reply(b"here"))
            found = await fetcher.fetch(Request(f"{server.base}/old"))
            assert [hop.status for hop in found.hops] == [301]
            assert found.hops[0].wire.response.startswith(b"HTTP/1.1 301")
            assert found.url.endswith("/new")
            server.says("/loop", reply(b"", "302 Found", location="/loop"))
            with pytest.raises(TooMuch):
                await fetcher.fetch(Request(f"{server.base}/loop"))
            assert server.asked.count("/loop") == 6

    run(go())


def coded(coding: str, data: bytes) -> bytes:
    match coding:
        case "gzip":
            return gzip.compress(data)
        case "deflate":
            return zlib.compress(data)
        case "raw":
            packer = zlib.compressobj(wbits=-15)
            return packer.compress(data) + packer.flush()
        case "br":
            return brotli.compress(data, quality=5)
        case _:
            return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw", "br", "zstd"])
def test_coded_bodies_are_decoded_and_recorded_as_sent(run, server_factory, fetching, reply, coding):
    data = "星灯 ".encode() * 5000

    async def go():
        async with server_factory() as server, fetching() as fetcher:
            packed = coded(coding, data)
            server.says("/", reply(packed, content_encoding="deflate" if coding == "raw" else coding))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert found.body == data
            assert found.wire.response.endswith(packed)
            assert found.truncated == ""

    run(go())


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_costs_the_cap_and_no_more(run, server_factory, fetching, reply, coding):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(coded(coding, ZEROS), content_encoding=coding))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert len(found.body) == LIMITS[Purpose.PAGE].max_bytes
            assert found.truncated == "length"

    run(go())


def test_a_body_that_is_not_what_its_header_says_is_an_error(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            for coding, words in (
                ("gzip", "does not decode"),
                ("compress", "not read"),
                ("gzip, br", "not read"),
            ):
                server.says("/", reply(b"plainly not", content_encoding=coding))
                with pytest.raises(Unreachable, match=words):
                    await fetcher.fetch(Request(f"{server.base}/"))

    run(go())


def test_an_answer_that_breaks_off_is_kept_and_said_to_be_cut(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"half", content_length="1000", connection="close"))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert (found.body, found.truncated) == (b"half", "disconnect")

    run(go())


def test_a_server_that_drips_is_not_waited_for(run, server_factory, fetching, reply, monkeypatch):
    async def go():
        from crawlers.fetch.limits import Limits

        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"first", content_length="1000"))
            server.hang_after.add("/")
            quick = Limits(1000, read_seconds=0.2, total_seconds=0.5)
            found = await fetcher._transport.send(Request(f"{server.base}/"), (), quick)
            assert (found.body, found.truncated) == (b"first", "time")

    run(go())


def test_garbage_is_our_own_error(run, server_factory, fetching):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            for nonsense in (
                b"not http at all\r\n\r\n",
                b"HTTP/1.1 9999 What\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
            ):
                server.says("/", nonsense + b"Connection: close")
                with pytest.raises(Unreachable):
                    await fetcher.fetch(Request(f"{server.base}/"))

    run(go())


def test_leave_for_a_browser_is_given_as_politely_as_an_answer(run, server_factory, fetching, reply, clock):
    async def go():
        async with server_factory() as server, fetching(min_gap_seconds=5.0) as fetcher:
            server.says("/robots.txt", reply(b"User-agent: *\nDisallow: /members\nCrawl-delay: 9\n"))
            await fetcher.permit(f"{server.base}/page")
            await fetcher.permit(f"{server.base}/page")
            assert server.asked == ["/robots.txt"]
            assert clock.slept == [5.0, 9.0]
            with pytest.raises(RobotsRefused):
                await fetcher.permit(f"{server.base}/members")

    run(go())


# -- robots -----------------------------------------------------------------------------------------


def test_what_robots_txt_forbids_is_never_asked(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/robots.txt", reply(b"User-agent: *\nDisallow: /members/\nAllow: /members/news\n"))
            server.says("/members/news", reply(b"news"))
            with pytest.raises(RobotsRefused):
                await fetcher.fetch(Request(f"{server.base}/members/list"))
            await fetcher.fetch(Request(f"{server.base}/members/news"))
            assert server.asked == ["/robots.txt", "/members/news"]

    run(go())


def test_a_redirect_into_a_forbidden_place_is_not_followed(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/robots.txt", reply(b"User-agent: *\nDisallow: /private\n"))
            server.says("/open", reply(b"", "302 Found", location="/private"))
            with pytest.raises(RobotsRefused):
                await fetcher.fetch(Request(f"{server.base}/open"))
            assert "/private" not in server.asked

    run(go())


@pytest.mark.parametrize(
    ("status", "asked"), [("404 Not Found", True), ("403 Forbidden", True), ("500 Oops", False)]
)
def test_a_missing_robots_txt_allows_and_a_broken_one_forbids(
    run, server_factory, fetching, reply, status, asked
):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/robots.txt", reply(b"", status))
            server.says("/", reply(b"x"))
            if asked:
                await fetcher.fetch(Request(f"{server.base}/"))
            else:
                with pytest.raises(RobotsRefused, match="could not be read"):
                    await fetcher.fetch(Request(f"{server.base}/"))
            assert ("/" in server.asked) == asked

    run(go())


def test_an_unreachable_robots_txt_forbids_everything(run, fetching):
    async def go():
        async with fetching() as fetcher:
            with pytest.raises(RobotsRefused):
                await fetcher.fetch(Request("http://127.0.0.1:9/"))

    run(go())


def test_robots_txt_is_read_once_a_day(run, server_factory, fetching, reply, clock):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"x"))
            await fetcher.fetch(Request(f"{server.base}/"))
            await fetcher.fetch(Request(f"{server.base}/"))
            assert server.asked.count("/robots.txt") == 1
            clock.at += timedelta(hours=25)
            await fetcher.fetch(Request(f"{server.base}/"))
            assert server.asked.count("/robots.txt") == 2

    run(go())


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: ipguard\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: IPGuard\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /p\nDisallow: /p", "/p", True),
        ("User-agent: *\nDisallow: /*.gif$", "/x/y.gif", False),
        ("User-agent: *\nDisallow: /*.gif$", "/x/y.gif?z", True),
        ("User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/b", False),
        ("\ufeffUser-agent: *\nDisallow: /x", "/x", False),
        ("User-agent: other\nDisallow: /", "/x", True),
        ("User-agent: a\nUser-agent: ipguard\nDisallow: /x", "/x", False),
        ("# nothing\n<html>not robots</html>", "/x", True),
        ("User-agent: *\nDisallow: /%E6%98%9F", "/星", False),
    ],
)
def test_rfc_9309_cases(rules, path, allowed):
    assert rules_from(200, rules.encode(), now=NOON).allows(f"https://shop.test{path}", "ipguard") == allowed


def test_crawl_delay_keeps_its_fraction_and_is_clamped():
    def delay(value: str) -> float:
        return rules_from(200, f"User-agent: *\nCrawl-delay: {value}\n".encode(), now=NOON).delay_seconds(
            "ipguard"
        )

    assert [delay("0.5"), delay("7"), delay("86400")] == [0.5, 7.0, 60.0]
    assert unreachable("gone", now=NOON).delay_seconds("ipguard") == 0.0


# -- pace -------------------------------------------------------------------------------------------


def test_the_larger_of_own_gap_and_crawl_delay_lies_between_requests(
    run, server_factory, fetching, reply, clock
):
    async def go():
        async with server_factory() as server, fetching(min_gap_seconds=1.0) as fetcher:
            server.says("/robots.txt", reply(b"User-agent: *\nCrawl-delay: 2.5\n"))
            server.says("/", reply(b"x"))
            for _ in range(3):
                await fetcher.fetch(Request(f"{server.base}/"))

    run(go())
    assert clock.slept == [1.0, 2.5, 2.5]  # robots.txt is asked at our own pace too


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_retry_after_is_kept_in_both_forms(run, server_factory, fetching, reply, clock, form, status):
    until = NOON + timedelta(seconds=90)
    value = "90" if form == "seconds" else format_datetime(until, usegmt=True)

    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"slow down", status, retry_after=value), reply(b"now"))
            with pytest.raises(RetryLater) as caught:
                await fetcher.fetch(Request(f"{server.base}/"))
            assert caught.value.not_before == until
            await fetcher.fetch(Request(f"{server.base}/"))

    run(go())
    assert sum(clock.slept) == pytest.approx(90)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("7", 7), ("999999999999", 3600), ("-5", None), ("soon", None), ("", None), (None, None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)  # fmt: skip
def test_odd_retry_after_values_are_bounded(value, seconds):
    expected = None if seconds is None else NOON + timedelta(seconds=seconds)

    assert retry_after(value, NOON) == expected


def test_back_off_doubles_up_to_an_hour():
    waits = [(back_off(n, NOON) - NOON).total_seconds() for n in (1, 2, 3, 50)]

    assert waits == [30, 60, 120, 3600]


def test_a_host_that_keeps_failing_is_left_alone(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", b"nonsense\r\n\r\nConnection: close")
            for _ in range(4):
                with pytest.raises(Unreachable):
                    await fetcher.fetch(Request(f"{server.base}/"))
            asked = len(server.asked)
            with pytest.raises(RetryLater, match="keeps failing"):
                await fetcher.fetch(Request(f"{server.base}/"))
            assert len(server.asked) == asked

    run(go())


def test_every_exchange_is_journalled_robots_txt_too(run, server_factory, fetching, reply):
    seen: list[Exchange] = []

    async def go():
        async with server_factory() as server, fetching(journal=seen.append) as fetcher:
            server.says("/", reply(b"x"))
            await fetcher.fetch(Request(f"{server.base}/"))

    run(go())
    assert [one.request.purpose for one in seen] == [Purpose.ROBOTS, Purpose.PAGE]


# -- TLS --------------------------------------------------------------------------------------------


def test_tls_is_checked_against_the_name_and_recorded_in_band(run, server_factory, fetching, reply, tmp_path):
    served, trust, der = certificates(tmp_path)

    async def go():
        async with server_factory(tls=served) as server, fetching(trust=trust) as fetcher:
            server.says("/", reply(b"secret"))
            found = await fetcher.fetch(Request(f"https://shop.test:{server.port}/"))
            assert found.wire.tls.version == "TLSv1.3"
            assert found.wire.tls.chain[0] == der
            assert found.wire.request.startswith(b"GET / HTTP/1.1\r\n")
            assert found.wire.response.endswith(b"secret")
            with pytest.raises((Unreachable, RobotsRefused)):
                await fetcher.fetch(Request(f"https://127.0.0.1:{server.port}/"))

    run(go())


def certificates(folder) -> tuple[ssl.SSLContext, ssl.SSLContext, bytes]:
    """A server's context, a client's trust, and the leaf: made for shop.test by an authority of our own."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.test")])
    now = datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "shop.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + leaf.public_bytes(serialization.Encoding.PEM))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    trust = ssl.create_default_context(cadata=leaf.public_bytes(serialization.Encoding.PEM).decode())
    return served, trust, leaf.public_bytes(serialization.Encoding.DER)
