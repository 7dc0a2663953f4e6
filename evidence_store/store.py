"""The store: captures go in and are acknowledged when they are safe; records, proofs and stamps come out.

Order of every `keep`: sealed blobs → journal commit (key, entry, opening) → acknowledgement. A crash before the
commit leaves blobs that nobody names; a crash after it leaves everything.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence_store import canonical, retention
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.canonical import moment
from evidence_store.digest import sha256
from evidence_store.disk import locked, sync_folder, told_in_words, writing
from evidence_store.errors import Malformed, StoreError
from evidence_store.exhibit import Capture, JsonValue, Receipt
from evidence_store.folder import (
    BLOBS,
    CHECKPOINT_FILE,
    JOURNAL_FILE,
    LOCK_FILE,
    Memory,
    create_store,
    origin_of,
    refuse_rollback,
)
from evidence_store.kept import CustodyEvent, Kept, Writing, files_of
from evidence_store.keys import KEY_FILE, NEXT_KEY_FILE, load_key, make_key
from evidence_store.log import note, rotation
from evidence_store.log.checkpoint import Checkpoint, Proof
from evidence_store.log.journal import Journal, Line, StampLine
from evidence_store.log.note import VerifierKey
from evidence_store.log.tiles import WIDTH, published_size, write_tiles
from evidence_store.log.tree import Tree, leaf_hash
from evidence_store.record import File, build, uuid7
from evidence_store.safe import LOG, NOWHERE, Safe
from evidence_store.sealing import Sink
from evidence_store.surroundings import look_around
from evidence_store.vault import NEXT_FILE, new_vault, settle, take_place, write_vault

__all__ = ["CustodyEvent", "EvidenceStore", "Kept", "Memory", "create_store"]

Clock = Callable[[], datetime]
Progress = Callable[[int, int], None]


class EvidenceStore(AbstractContextManager["EvidenceStore"]):
    """One open store; the only writer while it is open. Open it, do one thing, close it."""

    def __init__(
        self,
        folder: Path,
        origin: str,
        key: Ed25519PrivateKey,
        journal: Journal,
        safe: Safe,
        tree: Tree,
        now: Clock,
    ) -> None:
        self._folder, self._origin, self._key = folder, origin, key
        self._journal, self._safe, self._tree, self._now = journal, safe, tree, now
        self._closing = ExitStack()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        passphrase: bytes | None = None,
        now: Clock,
        wait_seconds: float = 30.0,
        memory: Memory | None = None,
    ) -> EvidenceStore:
        """Open a store, hash its entries again and compare with what was signed.

        Args:
            folder: where it is.
            passphrase: opens its keys.
            now: the clock for everything that is written.
            wait_seconds: for another process to let go of it.
            memory: of a process that opens it again and again; what it hashed once is not hashed again, so that
                opening costs the same however long the log is.

        Raises:
            StoreLocked: another process holds it.
            LogRolledBack: the log is behind, or differs from, a checkpoint it has signed.
            StoreDamaged: bytes on disk have changed.
            SigningKeyError: a key does not open.
        """
        origin = origin_of(folder)
        with ExitStack() as held:
            held.enter_context(locked(folder / LOCK_FILE, wait_seconds))
            journal = Journal(folder / JOURNAL_FILE)
            held.callback(journal.close)
            vault = settle(folder, journal.epoch(), passphrase)
            safe = Safe(journal, DirectoryBlobs(folder / BLOBS), vault, passphrase)
            tree = (memory or Memory()).tree_of(journal)
            key = load_key(folder / KEY_FILE, passphrase)
            store = cls(folder, origin, key, journal, safe, tree, now)
            refuse_rollback(store._signed_notes(), store.vkeys(), tree)
            store._finish_rotation()
            safe.remove_forgotten()
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
        around = look_around(now)
        batch = Writing(self.size)
        receipts: list[Receipt] = []
        for capture in captures:
            exhibit, key = uuid7(now), self._safe.vault.new_key()
            batch.keys.append((exhibit, self._safe.vault.wrap(key)))
            software = f"{around.tool['name']}/{around.tool['version']}"
            files = []
            for name, role, media_type, data in files_of(capture, exhibit, software):
                batch.parts.append(self._safe.put(exhibit, key, f"file/{name}", data))
                files.append(File(name, role, media_type, len(data), sha256(data)))
            record = canonical.encode(build(capture, exhibit, files, around, kept_at=now))
            position = self._add(batch, exhibit, "exhibit", record, key, now)
            receipts.append(Receipt(exhibit, position, sha256(record), now))
        self._commit(batch)
        return tuple(receipts)

    def custody(
        self, exhibit_id: str, *, kind: str, who: str, why: str, about: Mapping[str, JsonValue] | None = None
    ) -> int:
        """Write down that something was done to an exhibit; returns the entry's position (FORMAT 4.5)."""
        return self.custody_of_all([exhibit_id], kind=kind, who=who, why=why, about=about)[0]

    def custody_of_all(
        self,
        exhibit_ids: Sequence[str],
        *,
        kind: str,
        who: str,
        why: str,
        about: Mapping[str, JsonValue] | None = None,
    ) -> list[int]:
        """The same event for several exhibits, in one commit."""
        now = self._now()
        batch = Writing(self.size)
        positions = []
        for exhibit_id in exhibit_ids:
            payload = canonical.encode(
                {
                    "format": "ipguard-custody/1",
                    "exhibit": exhibit_id,
                    "record_sha256": sha256(self.exhibit(exhibit_id).record),
                    "kind": kind,
                    "who": who,
                    "why": why,
                    "at": moment(now),
                    "about": dict(about or {}),
                }
            )
            key = self._safe.key_of(exhibit_id)
            positions.append(self._add(batch, exhibit_id, "custody", payload, key, now))
        self._commit(batch)
        return positions

    def erase(
        self,
        exhibit_ids: Sequence[str],
        *,
        who: str,
        why: str,
        legal_basis: str,
        progress: Progress | None = None,
    ) -> int:
        """Make exhibits unreadable for ever, and write down that it was done (FORMAT 12.4); returns the position.

        Raises:
            StoreError: one is under legal hold, must still be kept, or is not there; then none is erased.
        """
        now = self._now()
        for exhibit_id in exhibit_ids:
            if reason := self.why_kept(exhibit_id):
                raise StoreError(f"Exhibit {exhibit_id} is not erased: {reason}")
        batch = Writing(self.size)
        log_key = self._safe.key_of(LOG)
        for exhibit_id in exhibit_ids:
            positions = [line.position for line in self._journal.lines(exhibit_id, "exhibit", "custody")]
            payload = canonical.encode(
                {
                    "format": "ipguard-erasure/1",
                    "exhibit": exhibit_id,
                    "at": moment(now),
                    "who": who,
                    "why": why,
                    "legal_basis": legal_basis,
                    "positions": list(positions),
                }
            )
            last = self._add(batch, exhibit_id, "erasure", payload, log_key, now)
        following = new_vault(self._safe.vault.epoch + 1)
        write_vault(self._folder / NEXT_FILE, following, self._safe.passphrase)
        self._safe.forget(exhibit_ids, following, batch.batch, progress)
        self._grow(batch)
        take_place(self._folder)
        self._safe.remove_forgotten()
        return last

    def checkpoint(self) -> bytes:
        """Sign the newest tree head, remember it, publish it; returns the note with what witnesses said."""
        newest = self.newest_checkpoint()
        if newest is None or self.checkpoint_size < self.size:
            newest = self._sign_head([self._key])
        return newest

    def publish(self, folder: Path) -> int:
        """Write the log as static files (C2SP tlog-tiles) with the newest checkpoint; returns how many files are new.

        What lies there already is not written again, so this can be called after every checkpoint.
        """
        checkpoint = self.checkpoint()
        first = published_size(folder) // WIDTH * WIDTH
        entries = list(self._journal.entries(first))
        with told_in_words():
            folder.mkdir(parents=True, exist_ok=True)
        written = write_tiles(folder, self._tree, entries, first)
        with writing(folder / CHECKPOINT_FILE, mode=0o644) as out:
            out.write(checkpoint)
        return len(written)

    def rotate_key(self, *, why: str) -> VerifierKey:
        """Go over to a new signing key: announced in the log, signed by both (FORMAT 4.6, 6.4)."""
        following = make_key(self._folder / NEXT_KEY_FILE, self._safe.passphrase)
        now = self._now()
        payload = rotation.rotation(self._key, following, self._origin, now, why)
        batch = Writing(self.size)
        self._add(batch, LOG, "key", payload, self._safe.key_of(LOG), now)
        self._commit(batch)
        self._take_key(following)
        return self.vkey

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature of the log key over a message that says itself what it is (DSSE, FORMAT 10.3)."""
        return self._key.sign(message)

    def add_cosignature(self, witness: str, line: bytes) -> None:
        """Keep what a witness said of the newest checkpoint. The caller has verified it.

        Raises:
            StoreError: the checkpoint was stamped already, as it stood.
        """
        if self.stamps():
            raise StoreError("The newest checkpoint is stamped as it stands", hint="Sign a newer one first.")
        size = self.checkpoint_size
        self._journal.add_cosignature(size, witness, line)
        with writing(self._folder / CHECKPOINT_FILE) as out:
            out.write(self.checkpoint_at(size))

    def cosigned(self) -> dict[str, int]:
        """The largest size that each witness cosigned, by the witness's name."""
        return self._journal.cosigned()

    def add_stamp(self, authority: str, *, query: bytes, response: bytes, roots: bytes) -> None:
        """Keep an authority's stamp on the newest checkpoint. The caller has verified it."""
        self._journal.add_stamp(StampLine(self.checkpoint_size, authority, query, response, roots))

    def add_renewals(self, rows: Sequence[tuple[int, str, bytes, bytes]]) -> None:
        """Keep evidence records (FORMAT 8.4): (size, authority, record, roots). The caller has verified them."""
        self._journal.add_renewals(moment(self._now()), rows)

    # -- out --------------------------------------------------------------------------------------

    @property
    def checkpoint_size(self) -> int:
        """Entries under the newest checkpoint.

        Raises:
            StoreError: none was signed yet.
        """
        newest = self._journal.newest_checkpoint()
        if newest is None:
            raise StoreError("There is no checkpoint yet", hint="Sign one: ipguard evidence stamp")
        return newest[0]

    def newest_checkpoint(self) -> bytes | None:
        """The newest signed checkpoint with the witnesses' lines, or None in an empty store."""
        newest = self._journal.newest_checkpoint()
        return self.checkpoint_at(newest[0]) if newest else None

    def checkpoint_at(self, size: int) -> bytes:
        """The checkpoint that was signed at one size, with the witnesses' lines."""
        signed = self._journal.checkpoint_at(size)
        if signed is None:
            raise StoreError(f"No checkpoint was signed at {size} entries")
        return signed + b"".join(line for _, line in self._journal.cosignatures(size))

    def checkpoint_sizes(self) -> list[int]:
        """Sizes at which checkpoints were signed, smallest first."""
        return self._journal.checkpoint_sizes()

    def stamps(self, size: int | None = None) -> list[StampLine]:
        """Stamps on a checkpoint (the newest if not given), by authority."""
        newest = self._journal.newest_checkpoint()
        at = size if size is not None else newest[0] if newest else 0
        return self._journal.stamps(at)

    def renewal(self, size: int, authority: str) -> tuple[bytes, bytes] | None:
        """The newest evidence record of a stamp and the roots of its stamps; None where it was never renewed."""
        return self._journal.renewal(size, authority)

    def exhibit(self, exhibit_id: str) -> Kept:
        """One exhibit.

        Raises:
            StoreError: there is none of that id, or it was erased; then it says when and by whom.
        """
        lines = self._journal.lines(exhibit_id, "exhibit")
        if not lines:
            raise StoreError(f"There is no exhibit {exhibit_id}")
        if erasure := self.erasure_of(exhibit_id):
            said = erasure.fields
            raise StoreError(
                f"Exhibit {exhibit_id} was erased at {said['at']} by {said['who']}: {said['why']}"
            )
        return self._kept(lines[0])

    def exhibits(self) -> Iterator[Kept]:
        """Every exhibit that was not erased, oldest first."""
        for line in self._journal.all_lines("exhibit"):
            if self._journal.key_of(line.exhibit) is not None:
                yield self._kept(line)

    def custody_of(self, exhibit_id: str) -> list[CustodyEvent]:
        """What was done to an exhibit, oldest first."""
        return [self._event(line) for line in self._journal.lines(exhibit_id, "custody")]

    def erasure_of(self, exhibit_id: str) -> CustodyEvent | None:
        """That an exhibit was erased, or None."""
        return next((self._event(line) for line in self._journal.lines(exhibit_id, "erasure")), None)

    def rotations(self) -> list[CustodyEvent]:
        """Every change of the signing key, oldest first."""
        return [self._event(line) for line in self._journal.lines(LOG, "key")]

    def vkeys(self) -> list[VerifierKey]:
        """Every key that ever signed checkpoints here, newest first."""
        older = [note.parse_vkey(str(event.fields["old"])) for event in self.rotations()]
        return [self.vkey, *reversed(older)]

    def why_kept(self, exhibit_id: str) -> str:
        """Why an exhibit may not be erased now (legal hold, retention); empty where it may."""
        self.exhibit(exhibit_id)
        return retention.why_kept([event.fields for event in self.custody_of(exhibit_id)], self._now())

    def read_file(self, kept: Kept, file: File) -> bytes:
        """Bytes of a file of an exhibit; StoreDamaged where they have changed."""
        out = io.BytesIO()
        self.copy_file(kept, file, out)
        return out.getvalue()

    def copy_file(self, kept: Kept, file: File, target: Sink) -> int:
        """The same into a stream, in bounded memory; returns the number of bytes."""
        return self._safe.copy(kept.exhibit_id, f"file/{file.name}", file.sha256, target)

    def pour_file(self, kept: Kept, file: File, target: Sink) -> None:
        """The same once more without hashing, after `copy_file` found it good."""
        self._safe.pour(kept.exhibit_id, f"file/{file.name}", target)

    def proof(self, position: int) -> bytes:
        """Proof that an entry stands under the newest checkpoint (FORMAT 7)."""
        size, newest = self.checkpoint_size, self.newest_checkpoint()
        if newest is None or position >= size:
            raise StoreError(f"Entry {position} is not under a checkpoint yet", hint="Sign one first.")
        return Proof(position, tuple(self._tree.prove_inclusion(position, size)), newest).encode()

    def check(self, progress: Progress | None = None) -> list[str]:
        """Read everything back, open it and hash it again; returns what is wrong, in words (empty: all good)."""
        tell = progress or (lambda _done, _total: None)
        wrong: list[str] = []
        for done, line in enumerate(self._journal.all_lines("exhibit", "custody", "erasure", "key"), 1):
            tell(done, self.size)
            erased = line.kind in ("exhibit", "custody") and self._journal.key_of(line.exhibit) is None
            if erased:
                if not self._journal.lines(line.exhibit, "erasure"):
                    wrong.append(f"entry {line.position}: its key is gone, and no erasure is on record")
                continue
            try:
                self._check_line(line)
            except (StoreError, Malformed) as error:
                wrong.append(f"entry {line.position} ({line.kind} {line.exhibit}): {error}")
        return wrong

    def root_at(self, size: int) -> bytes:
        """Root of the log's first `size` entries (RFC 6962 §2.1)."""
        return self._tree.root(size)

    def consistency(self, old: int) -> list[bytes]:
        """Proof that the log of `old` entries is a prefix of the newest checkpoint's (RFC 6962 §2.1.2)."""
        return self._tree.prove_consistency(old, self.checkpoint_size)

    # -- inside -----------------------------------------------------------------------------------

    def _add(self, batch: Writing, exhibit: str, kind: str, payload: bytes, key: bytes, now: datetime) -> int:
        position = batch.next_position
        line, part = self._safe.line(position, exhibit, kind, payload, key, now)
        batch.lines.append(line)
        batch.parts.append(part)
        return position

    def _commit(self, batch: Writing) -> None:
        self._journal.append(batch.batch)
        self._grow(batch)

    def _grow(self, batch: Writing) -> None:
        for line in batch.lines:
            self._tree.append(leaf_hash(line.entry))

    def _sign_head(self, keys: Sequence[Ed25519PrivateKey]) -> bytes:
        head = Checkpoint(self._origin, self.size, self._tree.root())
        signed = note.sign(head.text(), self._origin, *keys)
        self._journal.add_checkpoint(self.size, signed)  # remembered before anybody else sees it
        with writing(self._folder / CHECKPOINT_FILE) as out:
            out.write(signed)
        return signed

    def _signed_notes(self) -> list[bytes]:
        newest = self._journal.newest_checkpoint()
        published = self._folder / CHECKPOINT_FILE
        return [
            *([newest[1]] if newest else []),
            *([published.read_bytes()] if published.exists() else []),
        ]

    def _finish_rotation(self) -> None:
        """Take up a change of key that a crash cut in two: the log decides whether it took place."""
        path = self._folder / NEXT_KEY_FILE
        if not path.exists():
            return
        following = load_key(path, self._safe.passphrase)
        announced = [str(event.fields["new"]) for event in self.rotations()]
        if str(note.verifier_of(self._origin, following)) in announced[-1:]:
            self._take_key(following)
        else:
            path.unlink()

    def _take_key(self, following: Ed25519PrivateKey) -> None:
        """Sign one checkpoint with both keys, then put the new key in the old one's place."""
        self._sign_head([self._key, following])
        with told_in_words():
            (self._folder / NEXT_KEY_FILE).rename(self._folder / KEY_FILE)
            sync_folder(self._folder)
        self._key = following

    def _kept(self, line: Line) -> Kept:
        opening, record = self._safe.open_line(line)
        return Kept(line.exhibit, line.position, line.entry, opening, record, canonical.decode(record))

    def _event(self, line: Line) -> CustodyEvent:
        opening, payload = self._safe.open_line(line)
        return CustodyEvent(line.position, line.entry, opening, payload, canonical.decode(payload))

    def _check_line(self, line: Line) -> None:
        if line.kind != "exhibit":
            self._event(line)
            return
        kept = self._kept(line)
        for file in kept.files:
            self._safe.copy(kept.exhibit_id, f"file/{file.name}", file.sha256, NOWHERE)
