"""The evidence store beside what bounds it: the flush of the disk, and SHA-256."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rows import Row, best, wall_seconds
from evidence_store.bundles.export import export_bundle
from evidence_store.bundles.story import Order
from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from evidence_store.log.journal import Batch, Journal, Line
from evidence_store.store import EvidenceStore, create_store
from evidence_store.verify.verifier import verify_bundle

ENTRY = b"x" * 200


def now() -> datetime:
    return datetime.now(UTC)


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="ipguard-bench-") as name:
        place = Path(name)
        return [*journal(place), *bundle(place)]


def journal(place: Path) -> list[Row]:
    def flush() -> None:
        handle = os.open(place / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for _ in range(200):
            os.write(handle, ENTRY)
            os.fdatasync(handle)
        os.close(handle)

    log = Journal(place / "journal.db")
    at = 0

    def one_by_one() -> None:
        nonlocal at
        for _ in range(200):
            log.append(Batch([Line(at, "e", "exhibit", ENTRY, b"o")]))
            at += 1

    def grouped() -> None:
        nonlocal at
        for _ in range(20):
            log.append(Batch([Line(at + n, "e", "exhibit", ENTRY, b"o") for n in range(1000)]))
            at += 1000

    bare = 200 / best(3, lambda: wall_seconds(flush))
    rows = [
        Row(
            "log: one entry a commit",
            "entries/s",
            200 / best(3, lambda: wall_seconds(one_by_one)),
            "bare fdatasync",
            bare,
            "disk flush",
        ),
        Row(
            "log: 1,000 entries a commit",
            "entries/s",
            20_000 / wall_seconds(grouped),
            "bare fdatasync",
            bare,
            "SQLite inserts",
        ),
    ]
    log.close()
    return rows


def bundle(place: Path) -> list[Row]:
    create_store(place / "store", origin="bench.invalid/log", now=now)
    big = os.urandom(8_000_000)
    at = now()
    exchange = WireExchange(
        "https://a.example/",
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        at,
        at,
        "203.0.113.7",
        443,
    )
    with EvidenceStore.open(place / "store", now=now) as store:
        captures = [
            Capture("https://a.example/", "bench", "bench", Operator("b", "b"), (exchange,), (Artefact("p.bin", "picture", "image/jpeg", big + bytes([n])),))
            for n in range(12)
        ]  # fmt: skip
        ids = [receipt.exhibit_id for receipt in store.keep(captures)]
        out = place / "b.zip"
        order = Order("bench", "B", "b", "b")
        size = len(big) * len(ids) / 1e6
        write = size / wall_seconds(lambda: export_bundle(store, ids, out, order, authorities=[], now=now))
    check = size / best(2, lambda: wall_seconds(lambda: verify_bundle(out)))
    data = out.read_bytes()
    bare = size / best(3, lambda: wall_seconds(lambda: hashlib.sha256(data).digest()))
    return [
        Row("bundle: export", "MB/s", write, "SHA-256 in memory", bare, "hash, copy and write, each once"),
        Row(
            "bundle: verify",
            "MB/s",
            check,
            "SHA-256 in memory",
            bare,
            "SHA-256: manifests and records hash twice",
        ),
    ]
