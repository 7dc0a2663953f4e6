"""Which owned texts another text copies, whole or in part, and the passages that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ipguard.matching.copies.align import MAX_SEEDS, Chain, apart, chained, runs_of
from ipguard.matching.copies.fingerprints import K_DENSE, Reduced, fingerprints, reduce, weights
from ipguard.matching.copies.index import CopyIndex, OwnedText
from ipguard.matching.finding import CopiedPassage, CopyPlace, Finding, Reason

VERSION = "1"
BAR = 0.08
"""Share of either text from which a copy is reported; `python -m benchmarks copies` measures it again."""
LEAST_COPIED = 60.0
"""Weight of equal letters that a report needs (Han, kana, Hangul 1, any other a half): more than a quotation has."""
LEAST_PASSAGE = 12.0
"""Weight of a passage: shorter ones are idioms. Longer ones count for what they have beyond it."""
MIN_SEEDS = 2
MAX_PASSAGES = 200
MAX_TEXTS = 50
"""Owned texts that are aligned, those with the most fingerprints in common first."""
MAX_CHAINS = 3_000
REVIEW_PART = 0.5
"""Of the bar: from there a person should look."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a text shares with one owned text: chains of equal letters, whose places the two reduced texts know."""

    owned: OwnedText
    text: Reduced
    owned_letters: Reduced
    chains: tuple[Chain, ...]
    share_of_text: float
    share_of_owned: float
    copied: float
    """Weight of the equal letters, less `LEAST_PASSAGE` for each passage."""
    share: float
    """The larger of what `copied` is of either text: what the bar is held against."""

    @property
    def passages(self) -> tuple[CopiedPassage, ...]:
        """The passages in code points of both originals."""
        return tuple(
            CopiedPassage(
                *self.text.span(chain.first, chain.last),
                *self.owned_letters.span(chain.owned_first, chain.owned_last),
                chain.size,
            )
            for chain in self.chains
        )

    @property
    def verdict(self) -> str:
        """report, review, or none."""
        if self.share >= BAR and self.copied >= LEAST_COPIED:
            return "report"
        enough = self.share >= BAR * REVIEW_PART and self.copied >= LEAST_COPIED * REVIEW_PART
        return "review" if enough else "none"


class CopyMatcher:
    """Compares texts with all owned texts; immutable once made, does no I/O."""

    def __init__(self, index: CopyIndex) -> None:
        self._index = index

    def match_text(self, text: str, name: str = "") -> list[Finding]:
        """A finding for each owned text that `text` copies, strongest first."""
        return findings_of(self.copied(text), name)

    def copied(self, text: str) -> list[Copied]:
        """What `text` shares with each owned text, most first; also what is too little to be a finding."""
        reduced = reduce(text)
        shared = self._index.shared(fingerprints(reduced.codes))
        ranked = sorted(shared, key=lambda owner: (-len(shared[owner]), owner))[:MAX_TEXTS]
        found = [
            compare(self._index.texts[owner], reduced, self._index.reduced[owner], shared[owner])
            for owner in ranked
            if len(shared[owner]) >= MIN_SEEDS
        ]
        return sorted((one for one in found if one.chains), key=lambda one: (-one.copied, one.owned.name))


def compare(owned: OwnedText, text: Reduced, letters: Reduced, seeds: Sequence[tuple[int, int]]) -> Copied:
    """The passages that two texts share, from the places of their shared fingerprints."""
    weight, owned_weight = weights(text.codes), weights(letters.codes)
    runs = runs_of(text.codes, letters.codes, seeds[:MAX_SEEDS], K_DENSE)
    joined = chained(runs, text.codes, letters.codes)
    heavy = [chain for chain in joined if _weight(chain, weight) >= LEAST_PASSAGE]
    longest = sorted(heavy, key=lambda chain: -chain.size)[:MAX_CHAINS]
    chains = apart(longest)
    total, owned_total = float(weight.sum()), float(owned_weight.sum())
    copied = sum(_weight(chain, weight) - LEAST_PASSAGE for chain in chains)
    covered = _covered([(chain.first, chain.last) for chain in chains], weight)
    owned_covered = _covered([(chain.owned_first, chain.owned_last) for chain in chains], owned_weight)
    return Copied(
        owned=owned,
        text=text,
        owned_letters=letters,
        chains=tuple(chains),
        share_of_text=round(covered / total, 4) if total else 0.0,
        share_of_owned=round(owned_covered / owned_total, 4) if owned_total else 0.0,
        copied=copied,
        share=round(min(1.0, copied / max(1.0, min(total, owned_total))), 4),
    )


def findings_of(copied: Sequence[Copied], name: str = "") -> list[Finding]:
    """A finding for each owned text that is copied enough, strongest first; `name` is that of the text looked at."""
    found = [_finding(one, name) for one in copied if one.verdict != "none"]
    return sorted(found, key=lambda f: (-f.strength, f.work, str(f.reason.values["owned"])))


def _weight(chain: Chain, weight: NDArray[np.float64]) -> float:
    """Weight of its equal letters; in a run that is not all equal, by their share."""
    return float(sum(weight[r.at : r.at + r.size].sum() * r.equal / r.size for r in chain.runs))


def _covered(spans: Sequence[tuple[int, int]], weight: NDArray[np.float64]) -> float:
    """Weight of what the spans cover, once."""
    inside = np.zeros(len(weight), dtype=bool)
    for first, last in spans:
        inside[first:last] = True
    return float(weight[inside].sum())


def _finding(copied: Copied, name: str) -> Finding:
    passages = copied.passages
    share = max(copied.share_of_text, copied.share_of_owned)
    report = copied.verdict == "report"
    longest = max(passage.end - passage.start for passage in passages)
    kept = sorted(sorted(passages, key=lambda p: -p.letters)[:MAX_PASSAGES], key=lambda p: p.start)
    return Finding(
        matcher="copy",
        version=VERSION,
        work=copied.owned.work,
        strength=round(min(0.98, 0.6 + 0.4 * share) if report else 0.4, 4),
        reason=Reason(
            "copies.passages",
            MappingProxyType(
                {
                    "owned": copied.owned.name,
                    "share": f"{100 * copied.share_of_text:.0f}",
                    "share_owned": f"{100 * copied.share_of_owned:.0f}",
                    "passages": len(passages),
                    "longest": longest,
                }
            ),
        ),
        place=CopyPlace(
            text=name,
            owned=copied.owned.name,
            method="passages",
            verdict=copied.verdict,
            share_of_text=copied.share_of_text,
            share_of_owned=copied.share_of_owned,
            passages=tuple(kept),
        ),
    )
