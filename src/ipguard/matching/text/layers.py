"""The layers: each finds candidates for names in one view: stretches of the original, and which layer saw them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick
from rapidfuzz.distance import OSA

from ipguard.matching.text.edges import gaps_are_sound, stands_alone
from ipguard.matching.text.fold import fold
from ipguard.matching.text.names import MIN_MISSPELLING, Form
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.text.views import Hit, Views

MASKS = "*●○◯□■_×＊xX#?•"
WORD = re.compile(r"\w+")
PIECE = re.compile(r"[^\s,;|/【】「」\[\]()（）]+")
MASKED_CHARACTERS = 5_000
"""The beginning of a field, where titles stand, is searched for hidden letters."""
MAX_HITS = 2_000
"""Candidates looked at in one text, per layer: hostile texts repeat a name a million times."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of the original that may be a name."""

    form: int
    """Index of the form."""
    start: int
    end: int
    layer: str
    hit: Hit | None
    """The same in the base text, where the layer works on it."""


class Layers:
    """Scanners over many names; immutable once made."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self._compact = _Scanner([(form.compact, i) for i, form in enumerate(forms)])
        self._look = _Scanner([(form.look, i) for i, form in enumerate(forms) if form.look])
        self._pinyin = _Scanner([(form.pinyin, i) for i, form in enumerate(forms) if form.pinyin])
        self._seeds = _Scanner(
            [(seed, i) for i, form in enumerate(forms) if form.look for seed in _seeds_of(form.compact)]
        )
        self._by_first: dict[str, list[int]] = {}
        for i, form in enumerate(forms):
            if len(form.compact) >= (5 if form.script is Script.SPACED else 3):
                self._by_first.setdefault(form.compact[0], []).append(i)
        self._by_word: dict[str, list[int]] = {}
        for i, form in enumerate(forms):
            if len(form.words) >= 2 and all(len(word) >= 4 for word in form.words):
                self._by_word.setdefault(form.words[0], []).append(i)

    def candidates(self, views: Views) -> Iterator[Candidate]:
        """Candidates of every layer, the surest layers first."""
        yield from self._plain(views)
        yield from self._lookalike(views)
        yield from self._romanised(views)
        yield from self._misspelt(views)
        yield from self._masked(views)
        yield from self._reordered(views)

    def _plain(self, views: Views) -> Iterator[Candidate]:
        """The name itself: whatever its case, marks, width or script standard, and what stands between its letters."""
        for i, first, last in self._compact.scan(views.compact.text):
            hit = views.hit(views.compact, first, last)
            if stands_alone(hit) and gaps_are_sound(hit, last - first):
                yield Candidate(i, hit.start, hit.end, _plain_layer(self._forms[i], hit), hit)

    def _lookalike(self, views: Views) -> Iterator[Candidate]:
        """Letters replaced by look-alikes of another script, or by digits and signs; half real letters at least."""
        for i, first, last in self._look.scan(views.look.text):
            hit = views.hit(views.look, first, last)
            if not stands_alone(hit) or not gaps_are_sound(hit, last - first):
                continue
            if layer := _lookalike_layer(self._forms[i], views, first, last):
                yield Candidate(i, hit.start, hit.end, layer, hit)

    def _romanised(self, views: Views) -> Iterator[Candidate]:
        """Han names in pinyin, or with characters that sound the same (at least half of them right)."""
        if not self._pinyin:
            return
        read, places = views.pinyin
        for i, first, last in self._pinyin.scan(read):
            one, two = places[first], places[last - 1] + 1
            whole = (first == 0 or places[first - 1] != one) and (last == len(read) or places[last] == two)
            hit = views.hit(views.compact, one, two)
            if not whole or not stands_alone(hit) or not gaps_are_sound(hit, two - one):
                continue
            written = views.compact.text[one:two]
            if all(script_of(c) is Script.SPACED for c in written):
                yield Candidate(i, hit.start, hit.end, "pinyin", hit)
            elif _same_half(written, self._forms[i].compact):
                yield Candidate(i, hit.start, hit.end, "homophone", hit)

    def _misspelt(self, views: Views) -> Iterator[Candidate]:
        """One or two letters wrong in a long name: seeds find, optimal string alignment verifies."""
        text = views.base.text
        for i, first, last in self._seeds.scan(views.compact.text):
            form = self._forms[i]
            allowed = _errors_allowed(form.compact)
            seed = views.hit(views.compact, first, last)
            for start, end in _windows(text, seed.first, seed.last, len(form.words)):
                written = "".join(WORD.findall(text[start:end]))
                if written[:1] != form.compact[:1] or abs(len(written) - len(form.compact)) > allowed:
                    continue
                distance = OSA.distance(written, form.compact, score_cutoff=allowed)
                if 0 < distance <= allowed and not _is_longer_word(written, form.compact):
                    hit = Hit(views, start, end)
                    yield Candidate(i, hit.start, hit.end, "misspelling", hit)

    def _masked(self, views: Views) -> Iterator[Candidate]:
        """Letters hidden behind a sign: St*r L*ntern, 星●; the first letter and half of the rest are shown."""
        text = views.original
        if not any(mask in text for mask in "*●○◯□■_＊•#"):
            return
        words = [(found.start(), found.end()) for found in PIECE.finditer(text[:MASKED_CHARACTERS])]
        for n, (start, _) in enumerate(words):
            first = fold(text[start]).text[:1]
            for i in self._by_first.get(first, ()):
                count = max(len(self._forms[i].words), 1)
                if n + count <= len(words):
                    end = words[n + count - 1][1]
                    if _fits_mask(text[start:end], self._forms[i].compact):
                        yield Candidate(i, start, end, "mask", None)

    def _reordered(self, views: Views) -> Iterator[Candidate]:
        """All words of a name close together in another order."""
        if not self._by_word:
            return
        text = views.original
        tokens = [(fold(f[0]).text, f.start(), f.end()) for f in WORD.finditer(text[:5_000])]
        for position, (word, _, _) in enumerate(tokens):
            for i in self._by_word.get(word, ()):
                words = self._forms[i].words
                for first in range(max(0, position - len(words) + 1), position + 1):
                    near = tokens[first : first + len(words)]
                    order = [token for token, _, _ in near]
                    if sorted(order) == sorted(words) and order != list(words):
                        yield Candidate(i, near[0][1], near[-1][2], "word_order", None)


class _Scanner:
    """An automaton over (pattern, form) pairs."""

    def __init__(self, patterns: Sequence[tuple[str, int]]) -> None:
        self._forms: dict[str, list[int]] = {}
        for pattern, form in patterns:
            if pattern and form not in self._forms.setdefault(pattern, []):
                self._forms[pattern].append(form)
        self._patterns = list(self._forms)
        self._automaton = AhoCorasick(self._patterns) if self._patterns else None

    def __bool__(self) -> bool:
        return self._automaton is not None

    def scan(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(form, start, end) of hits, at most MAX_HITS."""
        if self._automaton is None or not text:
            return
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        for pattern, start, end in hits[:MAX_HITS]:
            for form in self._forms[self._patterns[pattern]]:
                yield form, start, end


def _plain_layer(form: Form, hit: Hit) -> str:
    if hit.written.casefold() == form.name.text.casefold():
        return "exact"
    folded = hit.views.base.text[hit.first : hit.last]
    if " ".join(folded.split()) == form.folded:
        return "variant" if hit.end - hit.start <= 2 * len(form.folded) else "spacing"
    return "joined" if "".join(folded.split()) == "".join(form.folded.split()) else "spacing"


def _lookalike_layer(form: Form, views: Views, first: int, last: int) -> str:
    """lookalike or leet where every changed character may stand for its letter; empty where one may not, or none is."""
    letters = signs = foreign = 0
    for offset in range(last - first):
        place = int(views.look.places[first + offset])
        wanted, plain = form.compact[offset], views.base.text[place]
        if plain == wanted:
            letters += 1
        elif plain.isascii() and plain.isalpha():
            if {plain, wanted} != {"l", "i"} or not views.original[int(views.base.starts[place])].isupper():
                return ""
            signs += 1
        elif plain.isascii():
            signs += 1
        else:
            foreign += 1
    if letters + foreign < signs or not (signs or foreign):
        return ""
    return "leet" if signs >= foreign else "lookalike"


def _is_longer_word(written: str, name: str) -> bool:
    """A letter or digit more at the end makes another word (lantern, lanterna; nine, ninety), not a mistake."""
    return written.startswith(name) or written[-1:].isdigit()


def _same_half(written: str, name: str) -> bool:
    same = sum(a == b for a, b in zip(written, name, strict=False))
    return len(written) == len(name) and written != name and same * 2 >= len(name)


def _errors_allowed(letters: str) -> int:
    return 0 if len(letters) < MIN_MISSPELLING else 1 if len(letters) < 14 else 2


def _seeds_of(letters: str) -> list[str]:
    """Pieces of which one must be intact when there are at most that many errors (pigeonhole)."""
    pieces = _errors_allowed(letters) + 1
    if pieces == 1:
        return []
    size = len(letters) // pieces
    return [letters[n * size : (n + 1) * size if n < pieces - 1 else len(letters)] for n in range(pieces)]


def _windows(text: str, first: int, last: int, words: int) -> Iterator[tuple[int, int]]:
    """Stretches of whole words around a seed, as many words as the name has, one fewer, or one."""
    low, high = max(0, first - 60), min(len(text), last + 60)
    tokens = [(low + f.start(), low + f.end()) for f in WORD.finditer(text[low:high])]
    touched = [n for n, (a, b) in enumerate(tokens) if a < last and b > first]
    if not touched:
        return
    for count in {words, max(words - 1, 1), 1}:
        for n in range(max(0, touched[-1] - count + 1), min(touched[0], len(tokens) - count) + 1):
            yield tokens[n][0], tokens[n + count - 1][1]


def _fits_mask(written: str, name: str) -> bool:
    if not any(c in MASKS for c in written) or len(written) > 3 * len(name):
        return False
    letters = [c for c in written if script_of(c) is not Script.NONE or c in MASKS]
    folded = [c if c in MASKS and script_of(c) is Script.NONE else fold(c).text for c in letters]
    if len(folded) != len(name) or folded[0] != name[0]:
        return False
    hidden = sum(1 for c in folded if c in MASKS and script_of(c) is Script.NONE)
    shown = all(
        c == n for c, n in zip(folded, name, strict=True) if not (c in MASKS and script_of(c) is Script.NONE)
    )
    return shown and 0 < hidden * 2 <= len(name)
