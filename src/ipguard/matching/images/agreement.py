"""Points that agree: from single matched points to the one way in which a reference lies in a picture.

A SIFT match alone says how its whole reference would lie: how large, how turned, where (Lowe 2004 §7.3). So no sample
is drawn at random: every match proposes, the proposal that most others agree with is refined, and more points are
looked for where it says they must be. The same points always give the same placement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images.descriptors import Floats, unpack
from ipguard.matching.images.features import Features, Rows
from ipguard.matching.images.fitting import Matrix, Warp, bent, fit, project, similarity

if TYPE_CHECKING:
    from scipy.spatial import KDTree

MOST_MATCHES = 128
"""Matches with one reference that propose; the nearest ones."""
LEAST = 4
"""Places that have to agree before anybody looks for more."""
TURN, GROWTH = 0.6, 0.75
"""How far two matches may differ in direction (radians) and size (octaves) and still propose the same."""
LEVER = 0.22
"""A proposal's error grows with the distance from its point: SIFT knows directions and sizes about that well."""
NEAR = 0.62
"""Largest distance of two descriptors (0..1.4) of one spot where the placement says it is."""
RADII = (3.0, 1.8, 1.0)
"""Tolerances within which spots are looked for, one round after the other."""
NEIGHBOURS = 5
SAME_TURN, SAME_SIZE = 0.75, 0.8
"""Cosine of the angle, and octaves, by which a spot may be off in direction and size."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A placement that some matches propose together, as a similarity."""

    matrix: Matrix
    votes: int
    """Places of the picture whose matches agree."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What looking where a proposal points has shown."""

    warp: Warp
    queries: Rows
    references: Rows
    """Rows of agreeing features, pairwise, in the picture and in the reference."""
    distances: Floats
    """Of each pair's descriptors."""
    asked: int
    """Reference features that should be seen in the picture, at sizes which it can show."""


def propose(query: Features, reference: Features, pairs: Rows, tolerance: float) -> Proposal | None:
    """The placement that most of `pairs` (rows of query and reference) agree on, or None where few do.

    Args:
        tolerance: pixels of the picture that a point may lie from where it should.
    """
    pairs = pairs[:MOST_MATCHES]
    p, x = reference.points[pairs[:, 1]], query.points[pairs[:, 0]]
    z, w = p[:, 0] + 1j * p[:, 1].astype(np.float64), x[:, 0] + 1j * x[:, 1].astype(np.float64)
    growth = np.log2(query.sizes[pairs[:, 0]] / reference.sizes[pairs[:, 1]])
    turn = (query.angles[pairs[:, 0]] - reference.angles[pairs[:, 1]]).astype(np.float64)
    spin = np.exp2(growth) * np.exp(1j * turn)
    away = z[None, :] - z[:, None]
    reach = LEVER * np.abs(spin)[:, None] * np.abs(away)
    agrees = np.abs(w[:, None] + spin[:, None] * away - w[None, :]) < tolerance + reach
    agrees &= np.cos(turn[:, None] - turn[None, :]) > np.cos(TURN)
    agrees &= np.abs(growth[:, None] - growth[None, :]) < GROWTH
    best = int(np.argmax(agrees.sum(axis=1)))
    chosen = agrees[best]
    votes = _places(pairs[chosen], x[chosen], tolerance)
    if votes < LEAST:
        return None
    matrix = similarity(z[chosen], w[chosen])
    if matrix is None:
        return None
    a, b = matrix
    return Proposal(np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag], [0, 0, 1]]), votes)


def _places(pairs: Rows, x: Floats, tolerance: float) -> int:
    """Places that matches stand on, in picture and reference: one spot described three times is one witness."""
    cells = np.round(x / max(tolerance, 1e-6)).astype(np.int64)
    return min(len(set((cells[:, 0] << 20 | cells[:, 1]).tolist())), len(set(pairs[:, 1].tolist())))


@dataclass(frozen=True, slots=True)
class Guide:
    """The features of one picture, ready to be asked what lies near a place."""

    features: Features
    tree: KDTree
    descriptors: Floats
    smallest: float
    """Size below which the picture shows no features, in pixels."""

    @classmethod
    def over(cls, features: Features) -> Guide:
        """A guide over at least one feature."""
        from scipy.spatial import KDTree

        smallest = float(np.percentile(features.sizes, 3))
        return cls(features, KDTree(features.points), unpack(features.packed), smallest)


def gather(
    guide: Guide, reference: Features, start: Proposal, frame: tuple[int, int], tolerance: float
) -> Agreement | None:
    """Look for the reference's spots where the proposal says they are, refine the placement, and look again.

    Args:
        frame: width and height of the picture, pixels.
    """
    warp = Warp(start.matrix)
    for radius in RADII:
        expected = _expected(reference, warp, frame, guide.smallest)
        queries, references, distances = _seen(guide, reference, expected, tolerance * radius)
        if len(queries) < LEAST:
            return None
        if radius == RADII[-1]:
            return Agreement(warp, queries, references, distances, len(expected.rows))
        source = reference.points[references].astype(np.float64)
        target = guide.features.points[queries].astype(np.float64)
        matrix = fit(source, target, tolerance)
        if matrix is not None:
            warp = bent(matrix, source, target, tolerance)
    return None


@dataclass(frozen=True, slots=True)
class _Expected:
    """Reference features that should be seen, and how."""

    rows: Rows
    points: NDArray[np.float64]
    sizes: NDArray[np.float64]
    angles: NDArray[np.float64]


def _expected(reference: Features, warp: Warp, frame: tuple[int, int], smallest: float) -> _Expected:
    points = warp(reference.points)
    step = 0.5 * reference.sizes
    turns = np.column_stack([np.cos(reference.angles), np.sin(reference.angles)])
    arrows = project(warp.matrix, reference.points + turns * step[:, None]) - project(
        warp.matrix, reference.points
    )
    sizes = np.hypot(arrows[:, 0], arrows[:, 1]) * 2
    inside = (points > 0).all(axis=1) & (points < np.array(frame)).all(axis=1) & (sizes > 0.8 * smallest)
    rows = np.flatnonzero(inside)
    return _Expected(rows, points[rows], sizes[rows], np.arctan2(arrows[rows, 1], arrows[rows, 0]))


def _seen(guide: Guide, reference: Features, expected: _Expected, radius: float) -> tuple[Rows, Rows, Floats]:
    """Pairs of rows (picture, reference) of the same spot, nearest descriptors first, each used once."""
    count = min(NEIGHBOURS, len(guide.features))
    _, found = guide.tree.query(expected.points, k=count, distance_upper_bound=radius)
    found = found.reshape(len(expected.rows), count)
    n, k = np.nonzero(found < len(guide.features))
    q = found[n, k]
    good = np.cos(guide.features.angles[q] - expected.angles[n]) > SAME_TURN
    good &= np.abs(np.log2(guide.features.sizes[q] / np.maximum(expected.sizes[n], 1e-6))) < SAME_SIZE
    q, f = q[good], expected.rows[n[good]]
    distances = np.linalg.norm(guide.descriptors[q] - unpack(reference.packed[f]), axis=1)
    order = np.argsort(distances, kind="stable")
    order = order[: int((distances < NEAR).sum())]
    cells = np.round(guide.features.points[q] / max(radius * 0.34, 1.5)).astype(np.int64)
    places = (cells[:, 0] << 20 | cells[:, 1]).tolist()
    kept, used_places, used = [], set(), set()
    rows = f.tolist()
    for i in order.tolist():
        if places[i] not in used_places and rows[i] not in used:
            used_places.add(places[i])
            used.add(rows[i])
            kept.append(i)
    chosen = np.array(kept, np.int64)
    return q[chosen], f[chosen], distances[chosen]
