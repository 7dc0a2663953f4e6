"""The workspace's evidence: which store, authorities and witnesses stand behind the ports, and handing a case over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from evidence_store.bundles.export import BundleSummary, export_bundle
from evidence_store.bundles.story import Order, PdfSigner
from evidence_store.errors import Malformed, TimestampError
from evidence_store.exhibit import Capture, Receipt
from evidence_store.log.cosignature import parse_witness
from evidence_store.log.witness import HttpWitness
from evidence_store.store import EvidenceStore, Memory
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.beacon import fetch_beacon
from evidence_store.timestamps.http_authority import HttpAuthority
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.verify.verdict import Verdict
from evidence_store.verify.verifier import verify_bundle
from ipguard.cases.store import gather, one_case, record_export
from ipguard.cases.tables import CaseExportRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import DoesNotVerify, NotConfigured, WrongUse
from ipguard.settings import Authority, Workspace

Clock = Callable[[], datetime]


class EvidenceVault:
    """The evidence store, opened for each batch and let go again, so that console and sweep take turns."""

    def __init__(self, workspace: Workspace, now: Clock, memory: Memory | None = None) -> None:
        self._workspace, self._now, self._memory = workspace, now, memory or Memory()

    def keep(self, captures: Sequence[Capture]) -> Sequence[Receipt]:
        """Keep captures so that they survive a crash; each with the beacon's newest round, where one is configured."""
        captures = _with_beacon(captures, self._workspace.settings.evidence.beacon_url)
        with open_store(self._workspace, self._now, self._memory) as store:
            return store.keep(captures)


def _with_beacon(captures: Sequence[Capture], url: str) -> Sequence[Capture]:
    """What a beacon says goes into every record; that it did not answer goes there as well."""
    if not url:
        return captures
    try:
        said = fetch_beacon(url).fields()
    except TimestampError as error:
        return [replace(capture, failures=(*capture.failures, str(error))) for capture in captures]
    return [replace(capture, beacon=said) for capture in captures]


def open_store(workspace: Workspace, now: Clock, memory: Memory | None = None) -> EvidenceStore:
    """The workspace's evidence store; use it as a context and let go of it soon.

    `memory` belongs to a process that opens it again and again: what it hashed once is not hashed again.
    """
    passphrase = workspace.evidence_passphrase
    return EvidenceStore.open(workspace.evidence, passphrase=passphrase, now=now, memory=memory)


def authorities(workspace: Workspace, now: Clock) -> list[TimestampAuthority]:
    """The time-stamping authorities of the settings.

    Raises:
        NotConfigured: one has no roots to verify its stamps with.
    """
    return [_authority(workspace, one, now) for one in workspace.settings.evidence.authorities]


def witnesses(workspace: Workspace) -> list[HttpWitness]:
    """The witnesses of the settings.

    Raises:
        NotConfigured: one has a key that does not read.
    """
    try:
        return [
            HttpWitness(one.name, one.url, parse_witness(one.vkey))
            for one in workspace.settings.evidence.witnesses
        ]
    except Malformed as error:
        raise NotConfigured(
            f"A witness in the settings: {error}", hint="Ask its keeper for its key."
        ) from error


def export_case(
    workspace: Workspace,
    database: Engine,
    case_id: int,
    *,
    by: str,
    now: Clock,
    progress: Callable[[int, int], None],
) -> tuple[BundleSummary, Verdict]:
    """Export a case: stamp, write the bundle, and verify what was written before calling it good.

    Raises:
        WrongUse: the case has no exhibits. DoesNotVerify: the bundle on disk does not verify.
    """
    with transaction(database) as session:
        gather(session, case_id, now=now())
    with reading(database) as session:
        story = one_case(session, case_id, now=now())
    if not story.exhibits:
        raise WrongUse(
            f"Case {case_id} has no exhibits yet", hint=f"Add an alert: ipguard case add {case_id} ALERT"
        )
    reference = f"CASE-{case_id:04d}"
    out = workspace.exports / f"{reference}-{now():%Y%m%dT%H%M%SZ}.zip"
    order = _order(workspace, story.case.title, reference, by)
    with open_store(workspace, now) as store:
        exhibits = [row.exhibit_id for row in story.exhibits]
        summary = export_bundle(
            store,
            exhibits,
            out,
            order,
            authorities=authorities(workspace, now),
            witnesses=witnesses(workspace),
            now=now,
            progress=progress,
        )
        vkey = store.vkey
    verdict = verify_bundle(out, vkey=vkey)
    if not verdict.good:
        raise DoesNotVerify(
            f"The bundle {out} does not verify; do not hand it out", hint="ipguard evidence check"
        )
    with transaction(database) as session:
        row = CaseExportRow(
            case_id=case_id, file_name=out.name, sha256=summary.sha256, exhibits=summary.exhibits,
            exported_at=now(), exported_by=by, note=_about_stamps(summary),
        )  # fmt: skip
        record_export(session, row)
    return summary, verdict


def _order(workspace: Workspace, title: str, reference: str, by: str) -> Order:
    """What a bundle of this workspace says on its papers, and the certificate that signs them."""
    evidence = workspace.settings.evidence
    signer = None
    if evidence.pdf_signer:
        stamper = next(
            (one for one in evidence.authorities if one.name == evidence.pdf_signer.authority), None
        )
        signer = PdfSigner(
            workspace.folder / evidence.pdf_signer.pkcs12,
            workspace.pdf_passphrase,
            stamper.url if stamper and stamper.url != "local" else "",
        )
    return Order(
        title,
        reference,
        by,
        f"export of case {reference}",
        organisation=evidence.organisation,
        language=evidence.language,
        time_zone=evidence.time_zone,
        pdf_signer=signer,
    )


def _about_stamps(summary: BundleSummary) -> str:
    """What a reader of the list of bundles must know about their time stamps and papers; empty when all is well."""
    notes = [
        f"{one.authority}: no stamp ({one.problem})"
        if one.stamp is None
        else f"{one.authority}: no legal value"
        for one in summary.stamped
        if one.stamp is None or not one.stamp.has_legal_value
    ]
    if not summary.stamped:
        notes.append("no time stamp: no authority is configured")
    if summary.no_pdf:
        notes.append(f"no PDF report: {summary.no_pdf}")
    return "; ".join(notes)


_local_authority_lock = threading.Lock()


def _authority(workspace: Workspace, one: Authority, now: Clock) -> TimestampAuthority:
    if one.url == "local":
        with _local_authority_lock:
            return LocalAuthority(workspace.folder / "local-authority", now=now, name=one.name)
    if one.roots is None:
        raise NotConfigured(
            f"The authority {one.name} has no roots to verify its stamps with",
            hint='Name a PEM file: roots = "trust/….pem" (never a web trust store).',
        )
    try:
        roots = (workspace.folder / one.roots).read_bytes()
    except OSError as error:
        raise NotConfigured(f"The roots of {one.name} cannot be read: {error}") from error
    try:
        return HttpAuthority(one.name, one.url, roots)
    except TimestampError as error:
        raise NotConfigured(str(error), hint=error.hint) from error
