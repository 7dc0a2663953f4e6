"""A listing from one saved page. Every field comes from the first source that says it, and which one is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawlers.adapter import Outcome
from crawlers.addresses import one_spelling, same_place
from crawlers.extract import sources
from crawlers.extract.challenge import challenge_in
from crawlers.extract.charset import decode_page
from crawlers.extract.gallery import gallery, largest_of_each
from crawlers.extract.product import MAX_PICTURES, Found, from_schema, text_of, web_address
from crawlers.extract.shallow import shallow
from crawlers.extract.visible import facts, heading_text, main_heading, visible
from crawlers.listing import Listing, Seller

EXPECTED = ("title", "price", "pictures")
FIELDS = (
    "title",
    "description",
    "price",
    "condition",
    "availability",
    "brand",
    "category",
    "sku",
    "gtin",
    "mpn",
)


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a page yielded."""

    outcome: Outcome
    listing: Listing | None = None
    note: str = ""
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Field → jsonld, microdata, meta or visible."""


def parse(body: bytes, content_type: str) -> LexborHTMLParser:
    """A page as a tree, decoded first; nested so deep that it would stall a parser, it is flatter than it was."""
    return LexborHTMLParser(shallow(decode_page(body, content_type)))


def extract_listing(body: bytes, *, url: str, content_type: str = "") -> Extraction:
    """The listing on a saved page; pure, and raises for nothing that a server can send."""
    if not body.strip():
        return Extraction(Outcome.EMPTY, note="The page is empty.")
    return listing_on(parse(body, content_type), url)


def listing_on(page: LexborHTMLParser, url: str) -> Extraction:
    """The listing on a parsed page.

    Each field is taken from the first that says it: JSON-LD, microdata, meta tags, what is visible. A price is taken
    whole, amount and currency from one place; where another place names another price, the note says so.
    """
    objects, notes = sources.jsonld(page)
    heading = main_heading(page)
    said = heading_text(heading)
    best = sources.best_first(sources.products(objects), url, said)[:1]
    found = [from_schema(one, url, read_from="jsonld") for one in best]
    found += [one for one in (sources.microdata(page, url, said), sources.meta(page, url)) if one is not None]
    if all(one.price is None for one in found) and (last := visible(page, url, heading)) is not None:
        found.append(last)
    if not any(one.title or one.price for one in found):
        if why := challenge_in(page):
            return Extraction(Outcome.BLOCKED, note=why)
        return Extraction(Outcome.EMPTY, note=" ".join(["No product on this page.", *notes]))
    found.append(replace(facts(page, url, heading), title=said or _page_title(page)))
    found = _without_slogan(found, page, said)
    if not any(one.title for one in found):
        return Extraction(Outcome.EMPTY, note=" ".join(["A price without a name on this page.", *notes]))
    listing, where = _merge(page, found, url)
    if (shown := len(listing.pictures)) > MAX_PICTURES:
        listing = replace(listing, pictures=listing.pictures[:MAX_PICTURES])
        notes.append(f"The page shows {shown} pictures; the first {MAX_PICTURES} are taken.")
    notes += _other_prices(found)
    return Extraction(Outcome.OK, listing, " ".join(notes), MappingProxyType(where))


def _without_slogan(found: list[Found], page: LexborHTMLParser, heading: str) -> list[Found]:
    """The same without a title in meta tags that is the shop's slogan: the page itself is called otherwise."""
    named = f"{heading} {_page_title(page)}".casefold()

    def slogan(title: str) -> bool:
        return bool(heading) and title.casefold() not in named and heading.casefold() not in title.casefold()

    return [replace(one, title="") if one.read_from == "meta" and slogan(one.title) else one for one in found]


def _page_title(page: LexborHTMLParser) -> str:
    node = page.css_first("title")
    return text_of(node.text())[:500] if node is not None else ""


def _other_prices(found: list[Found]) -> list[str]:
    """What other places of the page say of the price, where it differs."""
    prices = [one.price for one in found if one.price is not None]
    others = [
        f"{other.amount} {other.currency or 'without a currency'} ({other.read_from})"
        for other in prices[1:]
        if (other.amount, other.currency) != (prices[0].amount, prices[0].currency)
    ]
    return [f"The page also names {' and '.join(others)}."] if others else []


def listing_id(url: str) -> str:
    """An id that stays the same under tracking parameters: the cleaned URL, or its digest where that is long."""
    place = same_place(url)
    cut = place.find("/") if "/" in place else place.find("?")
    short = place[cut:].strip("/") if cut >= 0 else "/"
    return short if len(short) <= 120 else hashlib.sha256(place.encode()).hexdigest()[:32]


def clean_url(url: str) -> str:
    """A URL without tracking parameters and fragment."""
    return one_spelling(url, of_listing=True)


def _merge(page: LexborHTMLParser, found: list[Found], url: str) -> tuple[Listing, dict[str, str]]:
    values: dict[str, object] = {}
    where: dict[str, str] = {}
    for name in (*FIELDS, "pictures"):
        for one in found:
            if getattr(one, name):
                values[name], where[name] = getattr(one, name), one.read_from
                break
    if shown := largest_of_each([*cast("tuple[str, ...]", values.get("pictures", ())), *gallery(page, url)]):
        values["pictures"] = shown
        where.setdefault("pictures", "visible")
    seller = next((one.seller for one in found if one.seller.name or one.seller.url), None)
    where |= (
        {"seller": next(one.read_from for one in found if one.seller == seller)}
        if seller
        else {"seller": "host"}
    )
    own = _canonical_url(page, url) or url
    html = page.css_first("html")
    listing = Listing(
        id=listing_id(own),
        url=own,
        seller=seller or Seller(name=urlsplit(url).hostname or "", url=web_address("/", url)),
        language=text_of(html.attributes.get("lang")) if html is not None else "",
        missing=tuple(name for name in EXPECTED if name not in values),
        **values,  # type: ignore[arg-type] # the names are Listing's own
    )
    return listing, where


def _canonical_url(page: LexborHTMLParser, url: str) -> str:
    """The page's own canonical address, believed only on the same host."""
    link = page.css_first('link[rel="canonical"]')
    target = web_address(link.attributes.get("href") or "", url) if link is not None else ""
    same = urlsplit(target).netloc.lower() == urlsplit(url).netloc.lower()
    return target if target and same and urlsplit(target).path not in ("", "/") else ""
