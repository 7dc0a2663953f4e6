"""Pages that offer a watched work without its owner: private servers, emulators, cheats, pirated clients, mirrors.

Signals come in independent groups: A the name, B distribution, C mechanics, D money, E community, F technical,
G a confirmed label. Nothing is found on one group alone; A+F, A+G or A and two of B to E make a report, A and one of
them asks for a look. The words stand in `data/cues.toml`, what speaks against them in `data/against.toml`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from ipguard.matching.finding import Finding, PagePlace, PageSign, Reason, TextPlace
from ipguard.matching.pages.against import core_left, nearer_game, other_game_titled, reasons_against
from ipguard.matching.pages.cues import Hit, Scanner, rows, seen, table
from ipguard.matching.pages.page import Page, PageKind, bounded
from ipguard.matching.pages.structure import Sign, called, place_of, structural_signs
from ipguard.matching.pages.weighing import (
    NONE,
    Against,
    Weighed,
    doubt,
    hold_back,
    outright,
    strength_of,
    weigh,
)
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.rights.work import Work

VERSION = "1"
MIN_NAME = 0.2
"""Strength from which a name counts."""
UNSURE_NAME = 0.3
"""Up to this strength a name could be a common word: it counts only beside what is offered."""
MIN_VAGUE_NAME = 0.4
VAGUE = {"pinyin", "word_order", "misspelling", "homophone"}
HEAD = 120
"""Code points at the start of a text that stand for a title where a page has none, or the name of a repository."""
REACH = 500
"""Code points around a name within which words are about it, on a page that is about something else."""
CORE_REACH = 120
DESCRIBING = (
    "price",
    "price_for_time",
    "rate",
    "version_in_title",
    "top_list",
    "chapter_range",
    "repository_name",
    "repository",
)
"""Patterns that tell of a thing and offer nothing: news has them too."""
MAX_SIGNS = 60
"""Kept in one finding."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Where one work's names stand on a page."""

    work: str
    signs: tuple[PageSign, ...]
    spots: tuple[int, ...]
    """In the text, sorted."""
    titled: bool
    """In the title, the address or the labels."""
    unsure: bool
    """Each of them could be something else."""

    @property
    def fields(self) -> dict[str, list[int]]:
        """Where they stand, field by field."""
        found: dict[str, list[int]] = {}
        for sign in self.signs:
            found.setdefault(sign.field, []).append(sign.start)
        return found


class PageMatcher:
    """Looks for offers of many works at once; immutable once made, does no I/O."""

    def __init__(self, names: Iterable[WatchedName], official: Mapping[str, tuple[str, ...]]) -> None:
        """`official`: work → hosts of its owner, as `example.com` (hosts below it are official too)."""
        self._names = TextMatcher(names)
        self._official = MappingProxyType(
            {work: tuple(map(_host, hosts)) for work, hosts in official.items()}
        )

    def match_page(self, page: Page) -> list[Finding]:
        """What the page offers of which work, strongest first.

        `place.verdict` is report, review or none; findings with none are weak and raise nothing: they tell why a page
        that has the signs is not one.
        """
        page = bounded(page)
        named = self._named(page)
        if not named:
            return []
        words = _words(page, _scanner())
        found = [self._judge(page, one, words) for one in named]
        return sorted((f for f in found if f is not None), key=lambda f: (-f.strength, f.work))

    def _named(self, page: Page) -> list[_Named]:
        fields = {"title": page.title, "description": page.text, "tags": _address_words(page)}
        works: dict[str, list[Finding]] = {}
        for one in self._names.match_listing({name: text for name, text in fields.items() if text}):
            if isinstance(one.place, TextPlace) and _counts(one, one.place):
                works.setdefault(one.work, []).append(one)
        return [_where(work, found, page) for work, found in works.items()]

    def _judge(self, page: Page, named: _Named, words: Sequence[Sign]) -> Finding | None:
        official = self._official.get(named.work, ())
        signs = [*words, *structural_signs(page, official), *called(page, named.signs)]
        if named.unsure and not _beside(signs, named.fields):
            return None
        if not named.titled:
            signs = _near(signs, named.spots)
        if not named.titled and not any(sign.offer for sign in signs):
            return None
        left, turned = core_left(signs, page)
        kept = [s for s in signs if not s.offer or s.structural or s in left]
        weighed = weigh(kept, page.kind)
        before = weighed if weighed.offer else weigh(signs, page.kind)
        reasons = reasons_against(page, official, turned if not weighed.offer else {})
        if game := nearer_game(page, left, named.fields):
            reasons[game] = 1.0
        if named.titled and (doubted := doubt(reasons)) < 1.0 and not other_game_titled(page):
            said = core_left(hints := _words(page, _hints()), page)[0]
            kept += [s for s in hints if (not s.offer or s in said) and not _within(s, signs)]
            before = outright(before, kept, page.kind, doubted > 0.0)
            signs = kept
        if before.verdict == NONE and not before.offer:
            return None
        against = Against(
            reasons=reasons,
            offering=_offering(signs, page),
            titled=named.titled,
            core_words=len({s.sign.text.casefold() for s in left}),
        )
        verdict, demoted = hold_back(before, against)
        return _finding(page, named, before, verdict, demoted, signs)


def official_hosts(works: Iterable[Work]) -> dict[str, tuple[str, ...]]:
    """Work → hosts that are its owner's: its domains, and official sellers that are a whole host."""
    return {
        work.id: tuple(dict.fromkeys((*work.official_domains, *filter(_is_host, work.official_sellers))))
        for work in works
    }


def _finding(
    page: Page, named: _Named, weighed: Weighed, verdict: str, demoted: Sequence[str], signs: Sequence[Sign]
) -> Finding:
    speaking = [sign.sign for sign in signs if sign.sign.group in weighed.groups]
    groups = ("name", *weighed.groups)
    shown = list(dict.fromkeys(sign.text for sign in speaking if len(sign.text) <= 40))[:6]
    return Finding(
        matcher="page",
        version=VERSION,
        work=named.work,
        strength=strength_of(verdict, groups),
        reason=Reason(
            f"pages.{weighed.offer}" if verdict != NONE else "pages.held_back",
            MappingProxyType(
                {
                    "name": named.signs[0].text,
                    "groups": ", ".join(groups),
                    "words": ", ".join(shown) or "-",
                    "demoted": ", ".join(demoted) or "-",
                    "verdict": verdict,
                }
            ),
        ),
        place=PagePlace(
            url=page.url,
            offer=weighed.offer,
            verdict=verdict,
            signs=(*named.signs[:5], *speaking[:MAX_SIGNS]),
            demoted=tuple(demoted),
            cut=page.cut,
        ),
        weak=verdict == NONE,
    )


def _words(page: Page, scanner: Scanner) -> list[Sign]:
    """Cues in the title, the text, the topics and the words of links that stand apart from the text."""
    labels = " . ".join(label.partition(":")[2] for label in page.labels if label.startswith("topic:"))
    anchors = " . ".join(link.text for link in page.links if link.text and link.at < 0)
    fields = {"title": page.title, "text": page.text, "label": labels, "link": anchors}
    return [_worded(hit, name, text) for name, text in fields.items() for hit in scanner.hits(seen(text))]


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    unless = table("cues")["unless"]
    return Scanner(rows("cues", "cue"), unless if isinstance(unless, Mapping) else None)


@lru_cache(maxsize=1)
def _hints() -> Scanner:
    return Scanner(rows("hints", "hint"))


@lru_cache(maxsize=1)
def _invitations() -> Scanner:
    return Scanner(rows("against", "offer"))


def _worded(hit: Hit, field: str, text: str) -> Sign:
    sign = PageSign(hit.cue.group, hit.cue.id, field, hit.start, hit.end, text[hit.start : hit.end])
    at = hit.start if field == "text" else -1
    return Sign(sign, hit.weight, hit.cue.offer, at, structural=False)


def _near(signs: Sequence[Sign], spots: Sequence[int]) -> list[Sign]:
    """On a page that is about something else: what stands near the name, if what is offered stands beside it."""
    if not any(sign.offer and _gap(sign.at, spots) <= CORE_REACH for sign in signs):
        return []
    return [sign for sign in signs if sign.at < 0 or _gap(sign.at, spots) <= REACH]


def _beside(signs: Sequence[Sign], names: Mapping[str, Sequence[int]]) -> bool:
    """Whether a name stands close to a word that says what is offered, in the same field."""
    offers = [sign.sign for sign in signs if sign.offer and not sign.structural]
    return any(_gap(sign.start, sorted(names.get(sign.field, ()))) <= CORE_REACH // 2 for sign in offers)


def _within(hint: Sign, signs: Sequence[Sign]) -> bool:
    """Whether a stronger word stands in the same place: one place speaks once."""
    one = hint.sign
    return any(
        s.sign.field == one.field and s.sign.start < one.end and one.start < s.sign.end
        for s in signs
        if s.offer and not s.structural
    )


def _gap(at: int, spots: Sequence[int]) -> int:
    """How far the nearest spot is; huge where there is none or the place is not known."""
    if at < 0 or not spots:
        return 1 << 30
    right = bisect_left(spots, at)
    return min(abs(at - spot) for spot in spots[max(0, right - 1) : right + 1])


def _offering(signs: Sequence[Sign], page: Page) -> float:
    built = {sign.sign.cue for sign in signs if sign.structural and sign.sign.cue not in DESCRIBING}
    invited = {hit.word for hit in _invitations().hits(seen(f"{page.title}\n{page.text}"))}
    return len(built) + 0.5 * min(len(invited), 4)


def _counts(one: Finding, place: TextPlace) -> bool:
    return one.strength >= (MIN_VAGUE_NAME if place.layer in VAGUE else MIN_NAME)


def _where(work: str, found: Sequence[Finding], page: Page) -> _Named:
    places = [one.place for one in found if isinstance(one.place, TextPlace)]
    fields = {"title": "title", "description": "text"}
    signs = [
        PageSign("name", p.name, "url", 0, len(p.text), p.text)
        if p.field == "tags"
        else PageSign("name", p.name, fields[p.field], p.start, p.end, p.text)
        for p in places
    ]
    spots = sorted(p.start for p in places if p.field == "description")
    untitled = not page.title or page.kind is PageKind.REPOSITORY
    head = untitled and bool(spots) and spots[0] < HEAD
    titled = head or any(p.field in ("title", "tags") for p in places)
    order = {"title": 0, "text": 1, "url": 2}
    unsure = all(one.strength <= UNSURE_NAME for one in found)
    ranked = tuple(sorted(signs, key=lambda s: (order[s.field], s.start)))
    return _Named(work, ranked, tuple(spots), titled, unsure)


def _address_words(page: Page) -> str:
    """Host, path and labels as words: `star-lantern-ps.example` has a name in it."""
    place = place_of(page.url)
    labels = (label.partition(":")[2] for label in page.labels)
    return "\n".join([" ".join(part.replace(".", " ").replace("/", " ").replace("-", " ").replace("_", " ").split())
                      for part in (place.host, place.path, *labels)])  # fmt: skip


def _is_host(written: str) -> bool:
    """Whether an official seller is a host, not a name or a seller on a marketplace (`market.example/seller`)."""
    return "." in written and " " not in written and not place_of(written).path.strip("/")


def _host(written: str) -> str:
    return place_of(written).host
