"""A bundle handed out years ago stays good: its stamp was renewed, and the evidence record beside it says so."""

from datetime import UTC, datetime, timedelta

import pytest

from evidence_store.bundles.export import export_bundle
from evidence_store.bundles.story import Order
from evidence_store.errors import TimestampError
from evidence_store.renewing import due_stamps, renew
from evidence_store.store import EvidenceStore
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.verify.checks_log import Renewal
from evidence_store.verify.verdict import State
from evidence_store.verify.verifier import verify_bundle

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


def quiet(_done: int, _total: int) -> None:
    """No progress bar."""


def test_stamps_are_renewed_in_time_and_an_old_bundle_says_so(folder, capture, tmp_path):
    young = LocalAuthority(tmp_path / "young", now=lambda: NOON)
    with EvidenceStore.open(folder, now=lambda: NOON) as store:
        (receipt,) = store.keep([capture()])
        out = tmp_path / "b.zip"
        order = Order("T", "R-1", "o", "w")
        export_bundle(store, [receipt.exhibit_id], out, order, authorities=[young], now=lambda: NOON)
        size = store.checkpoint_size
        assert due_stamps(store, before=NOON + 5 * YEAR, hash_name="sha256", progress=quiet) == []

    later = NOON + 9 * YEAR
    old = LocalAuthority(tmp_path / "old", now=lambda: later)
    with EvidenceStore.open(folder, now=lambda: later) as store:
        for hash_name in ("sha256", "sha512"):
            due = due_stamps(store, before=later + 2 * YEAR, hash_name=hash_name, progress=quiet)
            assert [(one.size, one.authority) for one in due] == [(size, "local")]
            assert renew(store, due, old, hash_name=hash_name, at=later) == 1
        assert due_stamps(store, before=later + YEAR, hash_name="sha512", progress=quiet) == []
        record, roots = store.renewal(size, "local")

    verdict = verify_bundle(out, renewals=[Renewal(record, roots)])
    assert verdict.good
    (said,) = [f.sentence for f in verdict.findings if f.check == "V-15"]
    assert said.startswith(
        "ipguard LOCAL AUTHORITY - NO LEGAL VALUE saw all of this at the latest at 2026-11-24"
    )
    assert "2 newer stamps took that over" in said

    forged = verify_bundle(out, renewals=[Renewal(record[:-1] + bytes([record[-1] ^ 1]), roots)])
    assert {f.check for f in forged.findings if f.state is State.FAILED} == {"V-15"}
    stranger = verify_bundle(out, renewals=[Renewal(record, young.roots)])
    assert not stranger.good


def test_an_authority_that_fails_changes_nothing(folder, capture, tmp_path):
    young = LocalAuthority(tmp_path / "young", now=lambda: NOON)
    with EvidenceStore.open(folder, now=lambda: NOON) as store:
        (receipt,) = store.keep([capture()])
        export_bundle(
            store, [receipt.exhibit_id], tmp_path / "b.zip", Order("T", "R-1", "o", "w"), authorities=[young], now=lambda: NOON
        )  # fmt: skip
        due = due_stamps(store, before=NOON + 20 * YEAR, hash_name="sha256", progress=quiet)
        backwards = LocalAuthority(tmp_path / "other", now=lambda: NOON - YEAR)
        with pytest.raises(TimestampError):
            renew(store, due, backwards, hash_name="sha256", at=NOON)
        assert store.renewal(due[0].size, "local") is None
