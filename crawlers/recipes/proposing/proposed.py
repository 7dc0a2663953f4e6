"""A recipe proposed from saved answers: the list, the page of one of its goods, and a search for nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser

from crawlers.exchange import Exchange
from crawlers.extract.challenge import challenge_in
from crawlers.extract.page import parse
from crawlers.recipes.extracted import extracted
from crawlers.recipes.proposing.cards import cards_on
from crawlers.recipes.proposing.objects import objects_in, onward_in
from crawlers.recipes.proposing.onward import Address, following_on, nothing_found, taken_apart, terms_of
from crawlers.recipes.proposing.proposal import JsonObject, Listed, Proposal

ORDER = ("jsonld", "microdata", "meta", "visible", "facts")
SCRIPTED = 500
"""Characters of visible text below which a page is drawn by script."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What a person knows and the page may not say."""

    name: str
    words: str = ""
    currency: str = ""
    item_url: str = ""
    rendered: bool = False
    """A browser finishes the pages."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why nothing can be proposed, and what would help."""

    why: str
    hint: str


def propose(page: Exchange, hints: Hints) -> Proposal | Unclear:
    """A recipe for the list that an answer holds, or why there is none."""
    address = taken_apart(page.request.url, hints.words)
    if page.status >= 400:
        return Unclear(
            f"The page answers with status {page.status}.",
            "Open it in a browser; give an address that works.",
        )
    data = data_in(page)
    if data is not None:
        return _from_data(data, address, hints)
    return _from_page(page, address, hints)


def data_in(exchange: Exchange) -> object:
    """The JSON of an answer; None where it is none."""
    try:
        return json.loads(exchange.body) if exchange.body.lstrip()[:1] in (b"{", b"[") else None
    except (ValueError, RecursionError):
        return None


def with_detail(proposal: Proposal, detail: Exchange) -> Proposal:
    """The same with the page of one of its goods, where that says more than the list."""
    tree = parse(detail.body, detail.header("content-type") or "")
    if detail.status >= 400 or challenge_in(tree):
        return proposal
    says = {name: extracted(tree, detail.url, (name,)) for name in ORDER}
    order = [name for name in ORDER if says[name].get("title") or says[name].get("price") or name == "facts"]
    known = {name.split(".")[0] for name in proposal.listed.fields}
    own = {} if any(one.get("description") for one in says.values()) else _description(tree)
    more = {field for name in order for field in says[name]} | set(own)
    if not more - known:
        return proposal
    found: JsonObject = {"extract": order, **({"fields": own} if own else {})}
    # what the list says of title and price holds where it was read well; the page is asked for the rest
    if "visible" in order and "jsonld" not in order and "microdata" not in order and "title" in known:
        found["extract"] = [name for name in order if name != "visible"] if "price" in known else order
    found["expect"] = [name for name in ("price", "pictures") if name in known | more]
    required = (*proposal.required, "detail_full")
    return replace(proposal, detail=found, required=required)


def _description(tree: LexborHTMLParser) -> JsonObject:
    """Where a page says by a class or an id that it describes something."""
    for selector in ("[itemprop=description]", ".description", "#description", ".product-description"):
        node = tree.css_first(selector)
        if node is not None and node.text().strip():
            return {"description": selector}
    return {}


def with_empty(proposal: Proposal, empty: Exchange, full: Exchange, words: str) -> Proposal:
    """The same with the rule that tells an empty list."""
    if proposal.listed.format != "html":
        return proposal
    trees = [parse(one.body, one.header("content-type") or "") for one in (empty, full)]
    rule = nothing_found(trees[0], trees[1], words)
    return replace(proposal, empty=(rule,)) if rule else proposal


def _from_data(data: object, address: Address, hints: Hints) -> Proposal | Unclear:
    listed = objects_in(data, hints.currency, hints.item_url)
    if listed is None:
        return Unclear(
            "The answer is JSON, and no list of objects with a title is in it.",
            "Give the address of a list or a search.",
        )
    if "url" not in listed.fields:
        return Unclear(
            "The answer names no address of the goods.",
            "Give one with --item-url 'https://shop.example/item/{}'.",
        )
    onward = onward_in(data)
    following = {**onward, **address.moves()} if address.page or address.offset or "link" in onward else {}
    following.pop("cursor", None)
    if "link" in following:
        address = replace(address, page="", offset="", limit="")
        following = {"link": following["link"]}
    return _proposal(replace(listed, next=following), address, hints, "")


def _from_page(page: Exchange, address: Address, hints: Hints) -> Proposal | Unclear:
    tree = parse(page.body, page.header("content-type") or "")
    if why := challenge_in(tree):
        return Unclear(
            why, "It is not got round. Ask the shop for permission, or import what you see by hand."
        )
    listed = cards_on(tree, page.url, hints.currency)
    if listed is None:
        return _no_cards(tree, hints.rendered)
    address, following = following_on(tree, page.url, address)
    return _proposal(replace(listed, next=following), address, hints, terms_of(tree, page.url))


def _no_cards(tree: LexborHTMLParser, rendered: bool) -> Unclear:
    scripts = tree.css('script:not([type="application/ld+json"])')
    hidden = sum(
        len(" ".join(node.text().split())) for node in tree.css("body script, body style, body noscript")
    )
    shown = len(" ".join(tree.body.text().split())) - hidden if tree.body is not None else 0
    if shown < SCRIPTED and scripts and not rendered:
        return Unclear(
            "The page is drawn by script: what the server sends holds no goods.",
            "Try --rendered, or look in the browser's network tab for the JSON address that the page asks.",
        )
    return Unclear(
        "Nothing on the page repeats that has a link and words each.",
        "Give the address of a search or of a list of goods, not of one of them.",
    )


def _proposal(listed: Listed, address: Address, hints: Hints, terms: str) -> Proposal:
    required = ["search_page1", "search_empty", "blocked", "changed"]
    return Proposal(
        hints.name, hints.name, address.base, address.request(), listed, terms_url=terms,
        needs_query=address.takes_words, rendered=hints.rendered, required=tuple(required),
    )  # fmt: skip
