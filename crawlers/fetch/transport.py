"""One exchange over HTTP/1.1, recorded byte for byte: the only module that imports httpx2.

The network backend below httpx2 resolves once, refuses addresses that are not public, connects to the very
address it checked, and copies what passes above TLS. Nothing is decoded behind our back: bodies are read raw.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import httpcore2
import httpx2

from crawlers.errors import AddressRefused, CrawlError, Unreachable
from crawlers.exchange import Exchange, Headers, Request, Tls, Wire
from crawlers.fetch.addresses import refusal
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


@dataclass(slots=True)
class _Recording:
    """What passed on the wire for one exchange."""

    cap: int
    request: bytearray = field(default_factory=bytearray)
    response: bytearray = field(default_factory=bytearray)
    peer: _Peer | None = None
    first_ns: int = 0
    last_ns: int = 0
    overflow: bool = False


@dataclass(frozen=True, slots=True)
class _Peer:
    """Who a connection leads to, and what is known of it."""

    address: str
    port: int
    names: Resolved
    local: tuple[str, int] = ("", 0)
    sni: str = ""
    tls_error: str = ""


_recording: ContextVar[_Recording | None] = ContextVar("recording", default=None)
"""The exchange under way in this task: httpcore2 does all its reading and writing in the caller's task."""


class _RecordedStream(httpcore2.AsyncNetworkStream):
    def __init__(
        self,
        inner: httpcore2.AsyncNetworkStream,
        peer: _Peer,
        *,
        plain: bool,
        again: Callable[[], Awaitable[httpcore2.AsyncNetworkStream]] | None = None,
    ) -> None:
        """`again` connects once more, to record a certificate that was not believed; None refuses such ones."""
        self._inner, self._peer, self._plain, self._again = inner, peer, plain, again

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 — httpcore2's
        data = await self._inner.read(max_bytes, timeout)
        recording = _recording.get()
        if recording is not None and self._plain:
            recording.response += data
            recording.last_ns = time.monotonic_ns()
            if len(recording.response) > recording.cap:
                recording.overflow = True
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 — httpcore2's
        recording = _recording.get()
        if recording is not None and self._plain:
            recording.first_ns = recording.first_ns or time.monotonic_ns()
            recording.request += buffer
            recording.peer = self._peer
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 — httpcore2's
    ) -> httpcore2.AsyncNetworkStream:
        peer = replace(self._peer, sni=_sni(server_hostname))
        try:
            inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except httpcore2.ConnectError as error:
            if self._again is None or not (why := _disbelief(error)):
                raise
            fresh = await self._again()
            inner = await fresh.start_tls(_believing(ssl_context), server_hostname, timeout)
            peer = replace(peer, local=_local_end(fresh), tls_error=why)
        return _RecordedStream(inner, peer, plain=True)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 — httpcore2's
        return self._inner.get_extra_info(info)


class _GuardedBackend(httpcore2.AsyncNetworkBackend):
    def __init__(
        self, resolve: Resolver, local_hosts: frozenset[str], *, accept_bad_certificates: bool
    ) -> None:
        self._inner, self._resolve, self._local_hosts = httpcore2.AnyIOBackend(), resolve, local_hosts
        self._accept_bad_certificates = accept_bad_certificates

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 — httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                names = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"no address for {host} in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"no address for {host}: {error}") from error
        if why := refusal(host, names.addresses, local=host in self._local_hosts):
            raise _Refusal(why)
        for address in names.addresses[:MAX_ADDRESSES]:
            try:
                stream = await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error  # the next one may be reachable: IPv6 addresses often are not
                continue
            again = partial(self._inner.connect_tcp, address, port, timeout, local_address, socket_options)
            peer = _Peer(address, port, names, _local_end(stream))
            return _RecordedStream(
                stream, peer, plain=True, again=again if self._accept_bad_certificates else None
            )
        raise failure


def _local_end(stream: httpcore2.AsyncNetworkStream) -> tuple[str, int]:
    """Our own address and port of a connection."""
    found = stream.get_extra_info("client_addr")
    return (str(found[0]), int(found[1])) if found else ("", 0)


def _sni(host: str | None) -> str:
    """The name sent in the handshake; none is sent for an address (RFC 6066 §3)."""
    return "" if host is None or host.rpartition(".")[2].isdigit() or ":" in host else host


def _disbelief(error: BaseException) -> str:
    """Why a certificate was not believed; empty where something else went wrong."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause.verify_message if cause is not None else ""


def _believing(strict: ssl.SSLContext) -> ssl.SSLContext:
    """A context like `strict` that takes any certificate; it is on record as not believed."""
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
    lax.minimum_version, lax.options = strict.minimum_version, strict.options
    lax.set_alpn_protocols(["http/1.1"])
    return lax


class _Refusal(Exception):
    """The address check said no."""


class HttpTransport:
    """HTTP/1.1 over httpx2, without proxies, cookies, HTTP/2 or redirects. Open it with `http_transport`."""

    def __init__(self, client: httpx2.AsyncClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now

    async def send(self, request: Request, headers: Headers, limits: Limits) -> Exchange:
        """Ask once, within `limits`."""
        recording = _Recording(limits.max_bytes + WIRE_SLACK)
        token = _recording.set(recording)
        started = self._now()
        try:
            return await self._exchange(request, headers, limits, recording, started)
        except _Refusal as error:
            raise AddressRefused(f"Not connected: {error}.", url=request.url) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, UnicodeError, ValueError) as error:
            raise AddressRefused(f"Not a web address that can be asked: {error}.", url=request.url) from error
        except (
            httpx2.HTTPError,
            httpcore2.ProtocolError,
            httpcore2.NetworkError,
            ssl.SSLError,
            OSError,
        ) as error:
            what = str(error) or (
                "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
            )
            raise Unreachable(f"No usable answer: {what}.", url=request.url) from error
        except CrawlError as error:
            error.url = error.url or request.url
            raise
        finally:
            _recording.reset(token)

    async def _exchange(
        self, request: Request, headers: Headers, limits: Limits, recording: _Recording, started: datetime
    ) -> Exchange:
        timeout = httpx2.Timeout(limits.read_seconds, connect=limits.connect_seconds)
        outgoing = self._client.build_request(
            request.method,
            request.url,
            headers=[*headers, *request.headers],
            content=request.body or None,
            timeout=timeout,
        )
        deadline = time.monotonic() + limits.total_seconds
        async with asyncio.timeout(limits.total_seconds):
            answer = await self._client.send(outgoing, stream=True, follow_redirects=False)
        try:
            body, truncated = await _read(answer, limits, recording, deadline)
            tls = _tls(answer, recording.peer)
        finally:
            await answer.aclose()
        found = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
        return Exchange(
            request=request,
            url=request.url,
            status=answer.status_code,
            headers=found,
            body=body,
            started_at=started,
            ended_at=self._now(),
            truncated=truncated,
            wire=_wire(recording, tls),
        )


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
    believed = trust or ssl.create_default_context()
    transport = httpx2.AsyncHTTPTransport(
        verify=believed, trust_env=False
    )  # else it reads every root once more
    # httpx2 has no public way to give its pool a backend; the version is pinned and a test holds this.
    transport._pool = httpcore2.AsyncConnectionPool(  # noqa: SLF001
        ssl_context=believed,
        max_connections=200,
        max_keepalive_connections=50,
        keepalive_expiry=20.0,
        http1=True,
        http2=False,
        network_backend=_GuardedBackend(
            resolve or SystemNames(now), local_hosts, accept_bad_certificates=accept_bad_certificates
        ),
    )
    for name in ("httpx2", "httpcore2"):  # their logs would name addresses with keys in them
        logging.getLogger(name).setLevel(logging.WARNING)
    async with httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False) as client:
        client.headers.clear()
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))  # none are kept
        yield HttpTransport(client, now)


async def _read(
    answer: httpx2.Response, limits: Limits, recording: _Recording, deadline: float
) -> tuple[bytes, str]:
    """The decoded body, and why it is not whole."""
    decoder = BodyDecoder(answer.headers.get("content-encoding", ""), limits.max_bytes)
    truncated = ""
    try:
        async with asyncio.timeout(max(deadline - time.monotonic(), 0.01)):
            async for piece in answer.aiter_raw():
                decoder.feed(piece)
                if decoder.full or recording.overflow:
                    truncated = "length"
                    break
    except TimeoutError:
        truncated = "time"
    except (httpx2.ReadTimeout, httpx2.RemoteProtocolError, httpx2.ReadError) as error:
        truncated = "time" if isinstance(error, httpx2.ReadTimeout) else "disconnect"
    if not truncated and not decoder.whole:
        truncated = "unspecified"
    return decoder.body(), truncated


def _tls(answer: httpx2.Response, peer: _Peer | None) -> Tls | None:
    stream = answer.extensions.get("network_stream")
    session = stream.get_extra_info("ssl_object") if stream is not None else None
    if session is None or peer is None:
        return None
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


def _wire(recording: _Recording, tls: Tls | None) -> Wire | None:
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
