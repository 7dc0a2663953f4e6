"""What a page asked for while a browser loaded it: from the gate byte for byte, or as the browser retells it.

Over TLS only the browser sees the requests. It hands them on decoded: such exchanges are marked, their coding fields
renamed (`X-Orig-…`), and they are no wire bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from crawlers.exchange import Wire
from crawlers.fetch.gate import Gate, Passage, origin_form, place_of

if TYPE_CHECKING:
    from playwright.async_api import (
        BrowserContext,
        ConsoleMessage,
        Dialog,
        Download,
        Error,
        Page,
        Request,
        Response,
        WebSocket,
    )

MAX_REQUESTS = 1_000
MAX_BODY_BYTES = 20_000_000
MAX_BODIES_BYTES = 100_000_000
MAX_CONSOLE = 100
MAX_CONSOLE_CHARACTERS = 500
RETOLD = "x-ipguard-retold: by the browser; decoded, not the bytes of the wire"
UNTRUE = {"content-encoding", "transfer-encoding", "content-length"}
"""Fields that do not describe a body that was decoded."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One request of a browser and its answer."""

    url: str
    request: bytes
    """Head and body."""
    response: bytes
    """Head and body; empty where none came."""
    started_at: datetime
    ended_at: datetime
    address: str
    port: int
    retold: bool
    """True: as the browser tells it, decoded; False: byte for byte as it passed the gate."""
    own_traffic: bool = False
    """The browser asked of its own accord, not the page."""
    truncated: str = ""
    """Words of WARC 1.1 §5.13."""
    wire: Wire | None = None
    """Where it was recorded: DNS, local end, monotonic clock."""


@dataclass(slots=True)
class _Seen:
    request: Request
    started_at: datetime
    ended_at: datetime | None = None
    failure: str = ""


class Watcher:
    """Writes down what a page does, and keeps it from doing harm: dialogs, downloads and other windows lead nowhere."""

    def __init__(self, gate: Gate, now: Callable[[], datetime]) -> None:
        self._gate, self._now = gate, now
        self._seen: dict[int, _Seen] = {}
        self._page: Page | None = None
        self.console: list[str] = []
        self.notes: list[str] = []

    def watch(self, context: BrowserContext, page: Page) -> None:
        """Begin; before the page is sent anywhere."""
        self._page = page
        context.on("request", self._asked)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)
        context.on("page", self._window)
        page.on("websocket", self._socket)
        page.on("dialog", self._dialog)
        page.on("download", self._download)
        page.on("console", self._said)
        page.on("pageerror", self._threw)
        page.on("crash", lambda _: self._note("The page crashed."))

    async def main_answer(self) -> Response | None:
        """The answer that the page itself came with, where loading did not end."""
        for seen in self._seen.values():
            request = seen.request
            if request.is_navigation_request() and self._page and request.frame == self._page.main_frame:
                last = request
                while last.redirected_to:
                    last = last.redirected_to
                return await last.response()
        return None

    async def traffic(self, seconds: float) -> tuple[Traffic, ...]:
        """Every request with its answer, oldest first; bodies that are not to be had within the time are left out."""
        passages = self._gate.passages
        asked = {seen.request.url.partition("#")[0] for seen in self._seen.values()}
        found = [_recorded(one, own_traffic=one.url not in asked) for one in passages]
        told, left = {one.url for one in passages}, MAX_BODIES_BYTES
        late = False
        deadline = asyncio.get_running_loop().time() + seconds
        for seen in list(self._seen.values()):
            if seen.request.url.partition("#")[0] in told or place_of(seen.request.url) is None:
                continue
            until = max(deadline - asyncio.get_running_loop().time(), 0.05)
            try:
                async with asyncio.timeout(until):
                    one = await self._retold(seen, left)
            except TimeoutError:
                late = True
                continue
            if one is not None:
                left -= len(one.response)
                found.append(one)
        if late:
            self._note("Some answers were not handed over by the browser in time.")
        return tuple(sorted(found, key=lambda one: one.started_at))

    async def _retold(self, seen: _Seen, left: int) -> Traffic | None:
        from playwright.async_api import Error

        request, ended = seen.request, seen.ended_at or self._now()
        place = place_of(request.url)
        reached = self._gate.reached.get(place) if place else None
        if reached is None or place is None:
            return None  # never left this machine; the gate has written down why
        answer, body, truncated = b"", b"", seen.failure and "disconnect"
        try:
            head = _request_head(request, await request.headers_array())
            response = await request.response()
            if response is not None:
                body, truncated = await self._body(seen, response, left, truncated)
                answer = _response_head(response, await response.headers_array(), len(body)) + body
        except Error as error:
            self._note(
                f"{request.url[:200]}: not handed over by the browser: {str(error).splitlines()[0][:200]}"
            )
            return None
        asked = head + (request.post_data_buffer or b"")
        return Traffic(
            request.url, asked, answer, seen.started_at, ended, reached.address, place[1],
            retold=True, truncated=truncated,
        )  # fmt: skip

    async def _body(self, seen: _Seen, response: Response, left: int, truncated: str) -> tuple[bytes, str]:
        """The decoded body; a redirect has none, and one that still comes in is not waited for."""
        from playwright.async_api import Error

        if 300 <= response.status < 400:
            return b"", truncated
        if seen.ended_at is None:
            return b"", "time"
        try:
            body = await response.body()
        except Error:
            return b"", truncated or "unspecified"
        return (body, truncated) if len(body) <= min(left, MAX_BODY_BYTES) else (b"", "length")

    async def _asked(self, request: Request) -> None:
        if len(self._seen) >= MAX_REQUESTS:
            return
        self._seen[id(request)] = _Seen(request, self._now())
        await self._gate.expect(request.url)
        if len(self._seen) == MAX_REQUESTS:
            self._note(f"More than {MAX_REQUESTS} requests; the rest is not written down.")

    def _ended(self, request: Request) -> None:
        if seen := self._seen.get(id(request)):
            seen.ended_at, seen.failure = self._now(), request.failure or ""

    async def _window(self, page: Page) -> None:
        from playwright.async_api import Error

        if page is not self._page:
            self._note("The page opened another window, which was closed at once.")
            with suppress(Error):
                await page.close()

    async def _socket(self, socket: WebSocket) -> None:
        await self._gate.expect(socket.url)

    async def _dialog(self, dialog: Dialog) -> None:
        from playwright.async_api import Error

        self._note(f"A dialog ({dialog.type}) was dismissed: {dialog.message[:200]!r}")
        with suppress(Error):
            await dialog.dismiss()

    def _download(self, download: Download) -> None:
        self._note(f"A download was denied: {download.url[:200]}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._keep_words(message.text)

    def _threw(self, error: Error) -> None:
        self._keep_words(str(error))

    def _keep_words(self, text: str) -> None:
        if len(self.console) < MAX_CONSOLE:
            self.console.append(text[:MAX_CONSOLE_CHARACTERS])

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < MAX_CONSOLE:
            self.notes.append(text)


def _recorded(passage: Passage, *, own_traffic: bool) -> Traffic:
    wire = passage.wire
    return Traffic(
        passage.url, wire.request, wire.response, passage.started_at, passage.ended_at, wire.address, wire.port,
        retold=False, own_traffic=own_traffic, truncated=passage.truncated, wire=wire,
    )  # fmt: skip


def _request_head(request: Request, headers: Iterable[object]) -> bytes:
    lines = [f"{name}: {value}" for name, value in _pairs(headers) if not name.startswith(":")]
    return _head(f"{request.method} {origin_form(request.url)} HTTP/1.1", [*lines, RETOLD])


def _response_head(response: Response, headers: Iterable[object], size: int) -> bytes:
    lines = [
        f"x-orig-{name}: {value}" if name.lower() in UNTRUE else f"{name}: {value}"
        for name, value in _pairs(headers)
        if not name.startswith(":")
    ]
    first = f"HTTP/1.1 {response.status} {response.status_text}".rstrip()
    return _head(first, [*lines, f"content-length: {size}", RETOLD])


def _pairs(headers: Iterable[object]) -> list[tuple[str, str]]:
    """Field names and values; one that a server sent several times stands as often."""
    named = [(str(one["name"]), str(one["value"])) for one in headers if isinstance(one, dict)]
    return [(name, part) for name, value in named for part in value.split("\n")]


def _head(first: str, lines: list[str]) -> bytes:
    text = "\r\n".join(" ".join(line.splitlines()) for line in (first, *lines))
    return text.encode("utf-8", "replace") + b"\r\n\r\n"
