"""Writing a bundle (FORMAT 10): custody first, then checkpoint and stamps, then every file with its proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from evidence_store import canonical, dsse
from evidence_store.blobs import store as blobs
from evidence_store.bundles.archive import BagWriter
from evidence_store.canonical import Object, moment
from evidence_store.digest import sha256, sha256_of
from evidence_store.disk import writing
from evidence_store.errors import EvidenceError
from evidence_store.log.journal import StampLine
from evidence_store.record import File
from evidence_store.store import CustodyEvent, EvidenceStore, Kept
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.check import Stamp, check_stamp
from evidence_store.timestamps.stamping import Stamped, stamp_checkpoint

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MORE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MAX_EXHIBITS = 9999

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file the exporter adds under data/more/."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, for whom and by whom."""

    title: str
    reference: str
    """The case's own reference; names the folder in the bundle."""
    exported_by: str
    why: str
    more: tuple[BundleFile, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """A bundle that was written."""

    path: Path
    sha256: str
    size: int
    exhibits: int
    stamped: tuple[Stamped, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """An exhibit with its number."""

    number: str
    kept: Kept

    @property
    def folder(self) -> str:
        return f"data/items/{self.number}"


def export_bundle(
    store: EvidenceStore,
    exhibit_ids: Sequence[str],
    out: Path,
    order: Order,
    *,
    authorities: Sequence[TimestampAuthority],
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
    for exhibit_id in exhibit_ids:
        store.custody(
            exhibit_id,
            kind="exported",
            who=order.exported_by,
            why=order.why,
            about={"reference": order.reference},
        )
    checkpoint = store.checkpoint()
    stamped = stamp_checkpoint(store, authorities)
    items = [_Item(f"E-{n:04d}", store.exhibit(i)) for n, i in enumerate(exhibit_ids, 1)]
    with writing(out) as stream:
        bag = BagWriter(stream, _folder_name(order.reference))
        bag.add("bagit.txt", BAGIT)
        _write_items(bag, store, items, progress)
        events = _write_custody(bag, store, items)
        _write_log(bag, store, checkpoint)
        _write_case(bag, order, items, at)
        _write_words(bag, order, items, events, _good_stamps(store, checkpoint), store, at)
        for more in order.more:
            if not MORE_NAME.fullmatch(more.name):
                raise EvidenceError(f"“{more.name[:100]}” cannot name a file in a bundle")
            bag.add(f"data/more/{more.name}", more.data)
        _write_manifests(bag, order, store, at)
        bag.close()
    with out.open("rb") as written:
        digest, size = sha256_of(written)
    return BundleSummary(out, digest, size, len(items), stamped)


def _write_items(
    bag: BagWriter, store: EvidenceStore, items: Sequence[_Item], progress: Progress | None
) -> None:
    for done, item in enumerate(items, 1):
        kept = item.kept
        bag.add(f"{item.folder}/record.json", kept.record)
        bag.add(f"{item.folder}/entry.json", kept.entry)
        bag.add(f"{item.folder}/opening.json", kept.opening)
        bag.add(f"{item.folder}/record.tlog-proof", store.proof(kept.position))
        for file in kept.files:
            bag.stream(_file_path(item, file), file.size, file.sha256, _copier(store, file.sha256))
        if progress:
            progress(done, len(items))


def _copier(store: EvidenceStore, digest: str) -> Callable[[BinaryIO], int]:
    return lambda target: blobs.copy(store.blobs, digest, target)


def _file_path(item: _Item, file: File) -> str:
    return f"{item.folder}/{file.name}" if file.role == "exchange" else f"{item.folder}/files/{file.name}"


def _write_custody(
    bag: BagWriter, store: EvidenceStore, items: Sequence[_Item]
) -> list[tuple[str, CustodyEvent]]:
    events = [(item.number, event) for item in items for event in store.custody_of(item.kept.exhibit_id)]
    events.sort(key=lambda pair: pair[1].position)
    for n, (_, event) in enumerate(events, 1):
        folder = f"data/custody/{n:04d}"
        bag.add(f"{folder}/custody.json", event.payload)
        bag.add(f"{folder}/entry.json", event.entry)
        bag.add(f"{folder}/opening.json", event.opening)
        bag.add(f"{folder}/custody.tlog-proof", store.proof(event.position))
    return events


def _write_log(bag: BagWriter, store: EvidenceStore, checkpoint: bytes) -> None:
    bag.add("data/log/checkpoint", checkpoint)
    bag.add("data/log/vkey", f"{store.vkey}\n".encode())
    for line in store.stamps():
        folder = f"data/log/stamps/{line.authority}"
        bag.add(f"{folder}/checkpoint.tsq", line.query)
        bag.add(f"{folder}/checkpoint.tsr", line.response)
        bag.add(f"{folder}/roots.pem", line.roots)


def _write_case(bag: BagWriter, order: Order, items: Sequence[_Item], at: datetime) -> None:
    case: Object = {
        "format": "ipguard-bundle/1",
        "title": order.title,
        "reference": order.reference,
        "exported_at": moment(at),
        "exhibits": [
            {
                "number": item.number,
                "id": item.kept.exhibit_id,
                "record_sha256": sha256(item.kept.record),
                "url": item.kept.fields["requested_url"],
                "captured_at": _captured_at(item.kept),
            }
            for item in items
        ],
    }
    bag.add("data/case.json", canonical.encode(case))


def _write_words(
    bag: BagWriter,
    order: Order,
    items: Sequence[_Item],
    events: Sequence[tuple[str, CustodyEvent]],
    stamps: Sequence[tuple[StampLine, Stamp]],
    store: EvidenceStore,
    at: datetime,
) -> None:
    pages = Environment(
        loader=PackageLoader("evidence_store.bundles"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = {
        "order": order,
        "items": items,
        "events": [(number, event.fields) for number, event in events],
        "stamps": stamps,
        "vkey": str(store.vkey),
        "size": store.size,
        "exported_at": moment(at),
        "folder": _folder_name(order.reference),
        "file_path": lambda item, file: _file_path(item, file).removeprefix("data/"),
        "captured_at": _captured_at,
        "sha256": sha256,
    }
    for name in ("README.html", "report.html"):
        bag.add(f"data/{name}", pages.get_template(name).render(values).encode())


def _write_manifests(bag: BagWriter, order: Order, store: EvidenceStore, at: datetime) -> None:
    payload = {path: digest for path, digest in bag.digests.items() if path.startswith("data/")}
    size = sum(bag.sizes[path] for path in payload)
    info = [
        f"Bagging-Date: {at:%Y-%m-%d}",
        f"External-Identifier: {_one_line(order.reference)}",
        f"External-Description: {_one_line(order.title)}",
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


def _good_stamps(store: EvidenceStore, checkpoint: bytes) -> list[tuple[StampLine, Stamp]]:
    digest = bytes.fromhex(sha256(checkpoint))
    return [(line, check_stamp(digest, line.query, line.response, line.roots)) for line in store.stamps()]


def _captured_at(kept: Kept) -> str:
    time = kept.fields["time"]
    return str(time["started_at"]) if isinstance(time, dict) else ""


def _folder_name(reference: str) -> str:
    name = re.sub(r"[^A-Za-z0-9-]+", "-", reference).strip("-")[:60]
    return name or "bundle"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
