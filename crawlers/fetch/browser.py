"""A page as a browser shows it: pictures, text and structure of one moment, and every request that made it.

The browser runs unattended with a fresh profile, and everything it asks passes the gate (`crawlers.fetch.gate`).
Whoever calls has asked robots.txt and waited for the host's turn before. What does not work is noted, and hides
nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawlers.errors import AddressRefused, BrowserUnavailable, Refused, Unreachable
from crawlers.fetch.browser_traffic import Traffic, Watcher
from crawlers.fetch.chromium import Started, started
from crawlers.fetch.gate import Gate, GateLimits, open_gate, place_of
from crawlers.fetch.names import Resolver, SystemNames

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page, Response

T = TypeVar("T")
MAX_ARTEFACT_BYTES = 100_000_000
"""A rendering that is larger is left out, and that is noted."""
MAX_TITLE = 500
SCROLL = """async most => {
  const wait = () => new Promise(done => setTimeout(done, 60));
  for (let y = 0; y < Math.min(document.documentElement.scrollHeight, most); y += innerHeight) {
    scrollTo(0, y); await wait();
  }
  scrollTo(0, 0); await wait();
}"""
"""Scrolls through the page once, so that pictures that wait to be seen are loaded."""


@dataclass(frozen=True, slots=True)
class BrowserOptions:
    """How a page is looked at. Seconds and CSS pixels."""

    executable: str = ""
    """Path or name of a Chromium; the first of this machine if empty."""
    viewport: tuple[int, int] = (1280, 900)
    locale: str = "en-US"
    time_zone: str = "UTC"
    """IANA name; the page sees it, and the local time of the capture is told in it."""
    introduction: str = ""
    """Who asks, appended to the browser's own User-Agent."""
    accept_bad_certificates: bool = True
    """Look at a page whose certificate is not believed, and note that."""
    load_seconds: float = 30.0
    settle_seconds: float = 5.0
    """How long after loading, at most, for the network to fall silent."""
    step_seconds: float = 30.0
    """One artefact."""
    total_seconds: float = 180.0
    max_height: int = 20_000
    """The picture is cut below this."""
    gate: GateLimits = field(default_factory=GateLimits)


@dataclass(frozen=True, slots=True)
class BrowserPage:
    """What a browser showed, and how it came about. An artefact that failed is empty, and `notes` say why."""

    requested_url: str
    final_url: str
    status: int
    title: str
    started_at: datetime
    captured_at: datetime
    """When loading had ended and the renderings began; aware UTC."""
    local_time: str
    """The same moment in `time_zone`, ISO 8601 with offset."""
    time_zone: str
    locale: str
    viewport: tuple[int, int]
    page_size: tuple[int, int]
    """Width and height of the whole page, CSS pixels."""
    user_agent: str
    browser: str
    """Product and version, as the browser says."""
    flags: tuple[str, ...]
    sandboxed: bool
    """Whether it ran inside Chromium's own sandbox."""
    certificate_error: str
    """Why the certificate was not believed; empty where it was, or there is none."""
    screenshot: bytes
    """The whole page as PNG."""
    pdf: bytes
    mhtml: bytes
    dom: bytes
    """Outer HTML after loading, UTF-8."""
    console: tuple[str, ...]
    """Errors that the page's scripts reported."""
    traffic: tuple[Traffic, ...]
    own_traffic: tuple[str, ...]
    """Hosts and ports that the browser tried of its own accord; none was connected to."""
    refused: tuple[str, ...]
    """What the page asked for and was not given, and why."""
    notes: tuple[str, ...]
    """What did not work, or not whole."""


async def capture_page(
    url: str,
    options: BrowserOptions,
    *,
    now: Callable[[], datetime],
    resolve: Resolver | None = None,
    local_hosts: frozenset[str] = frozenset(),
) -> BrowserPage:
    """Look at a page with a fresh browser.

    Args:
        url: an address of the web.
        options: how to look.
        now: the clock.
        resolve: finds addresses; the name servers of this system if not given.
        local_hosts: hosts that may lead to loopback or private addresses: one's own test shops.

    Raises:
        BrowserUnavailable: there is no browser here that works; asking over HTTP still does.
        AddressRefused: no address of the web, or one that is not public.
        Refused: the options name a time zone that does not exist.
        Unreachable: nothing came, or not within the time.
    """
    if urlsplit(url).scheme not in ("http", "https") or place_of(url) is None:
        raise AddressRefused(
            "Only addresses that begin with http: or https: are looked at.", url=url, hint=""
        )
    zone = _zone(options.time_zone)
    names = resolve or SystemNames(now)
    try:
        async with (
            asyncio.timeout(options.total_seconds),
            open_gate(names, now=now, local_hosts=local_hosts, limits=options.gate) as gate,
            started(options.executable, gate.port) as running,
        ):
            return await _Visit(url, options, now, gate, running).page(zone)
    except OSError as error:
        if not isinstance(error, TimeoutError):
            raise BrowserUnavailable(f"Browser capture is not available: {error}") from error
        words = f"The browser did not come to an end within {options.total_seconds:g} s."
        raise Unreachable(words, url=url) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused(
            f"There is no time zone {name[:60]!r}.", hint="Use an IANA name: Asia/Shanghai."
        ) from error


class _Visit:
    """One page, once."""

    def __init__(
        self, url: str, options: BrowserOptions, now: Callable[[], datetime], gate: Gate, running: Started
    ) -> None:
        self._url, self._options, self._now, self._gate, self._running = url, options, now, gate, running
        self._started_at = now()
        self._notes: list[str] = []
        agent = running.user_agent
        self._agent = f"{agent} {options.introduction}" if options.introduction else agent

    async def page(self, zone: ZoneInfo) -> BrowserPage:
        """Load, wait, render; what the browser itself cannot do any more is Unreachable."""
        from playwright.async_api import Error

        try:
            return await self._page(zone)
        except Error as error:
            raise self._unreachable(error) from error

    async def _page(self, zone: ZoneInfo) -> BrowserPage:
        page, watcher, answer, certificate_error = await self._load()
        await self._settle(page)
        captured_at = self._now()
        session = await page.context.new_cdp_session(page)
        title = await self._step("title", page.title(), "")
        size = await self._step("page size", _page_size(session), (0, 0))
        screenshot = await self._step("screenshot.png", self._screenshot(page, size), b"")
        dom = await self._step("dom.html", page.content(), "")
        mhtml = await self._step("page.mhtml", _mhtml(session), b"")
        pdf = await self._step("page.pdf", self._pdf(page), b"")
        final_url = page.url
        if urlsplit(final_url).scheme not in ("http", "https"):
            self._notes.append(f"The page went on to {final_url[:80]}, which is no address of the web.")
        traffic = await watcher.traffic(self._options.step_seconds)
        options, refused = self._options, self._gate.refused
        if self._gate.full:
            self._notes.append(f"More than {options.gate.max_bytes} bytes came in; the rest was cut off.")
        return BrowserPage(
            requested_url=self._url,
            final_url=final_url,
            status=answer.status if answer else 0,
            title=title[:MAX_TITLE],
            started_at=self._started_at,
            captured_at=captured_at,
            local_time=captured_at.astimezone(zone).isoformat(),
            time_zone=options.time_zone,
            locale=options.locale,
            viewport=options.viewport,
            page_size=size,
            user_agent=self._agent,
            browser=self._running.version,
            flags=self._running.flags,
            sandboxed=self._running.sandboxed,
            certificate_error=certificate_error,
            screenshot=self._fits("screenshot.png", screenshot),
            pdf=self._fits("page.pdf", pdf),
            mhtml=self._fits("page.mhtml", mhtml),
            dom=self._fits("dom.html", dom.encode("utf-8", "replace")),
            console=tuple(watcher.console),
            traffic=traffic,
            own_traffic=tuple(self._gate.own_traffic),
            refused=tuple(f"{name}: {why}" for name, why in refused.items()),
            notes=(*self._notes, *watcher.notes),
        )

    async def _load(self) -> tuple[Page, Watcher, Response | None, str]:
        """Go there; a certificate that is not believed costs a second visit, where that is wanted."""
        from playwright.async_api import Error

        await self._gate.expect(self._url)
        context = await self._context(believing=False)
        try:
            return *await self._go(context), ""
        except Error as error:
            why = _net_error(error)
            if not (why.startswith("ERR_CERT") or "SSL" in why) or not self._options.accept_bad_certificates:
                raise
        await context.close()
        return *await self._go(await self._context(believing=True)), why

    async def _context(self, *, believing: bool) -> BrowserContext:
        width, height = self._options.viewport
        return await self._running.browser.new_context(
            viewport={"width": width, "height": height},
            locale=self._options.locale,
            timezone_id=self._options.time_zone,
            user_agent=self._agent,
            accept_downloads=False,
            service_workers="block",
            permissions=[],
            ignore_https_errors=believing,
        )

    async def _go(self, context: BrowserContext) -> tuple[Page, Watcher, Response | None]:
        from playwright.async_api import TimeoutError as TooSlow

        page = await context.new_page()
        watcher = Watcher(self._gate, self._now)
        watcher.watch(context, page)
        try:
            answer = await page.goto(self._url, wait_until="load", timeout=self._options.load_seconds * 1000)
        except TooSlow:
            if page.url == "about:blank":
                raise
            self._notes.append(
                f"The page had not finished loading after {self._options.load_seconds:g} s; "
                "what is kept is what stood there then."
            )
            answer = await watcher.main_answer()
        return page, watcher, answer

    async def _settle(self, page: Page) -> None:
        """Scroll through once, and let the network fall silent for as long as was agreed."""
        seconds = self._options.settle_seconds
        most = self._options.max_height
        await self._step("scrolling", page.evaluate(SCROLL, most), None, seconds=seconds)
        idle = page.wait_for_load_state("networkidle", timeout=seconds * 1000)
        await self._step("waiting for the network to fall silent", idle, None, seconds=seconds + 1)

    async def _screenshot(self, page: Page, size: tuple[int, int]) -> bytes:
        most, milliseconds = self._options.max_height, self._options.step_seconds * 1000
        if size[1] <= most:
            return await page.screenshot(full_page=True, animations="disabled", timeout=milliseconds)
        self._notes.append(f"screenshot.png: the page is {size[1]} px high and was cut at {most}.")
        clip = {"x": 0, "y": 0, "width": self._options.viewport[0], "height": most}
        return await page.screenshot(full_page=True, clip=clip, animations="disabled", timeout=milliseconds)  # type: ignore[arg-type]

    async def _pdf(self, page: Page) -> bytes:
        media: Literal["screen"] = "screen"
        await page.emulate_media(media=media)
        return await page.pdf(print_background=True, format="A4")

    async def _step(self, what: str, work: Awaitable[T], instead: T, *, seconds: float = 0.0) -> T:
        """One step within its time; where it fails, a note and `instead`."""
        from playwright.async_api import Error

        allowed = seconds or self._options.step_seconds
        try:
            async with asyncio.timeout(allowed):
                return await work
        except TimeoutError:
            self._notes.append(f"{what}: not done within {allowed:g} s.")
        except Error as error:
            self._notes.append(f"{what}: {_first_line(error)}")
        return instead

    def _fits(self, name: str, data: bytes) -> bytes:
        if len(data) <= MAX_ARTEFACT_BYTES:
            return data
        self._notes.append(f"{name}: left out, {len(data)} bytes are more than {MAX_ARTEFACT_BYTES}.")
        return b""

    def _unreachable(self, error: Exception) -> AddressRefused | Unreachable:
        """Why nothing came, in our words where the gate knows better."""
        for why in self._gate.refused.values():
            if "not a public address" in why or "leads to no address" in why:
                return AddressRefused(f"Not connected: {why}.", url=self._url)
        known = "; ".join(f"{name}: {why}" for name, why in self._gate.refused.items())
        return Unreachable(f"The browser got no page: {known or _first_line(error)}.", url=self._url)


async def _page_size(session: CDPSession) -> tuple[int, int]:
    """Asked of the browser, not of the page's scripts."""
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    return int(size["width"]), int(size["height"])


async def _mhtml(session: CDPSession) -> bytes:
    return str((await session.send("Page.captureSnapshot", {"format": "mhtml"}))["data"]).encode(
        "utf-8", "replace"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _net_error(error: Exception) -> str:
    """Chromium's name of a network error, without net::; empty where it is none."""
    _, found, rest = _first_line(error).partition("net::")
    return rest.split(" ")[0] if found else ""
