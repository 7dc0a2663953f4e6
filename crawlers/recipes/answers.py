"""What an answer holds, by its format: a tree, or a value; or the page that says why there is neither."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.adapter import Outcome, Page
from crawlers.exchange import Exchange
from crawlers.extract.answers import json_answer, not_the_form
from crawlers.extract.challenge import challenge_in
from crawlers.extract.page import parse
from crawlers.recipes.compiled import Way
from crawlers.recipes.expressions import search
from crawlers.recipes.rules import Answer, Rule

MAX_DEPTH = 60
"""Elements within each other that are read of an XML answer."""
MAX_LINES = 10_000
REFUSALS = frozenset({401, 403, 407, 429, 451})


def open_answer(exchange: Exchange, form: str, inside: str, who: str) -> tuple[Answer, Page | None]:
    """The answer in its format; with it, where it has another one, the page that says so."""
    page = tree(exchange) if form == "html" or inside or exchange.body.lstrip()[:1] == b"<" else None
    answer = Answer(exchange, page)
    if form == "html":
        media = exchange.media_type
        if media and "html" not in media and "xml" not in media and media != "text/plain":
            return answer, Page(Outcome.CHANGED, note=f"{who}: a page was expected, {media[:60]} came.")
        return answer, None
    if inside:
        return _inside(answer, inside, who)
    if form == "xml":
        return _xml(answer, who)
    if form == "jsonl":
        return _lines(answer, who)
    data, trouble = json_answer(exchange, who)
    return Answer(exchange, page, data), trouble


def tree(exchange: Exchange) -> LexborHTMLParser:
    """The page as a tree."""
    return parse(exchange.body, exchange.header("content-type") or "")


def verdict(answer: Answer, rules: Mapping[str, tuple[Rule, ...]], *outcomes: Outcome) -> Page | None:
    """The first of the outcomes one of whose rules holds, with the reason."""
    for outcome in outcomes:
        for rule in rules.get(outcome.value, ()):
            if rule.holds(answer):
                return Page(outcome, note=rule.reason(answer))
    return None


def by_status(exchange: Exchange, known: frozenset[int], who: str) -> Page | None:
    """What the status says by itself; statuses that rules know are theirs."""
    status = exchange.status
    if status in known or status < 400:
        return None
    if status in REFUSALS:
        return Page(Outcome.BLOCKED, note=f"{who} refuses us: status {status}.")
    if status >= 500:
        return Page(Outcome.ERROR, note=f"{who} has trouble: status {status}.")
    if status in (404, 410):
        return Page(
            Outcome.CHANGED, note=f"{who} does not answer under this address any more: status {status}."
        )
    return Page(Outcome.CHANGED, note=f"{who} does not take what was asked: status {status}.")


def standing_in_the_way(answer: Answer) -> Page | None:
    """A challenge, a consent or a log-in page instead of what was asked."""
    why = challenge_in(answer.page) if answer.page is not None else ""
    return Page(Outcome.BLOCKED, note=why) if why else None


def rows_of(answer: Answer, ways: Sequence[Way]) -> list[object] | None:
    """The entries of a list, by the first of the ways that finds the list; None where none does."""
    for way in ways:
        if isinstance(way, str):
            nodes = answer.page.css(way) if answer.page is not None else []
            if nodes:
                return list(nodes)
        else:
            found = search(way, answer.data)
            if found is not None:
                return found if isinstance(found, list) else [found]
    return None


def node_of(row: object) -> LexborNode | None:
    """The element that a row is."""
    return row if isinstance(row, LexborNode) else None


def _inside(answer: Answer, inside: str, who: str) -> tuple[Answer, Page | None]:
    node = answer.page.css_first(inside) if answer.page is not None else None
    if node is None:
        return answer, not_the_form(answer.exchange, f"{who}: the page has no {inside}")
    try:
        return Answer(answer.exchange, answer.page, json.loads(node.text())), None
    except (ValueError, RecursionError):
        return answer, not_the_form(answer.exchange, f"{who}: what stands in {inside} is not JSON")


def _lines(answer: Answer, who: str) -> tuple[Answer, Page | None]:
    found: list[object] = []
    for line in answer.exchange.body.splitlines()[:MAX_LINES]:
        try:
            found += [json.loads(line)] if line.strip() else []
        except (ValueError, RecursionError):
            continue  # a broken line is one entry less, as a broken row is elsewhere
    if not found and answer.exchange.body.strip():
        return answer, not_the_form(answer.exchange, f"{who} answers with something that is not JSON Lines")
    return Answer(answer.exchange, answer.page, found), None


def _xml(answer: Answer, who: str) -> tuple[Answer, Page | None]:
    body = answer.exchange.body
    if b"<!ENTITY" in body or b"<!DOCTYPE" in body[:2000]:
        return answer, not_the_form(answer.exchange, f"{who} declares entities, which are not read")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return answer, not_the_form(answer.exchange, f"{who} answers with something that is not XML")
    return Answer(answer.exchange, answer.page, {etree.QName(root).localname: _value(root, 0)}), None


def _value(node: etree._Element, depth: int) -> object:
    """An element as JSON would hold it: children by local name (repeated ones as a list), attributes by @name, text
    by #text; an element with nothing but text is that text."""
    found: dict[str, object] = {
        f"@{etree.QName(name).localname}": value for name, value in node.attrib.items()
    }
    for child in node if depth < MAX_DEPTH else ():
        if callable(child.tag):  # a comment or a processing instruction
            continue
        name = etree.QName(child).localname
        inner = _value(child, depth + 1)
        before = found.get(name)
        if before is None:
            found[name] = inner
        elif isinstance(before, list):
            before.append(inner)
        else:
            found[name] = [before, inner]
    text = (node.text or "").strip()
    if not found:
        return text
    return {**found, "#text": text} if text else found
