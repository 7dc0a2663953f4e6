"""What must be true of a store after any crash, given what was acknowledged before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from worker import page

from evidence_store.digest import sha256
from evidence_store.errors import EvidenceError, StoreError
from evidence_store.folder import signed_head
from evidence_store.log.note import split
from evidence_store.store import EvidenceStore

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def what_is_wrong(folder: Path, told: Sequence[str]) -> str:
    """In words, or empty: everything acknowledged is there, all proofs hold, and the store works on."""
    if "created" not in told and not (folder / "store.json").exists():
        return ""  # never acknowledged, and not there: as it should be
    try:
        with EvidenceStore.open(folder, now=lambda: NOON, wait_seconds=0) as store:
            return _missing(store, told) or _works_on(store)
    except EvidenceError as error:
        return f"does not open: {type(error).__name__}: {error}"


def _missing(store: EvidenceStore, told: Sequence[str]) -> str:
    erased = {line.split()[1] for line in told if line.startswith("erased ")}
    for line in told:
        what, *words = line.split()
        if what == "kept" and words[0] not in erased:
            try:
                kept = store.exhibit(words[0])
            except StoreError as error:
                if "erased at" in str(error):
                    continue  # the erasure was on the disk before it was acknowledged
                return f"acknowledged and gone: {line}: {error}"
            if sha256(kept.record) != words[1]:
                return f"acknowledged and changed: {line}"
        if what == "checkpoint":
            head = signed_head(bytes.fromhex(words[0]), store.vkeys())
            if head.size > store.size or store.root_at(head.size) != head.root:
                return f"a checkpoint that is no longer of this log: {split(bytes.fromhex(words[0]))[0]!r}"
        if what == "rotated" and words[0] not in [str(key) for key in store.vkeys()]:
            return f"a key that was forgotten: {words[0]}"
    for exhibit in erased:
        if store.erasure_of(exhibit) is None:
            return f"erased and back again: {exhibit}"
    return "; ".join(store.check())


def _works_on(store: EvidenceStore) -> str:
    (receipt,) = store.keep([page(1234)])
    store.checkpoint()
    return (
        "" if sha256(store.exhibit(receipt.exhibit_id).record) == receipt.record_sha256 else "does not keep"
    )
