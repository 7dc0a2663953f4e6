"""The record of an exhibit (FORMAT 3): what was captured, by whom, with what, and in what surroundings. Pure."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from evidence_store.canonical import Object, moment
from evidence_store.digest import sha256
from evidence_store.errors import Malformed
from evidence_store.exhibit import Capture, DnsExchange, JsonValue, WireExchange
from evidence_store.surroundings import Surroundings
from evidence_store.warc import record_id

FORMAT = "ipguard-record/1"
MAX_HEAD_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class File:
    """A file of an exhibit as the record names it."""

    name: str
    role: str
    media_type: str
    size: int
    sha256: str


def file_of(row: JsonValue) -> File:
    """A file from its row in a record's `artefacts`.

    Raises:
        Malformed: the row has another form.
    """
    size = row.get("bytes") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(size, int):
        raise Malformed("an artefact is an object with a number of bytes")
    name, role, kind, digest = (str(row.get(key)) for key in ("name", "role", "media_type", "sha256"))
    return File(name, role, kind, size, digest)


def uuid7(now: datetime) -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then randomness."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0x3 << 62) | (2 << 62)
    return str(uuid.UUID(int=value))


def build(
    capture: Capture,
    exhibit: str,
    files: Sequence[File],
    around: Surroundings,
    *,
    kept_at: datetime,
) -> Object:
    """The record of a capture. `files` holds every artefact, the WARC and the certificates included."""
    moments = [e.started_at for e in capture.exchanges] or [kept_at]
    ends = [e.ended_at for e in capture.exchanges] or [kept_at]
    record: Object = {
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
            "clock": dict(around.clock),
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
    if capture.beacon:
        record["beacon"] = dict(capture.beacon)
    return record


def _exchange(exchange: WireExchange, exhibit: str, position: int) -> Object:
    return {
        "url": exchange.url,
        "started_at": moment(exchange.started_at),
        "ended_at": moment(exchange.ended_at),
        "monotonic_ns": [str(n) for n in exchange.monotonic_ns],
        "address": exchange.address,
        "port": exchange.port,
        "local": {"address": exchange.local_address, "port": exchange.local_port},
        "resolved": list(exchange.resolved),
        "dns": [_dns(asked) for asked in exchange.dns],
        "tls": _tls(exchange),
        "request_sha256": sha256(exchange.request),
        "response_sha256": sha256(exchange.response),
        "redirect_to": redirect_target(exchange.url, exchange.response),
        "truncated": exchange.truncated,
        "own_traffic": exchange.own_traffic,
        "warc": {
            "request_id": record_id(exhibit, 1 + 2 * position),
            "response_id": record_id(exhibit, 2 + 2 * position),
        },
    }


def redirect_target(url: str, response: bytes) -> str:
    """Where a response sends its reader (RFC 9110 §15.4, §10.2.2); empty where it does not."""
    head = response[:MAX_HEAD_BYTES].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = head[0].split(" ")[1:2]
    if status not in (["301"], ["302"], ["303"], ["307"], ["308"]):
        return ""
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "location":
            try:
                return urljoin(url, value.strip())
            except ValueError:
                return ""
    return ""


def _dns(asked: DnsExchange) -> Object:
    return {
        "server": asked.server,
        "asked_at": moment(asked.asked_at),
        "question": base64.b64encode(asked.question).decode(),
        "answer": base64.b64encode(asked.answer).decode(),
    }


def _tls(exchange: WireExchange) -> Object | None:
    if not exchange.tls_version:
        return None
    return {
        "version": exchange.tls_version,
        "cipher": exchange.tls_cipher,
        "alpn": exchange.tls_alpn,
        "sni": exchange.tls_sni,
        "verified": exchange.tls_verified,
        "error": exchange.tls_error,
        "chain_sha256": [sha256(certificate) for certificate in exchange.tls_chain],
    }
