"""Checks on the log: checkpoint (V-4), commitments (V-7), inclusion (V-8), custody (V-11), time stamps (V-12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evidence_store import canonical
from evidence_store.digest import sha256
from evidence_store.errors import Malformed, TimestampError
from evidence_store.log import note
from evidence_store.log.checkpoint import Checkpoint, parse_checkpoint, parse_proof
from evidence_store.log.commitment import commitment_of
from evidence_store.log.note import VerifierKey
from evidence_store.log.rotation import follow
from evidence_store.log.tree import check_inclusion, leaf_hash
from evidence_store.timestamps.check import Stamp, check_stamp
from evidence_store.timestamps.renewal import Renewed, check_record
from evidence_store.verify.container import Bundle

ENTRY_FIELDS = {"v", "kind", "at", "commitment"}
CUSTODY_FIELDS = {"about", "at", "exhibit", "format", "kind", "record_sha256", "who", "why"}
STAMP_FOLDER = re.compile(r"data/log/stamps/([a-z0-9][a-z0-9-]{0,31})/checkpoint\.tsr")


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint that was checked: every proof must end in it."""

    checkpoint: Checkpoint
    note: bytes


def check_checkpoint(bundle: Bundle, key: VerifierKey) -> Head:
    """V-4, FORMAT 6: the log's key signed this tree head."""
    signed = bundle.read("data/log/checkpoint")
    head = parse_checkpoint(note.check(signed, key))
    if head.origin != key.name:
        raise Malformed("the checkpoint is of another log than its key")
    return Head(head, signed)


def check_commitment(bundle: Bundle, folder: str, payload: bytes, kind: str) -> bytes:
    """V-7, FORMAT 4: the entry in `folder` commits to `payload` and nothing else; returns the entry."""
    raw = bundle.read(f"{folder}/entry.json")
    entry = canonical.decode(raw)
    opening = canonical.decode(bundle.read(f"{folder}/opening.json"))
    if set(entry) != ENTRY_FIELDS or entry["v"] != 1 or entry["kind"] != kind:
        raise Malformed(f"{folder}: an entry of another form or kind")
    canonical.parse_moment(entry["at"])
    if opening.get("payload_sha256") != sha256(payload):
        raise Malformed(f"{folder}: the opening is of something else")
    if commitment_of(opening) != entry["commitment"]:
        raise Malformed(f"{folder}: the entry commits to something else")
    return raw


def check_inclusion_proof(bundle: Bundle, path: str, entry: bytes, head: Head) -> int:
    """V-8, FORMAT 5 and 7, RFC 6962 §2.1.1: the entry stands in the log under the checkpoint."""
    proof = parse_proof(bundle.read(path))
    if proof.checkpoint != head.note:
        raise Malformed(f"{path}: a proof under another checkpoint")
    size, root = head.checkpoint.size, head.checkpoint.root
    if not check_inclusion(leaf_hash(entry), proof.index, size, proof.path, root):
        raise Malformed(f"{path}: the entry does not stand in the log")
    return proof.index


def check_keys(bundle: Bundle, trusted: VerifierKey) -> tuple[VerifierKey, list[str]]:
    """V-13, FORMAT 4.6 and 10.6: the key of today, followed from one that is trusted; folders of the changes.

    That the changes stand in the log is `check_key_entries`' to see, once the checkpoint is known.
    """
    folders = _numbered(bundle, "data/log/keys")
    return follow(trusted, [bundle.read(f"{folder}/key.json") for folder in folders]), folders


def check_key_entries(bundle: Bundle, folders: Sequence[str], head: Head) -> str:
    """V-13: each change of key stands in the log, in order."""
    last = -1
    for folder in folders:
        entry = check_commitment(bundle, folder, bundle.read(f"{folder}/key.json"), "key")
        index = check_inclusion_proof(bundle, f"{folder}/key.tlog-proof", entry, head)
        if index <= last:
            raise Malformed(f"{folder}: changes of key out of order")
        last = index
    often = "once" if len(folders) == 1 else f"{len(folders)} times"
    return f"The log's key was changed {often}, announced in the log by the key before."


def _numbered(bundle: Bundle, parent: str) -> list[str]:
    """Folders 0001, 0002, … below a folder; nothing else may lie there."""
    folders = sorted({path.rsplit("/", 1)[0] for path in bundle.below(parent)})
    if folders != [f"{parent}/{n:04d}" for n in range(1, len(folders) + 1)]:
        raise Malformed(f"{parent} is not numbered 0001, 0002, …")
    return folders


def check_custody(bundle: Bundle, head: Head, exhibits: dict[str, str]) -> str:
    """V-11, FORMAT 4.5 and 10.5: each custody event stands in the log and is about an exhibit of this bundle.

    `exhibits` maps exhibit ids to the digests of their records.
    """
    folders = _numbered(bundle, "data/custody")
    told, last = set(), -1
    for folder in folders:
        payload = bundle.read(f"{folder}/custody.json")
        event = canonical.decode(payload)
        if set(event) != CUSTODY_FIELDS or event["format"] != "ipguard-custody/1":
            raise Malformed(f"{folder}: a custody event of another form")
        if exhibits.get(str(event["exhibit"])) != event["record_sha256"]:
            raise Malformed(f"{folder}: about an exhibit that is not here")
        entry = check_commitment(bundle, folder, payload, "custody")
        index = check_inclusion_proof(bundle, f"{folder}/custody.tlog-proof", entry, head)
        if index <= last:
            raise Malformed(f"{folder}: custody events out of order")
        told.add(str(event["exhibit"]))
        last = index
    if told != set(exhibits):
        raise Malformed("an exhibit without a custody event, though exporting it is one")
    return f"{len(folders)} custody events stand in the log, in order."


@dataclass(frozen=True, slots=True)
class Renewal:
    """An evidence record handed over beside a bundle, and the roots that its stamps may lead to (PEM)."""

    record: bytes
    roots: bytes


def check_renewal(head: Head, renewal: Renewal) -> Renewed:
    """V-15, FORMAT 8.4: the record's stamps took each other over in time, and the first is over this checkpoint."""
    try:
        return check_record(renewal.record, head.note, renewal.roots)
    except TimestampError as error:
        raise Malformed(f"the evidence record: {error}") from error


def check_stamps(bundle: Bundle, head: Head, outside_roots: bytes | None) -> list[tuple[str, Stamp]]:
    """V-12, FORMAT 8: authorities saw the checkpoint at the latest at these times; (authority, stamp) pairs.

    With `outside_roots`, the chains must lead to those; else to the roots inside the bundle.
    """
    digest = bytes.fromhex(sha256(head.note))
    found = []
    for path in bundle.below("data/log/stamps"):
        match = STAMP_FOLDER.fullmatch(path)
        if match is None:
            if path.rsplit("/", 1)[1] not in ("checkpoint.tsq", "roots.pem"):
                raise Malformed(f"{path} does not belong there")
            continue
        folder = path.rsplit("/", 1)[0]
        roots = outside_roots if outside_roots is not None else bundle.read(f"{folder}/roots.pem")
        try:
            stamp = check_stamp(digest, bundle.read(f"{folder}/checkpoint.tsq"), bundle.read(path), roots)
        except TimestampError as error:
            raise Malformed(f"the stamp of {match[1]}: {error}") from error
        found.append((match[1], stamp))
    return found
