"""What says that a page with such words offers nothing: news, help, rules, encyclopedias, other games. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ipguard.matching.pages.cues import Cue, Scanner, rows, seen, words
from ipguard.matching.pages.page import Page
from ipguard.matching.pages.structure import Sign, place_of

MAX_WORDS = 6
"""Different words of one reason that count."""
NEGATED_REACH = 24
QUESTION_REACH = 60
NEWS_WORDS = 2
ENDS = re.compile(r"[.。!！?？\n]")
GAME_REACH = 60


def reasons_against(page: Page, official: Sequence[str], turned: Mapping[str, float]) -> dict[str, float]:
    """Reasons with their weight; a reason holds from 1.0 on."""
    reasons = dict(turned)
    place = place_of(page.url)
    if place.host and place.within(official):
        reasons["official"] = 1.0
    if place.within(words("against", "hosts", "stores")):
        reasons["store"] = 1.0
    found: dict[str, set[str]] = {}
    weights: dict[str, float] = {}
    for hit in _scanner().hits(seen(f"{page.title}\n{page.text}")):
        found.setdefault(hit.cue.id, set()).add(hit.word)
        weights[hit.cue.id] = hit.cue.weight
    said = {name: weights[name] * min(len(those), MAX_WORDS) for name, those in found.items()}
    court, news = said.pop("court", 0.0), said.pop("news", 0.0)
    if any(label in ("type:newsarticle", "type:reportagenewsarticle") for label in page.labels):
        news += 1.0
    if place.within(words("against", "hosts", "news")):
        news += 1.5
    if court >= 1.2 or news >= NEWS_WORDS or (court and news):
        said["court_or_news"] = court + news
    if place.within(words("against", "hosts", "encyclopedias")):
        said["encyclopedia"] = said.get("encyclopedia", 0.0) + 2.0
    if place.within(words("against", "hosts", "academic")):
        said["academic"] = said.get("academic", 0.0) + 2.0
    return reasons | said


def core_left(signs: Sequence[Sign], page: Page) -> tuple[list[Sign], dict[str, float]]:
    """Words that say what is offered and are neither denied nor asked about; and why the others are left out."""
    left: list[Sign] = []
    turned: dict[str, float] = {}
    for sign in signs:
        if not sign.offer or sign.structural:
            continue
        text = page.title if sign.sign.field == "title" else page.text if sign.sign.field == "text" else ""
        why = _turned(text, sign.sign.start, sign.sign.end)
        if why:
            turned[why] = 1.0
        else:
            left.append(sign)
    return left, turned


def nearer_game(page: Page, core: Sequence[Sign], spots: Sequence[int], *, titled: bool) -> str:
    """other_game where another game stands nearer to what is offered, other_subject where the title has another."""
    if titled:
        return ""
    others = [hit.start for hit in _games().hits(seen(page.text))]
    closer = 0
    placed = [sign for sign in core if sign.at >= 0]
    for sign in placed:
        theirs = min((abs(sign.at - at) for at in others), default=GAME_REACH)
        ours = min((abs(sign.at - at) for at in spots), default=1 << 30)
        closer += theirs < min(ours, GAME_REACH)
    if placed and 2 * closer > len(placed):
        return "other_game"
    in_title = any(sign.sign.field == "title" for sign in core) or bool(_games().hits(seen(page.title)))
    return "other_subject" if in_title and len(spots) < 3 else ""


def _turned(text: str, start: int, end: int) -> str:
    """negated or question, or nothing."""
    line = seen(text[max(0, start - NEGATED_REACH) : start]).spaced
    before = _before()
    if before[0].search(line) or before[1].search(line.replace(" ", "")):
        return "negated"
    rest = text[end : end + QUESTION_REACH]
    after = seen(rest[:NEGATED_REACH]).spaced.strip()
    if _after().match(after):
        return "question" if after[:1] in "吗么" else "negated"
    stop = ENDS.search(rest)
    return "question" if stop and stop[0] in "?？" else ""


@lru_cache(maxsize=1)
def _before() -> tuple[re.Pattern[str], re.Pattern[str]]:
    plain = [seen(word).spaced.strip() for word in words("against", "negation", "before")]
    spaced = sorted(
        (w for w in plain if ord(w[0]) < 0x0E00 or ord(w[0]) in range(0x1E00, 0x2000)), key=len, reverse=True
    )
    tight = sorted((w.replace(" ", "") for w in plain if w not in spaced), key=len, reverse=True)
    return (
        re.compile(r"(?:^| )(?:" + "|".join(map(re.escape, spaced)) + r") (?:[a-z]{1,12} )?$"),
        re.compile(r"(?:" + "|".join(map(re.escape, tight)) + r")$"),
    )


@lru_cache(maxsize=1)
def _after() -> re.Pattern[str]:
    plain = sorted(
        (seen(word).spaced.strip() for word in words("against", "negation", "after")), key=len, reverse=True
    )
    return re.compile("|".join(map(re.escape, plain)))


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    return Scanner(rows("against", "against"))


@lru_cache(maxsize=1)
def _games() -> Scanner:
    return Scanner([Cue("game", tuple(words("against", "games", "names")))])
