"""Short selectors for elements: by class where a class says something, by position only where nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

NAME = re.compile(r"-?[A-Za-z_][\w-]*")
MADE_UP = re.compile(r"\d{3,}|^[a-z]{1,3}[-_]?(?=\w*\d)\w{5,}$|^(css|sc|jsx|svelte)-", re.ASCII)
"""Classes that a build tool makes up, and that its next run makes up anew."""
SPEAKING = frozenset({"a", "img", "h1", "h2", "h3", "h4", "h5", "h6"})
"""Tags that say by themselves what they hold."""
STATES = frozenset(
    {"active", "first", "last", "odd", "even", "selected", "current", "new", "sale", "hidden", "clearfix"}
)


def classes(node: LexborNode) -> tuple[str, ...]:
    """The classes of an element that are likely to stay."""
    named = (node.attributes.get("class") or "").split()
    return tuple(
        one for one in named if NAME.fullmatch(one) and not MADE_UP.search(one) and one.lower() not in STATES
    )


def simple(node: LexborNode) -> str:
    """Tag and first class of an element: li.card."""
    named = classes(node)
    return f"{node.tag}.{named[0]}" if named else str(node.tag)


def shape(node: LexborNode) -> str:
    """What elements that repeat have in common: their tag and classes, and those of what they stand in."""
    parent = node.parent
    above = (
        f"{simple(parent)} > " if parent is not None and parent.tag not in (None, "html", "-undef") else ""
    )
    return f"{above}{'.'.join((str(node.tag), *classes(node)))}"


def for_all(page: LexborHTMLParser, nodes: Sequence[LexborNode]) -> str:
    """The shortest selector that finds these elements on a page and nothing else; empty where there is none."""
    wanted = {node.mem_id for node in nodes}
    for selector in _ways(nodes[0]):
        if {node.mem_id for node in page.css(selector)} == wanted:
            return selector
    return ""


def within(cards: Sequence[LexborNode], targets: Sequence[LexborNode | None]) -> str:
    """The shortest selector whose first hit in each card is that card's target; empty where there is none."""
    pairs = [(card, target) for card, target in zip(cards, targets, strict=True) if target is not None]
    if not pairs:
        return ""
    for selector in _ways(pairs[0][1]):
        if all(_first_is(card, selector, target) for card, target in pairs):
            return selector
    return ""


def _first_is(card: LexborNode, selector: str, target: LexborNode) -> bool:
    found = card.css_first(selector)
    return found is not None and found.mem_id == target.mem_id


def _ways(node: LexborNode) -> Iterator[str]:
    """Selectors for an element, from short to long."""
    tag, named = str(node.tag), classes(node)
    for one in named:
        yield f"{tag}.{one}"
    yield from (f".{one}" for one in named)
    if (prop := node.attributes.get("itemprop")) and NAME.fullmatch(prop):
        yield f"{tag}[itemprop={prop}]"
    if len(named) > 1:
        yield f"{tag}.{'.'.join(named)}"
    if tag in SPEAKING:
        yield tag
    own, parent = f"{tag}.{named[0]}" if named else tag, node.parent
    for height in range(4):
        if parent is None or parent.tag in (None, "html", "body"):
            break
        key = parent.attributes.get("id") or ""
        above = [f"{parent.tag}.{one}" for one in classes(parent)] + (
            [f"#{key}"] if NAME.fullmatch(key) else []
        )
        yield from (f"{one} > {own}" if not height else f"{one} {own}" for one in above)
        if not height:
            yield f"{parent.tag} > {own}"
        parent = parent.parent
    yield tag
    yield f"{tag}:nth-of-type({_place(node)})"


def _place(node: LexborNode) -> int:
    """Which of its kind an element is among its siblings, from 1."""
    place, before = 1, node.prev
    while before is not None:
        place += before.tag == node.tag
        before = before.prev
    return place
