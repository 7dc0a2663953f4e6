"""One exchange over HTTP/1.1, recorded byte for byte.

A name is resolved once, addresses that are not public are refused, and the very address that was checked is connected
to; connections that wait for the next request were checked in the same way. Only here is it known how HTTP is spoken.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from typing import Protocol

import h11
import httpx2

from crawlers.errors import AddressRefused, CrawlError, Unreachable
from crawlers.exchange import Exchange, Headers, Request, Tls, Wire
from crawlers.fetch.addresses import refusal
from crawlers.fetch.connection import Connection, Idle, Peer, Recording, Socket
from crawlers.fetch.decoding import BodyDecoder
from crawlers.fetch.limits import Limits
from crawlers.fetch.names import Resolved, Resolver, SystemNames

MAX_ADDRESSES = 4
"""Of one name, tried in the resolver's order."""
WIRE_SLACK = 200_000
"""Bytes of header fields and chunk framing that may come beside a body's cap."""


class Transport(Protocol):
    """Sends one request and records the answer; follows nothing, retries nothing.

    Must raise only errors of `crawlers.errors`; a cap that is reached gives a truncated exchange.
    """

    async def send(self, request: Request, headers: Headers, limits: Limits) -> Exchange:
        """Ask once. `headers` go out beside those of the request."""
        ...


class _Refusal(Exception):
    """The address check said no."""


class HttpTransport:
    """HTTP/1.1 without proxies, cookies, HTTP/2 or redirects. Open it with `http_transport`."""

    def __init__(
        self,
        now: Callable[[], datetime],
        resolve: Resolver,
        local_hosts: frozenset[str],
        trust: ssl.SSLContext | None,
        *,
        accept_bad_certificates: bool,
    ) -> None:
        self._now, self._resolve, self._local_hosts, self._trust = now, resolve, local_hosts, trust
        self._accept_bad_certificates = accept_bad_certificates
        self._idle = Idle()

    async def send(self, request: Request, headers: Headers, limits: Limits) -> Exchange:
        """Ask once, within `limits`."""
        try:
            return await self._exchange(request, headers, limits, self._now())
        except _Refusal as error:
            raise AddressRefused(f"Not connected: {error}.", url=request.url) from error
        except (h11.ProtocolError, ssl.SSLError, OSError) as error:
            what = str(error) or (
                "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
            )
            raise Unreachable(f"No usable answer: {what}.", url=request.url) from error
        except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
            raise AddressRefused(f"Not a web address that can be asked: {error}.", url=request.url) from error
        except CrawlError as error:
            error.url = error.url or request.url
            raise

    def close(self) -> None:
        """Close every connection that waits."""
        self._idle.close()

    async def _exchange(
        self, request: Request, headers: Headers, limits: Limits, started: datetime
    ) -> Exchange:
        url = httpx2.URL(request.url)
        origin = _origin(url)
        outgoing = _outgoing(request, url, headers)
        recording = Recording(limits.max_bytes + WIRE_SLACK)
        deadline = time.monotonic() + limits.total_seconds
        connection = self._idle.take(origin)
        again = connection is not None and request.method in ("GET", "HEAD")
        try:
            async with asyncio.timeout(limits.total_seconds):
                try:
                    connection = connection or await self._connect(origin, limits)
                    head = await connection.ask(outgoing, request.body, recording, limits.read_seconds)
                except ConnectionError:
                    if not again or connection is None or recording.response:
                        raise
                    connection.close()  # it had waited, and was closed just now (RFC 9112 §9.3.1)
                    connection = await self._connect(origin, limits)
                    head = await connection.ask(outgoing, request.body, recording, limits.read_seconds)
            body, truncated = await _read(connection, head, limits, recording, deadline)
            tls = connection.tls_on_record
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        if truncated in ("", "unspecified"):
            if connection.finish():
                self._idle.put(origin, connection)
        else:
            connection.close()
        found = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()
        )
        return Exchange(
            request=request,
            url=request.url,
            status=head.status_code,
            headers=found,
            body=body,
            started_at=started,
            ended_at=self._now(),
            truncated=truncated,
            wire=_wire(recording, tls),
        )

    async def _connect(self, origin: tuple[str, str, int], limits: Limits) -> Connection:
        """A connection to an address of the host that passed the check; every one of them has to."""
        scheme, host, port = origin
        try:
            async with asyncio.timeout(limits.connect_seconds):
                names = await self._resolve(host, port)
        except TimeoutError as error:
            raise TimeoutError(f"no address for {host} in time") from error
        except (OSError, UnicodeError) as error:
            raise ConnectionError(f"no address for {host}: {error}") from error
        if why := refusal(host, names.addresses, local=host in self._local_hosts):
            raise _Refusal(why)
        context = (self._trust or _trust()) if scheme == "https" else None
        failure: OSError = ConnectionError(f"{host} has no address that can be connected to")
        for address in names.addresses[:MAX_ADDRESSES]:
            try:
                return await self._connect_to(address, names, origin, context, limits)
            except ssl.SSLCertVerificationError:
                raise  # not believed: another address is no better
            except OSError as error:
                failure = error  # the next one may be reachable: IPv6 addresses often are not
        raise failure

    async def _connect_to(
        self,
        address: str,
        names: Resolved,
        origin: tuple[str, str, int],
        context: ssl.SSLContext | None,
        limits: Limits,
    ) -> Connection:
        _, host, port = origin
        disbelief = ""
        try:
            socket = await _open(address, port, context, host, limits)
        except ssl.SSLCertVerificationError as error:
            if not self._accept_bad_certificates or context is None:
                raise
            disbelief = error.verify_message
            socket = await _open(address, port, _believing(context), host, limits)
        local = socket.transport.get_extra_info("sockname") if socket.transport is not None else None
        ours = (str(local[0]), int(local[1])) if local else ("", 0)
        peer = Peer(address, port, names, ours, _sni(host) if context is not None else "", disbelief)
        return Connection(socket, peer)


@asynccontextmanager
async def http_transport(
    *,
    now: Callable[[], datetime],
    resolve: Resolver | None = None,
    local_hosts: frozenset[str] = frozenset(),
    trust: ssl.SSLContext | None = None,
    accept_bad_certificates: bool = False,
) -> AsyncIterator[HttpTransport]:
    """Open a transport.

    Args:
        now: the clock for wall times.
        resolve: finds addresses; the name servers of this system if not given.
        local_hosts: hosts that may lead to loopback or private addresses: one's own test shops.
        trust: TLS trust; the system's if not given.
        accept_bad_certificates: for evidence only: a certificate that is not believed is put on record as such
            (`verified` False, `error` why), over a second connection to the same address; otherwise it is refused.
    """
    transport = HttpTransport(
        now,
        resolve or SystemNames(now),
        local_hosts,
        trust,
        accept_bad_certificates=accept_bad_certificates,
    )
    try:
        yield transport
    finally:
        transport.close()


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The system's trust, read once a process: hundreds of transports share it."""
    return ssl.create_default_context()


async def _open(address: str, port: int, context: ssl.SSLContext | None, host: str, limits: Limits) -> Socket:
    """A connection to exactly this address; TLS asks for the host's own name."""
    if context is not None:
        context.set_alpn_protocols(["http/1.1"])
    socket = Socket()
    try:
        async with asyncio.timeout(limits.connect_seconds):
            await asyncio.get_running_loop().create_connection(
                lambda: socket,
                address,
                port,
                ssl=context,
                server_hostname=host if context is not None else None,
            )
    except TimeoutError as error:
        raise TimeoutError(f"{host} took too long to connect") from error
    return socket


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    """Scheme, host as it stands in DNS, and port; raises ValueError where it cannot be asked."""
    host = url.raw_host.decode("ascii")
    if url.scheme not in ("http", "https") or not host:
        raise ValueError("it is neither http nor https")
    return url.scheme, host, url.port or (443 if url.scheme == "https" else 80)


def _outgoing(request: Request, url: httpx2.URL, headers: Headers) -> h11.Request:
    fields = [("Host", url.netloc.decode("ascii")), *headers, *request.headers]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        fields.append(("Content-Length", str(len(request.body))))
    return h11.Request(method=request.method, target=url.raw_path, headers=fields)


async def _read(
    connection: Connection, head: h11.Response, limits: Limits, recording: Recording, deadline: float
) -> tuple[bytes, str]:
    """The decoded body, and why it is not whole."""
    coding = ",".join(value.decode("latin-1") for name, value in head.headers if name == b"content-encoding")
    decoder = BodyDecoder(coding, limits.max_bytes)
    truncated = ""
    try:
        async with asyncio.timeout(max(deadline - time.monotonic(), 0.01)):
            async for piece in connection.body(recording, limits.read_seconds):
                decoder.feed(piece)
                if decoder.full or recording.overflow:
                    truncated = "length"
                    break
    except TimeoutError:
        truncated = "time"
    except (h11.RemoteProtocolError, OSError):
        truncated = "disconnect"
    if not truncated and not decoder.whole:
        truncated = "unspecified"
    return decoder.body(), truncated


def _sni(host: str | None) -> str:
    """The name sent in the handshake; none is sent for an address (RFC 6066 §3)."""
    return "" if host is None or host.rpartition(".")[2].isdigit() or ":" in host else host


def _believing(strict: ssl.SSLContext) -> ssl.SSLContext:
    """A context like `strict` that takes any certificate; it is on record as not believed."""
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
    lax.minimum_version, lax.options = strict.minimum_version, strict.options
    lax.set_alpn_protocols(["http/1.1"])
    return lax


def _wire(recording: Recording, tls: Tls | None) -> Wire | None:
    if recording.peer is None:
        return None
    return Wire(
        request=bytes(recording.request),
        response=bytes(recording.response),
        address=recording.peer.address,
        port=recording.peer.port,
        resolved=recording.peer.names.addresses,
        tls=tls,
        monotonic_ns=(recording.first_ns, recording.last_ns),
        local_address=recording.peer.local[0],
        local_port=recording.peer.local[1],
        dns=recording.peer.names.dns,
        names_note=recording.peer.names.note,
    )
