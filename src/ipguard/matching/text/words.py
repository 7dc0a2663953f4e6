"""The layers that read words: sounds, inflections, words in another order, initials.

Every different word of a batch is looked up once and remembered: the words of a marketplace repeat.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from ipguard.matching.text.edges import Edge
from ipguard.matching.text.everyday import is_everyday
from ipguard.matching.text.layers import Candidate
from ipguard.matching.text.misspelt import squeezed
from ipguard.matching.text.names import Form
from ipguard.matching.text.rewritten import initials, latin_of
from ipguard.matching.text.scan import MAX_HITS, Cap, Work
from ipguard.matching.text.scripts import Script
from ipguard.matching.text.sounds import phonetic_key
from ipguard.matching.text.views import Batch

WORD = re.compile(r"[^ \n]+")
MIN_INITIALS = 3
MIN_SOUNDING = 5
"""Letters of a name that is looked for by its sound."""
MIN_KEY = 3
"""Consonants of its key; one fewer for a word of a name whose words together have more."""
LIKENESS = 0.6
"""Of a name that only sounds like what is written, letter by letter (1 - OSA / length)."""
MAX_SHARING = 200
"""Names that share a word, up to which the word finds them in another order."""
MAX_REMEMBERED = 50_000
ENDINGS_RU = frozenset(  # folded: й as и, ё as е
    "а я о е у ю ы и ь ов ев еи ам ям ом ем ою ею ами ями ах ях ого его ому ему ым им ых их ая яя ое ее ую юю "
    "ои ыи ии ые ие ия ию ием ью".split()
) | {""}  # fmt: skip
OTHER_ENDINGS = frozenset({"a", "o", "i", "as", "os", "is"})
"""With one more of them a word is one of another language (lantern, lanterna), and no mistake."""
STEM = 4
"""Letters of a Cyrillic word that stay when it is inflected, at least."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A word by which a form is found, and what finding it may mean."""

    form: int
    at: int
    """Which word of the form."""
    kind: str
    """sound, order, stem, initials, joined (the sound of the whole name in one word)."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a batch: its letters and its place in the spaced view."""

    text: str
    start: int
    end: int


class Words:
    """Indices by word, by sound and by stem; immutable once made but for what it remembers."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self._by_word: dict[str, list[Anchor]] = {}
        self._by_key: dict[str, list[Anchor]] = {}
        self._by_stem: dict[str, list[Anchor]] = {}
        self._known: dict[str, tuple[Anchor, ...]] = {}
        sharing: dict[str, int] = {}
        for form in forms:
            for word in set(form.words):
                sharing[word] = sharing.get(word, 0) + 1
        for number, form in enumerate(forms):
            self._index(number, form, sharing)

    def _index(self, number: int, form: Form, sharing: dict[str, int]) -> None:
        short = initials_of(form)
        if short:
            self._by_word.setdefault(short, []).append(Anchor(number, 0, "initials"))
        if form.dense:
            return
        words = form.words
        if len(words) > 1 and all(len(word) >= 3 or form.script is Script.HANGUL for word in words):
            rare = min(
                range(len(words)), key=lambda n: (sharing[words[n]], is_everyday(words[n]), -len(words[n]))
            )
            if sharing[words[rare]] <= MAX_SHARING:
                self._by_word.setdefault(words[rare], []).append(Anchor(number, rare, "order"))
        longest = max(range(len(words)), key=lambda n: len(words[n]))
        key = phonetic_key(latin_of(words[longest]))
        whole = phonetic_key("".join(map(latin_of, words))) if len(words) > 1 else ""
        enough = MIN_KEY if len(whole) <= MIN_KEY else MIN_KEY - 1
        if len(key) >= enough and len(words[longest]) >= MIN_SOUNDING:
            self._by_key.setdefault(key, []).append(Anchor(number, longest, "sound"))
        if len(whole) > MIN_KEY:
            self._by_key.setdefault(whole, []).append(Anchor(number, 0, "joined"))
        if "\u0430" <= words[longest][0] <= "\u045f" and len(words[longest]) > STEM:
            self._by_stem.setdefault(_stems(words[longest])[0], []).append(Anchor(number, longest, "stem"))

    def candidates(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """Candidates for every word that may begin, or be the rare word of, a name."""
        words = [Word(found[0], found.start(), found.end()) for found in WORD.finditer(batch.spaced.text)]
        known = self._known
        looked_at: dict[int, int] = {}
        for position, word in enumerate(words):
            anchors = known.get(word.text)
            if anchors is None:
                anchors = self._look_up(word.text)
            if not anchors:
                continue
            number = batch.number(int(batch.spaced.places[word.start]))
            looked_at[number] = looked_at.get(number, 0) + len(anchors)
            if looked_at[number] > MAX_HITS:
                work.caps.add(Cap(number, "text.many_hits", MAX_HITS))
                continue
            work.steps += len(anchors)
            for anchor in anchors:
                yield from self._at(batch, words, position, anchor)

    def _look_up(self, word: str) -> tuple[Anchor, ...]:
        found = list(self._by_word.get(word, ()))
        if len(word) <= 40:
            key = phonetic_key(latin_of(word))
            if key:
                found += self._by_key.get(key, ())
            if "\u0430" <= word[0] <= "\u045f":
                found += [anchor for stem in _stems(word) for anchor in self._by_stem.get(stem, ())]
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        return self._known.setdefault(word, tuple(dict.fromkeys(found)))

    def _at(self, batch: Batch, words: Sequence[Word], position: int, anchor: Anchor) -> Iterator[Candidate]:
        form = self._forms[anchor.form]
        if anchor.kind == "order":
            found = _reordered(batch, words, position, form)
            if found is not None:
                yield self._candidate(batch, anchor.form, *found, "word_order", 1.0)
            return
        if anchor.kind in ("initials", "joined"):
            near = [words[position]]
        else:
            first = position - anchor.at
            near = list(words[max(first, 0) : first + len(form.words)])
            if (
                first < 0
                or len(near) < len(form.words)
                or "\n" in batch.spaced.text[near[0].start : near[-1].end]
            ):
                return
        layer, likeness = _fit(form, [word.text for word in near], anchor.kind)
        if layer:
            yield self._candidate(batch, anchor.form, near[0], near[-1], layer, likeness)

    def _candidate(
        self, batch: Batch, form: int, first: Word, last: Word, layer: str, likeness: float
    ) -> Candidate:
        places = batch.spaced.places
        return Candidate(
            form, int(places[first.start]), int(places[last.end - 1]) + 1, layer, Edge.CLEAN, likeness
        )


def initials_of(form: Form) -> str:
    """First letters of the words, or of the syllables of a Han name; empty where there are too few."""
    western = "".join(word[0] for word in form.words) if form.western else ""
    found = initials(form.compact) if form.han else western
    return found if len(found) >= MIN_INITIALS else ""


def _stems(word: str) -> tuple[str, ...]:
    """The beginnings of a Cyrillic word under which it may be indexed: the longer one where the name is long."""
    return (word[: STEM + 1], word[:STEM]) if len(word) > STEM + 1 else (word[:STEM],)


def _fit(form: Form, written: list[str], kind: str) -> tuple[str, float]:
    """The layer in which words fit a form, and how like it they are; empty where they do not."""
    if kind == "initials":
        return "initials", 0.0
    if tuple(written) == form.words:
        return "", 0.0
    if kind == "stem":
        good = all(_inflected(word, name) for word, name in zip(written, form.words, strict=True))
        return ("inflected" if good else ""), 1.0
    ours = (
        ["".join(map(latin_of, form.words))] if kind == "joined" else [latin_of(word) for word in form.words]
    )
    theirs = [latin_of(word) for word in written]
    if kind == "joined" and theirs == ours:
        return "", 0.0
    for wanted, word, plain in zip(ours, theirs, written, strict=True):
        if word == wanted:
            continue
        if phonetic_key(word) != phonetic_key(wanted) or (
            is_everyday(plain) and squeezed(word) != squeezed(wanted)
        ):
            return "", 0.0
        if word.startswith(wanted) and word[len(wanted) :] in OTHER_ENDINGS:
            return "", 0.0
    one, other = "".join(ours), "".join(theirs)
    likeness = 1 - OSA.distance(one, other) / max(len(one), len(other))
    return ("phonetic" if likeness >= LIKENESS and one[:1] and other[:1] else ""), likeness


def _inflected(word: str, name: str) -> bool:
    """Whether two Cyrillic words differ in their endings only."""
    if word == name:
        return True
    same = 0
    while same < min(len(word), len(name)) and word[same] == name[same]:
        same += 1
    return same >= min(STEM, len(name) - 1) and any(
        word[cut:] in ENDINGS_RU and name[cut:] in ENDINGS_RU
        for cut in range(max(STEM - 1, same - 3), same + 1)
    )


def _reordered(batch: Batch, words: Sequence[Word], position: int, form: Form) -> tuple[Word, Word] | None:
    """First and last of the words of a form near a place, in another order; common words must stand side by side."""
    count = len(form.words)
    spread = 0 if all(is_everyday(word) or len(word) < 4 for word in form.words) else 2
    for first in range(max(0, position - count - spread + 1), position + 1):
        for size in range(count, count + spread + 1):
            near = words[first : first + size]
            if len(near) < size or position >= first + size:
                continue
            at = _places(form.words, [word.text for word in near])
            ordered = at is not None and all(b == a + 1 for a, b in itertools.pairwise(at))
            if at is None or ordered or {0, size - 1} - set(at):
                continue
            if "\n" not in batch.spaced.text[near[0].start : near[-1].end]:
                return near[0], near[-1]
    return None


def _places(wanted: Sequence[str], words: Sequence[str]) -> list[int] | None:
    """Where each wanted word stands, each place used once; None where one is missing."""
    found: list[int] = []
    for word in wanted:
        at = next((n for n, one in enumerate(words) if one == word and n not in found), None)
        if at is None:
            return None
        found.append(at)
    return found
