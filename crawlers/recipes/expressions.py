"""Expressions: `SELECTOR@attribute | helper | helper(argument)` on pages, `JMESPATH | helper` on JSON.

Instead of a selector there may stand `const(word)`, `url()` (the address of the page), `header(name)` (of the answer),
`asked(name)` (what the request was about, such as query), `minor(amount, decimals)` and `ratio(amount, divisor)`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Protocol

import jmespath
from jmespath.exceptions import JMESPathError
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawlers.exchange import Headers, State
from crawlers.extract.product import MAX_TEXT, SPACE
from crawlers.recipes.helpers import HELPERS, Apply, Value, as_ratio, in_units, made, text_of
from crawlers.recipes.problems import Wrong, did_you_mean
from crawlers.recipes.texts import Call, call_in, split_at

MAX_FOUND = 500
"""Values that one expression takes from one place."""
KEYS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
ATTRIBUTE = re.compile(r"@([A-Za-z_:][\w:.-]*)$")
SOURCES = {
    "const": (1, 1),
    "url": (0, 0),
    "header": (1, 1),
    "asked": (1, 1),
    "minor": (2, 2),
    "ratio": (2, 2),
}


class Language(StrEnum):
    """What the part in front of the first `|` is written in."""

    CSS = "css"
    JMESPATH = "jmespath"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression is asked: an element or a JSON value, on a page of this address."""

    url: str
    node: LexborNode | None = None
    value: object = None
    asked: State = field(default_factory=dict)
    headers: Headers = ()


class Source(Protocol):
    """The part in front of the first `|`."""

    def __call__(self, place: Place) -> Sequence[Value]:
        """Every value there."""
        ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    source: Source
    steps: tuple[Apply, ...] = ()
    joins: bool = False
    """`all` is among its helpers: where one text is wanted, all values are joined by a blank."""

    def values(self, place: Place) -> list[Value]:
        """Every value it yields in a place, empty ones left out."""
        values: Sequence[Value] = self.source(place)
        for step in self.steps:
            values = step(values, place.url)
        return [one for one in values if not isinstance(one, str) or one][:MAX_FOUND]

    def texts(self, place: Place) -> list[str]:
        """Every text it yields."""
        return [text for one in self.values(place) if (text := text_of(one))]

    def one(self, place: Place) -> str:
        """The first text it yields; all of them with a blank between where it says `all`. Empty for none."""
        texts = self.texts(place)
        return " ".join(texts)[:MAX_TEXT] if self.joins else texts[0] if texts else ""


def parse_expression(text: str, language: Language) -> Expression:
    """The expression a text is.

    Raises:
        Wrong: it is none; says what would be right.
    """
    first, *rest = split_at(text, "|")
    if not first and language is Language.JMESPATH:
        raise Wrong("There is nothing in front of the “|”.", "Write what to read, for example items[].title.")
    steps = []
    for part in rest:
        call = call_in(part) or Call(part)
        if call.name not in HELPERS:
            aside = " A pipe of JMESPath itself goes into brackets." if language is Language.JMESPATH else ""
            raise Wrong(f"There is no helper “{part}”.", did_you_mean(call.name, HELPERS) + aside)
        steps.append(made(call.name, call.args))
    joins = any(part == "all" for part in rest)
    return Expression(text, _source(first, language), tuple(steps), joins)


def _source(text: str, language: Language) -> Source:
    call = call_in(text)
    if call is not None and call.name in SOURCES:
        least, most = SOURCES[call.name]
        if not least <= len(call.args) <= most:
            raise Wrong(f"{call.name} is given {len(call.args)} arguments, and takes {most}.")
        return _called(call, language)
    return _css(text) if language is Language.CSS else _path(text)


def _called(call: Call, language: Language) -> Source:
    match call.name:
        case "const":
            return lambda _place: [call.args[0]]
        case "url":
            return lambda place: [place.url]
        case "asked":
            return lambda place: [str(place.asked[call.args[0]])] if place.asked.get(call.args[0]) else []
        case "header":
            wanted = call.args[0].lower()
            return lambda place: [value for name, value in place.headers if name.lower() == wanted]
        case _:
            change = in_units if call.name == "minor" else as_ratio
            amount, by = (_operand(arg, language) for arg in call.args)
            return partial(_computed, change, amount, by)


def _computed(
    change: Callable[[str, str], str], amount: Expression, by: Expression, place: Place
) -> Sequence[Value]:
    found = change(amount.one(place), by.one(place))
    return [found] if found else []


def _operand(text: str, language: Language) -> Expression:
    if re.fullmatch(r"\d{1,18}", text):
        return Expression(text, lambda _place: [text])
    return Expression(text, _source(text, language))


def check_css(text: str) -> None:
    """Raises Wrong where a text is no CSS selector."""
    split_at(text, ",")  # the parser closes by itself what is left open
    try:
        LexborHTMLParser("<html></html>").css(text)
    except (SelectolaxError, ValueError) as error:
        raise Wrong(
            f"“{text}” is no CSS selector.",
            'Write one like li.card a.title; text is found with :lexbor-contains("…").',
        ) from error


def _css(text: str) -> Source:
    found = ATTRIBUTE.search(text)
    selector = text[: found.start()].strip() if found else text.strip()
    if selector:
        check_css(selector)
    return partial(_selected, selector, found[1].lower() if found else "")


def _selected(selector: str, attribute: str, place: Place) -> Sequence[Value]:
    if place.node is None:
        return []
    nodes = place.node.css(selector)[:MAX_FOUND] if selector else [place.node]
    if not attribute:
        return nodes
    return [text for node in nodes if (text := _folded(node.attributes.get(attribute) or ""))]


def compile_path(text: str) -> jmespath.parser.ParsedResult:
    """A compiled JMESPath.

    Raises:
        Wrong: it is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PendingDeprecationWarning)
            return jmespath.compile(text)
    except PendingDeprecationWarning as error:
        raise Wrong(
            f"“{text}” has text in backticks.", "Put text into single quotes, JSON into backticks."
        ) from error
    except (JMESPathError, RecursionError, ValueError) as error:
        said = " ".join(str(error).split("\n")[0].split())
        raise Wrong(f"“{text}” is no JMESPath: {said}.", "Write one like items[].price.value.") from error


def search(path: jmespath.parser.ParsedResult, value: object) -> object:
    """What a path finds; None also where its functions do not fit the values that came."""
    try:
        found: object = path.search(value)
    except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError, AttributeError):
        return None
    return found


def _path(text: str) -> Source:
    compiled = compile_path(text)
    if KEYS.fullmatch(text):
        return partial(_looked_up, tuple(text.split(".")))
    return partial(_searched, compiled)


def _looked_up(keys: Sequence[str], place: Place) -> Sequence[Value]:
    """What JMESPath finds for plain keys, without walking its tree of the expression."""
    found: object = place.value
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return _scalars(found)


def _searched(path: jmespath.parser.ParsedResult, place: Place) -> Sequence[Value]:
    return _scalars(search(path, place.value))


def _scalars(found: object) -> Sequence[Value]:
    members = found if isinstance(found, list) else [found]
    return [text for one in members[:MAX_FOUND] if (text := scalar(one))]


def scalar(value: object) -> str:
    """A JSON value as text; empty for null, objects and lists. Numbers are written out, without an exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _folded(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else ""
    if isinstance(value, float):
        number = Decimal(repr(value))
        return f"{number:f}" if number.is_finite() and abs(number.adjusted()) <= 30 else ""
    return ""


def _folded(text: str) -> str:
    return SPACE.sub(" ", text[: MAX_TEXT * 4]).strip()[: MAX_TEXT * 2]
