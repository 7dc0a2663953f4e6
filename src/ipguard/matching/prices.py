"""A price far under the official one: a weak sign, and only ever against a price in the same currency."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from crawlers.listing import Listing, PriceKind
from ipguard.matching.finding import Finding, Reason, ReasonValue
from ipguard.rights.work import OfficialPrice

VERSION = "1"

FAR_BELOW = Decimal("0.5")
"""Share of the official price under which a price is a sign. Genuine goods on sale rarely go lower."""

SURE = 0.6
"""Strength of a price of nothing; it falls to 0 at FAR_BELOW."""


def match_price(work: str, official: Sequence[OfficialPrice], listing: Listing) -> Finding | None:
    """A weak finding where `listing` costs less than half of what the genuine article costs.

    Compared with the official price of the product whose name stands in the title, else with the lowest
    official price in that currency. Never converts a currency, and says nothing where none is named;
    an auction's price is where bidding stands, and no sign.
    """
    price = listing.price
    if price is None or price.currency is None or price.kind is PriceKind.AUCTION or price.amount <= 0:
        return None
    genuine = _comparable(official, price.currency, listing.title)
    if genuine is None or price.amount >= genuine.amount * FAR_BELOW:
        return None
    share = price.amount / genuine.amount
    values: dict[str, ReasonValue] = {
        "price": f"{price.amount:f}",
        "currency": price.currency,
        "official": f"{genuine.amount:f}",
        "percent": int((share * 100).to_integral_value(ROUND_HALF_UP)),
    }
    strength = round(SURE * float(1 - share / FAR_BELOW), 4)
    return Finding("price", VERSION, work, strength, Reason("price.far_below", values), weak=True)


def _comparable(official: Sequence[OfficialPrice], currency: str, title: str) -> OfficialPrice | None:
    same = [price for price in official if price.currency == currency]
    said = _folded(title)
    named = [price for price in same if price.product and _folded(price.product) in said]
    return min(named or same, key=lambda price: price.amount, default=None)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
