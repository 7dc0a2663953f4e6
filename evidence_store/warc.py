"""WARC 1.1 (ISO 28500:2017, FORMAT 9) of true wire bytes: our own writer, because others rewrite headers.

The reader is strict and bounded: it reads what this writer writes, for the verifier.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence_store.canonical import moment
from evidence_store.digest import sha256
from evidence_store.errors import Malformed
from evidence_store.exhibit import WireExchange

VERSION = b"WARC/1.1\r\n"
MAX_HEADER_BYTES = 65_536
NAMESPACE = uuid.UUID("6f0f3a52-6a0b-5c53-9a44-2c1b6c3a7b10")
"""Namespace of our record ids (RFC 9562 §5.5); arbitrary, fixed for ever."""


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """One record: named fields and the block."""

    fields: Mapping[str, str]
    block: bytes
    offset: int = 0
    """Where the record starts in its file."""
    length: int = 0
    """Its bytes, with header and the two line ends behind it."""

    @property
    def kind(self) -> str:
        """warcinfo, request or response."""
        return self.fields.get("WARC-Type", "")

    @property
    def id(self) -> str:
        """The record id without its angle brackets."""
        return self.fields.get("WARC-Record-ID", "").strip("<>")


def record_id(exhibit: str, position: int) -> str:
    """The id of the record at `position` of an exhibit's file (FORMAT 9.3)."""
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{exhibit}/{position}')}"


def write(exhibit: str, exchanges: Sequence[WireExchange], *, software: str) -> bytes:
    """The WARC file of an exhibit. Record 0 is the warcinfo; exchange i has records 1+2i and 2+2i."""
    start = min((exchange.started_at for exchange in exchanges), default=None)
    if start is None:
        raise Malformed("an exhibit without an exchange has no WARC file")
    info = f"software: {software}\r\nformat: WARC File Format 1.1\r\nisPartOf: urn:uuid:{exhibit}\r\n"
    out = [
        _record(
            {
                "WARC-Type": "warcinfo",
                "WARC-Record-ID": f"<{record_id(exhibit, 0)}>",
                "WARC-Date": moment(start),
                "Content-Type": "application/warc-fields",
            },
            info.encode(),
        )
    ]
    for i, exchange in enumerate(exchanges):
        request, response = record_id(exhibit, 1 + 2 * i), record_id(exhibit, 2 + 2 * i)
        out.append(_half(exchange, "request", request, response, exchange.started_at))
        out.append(_half(exchange, "response", response, request, exchange.started_at))
    return b"".join(out)


def read(data: bytes) -> Iterator[WarcRecord]:
    """The records of a file that `write` wrote.

    Raises:
        Malformed: anything else: another version, a broken length, bytes between or after the records.
    """
    at = 0
    while at < len(data):
        end = data.find(b"\r\n\r\n", at, at + MAX_HEADER_BYTES)
        if end < 0 or not data.startswith(VERSION, at):
            raise Malformed("not a WARC 1.1 record")
        fields = _fields(data[at + len(VERSION) : end])
        length = fields.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 15:
            raise Malformed("a WARC record without a length")
        start = end + 4
        stop = start + int(length)
        if data[stop : stop + 4] != b"\r\n\r\n":
            raise Malformed("a WARC record whose length is not its own")
        block = data[start:stop]
        if fields.get("WARC-Block-Digest") != f"sha256:{sha256(block)}":
            raise Malformed("a WARC record whose digest is not its own")
        yield WarcRecord(fields, block, at, stop + 4 - at)
        at = stop + 4


def _half(exchange: WireExchange, kind: str, own: str, other: str, at: datetime) -> bytes:
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<{own}>",
        "WARC-Concurrent-To": f"<{other}>",
        "WARC-Target-URI": _one_line(exchange.url),
        "WARC-Date": moment(at),
        "WARC-IP-Address": exchange.address,
        "Content-Type": f"application/http;msgtype={kind}",
    }
    if kind == "response" and exchange.truncated:
        fields["WARC-Truncated"] = exchange.truncated
    return _record(fields, exchange.request if kind == "request" else exchange.response)


def _record(fields: Mapping[str, str], block: bytes) -> bytes:
    named = {**fields, "WARC-Block-Digest": f"sha256:{sha256(block)}", "Content-Length": str(len(block))}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return VERSION + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def _fields(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise Malformed("a WARC header that is not UTF-8") from error
    for line in lines:
        name, gap, value = line.partition(": ")
        if not gap or name in found:
            raise Malformed("a WARC header of another form")
        found[name] = value
    return found


def _one_line(url: str) -> str:
    """A URL without anything that could end a header line."""
    return "".join(c for c in url if c.isprintable() and not c.isspace())
