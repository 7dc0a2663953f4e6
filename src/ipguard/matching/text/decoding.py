"""Undoing HTML and percent encoding before folding, with offsets kept: sellers hide names in both."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

CODED = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
    r"|(?:%[0-9A-Fa-f]{2})+"
    r"|</?[A-Za-z][^<>]{0,200}>"
)


def undo(text: str) -> tuple[str, list[int], list[int]] | None:
    """Plain text with start and end offsets for each of its characters; None when nothing was encoded."""
    if not any(sign in text for sign in "&%<"):
        return None
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece, start, end in _pieces(text):
        out.append(piece)
        if end - start == len(piece):
            starts += range(start, end)
            ends += range(start + 1, end + 1)
        else:
            starts += [start] * len(piece)
            ends += [end] * len(piece)
    return "".join(out), starts, ends


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    for found in CODED.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], at, found.start()
        yield _plain(found[0]), found.start(), found.end()
        at = found.end()
    if at < len(text):
        yield text[at:], at, len(text)


def _plain(coded: str) -> str:
    if coded.startswith("<"):
        return ""
    if coded.startswith("&"):
        return html.unescape(coded)
    try:
        return unquote_to_bytes(coded).decode("utf-8")
    except UnicodeDecodeError:
        return coded
