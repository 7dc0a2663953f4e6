"""A store's folder: making one, and opening one only when it is what it was (FORMAT 6, 12)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from evidence_store import canonical
from evidence_store.canonical import moment
from evidence_store.disk import locked, make_folder, told_in_words, writing
from evidence_store.errors import LogRolledBack, Malformed, SigningKeyError, StoreDamaged, StoreError
from evidence_store.keys import KEY_FILE, NEXT_KEY_FILE, load_key, make_key, write_key
from evidence_store.log import note
from evidence_store.log.checkpoint import Checkpoint, parse_checkpoint
from evidence_store.log.journal import Batch, Journal
from evidence_store.log.note import VerifierKey
from evidence_store.log.tree import Tree, leaf_hash
from evidence_store.safe import LOG
from evidence_store.vault import NEXT_FILE, VAULT_FILE, load_vault, new_vault, write_vault

T = TypeVar("T")
FORMAT = "ipguard-store/2"
BLOBS, CHECKPOINT_FILE, JOURNAL_FILE, LOCK_FILE, MANIFEST_FILE, TILES = (
    "blobs", "checkpoint", "journal.db", "lock", "store.json", "tiles",
)  # fmt: skip


def create_store(
    folder: Path, *, origin: str, passphrase: bytes | None = None, now: Callable[[], datetime]
) -> None:
    """Make an empty store with a new signing key and a new vault key.

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
        make_folder(folder / BLOBS)
    make_key(folder / KEY_FILE, passphrase)
    vault = new_vault(1)
    write_vault(folder / VAULT_FILE, vault, passphrase)
    journal = Journal(folder / JOURNAL_FILE)
    journal.append(Batch(keys=[(LOG, vault.wrap(vault.new_key()))]))
    journal.close()
    manifest = canonical.encode({"format": FORMAT, "origin": origin, "made_at": moment(now())})
    with writing(folder / MANIFEST_FILE) as out:  # last: a folder without it is no store
        out.write(manifest)


def origin_of(folder: Path) -> str:
    """The name of a store's log.

    Raises:
        StoreError: there is no store, or one of another version. StoreDamaged: its manifest does not read.
    """
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
        kind, origin = manifest["format"], manifest["origin"]
    except FileNotFoundError as error:
        raise StoreError(
            f"There is no evidence store in {folder}", hint="Make a workspace: ipguard init"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(f"{folder / MANIFEST_FILE} cannot be read: {error}") from error
    if kind != FORMAT:
        raise StoreError(
            f"The evidence store in {folder} is of the form {str(kind)[:40]}; this version reads {FORMAT}",
            hint="Open it with the version of ipguard that made it.",
        )
    if not isinstance(origin, str):
        raise StoreDamaged(f"{folder / MANIFEST_FILE} names no log")
    return origin


class Memory:
    """What a process remembers of a log that it opens again and again, so as to hash each entry once."""

    def __init__(self) -> None:
        self._tree = Tree()

    def tree_of(self, journal: Journal) -> Tree:
        """The tree over every entry of the journal: what is new since the last time is hashed."""
        if self._tree.size and not self._knows(journal):
            self._tree = Tree()
        for entry in journal.entries(self._tree.size):
            self._tree.append(leaf_hash(entry))
        return self._tree

    def _knows(self, journal: Journal) -> bool:
        """Whether the last entry that was hashed still stands where it stood."""
        last = self._tree.size - 1
        entry = next(journal.entries(last), None)
        return entry is not None and leaf_hash(entry) == self._tree.leaf(last)


def refuse_rollback(notes: Sequence[bytes], keys: Sequence[VerifierKey], tree: Tree) -> None:
    """Compare the log with checkpoints that it has signed.

    Raises:
        LogRolledBack: the log is behind one, or differs from it.
    """
    for signed in notes:
        head = signed_head(signed, keys)
        if head.size > tree.size:
            raise LogRolledBack(
                f"The log holds {tree.size} entries, and a checkpoint over {head.size} was signed"
            )
        if tree.root(head.size) != head.root:
            raise LogRolledBack(f"The first {head.size} entries of the log differ from what was signed")


def signed_head(signed: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that one of these keys signed.

    Raises:
        Malformed: none of them did.
    """
    problem = Malformed("a checkpoint, and no key to check it with")
    for key in keys:
        try:
            return parse_checkpoint(note.check(signed, key))
        except Malformed as error:
            problem = error
    raise problem


def protect(folder: Path, old: bytes | None, new: bytes | None, *, wait_seconds: float = 30.0) -> None:
    """Encrypt both keys of a store with another passphrase (or with none).

    The vault key goes first; a crash in between leaves one key under each passphrase, and calling this again
    with the old one mends it.

    Raises:
        StoreLocked: another process holds the store. SigningKeyError: the old passphrase does not open a key.
    """
    origin_of(folder)
    with locked(folder / LOCK_FILE, wait_seconds):
        for following in (NEXT_FILE, NEXT_KEY_FILE):
            if (folder / following).exists():
                raise StoreError(
                    "A change of keys was cut off",
                    hint="Run `ipguard evidence check`, which ends it, then this again.",
                )
        vault = _either(lambda passphrase: load_vault(folder / VAULT_FILE, passphrase), old, new)
        key = _either(lambda passphrase: load_key(folder / KEY_FILE, passphrase), old, new)
        write_vault(folder / VAULT_FILE, vault, new)
        write_key(folder / KEY_FILE, key, new)


def _either(load: Callable[[bytes | None], T], old: bytes | None, new: bytes | None) -> T:
    """A key that opens with the old passphrase, or already with the new one."""
    try:
        return load(old)
    except SigningKeyError:
        try:
            return load(new)
        except SigningKeyError:
            return load(old)
