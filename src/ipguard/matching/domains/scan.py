"""The first look over many domain names at once: which may hold which name, and where.

Whole batches are arrays. Exact forms are found by one Aho-Corasick scan over the names without hyphens and dots. One
wrong letter is found by deletion neighbourhoods (Bocek, Hunt, Stiller 2007, "Fast Similarity Search in Large
Dictionaries"): two words one edit apart share a word that lacks one letter of each. Looked at are stretches that begin
or end where a token does and leave of it nothing, a number, or a word. Whatever is found is verified by the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from ahocorasick_rs import BytesAhoCorasick
from numpy.typing import NDArray

from ipguard.matching.domains.company import affixes, supporting
from ipguard.matching.domains.forms import MIN_TYPO, Form, look_of
from ipguard.matching.domains.hashes import Hasher, HashSet, Places, hasher_of, set_of
from ipguard.matching.words.lexicon import costs, words

MAX_TYPO = 24
"""Letters of a name, at most, in which wrong letters are looked for."""
SHORT, FAIR, LONG = 4, 7, 10
"""Names of up to SHORT letters are looked for only where a token begins or ends; up to FAIR, not deep inside one; from
LONG on, everyday words are mistaken for them only by intent."""
BATCH = 4096
"""Names looked at in one pass: its arrays stay in a core's cache."""
COMMON = 20_000
"""Rank of English words that may stand beside a misspelt name."""
OFTEN = (
    "official", "online", "shop", "store", "outlet", "sale", "merch", "gift", "toy", "toys", "plush", "fan", "private",
    "server", "mod", "apk", "free", "download", "mobile", "game", "us", "usa", "uk", "eu", "jp", "tw", "hk", "cn", "de",
)  # fmt: skip
"""Words that stand beside a misspelt name together with another one."""
NUMBERS = (*range(1000), *range(1990, 2040))
"""Numbers that stand beside names, as far as misspelt ones go."""
FIRST_HALF, LAST_HALF = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F)
"""Odd numbers that keep hashes of halves apart by side and by length."""
NEWLINE, DOT = b"\n."

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a domain name's letters that may be a form."""

    form: int
    start: int
    end: int
    typo: bool


@dataclass(frozen=True, slots=True)
class _Batch:
    """Many names as one array of letters, a newline after each."""

    letters: NDArray[np.uint8]
    rows: Places
    """Where each name begins in `letters`; one more than there are names."""
    starts: Places
    """Letters that begin a token outside the last label."""
    ends: Places
    """One past letters that end a token outside the last label."""
    label_starts: Places
    """Of each letter: where its label begins."""
    label_ends: Places
    token_starts: Places
    token_ends: Places


class Scanner:
    """Looks for many forms at once; immutable once made."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._table = _byte_table()
        latin = [(form.look.encode("latin-1", "replace"), i) for i, form in enumerate(forms) if form.look]
        long: dict[bytes, list[int]] = defaultdict(list)
        for word, i in latin:
            if len(word) > SHORT:
                long[word].append(i)
        self._patterns = list(long.values())
        self._automaton = BytesAhoCorasick(list(long)) if long else None
        self._short, self._short_forms = _numbered([(w, i) for w, i in latin if len(w) <= SHORT])
        near = [(w, i) for w, i in latin if MIN_TYPO <= len(w) <= MAX_TYPO and forms[i].may_be_misspelt]
        self._near, self._near_forms = _numbered(near, shortened=True)
        self._halves = _halves_of([word for word, _ in near])
        self._near_lengths = np.array([len(word) for word, _ in near], dtype=np.int64)
        self._lengths = np.zeros(MAX_TYPO + 3, dtype=bool)
        for word, _ in near:
            self._lengths[len(word) - 1 : len(word) + 2] = True
        self._lengths[2 : SHORT + 1] |= bool(self._short)
        self._any = bool(latin)
        self._sets = _word_sets()

    def scan(self, names: Sequence[str]) -> dict[int, list[Found]]:
        """What each name may hold, by its place in `names`; offsets count letters and digits from its beginning.

        Args:
            names: lower case or not; letters that are not ASCII are never part of a hit.
        """
        found: dict[int, list[Found]] = defaultdict(list)
        if not self._any:
            return found
        for first in range(0, len(names), BATCH):
            batch = self._batch(names[first : first + BATCH])
            hasher = hasher_of(batch.letters)
            rests = _rests(batch, hasher, self._sets.beside)
            self._exact(batch, hasher, rests, first, found)
            self._edges(batch, hasher, rests, first, found)
        return found

    def _batch(self, names: Sequence[str]) -> _Batch:
        blob = "\n".join(names).encode("ascii", "replace").translate(self._table) + b"\n"
        codes = np.frombuffer(blob, dtype=np.uint8)
        places = np.flatnonzero((codes > DOT) | (codes == NEWLINE))
        letters = codes.take(places)
        breaks = letters == NEWLINE
        parted = np.empty(len(places), dtype=bool)
        parted[0] = True
        parted[1:] = codes[places[1:] - 1] <= DOT
        dots = np.cumsum(codes == DOT).take(places)
        label = np.empty(len(places), dtype=bool)
        label[0] = True
        label[1:] = (dots[1:] != dots[:-1]) | breaks[1:] | breaks[:-1]
        label_starts, label_ends, number = _runs(label)
        token_starts, token_ends, _ = _runs(label | parted)
        last = np.append(
            breaks[np.flatnonzero(label)[1:]], True
        )  # a label right before a newline is the last
        inner = ~(last[number] | breaks)
        at = np.arange(len(places))
        return _Batch(
            letters=letters,
            rows=np.concatenate(([0], np.flatnonzero(breaks) + 1)),
            starts=np.flatnonzero(inner & (token_starts == at)),
            ends=np.flatnonzero(inner & (token_ends == at + 1)) + 1,
            label_starts=label_starts,
            label_ends=label_ends,
            token_starts=token_starts,
            token_ends=token_ends,
        )

    def _exact(
        self, batch: _Batch, hasher: Hasher, rests: _Rests, offset: int, found: dict[int, list[Found]]
    ) -> None:
        if self._automaton is None:
            return
        hits = self._automaton.find_matches_as_indexes(batch.letters.tobytes(), overlapping=True)
        if not hits:
            return
        pattern, start, end = np.array(hits, dtype=np.int64).T
        begin, finish = batch.token_starts[start], batch.token_ends[end - 1]
        left, right = begin == start, finish == end
        plural = left & (finish == end + 1)
        inside = self._sets.words.holds(hasher.whole(begin, finish)) & ~(left & right) & ~plural
        sides = rests.before[start] & rests.after[end]
        kept = ~inside & ((end - start > FAIR) | left | right | sides)
        pattern, start, end = pattern[kept], start[kept], end[kept]
        rows = np.searchsorted(batch.rows, start, "right") - 1
        begins = batch.rows[rows]
        places = zip(rows.tolist(), (start - begins).tolist(), (end - begins).tolist(), strict=True)
        for word, (row, first, last) in zip(pattern.tolist(), places, strict=True):
            found[offset + row] += [Found(form, first, last, False) for form in self._patterns[word]]

    def _edges(
        self, batch: _Batch, hasher: Hasher, rests: _Rests, offset: int, found: dict[int, list[Found]]
    ) -> None:
        """Short names, and names with one wrong letter, where a token begins or ends."""
        if not (len(self._short) or len(self._near)):
            return
        starts, ends = self._stretches(batch, rests)
        keys = hasher.whole(starts, ends)
        if len(self._short):
            few = np.flatnonzero(ends - starts <= SHORT)
            at, word = self._short.find(keys[few])
            _add(found, batch, offset, starts[few[at]], ends[few[at]], self._short_forms[word], typo=False)
        if len(self._near):
            kept = np.flatnonzero((ends - starts >= SHORT) & self._may_be_near(hasher, starts, ends))
            kept = kept[~self._sets.words.holds(keys[kept])]
            once, word = self._near.find(keys[kept])
            index, less = hasher.leaving_out(starts[kept], ends[kept])
            again, more = self._near.find(less)
            at, word = kept[np.concatenate((once, index[again]))], np.concatenate((word, more))
            sound = self._sound(batch, hasher, starts[at], ends[at], self._near_lengths[word])
            _add(
                found,
                batch,
                offset,
                starts[at[sound]],
                ends[at[sound]],
                self._near_forms[word[sound]],
                typo=True,
            )

    def _may_be_near(self, hasher: Hasher, starts: Places, ends: Places) -> Mask:
        """Whether a stretch begins, or ends, as a name does: one wrong letter leaves one half as it is."""
        half = _half(ends - starts)
        length = (ends - starts).astype(np.uint64)
        begins = self._halves.may_hold(hasher.whole(starts, starts + half) ^ (length * FIRST_HALF))
        finishes = self._halves.may_hold(hasher.whole(ends - half, ends) ^ (length * LAST_HALF))
        return begins | finishes

    def _sound(self, batch: _Batch, hasher: Hasher, starts: Places, ends: Places, lengths: Places) -> Mask:
        """Misspelt names are no part of an everyday word; short ones leave nothing, or a word that goes with names."""
        begins, finishes = batch.token_starts[starts], batch.token_ends[ends - 1]
        whole = (begins == starts) & (finishes == ends)
        words = np.flatnonzero(~whole & (lengths < LONG))
        part = np.zeros(len(starts), dtype=bool)
        part[words] = self._sets.words.holds(hasher.whole(begins[words], finishes[words]))
        sound: Mask = (whole | (lengths > FAIR)) & ~part
        some = np.flatnonzero(~sound & ~part & (lengths > MIN_TYPO))
        known = self._sets.affixes
        for first, last in ((begins[some], starts[some]), (ends[some], finishes[some])):
            sound[some] |= known.holds(hasher.whole(first, last))
        return sound

    def _stretches(self, batch: _Batch, rests: _Rests) -> tuple[Places, Places]:
        """Stretches that begin or end with a token, of lengths that matter, and leave of it what may be left."""
        most = len(self._lengths) - 1
        good = np.flatnonzero(rests.after)
        upto = np.cumsum(rests.after)
        limit = np.minimum(batch.label_ends.take(batch.starts), batch.starts + most)
        before = upto.take(batch.starts)
        at, count = _counted(upto.take(limit) - before)
        s1, e1 = batch.starts.take(at), good.take(before.take(at) + count - 1)
        good = np.flatnonzero(rests.inside)
        upto = np.concatenate(([0], np.cumsum(rests.inside)))
        limit = np.maximum(batch.label_starts[batch.ends - 1], batch.ends - most)
        before = upto.take(limit)
        at, count = _counted(upto.take(batch.ends) - before)
        s2, e2 = good.take(before.take(at) + count - 1), batch.ends.take(at)
        starts, ends = np.concatenate((s1, s2)), np.concatenate((e1, e2))
        kept = np.flatnonzero(self._lengths.take(ends - starts))
        return starts.take(kept), ends.take(kept)


@dataclass(frozen=True, slots=True)
class _Rests:
    """For every place between letters, whether what lies between it and an edge of its token may be left over."""

    after: Mask
    """From the place to the end of the token before it: nothing, a number or a word."""
    before: Mask
    """From the beginning of the token to the place: the same."""
    inside: Mask
    """`before`, but not where a token begins."""


def _rests(batch: _Batch, hasher: Hasher, beside: HashSet) -> _Rests:
    at = np.arange(len(batch.letters))
    after = np.zeros(len(at) + 1, dtype=bool)
    after[1:] = (batch.token_ends == at + 1) | beside.may_hold(
        hasher.whole(at + 1, np.maximum(batch.token_ends, at + 1))
    )
    inside = beside.may_hold(hasher.whole(batch.token_starts, at))
    first = batch.token_starts == at
    return _Rests(after, inside | first, inside & ~first)


def _add(
    found: dict[int, list[Found]],
    batch: _Batch,
    offset: int,
    starts: Places,
    ends: Places,
    forms: Places,
    *,
    typo: bool,
) -> None:
    rows = np.searchsorted(batch.rows, starts, "right") - 1
    begins = batch.rows[rows]
    hits = zip(
        rows.tolist(), (starts - begins).tolist(), (ends - begins).tolist(), forms.tolist(), strict=True
    )
    for row, start, end, form in set(hits):
        found[offset + row].append(Found(form, start, end, typo))


def _counted(counts: Places) -> tuple[Places, Places]:
    """For each count n: its index n times, beside 1..n."""
    index = np.repeat(np.arange(len(counts)), counts)
    return index, np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts) + 1


def _runs(begins: Mask) -> tuple[Places, Places, Places]:
    """Of each element: where its run begins, where it ends, and the number of the run."""
    number = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    return starts.take(number), np.append(starts[1:], len(begins)).take(number), number


def _half(lengths: Places) -> Places:
    """Letters at the beginning or at the end that one wrong letter, or two swapped, leave as they are."""
    return (lengths - 2) // 2


def _halves_of(words: Sequence[bytes]) -> HashSet:
    """Beginnings and ends of words, for every length that a word with one letter wrong may have."""
    hasher = hasher_of(np.frombuffer(b"".join(words), dtype=np.uint8))
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    ends = np.cumsum(lengths)
    keys = []
    for more in (-1, 0, 1):
        half, length = _half(lengths + more), (lengths + more).astype(np.uint64)
        keys.append(hasher.whole(ends - lengths, ends - lengths + half) ^ (length * FIRST_HALF))
        keys.append(hasher.whole(ends - half, ends) ^ (length * LAST_HALF))
    joined = np.concatenate(keys)
    return HashSet(joined, np.arange(len(joined)))


def _numbered(words: Sequence[tuple[bytes, int]], *, shortened: bool = False) -> tuple[HashSet, Places]:
    return set_of([word for word, _ in words], shortened=shortened), np.array(
        [i for _, i in words], dtype=np.int64
    )


@dataclass(frozen=True, slots=True)
class _WordSets:
    """Words as they look."""

    words: HashSet
    """Everyday words."""
    beside: HashSet
    """What may be left of a token beside a name."""
    affixes: HashSet
    """Words that say what a name is taken for, and pairs of them; numbers."""


@lru_cache(maxsize=1)
def _word_sets() -> _WordSets:
    everyday = [word for word in costs() if word.isascii()]
    kinds = [word for word in affixes().kinds if word.isascii()]
    support = [word for word in supporting() if word.isascii()]
    pairs = [pair for a in support for b in OFTEN for pair in (a + b, b + a)]
    beside = [word for word, rank in words("en").items() if len(word) > 2 and rank <= COMMON]
    often = [*support, *pairs, *(str(number) for number in NUMBERS)]
    return _WordSets(_looking(everyday), _looking([*beside, *kinds, *often]), _looking(often))


def _looking(words: Sequence[str]) -> HashSet:
    text = look_of("\n".join(words))
    return set_of(sorted({word.encode("ascii") for word in text.split("\n") if word.isascii()}))


def _byte_table() -> bytes:
    """ASCII → what it is read as: look-alikes unified, `_` as a hyphen, whatever cannot stand in a name as one."""
    table = bytearray(b"-" * 256)
    for code in range(128):
        character = chr(code).lower()
        if character.isalnum() or character == "?":
            table[code] = ord(look_of(character))
    table[NEWLINE], table[DOT] = NEWLINE, DOT
    return bytes(table)
