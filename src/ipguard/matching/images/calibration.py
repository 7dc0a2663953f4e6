"""What a score is worth: Wilson intervals, thresholds with measured rates, and fits from agreement to probability.

Pure arithmetic over scores that were measured elsewhere; the procedure is written down in docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Z = 1.959964
"""Two-sided 95 %."""
GOAL = 1e-3
"""False flags per distractor that a threshold is chosen for."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with what that says about all others like them."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """0..1; 0 of none is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 95 %."""
        return wilson(self.hits, self.of)


def wilson(hits: int, of: int, z: float = Z) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); (0, 1) where nothing was measured.

    Raises:
        ValueError: there are more hits than cases, or fewer than none.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == of else min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Curve:
    """A non-decreasing map from raw agreement to a probability, linear between its points."""

    raw: tuple[float, ...]
    """Rising."""
    probability: tuple[float, ...]
    """Not falling, 0..1."""

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.raw, self.raw[1:], strict=False))
        steady = all(a <= b for a, b in zip(self.probability, self.probability[1:], strict=False))
        if not self.raw or len(self.raw) != len(self.probability) or not rising or not steady:
            raise ValueError("a curve has points whose raw values rise and whose probabilities do not fall")
        if self.probability[0] < 0 or self.probability[-1] > 1:
            raise ValueError("a probability lies between 0 and 1")


def fit_isotonic(raw: Sequence[float], copy: Sequence[bool]) -> Curve:
    """The non-decreasing curve nearest to the outcomes (pool adjacent violators; Ayer et al. 1955).

    `copy[n]` says whether the n-th case really is a copy. Each pool is given half a copy and half a non-copy more
    (Krichevsky & Trofimov 1981), so that no score is called certain after a handful of cases.

    Raises:
        ValueError: there are no cases, or not as many outcomes as values.
    """
    values, truth = _paired(raw, copy)
    levels = np.unique(values)
    pools: list[list[float]] = []
    for level in levels:
        here = truth[values == level]
        pools.append([float(level), float(here.sum()), float(len(here))])
        while len(pools) > 1 and pools[-2][1] * pools[-1][2] >= pools[-1][1] * pools[-2][2]:
            _, hits, of = pools.pop()
            pools[-1] = [pools[-1][0], pools[-1][1] + hits, pools[-1][2] + of]
    first = {pool[0]: (pool[1] + 0.5) / (pool[2] + 1) for pool in pools}
    ends = [*sorted(first)[1:], math.inf]
    points: dict[float, float] = {}
    for (start, share), end in zip(sorted(first.items()), ends, strict=True):
        last = float(levels[levels < end][-1])
        points[start] = points[last] = share
    steady = np.maximum.accumulate([points[level] for level in sorted(points)])
    return Curve(tuple(sorted(points)), tuple(float(share) for share in steady))


def fit_logistic(raw: Sequence[float], copy: Sequence[bool], *, rounds: int = 100) -> tuple[float, float]:
    """(slope, intercept) of 1 / (1 + exp(-(slope · raw + intercept))), by Newton's method on smoothed targets.

    The targets are Platt's (1999): (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2), which keeps separable cases finite.

    Raises:
        ValueError: there are no cases, or not as many outcomes as values.
    """
    values, truth = _paired(raw, copy)
    ups = float(truth.sum())
    target = np.where(truth > 0, (ups + 1) / (ups + 2), 1 / (len(truth) - ups + 2))
    spread = float(values.std()) or 1.0
    middle = float(values.mean())
    x = np.stack([(values - middle) / spread, np.ones(len(values))], axis=1)
    weights = np.zeros(2)
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -40, 40)))
        bend = x.T @ (x * (chance * (1 - chance))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(bend, x.T @ (target - chance))
        weights = weights + np.clip(step, -4, 4)
        if float(np.abs(step).max()) < 1e-10:
            break
    slope = float(weights[0] / spread)
    return slope, float(weights[1] - slope * middle)


def apply(curve: Curve, raw: float) -> float:
    """The probability for one raw value; flat beyond both ends."""
    return float(np.interp(raw, curve.raw, curve.probability))


def save_curve(curve: Curve, file: Path, comment: str) -> None:
    """Write a curve down as a small table: a comment, then `raw<TAB>probability` lines."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines += [f"{raw:g}\t{share:.6f}" for raw, share in zip(curve.raw, curve.probability, strict=True)]
    file.write_text("\n".join(lines) + "\n", "utf-8")


def read_curve(text: str) -> Curve:
    """The curve that `save_curve` wrote.

    Raises:
        ValueError: a line is no pair of numbers, or the pairs are no curve.
    """
    rows = [line.split("\t") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return Curve(tuple(float(row[0]) for row in rows), tuple(float(row[1]) for row in rows))


@dataclass(frozen=True, slots=True)
class Threshold:
    """What flagging from this score on would have done."""

    score: float
    found: Rate
    """Of the altered copies."""
    false_flags: Rate
    """Of the distractors."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of altered copies against scores of distractors."""

    thresholds: tuple[Threshold, ...]
    """Rising; every score at which anything changes."""
    families: Mapping[str, Rate]
    """Found at the chosen threshold, one family of alterations each."""
    chosen: Threshold | None
    """The lowest whose measured false-flag rate is within the goal; None where none is."""
    goal: float = GOAL

    @property
    def proven(self) -> bool:
        """Whether the distractors are enough to say so with 95 % confidence, and not only measured."""
        return self.chosen is not None and self.chosen.false_flags.interval[1] <= self.goal


def calibrate(
    copies: Sequence[tuple[str, float]], distractors: Sequence[float], *, goal: float = GOAL
) -> Calibration:
    """From (family, score) of altered copies and the scores of distractors; a score of 0 is nothing found.

    The rate at a threshold counts what scores that much or more.
    """
    true = np.sort([score for _, score in copies])
    false = np.sort(np.asarray(distractors, np.float64))
    levels = sorted({round(float(s), 4) for s in (*true, *false) if s > 0} | {1.0})
    steps = tuple(
        Threshold(level, Rate(_reach(true, level), len(true)), Rate(_reach(false, level), len(false)))
        for level in levels
    )
    chosen = next((step for step in steps if step.false_flags.share <= goal), None)
    bar = chosen.score if chosen else math.inf
    names = dict.fromkeys(family for family, _ in copies)
    found = {name: [score >= bar - 1e-9 for family, score in copies if family == name] for name in names}
    return Calibration(
        steps, {name: Rate(sum(hits), len(hits)) for name, hits in found.items()}, chosen, goal
    )


def _reach(rising: NDArray[np.float64], level: float) -> int:
    return int(len(rising) - np.searchsorted(rising, level - 5e-5))


def _paired(raw: Sequence[float], copy: Sequence[bool]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, truth = np.asarray(raw, np.float64), np.asarray(copy, np.float64)
    if not len(values) or len(values) != len(truth):
        raise ValueError("there must be as many outcomes as values, and at least one")
    return values, truth
