"""What the store hands out, and what it gathers for one commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evidence_store import warc
from evidence_store.canonical import Object
from evidence_store.errors import Malformed
from evidence_store.exhibit import Capture
from evidence_store.log.journal import Batch, Line, Part
from evidence_store.record import File, file_of

ARTEFACT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
RESERVED = {"exchange.warc"}


@dataclass(frozen=True, slots=True)
class Kept:
    """An exhibit as the store holds it."""

    exhibit_id: str
    position: int
    entry: bytes
    opening: bytes
    record: bytes
    fields: Object
    """The record, parsed."""

    @property
    def files(self) -> list[File]:
        """Every file of the exhibit, as the record names it."""
        rows = self.fields["artefacts"]
        if not isinstance(rows, list):
            raise Malformed("a record without artefacts")
        return [file_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """Something that was written down in the log about an exhibit, or about the log itself."""

    position: int
    entry: bytes
    opening: bytes
    payload: bytes
    fields: Object


@dataclass(slots=True)
class Writing:
    """What is gathered for one commit."""

    size: int
    """Entries in the log before it."""
    lines: list[Line] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    keys: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def next_position(self) -> int:
        """Where the next entry will stand."""
        return self.size + len(self.lines)

    @property
    def batch(self) -> Batch:
        """All of it, for one commit."""
        return Batch(self.lines, self.parts, self.keys)


def files_of(capture: Capture, exhibit: str, software: str) -> Iterator[tuple[str, str, str, bytes]]:
    """(name, role, media type, bytes) of every file of an exhibit."""
    if capture.exchanges:
        data = warc.write(exhibit, capture.exchanges, software=software)
        yield "exchange.warc", "exchange", "application/warc", data
    taken = set(RESERVED)
    chain = dict.fromkeys(c for exchange in capture.exchanges for c in exchange.tls_chain)
    for number, certificate in enumerate(chain, 1):
        taken.add(f"tls-{number}.der")
        yield f"tls-{number}.der", "certificate", "application/pkix-cert", certificate
    for artefact in capture.artefacts:
        if not ARTEFACT_NAME.fullmatch(artefact.name) or artefact.name in taken:
            raise Malformed(f"“{artefact.name[:100]}” cannot name a file of an exhibit, or is taken")
        taken.add(artefact.name)
        yield artefact.name, artefact.role, artefact.media_type, artefact.data
