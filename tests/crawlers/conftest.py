"""A real server that does what real and hostile servers do, byte for byte, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.fetch.fetcher import Fetcher, Identity, Manner
from crawlers.fetch.names import Resolved
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.transport import http_transport

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole response; `content_type="…"` becomes Content-Type."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    named.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


@dataclass
class Server:
    """Scripted answers by path; a path may have several, the last is repeated."""

    port: int
    answers: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    hang_after: set[str] = field(default_factory=set)
    """Paths whose connection stays open and silent after the answer was sent."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, path: str, *answers: bytes) -> None:
        self.answers[path] = list(answers)

    def at(self, host: str) -> str:
        return f"http://{host}:{self.port}"


@dataclass
class Clock:
    """A clock that goes on only when somebody sleeps, and remembers how long they did."""

    at: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextlib.asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Run a server on a free port for the length of the block."""
    server = Server(0)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if length := re.search(rb"(?i)content-length: (\d+)", head):
                    head += await reader.readexactly(int(length[1]))
                path = head.split(b" ")[1].decode("latin-1")
                server.asked.append(path)
                server.received.append(head)
                scripted = server.answers.get(path) or [answer(b"not here", "404 Not Found")]
                data = scripted.pop(0) if len(scripted) > 1 else scripted[0]
                server.sent.append(data)
                writer.write(data)
                await writer.drain()
                if path in server.hang_after:
                    await asyncio.Event().wait()
                if b"connection: close" in data.lower():
                    writer.close()
                    await writer.wait_closed()
                    break

    tasks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        except asyncio.CancelledError:
            return  # the server closes; the stream machinery of Python 3.11 would print it as an error
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Polite = Callable[..., contextlib.AbstractAsyncContextManager[Fetcher]]


@pytest.fixture
def fetching(clock: Clock) -> Polite:
    """Opens a fetcher whose names lead where the test says; 127.0.0.1 and shop.test are our own."""

    @contextlib.asynccontextmanager
    async def open_(
        names: dict[str, list[str]] | None = None,
        local: frozenset[str] = frozenset({"127.0.0.1", "shop.test"}),
        trust: ssl.SSLContext | None = None,
        journal: Callable[..., None] = lambda _: None,
        **manner: object,
    ) -> AsyncIterator[Fetcher]:
        async def resolve(host: str, port: int) -> Resolved:
            known = {"shop.test": ["127.0.0.1"], **(names or {})}
            if host not in known:
                return Resolved((host,))
            changing = len(known[host]) > 1 and host == "rebinding.test"
            return Resolved((known[host].pop(0),) if changing else tuple(known[host]))

        values = {"min_gap_seconds": 0.0, **manner}
        how = Manner(
            Identity("1.2", "https://owner.example/bot", "bot@owner.example"),
            MemoryPace(),
            clock.now,
            clock.sleep,
            **values,
        )  # type: ignore[arg-type]
        async with http_transport(
            now=clock.now, resolve=resolve, local_hosts=local, trust=trust
        ) as transport:
            yield Fetcher(transport, how, journal)

    return open_


@pytest.fixture
def run() -> Callable[[Awaitable[object]], object]:
    """Runs a coroutine to its end, and fails when it takes over half a minute."""

    def to_end(work: Awaitable[object]) -> object:
        async def bounded() -> object:
            return await asyncio.wait_for(work, 30)

        return asyncio.run(bounded())

    return to_end


@pytest.fixture
def server_factory() -> Callable[..., contextlib.AbstractAsyncContextManager[Server]]:
    return serving


@pytest.fixture
def reply() -> Callable[..., bytes]:
    return answer
