"""Words in a page: every cue of the tables found in one scan, each with its place in the original."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import cycle, product

import numpy as np
from ahocorasick_rs import AhoCorasick

from ipguard.matching.text.fold import Folded, Offsets, decode, encode, fold, letters_and_digits
from ipguard.matching.text.scripts import Script, script_of

LANGUAGES = ("en", "zh", "ja", "ko", "es", "pt", "ru", "fr", "de", "id", "vi", "th", "tr")
MAX_HITS = 400
"""Of one word; a page that repeats it says nothing new."""
MIN_JOINED = 9
"""Letters from which words run together are one: #privateserver."""
PHRASE = 4
GAP = r"(?: [^ ]{1,20}){0,6}?"
"""What `~` in a word stands for: up to six words, as a name between "read" and "online free"."""
BREAK = re.compile(r"[.!?]\s|[。！？\n]")
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Cue:
    """One row of a table: words of many languages that say the same."""

    id: str
    words: tuple[str, ...]
    group: str = ""
    offer: str = ""
    weight: float = 0.0
    phrase_weight: float = 0.0
    """Of a word of several words, or of four and more Han, kana or Hangul: it says more than a bare one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One word of a cue where it stands in a text: code points of the original."""

    cue: Cue
    word: str
    """Folded, as the table has it."""
    start: int
    end: int
    first: int
    last: int
    """Where it stands in `Seen.spaced`."""

    @property
    def weight(self) -> float:
        """What the word weighs."""
        phrase = " " in self.word if self.word[0] < "\u0e00" else len(self.word) >= PHRASE
        return self.cue.phrase_weight if phrase and self.cue.phrase_weight else self.cue.weight


@dataclass(frozen=True, slots=True)
class Seen:
    """A text ready for scanning: folded, every run of signs one space, and back to the original."""

    original: str
    spaced: str
    starts: Offsets
    ends: Offsets
    tight: str
    """Without any space."""
    places: Offsets
    """Where each character of `tight` stands in `spaced`."""

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Characters [first, last) of `spaced` in code points of the original."""
        return int(self.starts[first]), int(self.ends[last - 1])


def seen(text: str) -> Seen:
    """A text ready for scanning; a lone surrogate is a sign."""
    folded = fold(SURROGATE.sub("\ufffd", text))
    codes = encode(folded.text)
    letters = letters_and_digits()[codes]
    first_gap = ~letters & np.concatenate(([True], letters[:-1])) if len(codes) else letters
    spaced = np.where(letters, codes, np.uint32(0x20))
    kept = letters | first_gap
    line = Folded(decode(spaced), folded.starts, folded.ends).keep(kept)
    places = np.flatnonzero(letters[kept])
    return Seen(text, line.text, line.starts, line.ends, decode(encode(line.text)[places]), places)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One written word: what the scan looks for, and how the rest of it must go on."""

    cue: Cue
    word: str
    rest: re.Pattern[str] | None
    """For words with `*` or `~`: matched where the literal begins."""


class Scanner:
    """Looks for all words of some cues at once; immutable once made."""

    def __init__(
        self,
        cues: Iterable[Cue],
        unless: Mapping[str, Sequence[str]] | None = None,
        most: int = MAX_HITS,
    ) -> None:
        self._unless = {_plain(w): tuple(map(_plain, after)) for w, after in (unless or {}).items()}
        self._spaced, self._tight = _Automaton(most), _Automaton(most)
        for cue in cues:
            for written in dict.fromkeys(cue.words):
                word = _plain(written)
                if not word:
                    continue
                if _has_words(word):
                    self._spaced.add(*_worded(cue, word))
                    joined = word.replace(" ", "")
                    if " " in word and "*" not in word and len(joined) >= MIN_JOINED:
                        self._spaced.add(joined, _Pattern(cue, word, None))
                else:
                    self._tight.add(word.replace(" ", ""), _Pattern(cue, word, None))
        self._spaced.close()
        self._tight.close()

    def hits(self, text: Seen) -> list[Hit]:
        """Every word found, in order; of each only as many as were asked for."""
        found: list[Hit] = []
        for pattern, start, end in self._spaced.find(text.spaced):
            last = _whole(pattern, text.spaced, start, end)
            if (
                last
                and not self._turned(pattern, text.spaced, last)
                and not _broken(pattern, text, start, last)
            ):
                found.append(Hit(pattern.cue, pattern.word, *text.span(start, last), start, last))
        for pattern, start, end in self._tight.find(text.tight):
            first, last = int(text.places[start]), int(text.places[end - 1]) + 1
            close = last - first <= 2 * (end - start) and _edges(text.spaced, first, last)
            if close and not self._turned(pattern, text.spaced, last):
                found.append(Hit(pattern.cue, pattern.word, *text.span(first, last), first, last))
        return _outer(found)

    def _turned(self, pattern: _Pattern, text: str, last: int) -> bool:
        """Whether what follows gives the word another meaning."""
        after = self._unless.get(pattern.word)
        return after is not None and text[last : last + 20].lstrip().startswith(after)


class _Automaton:
    """Words to patterns; several patterns may share a literal."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._words: dict[str, list[_Pattern]] = {}
        self._scan: AhoCorasick | None = None
        self._order: list[list[_Pattern]] = []

    def add(self, literal: str, pattern: _Pattern) -> None:
        self._words.setdefault(literal, []).append(pattern)

    def close(self) -> None:
        self._order = list(self._words.values())
        self._scan = AhoCorasick(list(self._words)) if self._words else None

    def find(self, text: str) -> Iterable[tuple[_Pattern, int, int]]:
        if self._scan is None:
            return
        often = [0] * len(self._order)
        for index, start, end in self._scan.find_matches_as_indexes(text, overlapping=True):
            often[index] += 1
            if often[index] > self._most:
                continue
            for pattern in self._order[index]:
                yield pattern, start, end


def _outer(found: Iterable[Hit]) -> list[Hit]:
    """In order, without those that stand within another hit of the same cue: "donation" in "donations"."""
    reached: dict[str, int] = {}
    kept = []
    for hit in sorted(found, key=lambda hit: (hit.first, -hit.last)):
        if hit.last > reached.get(hit.cue.id, -1):
            reached[hit.cue.id] = hit.last
            kept.append(hit)
    return kept


def _worded(cue: Cue, word: str) -> tuple[str, _Pattern]:
    literal = re.split(r"\*| ~", word, maxsplit=1)[0]
    if literal == word:
        return literal, _Pattern(cue, word, None)
    first, *others = (_piece(piece) for piece in word.split(" "))
    rest = first + "".join(GAP if piece == "~" else f" {piece}" for piece in others)
    return literal, _Pattern(cue, word, re.compile(rest + r"(?![^ ])"))


def _piece(piece: str) -> str:
    return "~" if piece == "~" else re.escape(piece).replace(r"\*", r"[^ ]{0,14}")


def _whole(pattern: _Pattern, text: str, start: int, end: int) -> int:
    """Where a word that begins at `start` ends, or 0 where it is part of a longer one."""
    if not _edge(text, start):
        return 0
    if pattern.rest is not None:
        found = pattern.rest.match(text, start)
        return found.end() if found else 0
    if _edge(text, end):
        return end
    return end + 1 if text[end] == "s" and text[end - 1].isascii() and _edge(text, end + 1) else 0


def _broken(pattern: _Pattern, text: Seen, first: int, last: int) -> bool:
    """Whether a sentence ends within a word of several parts."""
    if pattern.rest is None:
        return False
    start, end = text.span(first, last)
    return BREAK.search(text.original, start, end) is not None


def _edges(text: str, first: int, last: int) -> bool:
    """Han, kana and Thai run on; Latin letters at an end of a mixed word must not."""
    return (not text[first].isascii() or _edge(text, first)) and (
        not text[last - 1].isascii() or _edge(text, last)
    )


def _edge(text: str, at: int) -> bool:
    """Whether a word of a script with spaces may begin or end before character `at`."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == " " or after == " ":
        return True
    if before.isdigit() != after.isdigit():
        return True
    return script_of(before) is not Script.SPACED or script_of(after) is not Script.SPACED


def _has_words(word: str) -> bool:
    return all(script_of(c) is Script.SPACED for c in word if c not in " *~")


def _plain(word: str) -> str:
    """A word as the scan sees texts: folded, signs as one space; `*` and `~` stay."""
    pieces = re.split(r"([*~])", word)
    plain = [piece if piece in "*~" else " ".join(seen(piece).spaced.split()) for piece in pieces if piece]
    return re.sub(r" \*", "*", " ".join(piece for piece in plain if piece))


@lru_cache(maxsize=4)
def table(name: str) -> Mapping[str, object]:
    """A data file, read once."""
    return tomllib.loads(files("ipguard.matching.pages").joinpath(f"data/{name}.toml").read_text("utf-8"))


def rows(name: str, key: str) -> list[Cue]:
    """The cues of one list of a table."""
    listed = table(name)[key]
    if not isinstance(listed, list):
        raise TypeError(f"{name}.toml: {key} is no list of tables")
    return [
        Cue(
            id=row["name"],
            words=tuple(
                word
                for language in LANGUAGES
                for written in row.get(language, ())
                for word in _spelt_out(written)
            ),
            group=row.get("group", ""),
            offer=row.get("offer", ""),
            weight=float(row.get("weight", 1.0)),
            phrase_weight=float(row.get("phrase_weight", 0.0)),
        )
        for row in listed
    ]


def _spelt_out(written: str) -> list[str]:
    """A word with `{a|b}` as all the words it stands for."""
    parts = re.split(r"\{([^}]*)\}", written)
    choices = [
        part.split("|") if odd else [part] for odd, part in zip(cycle((False, True)), parts, strict=False)
    ]
    return ["".join(chosen) for chosen in product(*choices)]


def words(name: str, section: str, key: str) -> Sequence[str]:
    """A plain list of words of a table."""
    part = table(name)[section]
    if not isinstance(part, Mapping):
        raise TypeError(f"{name}.toml: {section} is no table")
    return tuple(part[key])
