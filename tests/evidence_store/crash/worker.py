"""A short life of a store, told step by step on stdout after each thing was acknowledged.

`worker.py FOLDER`: one line an acknowledgement, written at once: created, kept ID DIGEST, checkpoint HEX, erased ID,
rotated VKEY. An error of ours ends it with `error NAME`; any other with a traceback.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from evidence_store.errors import EvidenceError
from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from evidence_store.store import EvidenceStore, create_store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def page(number: int) -> Capture:
    ask, answer = b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b"%d" % number * 700
    exchange = WireExchange("https://a.example/", ask, answer, NOON, NOON, "203.0.113.7", 443)
    picture = Artefact("p.bin", "picture", "image/jpeg", b"%d" % number * 900)
    return Capture("https://a.example/", "test", "test", Operator("o", "test"), (exchange,), (picture,))


def say(*words: object) -> None:
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def live(folder: Path) -> None:
    if not (folder / "store.json").exists():
        create_store(folder, origin="crash.test/log", now=lambda: NOON)
        say("created")
    with EvidenceStore.open(folder, now=lambda: NOON, wait_seconds=0) as store:
        ids = []
        for batch in range(2):
            for receipt in store.keep([page(batch), page(batch + 10)]):
                ids.append(receipt.exhibit_id)
                say("kept", receipt.exhibit_id, receipt.record_sha256)
            say("checkpoint", store.checkpoint().hex())
        store.custody(ids[0], kind="viewed", who="o", why="test")
        store.erase(ids[1:2], who="o", why="test", legal_basis="test")
        say("erased", ids[1])
        say("rotated", store.rotate_key(why="test"))
    with EvidenceStore.open(folder, now=lambda: NOON, wait_seconds=0) as store:
        (receipt,) = store.keep([page(99)])
        say("kept", receipt.exhibit_id, receipt.record_sha256)
        say("checkpoint", store.checkpoint().hex())


if __name__ == "__main__":
    try:
        live(Path(sys.argv[1]))
    except EvidenceError as error:
        say("error", type(error).__name__)
        sys.exit(3)
