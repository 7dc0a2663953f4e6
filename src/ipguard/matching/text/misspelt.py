"""Names with letters wrong, dropped, doubled or swapped: seeds find, optimal string alignment verifies.

With d errors at most, one of d + 1 pieces of a name is intact (pigeonhole), or two letters are swapped where two
pieces meet; the pieces, with the word edges at both
ends of the name, are looked for by an automaton. Arrays then throw out every hit with no word edge where the name
would begin or end, before a distance is computed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from ipguard.matching.text.edges import Edge, edge_of
from ipguard.matching.text.everyday import is_everyday
from ipguard.matching.text.layers import Candidate
from ipguard.matching.text.names import Form
from ipguard.matching.text.scan import MAX_HITS, Scanner, Work, capped
from ipguard.matching.text.scripts import HAN, Script, script_of
from ipguard.matching.text.views import Batch

MIN_LETTERS = 5
SURE_LETTERS = 8
"""Letters from which one wrong letter is forgiven without context; below, only with."""
TWO_ERRORS = 12
MIN_DENSE = {Script.HAN: 4, Script.KATAKANA: 5, Script.HIRAGANA: 5, Script.THAI: 6}
"""Characters from which one wrong is forgiven, in scripts without spaces."""
SURE_HAN = 6
"""Han characters from which one may be any other: sounds and looks alike are other layers' business."""
MAX_SHORT = 5_000
"""Names under SURE_LETTERS that are looked for misspelt; with more of them, none is."""
MAX_NAMES = 20_000
"""Names up to which one wrong letter is forgiven from MIN_LETTERS on; beyond, from BIG_LETTERS on."""
BIG_LETTERS = 10


Places = NDArray[np.int64]
Spaces = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Seed:
    """A piece of a form, where it stands in it, and how many errors the whole may have."""

    form: int
    written: str
    """The form as it is looked for: with its spaces, or joined."""
    offset: int
    allowed: int


class Misspelt:
    """Scanners for seeds; immutable once made."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        spaced = [(i, f) for i, f in enumerate(forms) if not f.dense]
        short = sum(len(f.compact) < SURE_LETTERS for _, f in spaced)
        least = MIN_LETTERS if short <= MAX_SHORT else SURE_LETTERS
        self.least = BIG_LETTERS if len(forms) > MAX_NAMES else least
        self._spaced = Scanner(pair for i, f in spaced for pair in self._seeds(i, f))
        self._reach = _reach(self._spaced.entries)
        self._dense = Scanner(pair for i, f in enumerate(forms) if f.dense for pair in _dense_seeds(i, f))

    def candidates(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """Misspelt names in every script."""
        yield from self._in_words(batch, work)
        yield from self._in_runs(batch, work)

    def _seeds(self, number: int, form: Form) -> Iterator[tuple[str, Seed]]:
        allowed = errors_allowed(form, self.least)
        if not allowed:
            return
        for written in dict.fromkeys((" ".join(form.words), form.compact)):
            framed = f" {written} "
            cuts = pieces(len(framed), allowed + 1)
            for start, end in cuts:
                yield framed[start:end], Seed(number, written, start, allowed)
            for _, end in cuts[:-1]:
                near = max(0, end - 3)
                swapped = framed[near : end - 1] + framed[end] + framed[end - 1] + framed[end + 1 : end + 3]
                yield swapped, Seed(number, written, near, allowed)

    def _in_words(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        view = batch.spaced
        hits = self._spaced.raw(view.text)
        if not hits:
            return
        if len(hits) > MAX_HITS:
            hits = list(capped(batch, view, hits, work))
        work.steps += len(hits)
        spaces = np.frombuffer(view.text.encode("utf-32-le"), dtype=np.uint32) == 32
        for pattern, start in self._near_edges(hits, spaces):
            for seed in self._spaced.entries[pattern]:
                yield from self._verified(batch, seed, start - seed.offset, work)

    def _near_edges(self, hits: Sequence[tuple[int, int, int]], spaces: Spaces) -> Iterator[tuple[int, int]]:
        """Hits that have word edges where a name with the seed would begin and end."""
        found = np.array(hits, dtype=np.int64)
        before = np.concatenate([[0], np.cumsum(spaces)])
        low, high, ends_low, ends_high = self._reach[found[:, 0]].T
        top = len(spaces)

        def any_space(first: Places, last: Places) -> Spaces:
            first, last = first.clip(0, top), last.clip(0, top)
            return before[last] > before[first]

        starts = found[:, 1]
        good = any_space(starts - high, starts - low + 1) & any_space(
            starts + ends_low, starts + ends_high + 1
        )
        yield from zip(found[good, 0].tolist(), starts[good].tolist(), strict=True)

    def _verified(self, batch: Batch, seed: Seed, begin: int, work: Work) -> Iterator[Candidate]:
        """The closest stretch of whole words near where a name would stand, if it is close enough."""
        text, size, d = batch.spaced.text, len(seed.written), seed.allowed
        best: tuple[int, int, int] | None = None
        for start in _spaces(text, begin - d, begin + d + 1):
            for end in _spaces(text, start + 1 + size - d, start + 2 + size + d):
                work.steps += 1
                distance = OSA.distance(text[start + 1 : end], seed.written, score_cutoff=d)
                if 0 < distance <= d and (best is None or distance < best[0]) and "\n" not in text[start:end]:
                    best = (distance, start + 1, end)
        if best is None or not _plausible(text[best[1] : best[2]], seed.written):
            return
        places = batch.spaced.places
        first, last = int(places[best[1]]), int(places[best[2] - 1]) + 1
        yield Candidate(seed.form, first, last, "misspelling", Edge.CLEAN, 1 - best[0] / len(seed.written))

    def _in_runs(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """One character wrong in a name of a script without spaces; what stands around it must leave it whole."""
        text, places = batch.compact.text, batch.compact.places
        hits: Sequence[tuple[int, int, int]] = self._dense.raw(text)
        if len(hits) > MAX_HITS:
            hits = list(capped(batch, batch.compact, hits, work))
        for pattern, start, _ in hits:
            for seed in self._dense.entries[pattern]:
                work.steps += 1
                best = _closest(text, start - seed.offset, seed)
                if best is None or not _slipped(text[best[0] : best[1]], seed.written):
                    continue
                first, last = int(places[best[0]]), int(places[best[1] - 1]) + 1
                if last - first > best[1] - best[0]:
                    continue
                edge = edge_of(batch, first, last)
                if edge and not (
                    edge is Edge.TOUCHING and batch.kinds[first] == HAN and len(seed.written) <= 4
                ):
                    yield Candidate(seed.form, first, last, "misspelling", edge, 1 - 1 / len(seed.written))


def _spaces(text: str, first: int, last: int) -> Iterator[int]:
    """Where there are spaces in a stretch of a text."""
    at = text.find(" ", max(first, 0), last)
    while at >= 0:
        yield at
        at = text.find(" ", at + 1, last)


def _reach(entries: Sequence[Sequence[Seed]]) -> Places:
    """For each pattern, the least and greatest way back to where a name begins, and on to where it ends."""
    rows = []
    for seeds in entries:
        most = max(seed.allowed for seed in seeds)
        offsets = [seed.offset for seed in seeds]
        ends = [len(seed.written) + 1 - seed.offset for seed in seeds]
        rows.append((min(offsets) - most, max(offsets) + most, min(ends) - most, max(ends) + most))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def errors_allowed(form: Form, least: int) -> int:
    """Wrong letters that a name of a script with spaces may have."""
    letters = len(form.compact)
    if form.script is Script.HANGUL:
        return 1 if letters >= 4 else 0
    if letters < least:
        return 0
    return 1 if letters < TWO_ERRORS else 2


def pieces(length: int, count: int) -> list[tuple[int, int]]:
    """`length` cut into `count` pieces as even as can be."""
    borders = [length * n // count for n in range(count + 1)]
    return list(itertools.pairwise(borders))


def _dense_seeds(number: int, form: Form) -> Iterator[tuple[str, Seed]]:
    if len(form.compact) < MIN_DENSE.get(form.script, 99):
        return
    for start, end in pieces(len(form.compact), 2):
        yield form.compact[start:end], Seed(number, form.compact, start, 1)


def _closest(text: str, begin: int, seed: Seed) -> tuple[int, int] | None:
    """The stretch at one error from the name: a character changed or swapped, or, in longer names, dropped or added."""
    size = len(seed.written)
    for start, end in (
        (begin, begin + size), (begin + 1, begin + size), (begin, begin + size - 1),
        (begin - 1, begin + size), (begin, begin + size + 1),
    ):  # fmt: skip
        if start < 0 or end > len(text) or (end - start != size and size < 5):
            continue
        written = text[start:end]
        if written[0] == seed.written[0] or written[-1] == seed.written[-1]:
            distance = OSA.distance(written, seed.written, score_cutoff=1)
            if distance == 0:
                return None
            if distance == 1 and "\n" not in written:
                return start, end
    return None


def _slipped(written: str, name: str) -> bool:
    """Whether one changed character is a slip. Another Han character is another word, unless the name is long."""
    if len(written) != len(name) or sorted(written) == sorted(name):
        return True
    return script_of(name[0]) is not Script.HAN or len(name) >= SURE_HAN


def _plausible(written: str, name: str) -> bool:
    """Whether what is written is a mistake, and not another word: nine, ninety; lantern, lanterns; moss, boss."""
    if squeezed(written) == squeezed(name):
        return True
    if written.startswith(name) or written[-1:].isdigit() != name[-1:].isdigit():
        return False
    ours, theirs = name.split(" "), written.split(" ")
    if len(ours) != len(theirs):
        return written.replace(" ", "") != name.replace(" ", "")
    for wanted, word in zip(ours, theirs, strict=True):
        if word == wanted:
            continue
        if word.startswith(wanted) and len(word) > len(wanted) + 1:
            return False
        if any(c.isdigit() for c in word) != any(c.isdigit() for c in wanted):
            return False
        if len(wanted) <= 3 or (
            is_everyday(word) and word != wanted + "s" and squeezed(word) != squeezed(wanted)
        ):
            return False
    return True


def squeezed(word: str) -> str:
    """With doubled letters single: a letter doubled is a slip, whatever word comes of it."""
    return "".join(letter for letter, _ in groupby(word))
