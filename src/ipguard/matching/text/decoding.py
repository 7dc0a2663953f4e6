"""Undoing HTML, percent and \\u encoding before folding, with offsets kept: sellers hide names in all three."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote_to_bytes

CODED = re.compile(
    r"&(?:#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,30};)"
    r"|(?:%[0-9A-Fa-f]{2})+"
    r"|\\u[0-9a-fA-F]{4}"
    r"|<!--[^<>]{0,200}-->"
    r"|</?[A-Za-z][^<>]{0,200}>"
)
SIGNS = "&%<\\"
BREAKING = re.compile(r"</?(?:br|p|div|li|ul|ol|td|tr|th|table|h[1-6]|hr|option)\b", re.IGNORECASE)
"""Tags that begin a new line: a space stands for them; other tags leave nothing."""
PASSES = 2
"""Times that a text is decoded: `&amp;#83;` was encoded twice by an import that knew no better."""

Map = tuple[str, list[int], list[int]]
"""Plain text with start and end offsets for each of its characters."""


def undo(text: str) -> Map | None:
    """Plain text with its offsets; None when nothing was encoded."""
    made: Map | None = None
    for _ in range(PASSES):
        current = made[0] if made else text
        if not any(sign in current for sign in SIGNS):
            break
        once = _undo_once(current)
        if once is None:
            break
        made = once if made is None else _through(made, once)
    return made


def _undo_once(text: str) -> Map | None:
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for found in CODED.finditer(text):
        plain = _plain(found[0])
        if plain == found[0]:
            continue
        start, end = found.span()
        out += (text[at:start], plain)
        starts += range(at, start)
        ends += range(at + 1, start + 1)
        starts += [start] * len(plain)
        ends += [end] * len(plain)
        at = end
    if not at:
        return None
    out.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return "".join(out), starts, ends


def _through(first: Map, second: Map) -> Map:
    """The offsets of a second decoding in the text before the first."""
    text, starts, ends = second
    return text, [first[1][one] for one in starts], [first[2][one - 1] for one in ends]


def _plain(coded: str) -> str:
    if coded.startswith("<"):
        return " " if BREAKING.match(coded) else ""
    if coded.startswith("&"):
        return html.unescape(coded)
    if coded.startswith("\\"):
        return coded.encode("ascii").decode("unicode_escape")
    try:
        return unquote_to_bytes(coded).decode("utf-8")
    except UnicodeDecodeError:
        return coded
