"""The only way out of the browser: a proxy on loopback that lets through what the page asked for, to public addresses.

Every connection of the browser passes here: pages, redirects, pictures, frames, workers and WebSockets. A host that no
request of the page has named is the browser's own traffic and is refused. Names are resolved here and nowhere else, and
the very address that was checked is connected to. Plain HTTP is recorded byte for byte; TLS passes unread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from crawlers.exchange import Wire
from crawlers.fetch.addresses import refusal
from crawlers.fetch.names import Resolved, Resolver

MAX_HEAD_BYTES = 65_536
MAX_RECORDED_BYTES = 20_000_000
"""Of one plain answer; the rest passes unrecorded and the record says that it was cut."""
MAX_UPLOAD_BYTES = 10_000_000
MAX_ADDRESSES = 4
PIECE = 65_536
DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
SCHEMES_OF_PLAIN = {"http"}
HOP_BY_HOP = ("proxy-connection:", "proxy-authorization:", "connection:", "keep-alive:")

Place = tuple[str, int]
"""Host, lower case and without brackets, and port."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One plain request and its answer, as they passed to and from the shop."""

    url: str
    wire: Wire
    started_at: datetime
    ended_at: datetime
    truncated: str = ""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Caps for one capture."""

    max_bytes: int = 200_000_000
    """Everything that comes in, all connections together."""
    connect_seconds: float = 10.0
    asked_seconds: float = 5.0
    """How long a connection waits to be known as one that the page asked for."""
    max_passages: int = 2_000
    """Plain requests of one page; more are refused."""
    max_named: int = 200
    """Hosts that are named as refused; a page can think up any number."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a host led to."""

    address: str
    names: Resolved
    local: tuple[str, int] = ("", 0)


@dataclass(slots=True)
class _Live:
    """A plain exchange while it passes."""

    url: str
    port: int
    reached: Reached
    asked: bytes
    started_at: datetime
    first_ns: int = field(default_factory=time.monotonic_ns)
    last_ns: int = 0
    answer: bytearray = field(default_factory=bytearray)
    ended_at: datetime | None = None
    truncated: str = ""

    def take(self, data: bytes, at: datetime) -> None:
        """More of the answer came."""
        if self.truncated or len(self.answer) + len(data) > MAX_RECORDED_BYTES:
            self.truncated = "length"
        else:
            self.answer += data
        self.last_ns, self.ended_at = time.monotonic_ns(), at

    def passage(self) -> Passage:
        """As it stands."""
        reached = self.reached
        wire = Wire(
            self.asked, bytes(self.answer), reached.address, self.port, reached.names.addresses,
            monotonic_ns=(self.first_ns, self.last_ns), local_address=reached.local[0],
            local_port=reached.local[1], dns=reached.names.dns, names_note=reached.names.note,
        )  # fmt: skip
        return Passage(self.url, wire, self.started_at, self.ended_at or self.started_at, self.truncated)


class Gate:
    """Open one with `open_gate`; it lives as long as one browser."""

    def __init__(
        self, resolve: Resolver, local_hosts: frozenset[str], limits: GateLimits, now: Callable[[], datetime]
    ) -> None:
        self._resolve, self._local_hosts, self._limits, self._now = resolve, local_hosts, limits, now
        self._expected: set[Place] = set()
        self._news = asyncio.Condition()
        self._came_in = 0
        self.port = 0
        self.reached: dict[Place, Reached] = {}
        self.refused: dict[str, str] = {}
        """What the page asked for and did not get: host and port, and why."""
        self.own_traffic: dict[str, None] = {}
        """Hosts and ports that the browser tried of its own accord; nothing was connected."""
        self._live: list[_Live] = []

    @property
    def passages(self) -> list[Passage]:
        """Every plain request that was let through, with what was answered until now."""
        return [live.passage() for live in self._live]

    @property
    def full(self) -> bool:
        """Whether more came in than is let in; everything after that was cut off."""
        return self._came_in > self._limits.max_bytes

    def begin_page(self) -> None:
        """Forget the page before: its hosts, its record, and what of the caps it had used."""
        self._expected.clear()
        self._live.clear()
        self._came_in = 0
        self.reached, self.refused, self.own_traffic = {}, {}, {}

    async def expect(self, url: str) -> None:
        """The page asks for this address: its host may be connected to."""
        place = place_of(url)
        if place is not None and place not in self._expected:
            async with self._news:
                self._expected.add(place)
                self._news.notify_all()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the browser, to its end."""
        try:
            async with asyncio.timeout(30):
                head = await reader.readuntil(b"\r\n\r\n")
            method, target, version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError, OSError):
            return
        with suppress(OSError):
            if method == "CONNECT":
                await self._tunnel(target, reader, writer)
            elif version == "HTTP/1.1":
                await self._plain(method, target, head, reader, writer)

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = place_of(f"https://{target}")
        opened = await self._open(place) if place else None
        if opened is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        _, far_reader, far_writer = opened
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.drain()
            ways = [
                asyncio.create_task(self._pump(reader, far_writer, counted=False)),
                asyncio.create_task(self._pump(far_reader, writer, counted=True)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            far_writer.transport.abort()

    async def _plain(
        self, method: str, url: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One request and its answer; a refusal is silence, so that it never looks like an answer of the shop."""
        place = place_of(url)
        size = _body_size(head)
        if place is None or urlsplit(url).scheme not in SCHEMES_OF_PLAIN or size is None:
            return
        opened = await self._open(place)
        if opened is None:
            return
        reached, far_reader, far_writer = opened
        try:
            live = _Live(url, place[1], reached, _forwarded(method, url, head), self._now())
            live.asked += await reader.readexactly(size)
            self._live.append(live)
            far_writer.write(live.asked)
            await far_writer.drain()
            await self._answer(live, far_reader, reader, writer)
        except asyncio.IncompleteReadError:
            return
        finally:
            far_writer.transport.abort()

    async def _answer(
        self, live: _Live, far: asyncio.StreamReader, near: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass the answer on until the shop closes, or the browser hangs up or wants something else."""
        more = asyncio.create_task(near.read(1))
        try:
            while True:
                piece = asyncio.create_task(far.read(PIECE))
                await asyncio.wait({piece, more}, return_when=asyncio.FIRST_COMPLETED)
                if not piece.done():
                    piece.cancel()
                    return
                data = piece.result()
                self._came_in += len(data)
                live.take(data, self._now())
                if self.full:
                    live.truncated = "length"
                if self.full or not data:
                    return
                writer.write(data)
                await writer.drain()
        except OSError:
            live.truncated = live.truncated or "disconnect"
        finally:
            more.cancel()

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        with suppress(OSError):
            while data := await source.read(PIECE):
                if counted:
                    self._came_in += len(data)
                    if self.full:
                        return
                target.write(data)
                await target.drain()

    async def _open(self, place: Place) -> tuple[Reached, asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to where the place leads; None where there is none to be had, with the reason kept."""
        name = f"{place[0]}:{place[1]}"
        if not await self._asked_for(place):
            if len(self.own_traffic) < self._limits.max_named:
                self.own_traffic[name] = None
            return None
        if self.full:
            self._refuse(name, f"more than {self._limits.max_bytes} bytes had come in")
            return None
        if len(self._live) >= self._limits.max_passages:
            self._refuse(name, f"the page had made more than {self._limits.max_passages} requests")
            return None
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                names = await self._resolve(*place)
                if why := refusal(place[0], names.addresses, local=place[0] in self._local_hosts):
                    self._refuse(name, why)
                    return None
                address, reader, writer = await _connected(names.addresses, place[1])
        except (OSError, UnicodeError, TimeoutError) as error:
            self._refuse(name, f"not reached: {str(error) or 'it took too long'}")
            return None
        end = writer.get_extra_info("sockname") or ("", 0)
        reached = Reached(address, names, (str(end[0]), int(end[1])))
        self.reached[place] = reached
        return reached, reader, writer

    def _refuse(self, name: str, why: str) -> None:
        if len(self.refused) < self._limits.max_named:
            self.refused[name] = why

    async def _asked_for(self, place: Place) -> bool:
        """Whether the page asked for a host; word of that may come a moment later than the connection."""
        try:
            async with asyncio.timeout(self._limits.asked_seconds), self._news:
                await self._news.wait_for(lambda: place in self._expected)
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def open_gate(
    resolve: Resolver,
    *,
    now: Callable[[], datetime],
    local_hosts: frozenset[str] = frozenset(),
    limits: GateLimits | None = None,
) -> AsyncIterator[Gate]:
    """A gate on a free port of loopback, closed with every connection at the end of the block.

    Args:
        resolve: finds addresses.
        now: the clock for wall times.
        local_hosts: hosts that may lead to loopback or private addresses: one's own test shops.
        limits: caps.
    """
    gate = Gate(resolve, local_hosts, limits or GateLimits(), now)
    under_way: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(gate.serve(reader, writer))
        under_way.add(task)
        await asyncio.wait({task})
        under_way.discard(task)
        with suppress(OSError):
            writer.close()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
    gate.port = server.sockets[0].getsockname()[1]
    try:
        yield gate
    finally:
        server.close()
        for task in list(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def place_of(url: str) -> Place | None:
    """Host and port that an address leads to; None where it leads nowhere on the web."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return ((parts.hostname or "").rstrip(".").lower(), port) if parts.hostname and port else None


def origin_form(url: str) -> str:
    """Path and query as they stand in a request line (RFC 9112 §3.2.1)."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


async def _connected(
    addresses: tuple[str, ...], port: int
) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
    failure: OSError = OSError("no address")
    for address in addresses[:MAX_ADDRESSES]:
        try:
            reader, writer = await asyncio.open_connection(address, port)
        except OSError as error:
            failure = error
            continue
        return address, reader, writer
    raise failure


def _body_size(head: bytes) -> int | None:
    """Length of a request's body; None where it is chunked, malformed or too long to be let out."""
    sizes = []
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "transfer-encoding":
            return None
        if name.strip().lower() == "content-length":
            sizes.append(value.strip())
    if not sizes:
        return 0
    good = len(sizes) == 1 and sizes[0].isascii() and sizes[0].isdigit() and len(sizes[0]) < 10
    return int(sizes[0]) if good and int(sizes[0]) <= MAX_UPLOAD_BYTES else None


def _forwarded(method: str, url: str, head: bytes) -> bytes:
    """The request as it goes to the shop: origin form, one request a connection."""
    target = origin_form(url)
    lines = head[:-4].decode("latin-1").split("\r\n")[1:]
    kept = [line for line in lines if not line.lower().startswith(HOP_BY_HOP)]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *kept, "Connection: close", "", ""]).encode("latin-1")
