"""The safe: everything of an exhibit goes in sealed under the exhibit's own key, and comes out checked (FORMAT 12)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from evidence_store import canonical
from evidence_store.blobs import store as blobs
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.canonical import Object, moment
from evidence_store.digest import sha256
from evidence_store.errors import StoreDamaged, StoreError
from evidence_store.log.commitment import commitment_of
from evidence_store.log.journal import Batch, Journal, Line, Part
from evidence_store.sealing import Sink, seal, unseal, unseal_into
from evidence_store.vault import Vault

LOG = "log"
"""Owner of what is about the log itself: erasures, keys. Never erased."""
OWN_KINDS = {"erasure", "key"}


class Safe:
    """Sealed bytes on disk, their names in the journal, and the vault key that opens them."""

    def __init__(
        self, journal: Journal, sealed: DirectoryBlobs, vault: Vault, passphrase: bytes | None
    ) -> None:
        self._journal, self._sealed, self.vault, self.passphrase = journal, sealed, vault, passphrase

    def key_of(self, owner: str) -> bytes:
        """The key of an exhibit.

        Raises:
            StoreError: it was destroyed, or there is no such exhibit.
        """
        wrapped = self._journal.key_of(owner)
        if wrapped is None:
            raise StoreError(f"What was kept as {owner} was erased, or was never here")
        return self.vault.unwrap(wrapped)

    def put(self, owner: str, key: bytes, name: str, data: bytes) -> Part:
        """Seal bytes and keep them; nobody finds them before the journal names them."""
        return Part(owner, name, blobs.receive(self._sealed, seal(key, name, data)))

    def line(
        self, position: int, exhibit: str, kind: str, payload: bytes, key: bytes, now: datetime
    ) -> tuple[Line, Part]:
        """A log entry that commits to `payload`, its sealed opening, and the sealed payload."""
        opening: Object = {"nonce": secrets.token_hex(32), "payload_sha256": sha256(payload)}
        entry: Object = {"v": 1, "kind": kind, "at": moment(now), "commitment": commitment_of(opening)}
        sealed = seal(key, f"opening-{position}", canonical.encode(opening))
        owner = LOG if kind in OWN_KINDS else exhibit
        part = self.put(owner, key, _payload_name(kind, position), payload)
        return Line(position, exhibit, kind, canonical.encode(entry), sealed), part

    def open_line(self, line: Line) -> tuple[bytes, bytes]:
        """(opening, payload) of a log entry.

        Raises:
            StoreError: it was erased. StoreDamaged: what is there is not what the entry commits to.
        """
        owner = LOG if line.kind in OWN_KINDS else line.exhibit
        key = self.key_of(owner)
        opening = unseal(key, f"opening-{line.position}", line.opening)
        payload = self.read(owner, _payload_name(line.kind, line.position), key=key)
        fields = canonical.decode(opening)
        committed = commitment_of(fields) == canonical.decode(line.entry).get("commitment")
        if not committed or fields["payload_sha256"] != sha256(payload):
            raise StoreDamaged(f"Entry {line.position} does not commit to what is kept for it")
        return opening, payload

    def read(self, owner: str, name: str, *, key: bytes | None = None) -> bytes:
        """A sealed file, opened."""
        digest = self._digest_of(owner, name)
        with self._sealed.open(digest) as stream:
            return unseal(key or self.key_of(owner), name, stream.read())

    def copy(self, owner: str, name: str, digest: str, target: Sink) -> int:
        """Open a sealed file into a stream, in bounded memory; returns its size.

        Raises:
            StoreDamaged: what came out has another digest than `digest`: throw `target` away.
        """
        counting = _Hashing(target)
        self.pour(owner, name, counting)
        if counting.hasher.hexdigest() != digest:
            raise StoreDamaged(f"“{name}” of {owner} has changed")
        return counting.size

    def pour(self, owner: str, name: str, target: Sink) -> None:
        """The same without hashing, for a second reading: that it is what was sealed, the seal shows."""
        with self._sealed.open(self._digest_of(owner, name)) as stream:
            unseal_into(self.key_of(owner), name, stream, target)

    def forget(
        self,
        exhibits: Sequence[str],
        following: Vault,
        batch: Batch,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        """Destroy keys and wrap all others under the vault key that follows; the commit makes it final."""
        gone, kept = set(exhibits), []
        rows = self._journal.keys()
        for done, (owner, wrapped) in enumerate(rows, 1):
            if owner not in gone:
                kept.append((owner, following.wrap(self.vault.unwrap(wrapped))))
            if progress:
                progress(done, len(rows))
        self._journal.forget(exhibits, following.epoch, kept, batch)
        self.vault = following

    def remove_forgotten(self) -> None:
        """Take sealed bytes from the disk whose key is gone; picks up what a crash left over."""
        for digest in self._journal.to_remove():
            self._sealed.erase(digest)
            self._journal.removed(digest)

    def _digest_of(self, owner: str, name: str) -> str:
        digest = self._journal.part(owner, name)
        if digest is None:
            raise StoreError(f"There is no “{name}” of {owner}")
        return digest


class _Nowhere:
    """Takes bytes that only have to be read."""

    def write(self, data: bytes) -> None:
        """Let go."""


NOWHERE = _Nowhere()


class _Hashing:
    """Passes on what is written and hashes it."""

    def __init__(self, target: Sink) -> None:
        self._target, self.hasher, self.size = target, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self._target.write(data)
        self.hasher.update(data)
        self.size += len(data)


def _payload_name(kind: str, position: int) -> str:
    return "record" if kind == "exhibit" else f"{kind}-{position}"
