"""How findings about one work add up to one score; pure, so the same findings give the same verdict.

Strong findings are treated as independent witnesses (noisy-or, Pearl 1988 §4.3.2): 1 - Π(1 - s).
One witness a kind counts in full; further ones of the same kind count for a quarter, because two hits
of one name are not two witnesses. Weak findings move a verdict that stands, and never make one.
An official seller turns the verdict round: it is what the owner sells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ipguard.matching.finding import Finding

VERSION = "1"

THRESHOLD = 0.5
"""A verdict at or above this raises an alert."""

REPEAT_WEIGHT = 0.25
WEAK_WEIGHT = 0.3
"""A weak finding of strength 1 closes 30 % of what is left to certainty."""

SUPPORTABLE = THRESHOLD / 2
"""Weak signals count only beside a finding at least this strong."""

OFFICIAL_SELLER = "seller.official"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the findings about one work amount to."""

    work: str
    match: bool
    score: float
    """0..1, rounded to 4 places so that it reads the same everywhere."""
    findings: tuple[Finding, ...]
    """Strongest first; every one is kept."""
    version: str = VERSION


def verdict(findings: Sequence[Finding], *, work: str | None = None) -> Verdict:
    """One verdict from findings about one work (or about whichever work, when `work` is None)."""
    kept = tuple(sorted(findings, key=lambda f: (f.weak, -f.strength, f.matcher, f.reason.code)))
    name = work if work is not None else (kept[0].work if kept else "")
    strong = [f for f in kept if not f.weak]
    if not strong:
        return Verdict(name, False, 0.0, kept)
    if any(f.reason.code == OFFICIAL_SELLER for f in kept):
        return Verdict(name, False, 0.0, kept)
    doubt = _doubt_left(strong)
    if strong[0].strength >= SUPPORTABLE:
        for f in kept:
            doubt *= 1.0 - WEAK_WEIGHT * f.strength if f.weak else 1.0
    score = round(1.0 - doubt, 4)
    return Verdict(name, score >= THRESHOLD, score, kept)


def verdicts(findings: Iterable[Finding]) -> list[Verdict]:
    """One verdict a work, best first."""
    by_work: dict[str, list[Finding]] = {}
    for f in findings:
        by_work.setdefault(f.work, []).append(f)
    return sorted((verdict(fs, work=w) for w, fs in by_work.items()), key=lambda v: (-v.score, v.work))


def _doubt_left(strong: Sequence[Finding]) -> float:
    seen: set[str] = set()
    doubt = 1.0
    for f in strong:
        weight = REPEAT_WEIGHT if f.matcher in seen else 1.0
        seen.add(f.matcher)
        doubt *= 1.0 - weight * min(max(f.strength, 0.0), 1.0)
    return doubt
