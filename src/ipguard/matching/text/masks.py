"""Letters hidden behind a sign: St*r L*ntern, 星●, 某神. The rest must be there, and be at least half of the name.

One sign stands for one letter; a run of them, or one star where letters are missing, for several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ipguard.matching.text.edges import Edge, edge_of
from ipguard.matching.text.layers import Candidate
from ipguard.matching.text.names import Form
from ipguard.matching.text.scan import Cap, Work
from ipguard.matching.text.scripts import NONE, SPACED_KINDS
from ipguard.matching.text.views import Batch

SIGNS = "*●○◯□■◆◇△▲_×✕✖•#?¿^~⭐★☆♥❤♡¤█▓░…$@%&"
EMOJI = "\U0001f300-\U0001faff\u2600-\u27bf"
MASK = re.compile(f"[{re.escape(SIGNS)}{EMOJI}]+")
HAN_MASKS = "某x×口"
"""Letters that hide a Han character."""
HAN_MASK = re.compile(r"(?<=[\u3400-\u9fff])[某x口]|[某x口](?=[\u3400-\u9fff])")
PIECE = re.compile(r"[^\s,;|/【】「」\[\]()（）<>\"“”]+")
MIN_SPACED, MIN_DENSE = 5, 2
MAX_MASKS = 500
"""Hidden stretches looked at in one text."""
REACH = 40
"""Characters to either side of a sign that may belong to the name."""
LONGEST_DENSE = 12
MANY = 6
"""Letters that one star may hide."""


class Masks:
    """Indices by length and first or last letter; immutable once made."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self._ends: dict[tuple[str, str], list[int]] = {}
        self._firsts: dict[tuple[int, str], list[int]] = {}
        self._lasts: dict[tuple[int, str], list[int]] = {}
        self._dense: dict[str, list[int]] = {}
        self._words = 1
        for i, form in enumerate(forms):
            letters = form.compact
            if form.dense or ord(letters[0]) >= 0xAC00:
                if MIN_DENSE <= len(letters) <= LONGEST_DENSE:
                    self._dense.setdefault("0" + letters[0], []).append(i)
                    self._dense.setdefault("1" + letters[1], []).append(i)
            elif len(letters) >= MIN_SPACED:
                self._ends.setdefault((letters[0], letters[-1]), []).append(i)
                self._firsts.setdefault((len(letters), letters[0]), []).append(i)
                self._lasts.setdefault((len(letters), letters[-1]), []).append(i)
                self._words = max(self._words, min(len(form.words), 6))

    def candidates(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """Candidates around every sign that may hide a letter."""
        text = batch.text
        seen: dict[int, int] = {}
        places = [found.span() for found in MASK.finditer(text)]
        if batch.has_han:
            places = sorted(places + [found.span() for found in HAN_MASK.finditer(text)])
        for start, end in places:
            number = batch.number(start)
            seen[number] = seen.get(number, 0) + 1
            if seen[number] > MAX_MASKS:
                work.caps.add(Cap(number, "text.many_hits", MAX_MASKS))
                continue
            low, high = (
                max(batch.borders[number], start - REACH),
                min(batch.borders[number + 1] - 1, end + REACH),
            )
            yield from self._spaced(batch, start, end, (low, high), work)
            yield from self._in_run(batch, start, (low, high), work)

    def _spaced(
        self, batch: Batch, start: int, end: int, around: tuple[int, int], work: Work
    ) -> Iterator[Candidate]:
        """Whole words around the sign, as many as a name has."""
        low, high = around
        pieces = [(low + f.start(), low + f.end()) for f in PIECE.finditer(batch.text, low, high)]
        pieces = [(a - low, b - low) for a, b in pieces]
        touched = [n for n, (a, b) in enumerate(pieces) if a < end and b > start]
        if not touched:
            return
        for first in range(max(0, touched[0] - self._words + 1), touched[0] + 1):
            for last in range(touched[0], min(len(pieces), first + self._words)):
                whole = pieces[first][0], pieces[last][1]
                for a, b in {_trimmed(batch, *whole, signs=False), _trimmed(batch, *whole, signs=True)}:
                    if a < end and start < b:
                        yield from self._fitting(batch, a, b, work)

    def _fitting(self, batch: Batch, first: int, last: int, work: Work) -> Iterator[Candidate]:
        items = _items(batch, first, last)
        if len(items) < 3 or "".join(items).count("*") == len(items):
            return
        head, tail, size = items[0], items[-1], len(items)
        known = self._firsts.get((size, head), ()) if head != "*" else self._lasts.get((size, tail), ())
        for i in known:
            work.steps += 1
            if shown := _shown(items, self._forms[i].compact):
                yield Candidate(i, first, last, "mask", Edge.CLEAN, shown)
        if head == "*" or tail == "*" or ("**" not in "".join(items) and items.count("*") > 1):
            return
        shape = re.compile("".join(_part(run) for run in re.findall(r"\*+|[^*]+", "".join(items))))
        for i in self._ends.get((head, tail), ()):
            work.steps += 1
            name = self._forms[i].compact
            shown = size - items.count("*")
            if len(name) != size and shown * 2 >= len(name) and shape.fullmatch(name):
                yield Candidate(i, first, last, "mask", Edge.CLEAN, shown / len(name))

    def _in_run(self, batch: Batch, at: int, around: tuple[int, int], work: Work) -> Iterator[Candidate]:
        """Names of scripts without spaces: the sign may be any of their characters."""
        text = batch.text
        for first in range(max(around[0], at - LONGEST_DENSE + 1), at + 1):
            second = first + 1
            known = self._dense.get("1" + text[second : second + 1], ()) if first == at else self._dense.get(
                "0" + text[first], ()
            )  # fmt: skip
            for i in known:
                work.steps += 1
                name = self._forms[i].compact
                last = first + len(name)
                if last <= at or last > around[1]:
                    continue
                items = ["*" if _hides(text[p], batch.kinds[p]) else text[p] for p in range(first, last)]
                shown = _shown(items, name)
                if shown and (edge := self._dense_edge(batch, first, last)):
                    yield Candidate(i, first, last, "mask", edge, shown)

    def _dense_edge(self, batch: Batch, first: int, last: int) -> Edge:
        if batch.kinds[first] in SPACED_KINDS or batch.kinds[last - 1] in SPACED_KINDS:
            return Edge.CLEAN
        return edge_of(batch, first, last)


def _hides(character: str, kind: int) -> bool:
    return (
        MASK.fullmatch(character) is not None
        or character in HAN_MASKS
        or (kind == NONE and not character.isspace())
    )


def _trimmed(batch: Batch, first: int, last: int, *, signs: bool) -> tuple[int, int]:
    """Without what stands around the words and hides nothing: quotes and stops; with `signs`, every sign."""

    def outside(place: int) -> bool:
        return batch.kinds[place] == NONE and (signs or not MASK.fullmatch(batch.text[place]))

    while first < last and outside(first):
        first += 1
    while first < last and outside(last - 1):
        last -= 1
    return first, last


def _items(batch: Batch, first: int, last: int) -> list[str]:
    """Letters, and * for each sign that may hide one."""
    return [
        batch.text[place] if batch.kinds[place] != NONE else "*"
        for place in range(first, last)
        if batch.kinds[place] != NONE or MASK.fullmatch(batch.text[place])
    ]


def _shown(items: Sequence[str], name: str) -> float:
    """Share of a name that is shown, where what is shown agrees and is half of it or more; 0 where not."""
    if len(items) != len(name):
        return 0.0
    hidden = 0
    for written, wanted in zip(items, name, strict=True):
        if written == wanted:
            continue
        if written != "*":
            return 0.0
        hidden += 1
    return 1 - hidden / len(name) if 0 < hidden * 2 <= len(name) else 0.0


def _part(run: str) -> str:
    return f".{{1,{MANY}}}" if run[0] == "*" else re.escape(run)
