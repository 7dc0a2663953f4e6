"""What is handed in to be kept: exchanges as they stood on the wire, and files made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

JsonValue = str | int | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
"""Values a record may hold. No floats: RFC 8785 prints them in a way people misread."""


@dataclass(frozen=True, slots=True)
class DnsExchange:
    """One question to a resolver and its answer, as DNS messages on the wire (RFC 1035 §4)."""

    server: str
    """Address of the resolver that was asked."""
    question: bytes
    answer: bytes
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class WireExchange:
    """One request and response, byte for byte above TLS. A redirect is an exchange of its own."""

    url: str
    request: bytes
    response: bytes
    started_at: datetime
    ended_at: datetime
    address: str
    port: int
    resolved: tuple[str, ...] = ()
    truncated: str = ""
    """WARC-Truncated reason: length, time, disconnect, unspecified; empty for whole."""
    tls_version: str = ""
    tls_cipher: str = ""
    tls_chain: tuple[bytes, ...] = ()
    """DER certificates as the peer sent them, leaf first."""
    tls_verified: bool = False
    monotonic_ns: tuple[int, int] = (0, 0)
    tls_alpn: str = ""
    tls_sni: str = ""
    tls_error: str = ""
    """Why the certificate was not believed, in words; a bad certificate is recorded, not refused."""
    local_address: str = ""
    local_port: int = 0
    dns: tuple[DnsExchange, ...] = ()
    """Empty where the name came from the hosts file or was an address."""
    own_traffic: bool = False
    """True for what a browser asked for of its own accord (updates, accounts): kept, told apart."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file that belongs to an exhibit: picture, rendering, analysis."""

    name: str
    """File name inside the exhibit: letters, digits, dot, dash, underscore; unique."""
    role: str
    """picture, reference, overlay, screenshot, dom, analysis, …"""
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Operator:
    """Who caused the capture, and how we know it is them."""

    id: str
    authenticated_by: str
    """os-account, console-session, schedule, …"""


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything that is to be kept as one exhibit."""

    requested_url: str
    purpose: str
    """Why it was captured, in words a court reads."""
    legal_basis: str
    operator: Operator
    exchanges: tuple[WireExchange, ...]
    artefacts: tuple[Artefact, ...] = ()
    failures: tuple[str, ...] = ()
    """What was tried and did not work; recorded, never hidden."""
    about: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))
    """What the caller knows about it (case, listing, findings); kept verbatim in the record."""
    beacon: Mapping[str, JsonValue] | None = None
    """Public randomness fetched just before: the record is not older than that (FORMAT 3.3)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Acknowledgement: from now on this exhibit survives a crash and a power cut."""

    exhibit_id: str
    """UUIDv7, text form."""
    index: int
    """Position of its entry in the log."""
    record_sha256: str
    kept_at: datetime
