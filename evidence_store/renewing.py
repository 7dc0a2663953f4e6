"""Renewing stamps before their certificates end, or when their hash grows weak (FORMAT 8.4, RFC 4998 §5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from evidence_store.store import EvidenceStore
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.renewal import check_record, first_record, renew_hash, renew_stamps

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Due:
    """A stamp that has to be taken over."""

    size: int
    """Of the checkpoint it is on."""
    authority: str
    record: bytes
    """Its evidence record until now."""
    roots: bytes
    """PEM of what the record's stamps lead to."""
    hash_name: str
    good_until: datetime
    """End of the newest certificate in the record."""


def due_stamps(store: EvidenceStore, *, before: datetime, hash_name: str, progress: Progress) -> list[Due]:
    """Stamps whose newest certificate ends before a moment, and those under another hash than `hash_name`."""
    found = []
    sizes = store.checkpoint_sizes()
    for done, size in enumerate(sizes, 1):
        progress(done, len(sizes))
        for line in store.stamps(size):
            known = store.renewal(size, line.authority)
            record, roots = known or (first_record(line.response), line.roots)
            said = check_record(record, store.checkpoint_at(size), roots)
            if said.good_until < before or said.hashes[-1] != hash_name:
                found.append(Due(size, line.authority, record, roots, said.hashes[-1], said.good_until))
    return found


def renew(
    store: EvidenceStore, due: list[Due], authority: TimestampAuthority, *, hash_name: str, at: datetime
) -> int:
    """Have all of these taken over by one new stamp (one more where a hash changes); returns how many there were.

    Raises:
        TimestampError: the authority gives no stamp, or not a good one; then nothing is changed.
    """

    def ask(digest: bytes) -> bytes:
        return authority.stamp(digest).response

    rows = []
    for same_hash in (True, False):
        group = [one for one in due if (one.hash_name == hash_name) is same_hash]
        if not group:
            continue
        notes = [store.checkpoint_at(one.size) for one in group]
        records = [one.record for one in group]
        renewed = (
            renew_stamps(records, ask) if same_hash else renew_hash(records, notes, ask, hash_name=hash_name)
        )
        for one, note, record in zip(group, notes, renewed, strict=True):
            roots = one.roots + authority.roots
            check_record(record, note, roots, at)  # nothing is kept that does not verify
            rows.append((one.size, one.authority, record, roots))
    store.add_renewals(rows)
    return len(rows)
