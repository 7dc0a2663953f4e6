"""The checks of FORMAT 11 in their order; every finding is told, and what was not checked as well.

Not checked here, and the caller's to judge: whether the vkey belongs to whom it should (unless one from
elsewhere is given), and whether the roots deserve trust (unless roots from elsewhere are given).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from evidence_store.errors import Malformed
from evidence_store.log.cosignature import WitnessKey, check_cosignature
from evidence_store.log.note import VerifierKey, parse_vkey
from evidence_store.timestamps.renewal import Renewed
from evidence_store.verify import checks_exhibits, checks_files, checks_log, checks_replay
from evidence_store.verify.checks_exhibits import Listed
from evidence_store.verify.checks_log import Head, Renewal
from evidence_store.verify.container import Bundle, open_bundle
from evidence_store.verify.verdict import Finding, State, Verdict

CHECKS = {
    "V-1": "container",
    "V-2": "bag",
    "V-3": "signature",
    "V-4": "checkpoint",
    "V-5": "case",
    "V-6": "record",
    "V-7": "commitment",
    "V-8": "inclusion",
    "V-9": "files",
    "V-10": "wire",
    "V-11": "custody",
    "V-12": "time stamp",
    "V-13": "keys",
    "V-14": "witness",
    "V-15": "renewal",
    "V-16": "replay",
}
"""Check → its name in FORMAT 11."""

T = TypeVar("T")


class _Notes:
    """Collects findings while the checks run."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def run(self, check: str, work: Callable[[], T], sentence: Callable[[T], str]) -> T | None:
        """Run one check; None where it failed."""
        try:
            result = work()
        except Malformed as error:
            self.found.append(Finding(check, State.FAILED, f"{error}."))
            return None
        self.found.append(Finding(check, State.PASSED, sentence(result)))
        return result

    def quiet(self, check: str, work: Callable[[], T]) -> T | None:
        """Run a part of a check that says nothing when it is good."""
        try:
            return work()
        except Malformed as error:
            self.found.append(Finding(check, State.FAILED, f"{error}."))
            return None

    def skip(self, check: str, why: str) -> None:
        """Say that something was not checked."""
        self.found.append(Finding(check, State.NOT_CHECKED, why))


def verify_bundle(
    path: Path,
    *,
    vkey: VerifierKey | None = None,
    roots: bytes | None = None,
    witnesses: Sequence[WitnessKey] = (),
    renewals: Sequence[Renewal] = (),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verdict:
    """Check a bundle, offline.

    Args:
        path: the zip.
        vkey: the log's key as received from elsewhere; without it the bundle's own is used, and that is said.
        roots: PEM roots of time-stamping authorities as received from elsewhere; likewise.
        witnesses: keys of witnesses that must have cosigned the checkpoint.
        renewals: evidence records that were handed over beside the bundle.
        progress: told (bytes hashed, bytes in all).
    """
    notes = _Notes()
    try:
        with open_bundle(path) as bundle:
            notes.found.append(Finding("V-1", State.PASSED, "The container is a plain zip without tricks."))
            bundle.hash_all(progress)
            head = _check_inside(bundle, notes, vkey, roots, witnesses)
            if head is not None:
                _check_renewals(notes, head, renewals)
    except Malformed as error:
        notes.found.append(Finding("V-1", State.FAILED, f"{error}."))
    done = {finding.check for finding in notes.found}
    for check, name in CHECKS.items():
        if check not in done:
            notes.skip(check, f"The {name} check needs something that failed above.")
    order = {check: n for n, check in enumerate(CHECKS)}
    return Verdict(tuple(sorted(notes.found, key=lambda finding: order[finding.check])))


def _check_inside(
    bundle: Bundle,
    notes: _Notes,
    vkey: VerifierKey | None,
    roots: bytes | None,
    witnesses: Sequence[WitnessKey],
) -> Head | None:
    notes.run("V-2", lambda: checks_files.check_bag(bundle), str)
    start = vkey or notes.run(
        "V-4", lambda: _inside_key(bundle), lambda k: f"The bundle names the key {k.name}."
    )
    followed = notes.quiet("V-13", lambda: checks_log.check_keys(bundle, start)) if start else None
    if followed is None:
        return None
    key, changes = followed
    notes.run("V-3", lambda: checks_files.check_signature(bundle, key), str)
    head = notes.run(
        "V-4",
        lambda: checks_log.check_checkpoint(bundle, key),
        lambda h: f"The log {h.checkpoint.origin} had {h.checkpoint.size} entries and signed that.",
    )
    if vkey is None:
        notes.skip("V-4", "Whose key this is: no key from elsewhere was given to compare (--vkey).")
    if head is not None and changes:
        notes.run("V-13", lambda: checks_log.check_key_entries(bundle, changes, head), str)
    elif not changes:
        notes.skip("V-13", "The bundle tells of no change of the log's key, so there was nothing to follow.")
    if head is not None:
        _check_witnesses(notes, head, witnesses)
    listed = notes.run(
        "V-5",
        lambda: checks_exhibits.check_case(bundle),
        lambda items: (
            f"The index names {len(items)} exhibit{'s' if len(items) != 1 else ''}, and they are there."
        ),
    )
    if listed is None or head is None:
        return head
    exhibits = {item.id: item.record_sha256 for item in listed}
    for item in listed:
        _check_exhibit(bundle, notes, item, head)
    notes.run("V-11", lambda: checks_log.check_custody(bundle, head, exhibits), str)
    _check_time(bundle, notes, head, roots)
    _check_replay(bundle, notes, listed)
    return head


def _check_renewals(notes: _Notes, head: Head, renewals: Sequence[Renewal]) -> None:
    for renewal in renewals:
        notes.run("V-15", partial(checks_log.check_renewal, head, renewal), _about_renewal)
    if not renewals:
        notes.skip(
            "V-15", "No evidence record was given (--renewal): needed once the stamp's certificate has ended."
        )


def _about_renewal(renewed: Renewed) -> str:
    first, last = renewed.stamps[0], renewed.stamps[-1]
    return (
        f"{first.signer} saw all of this at the latest at {first.at.isoformat()}, and {len(renewed.stamps) - 1} newer "
        f"stamps took that over, the last at {last.at.isoformat()}; renew again before {renewed.good_until:%Y-%m-%d}."
    )


def _check_witnesses(notes: _Notes, head: Head, witnesses: Sequence[WitnessKey]) -> None:
    for witness in witnesses:
        notes.run(
            "V-14",
            partial(check_cosignature, head.note, witness),
            lambda at, name=witness.name: (
                f"{name} saw this log and no other history of it, at {at.isoformat()}."
            ),  # type: ignore[misc]
        )
    if not witnesses:
        notes.skip(
            "V-14", "Whether somebody else watches this log: no key of a witness was given (--witness)."
        )


def _inside_key(bundle: Bundle) -> VerifierKey:
    try:
        text = bundle.read("data/log/vkey").decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("a verifier key that is not ASCII") from error
    key = parse_vkey(text)
    if f"{key}\n" != text:
        raise Malformed("the verifier key stands there in another form")
    return key


def _check_exhibit(bundle: Bundle, notes: _Notes, item: Listed, head: Head) -> None:
    n = item.number
    read = notes.run(
        "V-6", lambda: checks_exhibits.check_record(bundle, item), lambda _: f"{n}: the record is sound."
    )
    if read is None:
        return
    data, record = read
    entry = notes.run(
        "V-7",
        lambda: checks_log.check_commitment(bundle, item.folder, data, "exhibit"),
        lambda _: f"{n}: its log entry commits to this record and no other.",
    )
    if entry is not None:
        proof = f"{item.folder}/record.tlog-proof"
        notes.run(
            "V-8",
            lambda: checks_log.check_inclusion_proof(bundle, proof, entry, head),
            lambda index: f"{n}: it is entry {index} of the log under that checkpoint.",
        )
    notes.run(
        "V-9",
        lambda: checks_exhibits.check_files(bundle, item, record),
        lambda count: f"{n}: its {count} files are those that the record names.",
    )
    notes.run(
        "V-10",
        lambda: checks_exhibits.check_wire(bundle, item, record),
        lambda count: (
            f"{n}: {count} exchange{'s' if count != 1 else ''} on the wire, byte for byte as recorded."
        ),
    )


def _check_replay(bundle: Bundle, notes: _Notes, listed: Sequence[Listed]) -> None:
    if checks_replay.WACZ not in bundle.paths:
        notes.skip("V-16", "The bundle holds no replay file.")
        return
    notes.run(
        "V-16",
        lambda: checks_replay.check_replay(bundle, listed),
        lambda count: (
            f"The replay file holds the {count} WARC files of the exhibits, unchanged, and no other."
        ),
    )


def _check_time(bundle: Bundle, notes: _Notes, head: Head, roots: bytes | None) -> None:
    try:
        stamps = checks_log.check_stamps(bundle, head, roots)
    except Malformed as error:
        notes.found.append(Finding("V-12", State.FAILED, f"{error}."))
        return
    if not stamps:
        notes.skip("V-12", "No authority has stamped the checkpoint: nothing shows when it was made.")
    for authority, stamp in stamps:
        worth = "" if stamp.has_legal_value else " This is a local authority: it has no legal value."
        notes.found.append(
            Finding(
                "V-12",
                State.PASSED,
                f"{authority} ({stamp.signer}) saw all of this at the latest at {stamp.at.isoformat()}.{worth}",
            )
        )
    if stamps and roots is None:
        notes.skip(
            "V-12", "Whether the authorities deserve trust: no roots from elsewhere were given (--roots)."
        )
