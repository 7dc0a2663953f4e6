"""Tries the matcher on altered copies of one picture: the self-test, and the measurements of a calibration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ipguard.matching.finding import Finding, Reason
from ipguard.matching.images.altering import EDITS, FAMILIES, GOODS, LAYOUTS, PARTS, Altered, alter
from ipguard.matching.images.altering_scenes import stranger
from ipguard.matching.images.calibration import Rate
from ipguard.matching.images.decode import Pixels, Undecodable, decode
from ipguard.matching.images.index import ReferenceIndex, build_index
from ipguard.matching.images.matcher import match_picture
from ipguard.matching.score import THRESHOLD, verdicts

FEW, SOME = 3, 20
COPIES = {FEW: 100, SOME: 40}
"""Copies a picture when up to that many are added at once; each takes a quarter of a second, so more get FEWEST."""
FEWEST = len(FAMILIES)
MISSED_KEPT = 3
WEAK = 0.6
"""A group of which less than this share is found is named."""
GROUPS: Mapping[str, tuple[str, ...]] = {"edits": EDITS, "parts": PARTS, "layouts": LAYOUTS, "goods": GOODS}

Advance = Callable[[int, int], None]
"""Called with (done, of all)."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the matcher said to one altered copy."""

    altered: Altered
    score: float
    """Of the work it was made from, 0..1; 0 where it was not found."""
    other: float
    """The highest score of any other work."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How many altered copies of one picture were found."""

    found: int
    of: int
    by_family: Mapping[str, Rate]
    missed: tuple[Altered, ...] = ()
    """A few copies that were not found, to be looked at."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What to tell whoever added the picture: the total, then each group of alterations that is mostly missed."""
        said = [Reason("reference.self_test", {"found": self.found, "of": self.of})]
        for group, families in GROUPS.items():
            rates = [self.by_family[family] for family in families if family in self.by_family]
            hits, of = sum(rate.hits for rate in rates), sum(rate.of for rate in rates)
            if of and hits < WEAK * of:
                said.append(Reason(f"reference.weak_{group}", {"found": hits, "of": of}))
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Added:
    """One reference picture that is added: its bytes and whose it is."""

    work: str
    sha256: str
    name: str
    data: bytes


def copies_each(pictures: int) -> int:
    """How many copies of each picture are tried when so many are added at once."""
    return next((copies for most, copies in COPIES.items() if pictures <= most), FEWEST)


def try_copies(
    index: ReferenceIndex,
    work: str,
    pixels: Pixels,
    *,
    copies: int,
    seed: Sequence[int] = (),
    backgrounds: Sequence[Pixels] = (),
    families: Sequence[str] = FAMILIES,
) -> Iterator[Trial]:
    """Alter a picture `copies` times, families in turn, and match each; the same seed, the same copies."""
    for n in range(copies):
        rng = np.random.default_rng([*seed, n])
        altered = alter(pixels, families[n % len(families)], rng, backgrounds=backgrounds)
        data = altered.jpeg()
        findings = match_picture(index, data, hashlib.sha256(data).hexdigest()).findings
        scores = {verdict.work: verdict.score for verdict in verdicts(findings)}
        others = [score for name, score in scores.items() if name != work]
        yield Trial(altered, scores.get(work, 0.0), max(others, default=0.0), findings)


def self_test(
    index: ReferenceIndex, added: Added, *, copies: int = 100, advance: Advance = lambda _done, _of: None
) -> SelfTest:
    """Would copies of this picture be found among all the references of `index`, which holds it too?

    The copies are drawn by the picture's own digest: the same picture, the same test.

    Raises:
        ValueError: the picture cannot be read.
    """
    picture = decode(added.data)
    if isinstance(picture, Undecodable):
        raise ValueError(f"{added.name} cannot be read: {picture.reason.code}")
    seed = [int(added.sha256[:8], 16)]
    tried: dict[str, list[bool]] = {}
    missed: list[Altered] = []
    for done, trial in enumerate(try_copies(index, added.work, picture.pixels, copies=copies, seed=seed), 1):
        tried.setdefault(trial.altered.family, []).append(trial.score >= THRESHOLD)
        if trial.score < THRESHOLD and len(missed) < MISSED_KEPT:
            missed.append(trial.altered)
        advance(done, copies)
    rates = {family: Rate(sum(hits), len(hits)) for family, hits in tried.items()}
    return SelfTest(sum(r.hits for r in rates.values()), copies, rates, tuple(missed))


def look_alikes(index: ReferenceIndex, added: Added) -> tuple[Reason, ...]:
    """Other works that the matcher takes this picture for: their listings will be confused."""
    best: dict[str, Finding] = {}
    for finding in match_picture(index, added.data, added.sha256).findings:
        if finding.work != added.work:
            best.setdefault(finding.work, finding)
    return tuple(
        Reason(
            "reference.look_alike", {"work": work, "reference": str(one.reason.values.get("reference", ""))}
        )
        for work, one in best.items()
    )


def examine(
    added: Sequence[Added],
    known: Sequence[Added] = (),
    *,
    copies: int | None = None,
    advance: Advance = lambda _d, _o: None,
) -> dict[tuple[str, str], tuple[Reason, ...]]:
    """(work, SHA-256) of each added picture → what is to be said about it, beside what `quality_of` says.

    `known` are the pictures of other works that are watched already; the test looks among all of them.
    """
    each = copies_each(len(added)) if copies is None else copies
    rows = {(one.work, one.sha256): one for one in (*known, *added)}
    index, _ = build_index((one.work, one.sha256, one.name, one.data) for one in rows.values())
    said: dict[tuple[str, str], tuple[Reason, ...]] = {}
    total = len(added) * each
    for n, one in enumerate(added):
        start = n * each

        def step(done: int, _of: int, start: int = start) -> None:
            advance(start + done, total)

        tested = self_test(index, one, copies=each, advance=step)
        said[one.work, one.sha256] = (*look_alikes(index, one), *tested.reasons)
    return said


def highest_score(index: ReferenceIndex, data: bytes) -> float | None:
    """The highest score that any work reaches on a picture, 0 where nothing is found; None where it cannot be read."""
    verdict = match_picture(index, data, hashlib.sha256(data).hexdigest())
    if verdict.skipped is not None:
        return None
    return max((one.score for one in verdicts(verdict.findings)), default=0.0)


def drawn_distractors(count: int) -> Iterator[bytes]:
    """Pictures by nobody, and goods with them, each another one; always the same ones."""
    for n in range(count):
        rng = np.random.default_rng([77, n])
        family = (*GOODS, "jpeg")[n % (len(GOODS) + 1)]
        yield alter(stranger(rng, 480), family, rng).jpeg()
