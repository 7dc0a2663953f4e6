"""How sure a candidate is: its layer, how it stands in its text, and what stands around it. Pure.

A name as it is written is strong; a name that is hidden is strong too, because hiding it is itself a sign. A name
that could be something else (a common word, initials, a sound) needs words that make it mean the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ipguard.matching.text.context import Context
from ipguard.matching.text.edges import Edge
from ipguard.matching.text.fold import fold
from ipguard.matching.text.names import Form

STRENGTH: Mapping[str, float] = MappingProxyType(
    {
        "exact": 0.85, "variant": 0.85, "joined": 0.8, "spacing": 0.8, "lookalike": 0.85, "leet": 0.75, "inflected": 0.75,
        "homophone": 0.65, "similar": 0.65, "split": 0.65, "mask": 0.65, "misspelling": 0.65, "pinyin": 0.6, "romanised": 0.6,
        "phonetic": 0.55, "word_order": 0.55, "initials": 0.55,
    }
)  # fmt: skip
"""How sure a layer is where nothing speaks against it; 0.5 raises an alert. tests/vectors/text holds them."""
OBFUSCATED = frozenset({"lookalike", "leet", "mask", "spacing", "homophone", "similar", "split"})
"""Writing a name like this is itself a sign: the context that a plain spelling would need is not asked for."""
UNSURE = 0.3
"""A name that needs context and has none: told, and far from an alert."""
SURE_ROMANISED = 10
"""Letters of a romanised name that mean it without context."""
SURE_MISSPELT = 8
SURE_MASK = 0.6
"""Share of a masked name that must be shown where no word around it helps."""
BONUS = 0.05
EDITORIAL_FACTOR = 0.5
COURT_FACTOR = 0.4
CLAIMED_FACTOR = 0.85
"""One claim to be official, or used: anybody may write it."""
LICIT_FACTOR = 0.5
"""Several such claims, or the owner's shop: goods that are likely the owner's own. An obfuscated name is never that."""
FIELD_FACTOR: Mapping[str, float] = MappingProxyType(
    {"title": 1.0, "tags": 0.9, "description": 0.8, "picture_text": 0.8, "seller": 0.65}
)
"""Titles say what is sold; descriptions also list what it is not. `picture_text` is text read off a picture."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A candidate with what is known of it."""

    layer: str
    edge: Edge
    likeness: float
    length: int
    """Letters found."""
    alone: bool
    """Nothing else stands in its text."""
    code: bool = False
    """It reads like a part number: capitals, digits and dashes."""


def strength_of(form: Form, seen: Sighting, context: Context, folded: str) -> float:
    """0..1; 0 where the words of the name's owner rule it out."""
    if not _words_allow(form, folded):
        return 0.0
    strength = STRENGTH[seen.layer]
    waived = seen.layer in OBFUSCATED
    if _wants_strong(form, seen) and not context.words("piracy", "fandom", "negated"):
        return UNSURE
    if _wants_context(form, seen) and not (_has_context(form, context) or _says_it_all(form, seen)):
        return UNSURE
    if context.selling:
        strength += BONUS
    return round(min(strength, 1.0) * _demotion(context, waived), 4)


def _wants_strong(form: Form, seen: Sighting) -> bool:
    """What could be anything: only words of works or copies make it the work."""
    return seen.layer == "initials" or (seen.layer == "mask" and form.is_short_han)


def _wants_context(form: Form, seen: Sighting) -> bool:
    """What means the work only in company."""
    layer, letters = seen.layer, len(form.compact)
    if layer in ("phonetic", "word_order"):
        return True
    if layer in ("pinyin", "romanised"):
        return seen.length < SURE_ROMANISED
    if layer == "misspelling":
        return letters < (SURE_MISSPELT if not form.dense else 5) or form.name.needs_context
    if layer in ("homophone", "similar", "split"):
        return form.is_short_han or (letters == 3 and seen.edge is Edge.TOUCHING)
    if layer in ("lookalike", "leet"):
        return seen.code or form.is_short
    if layer == "mask":
        return seen.likeness < SURE_MASK or letters < 5
    if form.is_short_han and seen.edge is Edge.TOUCHING:
        return True
    return layer not in OBFUSCATED and (form.name.needs_context or form.is_short)


def _says_it_all(form: Form, seen: Sighting) -> bool:
    """A text that is nothing but a name written in another way has no room for context."""
    return (
        seen.alone
        and not seen.code
        and seen.layer not in ("exact", "variant", "initials", "word_order")
        and not form.name.needs_context
    )


def _has_context(form: Form, context: Context) -> bool:
    """One good word; for a name marked as needing context, goods that are sold plain as often count only in twos."""
    if context.words("piracy", "fandom", "merchandise", "negated"):
        return True
    goods = len(context.words("product"))
    return goods >= (2 if form.name.needs_context or form.is_short else 1)


def _words_allow(form: Form, folded: str) -> bool:
    """Whether the required, any and none words of the name are in the listing, or are not."""
    name = form.name
    if not name.has_words:
        return True

    def there(word: str) -> bool:
        return fold(word).text in folded

    return (
        all(map(there, name.required))
        and (not name.any_of or any(map(there, name.any_of)))
        and not any(map(there, name.none_of))
    )


def _demotion(context: Context, waived: bool) -> float:
    """What speaks for a text about the work, or for the owner's own goods; copies and negations speak against both."""
    copies = bool(context.words("piracy", "negated"))
    trial = context.words("court")
    if len(trial) >= 2 or (trial and not context.words("merchandise")):
        return COURT_FACTOR
    if context.words("editorial") and not copies and not context.words("merchandise"):
        return EDITORIAL_FACTOR
    if copies or waived:
        return 1.0
    claims = len(context.words("official")) + 2 * len(context.words("official_source"))
    claims += len(context.words("second_hand"))
    return LICIT_FACTOR if claims >= 2 else CLAIMED_FACTOR if claims else 1.0
