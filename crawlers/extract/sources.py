"""The four places a page may speak of a product: JSON-LD, microdata, meta tags, and what is visible."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.gallery import largest, largest_of_each
from crawlers.extract.prices import price_in, price_of
from crawlers.extract.product import Data, Found, from_schema, plain, text_of, web_address
from crawlers.listing import Price

MAX_BLOCKS = 50
MAX_BLOCK_CHARACTERS = 2_000_000
MAX_DEPTH = 40
PRODUCT_TYPES = {"product", "productgroup", "individualproduct", "productmodel", "vehicle", "book"}
OLD_PRICE = re.compile(
    r"old|was|strike|regular|compare|list|original|before|related|recommend|shipping|saving", re.IGNORECASE
)


def jsonld(page: LexborHTMLParser) -> tuple[list[Data], list[str]]:
    """Every JSON-LD object of a page, flattened, and what could not be read, in words."""
    found: list[Data] = []
    notes: list[str] = []
    for number, block in enumerate(page.css('script[type="application/ld+json"]')[:MAX_BLOCKS], 1):
        text = block.text()
        if len(text) > MAX_BLOCK_CHARACTERS:
            notes.append(f"JSON-LD block {number} is too long and was not read.")
            continue
        try:
            found.extend(_flat(_load(text)))
        except (ValueError, RecursionError):
            notes.append(f"JSON-LD block {number} is broken and was not read.")
    return found, notes


def products(objects: list[Data]) -> list[Data]:
    """Those objects that are products."""
    return [one for one in objects if types_of(one) & PRODUCT_TYPES]


def types_of(one: Data) -> set[str]:
    """Lower-case type names of a JSON-LD object, without their vocabulary."""
    value = one.get("@type")
    names = value if isinstance(value, list) else [value]
    return {name.rsplit("/", 1)[-1].lower() for name in names if isinstance(name, str)}


def microdata(page: LexborHTMLParser, base: str) -> Found | None:
    """The first microdata Product of a page (HTML §5.3)."""
    for item in page.css("[itemscope][itemtype]")[:200]:
        kind = (item.attributes.get("itemtype") or "").rsplit("/", 1)[-1].lower()
        if kind in PRODUCT_TYPES:
            return from_schema(_item(item, 0), base, read_from="microdata")
    return None


def meta(page: LexborHTMLParser, base: str) -> Found | None:
    """What OpenGraph and product meta tags say; amount and currency of one family only."""
    tags: dict[str, list[str]] = {}
    for tag in page.css("meta[property], meta[name]")[:300]:
        name = (tag.attributes.get("property") or tag.attributes.get("name") or "").lower()
        tags.setdefault(name, []).append(tag.attributes.get("content") or "")
    price = _meta_price(tags)
    if price is None and "product" not in (tags.get("og:type") or [""])[0]:
        return None
    pictures = [url for raw in tags.get("og:image", []) if (url := web_address(raw, base))]
    return Found(
        read_from="meta",
        title=text_of((tags.get("og:title") or [""])[0]),
        description=plain(text_of((tags.get("og:description") or tags.get("description") or [""])[0])),
        price=price,
        pictures=tuple(dict.fromkeys(pictures)),
        brand=text_of((tags.get("product:brand") or [""])[0]),
        url=web_address((tags.get("og:url") or [""])[0], base),
    )


def visible(page: LexborHTMLParser, base: str) -> Found | None:
    """The last resort: the main heading, and a price in an element that says it is one. None without a price."""
    heading = page.css_first("main h1, [role=main] h1, article h1") or page.css_first("h1")
    price = _visible_price(page)
    if heading is None or price is None:
        return None
    area = page.css_first("main, [role=main], article") or page.body
    shown = area.css("img, video[poster]")[:60] if area else []
    pictures = [url for one in shown if (url := largest(one, base))]
    return Found(
        read_from="visible",
        title=text_of(heading.text()),
        price=price,
        pictures=largest_of_each(pictures)[:20],
    )


def _load(text: str) -> object:
    cleaned = (
        text.strip()
        .removeprefix("<!--")
        .removesuffix("-->")
        .removeprefix("//<![CDATA[")
        .removesuffix("//]]>")
    )
    return json.loads(cleaned, strict=False, parse_constant=lambda _: None)


def _flat(value: object, depth: int = 0) -> Iterator[Data]:
    """Objects in a JSON-LD document: top level, lists, @graph, mainEntity, itemListElement."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for member in value[:2000]:
            yield from _flat(member, depth + 1)
    elif isinstance(value, Mapping):
        yield value
        for name in ("@graph", "mainEntity", "itemListElement", "item"):
            if name in value:
                yield from _flat(value[name], depth + 1)


def _item(node: LexborNode, depth: int) -> dict[str, object]:
    """A microdata item as JSON-LD would write it."""
    found: dict[str, object] = {"@type": (node.attributes.get("itemtype") or "").rsplit("/", 1)[-1]}
    for prop in node.css("[itemprop]")[:300]:
        if _owner(prop) != node.mem_id:
            continue
        value: object = (
            _item(prop, depth + 1) if "itemscope" in prop.attributes and depth < 5 else _value(prop)
        )
        for name in (prop.attributes.get("itemprop") or "").split():
            before = found.get(name)
            found[name] = (
                value if before is None else [*(before if isinstance(before, list) else [before]), value]
            )
    return found


def _owner(prop: LexborNode) -> int:
    parent = prop.parent
    while parent is not None and "itemscope" not in parent.attributes:
        parent = parent.parent
    return parent.mem_id if parent is not None else 0


def _value(prop: LexborNode) -> str:
    for name in ("content", "src", "href", "datetime", "value"):
        if prop.attributes.get(name):
            return str(prop.attributes[name])
    return prop.text()


def _meta_price(tags: Mapping[str, list[str]]) -> Price | None:
    for family in ("product:sale_price", "product:price", "og:price"):
        amount, currency = tags.get(f"{family}:amount"), tags.get(f"{family}:currency")
        if amount:
            price = price_of(amount[0], currency[0] if currency else None, read_from="meta")
            if price is not None:
                return price
    return None


def _visible_price(page: LexborHTMLParser) -> Price | None:
    for node in page.css('[itemprop="price"], [class*="price" i], [id*="price" i]')[:60]:
        named = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if OLD_PRICE.search(named) or _struck(node):
            continue
        price = price_in(node.text(separator=" "), read_from="visible")
        if price is not None and len(node.text()) < 60:
            return price
    return None


def _struck(node: LexborNode) -> bool:
    parent: LexborNode | None = node
    for _ in range(4):
        if parent is None:
            return False
        named = f"{parent.attributes.get('class') or ''} {parent.attributes.get('id') or ''}"
        if parent.tag in ("s", "del", "strike") or re.search(
            r"related|recommend|carousel|similar", named, re.IGNORECASE
        ):
            return True
        parent = parent.parent
    return False
