"""A token goes to the host it is for and nowhere else, and stands in no record; a used-up quota is waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawlers.errors import RetryLater
from crawlers.exchange import Request
from crawlers.fetch.pace import limit_reached

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOKEN = "ghx_averysecretvalue"


def test_a_token_is_sent_and_withheld_from_the_record(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server:
            secrets = {server.base: (("Authorization", f"Bearer {TOKEN}"),)}
            async with fetching(credentials=secrets) as fetcher:
                server.says("/", reply(b"{}"))
                found = await fetcher.fetch(Request(f"{server.base}/"))
                assert f"Authorization: Bearer {TOKEN}".encode() in server.received[-1]
                assert TOKEN.encode() not in found.wire.request
                assert b"Authorization: [withheld from the record]" in found.wire.request
                assert TOKEN not in repr(found)

    run(go())


def test_a_token_does_not_follow_a_redirect_to_another_host(run, server_factory, fetching, reply):
    async def go():
        async with server_factory() as server, server_factory() as other:
            secrets = {server.base: (("Authorization", f"Bearer {TOKEN}"),)}
            async with fetching(credentials=secrets) as fetcher:
                server.says("/", reply(b"", "302 Found", location=f"{other.base}/x"))
                other.says("/x", reply(b"here"))
                found = await fetcher.fetch(Request(f"{server.base}/"))
                assert found.body == b"here"
                assert TOKEN.encode() not in b"".join(other.received)
                assert TOKEN not in repr(found)

    run(go())


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
