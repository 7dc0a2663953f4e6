"""How a stretch of a domain name is a watched name: letter for letter, with look-alikes, with one letter wrong."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from ipguard.matching.domains.forms import Form, letters_of
from ipguard.matching.domains.scan import Found
from ipguard.matching.domains.sight import Sight
from ipguard.matching.words.lexicon import costs

KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
PLAIN = {
    "name": "joined",
    "romanised": "romanised",
    "reordered": "reordered",
    "pairs": "lookalike",
    "tld": "tld",
}
LONE_LETTERS = 2.0
"""Letters between hyphens, on average and at most, where a name is spelt out: s-t-a-r."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read letters [start, end) as a form."""

    form: Form
    start: int
    end: int
    layer: str
    changed: str
    """What differs, `e→3`; empty where nothing does."""
    slip: bool = False
    """Of a misspelling: letters swapped, doubled, or taken from the next key, as hands do."""


def read_as(sight: Sight, form: Form, found: Found) -> Reading | None:
    """A found stretch as a reading of its form; None where it turns out to be none."""
    start, end = found.start, found.end
    if end > len(sight.letters):
        return None
    if found.typo:
        return _misspelt(sight, form, start, end)
    layer, changed = _plain(sight, form, start, end)
    if sight.label_of[start] != sight.label_of[end - 1]:
        layer = "split" if layer in ("joined", "romanised") and _whole_tokens(sight, start, end) else ""
    elif layer and not _hyphens_fit(sight, form, start, end):
        layer = (
            "spacing"
            if layer in ("joined", "lookalike", "leet") and _spelt_out(sight, form, start, end)
            else ""
        )
    return Reading(form, start, end, layer, changed) if layer else None


def difference(written: str, wanted: str) -> str:
    """What differs between two words, as `wanted→written`, letter by letter where they are equally long."""
    if len(written) == len(wanted):
        pairs = [(a, b) for a, b in zip(wanted, written, strict=True) if a != b]
        if len(pairs) != 2 or pairs[0] != pairs[1][::-1]:
            return " ".join(f"{a}→{b}" for a, b in pairs)
    first = 0
    while first < min(len(written), len(wanted)) and written[first] == wanted[first]:
        first += 1
    last = 0
    while last < min(len(written), len(wanted)) - first and written[-1 - last] == wanted[-1 - last]:
        last += 1
    old, new = wanted[first : len(wanted) - last], written[first : len(written) - last]
    return f"{old or '∅'}→{new or '∅'}"


def _plain(sight: Sight, form: Form, start: int, end: int) -> tuple[str, str]:
    written = sight.letters[start:end]
    if written == form.letters:
        foreign = _foreign(sight, form, start, end)
        if foreign:
            return "lookalike", foreign
        if form.how == "pairs":
            return "lookalike", difference(written, letters_of(form.name.text))
        return PLAIN[form.how], ""
    if form.how in ("reordered", "tld"):
        return "", ""
    kept = sum(a == b for a, b in zip(written, form.letters, strict=True))
    digits = sum(a != b and a.isdigit() for a, b in zip(written, form.letters, strict=True))
    if written.isascii() and (kept * 2 < len(written) or _is_word(written)):
        return "", ""
    return "leet" if digits * 2 > len(written) - kept else "lookalike", difference(written, form.letters)


def _foreign(sight: Sight, form: Form, start: int, end: int) -> str:
    """Letters that fold to the name's and are no letters of it: é for e, Ａ for a; as `e→é`."""
    if not form.letters.isascii():
        return ""
    known = set(form.name.text.lower()) | set(form.letters)
    decoded, found = sight.domain.decoded, []
    for place in range(start, end):
        character = decoded[sight.places[place]]
        if character not in known and not character.isascii():
            found.append(f"{sight.letters[place]}→{character}")
    return " ".join(found)


def _misspelt(sight: Sight, form: Form, start: int, end: int) -> Reading | None:
    written, look = sight.letters[start:end], sight.look[start:end]
    if sight.label_of[start] != sight.label_of[end - 1] or form.look in look:
        return None
    if OSA.distance(look, form.look, score_cutoff=1) != 1 or _is_word(written):
        return None
    return Reading(
        form, start, end, "misspelling", difference(written, form.letters), _is_slip(look, form.look)
    )


def _is_word(written: str) -> bool:
    return written in costs() or (written.endswith("s") and written[:-1] in costs())


def _is_slip(written: str, wanted: str) -> bool:
    if len(written) == len(wanted):
        changed = [n for n in range(len(wanted)) if written[n] != wanted[n]]
        if len(changed) == 2:
            return True
        return _next_keys(written[changed[0]], wanted[changed[0]])
    longer, shorter = sorted((written, wanted), key=len, reverse=True)
    at = next((n for n, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    return longer[at] in longer[max(0, at - 1) : at] + longer[at + 1 : at + 2]


def _next_keys(one: str, other: str) -> bool:
    places = {c: (row, column) for row, keys in enumerate(KEYBOARD) for column, c in enumerate(keys)}
    if one not in places or other not in places:
        return False
    (r1, c1), (r2, c2) = places[one], places[other]
    return abs(r1 - r2) <= 1 and abs(c1 - c2) <= 1


def _whole_tokens(sight: Sight, start: int, end: int) -> bool:
    return sight.token_at(start).start == start and sight.token_at(end - 1).end == end


def _breaks(sight: Sight, start: int, end: int) -> list[int]:
    """Where tokens part inside a stretch, counted from its beginning."""
    return [token.start - start for token in sight.tokens if start < token.start < end]


def _hyphens_fit(sight: Sight, form: Form, start: int, end: int) -> bool:
    places, at = set(), 0
    for word in form.words:
        at += len(word)
        places.add(at)
    return set(_breaks(sight, start, end)) <= places


def _spelt_out(sight: Sight, form: Form, start: int, end: int) -> bool:
    """Hyphens inside words of a name: s-t-a-r, ka-zari; but car-pet is no carpet."""
    if not _whole_tokens(sight, start, end):
        return False
    places = [0, *_breaks(sight, start, end), end - start]
    parts = [sight.letters[start + a : start + b] for a, b in itertools.pairwise(places)]
    if (end - start) / len(parts) <= LONE_LETTERS:
        return True
    return form.weight >= 8 and not all(part in costs() for part in parts)
