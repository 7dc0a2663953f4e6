"""Markup whose elements are not nested too deep: a parser looks at all open elements for each new one.

Depth is counted as the tree builder opens and closes elements (WHATWG HTML §13.2.6), and never below what it does:
where a closing tag is ignored there, or leaves formatting open, it is here too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_DEPTH = 512
"""Elements within each other, as in browsers."""
UNCOUNTED = frozenset({
    "html", "head", "body",
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param",
    "p", "caption", "tr", "td", "th", "tbody", "thead", "tfoot",
})  # fmt: skip
"""Elements that hold nothing, or that the next one of their kind closes: many in a row are not deep."""
RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
"""What stands in them is text, up to their closing tag."""
FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
"""Opened again by the parser where they were not closed."""
SCOPES = frozenset({"applet", "marquee", "object", "table", "template", "select", "svg", "math", "button"})
"""A closing tag does not reach out of them; more than the standard has, to be on the safe side."""
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "header", "hgroup", "main", "menu", "nav", "ol", "pre", "search", "section",
    "summary", "ul", *SCOPES,
})  # fmt: skip
"""Their closing tags close whatever is open in them."""
WALLS = BLOCKS | {"h1", "h2", "h3", "h4", "h5", "h6", "form", "li", "dd", "dt"}
"""Through which the closing tags of all others do not reach."""
REPLACED = frozenset({"option", "optgroup", "rt", "rp", "li", "dd", "dt"})
"""One right in another closes it."""
DRAWN = frozenset({"svg", "math"})
"""In them everything nests, nothing is raw, and `/>` closes; until an element of HTML ends them."""
FOREIGN = DRAWN | {"frameset"}
VOID = frozenset({"br", "hr", "img", "embed", "meta"})
"""Hold nothing wherever they stand."""
HTML = (
    (WALLS - DRAWN)
    | FORMATTING
    | UNCOUNTED
    | RAW
    | {"frameset", "noscript", "span", "ruby", "var", "sub", "sup", "label"}
)
TAG = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]{0,40})|!--)")
DRAWING = re.compile(
    r"[^<]*(?:</?(?:path|g|use|circle|rect|line|polyline|polygon|ellipse|defs|symbol|linearGradient|stop|clipPath|mask)"
    r"(?=[\s/>])[^<>]*>[^<]*)*"
)
"""What an icon consists of, as most are: nothing in it can end it early."""
TANGLES = frozenset({"a", "math", "frameset"})
"""What the quick look leaves to the thorough one: an `a` within an `a`, and what is no HTML."""
MAX_TAG = 10_000
"""Characters of a tag that is taken out; of a longer one the rest stays, as text."""


def shallow(markup: str, most: int = MAX_DEPTH) -> str:
    """The page without the tags that nest it deeper than `most`; their text stays."""
    if markup.count("<") <= most or _neat(markup, most):
        return markup
    kept: list[str] = []
    at = upto = 0
    opened = _Open()
    dropped: dict[str, int] = {}
    while found := TAG.search(markup, at):
        at, name = found.end(), (found[2] or "").lower()
        if not name or (name in RAW and not found[1] and not opened.foreign):
            at = _raw_end(markup, at, name)
            continue
        opened.mixed = bool(opened.foreign) and (opened.mixed or name in HTML)
        if name in (VOID if opened.foreign else UNCOUNTED):
            continue
        if found[1]:
            if not dropped.get(name):
                opened.close(name)
                continue
            dropped[name] -= 1
        elif (name in DRAWN or (opened.foreign and not opened.mixed)) and _closes_itself(markup, at, name):
            continue
        elif len(opened.names) < most:
            opened.open(name)
            continue
        else:
            dropped[name] = dropped.get(name, 0) + 1
        kept.append(markup[upto : found.start()])
        end = markup.find(">", at, at + MAX_TAG)
        at = upto = end + 1 if end >= 0 else at
    return "".join((*kept, markup[upto:])) if upto else markup


def _neat(markup: str, most: int) -> bool:
    """Whether every element is closed by its own tag before those around it, and none lies deeper than `most`.

    Most pages are so, and then the order of the tags is all there is to see: this takes a third of the thorough look.
    """
    opened: list[str] = []
    upto = 0
    for found in TAG.finditer(markup):
        closing, name = found.groups()
        if name in UNCOUNTED or found.start() < upto:
            continue
        if name is None or (name in RAW and not closing):
            upto = _raw_end(markup, found.end(), name or "")
        elif closing:
            if not opened or opened.pop() != name:
                return False
        elif name == "svg":
            upto = markup.find("</svg>", found.end())
            if upto < 0 or not DRAWING.fullmatch(markup, markup.find(">", found.end()) + 1, upto):
                return False
            if len(opened) + markup.count("<", found.end(), upto) >= most:
                return False
            upto += 1  # so that its closing tag is not looked at again
        else:
            if name in TANGLES and (name != "a" or "a" in opened):
                return False
            opened.append(name)
            if len(opened) > most:
                return False
    return True


class _Open:
    """The elements that are open, outermost first."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._counts: dict[str, int] = {}
        self.foreign = 0
        """How many of them are svg or math (or a frameset, in which nothing else counts)."""
        self.mixed = False
        """Whether HTML stands in them: then they may have ended."""

    def open(self, name: str) -> None:
        """An opening tag."""
        last = self.names[-1] if self.names else ""
        if name == "a" or (
            name == last and name in REPLACED and (name[0] != "r" or self._counts.get("ruby"))
        ):
            self.close(name)
        elif name in ("dd", "dt") and last in ("dd", "dt"):
            self.close(last)
        self._counts[name] = self._counts.get(name, 0) + 1
        self.foreign += name in FOREIGN
        self.names.append(name)

    def close(self, name: str) -> None:
        """A closing tag: the last open element of its name is closed, if it reaches it."""
        if not self._counts.get(name):
            return
        if self.names[-1] == name:
            self._take(len(self.names) - 1, ())
            return
        if self.foreign:
            return
        place = len(self.names) - 1 - self.names[::-1].index(name)
        above = self.names[place + 1 :]
        if name in FORMATTING or name == "form":
            if WALLS.isdisjoint(above):
                self._take(place, above)
        elif (SCOPES if name in BLOCKS else WALLS).isdisjoint(above):
            self._take(place, [one for one in above if one in FORMATTING])

    def _take(self, place: int, left: Sequence[str]) -> None:
        """Close what is open from a place on, but for what is left."""
        for name in self.names[place:]:
            self._counts[name] -= 1
            self.foreign -= name in FOREIGN
        for name in left:
            self._counts[name] += 1
        self.names[place:] = left


def _closes_itself(markup: str, at: int, name: str) -> bool:
    """Whether an element of svg or math ends in `/>`."""
    end = markup.find(">", at, at + MAX_TAG)
    return end > 0 and markup[end - 1] == "/" and name not in HTML


def _raw_end(markup: str, at: int, name: str) -> int:
    """Where text or a comment that began before `at` is over; the end of the page where nothing closes it."""
    if not name:
        end = markup.find("-->", max(0, at - 2))
        return end + 3 if end >= 0 else len(markup)
    found = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(markup, at)
    return found.end() if found else len(markup)
