"""From signs to a verdict: which groups speak, what sort of offer it is, and what says to hold back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ipguard.matching.pages.page import PageKind
from ipguard.matching.pages.structure import Sign

GROUPS = ("distribution", "mechanics", "money", "community")
"""Groups of which two make a report; technical and label make one alone. All beside a name."""
FIRES = 1.0
WORDS_OF_A_CUE = 2
"""Different words of one cue that count."""
OFFERS = 1.0
"""What the signs of one sort of offer must weigh: fan sites have chats, shops and downloads too."""
TITLE_OFFERS = 1.0
"""What the words of the title must weigh for the title to be an offer."""
BESIDE = 0.3
"""What one more group must weigh beside a title that is an offer."""
ELSEWHERE = 0.7
"""What hints of other groups must weigh together where the title is no offer, but the text is."""
HALF_OFFERED = 0.6
"""What asks for a look."""
MANY_WORDS = 3
"""Different words for what is offered that do instead."""
SLIGHT = ("troubleshooting", "hiring")
"""Reasons of which a single word (error, engineer) stands on pages of sellers too."""
DOUBTFUL = ("touch_of_news", "ordinary", "hosting", "academic", "encyclopedia")
"""Reasons of which a single word asks for more."""
REPORT, REVIEW, NONE = "report", "review", "none"
STRENGTH: Mapping[str, float] = {REPORT: 0.6, REVIEW: 0.4, NONE: 0.15}
PER_GROUP = 0.07
MAX_STRENGTH = 0.95


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the signs amount to before anything speaks against them."""

    verdict: str
    offer: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """What holds back: reasons with their weight, and how much on the page really offers something."""

    reasons: Mapping[str, float]
    offering: float
    """Links, forms, addresses and invitations in the second person."""
    titled: bool
    """The watched name stands in the title or address."""
    core_words: int
    """Different words that say what is offered."""


def weigh(signs: Iterable[Sign], kind: PageKind) -> Weighed:
    """Groups that speak beside the name, and the verdict they make: A+F, A+G, or A and two of B to E."""
    counted = _counted(signs)
    groups = _sums((one.sign.group, one.weight) for one in counted)
    offers = _sums((one.offer, one.weight) for one in counted if one.offer)
    speaking = [group for group, weight in groups.items() if weight >= FIRES - 1e-9]
    offer = offer_of(offers, kind)
    if not offer:
        return Weighed(NONE, "", tuple(speaking))
    some = sum(group in speaking for group in GROUPS)
    if "technical" in speaking or "label" in speaking or some >= 2:
        return Weighed(REPORT, offer, tuple(speaking))
    return Weighed(REVIEW if some else NONE, offer, tuple(speaking))


def doubt(reasons: Mapping[str, float]) -> float:
    """0 where nothing says that a page only talks of an offer, 0.5 where one word hints at it, 1 where more does."""
    held = [r for r, weight in reasons.items() if r not in SLIGHT or weight >= FIRES - 1e-9]
    if all(reason in DOUBTFUL and reasons[reason] < FIRES - 1e-9 for reason in held):
        return 0.5 if held else 0.0
    return 1.0


def outright(weighed: Weighed, signs: Sequence[Sign], kind: PageKind, doubted: bool) -> Weighed:
    """One step up for a short page about the work: sellers write one line, and a hint of a second group is enough.

    For pages with the watched name in the title; a doubted one needs several words and a whole second group.
    """
    if weighed.verdict == REPORT:
        return weighed
    counted = _counted(signs)
    groups = _sums((one.sign.group, one.weight) for one in counted)
    offered = [one for one in counted if one.offer]
    offers = _sums((one.offer, one.weight) for one in offered)
    speaking = tuple(group for group, weight in groups.items() if weight >= BESIDE - 1e-9)
    beside = sum(groups.values()) - max(groups.values(), default=0.0)
    titled = sum(one.weight for one in offered if one.sign.field == "title") >= TITLE_OFFERS - 1e-9
    many = len({one.sign.text.casefold() for one in offered}) >= MANY_WORDS
    enough = beside >= (BESIDE if titled else ELSEWHERE) - 1e-9 or (titled and many)
    if doubted:
        enough = many and beside >= FIRES - 1e-9
    if enough and (offer := offer_of(offers, kind)):
        return Weighed(REPORT, offer, speaking)
    offer = offer_of(offers, kind, HALF_OFFERED)
    if weighed.verdict == NONE and (many or not doubted) and offer and sum(groups.values()) >= FIRES - 1e-9:
        return Weighed(REVIEW, offer, speaking)
    return weighed


def _sums(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, weight in pairs:
        found[name] = found.get(name, 0.0) + weight
    return found


def offer_of(offers: Mapping[str, float], kind: PageKind, least: float = OFFERS) -> str:
    """The sort of offer that the signs speak of most, if they weigh `least`; servers are one family."""
    family = dict(offers)
    confirmed = family.pop("confirmed", 0.0)
    server = family.pop("private_server", 0.0) + family.pop("server_emulator", 0.0)
    if server:
        emulates = kind is PageKind.REPOSITORY or offers.get("server_emulator", 0.0) > offers.get(
            "private_server", 0.0
        )
        family["server_emulator" if emulates else "private_server"] = server
    best = max(family, key=lambda name: family[name], default="")
    if best and family[best] >= least - 1e-9:
        return best
    if confirmed:
        return best or ("server_emulator" if kind is PageKind.REPOSITORY else "private_server")
    return ""


def hold_back(weighed: Weighed, against: Against) -> tuple[str, tuple[str, ...]]:
    """The verdict after what speaks against it, and the names of the reasons."""
    named: list[str] = []
    steps = 0
    for reason, weight in against.reasons.items():
        technical = reason == "touch_of_news" and not {"technical", "label"}.isdisjoint(weighed.groups)
        down = 0 if technical else _steps(reason, weight, against)
        if down:
            named.append(reason)
            steps += down
    order = (NONE, REVIEW, REPORT)
    at = max(0, order.index(weighed.verdict) - steps)
    return order[at], tuple(named)


def strength_of(verdict: str, groups: Sequence[str]) -> float:
    """0..1; a report is above the alert threshold, anything else below."""
    more = PER_GROUP * len(groups) if verdict == REPORT else 0.0
    return round(min(MAX_STRENGTH, STRENGTH[verdict] + more), 4)


def _steps(reason: str, weight: float, against: Against) -> int:
    """How many steps a reason takes off: 2 is all the way, 1 from report to review."""
    offering = against.offering
    if reason in ("official", "negated", "question", "store", "other_game"):
        return 2
    if reason == "touch_of_news":
        return 0 if offering or against.core_words > MANY_WORDS else 1
    if weight < FIRES - 1e-9:
        return 0
    if reason in ("court_or_news", "encyclopedia", "academic", "hiring", "warning"):
        if weight > offering:
            return 2
        return 0 if offering >= 2 * weight else 1
    if reason == "troubleshooting":
        if offering >= 1.0 or against.core_words > 3:
            return 0
        return 2 if against.core_words <= 2 else 1
    if reason == "hosting":
        return 2 if not against.titled else 1 if weight >= 2.0 and offering < weight else 0
    return 1 if reason == "other_subject" else 0


def _counted(signs: Iterable[Sign]) -> list[Sign]:
    """One sign a different word, at most `WORDS_OF_A_CUE` a cue; what two cues of a group find in one place is one."""
    words: dict[str, set[str]] = {}
    taken: dict[tuple[str, str], list[tuple[int, int]]] = {}
    counted = []
    for sign in sorted(signs, key=lambda one: -one.weight):
        seen = words.setdefault(sign.sign.cue, set())
        word = sign.sign.text.casefold()
        spans = taken.setdefault((sign.sign.group, sign.sign.field), [])
        first, last = sign.sign.start, sign.sign.end
        twice = not sign.structural and any(first < end and start < last for start, end in spans)
        if word not in seen and len(seen) < WORDS_OF_A_CUE and not twice:
            seen.add(word)
            counted.append(sign)
            if not sign.structural:
                spans.append((first, last))
    return counted
