"""The goods in a JSON answer: the list of objects that have a title, a price and an address, and which key is what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from crawlers.extract.prices import CODE
from crawlers.recipes.proposing.proposal import JsonObject, Listed

MAX_DEPTH = 8
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEYS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "name", "productname", "producttitle", "itemname", "itemtitle", "headline", "subject", "label"),
    "url": ("url", "link", "permalink", "itemurl", "producturl", "producturi", "itemweburl", "weburl", "htmlurl",
            "detailurl", "productlink", "viewurl", "href", "uri"),
    "id": ("id", "itemid", "productid", "listingid", "sku", "code", "asin", "itemcode", "number", "key"),
    "pictures": ("images", "image", "imageurls", "imageurl", "pictures", "picture", "photos", "photo", "thumbnail",
                 "img", "mainimage", "thumbnails", "artwork"),
    "description": ("description", "caption", "summary", "shortdescription", "body", "itemcaption"),
    "brand": ("brand", "brandname", "manufacturer"),
    "category": ("category", "categoryname", "producttype", "genre"),
    "condition": ("condition", "itemcondition"),
    "availability": ("availability", "available", "instock", "isinstock"),
    "tags": ("tags", "keywords"),
    "sku": ("sku",),
    "gtin": ("gtin", "gtin13", "ean", "jancode", "isbn", "barcode"),
    "posted_at": ("createdat", "publishedat", "created", "posted", "postedat", "listedat", "datecreated"),
    "updated_at": ("updatedat", "updated", "modified", "lastmodified"),
}  # fmt: skip
AMOUNTS = (
    "price",
    "amount",
    "saleprice",
    "itemprice",
    "currentprice",
    "sellingprice",
    "pricemin",
    "minprice",
    "cost",
)
IN_PRICE = ("amount", "value", "price", "min", "current")
CURRENCIES = ("currency", "currencycode", "pricecurrency", "currencyid")
DECIMALS = ("currencyminorunit", "minorunit", "decimals", "exponent")
DIVISORS = ("divisor",)
SELLERS = ("seller", "shop", "store", "vendor", "merchant", "user", "owner")
SELLER_PARTS = {"id": ("id", "sellerid", "shopid", "userid", "username", "key"),
                "name": ("name", "shopname", "sellername", "username", "label", "title"),
                "url": ("url", "link", "href"), "country": ("country", "countrycode")}  # fmt: skip
SLUGS = ("handle", "slug", "urlkey", "id", "itemid", "productid", "sku", "code")
ADDRESS_KEYS = ("src", "url", "imageurl", "href", "large", "link")


def objects_in(data: object, currency: str = "", item_url: str = "") -> Listed | None:
    """How the goods of a JSON answer are read; None where there is no list of objects with a title."""
    best: Listed | None = None
    most = 0.0
    for path, rows in _lists(data, "", 0):
        fields, notes = _fields(rows, currency, item_url)
        weight = (
            ("title" in fields) + 2 * ("url" in fields) + 2 * ("price" in fields) + ("pictures" in fields)
        )
        score = weight * min(len(rows), 50)
        if "title" in fields and score > most:
            best, most = Listed("json", path or "[]", fields, len(rows), notes=tuple(notes)), score
    return best


def onward_in(data: object) -> JsonObject:
    """What the answer says of its next page: next.cursor, next.link, next.total, next.pages."""
    found: JsonObject = {}
    for path, key, value in _scalars(data, "", 0):
        name = _plain(key)
        if name in ("next", "nextpage", "nexturl", "nextlink") and isinstance(value, str) and "://" in value:
            found.setdefault("link", path)
        elif name in (
            "nextcursor",
            "nextpagetoken",
            "cursor",
            "endcursor",
            "scrollid",
            "after",
        ) and isinstance(value, str):
            found.setdefault("cursor", path)
        elif name in (
            "total",
            "totalcount",
            "totalresults",
            "found",
            "totalitems",
            "count",
            "numfound",
        ) and _is_number(value):
            found.setdefault("total", path)
        elif name in ("pages", "totalpages", "pagecount", "lastpage") and _is_number(value):
            found.setdefault("pages", path)
    return found


def _lists(value: object, path: str, depth: int) -> Iterator[tuple[str, list[Mapping[str, object]]]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        rows = [one for one in value if isinstance(one, Mapping)]
        if rows:
            yield f"{path}[]", rows
            for key in _keys(rows):
                inner = [row.get(key) for row in rows]
                if all(isinstance(one, Mapping) for one in inner):  # a wrapper round each, as {"item": {…}}
                    yield f"{path}[].{_quoted(key)}", [one for one in inner if isinstance(one, Mapping)]
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _lists(one, f"{path}.{_quoted(str(key))}" if path else _quoted(str(key)), depth + 1)


def _fields(
    rows: Sequence[Mapping[str, object]], currency: str, item_url: str
) -> tuple[JsonObject, list[str]]:
    fields: JsonObject = {}
    notes: list[str] = []
    keys = _keys(rows)
    for field, names in KEYS.items():
        if (key := _named(keys, names)) is not None and (spec := _spec(field, key, _sample(rows, key))):
            fields[field] = spec
    if "url" not in fields or item_url:
        slug = _named(keys, SLUGS)
        if item_url and slug is not None:
            fields["url"] = f"{_quoted(slug)} | format('{item_url}')"
        elif "title" in fields:
            notes.append(
                "No address of the goods stands in the answer: give --item-url 'https://shop.example/item/{}'."
            )
    if price := _price(rows, keys, currency):
        fields["price"] = price
        if "currency" not in price:
            notes.append("No currency stands beside the price: give one with --currency EUR.")
    if (key := _named(keys, SELLERS)) is not None:
        sample = _sample(rows, key)
        if isinstance(sample, Mapping):
            inner = [str(one) for one in sample]
            for part, names in SELLER_PARTS.items():
                if (found := _named(inner, names)) is not None:
                    fields[f"seller.{part}"] = f"{_quoted(key)}.{_quoted(found)}"
        elif isinstance(sample, str):
            fields["seller.name"] = _quoted(key)
    for part, names in (
        ("id", ("sellerid", "shopid", "userid")),
        ("name", ("sellername", "shopname", "storename")),
    ):
        if f"seller.{part}" not in fields and (key := _named(keys, names)) is not None:
            fields[f"seller.{part}"] = _quoted(key)
    return fields, notes


def _spec(field: str, key: str, sample: object) -> str:
    """The expression for a key, by what stands under it; empty where it cannot be that field."""
    path = _quoted(key)
    if field == "pictures":
        return _pictures(path, sample)
    if field == "url":
        return f"{path} | abs" if isinstance(sample, str) and ("/" in sample) else ""
    if field in ("posted_at", "updated_at"):
        return f"{path} | epoch" if _is_number(sample) else path if isinstance(sample, str) else ""
    if field == "tags":
        return path if isinstance(sample, list) and all(isinstance(one, str) for one in sample) else ""
    if field == "description":
        return f"{path} | html_text" if isinstance(sample, str) else ""
    if isinstance(sample, Mapping):
        inner = _named([str(one) for one in sample], ("name", "title", "value", "label"))
        return (
            f"{path}.{_quoted(inner)}"
            if inner and field in ("brand", "category", "condition", "title")
            else ""
        )
    return path if isinstance(sample, str | int | float) else ""


def _pictures(path: str, sample: object) -> str:
    if isinstance(sample, str):
        return f"{path} | abs" if "/" in sample else ""
    if isinstance(sample, list) and sample:
        first = sample[0]
        if isinstance(first, str):
            return f"{path}[] | abs" if "/" in first else ""
        if (
            isinstance(first, Mapping)
            and (key := _named([str(one) for one in first], ADDRESS_KEYS)) is not None
        ):
            return f"{path}[].{_quoted(key)} | abs"
    if (
        isinstance(sample, Mapping)
        and (key := _named([str(one) for one in sample], ADDRESS_KEYS)) is not None
    ):
        return f"{path}.{_quoted(key)} | abs"
    return ""


def _price(rows: Sequence[Mapping[str, object]], keys: Sequence[str], currency: str) -> dict[str, str] | None:
    """Amount and currency out of one and the same object."""
    for key in (
        *(one for name in AMOUNTS for one in keys if _plain(one) == name),
        *(k for k in keys if _plain(k) in ("prices", "money")),
    ):
        sample, path = _sample(rows, key), _quoted(key)
        if isinstance(sample, Mapping):
            inner = [str(one) for one in sample]
            amount = _named(inner, IN_PRICE)
            if amount is None:
                continue
            money, decimals, divisor = (_named(inner, names) for names in (CURRENCIES, DECIMALS, DIVISORS))
            said = f"{path}.{_quoted(amount)}"
            if decimals is not None:
                said = f"minor({said}, {path}.{_quoted(decimals)})"
            elif divisor is not None:
                said = f"ratio({said}, {path}.{_quoted(divisor)})"
            return _with_currency(said, f"{path}.{_quoted(money)}" if money else "", currency)
        if _is_number(sample) or (isinstance(sample, str) and re.search(r"\d", sample)):
            money = _named(keys, CURRENCIES)
            beside = _sample(rows, money) if money else None
            stated = isinstance(beside, str) and CODE.fullmatch(beside.upper()) is not None
            return _with_currency(path, _quoted(money) if money and stated else "", currency)
    return None


def _with_currency(amount: str, found: str, stated: str) -> dict[str, str]:
    money = found or (f"const({stated})" if stated else "")
    return {"amount": amount, "currency": money} if money else {"amount": amount}


def _scalars(value: object, path: str, depth: int) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, Mapping) and depth <= MAX_DEPTH:
        for key, one in value.items():
            here = f"{path}.{_quoted(str(key))}" if path else _quoted(str(key))
            if isinstance(one, Mapping):
                yield from _scalars(one, here, depth + 1)
            elif not isinstance(one, list):
                yield here, str(key), one


def _keys(rows: Sequence[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(str(key) for row in rows[:20] for key in row))


def _sample(rows: Sequence[Mapping[str, object]], key: str) -> object:
    return next((row[key] for row in rows if row.get(key) not in (None, "", [], {})), None)


def _named(keys: Sequence[str], names: Sequence[str]) -> str | None:
    by_plain = {_plain(key): key for key in reversed(keys)}
    return next((by_plain[name] for name in names if name in by_plain), None)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _quoted(key: str) -> str:
    return key if IDENTIFIER.fullmatch(key) else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
