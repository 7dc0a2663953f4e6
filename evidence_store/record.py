"""The record of an exhibit (FORMAT 3): what was captured, by whom, with what, and in what surroundings."""

from __future__ import annotations

import os
import platform
import secrets
import ssl
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evidence_store.canonical import Object, moment
from evidence_store.digest import sha256
from evidence_store.exhibit import Capture, JsonValue, WireExchange
from evidence_store.warc import record_id

FORMAT = "ipguard-record/1"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class File:
    """A file of an exhibit as the record names it."""

    name: str
    role: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Tool, host and environment at the time of capture; the same for every exhibit of a batch."""

    tool: Mapping[str, JsonValue]
    host: Mapping[str, JsonValue]
    environment: Mapping[str, JsonValue]


def uuid7(now: datetime) -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then randomness."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0x3 << 62) | (2 << 62)
    return str(uuid.UUID(int=value))


def look_around() -> Surroundings:
    """Gather what can be said about this machine without asking anybody.

    The cleanliness record (清洁性检查) asks whether something stood between us and the shop: proxies,
    a changed hosts file, another resolver, another trust store. Digests are kept, not contents.
    """
    try:
        own = version("ipguard")
    except PackageNotFoundError:
        own = "unknown"
    trust = ssl.get_default_verify_paths()
    return Surroundings(
        tool={"name": "ipguard", "version": own, "python": platform.python_version()},
        host={
            "id": sha256(platform.node().encode())[:16],
            "system": platform.system(),
            "kernel": platform.release(),
            "machine": platform.machine(),
        },
        environment={
            "proxy_variables": [name for name in PROXY_VARIABLES if os.environ.get(name)],
            "hosts_sha256": _digest_of("/etc/hosts"),
            "resolver_sha256": _digest_of("/etc/resolv.conf"),
            "trust_store_sha256": _digest_of(trust.cafile or ""),
            "executable": Path(sys.executable).name,
        },
    )


def build(
    capture: Capture, exhibit: str, files: Sequence[File], around: Surroundings, *, kept_at: datetime
) -> Object:
    """The record of a capture. `files` holds every artefact, the WARC and the certificates included."""
    moments = [e.started_at for e in capture.exchanges] or [kept_at]
    ends = [e.ended_at for e in capture.exchanges] or [kept_at]
    return {
        "format": FORMAT,
        "id": exhibit,
        "purpose": capture.purpose,
        "legal_basis": capture.legal_basis,
        "operator": {"id": capture.operator.id, "authenticated_by": capture.operator.authenticated_by},
        "requested_url": capture.requested_url,
        "time": {
            "started_at": moment(min(moments)),
            "ended_at": moment(max(ends)),
            "kept_at": moment(kept_at),
            "clock": {"source": "system", "offset_us": None, "dispersion_us": None, "last_sync": None},
        },
        "tool": dict(around.tool),
        "host": dict(around.host),
        "environment": dict(around.environment),
        "exchanges": [_exchange(e, exhibit, i) for i, e in enumerate(capture.exchanges)],
        "artefacts": [
            {"name": f.name, "role": f.role, "media_type": f.media_type, "bytes": f.size, "sha256": f.sha256}
            for f in files
        ],
        "failures": list(capture.failures),
        "about": dict(capture.about),
    }


def _exchange(exchange: WireExchange, exhibit: str, position: int) -> Object:
    tls: Object | None = None
    if exchange.tls_version:
        tls = {
            "version": exchange.tls_version,
            "cipher": exchange.tls_cipher,
            "verified": exchange.tls_verified,
            "chain_sha256": [sha256(certificate) for certificate in exchange.tls_chain],
        }
    return {
        "url": exchange.url,
        "started_at": moment(exchange.started_at),
        "ended_at": moment(exchange.ended_at),
        "monotonic_ns": [str(n) for n in exchange.monotonic_ns],
        "address": exchange.address,
        "port": exchange.port,
        "resolved": list(exchange.resolved),
        "tls": tls,
        "request_sha256": sha256(exchange.request),
        "response_sha256": sha256(exchange.response),
        "truncated": exchange.truncated,
        "warc": {
            "request_id": record_id(exhibit, 1 + 2 * position),
            "response_id": record_id(exhibit, 2 + 2 * position),
        },
    }


def _digest_of(path: str) -> str | None:
    try:
        return sha256(Path(path).read_bytes())
    except OSError:
        return None
