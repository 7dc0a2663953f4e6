"""Running spellings and suggestions through the matchers that will be used: found or not, by which layer, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.domains.reading import decode_label
from ipguard.matching.finding import DomainPlace, Finding, Reason, TextPlace
from ipguard.matching.score import THRESHOLD
from ipguard.matching.text.fold import compact, fold
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.matching.watching.aliases import Suggestion, suggestions_for
from ipguard.matching.watching.spellings import Spelling, slips_of, spellings_of

COMPANY: Mapping[str, str] = MappingProxyType(
    {"zh": "周边", "ja": "グッズ", "ko": "굿즈", "ru": "кружка", "es": "camiseta", "fr": "affiche"}
)
"""A word of merchandise by language; English where a language has none here."""
ALONE, IN_COMPANY, NOWHERE = "alone", "in_company", "not_found"


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one text."""

    text: str
    state: str
    """alone: found by itself; in_company: only beside a word of merchandise; not_found."""
    layer: str
    score: float
    why: Reason
    """The finding's reason, or why nothing was found: `trial.*`."""


@dataclass(frozen=True, slots=True)
class TriedSpelling:
    """A spelling of a name, and what became of it."""

    family: str
    tried: Tried


@dataclass(frozen=True, slots=True)
class TriedSuggestion:
    """A suggestion, and whether it is found already."""

    suggestion: Suggestion
    tried: Tried

    @property
    def worth_listing(self) -> bool:
        """Whether listing it would find more."""
        return self.tried.state == NOWHERE


class Trial:
    """The matchers over one watchlist, to be tried out."""

    def __init__(self, names: Sequence[WatchedName]) -> None:
        self._text = TextMatcher(names)
        self._domains = DomainMatcher(names)

    def spellings(self, name: WatchedName) -> list[TriedSpelling]:
        """The name itself, its spellings and some domain names, each run through the matcher."""
        made = [Spelling("as_listed", name.text), *spellings_of(name.text)]
        tried = self._texts(name, [one.text for one in made])
        found = [TriedSpelling(one.family, result) for one, result in zip(made, tried, strict=True)]
        return found + [TriedSpelling("domain", self._domain(name, domain)) for domain in _domain_names(name)]

    def suggestions(self, names: Sequence[WatchedName]) -> list[TriedSuggestion]:
        """What else to list for the names of one work, and which of it is found already."""
        made = suggestions_for(names)
        tried = self._texts(names[0], [one.text for one in made]) if names else []
        return [TriedSuggestion(one, result) for one, result in zip(made, tried, strict=True)]

    def _texts(self, name: WatchedName, texts: Sequence[str]) -> list[Tried]:
        company = COMPANY.get(name.language.split("-")[0], "poster")
        alone = self._text.match_texts(texts)
        beside = self._text.match_texts([f"{text} {company}" for text in texts])
        return [_tried(name, text, one, other) for text, one, other in zip(texts, alone, beside, strict=True)]

    def _domain(self, name: WatchedName, domain: str) -> Tried:
        found = [f for f in self._domains.match_domain(domain) if f.work == name.work]
        if not found:
            return Tried(domain, NOWHERE, "", 0.0, Reason("trial.domain_not_found"))
        place = found[0].place
        layer = place.layer if isinstance(place, DomainPlace) else ""
        return Tried(domain, ALONE, layer, found[0].strength, found[0].reason)


def _tried(name: WatchedName, text: str, alone: Sequence[Finding], beside: Sequence[Finding]) -> Tried:
    one, other = _best(name, alone), _best(name, beside)
    for found, state in ((one, ALONE), (other, IN_COMPANY)):
        if found is not None and found.strength >= THRESHOLD:
            layer = found.place.layer if isinstance(found.place, TextPlace) else ""
            return Tried(text, state, layer, found.strength, found.reason)
    weak = one or other
    if weak is not None:
        layer = weak.place.layer if isinstance(weak.place, TextPlace) else ""
        return Tried(text, NOWHERE, layer, weak.strength, Reason("trial.too_weak", {"layer": layer}))
    letters = len(compact(fold(name.text)).text)
    return Tried(text, NOWHERE, "", 0.0, Reason("trial.not_read", {"letters": letters}))


def _best(name: WatchedName, findings: Sequence[Finding]) -> Finding | None:
    return max((f for f in findings if f.work == name.work), key=lambda f: f.strength, default=None)


def _domain_names(name: WatchedName) -> Iterator[str]:
    """Domain names that an imitator might register."""
    letters = compact(fold(name.text)).text
    if not letters or any("\u0e00" <= c <= "\u0e7f" for c in letters):
        return
    if letters.isascii():
        yield f"{letters}shop.com"
        yield from (f"{compact(fold(one.text)).text}.com" for one in slips_of(name.text)[:1])
    else:
        label = "xn--" + letters.encode("punycode").decode("ascii")
        if len(label) <= 63 and decode_label(label) == letters:
            yield f"{label}.com"
