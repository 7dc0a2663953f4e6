"""Finding names in listings: candidates of every layer, judged by edges and context, the best kept for each place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ipguard.matching.finding import Finding, Reason, TextPlace
from ipguard.matching.text.changes import changes_of, is_disguised
from ipguard.matching.text.context import Context, Cue, context_of, cues_of
from ipguard.matching.text.layers import MAX_VARIED, Candidate, ViewLayers
from ipguard.matching.text.masks import Masks
from ipguard.matching.text.misspelt import MAX_NAMES, MAX_SHORT, MIN_LETTERS, Misspelt
from ipguard.matching.text.names import MAX_LETTERS, Form, WatchedName, forms_of
from ipguard.matching.text.scan import WIDEST, Cap, Work
from ipguard.matching.text.strength import FIELD_FACTOR, Sighting, strength_of
from ipguard.matching.text.views import MAX_CHARACTERS, Batch, batch_of
from ipguard.matching.text.words import Words

VERSION = "2"
MAX_FINDINGS = 100
"""In one text; a page that repeats a name says nothing new, and is told to have been cut short."""
CODE_SIGNS = frozenset("-/_")
BATCH_TEXTS = 1024
BATCH_CHARACTERS = 500_000
"""Texts are read together up to this many characters: memory stays flat whatever comes in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in one listing, and what of it was not looked at."""

    findings: tuple[Finding, ...]
    limits: tuple[Reason, ...] = ()
    """Each limit that was reached, with the field and the figure."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate in its text, with how sure it is."""

    strength: float
    candidate: Candidate
    context: Context


@dataclass(frozen=True, slots=True)
class _Text:
    """One field of one listing, within a batch."""

    listing: int
    field: str


class TextMatcher:
    """Looks for many names at once; immutable once made."""

    def __init__(self, names: Iterable[WatchedName]) -> None:
        given = list(names)
        self._forms = forms_of(given)
        self._too_long = sum(len(name.text) > MAX_LETTERS for name in given)
        self._views = ViewLayers(self._forms)
        self._misspelt = Misspelt(self._forms)
        self._words = Words(self._forms)
        self._masks = Masks(self._forms)
        self.steps = 0
        """Stretches looked at since it was made: the measure of work that tests hold in proportion to length."""

    @property
    def restrictions(self) -> tuple[Reason, ...]:
        """What is not looked for because the watchlist is so long."""
        found = []
        if self._misspelt.least > MIN_LETTERS:
            most = MAX_NAMES if len(self._forms) > MAX_NAMES else MAX_SHORT
            found.append(
                Reason("text.restricted_misspelling", {"letters": self._misspelt.least, "limit": most})
            )
        if self._too_long:
            values = {"count": self._too_long, "limit": MAX_LETTERS}
            found.append(Reason("text.restricted_long", values))
        if not self._views.varied:
            found.append(Reason("text.restricted_similar", {"limit": MAX_VARIED}))
        return tuple(found)

    def match_texts(self, texts: Sequence[str]) -> list[list[Finding]]:
        """Findings for each text, each read as the title of a listing."""
        return [list(reading.findings) for reading in self.read([{"title": text} for text in texts])]

    def find_exact(self, texts: Sequence[str]) -> list[tuple[int, str]]:
        """(text number, name) of every name written as itself or as an alias, edges judged, context not: the first pass."""
        found: list[tuple[int, str]] = []
        for start, end in _batches([{"title": text} for text in texts]):
            batch = batch_of(texts[start:end])
            hits = self._views.exact(batch, Work())
            found += [(start + batch.number(hit.first), self._forms[hit.form].name.text) for hit in hits]
        return found

    def match_listing(self, fields: Mapping[str, str]) -> list[Finding]:
        """Findings in the fields of one listing (title, description, tags, seller); context is shared by all."""
        return self.match_listings([fields])[0]

    def match_listings(self, listings: Sequence[Mapping[str, str]]) -> list[list[Finding]]:
        """The same for many listings at once, which is how it is fast."""
        return [list(reading.findings) for reading in self.read(listings)]

    def read(self, listings: Sequence[Mapping[str, str]]) -> list[Reading]:
        """Findings for each listing, and the limits that were reached in it."""
        answer: list[Reading] = []
        for start, end in _batches(listings):
            answer += self._read_batch(listings[start:end])
        return answer

    def _read_batch(self, listings: Sequence[Mapping[str, str]]) -> list[Reading]:
        texts = [_Text(n, field) for n, fields in enumerate(listings) for field in fields]
        batch = batch_of([listings[text.listing][text.field] for text in texts])
        work = Work(caps={Cap(n, "text.cut", MAX_CHARACTERS) for n in batch.cut})
        by_text: dict[int, list[Candidate]] = {}
        for candidate in self._candidates(batch, work):
            if candidate.last - candidate.first > WIDEST * len(self._forms[candidate.form].compact):
                continue
            by_text.setdefault(batch.number(candidate.first), []).append(candidate)
        self.steps += work.steps
        reader = _Reader(self._forms, batch, texts)
        findings: dict[int, list[Finding]] = {}
        for number in sorted(by_text):
            found = reader.findings(number, by_text[number])
            if len(found) > MAX_FINDINGS:
                work.caps.add(Cap(number, "text.many_findings", MAX_FINDINGS))
            findings.setdefault(texts[number].listing, []).extend(found[:MAX_FINDINGS])
        limits: dict[int, list[Reason]] = {}
        for cap in sorted(work.caps, key=lambda one: (one.text, one.code)):
            values: dict[str, str | int | float] = {"field": texts[cap.text].field, "limit": cap.limit}
            limits.setdefault(texts[cap.text].listing, []).append(Reason(cap.code, values))
        return [Reading(tuple(findings.get(n, ())), tuple(limits.get(n, ()))) for n in range(len(listings))]

    def _candidates(self, batch: Batch, work: Work) -> Iterator[Candidate]:
        yield from self._views.candidates(batch, work)
        yield from self._misspelt.candidates(batch, work)
        yield from self._words.candidates(batch, work)
        yield from self._masks.candidates(batch, work)


class _Reader:
    """Judges the candidates of one batch."""

    def __init__(self, forms: Sequence[Form], batch: Batch, texts: Sequence[_Text]) -> None:
        self._forms = forms
        self._batch = batch
        self._texts = texts
        self._of_listing: dict[int, list[int]] = {}
        for number, text in enumerate(texts):
            self._of_listing.setdefault(text.listing, []).append(number)
        self._cues: dict[int, list[Cue]] = {}

    def findings(self, number: int, candidates: Iterable[Candidate]) -> list[Finding]:
        """The findings in one text, strongest first: for each place and work the best candidate."""
        best: dict[tuple[str, int], Scored] = {}
        for candidate in candidates:
            form = self._forms[candidate.form]
            scored = self._scored(number, candidate)
            key = (form.name.work, candidate.first)
            if scored.strength > 0 and (key not in best or _rank(scored) < _rank(best[key])):
                best[key] = scored
        kept = _without_overlaps(sorted(best.values(), key=_rank), self._forms)
        return [self._finding(number, scored) for scored in kept]

    def _scored(self, number: int, candidate: Candidate) -> Scored:
        form = self._forms[candidate.form]
        context = self._context(number, candidate)
        kinds, borders = self._batch.kinds, self._batch.borders
        letters = sum(map(bool, kinds[candidate.first : candidate.last]))
        around = (kinds[borders[number] : candidate.first], kinds[candidate.last : borders[number + 1] - 1])
        alone = not any(any(one) for one in around)
        code = candidate.layer == "leet" and self._like_a_code(number, candidate)
        seen = Sighting(candidate.layer, candidate.edge, candidate.likeness, letters, alone, code)
        folded = self._folded(self._texts[number].listing) if form.name.has_words else ""
        strength = strength_of(form, seen, context, folded)
        return Scored(strength * FIELD_FACTOR.get(self._texts[number].field, 0.8), candidate, context)

    def _like_a_code(self, number: int, candidate: Candidate) -> bool:
        """Whether a stretch, with the characters that touch it, is capitals, digits and dashes."""
        _, start, end = self._batch.span(candidate.first, candidate.last)
        written = self._batch.texts[number][max(0, start - 1) : end + 1].strip()
        return (
            written == written.upper()
            and any(c.isdigit() for c in written)
            and bool(set(written) & CODE_SIGNS)
        )

    def _context(self, number: int, candidate: Candidate) -> Context:
        """The cues near a candidate in its own text, and those of the listing's title and tags."""
        begin, end = self._batch.borders[number], self._batch.borders[number + 1] - 1
        own = context_of(self._cues_of(number), end - begin, candidate.first - begin, candidate.last - begin)
        for other in self._of_listing[self._texts[number].listing]:
            if other != number and self._texts[other].field in ("title", "tags"):
                own = own.joined(context_of(self._cues_of(other), 0))
        return own.without(self._batch.text[candidate.first : candidate.last])

    def _cues_of(self, number: int) -> list[Cue]:
        if number not in self._cues:
            begin, end = self._batch.borders[number], self._batch.borders[number + 1] - 1
            self._cues[number] = cues_of(self._batch.text[begin:end])
        return self._cues[number]

    def _folded(self, listing: int) -> str:
        borders = self._batch.borders
        return "\n".join(self._batch.text[borders[n] : borders[n + 1] - 1] for n in self._of_listing[listing])

    def _finding(self, number: int, scored: Scored) -> Finding:
        candidate, context = scored.candidate, scored.context
        form = self._forms[candidate.form]
        _, start, end = self._batch.span(candidate.first, candidate.last)
        written = self._batch.texts[number][start:end]
        layer = candidate.layer
        if layer == "exact" and is_disguised(written, form.name.text):
            layer = "variant"
        field = self._texts[number].field
        values = {"name": form.name.text, "text": written, "field": field}
        values["context"] = ", ".join(context.selling[:5]) or "-"
        doubts = context.words("negated", "official_source", "official", "second_hand", "court", "editorial")
        if doubts:
            values["cues"] = ", ".join(doubts[:5])
        changed = changes_of(self._batch, candidate.first, candidate.last, form, layer)
        return Finding(
            matcher="text",
            version=VERSION,
            work=form.name.work,
            strength=round(min(scored.strength, 1.0), 4),
            reason=Reason(f"text.{layer}", MappingProxyType(values)),
            place=TextPlace(field, start, end, written, form.name.text, layer, changed=changed),
        )


def _rank(scored: Scored) -> tuple[float, int, int]:
    return (-scored.strength, -scored.candidate.last, scored.candidate.first)


def _without_overlaps(ranked: Sequence[Scored], forms: Sequence[Form]) -> list[Scored]:
    """The strongest first; a weaker one of the same work that overlaps it says nothing new."""
    kept: list[Scored] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for scored in ranked:
        spans = taken.setdefault(forms[scored.candidate.form].name.work, [])
        if len(spans) > MAX_FINDINGS:
            continue
        first, last = scored.candidate.first, scored.candidate.last
        if all(last <= start or first >= end for start, end in spans):
            spans.append((first, last))
            kept.append(scored)
    return kept


def _batches(listings: Sequence[Mapping[str, str]]) -> Iterator[tuple[int, int]]:
    """Stretches of the list that are read together."""
    start = size = texts = 0
    for number, fields in enumerate(listings):
        length = sum(min(len(text), MAX_CHARACTERS) for text in fields.values())
        if number > start and (texts + len(fields) > BATCH_TEXTS or size + length > BATCH_CHARACTERS):
            yield start, number
            start, size, texts = number, 0, 0
        size += length
        texts += len(fields)
    if listings:
        yield start, len(listings)
