"""Looking at one exhibit: what it holds, what keeps it, the page as it was captured, and whether it still verifies."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from socket import socket
from typing import IO, cast

from crawlers.errors import CrawlError
from crawlers.fetch.decoding import BodyDecoder
from evidence_store import retention, warc
from evidence_store.canonical import Object
from evidence_store.digest import sha256
from evidence_store.errors import EvidenceError, Malformed
from evidence_store.log.checkpoint import parse_checkpoint, parse_proof
from evidence_store.log.commitment import commitment_of
from evidence_store.log.note import check, split
from evidence_store.log.tree import check_inclusion, leaf_hash
from evidence_store.record import File
from evidence_store.store import EvidenceStore, Memory
from ipguard.errors import WrongUse
from ipguard.evidence import open_store
from ipguard.reports.gathering import Exhibit, Sealed, exhibit_of, sealed_by
from ipguard.settings import Workspace

MAX_PAGE_BYTES = 8_000_000
"""Of a captured page that is shown; the file itself can be downloaded whole."""
MAX_FILE_BYTES = 256_000_000
PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")


@dataclass(frozen=True, slots=True)
class Opened:
    """Where exhibits are and when it is."""

    workspace: Workspace
    now: Callable[[], datetime]
    memory: Memory


@dataclass(frozen=True, slots=True)
class Seen:
    """An exhibit with what stands around it."""

    exhibit: Exhibit
    sealed: Sealed
    proof: str
    """Of its entry under the newest checkpoint; empty where it is not under one yet."""
    under_checkpoint: bool
    matters: tuple[str, ...]
    """Legal holds on it."""
    retained_until: datetime | None
    failures: tuple[str, ...]
    """What did not work while it was captured, as its record says."""
    page: str
    """Name of the file that the captured page can be shown from; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked about an exhibit."""

    what: str
    """In English, a key of the catalogue."""
    about: str
    """A file's name, an entry's number."""
    good: bool | None
    """None: not checked."""
    words: str = ""
    """What is wrong, or why it was not checked."""


def look_at(opened: Opened, exhibit_id: str, number: str = "", alert: int | None = None) -> Seen:
    """One exhibit; one that was erased says so.

    Raises:
        EvidenceError: the evidence store does not open.
    """
    with open_store(opened.workspace, opened.now, opened.memory) as store:
        found = exhibit_of(store, number, exhibit_id, alert)
        sealed = sealed_by(store)
        proof = ""
        if 0 <= found.position < sealed.size:
            proof = store.proof(found.position).decode("utf-8", "replace")
    events = [event.fields for event in found.events]
    try:
        until = retention.retained_until(events)
    except Malformed:
        until = None
    failures = found.fields.get("failures")
    return Seen(
        found,
        sealed,
        proof,
        bool(proof),
        tuple(retention.matters_holding(events)),
        until,
        tuple(map(str, failures)) if isinstance(failures, list) else (),
        next((file.name for file in found.files if file.role in ("dom", "exchange")), ""),
    )


def exhibit_file(opened: Opened, exhibit_id: str, name: str) -> tuple[File, bytes]:
    """A file of an exhibit, hashed again while read.

    Raises:
        WrongUse: it has no such file, or that is larger than is handed out here. EvidenceError: it has changed.
    """
    with open_store(opened.workspace, opened.now, opened.memory) as store:
        kept = store.exhibit(exhibit_id)
        if name == "record.json":
            data = kept.record
            return File(name, "record", "application/json", len(data), sha256(data)), data
        file = next((one for one in kept.files if one.name == name), None)
        if file is None:
            raise WrongUse("This exhibit has no such file.")
        if file.size > MAX_FILE_BYTES:
            raise WrongUse("That file is too large for here.", hint="Export the case: its bundle holds it.")
        return file, store.read_file(kept, file)


def captured_page(opened: Opened, exhibit_id: str) -> tuple[bytes, str]:
    """The captured page and its media type: as the browser held it, else as the server sent it.

    Raises:
        WrongUse: there is no page in it that could be shown. EvidenceError: it was erased or has changed.
    """
    with open_store(opened.workspace, opened.now, opened.memory) as store:
        kept = store.exhibit(exhibit_id)
        for role in ("dom", "exchange"):
            file = next((one for one in kept.files if one.role == role and one.size <= MAX_FILE_BYTES), None)
            if file is None:
                continue
            data = store.read_file(kept, file)
            if role == "dom":
                return data[:MAX_PAGE_BYTES], "text/html; charset=utf-8"
            if (page := _page_in(data)) is not None:
                return page
    raise WrongUse("No page in this exhibit can be shown.", hint="Download its files.")


def verify_exhibit(opened: Opened, exhibit_id: str) -> list[Checked]:
    """Hash everything of an exhibit again and follow it up to the stamps.

    Raises:
        EvidenceError: there is no such exhibit, or the store does not open.
    """
    with open_store(opened.workspace, opened.now, opened.memory) as store:
        kept = store.exhibit(exhibit_id)
        return list(_checks(store, kept.exhibit_id, kept.position, kept.entry, kept.opening, kept.record))


def _checks(
    store: EvidenceStore, exhibit_id: str, position: int, entry: bytes, opening: bytes, record: bytes
) -> Iterator[Checked]:
    kept = store.exhibit(exhibit_id)
    for file in kept.files:
        try:
            store.copy_file(kept, file, _Nowhere())
        except EvidenceError as error:
            yield Checked("The file is the one that the record names", file.name, False, str(error))
        else:
            yield Checked("The file is the one that the record names", file.name, True)
    said, opened = _object(entry), _object(opening)
    committed = said.get("commitment") == commitment_of(opened) and opened.get("payload_sha256") == sha256(
        record
    )
    yield Checked("Its log entry commits to this record", str(position), committed)
    note = store.newest_checkpoint()
    if note is None or position >= store.checkpoint_size:
        yield Checked(
            "It stands in the log under a signed checkpoint", str(position), None, "no checkpoint yet"
        )
        return
    proof = parse_proof(store.proof(position))
    head = parse_checkpoint(split(note)[0])
    inside = check_inclusion(leaf_hash(entry), position, head.size, proof.path, head.root)
    yield Checked("It stands in the log under a signed checkpoint", str(position), inside)
    try:
        check(note, store.vkey)
    except EvidenceError as error:
        yield Checked("The checkpoint is signed with the log's key", head.origin, False, str(error))
    else:
        yield Checked("The checkpoint is signed with the log's key", head.origin, True)
    stamps = sealed_by(store).stamps
    for name, stamp in stamps:
        worth = "" if stamp.has_legal_value else "local: no legal value"
        yield Checked(
            "An authority has stamped the checkpoint", f"{name}, {stamp.at:%Y-%m-%d %H:%M} UTC", True, worth
        )
    if not stamps:
        yield Checked("An authority has stamped the checkpoint", "", None, "no stamp yet")


def _page_in(data: bytes) -> tuple[bytes, str] | None:
    """The last HTML answer of a WARC file."""
    found = None
    try:
        for one in warc.read(data):
            if one.kind == "response":
                found = _answer(one.block) or found
    except Malformed:
        return found
    return found


def _answer(block: bytes) -> tuple[bytes, str] | None:
    """Body and media type of an HTTP answer as it stood on the wire, where it is a page."""
    answer = http.client.HTTPResponse(cast(socket, _Replayed(block)))
    try:
        answer.begin()
        media_type = answer.getheader("Content-Type") or ""
        if answer.status != 200 or "html" not in media_type.lower():
            return None
        decoder = BodyDecoder(answer.getheader("Content-Encoding") or "", MAX_PAGE_BYTES)
        decoder.feed(answer.read(MAX_FILE_BYTES))
    except (http.client.HTTPException, CrawlError, OSError, ValueError):
        return None
    charset = answer.headers.get_content_charset() or "utf-8"
    known = charset if charset.replace("-", "").replace("_", "").isalnum() else "utf-8"
    return decoder.body(), f"text/html; charset={known}"


class _Replayed:
    """Gives recorded bytes where a socket is expected."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_arguments: object) -> IO[bytes]:
        """The bytes as a stream."""
        return io.BytesIO(self._data)


class _Nowhere:
    """Takes bytes and forgets them."""

    def write(self, data: bytes, /) -> int:
        """Take some."""
        return len(data)


def _object(data: bytes) -> Object:
    value = json.loads(data)
    return value if isinstance(value, dict) else {}


def facts_of(exhibit: Exhibit) -> Mapping[str, str]:
    """What the record says about the capture, flat: name in English → value."""
    fields = exhibit.fields
    time, operator, tool = (_dict(fields.get(name)) for name in ("time", "operator", "tool"))
    told = {
        "Address asked": fields.get("requested_url"),
        "Captured": time.get("started_at"),
        "Kept": time.get("kept_at"),
        "Purpose": fields.get("purpose"),
        "Legal basis": fields.get("legal_basis"),
        "Captured by": operator.get("id"),
        "Program": f"{tool.get('name')} {tool.get('version')}" if tool else "",
    }
    return {name: str(value) for name, value in told.items() if value}


def _dict(value: object) -> Object:
    return value if isinstance(value, dict) else {}
