"""Placements: flat ones as matrices, bent ones with a little more; fitted by robust least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""3 × 3: from the pixels of a reference to those of a picture."""
Points = NDArray[np.float64]
"""n × 2."""

PERSPECTIVE_FROM = 12
"""Pairs that a perspective placement asks for; fewer give an affine one."""
TERMS = 10
"""Coefficients an axis of a bend: a cubic, since a cylinder's picture is even along it and odd across."""
BEND_FROM = 24
"""Pairs that a bent placement asks for."""
STIFFNESS = 0.003
"""How much a bend costs against what it explains: the ridge of its regression, a pair."""
AFFINE_ROUNDS, PERSPECTIVE_ROUNDS = 4, 3
TRUSTED = 0.3
"""Weight of a pair that counts towards PERSPECTIVE_FROM."""


@dataclass(frozen=True, slots=True)
class Warp:
    """How a reference lies in a picture: as a flat thing, or as one that is bent like a mug or a shirt."""

    matrix: Matrix
    bend: NDArray[np.float64] | None = None
    """TERMS × 2, pixels: what `_curves` of a point add to where the matrix puts it."""
    centre: tuple[float, float] = (0.0, 0.0)
    reach: float = 1.0
    """Of the points that the bend was fitted to, in pixels of the reference."""

    def __call__(self, points: NDArray[np.floating]) -> Points:
        """Points (n × 2) of the reference in the picture."""
        flat = project(self.matrix, points)
        return flat if self.bend is None else flat + _curves(points, self.centre, self.reach) @ self.bend


def bent(matrix: Matrix, source: Points, target: Points, tolerance: float) -> Warp:
    """A flat placement with the smooth bend that its pairs show."""
    if len(source) < BEND_FROM:
        return Warp(matrix)
    middle = source.mean(axis=0)
    centre = (float(middle[0]), float(middle[1]))
    reach = float(np.abs(source - middle).max()) or 1.0
    curves, off = _curves(source, centre, reach), target - project(matrix, source)
    ridge = STIFFNESS * len(source) * np.eye(TERMS)
    weights, bend = np.ones(len(source)), np.zeros((TERMS, 2))
    for _ in range(3):
        weighted = curves * weights[:, None]
        bend[:] = np.linalg.solve(weighted.T @ curves + ridge, weighted.T @ off)
        errors = ((off - curves @ bend) ** 2).sum(axis=1)
        weights = 1.0 / (1.0 + errors / (2 * tolerance) ** 2) ** 2
    return Warp(matrix, bend, centre, reach)


def _curves(points: NDArray[np.floating], centre: tuple[float, float], reach: float) -> NDArray[np.float64]:
    """The terms of a cubic in points in units of `reach` about `centre`; flat beyond 1.2, where nothing is known."""
    u, v = np.clip((points.astype(np.float64) - np.array(centre)) / reach, -1.2, 1.2).T
    second = (u * u, u * v, v * v)
    return np.column_stack([np.ones(len(u)), u, v, *second, u**3, u * u * v, u * v * v, v**3])


def fit(source: Points, target: Points, tolerance: float) -> Matrix | None:
    """The placement that carries `source` to `target`, pairs off by more than `tolerance` pixels counting little.

    Points are normalised first (Hartley 1997), weights are those of Geman & McClure (1985). None where they fit nothing
    that a flat thing could do.
    """
    a, b = _normaliser(source), _normaliser(target)
    p, x = project(a, source), project(b, target)
    soft = max(tolerance * float(b[0, 0]), 1e-9)
    weights = np.ones(len(p))
    matrix = np.eye(3)
    for _ in range(AFFINE_ROUNDS):
        matrix = _affine(p, x, weights)
        weights = _weights(matrix, p, x, soft)
    if int((weights > TRUSTED).sum()) >= PERSPECTIVE_FROM:
        for _ in range(PERSPECTIVE_ROUNDS):
            better = _perspective(p, x, weights)
            if better is None:
                break
            matrix, weights = better, _weights(better, p, x, soft)
    full = np.linalg.inv(b) @ matrix @ a
    if not np.isfinite(full).all() or abs(full[2, 2]) < 1e-12:
        return None
    full = full / full[2, 2]
    return full if np.linalg.det(full[:2, :2]) > 1e-9 else None


def similarity(z: NDArray[np.complex128], w: NDArray[np.complex128]) -> tuple[complex, complex] | None:
    """Least squares w = a z + b over points as complex numbers: turn, size and shift. None where they coincide."""
    dz, dw = z - z.mean(), w - w.mean()
    weight = float((np.abs(dz) ** 2).sum())
    if weight < 1e-6:
        return None
    a = complex((np.conj(dz) * dw).sum() / weight)
    return (a, complex(w.mean() - a * z.mean())) if abs(a) > 1e-4 else None


def project(matrix: Matrix, points: NDArray[np.floating]) -> Points:
    """Points (n × 2) of the reference in the picture."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    depth = moved[:, 2:]
    return np.asarray(moved[:, :2] / np.where(np.abs(depth) < 1e-9, 1e-9, depth))


def _weights(matrix: Matrix, p: Points, x: Points, soft: float) -> NDArray[np.float64]:
    errors = ((project(matrix, p) - x) ** 2).sum(axis=1)
    return np.asarray(1.0 / (1.0 + errors / soft**2) ** 2)


def _affine(p: Points, x: Points, weights: NDArray[np.float64]) -> Matrix:
    design = np.column_stack([p, np.ones(len(p))])
    weighted = design * weights[:, None]
    solved = np.linalg.solve(weighted.T @ design + 1e-9 * np.eye(3), weighted.T @ x)
    return np.vstack([solved.T, [0.0, 0.0, 1.0]])


def _perspective(p: Points, x: Points, weights: NDArray[np.float64]) -> Matrix | None:
    rows = np.zeros((2 * len(p), 9))
    rows[0::2, 0:2], rows[0::2, 2] = p, 1
    rows[1::2, 3:6] = rows[0::2, 0:3]
    rows[0::2, 6:9] = -x[:, :1] * rows[0::2, 0:3]
    rows[1::2, 6:9] = -x[:, 1:] * rows[1::2, 3:6]
    rows *= np.repeat(np.sqrt(weights), 2)[:, None]
    values, vectors = np.linalg.eigh(rows.T @ rows)
    matrix = vectors[:, 0].reshape(3, 3)
    if abs(matrix[2, 2]) < 1e-8 or values[1] < 1e-12:
        return None
    return np.asarray(matrix / matrix[2, 2])


def _normaliser(points: Points) -> Matrix:
    centre = points.mean(axis=0)
    spread = float(np.sqrt(((points - centre) ** 2).sum(axis=1).mean())) or 1.0
    factor = np.sqrt(2) / spread
    return np.array([[factor, 0, -factor * centre[0]], [0, factor, -factor * centre[1]], [0, 0, 1.0]])
