"""Legal hold, retention, erasure: what must be kept is kept, what was erased is gone, and every proof stays good."""

import os
import shutil
from datetime import timedelta

import pytest

from evidence_store.canonical import moment
from evidence_store.errors import SigningKeyError, StoreDamaged, StoreError, StoreLocked
from evidence_store.folder import Memory, protect
from evidence_store.log import note
from evidence_store.log.checkpoint import parse_checkpoint, parse_proof
from evidence_store.log.tree import check_inclusion, leaf_hash
from evidence_store.sealing import PIECE_BYTES, TAG_BYTES, seal, unseal
from evidence_store.store import EvidenceStore, create_store

SECRET = "Mei Example, 7 Harbour Lane"
WHO = {"who": "dpo-1", "why": "asked by the person", "legal_basis": "GDPR art. 17(1)"}


def everything_on_disk(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def two(store, capture):
    """Two exhibits; the first holds somebody's name."""
    first, second = store.keep([capture(about={"seller": SECRET}), capture()])
    store.custody(first.exhibit_id, kind="viewed", who="analyst-1", why="triage")
    store.checkpoint()
    return first.exhibit_id, second.exhibit_id


def test_nothing_on_the_disk_can_be_read_without_the_keys(store, two, folder):
    on_disk = everything_on_disk(folder)
    assert SECRET.encode() not in on_disk
    assert b"moon-harbor.example" not in on_disk


def test_what_was_erased_is_gone_and_says_so(store, two, folder):
    first, second = two
    (before,) = [store.exhibit(first)]
    blobs = {path.name for path in (folder / "blobs").glob("??/*")}

    position = store.erase([first], **WHO)

    assert position == 3
    with pytest.raises(StoreError, match=r"erased at .* by dpo-1: asked by the person"):
        store.exhibit(first)
    assert [kept.exhibit_id for kept in store.exhibits()] == [second]
    assert len(blobs) - len({path.name for path in (folder / "blobs").glob("??/*")} & blobs) >= 6
    assert store.check() == []
    erasure = store.erasure_of(first)
    assert erasure is not None
    assert erasure.fields["legal_basis"] == "GDPR art. 17(1)"
    assert erasure.fields["positions"] == [before.position, 2]


def test_all_proofs_stay_good_after_an_erasure(store, two):
    first, second = two
    erased = store.exhibit(first)
    old_head = parse_checkpoint(note.check(store.checkpoint(), store.vkey))
    old_proof = parse_proof(store.proof(erased.position))

    store.erase([first], **WHO)
    new_head = parse_checkpoint(note.check(store.checkpoint(), store.vkey))

    for head, proof in ((old_head, old_proof), (new_head, parse_proof(store.proof(erased.position)))):
        assert check_inclusion(leaf_hash(erased.entry), proof.index, head.size, proof.path, head.root)
    kept = store.exhibit(second)
    assert kept.fields["requested_url"].startswith("https://moon-harbor.example")


def test_an_old_copy_of_the_journal_does_not_bring_back_what_was_erased(folder, clock, capture, tmp_path):
    with EvidenceStore.open(folder, now=clock) as store:
        (receipt,) = store.keep([capture(about={"seller": SECRET})])
    shutil.copytree(folder, tmp_path / "backup")
    with EvidenceStore.open(folder, now=clock) as store:
        store.erase([receipt.exhibit_id], **WHO)
    for name in ("log.key", "vault.key"):  # keys are kept apart from backups of the journal
        shutil.copy(folder / name, tmp_path / "backup" / name)

    with pytest.raises(
        SigningKeyError, match="vault key is number 2, and the journal was written with number 1"
    ):
        EvidenceStore.open(tmp_path / "backup", now=clock)


def test_an_erasure_that_a_crash_cut_in_two_is_whole_when_opened_again(
    folder, clock, capture, tmp_path, monkeypatch
):
    with EvidenceStore.open(folder, now=clock) as store:
        first, second = store.keep([capture(), capture()])

    class Cut(BaseException):
        pass

    def cut(*_):
        raise Cut

    for name, erased in (
        ("evidence_store.safe.Safe.forget", False),
        ("evidence_store.store.take_place", True),
    ):
        place = tmp_path / name
        shutil.copytree(folder, place)
        with monkeypatch.context() as patch:
            patch.setattr(name, cut)
            with pytest.raises(Cut), EvidenceStore.open(place, now=clock) as store:
                store.erase([first.exhibit_id], **WHO)
        with EvidenceStore.open(place, now=clock) as store:
            assert (store.erasure_of(first.exhibit_id) is not None) is erased
            assert store.exhibit(second.exhibit_id).exhibit_id == second.exhibit_id
            assert store.check() == []
            assert not (place / "vault.key.next").exists()


def test_a_legal_hold_keeps_until_every_matter_let_go(store, two):
    first, _ = two
    for matter in ("2026-Civ-41", "WIPO D2026-0007"):
        store.custody(first, kind="held", who="counsel-1", why="litigation", about={"matter": matter})
    store.custody(first, kind="released", who="counsel-1", why="settled", about={"matter": "2026-Civ-41"})

    with pytest.raises(StoreError, match="legal hold for WIPO D2026-0007"):
        store.erase([first], **WHO)

    store.custody(first, kind="released", who="counsel-1", why="decided", about={"matter": "WIPO D2026-0007"})
    store.erase([first], **WHO)


def test_one_exhibit_that_must_be_kept_keeps_the_whole_order_back(store, two, clock):
    first, second = two
    until = moment(clock() + timedelta(days=1))
    store.custody(second, kind="retention", who="admin", why="statute", about={"until": until})

    with pytest.raises(StoreError, match="must be kept until 2026-11-25"):
        store.erase([first, second], **WHO)
    assert store.exhibit(first).exhibit_id == first


def test_keys_lie_encrypted_where_there_is_a_passphrase(tmp_path, clock, capture):
    create_store(tmp_path / "e", origin="ipguard.test/log", passphrase=b"open sesame", now=clock)
    with EvidenceStore.open(tmp_path / "e", passphrase=b"open sesame", now=clock) as store:
        (receipt,) = store.keep([capture()])
        store.erase([store.keep([capture()])[0].exhibit_id], **WHO)
    assert b'"key"' not in (tmp_path / "e" / "vault.key").read_bytes()
    for wrong in (None, b"open barley"):
        with pytest.raises(SigningKeyError):
            EvidenceStore.open(tmp_path / "e", passphrase=wrong, now=clock)
    with EvidenceStore.open(tmp_path / "e", passphrase=b"open sesame", now=clock) as store:
        assert store.exhibit(receipt.exhibit_id).record


def test_a_store_made_without_a_passphrase_can_be_given_one(folder, clock, capture):
    with EvidenceStore.open(folder, now=clock) as store:
        (receipt,) = store.keep([capture()])
        vkey = store.vkey

    protect(folder, None, b"open sesame")

    with pytest.raises(SigningKeyError):
        EvidenceStore.open(folder, now=clock)
    with EvidenceStore.open(folder, passphrase=b"open sesame", now=clock) as store:
        assert store.vkey == vkey
        assert store.exhibit(receipt.exhibit_id).record
    with pytest.raises(SigningKeyError):
        protect(folder, b"wrong", b"other")
    with EvidenceStore.open(folder, passphrase=b"open sesame", now=clock), pytest.raises(StoreLocked):
        protect(folder, b"open sesame", None, wait_seconds=0)


def test_a_process_that_opens_it_again_hashes_only_what_is_new(folder, clock, capture, tmp_path):
    memory = Memory()
    for expected in range(3):
        with EvidenceStore.open(folder, now=clock, memory=memory) as store:
            assert store.size == expected
            store.keep([capture()])
            store.checkpoint()
    with EvidenceStore.open(folder, now=clock) as cold:
        root = cold.newest_checkpoint()
    with EvidenceStore.open(folder, now=clock, memory=memory) as warm:
        assert warm.newest_checkpoint() == root
        assert warm.size == 3


def test_a_memory_of_another_log_is_not_believed(folder, clock, capture, tmp_path):
    memory = Memory()
    create_store(tmp_path / "other", origin="ipguard.test/other", now=clock)
    with EvidenceStore.open(tmp_path / "other", now=clock, memory=memory) as store:
        store.keep([capture(), capture()])
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
        expected = store.checkpoint()
    with EvidenceStore.open(folder, now=clock, memory=memory) as store:
        assert store.checkpoint() == expected


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 7])
def test_sealed_bytes_open_as_they_were_and_only_as_what_they_were(size):
    key, data = os.urandom(32), os.urandom(size)
    sealed = seal(key, "file/a", data)

    assert unseal(key, "file/a", sealed) == data
    for other_key, name in ((os.urandom(32), "file/a"), (key, "file/b")):
        with pytest.raises(StoreDamaged):
            unseal(other_key, name, sealed)


def test_sealed_pieces_cannot_be_dropped_swapped_or_added():
    key, data = os.urandom(32), os.urandom(3 * PIECE_BYTES)
    sealed = seal(key, "file/a", data)
    step = PIECE_BYTES + TAG_BYTES
    pieces = [sealed[start : start + step] for start in range(0, len(sealed), step)]
    for forged in (pieces[:2], pieces[1:], [pieces[1], pieces[0], pieces[2]], [*pieces, pieces[2]], []):
        with pytest.raises(StoreDamaged):
            unseal(key, "file/a", b"".join(forged))
