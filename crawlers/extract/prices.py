"""Prices: amount and currency from one and the same place, never one from here and one from there."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from price_parser import Price as ParsedPrice

from crawlers.listing import Price, PriceKind

MAX_AMOUNT = Decimal(10) ** 12
CODE = re.compile(r"[A-Z]{3}")
SYMBOLS = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "₩": "KRW", "₽": "RUB", "฿": "THB", "₫": "VND", "₱": "PHP",
    "₹": "INR", "R$": "BRL", "HK$": "HKD", "NT$": "TWD", "S$": "SGD", "RM": "MYR", "RP": "IDR", "円": "JPY",
    "元": "CNY", "원": "KRW", "RMB": "CNY", "CN¥": "CNY", "JP¥": "JPY",
}  # fmt: skip
"""Signs that name one currency. ¥ alone is yen or yuan, and stays unknown."""


def price_of(
    amount: object, currency: object, *, read_from: str, kind: PriceKind = PriceKind.FIXED
) -> Price | None:
    """A price from structured data; None where the amount is none (`{}`, NaN, negative, text without a number)."""
    raw = (
        str(amount).strip()[:100]
        if isinstance(amount, str | int | float) and not isinstance(amount, bool)
        else ""
    )
    number = _number(raw)
    if number is None:
        return None
    code = str(currency).strip().upper() if isinstance(currency, str) else ""
    return Price(number, code if CODE.fullmatch(code) else SYMBOLS.get(code), raw, kind, read_from)


def price_in(text: str, *, read_from: str) -> Price | None:
    """A price from visible text, its currency sign included."""
    shown = " ".join(text.split())[:100]
    parsed = ParsedPrice.fromstring(shown)
    if parsed.amount is None or not _sound(parsed.amount):
        return None
    sign = (parsed.currency or "").strip()
    code = sign.upper() if CODE.fullmatch(sign.upper()) else SYMBOLS.get(sign.upper())
    return Price(parsed.amount, code, shown, PriceKind.FIXED, read_from)


def _number(raw: str) -> Decimal | None:
    if not raw:
        return None
    try:
        number: Decimal | None = Decimal(raw)
    except InvalidOperation:
        number = ParsedPrice.fromstring(raw).amount
    return number if number is not None and _sound(number) else None


def _sound(number: Decimal) -> bool:
    return number.is_finite() and Decimal(0) <= number <= MAX_AMOUNT
