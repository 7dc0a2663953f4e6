"""What a bundle tells: the values that every writer of a file in it reads. No I/O but reading exhibits' files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from evidence_store.canonical import Object
from evidence_store.digest import sha256
from evidence_store.exhibit import JsonValue
from evidence_store.log.journal import StampLine
from evidence_store.record import File
from evidence_store.sealing import Sink
from evidence_store.store import CustodyEvent, Kept
from evidence_store.timestamps.check import Stamp

LANGUAGES = ("en", "zh", "ja")
"""Languages of the papers in a bundle."""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file the exporter adds under data/more/."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class PdfSigner:
    """A certificate that signs the report (PAdES); the passphrase comes from the environment, never from a file."""

    pkcs12: Path
    passphrase: bytes | None = None
    time_url: str = ""
    """Address of an RFC 3161 authority for the signature's own stamp."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, for whom and by whom."""

    title: str
    reference: str
    """The case's own reference; names the folder in the bundle and starts every page number."""
    exported_by: str
    why: str
    more: tuple[BundleFile, ...] = ()
    organisation: str = ""
    """Whom the exporter works for; empty lines are left in the drafts where it is not given."""
    language: str = "en"
    """First language of the report: one of LANGUAGES."""
    time_zone: str = "UTC"
    """IANA name of the zone in which local times are written beside UTC."""
    pdf_signer: PdfSigner | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An exhibit with its number in this bundle."""

    number: str
    """E-0001, E-0002, …"""
    kept: Kept

    @property
    def folder(self) -> str:
        """Where its files lie."""
        return f"data/items/{self.number}"

    @property
    def record(self) -> Object:
        """The record, parsed (FORMAT 3)."""
        return self.kept.fields

    @property
    def record_sha256(self) -> str:
        """Digest of the record."""
        return sha256(self.kept.record)

    @property
    def requested_url(self) -> str:
        """The address that was asked for."""
        return str(self.kept.fields["requested_url"])

    @property
    def final_url(self) -> str:
        """The address of the page after redirects: the browser's word, else the last redirect target."""
        page = _object(_object(self.kept.fields.get("about")).get("page"))
        if page.get("final_url"):
            return str(page["final_url"])
        return _after_redirects(self.requested_url, self.kept.fields.get("exchanges"))

    @property
    def captured_at(self) -> str:
        """When the capture began, as the record writes it (FORMAT 2.5)."""
        return str(_object(self.kept.fields["time"])["started_at"])

    def path(self, file: File) -> str:
        """Where a file of the exhibit lies in the bundle."""
        return f"{self.folder}/{file.name}" if file.role == "exchange" else f"{self.folder}/files/{file.name}"


@dataclass(frozen=True, slots=True)
class Event:
    """A custody event with the number of its exhibit."""

    number: str
    event: CustodyEvent


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the papers of a bundle are made from."""

    order: Order
    at: datetime
    """When it was exported, UTC."""
    items: tuple[Item, ...]
    events: tuple[Event, ...]
    """Custody events in the order of the log."""
    stamps: tuple[tuple[StampLine, Stamp], ...]
    """Good time stamps on the checkpoint."""
    checkpoint: bytes
    """The signed note."""
    vkey: str
    log_size: int
    read: Callable[[Item, File], bytes] = field(repr=False)
    """Bytes of a file of an exhibit, hashed again while read."""
    copy: Callable[[Item, File, Sink], int] = field(repr=False)
    """The same into a stream, in bounded memory."""

    @property
    def folder(self) -> str:
        """Name of the one folder in the zip."""
        return re.sub(r"[^A-Za-z0-9-]+", "-", self.order.reference).strip("-")[:60] or "bundle"


def _object(value: JsonValue) -> Object:
    return value if isinstance(value, dict) else {}


def _after_redirects(requested: str, exchanges: JsonValue) -> str:
    """Follow the exchanges in the order made, as long as one is the redirect of the one before (its `redirect_to`)."""
    at = requested
    for exchange in exchanges if isinstance(exchanges, list) else []:
        row = _object(exchange)
        if row.get("url") == at and row.get("redirect_to"):
            at = str(row["redirect_to"])
    return at
