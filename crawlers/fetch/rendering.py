"""Pages that show nothing without their scripts: fetched like every other, then finished by a browser.

The page itself comes from the fetcher: address check, robots.txt, pace, keys and redirects are its, and so is the
record. A browser gets that very answer, runs its scripts, and what these ask for passes the gate. Pictures, media and
fonts are not loaded, what the page's own robots.txt forbids is not asked, and the page leads the browser nowhere else.
A page that stands in the way is not rendered, and after one nothing more is: we solve no challenge.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from crawlers.errors import BrowserUnavailable, Refused, Unreachable
from crawlers.exchange import Exchange, Headers, Purpose, Request, Wire
from crawlers.extract.challenge import challenge_in
from crawlers.extract.page import parse
from crawlers.fetch.browser_traffic import Traffic, Watcher
from crawlers.fetch.chromium import Started, started
from crawlers.fetch.fetcher import Fetcher
from crawlers.fetch.gate import Gate, GateLimits, open_gate
from crawlers.fetch.limits import LIMITS
from crawlers.fetch.names import Resolver, SystemNames

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route
    from playwright.async_api import Request as BrowserRequest

NOT_LOADED = frozenset({"image", "media", "font"})
HTML = frozenset({"text/html", "application/xhtml+xml"})
ABOUT_CODING = frozenset({"content-type", "content-encoding", "content-length", "transfer-encoding"})
NOT_FOR_A_COPY = ABOUT_CODING | {"set-cookie", "connection", "keep-alive"}

OURS = {"x-ipguard-made": "here, not by the shop"}
"""Marks what the browser was given by us, so that it never goes on record as said by a shop."""
MADE = b"\r\nx-ipguard-made: here, not by the shop\r\n"


@dataclass(frozen=True, slots=True)
class RenderingOptions:
    """How pages are finished. Seconds and CSS pixels."""

    executable: str = ""
    """Path or name of a Chromium; the first of this machine if empty."""
    introduction: str = ""
    """Who asks, appended to the browser's own User-Agent."""
    viewport: tuple[int, int] = (1280, 2000)
    load_seconds: float = 20.0
    settle_seconds: float = 3.0
    """How long after loading, at most, for the network to fall silent."""
    total_seconds: float = 60.0
    """One page, all together."""
    gate: GateLimits = field(default_factory=lambda: GateLimits(max_bytes=30_000_000, max_passages=300))
    """Caps for one page."""


class Renderer:
    """One browser, started with the first page that needs it. Open it with `open_renderer`."""

    def __init__(
        self,
        options: RenderingOptions,
        now: Callable[[], datetime],
        start: Callable[[], Awaitable[tuple[Gate, Started]]],
    ) -> None:
        self._options, self._now, self._start = options, now, start
        self._turn = asyncio.Lock()

    async def render(self, answer: Exchange, permits: Callable[[str], bool]) -> Exchange:
        """The page as it stands after its scripts ran; on record in `hops` are the answer and what the scripts asked.

        Raises:
            BrowserUnavailable: there is no browser here that works. Unreachable: it did not come to an end.
        """
        from playwright.async_api import Error

        try:
            async with self._turn, asyncio.timeout(self._options.total_seconds):
                gate, running = await self._start()
                gate.begin_page()
                return await _Rendering(answer, self._options, self._now, gate, permits).finish(running)
        except TimeoutError as error:
            words = f"The page did not come to an end within {self._options.total_seconds:g} s."
            raise Unreachable(words, url=answer.url) from error
        except Error as error:
            first = (str(error).strip().splitlines() or ["it closed"])[0][:300]
            raise Unreachable(f"The browser could not finish the page: {first}", url=answer.url) from error
        except OSError as error:
            raise BrowserUnavailable(f"Rendering is not available: {error}") from error


class RenderingFetcher:
    """A fetcher whose pages are finished by a browser; everything else passes as it is."""

    def __init__(self, fetcher: Fetcher, renderer: Renderer) -> None:
        self._fetcher, self._renderer = fetcher, renderer
        self._challenged = ""

    async def fetch(self, request: Request) -> Exchange:
        """As `Fetcher.fetch`, and rendered where it is a page.

        Raises:
            Refused: a challenge came before. Others: as `Fetcher.fetch` and `Renderer.render` do.
        """
        if self._challenged and request.purpose is Purpose.PAGE:
            raise Refused(
                f"{self._challenged} No challenge is solved, and nothing more is asked.", url=request.url
            )
        answer = await self._fetcher.fetch(request)
        if not _is_page(answer):
            return answer
        self._challenged = _challenge(answer)
        if self._challenged:
            return answer
        rendered = await self._renderer.render(answer, self._fetcher.allows)
        self._challenged = _challenge(rendered)
        return rendered


@asynccontextmanager
async def open_renderer(
    options: RenderingOptions,
    *,
    now: Callable[[], datetime],
    resolve: Resolver | None = None,
    local_hosts: frozenset[str] = frozenset(),
) -> AsyncIterator[Renderer]:
    """A renderer whose browser ends with the block; arguments as for `capture_page`."""
    async with AsyncExitStack() as stack:
        opened: list[tuple[Gate, Started]] = []

        async def start() -> tuple[Gate, Started]:
            if not opened:
                gate = await stack.enter_async_context(
                    open_gate(
                        resolve or SystemNames(now), now=now, local_hosts=local_hosts, limits=options.gate
                    )
                )
                opened.append((gate, await stack.enter_async_context(started(options.executable, gate.port))))
            return opened[0]

        yield Renderer(options, now, start)


class _Rendering:
    """One page, once."""

    def __init__(
        self,
        answer: Exchange,
        options: RenderingOptions,
        now: Callable[[], datetime],
        gate: Gate,
        permits: Callable[[str], bool],
    ) -> None:
        self._answer, self._options, self._now = answer, options, now
        self._gate, self._permits = gate, permits
        self._given = False

    async def finish(self, running: Started) -> Exchange:
        """Give the answer to a fresh context, wait for its scripts, and read what stands there."""
        context = await self._context(running)
        try:
            page = await context.new_page()
            watcher = Watcher(self._gate, self._now)
            watcher.watch(context, page)
            await context.route("**/*", self._decide)  # other windows too
            await self._load(page)
            dom = (await page.content()).encode("utf-8", "replace")
            traffic = await watcher.traffic(self._options.settle_seconds)
        finally:
            await context.close()
        return self._rendered(dom, traffic)

    async def _context(self, running: Started) -> BrowserContext:
        width, height = self._options.viewport
        agent, more = running.user_agent, self._options.introduction
        return await running.browser.new_context(
            viewport={"width": width, "height": height},
            user_agent=f"{agent} {more}" if more else agent,
            accept_downloads=False,
            service_workers="block",
            permissions=[],
        )

    async def _load(self, page: Page) -> None:
        """Load, and let the network fall silent; a page that goes on for ever is read as it stands."""
        from playwright.async_api import TimeoutError as TooSlow

        options = self._options
        try:
            await page.goto(self._answer.url, wait_until="load", timeout=options.load_seconds * 1000)
            await page.wait_for_load_state("networkidle", timeout=options.settle_seconds * 1000)
        except TooSlow:
            return

    async def _decide(self, route: Route) -> None:
        request = route.request
        main = request.is_navigation_request() and _is_top(request)
        if main and not self._given:
            self._given = True
            answer = self._answer
            kept = {name: value for name, value in answer.headers if name.lower() not in NOT_FOR_A_COPY}
            kind = answer.header("content-type") or "text/html"
            await route.fulfill(
                status=answer.status, headers={**kept, "content-type": kind, **OURS}, body=answer.body
            )
        elif main:
            await route.fulfill(
                status=204, headers=OURS
            )  # then it stays where it is; a refusal would show an error page
        elif request.resource_type in NOT_LOADED or not self._permits(request.url):
            await route.abort("blockedbyclient")
        else:
            await route.continue_()

    def _rendered(self, dom: bytes, traffic: tuple[Traffic, ...]) -> Exchange:
        answer, most = self._answer, LIMITS[Purpose.PAGE].max_bytes
        kept: Headers = tuple(pair for pair in answer.headers if pair[0].lower() not in ABOUT_CODING)
        asked = tuple(_exchange(one) for one in traffic if one.response and MADE not in one.response)
        return replace(
            answer,
            headers=(*kept, ("Content-Type", "text/html; charset=utf-8")),
            body=dom[:most],
            ended_at=self._now(),
            truncated="length" if len(dom) > most else "",
            wire=None,
            hops=(*answer.hops, replace(answer, hops=()), *asked),
        )


def _is_top(asked: BrowserRequest) -> bool:
    """Whether a navigation is a window's own; that of a window which is only opening has no frame yet."""
    from playwright.async_api import Error

    try:
        return asked.frame.parent_frame is None
    except Error:
        return True


def _is_page(answer: Exchange) -> bool:
    asked = answer.request
    plain = asked.purpose is Purpose.PAGE and asked.method == "GET"
    return plain and answer.status == 200 and not answer.truncated and answer.media_type in HTML


def _challenge(answer: Exchange) -> str:
    return challenge_in(parse(answer.body, answer.header("content-type") or ""))


def _exchange(one: Traffic) -> Exchange:
    """What a script asked for, as it goes on record: its bytes, or the browser's words for them."""
    first = one.response.split(b"\r\n", 1)[0].split(b" ")
    status = int(first[1]) if len(first) > 1 and first[1].isdigit() else 0
    wire = one.wire or Wire(one.request, one.response, one.address, one.port, ())
    return Exchange(
        Request(one.url, Purpose.FEED),
        one.url,
        status,
        (),
        b"",
        one.started_at,
        one.ended_at,
        one.truncated,
        replace(wire, request=one.request, response=one.response),
    )
