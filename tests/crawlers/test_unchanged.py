"""An answer that still stands is not sent again: it is seen unchanged, and both what was said then and now is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crawlers.exchange import DnsExchange, Exchange, Purpose, Request, Tls
from crawlers.fetch.answers import MAX_AGE, MAX_BYTES, MemoryAnswers, worth_keeping
from crawlers.fetch.stored import from_bytes, to_bytes

CHANGED = "Tue, 24 Nov 2026 10:00:00 GMT"


def test_a_304_gives_the_earlier_answer_and_stands_on_record_itself(
    run, server_factory, fetching, reply, clock
):
    journal: list[Exchange] = []

    async def go():
        async with (
            server_factory() as server,
            fetching(answers=MemoryAnswers(), journal=journal.append) as fetcher,
        ):
            server.says(
                "/list",
                reply(b"two lamps", etag='"v1"', last_modified=CHANGED, x_stock="2"),
                reply(b"", "304 Not Modified", etag='W/"v1"', x_stock="1", content_length="9"),
            )
            first = await fetcher.fetch(Request(f"{server.base}/list"))
            said_at = clock.at
            clock.at += timedelta(hours=3)
            again = await fetcher.fetch(Request(f"{server.base}/list"))
            asked = server.received[-1].decode()
            assert 'If-None-Match: "v1"\r\n' in asked
            assert f"If-Modified-Since: {CHANGED}\r\n" in asked
            assert (again.status, again.body, again.header("x-stock")) == (200, b"two lamps", "1")
            assert (again.unchanged_since, again.started_at) == (said_at, clock.at)
            then, now = again.hops
            assert then.wire == first.wire
            assert now.wire.response.startswith(b"HTTP/1.1 304")
            assert again.wire is None  # nobody said it in this form
            assert [one.status for one in journal] == [404, 200, 304]
            assert again.request == Request(f"{server.base}/list")

    run(go())


def test_validators_go_to_the_address_they_came_from_and_to_no_other_origin(
    run, server_factory, fetching, reply
):
    async def go():
        async with (
            server_factory() as one,
            server_factory() as other,
            fetching(answers=MemoryAnswers()) as fetcher,
        ):
            one.says(
                "/x", reply(b"mine", etag='"secret-tag"'), reply(b"", "302 Found", location=f"{other.base}/x")
            )
            other.says("/x", reply(b"theirs", etag='"other"'))
            for _ in range(2):
                found = await fetcher.fetch(Request(f"{one.base}/x"))
            assert found.body == b"theirs"
            assert b"secret-tag" in one.received[-1]
            assert b"if-none-match" not in b"".join(other.received).lower()
            await fetcher.fetch(
                Request(f"{one.base}/x", headers=(("Accept", "text/csv"),))
            )  # another question
            assert b"secret-tag" not in one.received[-1]

    run(go())


@pytest.mark.parametrize(
    ("first", "later", "asks"),
    [
        ({"etag": '"v1"'}, timedelta(days=6), True),
        ({"etag": '"v1"'}, MAX_AGE + timedelta(seconds=1), False),
        ({"etag": '"v1"', "cache_control": "private, No-Store"}, timedelta(0), False),
        ({"etag": '"v1"', "vary": "*"}, timedelta(0), False),
        ({}, timedelta(0), False),
        ({"etag": '"v1"', "content_length": "99", "connection": "close"}, timedelta(0), False),
    ],
    ids=["fresh", "too old", "not to be stored", "varies with anything", "nothing to ask with", "cut"],
)
def test_only_whole_and_recent_answers_are_asked_about(
    run, server_factory, fetching, reply, clock, first, later, asks
):
    async def go():
        async with server_factory() as server, fetching(answers=MemoryAnswers()) as fetcher:
            server.says("/", reply(b"x", **first))
            await fetcher.fetch(Request(f"{server.base}/"))
            clock.at += later
            await fetcher.fetch(Request(f"{server.base}/"))
            assert (b"If-None-Match" in server.received[-1]) is asks
            await fetcher.fetch(Request(f"{server.base}/", Purpose.PICTURE))
            assert b"If-None-Match" not in server.received[-1]

    run(go())


def test_a_304_about_another_answer_than_ours_is_asked_for_whole(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching(answers=MemoryAnswers()) as fetcher:
            server.says(
                "/",
                reply(b"old", etag='"v1"'),
                reply(b"", "304 Not Modified", etag='"v9"'),
                reply(b"new", etag='"v9"'),
            )
            await fetcher.fetch(Request(f"{server.base}/"))
            assert (await fetcher.fetch(Request(f"{server.base}/"))).body == b"new"
            assert b"If-None-Match" not in server.received[-1]

    run(go())


def test_an_answer_is_stored_to_the_last_byte_and_damage_is_no_answer(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, fetching() as fetcher:
            server.says("/", reply("星灯".encode() * 500, etag='"v1"'))
            return await fetcher.fetch(Request(f"{server.base}/", Purpose.FEED, headers=(("Accept", "a/b"),)))

    found = run(go())
    tls = Tls("TLSv1.3", "AES", (b"leaf", b"root"), True, "http/1.1", "shop.test")
    dns = (DnsExchange("9.9.9.9", b"?", b"!", found.started_at),) * 2
    whole = replace(found, wire=replace(found.wire, tls=tls, dns=dns, names_note="hosts"))
    data = to_bytes(whole)
    assert from_bytes(data) == whole
    assert len(data) < len(whole.wire.response)
    for damaged in (b"", data[:-9], data[:40] + b"\0\0\0\0" + data[44:], b"{}"):
        assert from_bytes(damaged) is None
    assert not worth_keeping(replace(whole, body=bytes(MAX_BYTES + 1)))
