"""An exchange as bytes and back, so that a kept answer outlives the process: a JSON head, then the raw parts."""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from datetime import datetime

import zstandard

from crawlers.exchange import DnsExchange, Exchange, Headers, Purpose, Request, Tls, Wire
from crawlers.fetch.answers import MAX_BYTES

VERSION = 1
LENGTH = struct.Struct(">I")
LARGEST = 4 * MAX_BYTES
"""Bytes that a stored exchange may become; what is larger was not written by us."""


def to_bytes(exchange: Exchange) -> bytes:
    """The exchange without its hops, compressed; it must have a wire."""
    wire = exchange.wire
    if wire is None:
        raise ValueError("only an exchange with its wire can be stored")
    plain = wire.response.endswith(exchange.body)
    parts: list[bytes] = [b"" if plain else exchange.body, wire.request, wire.response]
    tls = None
    if wire.tls is not None:
        tls = {one.name: getattr(wire.tls, one.name) for one in fields(Tls) if one.name != "chain"}
        tls["chain"] = len(wire.tls.chain)
        parts += wire.tls.chain
    for message in wire.dns:
        parts += [message.question, message.answer]
    head = {
        "version": VERSION,
        "plain": len(exchange.body) if plain else None,
        "url": exchange.url,
        "purpose": exchange.request.purpose.value,
        "asked_with": exchange.request.headers,
        "status": exchange.status,
        "headers": exchange.headers,
        "started_at": exchange.started_at.isoformat(),
        "ended_at": exchange.ended_at.isoformat(),
        "address": wire.address,
        "port": wire.port,
        "resolved": wire.resolved,
        "monotonic_ns": wire.monotonic_ns,
        "local": [wire.local_address, wire.local_port],
        "names_note": wire.names_note,
        "tls": tls,
        "dns": [[message.server, message.asked_at.isoformat()] for message in wire.dns],
    }
    packed = b"".join(LENGTH.pack(len(part)) + part for part in (json.dumps(head).encode(), *parts))
    return zstandard.ZstdCompressor(level=1).compress(packed)


def from_bytes(data: bytes) -> Exchange | None:
    """What `to_bytes` wrote; None where it is of another version, or damaged."""
    try:
        if zstandard.frame_content_size(data) > LARGEST:
            return None
        head, *parts = _parts(zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST))
        said = json.loads(head)
        return _exchange(said, parts) if said["version"] == VERSION else None
    except (zstandard.ZstdError, struct.error, ValueError, KeyError, TypeError, IndexError):
        return None


def _parts(packed: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(packed):
        (length,) = LENGTH.unpack_from(packed, at)
        at += LENGTH.size
        found.append(packed[at : at + length])
        at += length
    return found


def _exchange(said: dict, parts: list[bytes]) -> Exchange:  # type: ignore[type-arg]
    body, request, response, *rest = parts
    if said["plain"] is not None:  # sent as it is, so it stands at the end of what was sent
        body = response[len(response) - said["plain"] :]
    tls = None
    if said["tls"] is not None:
        chain = said["tls"].pop("chain")
        tls = Tls(**said["tls"], chain=tuple(rest[:chain]))
        rest = rest[chain:]
    dns = tuple(
        DnsExchange(server, rest[2 * at], rest[2 * at + 1], datetime.fromisoformat(asked))
        for at, (server, asked) in enumerate(said["dns"])
    )
    wire = Wire(
        request=request,
        response=response,
        address=said["address"],
        port=said["port"],
        resolved=tuple(said["resolved"]),
        tls=tls,
        monotonic_ns=(said["monotonic_ns"][0], said["monotonic_ns"][1]),
        local_address=said["local"][0],
        local_port=said["local"][1],
        dns=dns,
        names_note=said["names_note"],
    )
    asked = Request(said["url"], Purpose(said["purpose"]), headers=_headers(said["asked_with"]))
    return Exchange(
        request=asked,
        url=said["url"],
        status=said["status"],
        headers=_headers(said["headers"]),
        body=body,
        started_at=datetime.fromisoformat(said["started_at"]),
        ended_at=datetime.fromisoformat(said["ended_at"]),
        wire=wire,
    )


def _headers(rows: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in rows)
