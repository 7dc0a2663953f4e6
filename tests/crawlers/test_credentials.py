"""A token goes to the host it is for and nowhere else, and stands in no record; a used-up quota is waited for."""

from __future__ import annotations

import base64
import gzip
import hashlib
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

import pytest

from crawlers.auth import Auth, Scheme, TokenStyle
from crawlers.errors import BadSource, NoKey, RetryLater, Unreachable
from crawlers.exchange import Exchange, Request
from crawlers.fetch.pace import limit_reached
from crawlers.fetch.signing import Credential, sign

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOKEN = "ghx_averysecretvalue"


ECHO = b"""{"error": "bad key %s", "next": "/x?key=%s"}"""


def bearer(**values: str) -> Credential:
    return Credential(Auth(Scheme.BEARER), values or {"token": TOKEN})


def test_a_token_is_sent_and_withheld_from_the_record(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching(credentials={server.base: bearer()}) as fetcher:
            server.says("/", reply(b"{}"))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert f"Authorization: Bearer {TOKEN}".encode() in server.received[-1]
            assert b"Authorization: [withheld from the record]" in found.wire.request
            assert TOKEN not in repr(found)
            assert b"Authorization" not in server.received[0]  # robots.txt is anybody's

    run(go())


def test_a_token_does_not_follow_a_redirect_to_another_host(run, server_factory, fetching, reply):
    async def go():
        async with (
            server_factory() as server,
            server_factory() as other,
            fetching(credentials={server.base: bearer()}) as fetcher,
        ):
            server.says("/", reply(b"", "302 Found", location=f"{other.base}/x"))
            other.says("/x", reply(b"here"))
            found = await fetcher.fetch(Request(f"{server.base}/"))
            assert found.body == b"here"
            assert TOKEN.encode() not in b"".join(other.received)
            assert TOKEN not in repr(found)

    run(go())


@pytest.mark.parametrize("framing", ["plain", "gzip", "chunked"])
def test_a_host_that_repeats_a_key_does_not_bring_it_into_the_record(
    run, server_factory, fetching, reply, caplog, framing
):
    """It stands in the address, in the answer's body and fields, and in no record, log or error of ours."""
    key = "k+secret/value=1"
    said = (ECHO % (key.encode(), quote(key, safe="").encode())) * 9
    answers = {
        "plain": reply(said, x_asked=key),
        "gzip": reply(gzip.compress(said), content_encoding="gzip", x_asked=key),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"5\r\n%s\r\n" % said[at : at + 5] for at in range(0, len(said) // 5 * 5, 5))
        + b"0\r\n\r\n",
    }
    journal: list[Exchange] = []

    async def go():
        caplog.set_level(logging.DEBUG)
        async with server_factory() as server:
            auth = Credential(Auth(Scheme.QUERY, query=(("key", "{key}"),)), {"key": key})
            async with fetching(credentials={server.base: auth}, journal=journal.append) as fetcher:
                sent = f"/v3?q=%E6%98%9F&key={quote(key, safe='')}"
                server.says(sent, reply(b"", "302 Found", location=f"{sent}&again=1"))
                server.says(f"/v3?q=%E6%98%9F&again=1&key={quote(key, safe='')}", answers[framing])
                found = await fetcher.fetch(Request(f"{server.base}/v3?q=%E6%98%9F&key=mine"))
                assert server.asked[1] == sent
                assert found.request.url == f"{server.base}/v3?q=%E6%98%9F&key=mine"
                assert b"bad key withheld" in found.body
                assert found.wire.response.endswith(found.body)
                assert b"withheld-from-the-record" in found.wire.request
                server.says(sent, b"nonsense\r\n\r\nConnection: close")
                with pytest.raises(Unreachable) as caught:
                    await fetcher.fetch(Request(f"{server.base}/v3?q=%E6%98%9F"))
                everything = repr((found, journal, caught.value.args, caught.value.url)) + caplog.text
                for spelling in (key, quote(key, safe=""), quote_plus(key)):
                    assert spelling not in everything

    run(go())


def test_rakuten_is_told_key_site_and_application_and_the_site_stays_on_record(
    run, server_factory, fetching, reply
):
    auth = Auth(
        Scheme.HEADER,
        headers=(("accessKey", "{access_key}"), ("Referer", "{site}"), ("Origin", "{site}")),
        query=(("applicationId", "{application_id}"),),
        plain=("site",),
    )
    values = {
        "access_key": "pk_accessaccess",
        "site": "https://owner.example",
        "application_id": "3f0e-4a11-b7",
    }

    async def go():
        async with (
            server_factory() as server,
            fetching(credentials={server.base: Credential(auth, values)}) as fetcher,
        ):
            server.says("/s?keyword=x&applicationId=3f0e-4a11-b7", reply(b"{}"))
            found = await fetcher.fetch(Request(f"{server.base}/s?keyword=x"))
            head = server.received[-1].decode()
            assert "accessKey: pk_accessaccess" in head
            assert "Referer: https://owner.example" in head
            assert "Origin: https://owner.example" in head
            assert b"Referer: https://owner.example" in found.wire.request
            assert "pk_access" not in repr(found)
            assert "3f0e-4a11-b7" not in repr(found)

    run(go())


@pytest.mark.parametrize("style", list(TokenStyle))
def test_a_token_is_asked_for_once_kept_until_it_expires_and_renewed_when_it_is_refused(
    run, server_factory, fetching, reply, clock, style
):
    journal: list[Exchange] = []

    async def go():
        async with server_factory() as server, server_factory() as bank:
            auth = Auth(
                Scheme.OAUTH2, token_url=f"{bank.base}/token", scope="a b", token_style=style, says="Bearer {token}, Version 2.1"
            )  # fmt: skip
            credential = Credential(auth, {"client_id": "client:one", "client_secret": "s3cr3t/value"})
            grants = [b'{"access_token": "token-number-%d", "expires_in": 7200}' % n for n in range(4)]
            bank.says("/token", *(reply(grant) for grant in grants))
            server.says(
                "/", reply(b"one"), reply(b"two"), reply(b"three"), reply(b"no", "401 No"), reply(b"four")
            )
            async with fetching(credentials={server.base: credential}, journal=journal.append) as fetcher:
                for _ in range(2):
                    await fetcher.fetch(Request(f"{server.base}/"))
                assert bank.asked == ["/robots.txt", "/token"]
                clock.at += timedelta(seconds=7150)
                assert (await fetcher.fetch(Request(f"{server.base}/"))).body == b"three"
                assert bank.asked.count("/token") == 2
                assert b"Authorization: Bearer token-number-1, Version 2.1" in server.received[-1]
                assert (await fetcher.fetch(Request(f"{server.base}/"))).body == b"four"
                assert bank.asked.count("/token") == 3
                head = bank.received[1].decode()
                basic = base64.b64encode(b"client%3Aone:s3cr3t%2Fvalue").decode()
                assert (f"Authorization: Basic {basic}" in head) == (style is TokenStyle.BASIC)
                assert ("application/json" in head.split("Content-Type: ")[1][:20]) == (
                    style is TokenStyle.JSON
                )
                assert f"{bank.base}/token" not in [one.url for one in journal]
                assert "s3cr3t" not in repr(journal)
                assert "token-number" not in repr(journal)

    run(go())


def test_a_token_endpoint_that_refuses_our_key_says_so_without_it(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, server_factory() as bank:
            auth = Auth(Scheme.OAUTH2, token_url=f"{bank.base}/token")
            credential = Credential(auth, {"client_id": "client-one", "client_secret": "s3cr3t/value"})
            bank.says("/token", reply(b'{"error": "invalid_client"}', "401 Unauthorized"))
            async with fetching(credentials={server.base: credential}) as fetcher:
                with pytest.raises(NoKey, match=r"does not take our key: status 401, invalid_client"):
                    await fetcher.fetch(Request(f"{server.base}/"))
                assert "/" not in server.asked

    run(go())


def test_aliexpress_signs_address_and_body_and_shopee_the_body():
    """Worked out by hand from the documents: MD5 and SHA-256 over these very texts."""
    asked = Request(
        "https://api.example/sync?method=aliexpress.affiliate.product.query",
        method="POST",
        body=urlencode({"keywords": "星灯", "page_no": "1"}).encode(),
    )
    values = {"app_key": "123456789", "app_secret": "appsecretappsecret"}
    signed = sign(asked, Credential(Auth(Scheme.TOP_MD5), values), NOON)
    sent = dict(parse_qsl(urlsplit(signed.request.url).query))
    at = str(int(NOON.timestamp() * 1000))
    text = (
        f"app_key123456789formatjsonkeywords星灯methodaliexpress.affiliate.product.querypage_no1"
        f"sign_methodmd5timestamp{at}v2.0"
    )
    wanted = hashlib.md5(f"appsecretappsecret{text}appsecretappsecret".encode()).hexdigest().upper()
    assert sent["sign"] == wanted
    assert (sent["timestamp"], sent["app_key"], signed.request.body) == (at, "123456789", asked.body)
    assert wanted in signed.secrets

    body = b'{"query":"{productOfferV2(keyword:\\"x\\"){nodes{itemId}}}"}'
    given = {"app_id": "18000000001", "secret": "shopeesecretvalue"}
    told = sign(Request("https://s.example/graphql", method="POST", body=body), Credential(Auth(Scheme.SHOPEE_SHA256), given), NOON)  # fmt: skip
    seconds = int(NOON.timestamp())
    digest = hashlib.sha256(b"18000000001%d" % seconds + body + b"shopeesecretvalue").hexdigest()
    value = f"SHA256 Credential=18000000001, Timestamp={seconds}, Signature={digest}"
    assert told.headers == (("Authorization", value),)
    assert "secret" not in repr(told)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scheme": Scheme.HEADER, "headers": (("x-api-key", "written out"),)},
        {"scheme": Scheme.HEADER, "headers": (("bad name", "{key}"),)},
        {"scheme": Scheme.HEADER, "headers": (("x", "{Key}"),)},
        {"scheme": Scheme.HEADER, "headers": (("x", "{key}\r\nHost: y"),)},
        {"scheme": Scheme.OAUTH2},
    ],
)
def test_an_auth_block_that_cannot_work_is_refused_when_it_is_written(wrong):
    with pytest.raises(BadSource):
        Auth(**wrong)


def test_a_used_up_quota_is_a_pause_and_any_other_403_an_answer(run, server_factory, fetching, reply, clock):
    until = NOON + timedelta(seconds=600)
    used_up = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(until.timestamp()))}

    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply(b"no", "403 Forbidden", **used_up))
            server.says("/private", reply(b"no", "403 Forbidden", x_ratelimit_remaining="59"))
            assert (await fetcher.fetch(Request(f"{server.base}/private"))).status == 403
            with pytest.raises(RetryLater) as caught:
                await fetcher.fetch(Request(f"{server.base}/"))
            assert caught.value.not_before == until

    run(go())


@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [
        ("0", "60", 60),
        ("0", "999999999999", 3600),
        ("1", "60", None),
        ("0", "soon", None),
        ("0", None, None),
        (None, "60", None),
    ],
)
def test_odd_quotas_are_bounded(remaining, reset, seconds):
    told = str(int(NOON.timestamp()) + 60) if reset == "60" else reset
    expected = None if seconds is None else NOON + timedelta(seconds=seconds)
    assert limit_reached(remaining, told, NOON) == expected
