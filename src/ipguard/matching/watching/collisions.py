"""What a name would be confused with: everyday words and phrases, words it stands in, other names of the watchlist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from ahocorasick_rs import AhoCorasick
from rapidfuzz.distance import OSA

from ipguard.matching.finding import Reason
from ipguard.matching.romanise import romanised
from ipguard.matching.text.fold import compact, fold
from ipguard.matching.text.names import WatchedName
from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.words.lexicon import cut, everyday, words

SHORT_LATIN, SHORT_HAN, SHORT_SYLLABLES = 4, 2, 2
"""Letters, Han characters, and kana or Hangul syllables up to which a name stands in much that is not the work."""
PHRASE_RANK: Mapping[str, int] = MappingProxyType({"en": 4_000, "zh": 6_000})
"""A name all of whose words are as common as this is also an everyday phrase."""
FUNCTION = "的我你他她它是不了在有和与之"
"""Han characters that are words by themselves, which the list of longer words does not hold."""
SHOWN = 5
"""Words shown of many."""
NEAR_LETTERS = 5
"""Letters from which names one letter apart are told."""
LATIN_LISTS = ("en", "es", "fr", "de", "pt", "it", "nl")
SPOKEN = ("zh-pinyin", "ja-romaji")


@dataclass(frozen=True, slots=True)
class Collision:
    """One thing a name may be taken for."""

    reason: Reason
    """`collision.*`: everyday, phrase, short, short_han, within, sounds, same, inside_name, near, same_sound."""
    wants_context: bool
    """Whether `needs_context = true` would settle it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a name collides with."""

    collisions: tuple[Collision, ...]
    notes: tuple[Reason, ...] = ()
    """What is good to know and no reason to change anything."""


def unsettled(name: WatchedName, collisions: Iterable[Collision]) -> list[Collision]:
    """Collisions that nothing has been done about: words that must stand beside a name settle most."""
    settled = name.needs_context or bool(name.required or name.any_of)
    return [one for one in collisions if not (one.wants_context and settled)]


def everyday_collisions(name: WatchedName) -> Report:
    """What a name collides with in the languages it may be met in."""
    folded = fold(name.text)
    letters = compact(folded).text
    found: list[Collision] = []
    notes: list[Reason] = []
    known = [(which, rank) for which, rank in everyday(letters) if which not in SPOKEN]
    for which, rank in known[:1]:
        found.append(_collision("everyday", name, True, language=which, rank=rank))
    found += _short(name, letters)
    parts = _everyday_parts(folded.text, letters)
    if not known and parts:
        found.append(_collision("phrase", name, True, words=" + ".join(parts)))
    holding, count = _words_around(letters)
    if count:
        notes.append(_reason("within", name, count=count, words=", ".join(holding)))
    for read in romanised(name.text)[:1]:
        if spoken := [(which, rank) for which, rank in everyday(read.replace(" ", ""))]:
            which, rank = spoken[0]
            notes.append(_reason("sounds", name, read=read, language=which, rank=rank))
    return Report(tuple(found), tuple(notes))


def collisions_between(names: Sequence[WatchedName]) -> dict[int, list[Collision]]:
    """What names collide with among themselves, by their place in `names`; only names of different works."""
    letters = [compact(fold(name.text)).text for name in names]
    found: dict[int, list[Collision]] = defaultdict(list)
    by_letters: dict[str, list[int]] = defaultdict(list)
    by_sound: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(letters):
        by_letters[one].append(i)
        for read in romanised(names[i].text)[:1]:
            by_sound[read.replace(" ", "")].append(i)
    for same in by_letters.values():
        _tell_all(found, names, same, "same")
    for same in by_sound.values():
        apart = [i for i in same if letters[i] != letters[same[0]]]
        _tell_all(found, names, [same[0], *apart] if apart else [], "same_sound")
    _contained(found, names, letters)
    _near(found, names, letters)
    return dict(found)


def _contained(
    found: dict[int, list[Collision]], names: Sequence[WatchedName], letters: Sequence[str]
) -> None:
    automaton = AhoCorasick([one or "\0" for one in letters])
    for i, one in enumerate(letters):
        for j, start, end in automaton.find_matches_as_indexes(one, overlapping=True):
            whole = end - start == len(one)
            if not whole and names[i].work != names[j].work and _at_edges(names[i], names[j]):
                found[j].append(
                    _collision("inside_name", names[j], True, other=names[i].text, work=names[i].work)
                )


def _near(found: dict[int, list[Collision]], names: Sequence[WatchedName], letters: Sequence[str]) -> None:
    """Names one letter apart share what is left when a letter of each is taken out."""
    lacking: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(letters):
        if len(one) >= NEAR_LETTERS:
            for rest in {one, *(one[:n] + one[n + 1 :] for n in range(len(one)))}:
                lacking[rest].append(i)
    told: set[tuple[int, int]] = set()
    for same in lacking.values():
        for i in same:
            for j in same:
                pair = (i, j)
                if i == j or pair in told or names[i].work == names[j].work or letters[i] == letters[j]:
                    continue
                told.add(pair)
                if OSA.distance(letters[i], letters[j], score_cutoff=1) == 1:
                    values = {"other": names[j].text, "work": names[j].work}
                    found[i].append(_collision("near", names[i], False, **values))


def _tell_all(
    found: dict[int, list[Collision]], names: Sequence[WatchedName], same: Sequence[int], code: str
) -> None:
    for i in same:
        other = next((j for j in same if names[j].work != names[i].work), None)
        if other is not None:
            values = {"other": names[other].text, "work": names[other].work}
            found[i].append(_collision(code, names[i], False, **values))


def _short(name: WatchedName, letters: str) -> list[Collision]:
    scripts = {script_of(c) for c in letters}
    if scripts == {Script.HAN} and len(letters) <= SHORT_HAN:
        return [_collision("short_han", name, True, letters=len(letters))]
    limit = SHORT_LATIN if scripts == {Script.SPACED} else 0 if Script.HAN in scripts else SHORT_SYLLABLES
    return [_collision("short", name, True, letters=len(letters))] if len(letters) <= limit else []


def _everyday_parts(folded: str, letters: str) -> list[str]:
    """The words of a name where all of them are very common; empty where one is not, or there is only one."""
    if all(script_of(c) is Script.HAN for c in letters):
        parts = [letters[p.start : p.end] for p in cut(letters, _han_costs()).pieces]
        common = all(
            part in FUNCTION or words("zh").get(part, 1 << 30) <= PHRASE_RANK["zh"] for part in parts
        )
        return parts if common and len(parts) > 1 else []
    parts = folded.split()
    common = all(
        any(words(which).get(part, 1 << 30) <= PHRASE_RANK["en"] for which in LATIN_LISTS) for part in parts
    )
    return parts if common and len(parts) > 1 else []


@lru_cache(maxsize=1)
def _han_costs() -> Mapping[str, float]:
    return dict.fromkeys(words("zh"), 10.0)


def _words_around(letters: str) -> tuple[list[str], int]:
    """Everyday words that hold the letters of a name, the commonest first, and how many there are."""
    lists = LATIN_LISTS if letters.isascii() else ("zh", "ja", "ko", "ru")
    holding = {
        word: rank
        for which in lists
        for word, rank in words(which).items()
        if letters in word and word not in (letters, letters + "s")
    }
    return sorted(holding, key=holding.__getitem__)[:SHOWN], len(holding)


def _at_edges(longer: WatchedName, shorter: WatchedName) -> bool:
    """Whether the shorter name is whole words of the longer one, in scripts that have words."""
    one, other = fold(longer.text).text.split(), fold(shorter.text).text.split()
    if any(script_of(c) is not Script.SPACED for c in compact(fold(shorter.text)).text):
        return True
    return any(one[n : n + len(other)] == other for n in range(len(one)))


def _collision(code: str, name: WatchedName, wants_context: bool, **values: str | int) -> Collision:
    return Collision(_reason(code, name, **values), wants_context)


def _reason(code: str, name: WatchedName, **values: str | int) -> Reason:
    return Reason(f"collision.{code}", MappingProxyType({"name": name.text, **values}))
