"""A page that shows nothing without scripts is finished by a real Chromium, under the same rules as everything else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from crawlers.errors import Refused
from crawlers.exchange import Purpose, Request
from crawlers.fetch.fetcher import Fetcher, Identity, Manner
from crawlers.fetch.names import Resolved
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.rendering import Renderer, RenderingFetcher, RenderingOptions, open_renderer
from crawlers.fetch.transport import http_transport

LOCAL = frozenset({"shop.test"})
LIST = b"""<!doctype html><title>Lamps</title><ul id=goods></ul><img src=/lamp.png>
<script>
for (const bad of ["/members/secret", "http://169.254.169.254/latest", "http://127.0.0.1:PORT/inside"])
  fetch(bad).catch(() => 0);
document.cookie = "seen=1";
window.open("/window");
const frame = document.createElement("iframe"); frame.src = "/members/frame"; document.body.append(frame);
fetch("/api/goods.json").then(a => a.json()).then(goods => {
  document.getElementById("goods").innerHTML = goods.map(g => `<li class=card>${g}</li>`).join("");
  location.href = "/elsewhere";
});
</script>"""
WALL = b"""<!doctype html><title>Lamps</title><script>document.title = "Just a moment..."</script>"""


async def loopback(host: str, port: int) -> Resolved:
    return Resolved((host,) if host[:1].isdigit() else ("127.0.0.1",))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.needs("chromium")
def test_scripts_finish_a_page_and_lead_the_browser_nowhere_they_must_not(server_factory, reply):
    async def go():
        async with (
            server_factory() as server,
            http_transport(now=now, resolve=loopback, local_hosts=LOCAL) as http,
            open_renderer(RenderingOptions("", "ipguard/1.2", settle_seconds=2.0), now=now, resolve=loopback, local_hosts=LOCAL) as renderer,
        ):  # fmt: skip
            fetcher = RenderingFetcher(
                Fetcher(http, Manner(Identity("1.2"), MemoryPace(), now, min_gap_seconds=0.0)), renderer
            )
            html = {"content_type": "text/html; charset=utf-8", "set_cookie": "session=7"}
            server.says("/robots.txt", reply(b"User-agent: *\nDisallow: /members\n"))
            server.says("/list", reply(LIST.replace(b"PORT", b"%d" % server.port), **html))
            server.says(
                "/again",
                reply(b"<title>Plain</title><p>Few words<script>fetch('/api/goods.json')</script>", **html),
            )
            server.says(
                "/api/goods.json", reply('["星灯 lamp", "mug"]'.encode(), content_type="application/json")
            )
            server.says("/wall", reply(WALL, **html))
            server.says("/feed", reply(b"<rss></rss>", content_type="text/html"))
            at = server.at("shop.test")

            found = await fetcher.fetch(Request(f"{at}/list"))
            assert '<li class="card">星灯 lamp</li><li class="card">mug</li>' in found.body.decode()
            assert (found.url, found.status, found.media_type, found.wire) == (
                f"{at}/list",
                200,
                "text/html",
                None,
            )
            assert server.asked == ["/robots.txt", "/list", "/api/goods.json"]
            first, *scripts = found.hops
            assert first.wire.response == server.sent[1]  # what the shop said, to the byte
            assert [(one.url, one.status) for one in scripts] == [(f"{at}/api/goods.json", 200)]
            assert scripts[0].wire.response == server.sent[2]
            assert b" ipguard/1.2\r\n" in server.received[2]
            assert b"session=7" not in server.received[2]  # what the shop set did not reach the browser

            plain = await fetcher.fetch(Request(f"{at}/again"))
            assert b"Few words" in plain.body
            assert [one.url for one in plain.hops] == [f"{at}/again", f"{at}/api/goods.json"]
            assert b"seen=1" not in server.received[-1]  # nothing is left of the page before
            feed = await fetcher.fetch(Request(f"{at}/feed", Purpose.FEED))
            assert feed.body == b"<rss></rss>"

            wall = await fetcher.fetch(Request(f"{at}/wall"))
            assert b"Just a moment" in wall.body  # the reader calls it blocked
            with pytest.raises(Refused, match=r"a challenge page .* nothing more is asked"):
                await fetcher.fetch(Request(f"{at}/list"))
            assert server.asked.count("/list") == 1

    asyncio.run(asyncio.wait_for(go(), 120))  # a browser on a busy machine takes its time


def test_a_challenge_is_never_given_to_the_browser(run, server_factory, fetching, reply):
    async def start():
        raise AssertionError("no browser is started for a challenge")

    async def go():
        async with server_factory() as server, fetching() as fetcher:
            renders = RenderingFetcher(fetcher, Renderer(RenderingOptions(), now, start))
            server.says("/", reply(b"<title>Just a moment...</title>", content_type="text/html"))
            server.says("/json", reply(b"{}", content_type="application/json"))
            server.says("/gone", reply(b"<title>Gone</title>", "404 Not Found", content_type="text/html"))
            assert (await renders.fetch(Request(f"{server.base}/json"))).body == b"{}"
            assert (await renders.fetch(Request(f"{server.base}/gone"))).status == 404
            assert b"Just a moment" in (await renders.fetch(Request(f"{server.base}/"))).body
            with pytest.raises(Refused):
                await renders.fetch(Request(f"{server.base}/json"))

    run(go())
