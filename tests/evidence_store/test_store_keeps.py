"""What is acknowledged is kept, comes back as it went in, and cannot be changed or rolled back unnoticed."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_store import canonical
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.blobs.memory import MemoryBlobs
from evidence_store.errors import (
    LogRolledBack,
    Malformed,
    OutOfSpace,
    SigningKeyError,
    StoreDamaged,
    StoreError,
    StoreLocked,
)
from evidence_store.exhibit import Artefact
from evidence_store.log import note
from evidence_store.log.checkpoint import parse_checkpoint, parse_proof
from evidence_store.log.tree import check_inclusion, leaf_hash
from evidence_store.store import EvidenceStore, create_store
from evidence_store.testing import BlobStoreContract


class TestMemoryBlobs(BlobStoreContract):
    @pytest.fixture
    def store(self):
        return MemoryBlobs()


class TestDirectoryBlobs(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return DirectoryBlobs(tmp_path)


def test_a_capture_comes_back_as_it_went_in(store, capture):
    (receipt,) = store.keep([capture()])

    kept = store.exhibit(receipt.exhibit_id)
    assert kept.fields["about"] == {"title": "星灯 T恤", "price": "9.90", "currency": "USD"}
    assert [file.name for file in kept.files] == ["exchange.warc", "tls-1.der", "tls-2.der", "picture-1.jpg"]
    assert kept.fields["exchanges"][0]["address"] == "203.0.113.7"
    assert b"content-TYPE:   text/html\r\nX-Odd: caf\xe9" in store.read_file(kept, kept.files[0])


def test_every_entry_is_proven_under_the_checkpoint(store, capture):
    receipts = store.keep([capture() for _ in range(5)])
    store.custody(receipts[0].exhibit_id, kind="viewed", who="analyst-1", why="triage")
    head = parse_checkpoint(note.check(store.checkpoint(), store.vkey))

    assert head.size == 6
    for kept in store.exhibits():
        proof = parse_proof(store.proof(kept.position))
        assert check_inclusion(leaf_hash(kept.entry), proof.index, head.size, proof.path, head.root)


def test_the_log_holds_neither_persons_nor_guessable_hashes(store, capture, folder):
    (receipt,) = store.keep([capture()])
    entry = store.exhibit(receipt.exhibit_id).entry

    assert set(canonical.decode(entry)) == {"v", "kind", "at", "commitment"}
    assert receipt.record_sha256.encode() not in entry


def test_custody_is_part_of_the_log(store, capture):
    (receipt,) = store.keep([capture()])
    store.custody(receipt.exhibit_id, kind="exported", who="counsel-2", why="case 7", about={"case": "7"})

    (event,) = store.custody_of(receipt.exhibit_id)
    assert event.fields["who"] == "counsel-2"
    assert event.fields["record_sha256"] == receipt.record_sha256


def test_a_store_opened_again_goes_on(folder, clock, capture):
    for expected in range(3):
        with EvidenceStore.open(folder, now=clock) as store:
            assert store.size == expected
            store.keep([capture()])
            store.checkpoint()


def test_two_writers_do_not_happen(store, folder, clock):
    with pytest.raises(StoreLocked):
        EvidenceStore.open(folder, now=clock, wait_seconds=0)


def test_an_old_copy_put_back_is_noticed(folder, clock, capture, tmp_path):
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
    shutil.copytree(folder, tmp_path / "old")
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
        store.checkpoint()
    for name in ("journal.db",):
        shutil.copy(tmp_path / "old" / name, folder / name)
    for leftover in folder.glob("journal.db-*"):
        leftover.unlink()

    with pytest.raises(LogRolledBack, match="over 2 was signed"):
        EvidenceStore.open(folder, now=clock)


def test_an_entry_changed_behind_our_back_is_noticed(folder, clock, capture):
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture(), capture()])
        store.checkpoint()
    with sqlite3.connect(folder / "journal.db") as db:
        db.execute("DROP TRIGGER no_update_entry")
        changed = "CAST(replace(CAST(data AS TEXT), 'exhibit', 'exhibiT') AS BLOB)"
        db.execute(f"UPDATE entry SET data = {changed} WHERE position = 0")
    db.close()

    with pytest.raises(LogRolledBack, match="differ"):
        EvidenceStore.open(folder, now=clock)


def test_the_journal_refuses_to_forget(folder, clock, capture):
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
    db = sqlite3.connect(folder / "journal.db")
    for statement in ("DELETE FROM entry", "UPDATE entry SET kind = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            db.execute(statement)
    db.close()


def test_a_changed_blob_is_noticed_whichever_it_is(store, capture, folder):
    (receipt,) = store.keep([capture()])
    sealed = [path for path in (folder / "blobs").glob("??/*") if path.stat().st_size > 0]
    assert len(sealed) == 5  # the record, the wire, two certificates, the picture
    for path in sealed:
        before = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        (wrong,) = store.check()
        assert receipt.exhibit_id in wrong
        assert "has changed" in wrong
        path.write_bytes(before)
    assert store.check() == []


def test_an_untouched_store_checks_clean(store, capture):
    store.keep([capture() for _ in range(3)])
    told: list[tuple[int, int]] = []

    assert store.check(lambda done, total: told.append((done, total))) == []
    assert told[-1] == (3, 3)


@pytest.mark.parametrize("name", ["../up", "", "a/b", "exchange.warc", "picture-1.jpg", ".hidden", "x" * 101])
def test_a_file_name_that_could_do_harm_is_refused(store, capture, name):
    twice = (Artefact("picture-1.jpg", "p", "image/jpeg", b"1"), Artefact(name, "p", "image/jpeg", b"2"))
    with pytest.raises(Malformed):
        store.keep([capture(artefacts=twice)])

    assert store.size == 0


def test_one_capture_that_cannot_be_kept_keeps_the_batch_out(store, capture):
    bad = capture(about={"price": 9.9})
    with pytest.raises(Malformed, match="floating-point"):
        store.keep([capture(), bad])

    assert store.size == 0


def test_a_key_others_can_read_is_refused(folder, clock):
    (folder / "log.key").chmod(0o644)
    with pytest.raises(SigningKeyError, match="read by others"):
        EvidenceStore.open(folder, now=clock)


def test_an_encrypted_key_needs_its_passphrase(tmp_path, clock):
    create_store(tmp_path / "e", origin="ipguard.test/log", passphrase=b"open sesame", now=clock)

    assert b"ENCRYPTED" in (tmp_path / "e" / "log.key").read_bytes()
    for wrong in (None, b"open barley"):
        with pytest.raises(SigningKeyError):
            EvidenceStore.open(tmp_path / "e", passphrase=wrong, now=clock)
    EvidenceStore.open(tmp_path / "e", passphrase=b"open sesame", now=clock).close()


def test_a_folder_that_is_no_store_is_said_to_be_none(tmp_path, clock):
    with pytest.raises(StoreError, match="no evidence store"):
        EvidenceStore.open(tmp_path, now=clock)


def test_a_damaged_journal_is_said_to_be_damaged(folder, clock):
    (folder / "journal.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises((StoreDamaged, StoreError)):
        EvidenceStore.open(folder, now=clock)


WRITER = """
import sys, pathlib
from evidence_store.exhibit import *
from datetime import UTC, datetime
from evidence_store.store import EvidenceStore
now = lambda: datetime.now(UTC)
at = now()
ask, answer = b"GET / HTTP/1.1\\r\\n\\r\\n", b"HTTP/1.1 200 OK\\r\\n\\r\\n"
exchange = WireExchange("https://a.example/", ask, answer, at, at, "203.0.113.7", 443)
with EvidenceStore.open(pathlib.Path(sys.argv[1]), now=now) as store:
    n = 0
    while True:
        picture = Artefact("p.bin", "picture", "image/jpeg", str(n).encode() * 999)
        who = Operator("o", "test")
        capture = Capture("https://a.example/", "test", "test", who, (exchange,), (picture,))
        (receipt,) = store.keep([capture])
        print(receipt.exhibit_id, receipt.record_sha256, flush=True)
        if n % 3 == 0:
            store.checkpoint()
        n += 1
"""


def test_what_was_acknowledged_survives_kill_9(folder, clock):
    acknowledged: list[tuple[str, str]] = []
    for round_ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(1 + round_ % 5):
            exhibit, record = writer.stdout.readline().split()
            acknowledged.append((exhibit, record))
        os.kill(writer.pid, signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged += [
            tuple(line.split()) for line in rest.splitlines() if line.count(" ") == 1 and len(line) == 101
        ]

        with EvidenceStore.open(folder, now=clock) as store:
            assert store.check() == []
            kept = {k.exhibit_id for k in store.exhibits()}
            assert {exhibit for exhibit, _ in acknowledged} <= kept
    assert len(acknowledged) > 30


def test_a_full_disk_loses_nothing_that_was_acknowledged(folder, clock):
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
    )
    big = WRITER.replace("str(n).encode() * 999", "b'x' * (20_000 * (n + 1))")
    done = subprocess.run(
        [sys.executable, "-c", limited + big, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert OutOfSpace.__name__ in done.stderr
    acknowledged = [line.split()[0] for line in done.stdout.splitlines()]
    assert acknowledged
    with EvidenceStore.open(folder, now=clock) as store:
        assert store.check() == []
        assert [k.exhibit_id for k in store.exhibits()] == acknowledged


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_canonical_json_has_one_form_both_ways(value):
    data = canonical.encode(value)

    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":2}',
        b'{"a":1.5}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":9007199254740993}',
        b'{"a":"\\u0041"}',
        b'"text"',
        b"[1]",
        b"",
        b'{"a":1}\n',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"a":"\\ud800"}',
    ],
)
def test_json_in_any_other_form_is_refused(data):
    with pytest.raises(Malformed):
        canonical.decode(data)


def test_the_store_says_which_surroundings_it_saw(store, capture):
    (receipt,) = store.keep([capture()])
    fields = store.exhibit(receipt.exhibit_id).fields

    assert fields["environment"]["hosts_sha256"] is None or len(fields["environment"]["hosts_sha256"]) == 64
    assert fields["time"]["clock"]["offset_us"] is None
    assert Path(sys.executable).name == fields["environment"]["executable"]
