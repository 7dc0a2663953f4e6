"""Prices: amount and currency from one and the same place, never one from here and one from there."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from price_parser import Price as ParsedPrice

from crawlers.listing import Price, PriceKind

MAX_AMOUNT = Decimal(10) ** 12
CODE = re.compile(r"[A-Z]{3}")
SYMBOLS = {
    "$": "USD", "US$": "USD", "US $": "USD", "€": "EUR", "£": "GBP", "₩": "KRW", "₽": "RUB", "฿": "THB", "₫": "VND",
    "Đ": "VND", "₱": "PHP", "₹": "INR", "R$": "BRL", "HK$": "HKD", "NT$": "TWD", "S$": "SGD", "RM": "MYR", "RP": "IDR",
    "円": "JPY", "元": "CNY", "원": "KRW", "RMB": "CNY", "CN¥": "CNY", "JP¥": "JPY", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "MX$": "MXN", "₺": "TRY", "₴": "UAH", "₪": "ILS", "₸": "KZT", "ZŁ": "PLN",
    "KČ": "CZK", "РУБ.": "RUB", "РУБ": "RUB", "บาท": "THB", "人民币": "CNY", "日元": "JPY", "港币": "HKD",
}  # fmt: skip
"""Signs that name one currency, in capitals. ¥ alone is yen or yuan, kr is one of several crowns: unknown."""
WORDS = tuple(
    sorted((s for s in SYMBOLS if len(s) > 1 and not (s.isascii() and s.isalpha())), key=len, reverse=True)
)
"""Signs of several letters, the longest first; those that a word may hold are left to the parser."""
WHOLE_ONLY = frozenset({"JPY", "KRW", "VND", "IDR", "CLP"})
"""Currencies without a smaller part in use: there a point before three digits parts thousands."""
RANGE = re.compile(r"\d\s*[^\d\s.,-]{0,4}\s*(?:[-–—~〜]|\bto\b|至|から)\s*[^\d\s]{0,4}\s*\d")
MONEY = re.compile(
    r"(?:[$€£¥₩₽฿₫₱₹₺₴₪₸]|\bRM|\bRp\.?|\b[A-Z]{3})\s*\d|\d\s*(?:[$€£¥₩₽฿₫₱₹₺₴₪₸]|円|元|원|บาท|zł|Kč|kr\b|руб|[A-Z]{3}\b)",
)
"""An amount with a sign beside it; the text must be in compatibility form (NFKC)."""


def price_of(
    amount: object, currency: object, *, read_from: str, kind: PriceKind = PriceKind.FIXED
) -> Price | None:
    """A price from structured data; None where the amount is none (`{}`, NaN, negative, text without a number)."""
    raw = (
        str(amount).strip()[:100]
        if isinstance(amount, str | int | float) and not isinstance(amount, bool)
        else ""
    )
    code = str(currency).strip().upper() if isinstance(currency, str) else ""
    code = code if CODE.fullmatch(code) else SYMBOLS.get(code, "")
    number = _number(raw, code)
    return Price(number, code or None, raw, kind, read_from) if number is not None else None


def price_in(text: str, *, read_from: str) -> Price | None:
    """A price from visible text, its currency sign included; of a range the lower end."""
    shown = " ".join(text.split())[:100]
    plain = normalize("NFKC", shown)
    parsed = ParsedPrice.fromstring(plain)
    if parsed.amount is None or not _sound(parsed.amount):
        return None
    sign = (parsed.currency or "").strip().upper()
    code = sign if CODE.fullmatch(sign) else SYMBOLS.get(sign)
    if code in (None, "USD"):  # the parser takes the last sign of "US $", and knows no words
        code = next((SYMBOLS[word] for word in WORDS if word in plain.upper()), code)
    kind = PriceKind.FROM if RANGE.search(plain) else PriceKind.FIXED
    return Price(parsed.amount, code, shown, kind, read_from)


def is_money(text: str) -> bool:
    """Whether a short text is an amount with its currency beside it, and little else."""
    plain = normalize("NFKC", text).strip()
    return len(plain) <= 40 and MONEY.search(plain) is not None


def _number(raw: str, code: str) -> Decimal | None:
    if not raw:
        return None
    if code in WHOLE_ONLY and re.fullmatch(r"\d{1,3}(?:\.\d{3})+", raw):
        raw = raw.replace(".", "")
    try:
        number: Decimal | None = Decimal(raw)
    except InvalidOperation:
        number = ParsedPrice.fromstring(raw).amount
    return number if number is not None and _sound(number) else None


def _sound(number: Decimal) -> bool:
    return number.is_finite() and Decimal(0) <= number <= MAX_AMOUNT
