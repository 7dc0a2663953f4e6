"""Which original characters stand for which letters of a name: what an analyst is shown and a notice can say."""

from __future__ import annotations

import unicodedata

from rapidfuzz.distance import Levenshtein

from ipguard.matching.finding import Change
from ipguard.matching.text.names import Form
from ipguard.matching.text.scripts import NONE
from ipguard.matching.text.views import Batch

MAX_CHANGES = 64
"""Told of one stretch."""
WHOLE = frozenset({"pinyin", "romanised", "initials", "word_order", "inflected"})


def changes_of(batch: Batch, first: int, last: int, form: Form, layer: str) -> tuple[Change, ...]:
    """Every original character within base [first, last) that is not the letter the name has there.

    Nothing for a name in another alphabet or order: there no character stands for one letter.
    """
    if layer in WHOLE:
        return ()
    places = [place for place in range(first, last) if not batch.text[place].isspace()]
    if len(places) != len(form.compact):
        places = [place for place in places if batch.kinds[place] != NONE]
    letters = "".join(batch.text[place] for place in places)
    found = []
    if len(letters) == len(form.compact):
        pairs = zip(places, form.compact, strict=True)
        found = [_change(batch, place, wanted) for place, wanted in pairs if _differs(batch, place, wanted)]
    else:
        for edit in Levenshtein.editops(letters, form.compact):
            if edit.tag != "insert":
                wanted = form.compact[edit.dest_pos] if edit.tag == "replace" else ""
                found.append(_change(batch, places[edit.src_pos], wanted))
    return tuple(found[:MAX_CHANGES])


def is_disguised(written: str, name: str) -> bool:
    """Whether a name is written with other characters than its own: invisible, styled, of another standard."""
    return unicodedata.normalize("NFC", written).casefold() != unicodedata.normalize("NFC", name).casefold()


def _differs(batch: Batch, place: int, wanted: str) -> bool:
    written = batch.written(place)
    return written.casefold() != wanted and unicodedata.normalize("NFD", written.casefold())[0] != wanted


def _change(batch: Batch, place: int, wanted: str) -> Change:
    number, start, end = batch.span(place, place + 1)
    return Change(start, end, batch.texts[number][start:end], wanted)
