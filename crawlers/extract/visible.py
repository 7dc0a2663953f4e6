"""What a page shows to people and says to no machine: its heading, the price nearest to it, who sells, what there is.

The last resort, and the least reliable one: it also finds prices where there are none. So the price is looked for from
the heading outwards, and what is struck through, was asked before, or belongs to other goods is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.gallery import largest, largest_of_each
from crawlers.extract.labels import facts_in
from crawlers.extract.prices import is_money, price_in
from crawlers.extract.product import Found, text_of, web_address
from crawlers.listing import Price, Seller

LEVELS = 12
"""Elements around the heading in which a price is looked for, one after the other."""
MAX_NODES = 80
MAX_TEXTS = 600
MANY = 6
"""Prices within one element from which it shows many goods and not one."""
NAMED_PRICE = ", ".join(
    f'[class*="{word}" i], [id*="{word}" i]'
    for word in ("price", "amount", "preis", "prix", "precio", "prezzo", "kakaku", "jiage", "tsena")
)
"""What shop software names the element of a price, in several languages."""
IN_THE_WAY = re.compile(
    r"cookie|consent|gdpr|dialog|modal|popup|newsletter|drawer|logo|announcement|breadcrumb", re.IGNORECASE
)
ELSEWHERE = re.compile(
    r"related|recommend|carousel|similar|upsell|cross-?sell|also|recently|footer|mini-?cart|header|navi?\b",
    re.IGNORECASE,
)
NOT_ASKED = re.compile(
    r"old|was\b|strike|before|crossed|compare|discount|saving|shipping|delivery|unit-?price|per-?unit|deposit|"
    r"install?ment|loyalty|points|coupon|tax\b",
    re.IGNORECASE,
)
"""Names of amounts that are not the price asked."""
PERHAPS_NOT = re.compile(r"regular|list\b|original|rrp|msrp", re.IGNORECASE)
"""Names of amounts that are the price asked where no other one stands beside them."""
STRUCK = 'del, s, strike, [class*="old" i], [class*="compare" i], [class*="strike" i], [class*="original" i]'
SELLER = (
    '[itemprop="seller"], [rel="author"][href*="shop" i], [class*="seller-name" i], [class*="seller_name" i], '
    '[class*="shop-name" i], [class*="shop_name" i], [class*="store-name" i], [class*="vendor-name" i], '
    '[class*="merchant-name" i], [class*="sold-by" i] a, [class*="seller" i] a'
)


def main_heading(page: LexborHTMLParser) -> LexborNode | None:
    """The heading of what the page is about; not that of a cookie dialog, a logo or a newsletter."""
    fallback = None
    for node in page.css("h1")[:20]:
        if not node.text().strip() or _hidden(node):
            continue
        if _inside(node, ("main", "article")):
            return node
        fallback = fallback or node
    if fallback is not None:
        return fallback
    named = page.css_first('[class*="product" i][class*="title" i], [class*="product" i][class*="name" i]')
    return named if named is not None and named.text().strip() else None


def heading_text(node: LexborNode | None) -> str:
    """The words of a heading."""
    return text_of(node.text(separator=" "))[:500] if node is not None else ""


def visible(page: LexborHTMLParser, base: str, heading: LexborNode | None) -> Found | None:
    """Heading, and the price nearest to it with its pictures; None without a price."""
    price = _nearest_price(page, heading)
    if heading is None or price is None:
        return None
    area = page.css_first("main, [role=main], article") or page.body
    shown = area.css("img, video[poster]")[:60] if area else []
    pictures = [url for one in shown if not _elsewhere(one) and (url := largest(one, base))]
    return Found(
        read_from="visible",
        title=heading_text(heading),
        price=price,
        pictures=largest_of_each(pictures)[:20],
    )


def facts(page: LexborHTMLParser, base: str, heading: LexborNode | None) -> Found:
    """What the page shows beside its price: labelled numbers, condition, what there is, and who sells."""
    area = _product_area(heading) or page.css_first("main, article") or page.body
    if area is None:
        return Found(read_from="visible")
    said = facts_in(area)
    return Found(
        read_from="visible",
        seller=_seller(area, base) or Seller(name=said.get("seller", "")),
        condition=said.get("condition", ""),
        availability=said.get("availability", ""),
        brand=said.get("brand", ""),
        sku=said.get("sku", ""),
        gtin=said.get("gtin", ""),
        mpn=said.get("mpn", ""),
    )


def _nearest_price(page: LexborHTMLParser, heading: LexborNode | None) -> Price | None:
    """From the heading outwards; then the whole page; each time what is named a price, then what looks like money."""
    for area in _outwards(page, heading):
        for candidates in (_named_prices(area), _amounts(area)):
            if price := _first_after(area, heading, candidates):
                return price
    return None


def _outwards(page: LexborHTMLParser, heading: LexborNode | None) -> Iterator[LexborNode]:
    node = heading.parent if heading is not None else None
    for _ in range(LEVELS):
        if node is None or node.tag in ("body", "html"):
            break
        yield node
        node = node.parent
    if page.body is not None:
        yield page.body


def _named_prices(area: LexborNode) -> list[LexborNode]:
    return [node for node in area.css(NAMED_PRICE)[:MAX_NODES] if len(node.text()) < 120]


def _amounts(area: LexborNode) -> list[LexborNode]:
    """Small elements that hold an amount with its currency, on pages whose elements have no telling names."""
    nodes = area.css("span, b, strong, em, p, div, td, dd, li, font, big, ins")[:MAX_TEXTS]
    found = [node for node in nodes if len(text := node.text()) <= 60 and is_money(text)]
    around = {node.parent.mem_id for node in found if node.parent is not None}
    return [node for node in found if node.mem_id not in around]


def _first_after(
    area: LexborNode, heading: LexborNode | None, candidates: Sequence[LexborNode]
) -> Price | None:
    """The first price below the heading, else the last one above it; weaker names only where there are no others."""
    found = [(node, price) for node in candidates if (price := _price(node, area)) is not None]
    if len(found) > MANY and len({price.amount for _, price in found}) > MANY - 2:
        return None  # a page of many goods
    strong = [pair for pair in found if not PERHAPS_NOT.search(_names(pair[0]))] or found
    if not strong:
        return None
    if heading is None:
        return strong[0][1]
    return next((price for node, price in strong if _follows(node, heading, area)), strong[-1][1])


def _price(node: LexborNode, area: LexborNode) -> Price | None:
    parent: LexborNode | None = node
    while parent is not None and parent.mem_id != area.mem_id:
        if parent.tag in ("s", "del", "strike") or ELSEWHERE.search(_names(parent)):
            return None
        parent = parent.parent
    if NOT_ASKED.search(_names(node)) or _elsewhere(node):
        return None
    text = node.text(separator=" ")
    for struck in node.css(STRUCK)[:5]:
        if struck.mem_id != node.mem_id:
            text = text.replace(struck.text(separator=" "), " ", 1)
    return price_in(text, read_from="visible")


def _follows(node: LexborNode, heading: LexborNode, area: LexborNode) -> bool:
    """Whether an element comes after the heading, by the way down to each from what holds both."""
    ours, theirs = _path(node, area), _path(heading, area)
    for one, other in zip(ours, theirs, strict=False):
        if one.mem_id != other.mem_id:
            after = one.next
            while after is not None:
                if after.mem_id == other.mem_id:
                    return False
                after = after.next
            return True
    return len(ours) > len(theirs)


def _path(node: LexborNode, area: LexborNode) -> list[LexborNode]:
    found: list[LexborNode] = []
    parent: LexborNode | None = node
    while parent is not None and parent.mem_id != area.mem_id:
        found.append(parent)
        parent = parent.parent
    return found[::-1]


def _product_area(heading: LexborNode | None) -> LexborNode | None:
    """What holds the heading and more than a line of text."""
    node = heading.parent if heading is not None else None
    for _ in range(LEVELS):
        if node is None or node.tag in ("body", "html"):
            return None
        if node.tag in ("main", "article") or re.search(
            r"product|goods|item|detail", _names(node), re.IGNORECASE
        ):
            return node
        node = node.parent
    return None


def _seller(area: LexborNode, base: str) -> Seller | None:
    for node in area.css(SELLER)[:10]:
        name = text_of(node.text(separator=" "))
        if 1 < len(name) <= 80 and not _elsewhere(node):
            link = node if node.tag == "a" else node.css_first("a[href]")
            url = web_address((link.attributes.get("href") or "") if link is not None else "", base)
            return Seller(name=name, url=url)
    return None


def _hidden(node: LexborNode) -> bool:
    parent: LexborNode | None = node
    while parent is not None and parent.tag not in ("body", "html"):
        attributes = parent.attributes
        if "hidden" in attributes or attributes.get("aria-hidden") == "true" or parent.tag == "dialog":
            return True
        if (attributes.get("role") or "") in ("dialog", "alertdialog") or IN_THE_WAY.search(_names(parent)):
            return True
        parent = parent.parent
    return False


def _inside(node: LexborNode, tags: tuple[str, ...]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in tags or parent.attributes.get("role") == "main":
            return True
        parent = parent.parent
    return False


def _elsewhere(node: LexborNode) -> bool:
    parent: LexborNode | None = node
    while parent is not None and parent.tag not in ("body", "html", "main"):
        if parent.tag in ("footer", "nav", "header") or ELSEWHERE.search(_names(parent)):
            return parent.tag != "header" or not parent.css("h1")
        parent = parent.parent
    return False


def _names(node: LexborNode) -> str:
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
