"""What a listing says, made fit to keep: hostile text cleaned and capped, and one digest over all of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal

from crawlers.addresses import one_spelling, same_place
from crawlers.listing import Kind, Listing, Price, PriceKind, Seller
from ipguard.listings.tables import ListingRow

MAX_TEXT = 100_000
"""Characters of a description that are kept; more is never read by a person."""
MAX_LINE = 2_000
"""Characters of a title, name or address; PostgreSQL's indexes end at 2 704 bytes."""
MAX_KEY = 200
MAX_TAGS = 200
MAX_DIGITS = 15
"""Before or after the point; `1e9999` on a page is no price."""


def fit(listing: Listing) -> Listing:
    """The same listing without what no database stores (NUL, lone surrogates), and within bounds."""
    seller = listing.seller
    return replace(
        listing,
        id=_key(listing.id),
        url=_line(listing.url),
        title=_line(listing.title),
        description=_clean(listing.description, MAX_TEXT),
        price=_price(listing.price),
        seller=Seller(_line(seller.id), _line(seller.name), _line(seller.url), _line(seller.country)),
        pictures=tuple(dict.fromkeys(_clean(url, MAX_TEXT) for url in listing.pictures)),
        condition=_line(listing.condition),
        availability=_line(listing.availability),
        brand=_line(listing.brand),
        category=_line(listing.category),
        tags=tuple(_line(tag) for tag in listing.tags[:MAX_TAGS]),
        language=_line(listing.language),
    )


Said = dict[str, object]


def said_by(listing: Listing) -> Said:
    """Everything a listing says, as plain JSON values; its address without tracking.

    Left out: `updated_at`, which moves whenever stock does, and `missing`, which is about the reader.
    """
    price, seller = listing.price, listing.seller
    said: Said = {
        "url": one_spelling(listing.url, of_listing=True),
        "title": listing.title,
        "description": listing.description,
        "price": [str(price.amount), price.currency, price.kind.value] if price else None,
        "seller": [seller.id, seller.name, seller.url, seller.country],
        "pictures": list(listing.pictures),
        "condition": listing.condition,
        "availability": listing.availability,
        "brand": listing.brand,
        "category": listing.category,
        "tags": list(listing.tags),
        "codes": [listing.sku, listing.gtin, listing.mpn],
        "ships_from": listing.ships_from,
        "language": listing.language,
    }
    if listing.kind is not Kind.OFFER:  # offers were kept before there were kinds
        said["kind"] = listing.kind.value
    return said


def kept_of(said: Said, *, seller: bool) -> Said:
    """What is kept of it for every version: the description as its digest; the seller where it may be followed."""
    text = str(said["description"])
    kept = {**said, "description": hashlib.sha256(text.encode()).hexdigest() if text else ""}
    return kept if seller else {name: value for name, value in kept.items() if name != "seller"}


def digest(said: Said) -> str:
    """SHA-256 (hex) of what `said_by` gave."""
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_listing(row: ListingRow) -> Listing:
    """The listing as far as its row tells; pictures are rows of their own."""
    price = None
    if row.price_amount is not None:
        kind = PriceKind(row.price_kind) if row.price_kind else PriceKind.FIXED
        price = Price(Decimal(row.price_amount), row.currency, row.price_raw, kind)
    return Listing(
        id=row.key,
        url=row.url,
        title=row.title,
        price=price,
        description=row.description,
        seller=Seller(row.seller_key, row.seller_name, row.seller_url),
        condition=row.condition,
        availability=row.availability,
        brand=row.brand,
        category=row.category,
        tags=tuple(row.tags),
        language=row.language,
        missing=tuple(row.missing),
        kind=Kind(row.kind),
    )


def _key(text: str) -> str:
    """A key an index can hold; a longer one by its digest, which is as unique. An address counts without tracking."""
    kept = _clean(text, MAX_TEXT)
    if kept.startswith(("http://", "https://")):
        kept = same_place(kept)
    return kept if len(kept) <= MAX_KEY else f"sha256:{hashlib.sha256(kept.encode()).hexdigest()}"


def _line(text: str) -> str:
    return _clean(text, MAX_LINE)


def _clean(text: str, longest: int) -> str:
    return text[:longest].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _price(price: Price | None) -> Price | None:
    if price is None or not price.amount.is_finite() or abs(price.amount.adjusted()) > MAX_DIGITS:
        return None
    currency = _line(price.currency) if price.currency else None
    return replace(price, currency=currency, raw=_line(price.raw))
