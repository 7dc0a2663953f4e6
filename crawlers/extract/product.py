"""A product as structured data says it, in the terms of schema.org, wherever it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawlers.extract.prices import price_of
from crawlers.listing import Price, PriceKind, Seller

Data = Mapping[str, object]

MAX_TEXT = 20_000
MAX_PICTURES = 40
CONDITIONS = {"new": "new", "used": "used", "refurbished": "refurbished", "damaged": "damaged"}
AVAILABILITY = {
    "instock": "in_stock", "instoreonly": "in_stock", "onlineonly": "in_stock", "limitedavailability": "in_stock",
    "outofstock": "out_of_stock", "soldout": "out_of_stock", "preorder": "preorder", "presale": "preorder",
    "backorder": "preorder", "discontinued": "discontinued", "oos": "out_of_stock", "pending": "preorder",
    "availablefororder": "in_stock", "available": "in_stock",
}  # fmt: skip
NOT_ASKED = re.compile(r"ListPrice|SRP|MSRP|Strikethrough|Regular|Minimum", re.IGNORECASE)
"""Kinds of prices that are named beside the one that is asked (schema.org PriceTypeEnumeration)."""
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Found:
    """What one source of one page says about a product. Empty where it says nothing."""

    read_from: str
    title: str = ""
    description: str = ""
    price: Price | None = None
    seller: Seller = field(default_factory=Seller)
    pictures: tuple[str, ...] = ()
    condition: str = ""
    availability: str = ""
    brand: str = ""
    category: str = ""
    sku: str = ""
    gtin: str = ""
    mpn: str = ""
    url: str = ""


def from_schema(product: Data, base: str, *, read_from: str) -> Found:
    """A schema.org Product (or ProductGroup) as JSON-LD or microdata gives it."""
    offers = list(_objects(product.get("offers")))
    variants = list(_objects(product.get("hasVariant")))
    for variant in variants:
        offers.extend(_objects(variant.get("offers")))
    first = next((one for one in offers if list(_prices(one, read_from))), offers[0] if offers else {})
    stocked = [word_in(one.get("availability"), AVAILABILITY) for one in offers]
    parts = (product, first, *variants)
    pictures = [
        *_pictures(product.get("image"), base),
        *(p for one in (*variants, *offers) for p in _pictures(one.get("image"), base)),
        *(p for one in (product, *variants) for p in _video_thumbnails(one, base)),
    ]
    return Found(
        read_from=read_from,
        title=text_of(product.get("name")),
        description=plain(text_of(product.get("description"))),
        price=_price(offers, read_from),
        seller=_seller(first.get("seller") or first.get("offeredBy") or product.get("seller"), base),
        pictures=tuple(dict.fromkeys(pictures)),
        condition=word_in(first.get("itemCondition") or product.get("itemCondition"), CONDITIONS),
        availability="in_stock" if "in_stock" in stocked else next(filter(None, stocked), ""),
        brand=text_of(product.get("brand")),
        category=text_of(product.get("category")),
        sku=_first(*parts, names=("sku",)),
        gtin=gtin_in(_first(*parts, names=("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn"))),
        mpn=_first(*parts, names=("mpn",)),
        url=web_address(text_of(product.get("url") or first.get("url")), base),
    )


def text_of(value: object) -> str:
    """The text of a value that may be text, an object with a name, or a list of such."""
    if isinstance(value, list):
        value = next((member for member in value if member), "")
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("@value") or ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return SPACE.sub(" ", value).strip()[:MAX_TEXT] if isinstance(value, str) else ""


def gtin_in(text: str) -> str:
    """A trade item number of 8, 12, 13 or 14 digits (GS1 General Specifications §3.3); empty where it is none."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if digits.isascii() and digits.isdecimal() and len(digits) in (8, 12, 13, 14) else ""


def word_in(value: object, words: Mapping[str, str]) -> str:
    """Our word for a term of schema.org or OpenGraph, in whatever spelling; empty where it is none."""
    name = re.sub(r"[\W_]", "", text_of(value).rsplit("/", 1)[-1].lower())
    return words.get(name.removesuffix("condition"), "")


def plain(markup: str) -> str:
    """Text without mark-up and entities."""
    if "<" not in markup and "&" not in markup:
        return markup
    body = LexborHTMLParser(markup[: MAX_TEXT * 4]).body
    return SPACE.sub(" ", body.text(separator=" ")).strip()[:MAX_TEXT] if body is not None else ""


def web_address(url: str, base: str) -> str:
    """An absolute http(s) URL; empty where it is none."""
    try:
        absolute = urljoin(base, url.strip())
        parts = urlsplit(absolute)
        _ = parts.port
    except ValueError:
        return ""
    return absolute[:2000] if url.strip() and parts.scheme in ("http", "https") and parts.hostname else ""


def _price(offers: Iterable[Data], read_from: str) -> Price | None:
    found = [price for offer in offers for price in _prices(offer, read_from)]
    if not found:
        return None
    currency = found[0].currency
    same = [price for price in found if price.currency == currency]
    lowest = min(same, key=lambda price: price.amount)
    differ = any(price.amount != lowest.amount for price in same)
    kind = PriceKind.FROM if differ or lowest.kind is PriceKind.FROM else PriceKind.FIXED
    return Price(lowest.amount, lowest.currency, lowest.raw, kind, read_from)


def _prices(offer: Data, read_from: str) -> Iterator[Price]:
    currency = offer.get("priceCurrency")
    if offer.get("lowPrice") is not None:
        price = price_of(offer["lowPrice"], currency, read_from=read_from, kind=PriceKind.FROM)
        if price is not None:
            yield price
        return
    if offer.get("price") is not None:
        price = price_of(offer["price"], currency, read_from=read_from)
        if price is not None:
            yield price
            return
    for specification in _objects(offer.get("priceSpecification")):
        if NOT_ASKED.search(text_of(specification.get("priceType"))) or specification.get(
            "validForMemberTier"
        ):
            continue
        price = price_of(specification.get("price"), specification.get("priceCurrency"), read_from=read_from)
        if price is not None:
            yield price
            return
    for inner in _objects(offer.get("offers")):
        yield from _prices(inner, read_from)


def _seller(value: object, base: str) -> Seller:
    for seller in _objects(value):
        return Seller(
            id=text_of(seller.get("identifier") or seller.get("@id")),
            name=text_of(seller.get("name")),
            url=web_address(text_of(seller.get("url")), base),
        )
    return Seller(name=text_of(value)) if isinstance(value, str) else Seller()


def _pictures(value: object, base: str) -> Iterator[str]:
    members = value if isinstance(value, list) else [value]
    for member in members:
        if isinstance(member, Mapping):
            member = member.get("contentUrl") or member.get("url") or member.get("@id")
            if isinstance(member, list):
                member = member[0] if member else None
        if isinstance(member, str) and (url := web_address(member, base)):
            yield url


def _video_thumbnails(product: Data, base: str) -> Iterator[str]:
    """Still pictures of the videos of a product (schema.org VideoObject, under the names that shops use for it)."""
    for name in ("video", "subjectOf", "associatedMedia"):
        for media in _objects(product.get(name)):
            if name == "video" or text_of(media.get("@type")).endswith("VideoObject"):
                yield from _pictures(media.get("thumbnailUrl"), base)
                yield from _pictures(media.get("thumbnail"), base)


def _objects(value: object) -> Iterator[Data]:
    members = value if isinstance(value, list) else [value]
    for member in members[:500]:
        if isinstance(member, Mapping):
            yield member


def _first(*places: Data, names: tuple[str, ...]) -> str:
    return next((text for place in places for name in names if (text := text_of(place.get(name)))), "")
