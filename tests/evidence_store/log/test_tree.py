"""The tree is that of RFC 6962: equal to the plain definition, and no proof proves what is not so."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_store.log.tree import EMPTY, Tree, check_consistency, check_inclusion, leaf_hash, node_hash


def plain_root(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, written as it stands there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(entries[:k]) + plain_root(entries[k:])).digest()


def grown(entries: list[bytes]) -> Tree:
    tree = Tree()
    for entry in entries:
        tree.append(leaf_hash(entry))
    return tree


ENTRIES = [f"entry {n}".encode() for n in range(71)]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Tree().root() == EMPTY == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(len(ENTRIES)))
def test_roots_equal_the_plain_definition(size):
    assert grown(ENTRIES).root(size) == plain_root(ENTRIES[:size])


@pytest.mark.parametrize("size", range(1, len(ENTRIES)))
def test_every_leaf_of_every_size_is_proven(size):
    tree = grown(ENTRIES)
    root = plain_root(ENTRIES[:size])

    for index in range(size):
        path = tree.prove_inclusion(index, size)
        assert check_inclusion(leaf_hash(ENTRIES[index]), index, size, path, root)


@pytest.mark.parametrize("new", range(1, len(ENTRIES)))
def test_every_older_tree_is_proven_to_be_a_prefix(new):
    tree = grown(ENTRIES)

    for old in range(1, new + 1):
        proof = tree.prove_consistency(old, new)
        assert check_consistency(old, new, plain_root(ENTRIES[:old]), plain_root(ENTRIES[:new]), proof)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 70), st.data())
def test_a_proof_of_one_thing_proves_no_other(size, data):
    tree = grown(ENTRIES)
    index = data.draw(st.integers(0, size - 1))
    path, root, leaf = tree.prove_inclusion(index, size), tree.root(size), leaf_hash(ENTRIES[index])
    other = data.draw(st.integers(0, 70).filter(lambda n: n != index))

    assert not check_inclusion(leaf_hash(b"forged"), index, size, path, root)
    assert not check_inclusion(leaf, index, size, [*path, EMPTY], root)
    assert not check_inclusion(leaf, index, size, path, node_hash(root, root))
    if other < size:
        assert not check_inclusion(leaf, other, size, path, root)
    if path:
        assert not check_inclusion(leaf, index, size, path[:-1], root)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 69), st.data())
def test_a_changed_history_is_not_a_prefix(old, data):
    new = data.draw(st.integers(old + 1, 70))
    changed = data.draw(st.integers(0, old - 1))
    forged = [b"forged" if i == changed else entry for i, entry in enumerate(ENTRIES)]
    proof = grown(forged).prove_consistency(old, new)

    assert not check_consistency(old, new, plain_root(ENTRIES[:old]), grown(forged).root(new), proof)


def test_asking_for_what_is_not_there_is_a_mistake_of_ours():
    tree = grown(ENTRIES[:3])
    for call in (
        lambda: tree.root(4),
        lambda: tree.prove_inclusion(3),
        lambda: tree.prove_inclusion(0, 9),
        lambda: tree.prove_consistency(0),
    ):
        with pytest.raises(ValueError):
            call()
