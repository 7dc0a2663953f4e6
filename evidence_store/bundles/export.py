"""Writing a bundle (FORMAT 10): custody first, then checkpoint and stamps, then every file with its proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile

from evidence_store import canonical, dsse
from evidence_store.bundles.archive import ZipWriter
from evidence_store.bundles.case_uco import case_jsonld
from evidence_store.bundles.lists import custody_jsonl, exhibits_csv, trust_files
from evidence_store.bundles.papers.fonts import PdfUnavailable
from evidence_store.bundles.papers.pages import declarations, readmes, report_html
from evidence_store.bundles.papers.report import report_pdf
from evidence_store.bundles.papers.signing import sign_pdf
from evidence_store.bundles.portable import portable_verifier
from evidence_store.bundles.replay import write_wacz
from evidence_store.bundles.story import Event, Item, Order, Story
from evidence_store.canonical import Object, moment
from evidence_store.digest import sha256
from evidence_store.disk import writing
from evidence_store.errors import EvidenceError
from evidence_store.store import EvidenceStore
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.check import check_stamp
from evidence_store.timestamps.stamping import Stamped, stamp_checkpoint
from evidence_store.witnessing import Witness, witness_checkpoint

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MORE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MAX_EXHIBITS = 9999
REPLAY_FILE = "data/replay/exhibits.wacz"
MAX_MEMORY_BYTES = 64_000_000
"""A replay file larger than this is put together on the disk."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """A bundle that was written."""

    path: Path
    sha256: str
    size: int
    exhibits: int
    stamped: tuple[Stamped, ...]
    no_pdf: str = ""
    """Why the bundle has no PDF report; empty where it has one."""


def export_bundle(
    store: EvidenceStore,
    exhibit_ids: Sequence[str],
    out: Path,
    order: Order,
    *,
    authorities: Sequence[TimestampAuthority],
    witnesses: Sequence[Witness] = (),
    now: Callable[[], datetime],
    progress: Progress | None = None,
) -> BundleSummary:
    """Write a bundle of these exhibits, in this order, to `out`; it appears whole or not at all.

    Raises:
        EvidenceError: nothing to export, a name that cannot be used, or more than 4 GB.
        OutOfSpace: the disk is full; the store is as it was but for the custody entries.
    """
    if not 0 < len(exhibit_ids) <= MAX_EXHIBITS or len(set(exhibit_ids)) != len(exhibit_ids):
        raise EvidenceError("A bundle holds 1 to 9999 exhibits, each once")
    at = now()
    store.custody_of_all(
        exhibit_ids,
        kind="exported",
        who=order.exported_by,
        why=order.why,
        about={"reference": order.reference},
    )
    store.checkpoint()
    witness_checkpoint(store, witnesses)
    checkpoint = store.checkpoint()
    stamped = stamp_checkpoint(store, authorities)
    story = tell(store, exhibit_ids, order, checkpoint, at)
    with writing(out) as stream:
        bag = ZipWriter(stream, story.folder)
        try:
            no_pdf = _write_all(bag, store, story, progress)
            digest = bag.close()
        finally:
            bag.abandon()
    return BundleSummary(out, digest, bag.size, len(story.items), stamped, no_pdf)


def _write_all(bag: ZipWriter, store: EvidenceStore, story: Story, progress: Progress | None) -> str:
    """Every member in its order; returns why there is no PDF, or an empty text."""
    bag.add("bagit.txt", BAGIT)
    _write_items(bag, store, story, progress)
    _write_custody(bag, store, story)
    _write_log(bag, store, story)
    _write_case(bag, story)
    with SpooledTemporaryFile(MAX_MEMORY_BYTES) as wacz:
        write_wacz(story, wacz)  # type: ignore[arg-type] # a spooled file writes like a file
        bag.add_file(REPLAY_FILE, wacz)  # type: ignore[arg-type]
    no_pdf = _write_papers(bag, story)
    for more in story.order.more:
        if not MORE_NAME.fullmatch(more.name):
            raise EvidenceError(f"“{more.name[:100]}” cannot name a file in a bundle")
        bag.add(f"data/more/{more.name}", more.data)
    _write_manifests(bag, story, store)
    return no_pdf


def tell(
    store: EvidenceStore, exhibit_ids: Sequence[str], order: Order, checkpoint: bytes, at: datetime
) -> Story:
    """What the papers of a bundle are made from. The store must stay open as long as the story is read."""
    items = tuple(Item(f"E-{n:04d}", store.exhibit(i)) for n, i in enumerate(exhibit_ids, 1))
    events = [Event(item.number, event) for item in items for event in store.custody_of(item.kept.exhibit_id)]
    events.sort(key=lambda one: one.event.position)
    digest = bytes.fromhex(sha256(checkpoint))
    return Story(
        order=order,
        at=at,
        items=items,
        events=tuple(events),
        stamps=tuple(
            (line, check_stamp(digest, line.query, line.response, line.roots)) for line in store.stamps()
        ),
        checkpoint=checkpoint,
        vkey=str(store.vkey),
        log_size=store.size,
        read=lambda item, file: store.read_file(item.kept, file),
        copy=lambda item, file, target: store.copy_file(item.kept, file, target),
    )


def _write_items(bag: ZipWriter, store: EvidenceStore, story: Story, progress: Progress | None) -> None:
    for done, item in enumerate(story.items, 1):
        kept = item.kept
        bag.add(f"{item.folder}/record.json", kept.record)
        bag.add(f"{item.folder}/entry.json", kept.entry)
        bag.add(f"{item.folder}/opening.json", kept.opening)
        bag.add(f"{item.folder}/record.tlog-proof", store.proof(kept.position))
        for file in kept.files:
            check, pour = partial(store.copy_file, kept, file), partial(store.pour_file, kept, file)
            bag.stream(item.path(file), file.sha256, check, pour)
        if progress:
            progress(done, len(story.items))


def _write_custody(bag: ZipWriter, store: EvidenceStore, story: Story) -> None:
    for n, one in enumerate(story.events, 1):
        folder, event = f"data/custody/{n:04d}", one.event
        bag.add(f"{folder}/custody.json", event.payload)
        bag.add(f"{folder}/entry.json", event.entry)
        bag.add(f"{folder}/opening.json", event.opening)
        bag.add(f"{folder}/custody.tlog-proof", store.proof(event.position))


def _write_log(bag: ZipWriter, store: EvidenceStore, story: Story) -> None:
    bag.add("data/log/checkpoint", story.checkpoint)
    bag.add("data/log/vkey", f"{story.vkey}\n".encode())
    for n, event in enumerate(store.rotations(), 1):
        folder = f"data/log/keys/{n:04d}"
        bag.add(f"{folder}/key.json", event.payload)
        bag.add(f"{folder}/entry.json", event.entry)
        bag.add(f"{folder}/opening.json", event.opening)
        bag.add(f"{folder}/key.tlog-proof", store.proof(event.position))
    for line in store.stamps():
        folder = f"data/log/stamps/{line.authority}"
        bag.add(f"{folder}/checkpoint.tsq", line.query)
        bag.add(f"{folder}/checkpoint.tsr", line.response)
        bag.add(f"{folder}/roots.pem", line.roots)


def _write_case(bag: ZipWriter, story: Story) -> None:
    case: Object = {
        "format": "ipguard-bundle/1",
        "title": story.order.title,
        "reference": story.order.reference,
        "exported_at": moment(story.at),
        "exhibits": [
            {
                "number": item.number,
                "id": item.kept.exhibit_id,
                "record_sha256": item.record_sha256,
                "url": item.requested_url,
                "captured_at": item.captured_at,
            }
            for item in story.items
        ],
    }
    bag.add("data/case.json", canonical.encode(case))


def _write_papers(bag: ZipWriter, story: Story) -> str:
    """Everything for people; returns why there is no PDF, or an empty text."""
    try:
        pdf = report_pdf(story)
        if story.order.pdf_signer:
            pdf = sign_pdf(pdf, story.order.pdf_signer, story.at)
    except PdfUnavailable as error:
        pdf, problem = b"", f"{error}. {error.hint}"
    else:
        problem = ""
        bag.add("data/report.pdf", pdf)
    bag.add("data/report.html", report_html(story))
    for name, data in readmes(story, has_pdf=bool(pdf)):
        bag.add(f"data/{name}", data)
    for name, data in declarations(story):
        bag.add(f"data/declarations/{name}", data)
    bag.add("data/exhibits.csv", exhibits_csv(story))
    bag.add("data/custody.jsonl", custody_jsonl(story))
    bag.add("data/case.jsonld", case_jsonld(story))
    for path, data in trust_files(story):
        bag.add(f"data/trust/{path}", data)
    bag.add("data/verify.pyz", portable_verifier())
    return problem


def _write_manifests(bag: ZipWriter, story: Story, store: EvidenceStore) -> None:
    payload = {path: digest for path, digest in bag.digests.items() if path.startswith("data/")}
    size = sum(bag.sizes[path] for path in payload)
    info = [
        f"Bagging-Date: {story.at:%Y-%m-%d}",
        f"External-Identifier: {_one_line(story.order.reference)}",
        f"External-Description: {_one_line(story.order.title)}",
        f"Payload-Oxum: {size}.{len(payload)}",
    ]
    bag.add("bag-info.txt", "".join(f"{line}\n" for line in info).encode())
    bag.add("manifest-sha256.txt", _manifest(payload))
    tags = {path: digest for path, digest in bag.digests.items() if not path.startswith("data/")}
    tag_manifest = _manifest(tags)
    bag.add("tagmanifest-sha256.txt", tag_manifest)
    bag.add(
        "bundle.dsse.json", dsse.seal("tagmanifest-sha256.txt", sha256(tag_manifest), store.vkey, store.sign)
    )


def _manifest(digests: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
