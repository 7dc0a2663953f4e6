"""Any Shopify-style storefront, by its public `/products.json` (field/format as of 2026).

The list names no currency, so `/cart.js` is asked first, then the page of one product, and what they say is carried
along; where neither tells, prices have no currency and say so. A list ends after 25,000 products: the rest is read by
collections. The seller is the shop; `vendor` is the brand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote, urlencode, urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.challenge import challenge_in
from crawlers.extract.gallery import largest_of_each
from crawlers.extract.page import extract_listing, parse
from crawlers.extract.prices import CODE, price_of
from crawlers.extract.product import MAX_PICTURES, plain, text_of, web_address
from crawlers.listing import Listing, Price, PriceKind, Seller

PAGE_SIZE = 250
"""The most a storefront gives at once."""
LAST_PAGE = 100
"""page × limit above 25,000 is answered with 400."""
Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shopify:
    """One storefront."""

    base: str
    policy: Policy
    name: str = "shopify"
    version: str = "2"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The shop's own host."""
        return (urlsplit(self.base).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """The currency first; the list follows when it is known."""
        return [Request(f"{self.base}/cart.js", Purpose.FEED, label="currency", state={"query": query.text})]

    def read(self, exchange: Exchange) -> Page:
        """Currency, list or search suggestions, by what was asked."""
        state = exchange.request.state
        query = str(state.get("query", ""))
        if exchange.request.label == "currency":
            return self._after_currency(exchange, query)
        if exchange.request.label == "look":
            return self._after_look(exchange, query)
        data, refusal = _json(exchange)
        if _past_the_limit(data, exchange):
            note = "The list shows only its first 25,000 products; the shop is read by its collections."
            return Page(
                Outcome.OK, requests=(self._collections(1, str(state.get("currency") or "")),), note=note
            )
        if data is None or "errors" in data:
            return refusal
        if exchange.request.label == "sample":
            return self._after_sample(data, query)
        currency = str(state.get("currency") or "") or None
        if exchange.request.label == "collections":
            return self._shelves(data, str(currency or ""), int(str(state.get("page", 1))))
        if exchange.request.label == "suggest":
            return self._suggested(data, currency)
        return self._listed(data, currency, int(str(state.get("page", 1))), str(state.get("collection", "")))

    def _after_currency(self, exchange: Exchange, query: str) -> Page:
        data, refusal = _json(exchange)
        if refusal.outcome is Outcome.BLOCKED:
            return refusal
        code = text_of(data.get("currency")) if data else ""
        if CODE.fullmatch(code):
            return Page(Outcome.OK, requests=(self._first(query, code),))
        url = f"{self.base}/products.json?limit=1&page=1"
        sample = Request(url, Purpose.FEED, label="sample", state={"query": query})
        note = "The cart does not tell its currency: the page of one product is asked."
        return Page(Outcome.OK, requests=(sample,), note=note)

    def _after_sample(self, data: Data, query: str) -> Page:
        """The page of the first product, which names a currency in its structured data."""
        row = next((one for one in _list(data.get("products")) if isinstance(one, Mapping)), None)
        handle = text_of(row.get("handle")) if row is not None else ""
        if not handle:
            return Page(Outcome.OK, requests=(self._first(query, ""),), note="The shop tells no currency.")
        look = Request(f"{self.base}/products/{handle}", label="look", state={"query": query})
        return Page(Outcome.OK, requests=(look,))

    def _after_look(self, exchange: Exchange, query: str) -> Page:
        found = extract_listing(
            exchange.body, url=exchange.url, content_type=exchange.header("content-type") or ""
        )
        if found.outcome is Outcome.BLOCKED:
            return Page(Outcome.BLOCKED, note=found.note)
        price = found.listing.price if found.listing is not None else None
        sure = price is not None and price.read_from != "visible"  # a sign may be that of several currencies
        code = (price.currency or "") if price is not None and sure else ""
        note = "" if code else "The shop tells no currency, neither in its cart nor on a page."
        return Page(Outcome.OK, requests=(self._first(query, code),), note=note)

    def _first(self, query: str, currency: str) -> Request:
        if query:
            words = {"q": query, "resources[type]": "product", "resources[limit]": "10"}
            url = f"{self.base}/search/suggest.json?{urlencode(words)}"
            return Request(url, Purpose.FEED, label="suggest", state={"currency": currency})
        return self._page(1, currency)

    def _page(self, number: int, currency: str, collection: str = "") -> Request:
        shelf = f"/collections/{quote(collection)}" if collection else ""
        url = f"{self.base}{shelf}/products.json?limit={PAGE_SIZE}&page={number}"
        state: dict[str, str | int] = {"page": number, "currency": currency}
        return Request(
            url, Purpose.FEED, label="list", state={**state, **({"collection": collection} if shelf else {})}
        )

    def _collections(self, number: int, currency: str) -> Request:
        url = f"{self.base}/collections.json?limit={PAGE_SIZE}&page={number}"
        return Request(url, Purpose.FEED, label="collections", state={"page": number, "currency": currency})

    def _shelves(self, data: Data, currency: str, page: int) -> Page:
        rows = data.get("collections")
        if not isinstance(rows, list):
            return Page(Outcome.CHANGED, note="collections.json has no list of collections.")
        handles = [
            text_of(one.get("handle"))
            for one in rows
            if isinstance(one, Mapping) and one.get("products_count") != 0
        ]
        requests = [self._page(1, currency, handle) for handle in handles if handle]
        if len(rows) >= PAGE_SIZE and page < LAST_PAGE:
            requests.append(self._collections(page + 1, currency))
        return Page(Outcome.OK if requests else Outcome.EMPTY, (), tuple(requests))

    def _listed(self, data: Data, currency: str | None, page: int, collection: str = "") -> Page:
        rows = data.get("products")
        if not isinstance(rows, list):
            return Page(Outcome.CHANGED, note="products.json has no list of products.")
        if not rows:
            return Page(Outcome.EMPTY, note="No products on this page.")
        listings = tuple(one for row in rows if (one := self._listing(row, currency)) is not None)
        if not listings:
            return Page(Outcome.CHANGED, note=f"None of {len(rows)} products has id, title and handle.")
        note = f"{len(rows) - len(listings)} products could not be read." if len(listings) < len(rows) else ""
        if full := sum(len(one.pictures) == MAX_PICTURES for one in listings):
            note = f"{note} Of {full} products no more than {MAX_PICTURES} pictures are taken.".strip()
        more = len(rows) >= PAGE_SIZE
        if more and page >= LAST_PAGE:
            said = "The list shows only its first 25,000 products"
            if collection:
                return Page(Outcome.OK, listings, (), f"{note} {said}.".strip())
            shelves = (self._collections(1, currency or ""),)
            return Page(
                Outcome.OK, listings, shelves, f"{note} {said}; the rest is read by collections.".strip()
            )
        following = (self._page(page + 1, currency or "", collection),) if more else ()
        return Page(Outcome.OK, listings, following, note)

    def _suggested(self, data: Data, currency: str | None) -> Page:
        rows: object = data
        for name in ("resources", "results", "products"):
            rows = rows.get(name) if isinstance(rows, Mapping) else None
        if not isinstance(rows, list):
            return Page(Outcome.CHANGED, note="The search answers in another form.")
        listings = tuple(one for row in rows if (one := self._listing(row, currency)) is not None)
        return Page(Outcome.OK if listings else Outcome.EMPTY, listings)

    def _listing(self, row: object, currency: str | None) -> Listing | None:
        if not isinstance(row, Mapping):
            return None
        title, handle, key = text_of(row.get("title")), text_of(row.get("handle")), text_of(row.get("id"))
        if not (title and handle and key):
            return None
        variants = [v for v in _list(row.get("variants")) if isinstance(v, Mapping)] or [row]
        price = _price(variants, currency)
        pictures = tuple(_pictures(row, self.base))[:MAX_PICTURES]
        missing = [name for name, there in (("price", price), ("pictures", pictures)) if not there]
        host = urlsplit(self.base).hostname or ""
        return Listing(
            id=key,
            url=f"{self.base}/products/{handle}",
            title=title,
            price=price,
            description=plain(text_of(row.get("body_html") or row.get("body"))),
            seller=Seller(id=host, name=host, url=f"{self.base}/"),
            pictures=pictures,
            availability="in_stock" if any(v.get("available") is True for v in variants) else "",
            brand=text_of(row.get("vendor")),
            category=text_of(row.get("product_type") or row.get("type")),
            tags=_tags(row.get("tags")),
            sku=text_of(variants[0].get("sku")),
            posted_at=_moment(row.get("published_at") or row.get("created_at")),
            updated_at=_moment(row.get("updated_at")),
            missing=(*missing, *(["currency"] if price and price.currency is None else [])),
        )


def make(base_url: str, policy: Policy, _options: Mapping[str, object]) -> Shopify:
    """The adapter for a storefront at `base_url`; anything behind the host is dropped."""
    parts = urlsplit(base_url)
    return Shopify(f"{parts.scheme}://{parts.netloc}", policy)


def _json(exchange: Exchange) -> tuple[Data | None, Page]:
    """The JSON object of an answer, or the page that says why there is none."""
    if exchange.status == 404:
        note = (
            "The shop does not show its list under this address. It may under its own name at myshopify.com: "
            "add it again so, or with --adapter schema-org."
        )
        return None, Page(Outcome.CHANGED, note=note)
    try:
        data = json.loads(exchange.body)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        if "errors" in data and "products" not in data:
            return MappingProxyType(data), Page(
                Outcome.ERROR, note=f"The shop says: {text_of(data['errors'])[:200]}"
            )
        return MappingProxyType(data), Page(Outcome.OK)
    if exchange.body.lstrip()[:1] == b"<":
        why = challenge_in(parse(exchange.body, exchange.header("content-type") or ""))
        if why:
            return None, Page(Outcome.BLOCKED, note=why)
    return None, Page(Outcome.CHANGED, note="The shop answers with something that is not JSON.")


def _past_the_limit(data: Data | None, exchange: Exchange) -> bool:
    """Whether the shop says that its list ends here (page × limit above 25,000)."""
    return data is not None and exchange.status == 400 and "25000" in text_of(data.get("errors"))


def _price(variants: Sequence[Data], currency: str | None) -> Price | None:
    found = [p for v in variants if (p := price_of(v.get("price"), currency, read_from="json")) is not None]
    if not found:
        return None
    lowest = min(found, key=lambda price: price.amount)
    differ = any(price.amount != lowest.amount for price in found)
    return replace(lowest, kind=PriceKind.FROM) if differ else lowest


def _pictures(row: Data, base: str) -> list[str]:
    """Gallery, then pictures of variants and stills of videos that are not in it, each in its original size."""
    sources = _list(row.get("images")) or [row.get("image") or row.get("featured_image")]
    for variant in _list(row.get("variants")):
        if isinstance(variant, Mapping):
            sources.append(variant.get("featured_image") or variant.get("image"))
    for media in _list(row.get("media")):
        if isinstance(media, Mapping):
            sources.append(media.get("preview_image"))
    addresses = [one.get("src") or one.get("url") if isinstance(one, Mapping) else one for one in sources]
    found = [url for one in addresses if isinstance(one, str) and (url := web_address(one, base))]
    return list(largest_of_each(found))


def _tags(value: object) -> tuple[str, ...]:
    tags = value.split(",") if isinstance(value, str) else _list(value)
    return tuple(text for tag in tags[:100] if (text := text_of(tag)))


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
