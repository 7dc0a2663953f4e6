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
from evidence_store.store import EvidenceStore, Memory, create_store
from evidence_store.verify.verifier import verify_bundle

ENTRY = b"x" * 200


def now() -> datetime:
    return datetime.now(UTC)


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="ipguard-bench-") as name:
        place = Path(name)
        return [*journal(place), *growing(place), *bundle(place)]


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


def growing(place: Path) -> list[Row]:
    """A log of a million entries: hashing all of it again, and what one more exhibit costs at each size."""
    create_store(place / "long", origin="bench.invalid/long", now=now)
    entry = b"x" * 170
    costs: dict[int, float] = {}
    memory = Memory()
    size = 0
    for goal in (1_000, 1_000_000):
        log = Journal(place / "long" / "journal.db")
        for start in range(size, goal, 50_000):
            count = min(50_000, goal - start)
            log.append(Batch([Line(start + n, "e", "bench", entry, b"o") for n in range(count)]))
        size = goal
        log.close()
        EvidenceStore.open(place / "long", now=now, memory=memory).close()  # hashed once
        costs[goal] = best(5, lambda: wall_seconds(lambda: keep_one(place / "long", memory)))
        size += 5
    log = Journal(place / "long" / "journal.db")
    entries = list(log.entries())
    bare = len(entries) / best(
        3, lambda: wall_seconds(lambda: [hashlib.sha256(b"\0" + e).digest() for e in entries])
    )
    hashed = len(entries) / best(3, lambda: wall_seconds(lambda: Memory().tree_of(log)))
    log.close()
    return [
        Row("log: a million entries hashed again", "entries/s", hashed, "SHA-256 of each entry", bare, "one leaf and one node hash an entry, in Python"),
        Row("log: open, keep one, close, at 10^6 entries", "exhibits/s", 1 / costs[1_000_000], "the same at 10^3 entries", 1 / costs[1_000], "disk flushes, however long the log is"),
    ]  # fmt: skip


def keep_one(folder: Path, memory: Memory) -> None:
    with EvidenceStore.open(folder, now=now, memory=memory) as store:
        store.keep([page(b"one picture")])
        store.checkpoint()


def page(picture: bytes) -> Capture:
    at = now()
    ask, answer = b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    exchange = WireExchange("https://a.example/", ask, answer, at, at, "203.0.113.7", 443)
    artefact = Artefact("p.bin", "picture", "image/jpeg", picture)
    return Capture("https://a.example/", "bench", "bench", Operator("b", "b"), (exchange,), (artefact,))


def bundle(place: Path) -> list[Row]:
    create_store(place / "store", origin="bench.invalid/log", now=now)
    big = os.urandom(8_000_000)
    with EvidenceStore.open(place / "store", now=now) as store:
        ids = [receipt.exhibit_id for receipt in store.keep([page(big + bytes([n])) for n in range(12)])]
        out = place / "b.zip"
        order = Order("bench", "B", "b", "b")
        export_bundle(store, ids, out, order, authorities=[], now=now)
        write = best(
            2, lambda: wall_seconds(lambda: export_bundle(store, ids, out, order, authorities=[], now=now))
        )
    data = out.read_bytes()
    size = len(data) / 1e6
    check = best(3, lambda: wall_seconds(lambda: verify_bundle(out)))
    hashing = best(3, lambda: wall_seconds(lambda: hashlib.sha256(data).digest()))
    copying = best(3, lambda: wall_seconds(lambda: bytearray(data)))
    writing = best(3, lambda: wall_seconds(lambda: write_flushed(place / "bare.bin", data)))
    limit = size / (hashing + copying + writing)
    return [
        Row("bundle: export", "MB/s", size / write, "copy, hash and write the same bytes once", limit, "disk, then SHA-256"),
        Row("bundle: verify", "MB/s", size / check, "SHA-256 in memory, one core", size / hashing, "SHA-256 and CRC-32 of each byte, on every core"),
    ]  # fmt: skip


def write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
