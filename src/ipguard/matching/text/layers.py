"""The layers that read whole views: each finds candidates for names by one automaton over a whole batch.

The others, which look at words and at hidden letters, are in `words`, `misspelt` and `masks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ipguard.matching.romanise import passport, revised
from ipguard.matching.text.edges import MAX_GAP, Edge, edge_of, ends_sentence, gaps_are_sound
from ipguard.matching.text.everyday import is_everyday
from ipguard.matching.text.looks import FAKED, look_of, looks, may_stand_for
from ipguard.matching.text.names import Form
from ipguard.matching.text.rewritten import in_pinyin, in_romaji, similar, split
from ipguard.matching.text.scan import Scanner, Work
from ipguard.matching.text.scripts import NONE, Script
from ipguard.matching.text.sounds import sounds_of
from ipguard.matching.text.views import Batch

MIN_LOOKALIKE = 3
"""Letters a name needs before look-alike letters are read into a text; three only count in company."""
SPOKEN = str.maketrans({"×": "x", "✕": "x", "&": "and"})
"""Signs of a name that are written as letters too: Spy × Orchard, Spy x Orchard."""
MIN_ROMANISED = 6
"""Letters of a romanised name, at least."""
MIN_SOUND = 4
"""Characters of a name of a script with spaces or kana, from which one that sounds alike is looked for; Han: 2."""
MAX_VARIED = 10_000
"""Names up to which look-alike Han characters are looked for: every one of them makes some twenty patterns."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of the base that may be a name."""

    form: int
    """Index of the form."""
    first: int
    last: int
    layer: str
    edge: Edge
    likeness: float = 1.0
    """How much of the name is there unchanged, 0..1."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A form as it is looked for: itself, or written in another way."""

    form: int
    letters: str
    layer: str
    """Empty for the name itself."""


class ViewLayers:
    """Automata over the compact, look-alike and sound views; immutable once made."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self.varied = sum(form.han for form in forms) <= MAX_VARIED
        plain = [(form.compact, Alias(i, form.compact, "")) for i, form in enumerate(forms)]
        plain += [
            (alias.letters, alias)
            for i, form in enumerate(forms)
            for alias in aliases_of(i, form, varied=self.varied)
        ]
        self._compact = Scanner(plain)
        self._look = Scanner(
            (look_of(form.compact), i)
            for i, form in enumerate(forms)
            if form.western and len(form.compact) >= MIN_LOOKALIKE
        )
        self._sound = Scanner((sound, i) for i, form in enumerate(forms) for sound in _sound_patterns(form))

    def candidates(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """Candidates of all three views."""
        yield from self.exact(batch, work)
        yield from self._lookalike(batch, work)
        yield from self._sounding(batch, work)

    def exact(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """The name or an alias of it: whatever its case, marks, width, script standard, and gaps."""
        for alias, first, last in self._compact.scan(batch, batch.compact, work):
            form = self._forms[alias.form]
            edge = edge_of(batch, first, last)
            if edge and gaps_are_sound(batch, first, last, form):
                layer = alias.layer or plain_layer(form, batch.text[first:last])
                yield Candidate(alias.form, first, last, layer, edge)

    def _lookalike(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """Letters replaced by look-alikes of another script, or by digits and signs; half real letters at least."""
        for i, first, last in self._look.scan(batch, batch.look, work):
            form = self._forms[i]
            layer = _lookalike_layer(form, batch, first, last)
            if layer and (edge := edge_of(batch, first, last)) and _few_gaps(batch, first, last):
                yield Candidate(i, first, last, layer, edge)

    def _sounding(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        """Characters that sound the same, at least half of them right."""
        for i, first, last in self._sound.scan(batch, batch.sound, work):
            form = self._forms[i]
            while last < len(batch.kinds) and batch.text[last] in "ーッ":
                last += 1
            written = "".join(
                c for c, kind in zip(batch.text[first:last], batch.kinds[first:last], strict=True) if kind
            )
            same = shared(written, form.compact)
            if same * 2 < len(form.compact) or written == form.compact:
                continue
            edge = edge_of(batch, first, last)
            if edge and gaps_are_sound(batch, first, last, form):
                yield Candidate(i, first, last, "homophone", edge, same / len(form.compact))


def aliases_of(number: int, form: Form, *, varied: bool) -> Iterator[Alias]:
    """The other ways in which a name is written."""
    if form.han:
        for read in in_pinyin(form.compact):
            if len(read) >= MIN_ROMANISED and len(form.compact) >= 2:
                yield Alias(number, read, "pinyin")
        if len(form.compact) >= 2:
            yield from (Alias(number, parts, "split") for parts in split(form.compact))
        if varied and len(form.compact) >= 2:
            yield from (Alias(number, letters, "similar") for letters in similar(form.compact))
        return
    spoken = form.folded.translate(SPOKEN)
    if spoken != form.folded:
        yield Alias(number, "".join(c for c in spoken if c.isalnum()), "joined")
    for read in _romanised(form):
        if len(read) >= MIN_ROMANISED and read.isascii():
            yield Alias(number, read, "romanised")
    if form.western and len(form.compact) >= MIN_LOOKALIKE:
        for letter, faked in FAKED.items():
            if letter in form.compact:
                yield Alias(number, form.compact.replace(letter, faked), "lookalike")


def plain_layer(form: Form, written: str) -> str:
    """exact, joined or spacing, by what stands between the letters (`matcher` tells exact from variant)."""
    if " ".join(written.split()) == form.folded:
        return "exact"
    return "joined" if "".join(written.split()) == "".join(form.folded.split()) else "spacing"


def shared(written: str, name: str) -> int:
    """Characters of the name that stand in `written` in the same order (exactly in place where lengths agree)."""
    if len(written) == len(name):
        return sum(a == b for a, b in zip(written, name, strict=True))
    from rapidfuzz.distance import LCSseq

    return LCSseq.similarity(written, name)


def _romanised(form: Form) -> list[str]:
    if form.script in (Script.KATAKANA, Script.HIRAGANA):
        return in_romaji(form.compact)
    if form.script is Script.HANGUL:
        return [revised(form.compact)]
    return [passport(form.compact)] if "\u0400" <= form.compact[0] < "\u0530" else []


def _sound_patterns(form: Form) -> list[str]:
    """What a name sounds like; nothing where that is not looked for."""
    enough = len(form.compact) >= (2 if form.han else MIN_SOUND)
    if form.compact.isascii() or not enough:
        return []
    return [heard for heard in sounds_of(form.compact) if len(heard) >= (2 if form.han else 3)]


def _few_gaps(batch: Batch, first: int, last: int) -> bool:
    """As `gaps_are_sound`, where signs that stand for letters are no gaps."""
    signs = looks().signs
    gap = ""
    for place in range(first, last):
        if batch.kinds[place] != NONE or signs[ord(batch.written(place))]:
            if ends_sentence(gap, at_word=False):
                return False
            gap = ""
            continue
        gap += batch.text[place]
        if len(gap) > MAX_GAP or gap == "\n":
            return False
    return True


def _lookalike_layer(form: Form, batch: Batch, first: int, last: int) -> str:
    """lookalike or leet where every changed character may stand for its letter; empty where one may not, or none is."""
    at = letters = signs = foreign = 0
    wanted_letters = form.compact
    known = looks()
    for place in range(first, last):
        plain, written = batch.text[place], batch.written(place)
        if batch.kinds[place] == NONE and not known.signs[ord(written)]:
            continue
        if at >= len(wanted_letters):
            return ""
        wanted = wanted_letters[at]
        at += 1
        if plain == wanted:
            letters += 1
        elif plain.isascii() and plain.isalpha() and wanted.isascii():
            if {plain, wanted} != {"l", "i"}:
                return ""
            signs += 1
        elif not may_stand_for(written, wanted):
            return ""
        elif plain.isascii() and not plain.isalpha():
            signs += 1
        else:
            foreign += 1
    if at != len(wanted_letters) or letters + foreign < signs or not (signs or foreign):
        return ""
    if not foreign and all(
        batch.written(p) in "lI" or batch.text[p] in wanted_letters for p in range(first, last)
    ):
        return "lookalike" if any(batch.written(p) == "I" for p in range(first, last)) or signs == 1 else ""
    if not letters and is_everyday(batch.text[first:last]):
        return ""  # a word of another alphabet that happens to look like a name: море is no “Mope”
    return "leet" if signs >= foreign else "lookalike"
