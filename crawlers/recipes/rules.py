"""Outcome rules: what an answer looks like when a source refuses, fails, has nothing, or was rebuilt.

`title ~ PATTERN`, `body ~ PATTERN`, `url ~ PATTERN`, `header NAME ~ PATTERN`, `status in [403, 429]`, `css: SELECTOR`,
`json: JMESPATH`; each may be an object `{when: RULE, why: SENTENCE, say: EXPRESSION}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from crawlers.exchange import Exchange
from crawlers.extract.charset import decode_page
from crawlers.recipes.expressions import (
    Language,
    Place,
    check_css,
    compile_path,
    parse_expression,
    scalar,
    search,
)
from crawlers.recipes.patterns import MAX_INPUT, Pattern
from crawlers.recipes.problems import Wrong, did_you_mean

WAYS = ("title", "body", "url", "header", "status", "css", "json")
FORMS = (
    "Write title ~ WORDS, body ~ …, url ~ …, header NAME ~ …, status in [403], css: SELECTOR or json: PATH."
)
MAX_SAID = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as rules see it: with its tree where it is a page, its value where it is data."""

    exchange: Exchange
    page: LexborHTMLParser | None = None
    data: object = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and what is said when it holds."""

    text: str
    holds: Callable[[Answer], bool]
    why: str = ""
    say: Callable[[Answer], str] | None = None
    statuses: frozenset[int] = frozenset()
    """Statuses it names."""

    def reason(self, answer: Answer) -> str:
        """Why, in words, with what the source itself says."""
        said = self.say(answer)[:MAX_SAID] if self.say is not None else ""
        return f"{self.why or f'The recipe knows this answer by “{self.text}”.'}{f' It says: {said}' if said else ''}"


def parse_rule(given: object) -> Rule:
    """The rule somebody wrote.

    Raises:
        Wrong: it is none.
    """
    if isinstance(given, Mapping):
        if unknown := [str(key) for key in given if key not in ("when", "why", "say")]:
            raise Wrong(f"A rule has no “{unknown[0]}”.", did_you_mean(unknown[0], ("when", "why", "say")))
        text, why, say = given.get("when"), given.get("why", ""), given.get("say")
    else:
        text, why, say = given, "", None
    if not isinstance(text, str) or not isinstance(why, str) or not isinstance(say, str | None):
        raise Wrong("This is no rule.", FORMS)
    holds, statuses = _condition(text.strip())
    return Rule(text, holds, why, _saying(say) if say else None, statuses)


def _condition(text: str) -> tuple[Callable[[Answer], bool], frozenset[int]]:
    if found := re.fullmatch(r"status\s+in\s+\[([\d\s,]+)\]|status\s*==\s*(\d+)", text):
        statuses = frozenset(int(one) for one in re.findall(r"\d+", found[1] or found[2]))
        return (lambda answer: answer.exchange.status in statuses), statuses
    if text.startswith("css:"):
        selector = text[4:].strip()
        check_css(selector)
        return (
            lambda answer: answer.page is not None and answer.page.css_first(selector) is not None
        ), frozenset()
    if text.startswith("json:"):
        path = compile_path(text[5:].strip())
        return (lambda answer: bool(search(path, answer.data))), frozenset()
    what, sign, pattern = text.partition("~")
    words = what.split()
    if not sign or not words or words[0] not in WAYS or len(words) != (2 if words[0] == "header" else 1):
        first = words[0].rstrip(":") if words else ""
        raise Wrong(
            f"“{text}” is no rule.", FORMS if first in WAYS or not first else did_you_mean(first, WAYS)
        )
    look = Pattern(pattern.strip(), ignore_case=True)
    return (lambda answer: look.find(_looked_at(words, answer)) is not None), frozenset()


def _looked_at(words: list[str], answer: Answer) -> str:
    exchange = answer.exchange
    match words[0]:
        case "url":
            return exchange.url
        case "header":
            return exchange.header(words[1]) or "\0"
        case "title":
            node = answer.page.css_first("title") if answer.page is not None else None
            return node.text() if node is not None else "\0"
        case _:
            return decode_page(exchange.body[:MAX_INPUT], exchange.header("content-type") or "")


def _saying(text: str) -> Callable[[Answer], str]:
    """What the source says of it: a JMESPath in data, `css: SELECTOR` on a page."""
    if text.startswith("css:"):
        shown = parse_expression(text[4:].strip(), Language.CSS)
        return lambda answer: shown.one(Place(answer.exchange.url, answer.page.root if answer.page else None))
    path = compile_path(text)
    return lambda answer: scalar(search(path, answer.data))
