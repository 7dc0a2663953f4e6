"""The goods on a list page: what repeats, and holds a link and a price each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.prices import price_in
from crawlers.extract.product import web_address
from crawlers.recipes.proposing.proposal import JsonObject, Listed
from crawlers.recipes.proposing.selectors import for_all, shape, within

MAX_LINKS = 2_000
LEAST = 2
"""Entries from which something repeats."""
DEPTH = 7
"""How far above a link its card may begin."""
NOT_GOODS = re.compile(
    r"/(cart|checkout|account|login|register|signin|about|contact|help|faq|terms|privacy|blog|news|agb|impressum)\b",
    re.IGNORECASE,
)
PRICE_NAME = re.compile(r"price|amount|cost|preis|prix|precio|prezzo|money|价|価格|가격|цена", re.IGNORECASE)
OLD_NAME = re.compile(r"old|was|strike|regular|compare|before|saving|shipping|unit", re.IGNORECASE)
SELLER_NAME = re.compile(
    r"seller|vendor|shop|store|merchant|\bby\b|author|artist|verk|卖家|店", re.IGNORECASE
)
HEADING = re.compile(r"title|name|heading|headline|caption|标题|商品名", re.IGNORECASE)
AROUND = frozenset({"nav", "header", "footer", "aside"})
LONGEST_PRICE = 40
"""Characters of the text of an element that is a price and nothing else."""


def cards_on(page: LexborHTMLParser, url: str, currency: str = "") -> Listed | None:
    """How the goods on a list page are read; None where nothing repeats that has a link each."""
    groups: dict[str, dict[int, LexborNode]] = defaultdict(dict)
    for link in page.css("a[href]")[:MAX_LINKS]:
        if _is_goods(link, url):
            for node in _upwards(link):
                groups[shape(node)][node.mem_id] = node
    best: list[LexborNode] = []
    most = 0.0
    for group in groups.values():
        cards = list(group.values())
        score = _score(cards, url)
        if score > most or (best and score == most and len(cards[0].html or "") > len(best[0].html or "")):
            best, most = cards, score
    if not best or most <= 0:
        return None
    return _read(page, best, url, currency)


def _is_goods(link: LexborNode, url: str) -> bool:
    target = web_address(link.attributes.get("href") or "", url)
    parts = urlsplit(target)
    if not target or parts.netloc.lower() != urlsplit(url).netloc.lower() or NOT_GOODS.search(parts.path):
        return False
    return parts.path not in ("", "/")


def _upwards(link: LexborNode) -> Iterator[LexborNode]:
    node: LexborNode | None = link
    for _ in range(DEPTH):
        if node is None or node.tag in ("body", "html", "main") or node.tag in AROUND:
            return
        yield node
        node = node.parent


def _score(cards: Sequence[LexborNode], url: str) -> float:
    """How much a group of elements looks like goods: many, each about one thing, with prices and pictures."""
    if len(cards) < LEAST:
        return 0.0
    targets = [_targets(card, url) for card in cards]
    about_one = sum(len(one) == 1 for one in targets) / len(cards)
    different = len({next(iter(one)) for one in targets if one}) / len(cards)
    priced = sum(_price_in(card) is not None for card in cards) / len(cards)
    pictured = sum(card.css_first("img") is not None for card in cards) / len(cards)
    titled = sum(_title_in(card) is not None for card in cards) / len(cards)
    if different < 0.6 or titled < 0.5:
        return 0.0
    around = any(node.tag in AROUND for node in _all_above(cards[0]))
    weight = about_one * (0.3 + 2 * priced + 0.7 * pictured) * (0.1 if around else 1.0)
    return weight * min(len(cards), 40)


def _targets(card: LexborNode, url: str) -> set[str]:
    links = [card] if card.tag == "a" else card.css("a[href]")
    addresses = (
        web_address(link.attributes.get("href") or "", url) for link in links if _is_goods(link, url)
    )
    return {urlsplit(one)._replace(fragment="", query="").geturl() + urlsplit(one).query for one in addresses}


def _all_above(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _read(page: LexborHTMLParser, cards: list[LexborNode], url: str, currency: str) -> Listed | None:
    items = for_all(page, cards) or shape(cards[0])
    cards = page.css(items)
    link = _pick(cards, lambda card: _link_in(card, url))
    title, price = _pick(cards, _title_in), _pick(cards, _price_in)
    if link is None or title is None:
        return None
    fields: JsonObject = {"url": f"{link}@href | abs", "title": title or "text"}
    notes = []
    if cards[0].tag == "a" and link == "":
        fields["url"] = "@href | abs"
    if price is not None:
        fields["price"] = f"{price} | price({currency})" if currency else f"{price} | price"
        shown = [found for card in cards if (node := _price_in(card)) is not None
                 and (found := price_in(node.text(separator=" "), read_from="visible")) is not None]  # fmt: skip
        if shown and not currency and all(one.currency is None for one in shown):
            notes.append(f"Prices such as “{shown[0].raw}” name no currency: give one with --currency EUR.")
    else:
        notes.append("No price stands in the list; it is looked for on the pages of the goods.")
    if sum(card.css_first("img") is not None for card in cards) * 2 > len(cards):
        fields["pictures"] = "img | largest"
    if seller := _pick(cards, _seller_in):
        fields["seller.name"] = seller
    return Listed("html", items, fields, len(cards), notes=tuple(notes))


def _pick(cards: Sequence[LexborNode], find: Callable[[LexborNode], LexborNode | None]) -> str | None:
    """The selector of what `find` finds in each card; None where most cards have none, or no selector fits."""
    targets = [find(card) for card in cards]
    if sum(one is not None for one in targets) * 2 < len(cards):
        return None
    if all(one is None or one.mem_id == card.mem_id for card, one in zip(cards, targets, strict=True)):
        return ""
    return within(cards, targets) or None


def _link_in(card: LexborNode, url: str) -> LexborNode | None:
    if card.tag == "a":
        return card
    return next((link for link in card.css("a[href]") if _is_goods(link, url)), None)


def _title_in(card: LexborNode) -> LexborNode | None:
    """A heading, else what is named a title, else the link with words in it, else the longest words."""
    for node in card.css("h1, h2, h3, h4, h5, h6, [itemprop=name]"):
        if _words(node):
            return node
    named = [node for node in card.css("[class]") if HEADING.search(node.attributes.get("class") or "")]
    for node in (*named, *card.css("a[href]")):
        if _words(node) and node.mem_id != card.mem_id and not node.css("img, [class*=price i]"):
            return node
    leaves = [node for node in card.css("*") if _is_leaf(node) and _words(node)]
    return max(leaves, key=lambda node: len(node.text()), default=None)


def _words(node: LexborNode) -> bool:
    text = " ".join(node.text().split())
    return 2 <= len(text) <= 300 and not _is_price(text) and any(one.isalpha() for one in text)


def _price_in(card: LexborNode) -> LexborNode | None:
    """What is named a price and holds one; else the smallest element that holds nothing but money."""
    named, plain = [], []
    for node in card.css("*"):
        text = " ".join(node.text(separator=" ").split())
        if not text or len(text) > LONGEST_PRICE or not _is_price(text) or _is_old(node):
            continue
        name = f"{node.attributes.get('class') or ''} {node.attributes.get('itemprop') or ''}"
        if PRICE_NAME.search(name):
            named.append(node)
        elif _is_leaf(node) and (found := price_in(text, read_from="visible")) is not None and found.currency:
            plain.append(node)
    return next(iter(named or plain), None)


def _is_price(text: str) -> bool:
    price = price_in(text, read_from="visible")
    if price is None:
        return False
    letters = sum(one.isalpha() for one in text)
    return letters <= (8 if price.currency else 0)  # a few words, such as “from”, may stand with a currency


def _is_old(node: LexborNode) -> bool:
    here: LexborNode | None = node
    for _ in range(3):
        if here is None:
            return False
        if here.tag in ("s", "del", "strike") or OLD_NAME.search(here.attributes.get("class") or ""):
            return True
        here = here.parent
    return False


def _is_leaf(node: LexborNode) -> bool:
    return not any(
        child.tag not in ("-text", "br", "b", "i", "em", "strong", "sup", "small") for child in node.iter()
    )


def _seller_in(card: LexborNode) -> LexborNode | None:
    for node in card.css("[class]"):
        if (
            node.mem_id != card.mem_id
            and SELLER_NAME.search(node.attributes.get("class") or "")
            and _words(node)
        ):
            inner = next((one for one in node.css("a, b, strong") if _words(one)), None)
            return inner if inner is not None else node if _is_leaf(node) else None
    return None
