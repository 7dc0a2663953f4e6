"""A new key takes over with the old one's word, in the log; who holds any key of the chain can follow it."""

import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence_store import canonical
from evidence_store.bundles.export import export_bundle
from evidence_store.bundles.story import Order
from evidence_store.errors import LogRolledBack, Malformed
from evidence_store.log import note
from evidence_store.log.checkpoint import parse_checkpoint
from evidence_store.log.rotation import check_rotation, follow
from evidence_store.store import EvidenceStore
from evidence_store.verify.verdict import State
from evidence_store.verify.verifier import verify_bundle


def test_the_first_checkpoint_after_a_change_is_signed_by_both_keys(store, capture):
    store.keep([capture()])
    before = store.vkey
    after = store.rotate_key(why="yearly")

    signed = store.checkpoint()
    assert after != before
    assert parse_checkpoint(note.check(signed, before)) == parse_checkpoint(note.check(signed, after))
    store.keep([capture()])
    with pytest.raises(Malformed, match="not signed"):
        note.check(store.checkpoint(), before)


def test_a_store_opens_after_a_change_and_still_knows_its_old_checkpoints(folder, clock, capture, tmp_path):
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
        store.checkpoint()
        old = (folder / "checkpoint").read_bytes()
        first = store.vkey
        second = store.rotate_key(why="yearly")
        third = store.rotate_key(why="suspicion")
    (folder / "checkpoint").write_bytes(old)
    with EvidenceStore.open(folder, now=clock) as store:
        assert store.vkeys() == [third, second, first]
        assert store.check() == []
        assert follow(first, [event.payload for event in store.rotations()]) == third
        assert follow(second, [event.payload for event in store.rotations()]) == third


@pytest.mark.parametrize(("where", "changed"), [("_commit", False), ("_take_key", True)])
def test_a_change_that_a_crash_cut_in_two_is_whole_when_opened_again(
    folder, clock, capture, monkeypatch, where, changed
):
    class Cut(BaseException):
        pass

    def cut(*_):
        raise Cut

    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
        before = store.vkey
        with monkeypatch.context() as patch:
            patch.setattr(EvidenceStore, where, cut)
            with pytest.raises(Cut):
                store.rotate_key(why="yearly")
    with EvidenceStore.open(folder, now=clock) as store:
        assert (store.vkey != before) is changed
        assert len(store.rotations()) == changed
        assert not (folder / "log.key.next").exists()
        note.check(store.checkpoint(), store.vkey)
        store.keep([capture()])


def test_a_stolen_new_key_alone_or_an_old_key_alone_changes_nothing(store, capture):
    first = store.vkey
    store.rotate_key(why="yearly")
    (event,) = store.rotations()
    fields = canonical.decode(event.payload)
    for name in ("old", "new"):
        forged = {
            **fields,
            "signatures": {
                **fields["signatures"],
                name: fields["signatures"]["old" if name == "new" else "new"],
            },
        }
        with pytest.raises(Malformed, match=f"{name} key did not sign"):
            check_rotation(canonical.encode(forged), first)
    with pytest.raises(Malformed, match="another key"):
        check_rotation(event.payload, store.vkey)


def test_a_bundle_is_good_with_any_key_of_the_chain_and_with_no_other(folder, clock, capture, tmp_path):
    with EvidenceStore.open(folder, now=clock) as store:
        (receipt,) = store.keep([capture()])
        keys = [store.vkey, store.rotate_key(why="yearly"), store.rotate_key(why="again")]
        out = tmp_path / "b.zip"
        export_bundle(
            store, [receipt.exhibit_id], out, Order("T", "R-1", "o", "w"), authorities=[], now=clock
        )
    for key in (*keys, None):
        verdict = verify_bundle(out, vkey=key)
        assert verdict.good, [f for f in verdict.findings if f.state is State.FAILED]
        assert any(f.check == "V-13" and f.state is State.PASSED for f in verdict.findings)
    stranger = note.verifier_of(keys[0].name, Ed25519PrivateKey.generate())
    verdict = verify_bundle(out, vkey=stranger)
    assert not verdict.good
    assert {f.check for f in verdict.findings if f.state is State.FAILED} == {"V-3", "V-4"}


def test_a_journal_from_before_a_change_is_refused(folder, clock, capture, tmp_path):
    with EvidenceStore.open(folder, now=clock) as store:
        store.keep([capture()])
        store.checkpoint()
    shutil.copy(folder / "journal.db", tmp_path / "old.db")
    with EvidenceStore.open(folder, now=clock) as store:
        store.rotate_key(why="yearly")
    shutil.copy(tmp_path / "old.db", folder / "journal.db")
    with pytest.raises((LogRolledBack, Malformed)):
        EvidenceStore.open(folder, now=clock)
