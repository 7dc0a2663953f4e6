"""What is asked and what was said: the values that everything else in this package passes around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

State = Mapping[str, str | int | float | bool | None]
"""Plain JSON values, so that they can be written down and read again."""

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order and spelling of the wire (names are not case-folded)."""


class Purpose(StrEnum):
    """Why a request is made; decides which caps apply."""

    PAGE = "page"
    FEED = "feed"
    SITEMAP = "sitemap"
    PICTURE = "picture"
    ROBOTS = "robots"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to ask for. `label` and `state` are the adapter's own, handed back with the answer.

    `state` holds plain JSON values only, so that a frontier can be written down and resumed.
    """

    url: str
    purpose: Purpose = Purpose.PAGE
    method: str = "GET"
    headers: Headers = ()
    body: bytes = b""
    label: str = ""
    state: State = field(default_factory=lambda: MappingProxyType({}))
    only_for: str = ""
    """Id of a listing in the same answer: asked only where that listing is worth keeping; empty asks anyway."""


@dataclass(frozen=True, slots=True)
class DnsExchange:
    """One question to a name server and its answer, as DNS messages on the wire (RFC 1035 §4)."""

    server: str
    """Address of the name server that was asked."""
    question: bytes
    answer: bytes
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS session an exchange ran in, as seen in that very connection."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    """DER certificates as the peer sent them, leaf first."""
    verified: bool
    alpn: str = ""
    """Protocol agreed on (RFC 7301); empty where none was."""
    sni: str = ""
    """Name that was asked for (RFC 6066 §3); empty for an address."""
    error: str = ""
    """Why the certificate was not believed, in words; only where it was recorded instead of refused."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The bytes as they stood on the wire above TLS, and where they went."""

    request: bytes
    """Request line, header fields and body as sent."""
    response: bytes
    """Status line, header fields and body as received: transfer and content coding untouched."""
    address: str
    port: int
    resolved: tuple[str, ...]
    """Every address the name resolved to at that moment."""
    tls: Tls | None = None
    monotonic_ns: tuple[int, int] = (0, 0)
    """Monotonic clock at first byte sent and last byte received, nanoseconds."""
    local_address: str = ""
    local_port: int = 0
    dns: tuple[DnsExchange, ...] = ()
    """Empty where the name came from the hosts file or the operating system, or was an address."""
    names_note: str = ""
    """Where the addresses came from, in words, if no message on record says so."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. A redirect is an exchange of its own, kept in `hops`."""

    request: Request
    url: str
    """The URL this very answer came from (after redirects)."""
    status: int
    headers: Headers
    body: bytes
    """Body with transfer and content coding removed, never longer than the cap."""
    started_at: datetime
    ended_at: datetime
    truncated: str = ""
    """Why the body is not whole, or empty: "length", "time", "disconnect", or "unspecified" where the server
    itself ended a coded body early (the words of WARC 1.1 §5.13)."""
    wire: Wire | None = None
    hops: tuple[Exchange, ...] = ()
    """Earlier hops, oldest first. Where `unchanged_since` is set, the last two are the answer as it was said then, and
    the 304 of now."""
    unchanged_since: datetime | None = None
    """When the body was said, if the host only told us now that it still stands (304, RFC 9110 §15.4.5)."""

    def header(self, name: str) -> str | None:
        """First value of a header field, by case-insensitive name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def media_type(self) -> str:
        """Media type without parameters, lower case; empty where none was sent."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()
