"""What a source shows, as far as it says so: an offer, a domain, a repository. Everything not said is None or empty,
never guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a listing is a listing of; decides which matchers judge it."""

    OFFER = "offer"
    """Goods for sale."""
    DOMAIN = "domain"
    """A domain name; title and id are the name as certificates write it (A-labels)."""
    PAGE = "page"
    """A web page."""
    REPOSITORY = "repository"
    """A source code repository; the description is its README."""
    INVITE = "invite"
    """An invitation to a chat community."""
    SERVER = "server"
    """A game server as a top list names it."""


class PriceKind(StrEnum):
    """How a price is meant."""

    FIXED = "fixed"
    FROM = "from"
    RANGE = "range"
    AUCTION = "auction"


@dataclass(frozen=True, slots=True)
class Price:
    """An amount and its currency, both read from the same place in the page."""

    amount: Decimal
    currency: str | None
    """ISO 4217, or None where the page does not say."""
    raw: str = ""
    """The text or token it was read from."""
    kind: PriceKind = PriceKind.FIXED
    read_from: str = ""
    """Where in the page: jsonld, microdata, meta, json, visible."""


@dataclass(frozen=True, slots=True)
class Seller:
    """Who offers it, as the page names them."""

    id: str = ""
    name: str = ""
    url: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2, or empty."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One offer, or whatever `kind` says, on one source. `id` is stable under tracking parameters."""

    id: str
    url: str
    title: str
    price: Price | None = None
    description: str = ""
    """Plain text; mark-up removed."""
    seller: Seller = field(default_factory=Seller)
    pictures: tuple[str, ...] = ()
    """Absolute picture URLs, largest variant of each, in page order."""
    condition: str = ""
    """new, used, refurbished, damaged, or empty."""
    availability: str = ""
    """in_stock, out_of_stock, preorder, discontinued, or empty."""
    brand: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    sku: str = ""
    gtin: str = ""
    mpn: str = ""
    ships_from: str = ""
    """ISO 3166-1 alpha-2, or empty."""
    posted_at: datetime | None = None
    updated_at: datetime | None = None
    language: str = ""
    """BCP 47 as declared by the page, or empty."""
    missing: tuple[str, ...] = ()
    """Fields the adapter expects on this source and did not find: "price", "seller", …"""
    kind: Kind = Kind.OFFER
