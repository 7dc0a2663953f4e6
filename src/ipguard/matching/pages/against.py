"""What says that a page with such words offers nothing: news, help, rules, encyclopedias, other games. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ipguard.matching.pages.cues import Cue, Scanner, rows, seen, words
from ipguard.matching.pages.page import Page
from ipguard.matching.pages.structure import Sign, place_of
from ipguard.matching.text.scripts import Script, script_of

MAX_WORDS = 6
"""Different words of one reason that count."""
NEGATED_REACH = 24
QUESTION_REACH = 60
COURT_ALONE = 1.2
NEWS_ALONE = 1.0
"""Two different words; one of each also will do."""
ENDS = re.compile(r"[.。!！?？\n]")
GAME_REACH = 60
MANY = 3
"""Mentions from which a page speaks of the name, though its title does not."""
LISTED = re.compile(r"\s*(?:[、，,/／·]|and|or|和|与|及|或|以及|や|と|oder|und|y|o|e|ou|et|и|или)?\s*")
"""What stands between the members of a list: who forbids the first forbids the others."""


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
    strong = said.pop("court_strong", 0.0)
    court, news = said.pop("court", 0.0) + strong, said.pop("news", 0.0)
    if any(label in ("type:newsarticle", "type:reportagenewsarticle") for label in page.labels):
        news += 1.0
    if place.within(words("against", "hosts", "news")):
        news += 1.5
    if strong or court >= COURT_ALONE or news >= NEWS_ALONE or (court and news):
        said["court_or_news"] = court + news
    elif court or news:
        said["touch_of_news"] = court + news
    if place.within(words("against", "hosts", "encyclopedias")):
        said["encyclopedia"] = said.get("encyclopedia", 0.0) + 2.0
    if place.within(words("against", "hosts", "academic")):
        said["academic"] = said.get("academic", 0.0) + 2.0
    return reasons | said


def core_left(signs: Sequence[Sign], page: Page) -> tuple[list[Sign], dict[str, float]]:
    """Words that say what is offered and are neither denied nor asked about; and why the others are left out."""
    left: list[Sign] = []
    turned: dict[str, float] = {}
    reached: dict[str, int] = {}
    for sign in signs:
        if not sign.offer or sign.structural:
            continue
        field, start, end = sign.sign.field, sign.sign.start, sign.sign.end
        text = page.title if field == "title" else page.text if field == "text" else ""
        listed = field in reached and bool(LISTED.fullmatch(text[reached[field] : start]))
        why = "negated" if listed else _turned(text, start, end)
        if not why:
            left.append(sign)
            continue
        turned[why] = 1.0
        if why == "negated":
            reached[field] = max(end, reached.get(field, 0))
    return left, turned


def nearer_game(page: Page, core: Sequence[Sign], ours: Mapping[str, Sequence[int]]) -> str:
    """other_game where another game stands nearer to what is offered, other_subject where the title has another.

    `ours`: field (title, text) → where the watched names stand in it.
    """
    fields = {"title": page.title, "text": page.text}
    others = {name: [hit.start for hit in _games().hits(seen(text))] for name, text in fields.items()}
    placed = [sign.sign for sign in core if sign.sign.field in fields]
    closer = 0
    for sign in placed:
        theirs = min((abs(sign.start - at) for at in others[sign.field]), default=GAME_REACH)
        mine = min((abs(sign.start - at) for at in ours.get(sign.field, ())), default=1 << 30)
        closer += theirs < min(mine, GAME_REACH)
    if placed and 2 * closer > len(placed):
        return "other_game"
    if ours.get("title") or ours.get("url"):
        return ""
    in_title = any(sign.field == "title" for sign in placed) or bool(others["title"])
    spots = ours.get("text", ())
    if not in_title or len(spots) >= MANY:
        return ""
    return "other_game" if len(spots) == 1 else "other_subject"


def other_game_titled(page: Page) -> bool:
    """Whether the title names another game."""
    return bool(_games().hits(seen(page.title)))


def _turned(text: str, start: int, end: int) -> str:
    """negated or question, or nothing."""
    line = ENDS.split(text[max(0, start - NEGATED_REACH) : start])[-1]
    before = seen(line).spaced
    worded, tight = _before()
    if worded.search(before) or tight.search(before.replace(" ", "")):
        return "negated"
    rest = text[end : end + QUESTION_REACH]
    stop = ENDS.search(rest)
    sentence = seen(rest[: stop.start()] if stop else rest).spaced.strip()
    after, far = _after()
    if after.match(sentence):
        return "question" if sentence[:1] in "吗么" else "negated"
    if far.search(sentence):
        return "negated"
    return "question" if stop and stop[0] in "?？" else ""


@lru_cache(maxsize=1)
def _before() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Denials that may stand just before a word: in scripts with spaces, and in others."""
    plain = _listed("before")
    spaced = [word for word in plain if _is_spaced(word)]
    tight = [word.replace(" ", "") for word in plain if not _is_spaced(word)]
    long = [word for word in tight if len(word) > 1]
    return (
        re.compile(rf"(?:^| )(?:{_either(spaced)}) (?:[^ ]{{1,12}} ){{0,1}}$"),
        re.compile(rf"(?:(?:{_either(long)})\S{{0,4}}|(?:{_either(tight)}))$"),
    )


@lru_cache(maxsize=1)
def _after() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Denials right after a word, and prohibitions later in its sentence."""
    far, denied = _listed("far"), _listed("denied")
    worded = _either([word for word in denied if _is_spaced(word)])
    tight = _either([word for word in denied if not _is_spaced(word)])
    prohibits = _either(far).replace(r"\*", r"[^ ]{0,14}")
    allowed = rf"(?:(?:^| )(?:{worded}) |(?:{tight}) ?)(?:[^ ]{{1,12}} )?(?:{prohibits})"
    return re.compile(_either(_listed("after"))), re.compile(rf"^(?!.*{allowed}).*(?:{prohibits})")


def _listed(key: str) -> list[str]:
    return [
        " ".join(seen(word).spaced.split()) + ("*" if word.endswith("*") else "")
        for word in words("against", "negation", key)
    ]


def _either(those: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(those, key=len, reverse=True))


def _is_spaced(word: str) -> bool:
    return all(script_of(c) is Script.SPACED for c in word if c not in " *")


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    return Scanner(rows("against", "against"))


@lru_cache(maxsize=1)
def _games() -> Scanner:
    return Scanner([Cue("game", tuple(words("against", "games", "names")))])
