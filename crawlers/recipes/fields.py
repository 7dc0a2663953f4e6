"""Fields of a recipe: what each yields for a listing, coerced to what that field holds, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from crawlers.extract.gallery import largest_of_each
from crawlers.extract.prices import CODE, price_in, price_of
from crawlers.extract.product import (
    AVAILABILITY,
    CONDITIONS,
    MAX_PICTURES,
    MAX_TEXT,
    text_of,
    web_address,
    word_in,
)
from crawlers.listing import Price, PriceKind, Seller
from crawlers.recipes.expressions import Expression, Place
from crawlers.recipes.problems import Wrong, did_you_mean

MAX_TAGS = 100
TEXTS = ("id", "title", "brand", "category", "sku", "gtin", "mpn", "language")
SELLER = ("id", "name", "url", "country")
KNOWN = (
    *TEXTS, "url", "price", "description", "pictures", "condition", "availability", "tags", "ships_from",
    "posted_at", "updated_at", "seller", *(f"seller.{part}" for part in SELLER),
)  # fmt: skip
"""Fields a recipe may name."""
ALSO = {
    "images": "pictures", "listing_id": "id", "identifiers.sku": "sku", "identifiers.gtin": "gtin",
    "identifiers.mpn": "mpn",
}  # fmt: skip
"""Other names for them."""
MANY = frozenset({"pictures", "tags"})
Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class PriceParts:
    """Where an amount and its currency stand, side by side in one entry."""

    amount: Expression
    currency: Expression | None = None
    kind: PriceKind = PriceKind.FIXED
    read_from: str = "json"

    def read(self, place: Place) -> Price | None:
        """The price there; None without an amount."""
        found = self.amount.values(place)
        first = found[0] if found else ""
        currency = self.currency.one(place) if self.currency is not None else None
        if isinstance(first, Price):
            return replace(
                first, kind=self.kind, currency=_code(currency) or first.currency, read_from=self.read_from
            )
        amount = self.amount.one(place)
        if self.read_from == "json" or self.currency is not None:
            return price_of(amount, currency, read_from=self.read_from, kind=self.kind) if amount else None
        price = price_in(amount, read_from=self.read_from) if amount else None
        return replace(price, kind=self.kind) if price is not None else None


@dataclass(frozen=True, slots=True)
class Field:
    """One field: expressions in the order in which they are tried, or places of prices."""

    name: str
    expressions: tuple[Expression, ...] = ()
    prices: tuple[PriceParts, ...] = ()

    def read(self, place: Place) -> object:
        """What it yields in a place; None for nothing."""
        if self.name == "price":
            return next((price for one in self.prices if (price := one.read(place)) is not None), None)
        coerce = COERCE.get(self.name, _text)
        for one in self.expressions:
            texts = one.texts(place) if self.name in MANY else [one.one(place)]
            if any(texts) and (value := coerce([text for text in texts if text], place.url)):
                return value
        return None


def read_fields(fields: Mapping[str, Field], place: Place) -> Values:
    """Everything the fields yield in a place, under the names of `Listing`."""
    found = {name: value for name, field in fields.items() if (value := field.read(place)) is not None}
    parts = {part: str(found.pop(f"seller.{part}")) for part in SELLER if f"seller.{part}" in found}
    if parts:
        found["seller"] = Seller(**parts)
    return found


def field_name(name: str) -> str:
    """The field a name means.

    Raises:
        Wrong: there is none.
    """
    name = ALSO.get(name, name)
    if name not in KNOWN:
        raise Wrong(f"There is no field “{name}”.", did_you_mean(name, (*KNOWN, *ALSO)))
    return "seller.name" if name == "seller" else name


Coerce = Callable[[list[str], str], object]


def _text(texts: list[str], _base: str) -> object:
    return texts[0][:MAX_TEXT]


def _address(texts: list[str], base: str) -> object:
    return web_address(texts[0], base)


def _pictures(texts: list[str], base: str) -> object:
    return largest_of_each(url for text in texts if (url := web_address(text, base)))[:MAX_PICTURES]


def _tags(texts: list[str], _base: str) -> object:
    return tuple(dict.fromkeys(text[:200] for text in texts))[:MAX_TAGS]


def _condition(texts: list[str], _base: str) -> object:
    return word_in(texts[0], CONDITIONS)


def _availability(texts: list[str], _base: str) -> object:
    said = {"true": "in_stock", "false": "out_of_stock", "in_stock": "in_stock"}
    return said.get(texts[0].lower()) or word_in(texts[0], AVAILABILITY)


def _country(texts: list[str], _base: str) -> object:
    code = texts[0].strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def _moment(texts: list[str], _base: str) -> object:
    try:
        at = datetime.fromisoformat(texts[0])
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _code(text: str | None) -> str | None:
    code = text_of(text).upper()
    return code if CODE.fullmatch(code) else None


COERCE: Mapping[str, Coerce] = {
    "url": _address,
    "seller.url": _address,
    "pictures": _pictures,
    "tags": _tags,
    "condition": _condition,
    "availability": _availability,
    "ships_from": _country,
    "seller.country": _country,
    "posted_at": _moment,
    "updated_at": _moment,
}
