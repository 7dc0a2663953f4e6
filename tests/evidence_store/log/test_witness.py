"""A witness in another process: it signs what continues, refuses what does not, and forgets nothing."""

import base64
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evidence_store.errors import EvidenceError, Malformed, WitnessError
from evidence_store.log import note
from evidence_store.log.checkpoint import Checkpoint
from evidence_store.log.cosignature import check_cosignature, cosign, parse_witness, witness_of
from evidence_store.log.local_witness import LocalWitness
from evidence_store.log.tree import Tree, leaf_hash
from evidence_store.log.witness import HttpWitness, request_body
from evidence_store.witnessing import witness_checkpoint

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
ORIGIN = "ipguard.test/log"


class Log:
    """A log in memory that can also lie."""

    def __init__(self, *entries: bytes) -> None:
        self.tree = Tree()
        for entry in entries:
            self.tree.append(leaf_hash(entry))

    def checkpoint(self, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> bytes:
        return note.sign(Checkpoint(origin, self.tree.size, self.tree.root()).text(), origin, key)


class Running:
    """A witness process."""

    def __init__(self, folder: Path, vkey: str) -> None:
        command = [sys.executable, "-m", "evidence_store.log.local_witness", "--folder", str(folder)]
        self._process = subprocess.Popen(
            [*command, "--log", vkey, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.key = parse_witness(self._process.stdout.readline())
        self.url = self._process.stdout.readline().strip()

    def client(self) -> HttpWitness:
        return HttpWitness("neighbour", self.url, self.key)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def witness(tmp_path) -> Iterator[Running]:
    running = Running(tmp_path / "w", str(note.verifier_of(ORIGIN, KEY)))
    yield running
    running.stop()


def no_proof(_: int) -> list[bytes]:
    return []


def post(url: str, body: bytes) -> tuple[int, str, bytes]:
    request = urllib.request.Request(f"{url}/add-checkpoint", data=body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers["Content-Type"], refusal.read()


def test_a_growing_log_is_cosigned_step_by_step(witness):
    log, client, seen = Log(b"a"), witness.client(), 0
    for entry in (b"b", b"c", b"d", b"e"):
        signed = log.checkpoint()
        line = client.cosign(signed, seen, log.tree.prove_consistency)
        assert check_cosignature(signed + line, witness.key).year >= 2026
        seen = log.tree.size
        log.tree.append(leaf_hash(entry))


def test_a_log_that_forgot_what_was_seen_is_told_by_the_witness(witness):
    log, client = Log(b"a", b"b"), witness.client()
    client.cosign(log.checkpoint(), 0, no_proof)
    log.tree.append(leaf_hash(b"c"))

    line = client.cosign(log.checkpoint(), 0, log.tree.prove_consistency)
    assert check_cosignature(log.checkpoint() + line, witness.key)


def test_another_history_is_refused_also_after_a_restart(witness, tmp_path):
    log = Log(b"a", b"b")
    witness.client().cosign(log.checkpoint(), 0, no_proof)
    witness.stop()
    again = Running(tmp_path / "w", str(note.verifier_of(ORIGIN, KEY)))
    try:
        assert again.key == witness.key
        for fork in (Log(b"a", b"B", b"c"), Log(b"A", b"b", b"c", b"d")):
            with pytest.raises(WitnessError, match="two histories"):
                again.client().cosign(fork.checkpoint(), 2, fork.tree.prove_consistency)
        same_size = Log(b"a", b"B")
        assert post(again.url, request_body(2, (), same_size.checkpoint()))[0] == 409
        shorter = Log(b"a")
        assert post(again.url, request_body(2, (), shorter.checkpoint()))[0] == 400
        status, kind, body = post(again.url, request_body(1, (), log.checkpoint()))
        assert (status, kind, body) == (409, "text/x.tlog.size", b"2\n")
    finally:
        again.stop()


def test_it_does_not_sign_for_logs_or_keys_that_it_does_not_know(witness):
    log = Log(b"a")
    other = Ed25519PrivateKey.generate()
    assert post(witness.url, request_body(0, (), log.checkpoint("other.test/log")))[0] == 404
    assert post(witness.url, request_body(0, (), log.checkpoint(key=other)))[0] == 403
    with pytest.raises(WitnessError, match="does not know this log's key"):
        witness.client().cosign(log.checkpoint(key=other), 0, no_proof)


@pytest.mark.parametrize(
    "body",
    [b"", b"old\n\n", b"old -1\n\nx", b"old 01\n\nx", b"old 0\nnot base64!\n\nx", b"old 0\n" + b"A" * 44 + b"\n\nx",
     b"old 0\n" + (base64.b64encode(b"x" * 32) + b"\n") * 64 + b"\nx", b"\xff\xfe", b"old 0\n\nno note"],
)  # fmt: skip
def test_what_is_no_request_gets_400(witness, body):
    assert post(witness.url, body)[0] == 400


def test_a_witness_that_lies_or_is_gone_is_said_so(witness):
    log, client = Log(b"a"), witness.client()
    stranger = HttpWitness("neighbour", witness.url, witness_of(witness.key.name, KEY))
    with pytest.raises(WitnessError, match="did not sign"):
        stranger.cosign(log.checkpoint(), 0, no_proof)
    witness.stop()
    with pytest.raises(WitnessError, match="does not answer"):
        client.cosign(log.checkpoint(), 0, no_proof)
    with pytest.raises(WitnessError, match="no web address"):
        HttpWitness("n", "file:///etc/passwd", witness.key).cosign(log.checkpoint(), 0, no_proof)


def test_a_store_is_witnessed_before_it_is_stamped_and_goes_on_without(store, capture, tmp_path):
    running = Running(tmp_path / "w", str(store.vkey))
    try:
        for _ in range(3):
            store.keep([capture()])
            store.checkpoint()
            (done,) = witness_checkpoint(store, [running.client()])
            assert done.problem == ""
            assert check_cosignature(store.newest_checkpoint(), running.key)
            assert witness_checkpoint(store, [running.client()])[0].problem == ""  # nothing more to ask
        assert store.cosigned() == {"neighbour": 3}
    finally:
        running.stop()
    store.keep([capture()])
    store.checkpoint()
    (failed,) = witness_checkpoint(store, [running.client()])
    assert "does not answer" in failed.problem
    assert store.newest_checkpoint()


def test_a_cosignature_is_good_for_its_text_and_time_alone():
    text = Checkpoint(ORIGIN, 1, b"r" * 32).text()
    key = witness_of("w.test/one", KEY)
    signed = note.sign(text, ORIGIN, KEY) + cosign(text, "w.test/one", KEY, NOON)

    assert check_cosignature(signed, key) == NOON
    assert note.check(signed, note.verifier_of(ORIGIN, KEY)) == text  # the log's own still counts
    with pytest.raises(Malformed, match="does not fit"):
        check_cosignature(signed.replace(b"\n1\n", b"\n2\n"), key)
    assert parse_witness(str(key)) == key
    for wrong in (str(key)[:-4], str(note.verifier_of("w.test/one", KEY)), "w.test/one", ""):
        with pytest.raises(Malformed):
            parse_witness(wrong)


@given(st.binary(max_size=400), st.integers(0, 300))
def test_no_bytes_make_a_witness_fail(tmp_path_factory, data, cut):
    place = tmp_path_factory.getbasetemp() / "fuzzed"
    witness = LocalWitness(place, [note.verifier_of(ORIGIN, KEY)], name="w", now=lambda: NOON)
    good = request_body(0, (), Log(b"a").checkpoint("x.test/unknown"))
    for body in (data, good[:cut] + data + good[cut:]):
        assert witness.add_checkpoint(body).status in (400, 403, 404, 409, 422)
    with pytest.raises(EvidenceError):
        check_cosignature(data, witness_of("w", KEY))
