"""Fingerprints by the book, in plain Python: the reference that the fast ones must equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ipguard.matching.copies.fingerprints import BASE, K_DENSE, K_SPARSE, SALTS, SAME, WINDOW, is_dense
from ipguard.matching.copies.index import CopyIndex

WORD = (1 << 64) - 1


def shared_slowly(index: CopyIndex, codes: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """The same as `CopyIndex.shared`, by loops over all pairs; for few works, where nothing is common."""
    asked = prints_slowly(codes)
    found: dict[int, list[tuple[int, int]]] = {}
    for number, reduced in enumerate(index.reduced):
        owned = prints_slowly(reduced.codes.tolist())
        pairs = [(at, place) for at, one in asked for place, other in owned if one == other]
        if pairs:
            found[number] = sorted(pairs)
    return found


def prints_slowly(codes: Sequence[int]) -> list[tuple[int, int]]:
    """(place, hash): every gram hashed by itself, the rightmost smallest of every window kept."""
    grams = [(place, made) for place in range(len(codes)) if (made := gram_hash(codes, place)) is not None]
    kept: dict[int, int] = {}
    for start in range(max(1, len(grams) - WINDOW + 1)):
        window = grams[start : start + WINDOW]
        if window:
            place, made = min(reversed(window), key=lambda gram: gram[1])
            kept[place] = made
    often: dict[int, int] = {}
    chosen = []
    for place, made in sorted(kept.items()):
        often[made] = often.get(made, 0) + 1
        if often[made] <= SAME:
            chosen.append((place, made))
    return chosen


def gram_hash(codes: Sequence[int], place: int) -> int | None:
    """The hash of the gram that begins at a place; None where the text ends before it does."""
    dense = bool(is_dense(np.array([codes[place]], dtype=np.uint32))[0])
    size = K_DENSE if dense else K_SPARSE
    if place + size > len(codes):
        return None
    total = sum(_mix(code) * pow(BASE, n, 1 << 64) for n, code in enumerate(codes[place : place + size]))
    return _mix((total & WORD) ^ int(SALTS[0 if dense else 1]))


def _mix(value: int) -> int:
    mixed = (value + 0x9E3779B97F4A7C15) & WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & WORD
    return mixed ^ (mixed >> 31)
