"""The Merkle tree of RFC 6962 §2.1 (FORMAT 5): pure, incremental, proofs in O(log n).

Names come in pairs: prove_… makes what check_… checks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()
"""Root of the empty tree (RFC 6962 §2.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry) (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree. `levels[k][i]` is the hash of the complete subtree over leaves [i·2^k, (i+1)·2^k)."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def leaf(self, index: int) -> bytes:
        """The leaf hash at `index`."""
        return self._levels[0][index]

    def row(self, level: int) -> Sequence[bytes]:
        """Hashes of the complete subtrees over 2^level leaves each, from the left."""
        return self._levels[level] if level < len(self._levels) else ()

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash; O(1) amortised."""
        self._levels[0].append(leaf)
        for level in range(len(self._levels)):
            row = self._levels[level]
            if len(row) % 2:
                return
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(node_hash(row[-2], row[-1]))

    def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` leaves (all of them if not given)."""
        wanted = self.size if size is None else size
        self._check(wanted)
        return self._range(0, wanted) if wanted else EMPTY

    def prove_inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of a leaf, lowest sibling first (RFC 6962 §2.1.1)."""
        wanted = self.size if size is None else size
        self._check(wanted)
        if not 0 <= index < wanted:
            raise ValueError(f"leaf {index} is not in a tree of {wanted}")
        return self._path(index, 0, wanted)

    def prove_consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the tree of `old` leaves is a prefix of the tree of `new` (RFC 6962 §2.1.2)."""
        wanted = self.size if new is None else new
        self._check(wanted)
        if not 0 < old <= wanted:
            raise ValueError(f"no consistency proof from {old} to {wanted}")
        return self._subproof(old, 0, wanted, whole=True)

    def _check(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")

    def _range(self, start: int, end: int) -> bytes:
        """Hash over leaves [start, end); `start` is a multiple of the power of two that covers the range."""
        count = end - start
        if count & (count - 1) == 0:
            return self._levels[count.bit_length() - 1][start // count]
        split = start + _largest_power_below(count)
        return node_hash(self._range(start, split), self._range(split, end))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        split = start + _largest_power_below(end - start)
        if index < split:
            return [*self._path(index, start, split), self._range(split, end)]
        return [*self._path(index, split, end), self._range(start, split)]

    def _subproof(self, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if whole else [self._range(start, end)]
        half = _largest_power_below(end - start)
        split = start + half
        if old <= half:
            return [*self._subproof(old, start, split, whole=whole), self._range(split, end)]
        return [*self._subproof(old - half, split, end, whole=False), self._range(start, split)]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` shows that `leaf` stands at `index` of the tree with `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(sibling, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the old tree is a prefix of the new one (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    found_old = found_new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found_new = node_hash(found_new, step)
        first, last = first >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _largest_power_below(count: int) -> int:
    """Largest power of two smaller than `count` (RFC 6962 §2.1: k < n ≤ 2k)."""
    return 1 << (count - 1).bit_length() - 1
