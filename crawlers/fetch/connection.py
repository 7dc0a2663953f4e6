"""One HTTP/1.1 connection, recorded byte for byte above TLS: h11 (RFC 9112) over an asyncio protocol.

A general client costs three times as much per request, most of it in layers between the socket and the parser that a
crawler with one request at a time a host does not need. What passes is copied where it is read and written; nothing
is decoded behind our back.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import cast

import h11

from crawlers.exchange import Tls
from crawlers.fetch.names import Resolved

MOST_WAITING = 262_144
"""Bytes read ahead of whoever takes them; then the socket is left alone."""
LARGEST_HEAD = 102_400
"""Bytes of status line and header fields."""
IDLE_SECONDS = 20.0
"""How long a connection is kept for the next request."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who a connection leads to, and what is known of it."""

    address: str
    port: int
    names: Resolved
    local: tuple[str, int] = ("", 0)
    sni: str = ""
    tls_error: str = ""


@dataclass(slots=True)
class Recording:
    """What passed on the wire for one exchange."""

    cap: int
    request: bytes = b""
    response: bytearray = field(default_factory=bytearray)
    peer: Peer | None = None
    first_ns: int = 0
    last_ns: int = 0

    @property
    def overflow(self) -> bool:
        """More came than any body within its cap can take."""
        return len(self.response) > self.cap


class HungUp(ConnectionError):
    """The other side closed before it said anything."""


class Socket(asyncio.Protocol):
    """Bytes as they come, in a bounded buffer."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self._buffer = bytearray()
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._full = False

    @property
    def quiet(self) -> bool:
        """Open, and nothing came that nobody asked for."""
        return not self.ended and not self._buffer

    async def read(self, seconds: float) -> bytes:
        """What is there, at least a byte; empty at the end.

        Raises:
            TimeoutError: nothing came in time. OSError: the connection broke.
        """
        if not self._buffer and not self.ended:
            async with asyncio.timeout(seconds):
                await self._wait()
        if not self._buffer and self._error is not None:
            raise self._error
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        return data

    async def write(self, data: bytes, seconds: float) -> None:
        """Send, and wait while the other side takes nothing."""
        if self.transport is None or self.ended:
            return  # what it said before it closed is still read
        self.transport.write(data)
        if self._full:
            async with asyncio.timeout(seconds):
                while self._full and not self.ended:
                    await self._wait()

    def close(self) -> None:
        """Close at once."""
        self.ended = True
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        self._buffer += data
        if len(self._buffer) > MOST_WAITING and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """asyncio's; the transport closes itself."""
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        self.ended, self._error = True, exc if isinstance(exc, OSError) else None
        self._wake()

    def pause_writing(self) -> None:
        """asyncio's."""
        self._full = True

    def resume_writing(self) -> None:
        """asyncio's."""
        self._full = False
        self._wake()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Connection:
    """One connection to one origin, for one exchange after the other."""

    def __init__(self, socket: Socket, peer: Peer) -> None:
        self._socket, self.peer = socket, peer
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._idle_since = time.monotonic()
        self._tls: Tls | None = None

    @property
    def usable(self) -> bool:
        """Whether the next request may go over it: open, silent, and not idle for too long."""
        fresh = time.monotonic() - self._idle_since < IDLE_SECONDS
        return fresh and self._socket.quiet and self._h11.our_state is h11.IDLE

    @property
    def tls_on_record(self) -> Tls | None:
        """The TLS session it runs in; None for plain HTTP."""
        if self._tls is None and self._socket.transport is not None:
            session = self._socket.transport.get_extra_info("ssl_object")
            self._tls = _session(session, self.peer) if session is not None else None
        return self._tls

    async def ask(
        self, request: h11.Request, body: bytes, recording: Recording, read_seconds: float
    ) -> h11.Response:
        """Send a request and read the head of its answer.

        Raises:
            HungUp: it closed without a word. OSError, h11.ProtocolError: as they say.
        """
        parts = [self._h11.send(request), self._h11.send(h11.Data(data=body)) if body else b""]
        parts.append(self._h11.send(h11.EndOfMessage()))
        data = b"".join(part for part in parts if part)
        recording.peer, recording.request, recording.first_ns = self.peer, data, time.monotonic_ns()
        await self._socket.write(data, read_seconds)
        while True:
            event = await self._event(recording, read_seconds)
            if isinstance(event, h11.Response):
                return event
            if recording.overflow:
                raise h11.RemoteProtocolError("it sends interim answers without end")

    async def body(self, recording: Recording, read_seconds: float) -> AsyncIterator[bytes]:
        """Pieces of the body, transfer coding removed; ends where it ends, or where too much came."""
        while True:
            event = await self._event(recording, read_seconds)
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)
            if recording.overflow:
                return

    def finish(self) -> bool:
        """Make ready for the next request; whether that is possible, otherwise it is closed."""
        done = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if done and self._socket.quiet and not self._h11.trailing_data[0]:
            self._h11.start_next_cycle()
            self._idle_since = time.monotonic()
            return True
        self.close()
        return False

    def close(self) -> None:
        """Close at once."""
        self._socket.close()

    async def _event(self, recording: Recording, read_seconds: float) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return cast("h11.Event | type[h11.PAUSED]", event)
            data = await self._socket.read(read_seconds)
            if not data and not recording.response:
                raise HungUp("the server closed the connection without an answer")
            recording.response += data
            recording.last_ns = time.monotonic_ns()
            self._h11.receive_data(data)


def _session(session: ssl.SSLObject, peer: Peer) -> Tls:
    cipher = session.cipher()
    return Tls(
        version=session.version() or "",
        cipher=cipher[0] if cipher else "",
        chain=_chain(session),
        verified=not peer.tls_error,
        alpn=session.selected_alpn_protocol() or "",
        sni=peer.sni,
        error=peer.tls_error,
    )


def _chain(session: ssl.SSLObject) -> tuple[bytes, ...]:
    """Certificates as the peer sent them. Python 3.13 has a public way; before that only this one."""
    inner = getattr(session, "_sslobj", None)
    if inner is not None and hasattr(inner, "get_unverified_chain"):
        chain = inner.get_unverified_chain() or ()
        return tuple(ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain)
    leaf = session.getpeercert(binary_form=True)
    return (leaf,) if leaf else ()


class Idle:
    """Connections that wait for the next request, by origin; old ones are closed when others come."""

    def __init__(self, most: int = 50) -> None:
        self._most = most
        self._waiting: dict[tuple[str, str, int], list[Connection]] = {}

    def take(self, origin: tuple[str, str, int]) -> Connection | None:
        """A usable connection to an origin, if one waits."""
        waiting = self._waiting.get(origin)
        while waiting:
            connection = waiting.pop()
            if not waiting:
                del self._waiting[origin]
            if connection.usable:
                return connection
            connection.close()
        return None

    def put(self, origin: tuple[str, str, int], connection: Connection) -> None:
        """Let a connection wait."""
        if sum(map(len, self._waiting.values())) >= self._most:
            self._close(one for ones in self._waiting.values() for one in ones if not one.usable)
            self._waiting = {
                o: kept for o, ones in self._waiting.items() if (kept := [c for c in ones if c.usable])
            }
        self._waiting.setdefault(origin, []).append(connection)

    def close(self) -> None:
        """Close all."""
        self._close(one for ones in self._waiting.values() for one in ones)
        self._waiting.clear()

    @staticmethod
    def _close(connections: Iterable[Connection]) -> None:
        for connection in connections:
            connection.close()
