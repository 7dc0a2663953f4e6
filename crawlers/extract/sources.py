"""The three places where a page speaks of a product to machines: JSON-LD, microdata, meta tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.prices import price_of
from crawlers.extract.product import (
    AVAILABILITY,
    CONDITIONS,
    Data,
    Found,
    from_schema,
    gtin_in,
    plain,
    text_of,
    web_address,
    word_in,
)
from crawlers.listing import Price, Seller

MAX_BLOCKS = 50
MAX_BLOCK_CHARACTERS = 2_000_000
MAX_DEPTH = 40
PRODUCT_TYPES = {"product", "productgroup", "individualproduct", "productmodel", "vehicle", "book"}
ELSEWHERE = re.compile(r"related|recommend|similar|upsell|cross-?sell|also|recently", re.IGNORECASE)
"""Names of elements that show other goods."""


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


def microdata(page: LexborHTMLParser, base: str, heading: str = "") -> Found | None:
    """The microdata Product of a page (HTML §5.3): of several the one that the heading names, then one with an offer.

    Where no Product is declared, a price and its currency that are marked up all the same are taken.
    """
    items = []
    for item in page.css("[itemscope][itemtype]")[:200]:
        kind = (item.attributes.get("itemtype") or "").rsplit("/", 1)[-1].lower()
        if kind in PRODUCT_TYPES and not _elsewhere(item):
            items.append(_item(item, 0))
    if not items:
        return _loose(page)
    best = best_first(items, base, heading)[0]
    return from_schema(best, base, read_from="microdata")


def best_first(products: Sequence[Data], url: str, heading: str) -> list[Data]:
    """The product a page is about first: its address is the page's, or its name is the heading; then one with an offer.

    Recommendations come as products too, and have less.
    """
    said = _folded(heading)

    def rank(one: Data) -> tuple[bool, bool]:
        name = _folded(text_of(one.get("name")))
        own = bool(said and name and (name in said or said in name))
        own = own or web_address(text_of(one.get("url") or one.get("@id")), url).split("#")[0] == url
        return not own, not (one.get("offers") or one.get("hasVariant"))

    return sorted(products, key=rank)


def meta(page: LexborHTMLParser, base: str) -> Found | None:
    """What OpenGraph and product meta tags say; amount and currency of one family only."""
    tags: dict[str, list[str]] = {}
    for tag in page.css("meta[property], meta[name]")[:300]:
        name = (tag.attributes.get("property") or tag.attributes.get("name") or "").lower()
        tags.setdefault(name, []).append(tag.attributes.get("content") or "")
    price = _meta_price(tags)

    def said(*names: str) -> str:
        return text_of(next((value for name in names for value in tags.get(name, []) if value.strip()), ""))

    if price is None and "product" not in said("og:type"):
        return None
    title = said("og:title", "twitter:title")
    pictures = [url for raw in tags.get("og:image", []) if (url := web_address(raw, base))]
    return Found(
        read_from="meta",
        title=title if title != said("og:site_name", "application-name") else "",
        description=plain(said("og:description", "description")),
        price=price,
        seller=Seller(name=said("product:retailer_title", "product:seller")),
        pictures=tuple(dict.fromkeys(pictures)),
        condition=word_in(said("product:condition", "og:condition"), CONDITIONS),
        availability=word_in(said("product:availability", "og:availability"), AVAILABILITY),
        brand=said("product:brand", "og:brand"),
        category=said("product:category"),
        sku=said("product:retailer_item_id", "product:sku"),
        gtin=gtin_in(said("product:gtin", "product:ean", "product:upc", "product:isbn")),
        mpn=said("product:mfr_part_no"),
        url=web_address(said("og:url"), base),
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


def _loose(page: LexborHTMLParser) -> Found | None:
    amount, currency = page.css_first("[itemprop=price]"), page.css_first("[itemprop=priceCurrency]")
    if amount is None or currency is None or _elsewhere(amount):
        return None
    price = price_of(_value(amount).strip(), _value(currency), read_from="microdata")
    return Found(read_from="microdata", price=price) if price is not None else None


def _elsewhere(node: LexborNode) -> bool:
    """Whether an element stands among other goods, or is said to be related."""
    parent: LexborNode | None = node
    while parent is not None and parent.tag not in ("body", "html"):
        attributes = parent.attributes
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if ELSEWHERE.search(named) or (attributes.get("itemprop") or "") in ("isRelatedTo", "isSimilarTo"):
            return True
        parent = parent.parent
    return False


def _folded(text: str) -> str:
    return "".join(text.casefold().split())
