"""Splitting the one-line languages of recipes: at signs outside quotes and brackets, and calls with arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawlers.recipes.problems import Wrong

MAX_CHARACTERS = 2_000
"""Of one expression; those that people write have under 200."""
OPENING, CLOSING = "([{", ")]}"
QUOTES = "'\"`"
CALL = re.compile(r"([a-z_]+)\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """`name(argument, argument)`; a bare name has no arguments."""

    name: str
    args: tuple[str, ...] = ()


def split_at(text: str, sign: str) -> list[str]:
    """Parts of a text between single signs (`||` is none) that stand outside quotes and brackets, stripped.

    Raises:
        Wrong: a quote or a bracket is not closed, or the text is too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise Wrong(f"This is longer than {MAX_CHARACTERS:,} characters.", "Expressions are short.")
    parts, begin, at, open_ = [], 0, 0, ""
    while at < len(text):
        char = text[at]
        if char in QUOTES:
            at = _end_of_quote(text, at)
        elif char in OPENING:
            open_ += char
        elif char in CLOSING:
            if not open_ or OPENING.index(open_[-1]) != CLOSING.index(char):
                raise Wrong(f"“{char}” closes nothing in “{text}”.", "Count the brackets.")
            open_ = open_[:-1]
        elif char == sign and not open_:
            if text[at : at + 2] == sign * 2:
                at += 2
                continue
            parts.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    if open_:
        raise Wrong(f"“{open_[-1]}” is not closed in “{text}”.", "Count the brackets.")
    return [*parts, text[begin:].strip()]


def call_in(text: str) -> Call | None:
    """The call that a text is; None where it is something else.

    Raises:
        Wrong: it is a call whose arguments cannot be told apart.
    """
    found = CALL.fullmatch(text.strip())
    if found is None:
        return None
    inner = found[2].strip()
    args = split_at(inner, ",") if inner else []
    return Call(found[1], tuple(map(unquoted, args)))


def unquoted(text: str) -> str:
    """A text without the quotes around it."""
    text = text.strip()
    if len(text) >= 2 and text[0] in "'\"" and _end_of_quote(text, 0) == len(text) - 1:
        return text[1:-1].replace(f"\\{text[0]}", text[0])
    return text


def _end_of_quote(text: str, at: int) -> int:
    quote, end = text[at], at + 1
    while end < len(text) and text[end] != quote:
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise Wrong(f"A quote {quote} is not closed in “{text}”.", "Close it.")
    return end
