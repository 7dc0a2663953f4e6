"""Finding names in listings: candidates of every layer, judged by edges and context, the best kept for each place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ipguard.matching.finding import Finding, Reason, TextPlace
from ipguard.matching.text.context import Context, context_of
from ipguard.matching.text.edges import straddles_han, touches_han
from ipguard.matching.text.layers import Candidate, Layers
from ipguard.matching.text.names import Form, WatchedName, forms_of
from ipguard.matching.text.views import Views

VERSION = "1"
MAX_FINDINGS = 100
"""In one text; a page that repeats a name says nothing new."""

STRENGTH: Mapping[str, float] = MappingProxyType(
    {
        "exact": 0.85, "variant": 0.85, "joined": 0.8, "spacing": 0.8, "lookalike": 0.85, "leet": 0.75,
        "homophone": 0.6, "pinyin": 0.55, "misspelling": 0.6, "mask": 0.65, "word_order": 0.3,
    }
)  # fmt: skip
"""How sure a layer is by itself; 0.5 raises an alert. The development set in tests/vectors/text holds them."""
OBFUSCATED = {"lookalike", "leet", "mask", "spacing", "homophone"}
"""Writing a name like this is itself a sign: no context is asked for."""
NEEDS_CONTEXT = {"pinyin": 0.35, "word_order": 0.3}
WITH_CONTEXT = {"pinyin": 0.65, "word_order": 0.55}
WITHOUT_CONTEXT = 0.3
EDITORIAL_FACTOR = 0.5
FIELD_FACTOR: Mapping[str, float] = MappingProxyType(
    {"title": 1.0, "tags": 0.9, "description": 0.8, "seller": 0.65}
)


class TextMatcher:
    """Looks for many names at once; immutable once made."""

    def __init__(self, names: Iterable[WatchedName]) -> None:
        self._forms = forms_of(names)
        self._layers = Layers(self._forms)

    def match_texts(self, texts: Sequence[str]) -> list[list[Finding]]:
        """Findings for each text, each read as the title of a listing."""
        return [self.match_listing({"title": text}) for text in texts]

    def match_listing(self, fields: Mapping[str, str]) -> list[Finding]:
        """Findings in the fields of one listing (title, description, tags, seller); context is shared by all."""
        views = {name: Views(text) for name, text in fields.items()}
        context = context_of("\n".join(view.base.text for view in views.values()))
        found: list[Finding] = []
        for name, view in views.items():
            found += self._in_field(name, view, context)
        return found

    def _in_field(self, field: str, views: Views, context: Context) -> list[Finding]:
        best: dict[tuple[str, int], tuple[float, Candidate]] = {}
        for candidate in self._layers.candidates(views):
            form = self._forms[candidate.form]
            strength = _strength(form, candidate, context) * FIELD_FACTOR.get(field, 0.8)
            key = (form.name.work, candidate.start)
            if key not in best or _better((strength, candidate), best[key]):
                best[key] = (strength, candidate)
        kept = _without_overlaps(
            sorted(best.values(), key=lambda pair: (-pair[0], pair[1].start)), self._forms
        )
        return [self._finding(field, views.original, s, c, context) for s, c in kept[:MAX_FINDINGS]]

    def _finding(
        self, field: str, text: str, strength: float, candidate: Candidate, context: Context
    ) -> Finding:
        form = self._forms[candidate.form]
        written = text[candidate.start : candidate.end]
        values: dict[str, str | int | float] = {"name": form.name.text, "text": written, "field": field}
        values["context"] = context.selling or "-"
        return Finding(
            matcher="text",
            version=VERSION,
            work=form.name.work,
            strength=round(min(strength, 1.0), 4),
            reason=Reason(f"text.{candidate.layer}", MappingProxyType(values)),
            place=TextPlace(field, candidate.start, candidate.end, written, form.name.text, candidate.layer),
        )


def _strength(form: Form, candidate: Candidate, context: Context) -> float:
    """How sure a candidate is, with what stands around it."""
    strength = STRENGTH[candidate.layer]
    selling = context.selling
    if candidate.layer in NEEDS_CONTEXT:
        strength = WITH_CONTEXT[candidate.layer] if selling else NEEDS_CONTEXT[candidate.layer]
    waived = candidate.layer in OBFUSCATED
    if not selling and not waived and _must_have_context(form, candidate):
        strength = WITHOUT_CONTEXT
    if form.is_short_han and candidate.layer == "homophone" and not selling:
        strength = WITHOUT_CONTEXT
    if form.is_short_han and candidate.hit is not None and straddles_han(candidate.hit):
        return WITHOUT_CONTEXT
    if selling and not waived:
        strength = min(strength + 0.05, 1.0)
    if context.negated:
        strength = min(strength + 0.05, 1.0)
    elif context.editorial and not context.merchandise and not context.piracy:
        strength *= EDITORIAL_FACTOR
    return strength


def _must_have_context(form: Form, candidate: Candidate) -> bool:
    """Names that mean the work only in company: those marked so, short ones, and short Han ones inside Han."""
    if form.name.needs_context or len(form.compact) <= (3 if form.words else 1):
        return True
    return form.is_short_han and candidate.hit is not None and touches_han(candidate.hit)


Scored = tuple[float, Candidate]


def _better(one: tuple[float, Candidate], other: tuple[float, Candidate]) -> bool:
    return (one[0], one[1].end) > (other[0], other[1].end)


def _without_overlaps(
    ranked: Sequence[tuple[float, Candidate]], forms: Sequence[Form]
) -> list[tuple[float, Candidate]]:
    """The strongest first; a weaker one of the same work that overlaps it says nothing new."""
    kept: list[Scored] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for strength, candidate in ranked[: MAX_FINDINGS * 10]:
        spans = taken.setdefault(forms[candidate.form].name.work, [])
        if all(candidate.end <= start or candidate.start >= end for start, end in spans[:MAX_FINDINGS]):
            spans.append((candidate.start, candidate.end))
            kept.append((strength, candidate))
    return kept
