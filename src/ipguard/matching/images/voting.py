"""Which references are worth a closer look: matched descriptors vote, and votes that say the same add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ipguard.matching.images.descriptors import Floats
from ipguard.matching.images.features import Rows

CANDIDATES = 16
"""References looked at closely, most votes first."""
LEAST_VOTES = 3
TURNS, OCTAVES = 8, 64
"""Bins of the direction, and of the size (octaves), in which votes meet."""
SHIFTS = (0.0, 0.5)
"""Bins are laid twice, so that neighbours across an edge meet in one of them."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Descriptors of a picture matched with descriptors of references: one row a match."""

    query: Rows
    owner: Rows
    """Number of the reference."""
    feature: Rows
    """Row within the reference."""
    growth: Floats
    """Octaves by which the picture shows it larger."""
    turn: Floats
    """Radians by which the picture shows it turned."""
    weight: Floats
    """0..1, higher for nearer descriptors."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference, and the pairs of rows (picture, reference) that point at it, nearest first."""

    reference: int
    pairs: Rows


def candidates(matches: Matches) -> list[Candidate]:
    """References with the most consistent votes, best first.

    A match votes for its reference together with how large and how turned it would be (weak geometric consistency,
    Jégou et al. 2008): votes of a copy meet in one bin, those of chance scatter.
    """
    if not len(matches.query):
        return []
    strength: dict[int, float] = {}
    for octave in SHIFTS:
        for turn in SHIFTS:
            _vote(matches, octave, turn, strength)
    best = sorted(strength, key=lambda number: (-strength[number], number))[:CANDIDATES]
    return [Candidate(number, _pairs(matches, number)) for number in best]


def _vote(matches: Matches, octave: float, turn: float, strength: dict[int, float]) -> None:
    size = np.clip(np.floor(matches.growth + octave).astype(np.int64) + OCTAVES // 2, 0, OCTAVES - 1)
    angle = np.floor(matches.turn % (2 * np.pi) / (2 * np.pi) * TURNS + turn).astype(np.int64) % TURNS
    keys = (matches.owner * OCTAVES + size) * TURNS + angle
    order = np.lexsort((-matches.weight, matches.query, keys))
    keys, queries = keys[order], matches.query[order]
    first = np.ones(len(keys), np.bool_)  # one vote a feature: a spot described three times is one witness
    first[1:] = (keys[1:] != keys[:-1]) | (queries[1:] != queries[:-1])
    bins, where = np.unique(keys[first], return_inverse=True)
    sums = np.bincount(where, matches.weight[order][first])
    for n in np.flatnonzero(np.bincount(where) >= LEAST_VOTES):
        number = int(bins[n]) // (OCTAVES * TURNS)
        strength[number] = max(strength.get(number, 0.0), float(sums[n]))


def _pairs(matches: Matches, number: int) -> Rows:
    rows = np.flatnonzero(matches.owner == number)
    rows = rows[np.argsort(-matches.weight[rows], kind="stable")]
    return np.column_stack([matches.query[rows], matches.feature[rows]])
