"""The store: captures go in and are acknowledged when they are safe; records, proofs and stamps come out.

Order of every `keep`: blobs → records → journal commit → acknowledgement. A crash before the commit leaves
blobs that nobody names; a crash after it leaves everything.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence_store import canonical, warc
from evidence_store.blobs import store as blobs
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.canonical import Object, moment
from evidence_store.digest import sha256
from evidence_store.disk import locked, make_folder, told_in_words, writing
from evidence_store.errors import LogRolledBack, Malformed, StoreDamaged, StoreError
from evidence_store.exhibit import Capture, JsonValue, Receipt
from evidence_store.keys import load_key, make_key
from evidence_store.log import note
from evidence_store.log.checkpoint import Checkpoint, Proof, parse_checkpoint
from evidence_store.log.commitment import commitment_of
from evidence_store.log.journal import Journal, Line, StampLine
from evidence_store.log.note import VerifierKey
from evidence_store.log.tree import Tree, leaf_hash
from evidence_store.record import File, Surroundings, build, look_around, uuid7

ARTEFACT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
RESERVED = {"exchange.warc"}
KEY_FILE = "log.key"
CHECKPOINT_FILE = "checkpoint"
MANIFEST_FILE = "store.json"

Clock = Callable[[], datetime]


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
        return [_file(row) for row in rows]


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """Something that was done to an exhibit."""

    position: int
    entry: bytes
    opening: bytes
    payload: bytes
    fields: Object


def create_store(folder: Path, *, origin: str, passphrase: bytes | None = None, now: Clock) -> None:
    """Make an empty store with a new signing key.

    Raises:
        StoreError: the folder is not empty.
        Malformed: `origin` cannot name a log.
    """
    if not note.NAME.fullmatch(origin):
        raise Malformed(f"“{origin}” cannot name a log: no spaces, no plus")
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty", hint="Name a new folder.")
    with told_in_words():
        if not folder.exists():
            make_folder(folder)
        make_folder(folder / "blobs")
    make_key(folder / KEY_FILE, passphrase)
    manifest = canonical.encode({"format": "ipguard-store/1", "origin": origin, "made_at": moment(now())})
    Journal(folder / "journal.db").close()
    with writing(folder / MANIFEST_FILE) as out:  # last: a folder without it is no store
        out.write(manifest)


class EvidenceStore(AbstractContextManager["EvidenceStore"]):
    """One open store; the only writer while it is open. Open it, do one thing, close it."""

    def __init__(
        self, folder: Path, origin: str, key: Ed25519PrivateKey, journal: Journal, now: Clock
    ) -> None:
        self._folder, self._origin, self._key, self._journal, self._now = folder, origin, key, journal, now
        self.blobs = DirectoryBlobs(folder / "blobs")
        self._tree = Tree()
        self._closing = ExitStack()
        self._around: Surroundings | None = None

    @classmethod
    def open(
        cls, folder: Path, *, passphrase: bytes | None = None, now: Clock, wait_seconds: float = 30.0
    ) -> EvidenceStore:
        """Open a store, hash every entry again and compare with what was signed.

        Raises:
            StoreLocked: another process holds it.
            LogRolledBack: the log is behind, or differs from, a checkpoint it has signed.
            StoreDamaged: bytes on disk have changed.
            SigningKeyError: the key does not open.
        """
        origin = _origin_of(folder)
        with ExitStack() as held:
            held.enter_context(locked(folder / "lock", wait_seconds))
            key = load_key(folder / KEY_FILE, passphrase)
            journal = Journal(folder / "journal.db")
            held.callback(journal.close)
            store = cls(folder, origin, key, journal, now)
            for entry in journal.entries():
                store._tree.append(leaf_hash(entry))
            store._refuse_rollback()
            store._closing = held.pop_all()
        return store

    def close(self) -> None:
        """Let others in."""
        self._closing.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Number of entries in the log."""
        return self._tree.size

    @property
    def vkey(self) -> VerifierKey:
        """The key that checkpoints are signed with."""
        return note.verifier_of(self._origin, self._key)

    # -- in ---------------------------------------------------------------------------------------

    def keep(self, captures: Sequence[Capture]) -> tuple[Receipt, ...]:
        """Keep captures as exhibits, in one commit. What is returned survives a power cut.

        Raises:
            Malformed: a capture cannot be kept as it is; nothing of the batch is acknowledged.
            OutOfSpace: the disk is full; nothing of the batch is acknowledged.
        """
        now = self._now()
        lines: list[Line] = []
        receipts: list[Receipt] = []
        for capture in captures:
            exhibit = uuid7(now)
            files = self._keep_files(capture, exhibit)
            record = canonical.encode(build(capture, exhibit, files, self._look_around(), kept_at=now))
            digest = blobs.receive(self.blobs, record)
            position = self._tree.size + len(lines)
            lines.append(_line(position, exhibit, "exhibit", digest, now))
            receipts.append(Receipt(exhibit, position, digest, now))
        self._commit(lines)
        return tuple(receipts)

    def custody(
        self, exhibit_id: str, *, kind: str, who: str, why: str, about: Mapping[str, JsonValue] | None = None
    ) -> int:
        """Write down that something was done to an exhibit; returns the entry's position (FORMAT 4.5)."""
        kept = self.exhibit(exhibit_id)
        now = self._now()
        payload = canonical.encode(
            {
                "format": "ipguard-custody/1",
                "exhibit": exhibit_id,
                "record_sha256": sha256(kept.record),
                "kind": kind,
                "who": who,
                "why": why,
                "at": moment(now),
                "about": dict(about or {}),
            }
        )
        position = self._tree.size
        digest = blobs.receive(self.blobs, payload)
        self._commit([_line(position, exhibit_id, "custody", digest, now)])
        return position

    def checkpoint(self) -> bytes:
        """Sign the newest tree head, remember it, publish it; returns the note."""
        newest = self._journal.newest_checkpoint()
        if newest is not None and newest[0] == self.size:
            return newest[1]
        head = Checkpoint(self._origin, self.size, self._tree.root())
        signed = note.sign(head.text(), self._origin, self._key)
        self._journal.add_checkpoint(self.size, signed)  # remembered before anybody else sees it
        with writing(self._folder / CHECKPOINT_FILE) as out:
            out.write(signed)
        return signed

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature of the log key over a message that says itself what it is (DSSE, FORMAT 10.3)."""
        return self._key.sign(message)

    def add_stamp(self, authority: str, *, query: bytes, response: bytes, roots: bytes) -> None:
        """Keep an authority's stamp on the newest checkpoint. The caller has verified it."""
        newest = self._journal.newest_checkpoint()
        if newest is None:
            raise StoreError("There is no checkpoint to stamp yet")
        self._journal.add_stamp(StampLine(newest[0], authority, query, response, roots))

    # -- out --------------------------------------------------------------------------------------

    def newest_checkpoint(self) -> bytes | None:
        """The newest signed checkpoint, or None in an empty store."""
        newest = self._journal.newest_checkpoint()
        return newest[1] if newest else None

    def stamps(self) -> list[StampLine]:
        """Stamps on the newest checkpoint, by authority."""
        newest = self._journal.newest_checkpoint()
        return self._journal.stamps(newest[0]) if newest else []

    def exhibit(self, exhibit_id: str) -> Kept:
        """One exhibit.

        Raises:
            StoreError: there is none of that id, or it was erased.
        """
        lines = self._journal.lines(exhibit_id, "exhibit")
        if not lines:
            raise StoreError(f"There is no exhibit {exhibit_id}")
        return self._kept(lines[0])

    def exhibits(self) -> Iterator[Kept]:
        """Every exhibit, oldest first."""
        for line in self._journal.all_lines("exhibit"):
            yield self._kept(line)

    def custody_of(self, exhibit_id: str) -> list[CustodyEvent]:
        """What was done to an exhibit, oldest first."""
        events = []
        for line in self._journal.lines(exhibit_id, "custody"):
            payload = self._payload(line)
            events.append(
                CustodyEvent(line.position, line.entry, line.opening, payload, canonical.decode(payload))
            )
        return events

    def proof(self, position: int) -> bytes:
        """Proof that an entry stands under the newest checkpoint (FORMAT 7)."""
        newest = self._journal.newest_checkpoint()
        if newest is None or position >= newest[0]:
            raise StoreError(f"Entry {position} is not under a checkpoint yet", hint="Sign one first.")
        return Proof(position, tuple(self._tree.prove_inclusion(position, newest[0])), newest[1]).encode()

    def read_file(self, kept: Kept, file: File) -> bytes:
        """Bytes of a file of an exhibit, hashed again while read; StoreDamaged where they have changed."""
        return blobs.read(self.blobs, file.sha256)

    def copy_file(self, kept: Kept, file: File, target: BinaryIO) -> int:
        """The same into a stream, in bounded memory; returns the number of bytes."""
        return blobs.copy(self.blobs, file.sha256, target)

    def check(self, progress: Callable[[int, int], None] | None = None) -> list[str]:
        """Read everything back and hash it again; returns what is wrong, in words (empty: all good)."""
        wrong: list[str] = []
        for done, line in enumerate(self._journal.all_lines("exhibit"), 1):
            try:
                kept = self._kept(line)
                for file in kept.files:
                    blobs.read(self.blobs, file.sha256)
            except (StoreError, Malformed) as error:
                wrong.append(f"exhibit {line.exhibit}: {error}")
            if progress:
                progress(done, self.size)
        return wrong

    # -- inside -----------------------------------------------------------------------------------

    def _keep_files(self, capture: Capture, exhibit: str) -> list[File]:
        around = self._look_around()
        software = f"{around.tool['name']}/{around.tool['version']}"
        files = []
        if capture.exchanges:
            data = warc.write(exhibit, capture.exchanges, software=software)
            files.append(self._keep_file("exchange.warc", "exchange", "application/warc", data))
        chain = dict.fromkeys(c for exchange in capture.exchanges for c in exchange.tls_chain)
        for number, certificate in enumerate(chain, 1):
            files.append(
                self._keep_file(f"tls-{number}.der", "certificate", "application/pkix-cert", certificate)
            )
        taken = {file.name for file in files} | RESERVED
        for artefact in capture.artefacts:
            if not ARTEFACT_NAME.fullmatch(artefact.name) or artefact.name in taken:
                raise Malformed(f"“{artefact.name[:100]}” cannot name a file of an exhibit, or is taken")
            taken.add(artefact.name)
            files.append(self._keep_file(artefact.name, artefact.role, artefact.media_type, artefact.data))
        return files

    def _keep_file(self, name: str, role: str, media_type: str, data: bytes) -> File:
        return File(name, role, media_type, len(data), blobs.receive(self.blobs, data))

    def _commit(self, lines: Sequence[Line]) -> None:
        self._journal.append(lines)
        for line in lines:
            self._tree.append(leaf_hash(line.entry))

    def _kept(self, line: Line) -> Kept:
        record = self._payload(line)
        return Kept(line.exhibit, line.position, line.entry, line.opening, record, canonical.decode(record))

    def _payload(self, line: Line) -> bytes:
        if not line.opening:
            raise StoreError(f"What entry {line.position} holds was erased")
        opening = canonical.decode(line.opening)
        payload = blobs.read(self.blobs, str(opening.get("payload_sha256")))
        if commitment_of(opening) != canonical.decode(line.entry).get("commitment"):
            raise StoreDamaged(f"Entry {line.position} does not commit to what is kept for it")
        return payload

    def _look_around(self) -> Surroundings:
        if self._around is None:
            self._around = look_around()
        return self._around

    def _refuse_rollback(self) -> None:
        signed = [n for n in (self._journal.newest_checkpoint(),) if n is not None]
        published = self._folder / CHECKPOINT_FILE
        notes = [n[1] for n in signed]
        if published.exists():
            notes.append(published.read_bytes())
        for signed_note in notes:
            head = parse_checkpoint(note.check(signed_note, self.vkey))
            if head.size > self.size:
                raise LogRolledBack(
                    f"The log holds {self.size} entries, and a checkpoint over {head.size} was signed"
                )
            if self._tree.root(head.size) != head.root:
                raise LogRolledBack(f"The first {head.size} entries of the log differ from what was signed")


def _line(position: int, exhibit: str, kind: str, payload: str, now: datetime) -> Line:
    opening: Object = {"nonce": secrets.token_hex(32), "payload_sha256": payload}
    entry: Object = {"v": 1, "kind": kind, "at": moment(now), "commitment": commitment_of(opening)}
    return Line(position, exhibit, kind, canonical.encode(entry), canonical.encode(opening))


def _origin_of(folder: Path) -> str:
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
        origin = manifest["origin"]
    except FileNotFoundError as error:
        raise StoreError(f"There is no evidence store in {folder}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(f"{folder / MANIFEST_FILE} cannot be read: {error}") from error
    if not isinstance(origin, str):
        raise StoreDamaged(f"{folder / MANIFEST_FILE} names no log")
    return origin


def _file(row: JsonValue) -> File:
    if not isinstance(row, dict):
        raise Malformed("an artefact is an object")
    size = row.get("bytes")
    if not isinstance(size, int):
        raise Malformed("an artefact has a number of bytes")
    return File(
        str(row.get("name")), str(row.get("role")), str(row.get("media_type")), size, str(row.get("sha256"))
    )
