"""Notes, checkpoints and proofs are read strictly: one text a value, and nothing but our own error."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_store.errors import Malformed
from evidence_store.log import note
from evidence_store.log.checkpoint import Checkpoint, Proof, parse_checkpoint, parse_proof

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = note.verifier_of("ipguard.test/log", KEY)
HEAD = Checkpoint("ipguard.test/log", 7, bytes(32))
SIGNED = note.sign(HEAD.text(), VKEY.name, KEY)


def test_a_signed_checkpoint_comes_back():
    assert parse_checkpoint(note.check(SIGNED, VKEY)) == HEAD


def test_a_vkey_comes_back():
    assert note.parse_vkey(str(VKEY)) == VKEY


def test_the_published_c2sp_example_verifies():
    # The worked example of the signed-note specification (PeterNeumann's key and note).
    vkey = note.parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

    assert note.check(f"{text}\n— PeterNeumann {signature}\n".encode(), vkey) == text


def test_another_key_does_not_verify():
    other = note.verifier_of(VKEY.name, Ed25519PrivateKey.generate())
    with pytest.raises(Malformed, match="not signed by"):
        note.check(SIGNED, other)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(position, change):
    forged = bytearray(SIGNED)
    forged[position] ^= change
    with pytest.raises(Malformed):
        parse_checkpoint(note.check(bytes(forged), VKEY))


@pytest.mark.parametrize(
    "text",
    [
        "ipguard.test/log\n07\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "ipguard.test/log\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "ipguard.test/log\n７\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "ipguard.test/log\n7\nAAAA\n",
        "ipguard.test/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension\n",
        "\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "ipguard.test/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
    ],
)
def test_a_checkpoint_has_one_form(text):
    with pytest.raises(Malformed):
        parse_checkpoint(text)


def test_a_proof_comes_back():
    proof = Proof(3, (bytes(32), bytes([1] * 32)), SIGNED)

    assert parse_proof(proof.encode()) == proof


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_is_handed_in_only_our_own_error_comes_out(data):
    for read in (parse_proof, note.split):
        with pytest.raises(Malformed):
            read(data)
