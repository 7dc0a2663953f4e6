"""Facts that stand beside a label on a page: an article number, a condition, what is in stock; in several languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from unicodedata import normalize

from selectolax.lexbor import LexborNode

from crawlers.extract.product import gtin_in, text_of

MAX_PAIRS = 300
MAX_VALUE = 120
STOCK_NAMES = '[class*="stock" i], [class*="availab" i], [class*="sold-out" i], [class*="soldout" i]'
Words = Mapping[str, Mapping[str, str]]


@lru_cache(maxsize=1)
def _words() -> tuple[Mapping[str, str], Words]:
    """Label → field, and for fields with few values: what is written → our word for it."""
    told = tomllib.loads(files("crawlers.extract").joinpath("labels.toml").read_text("utf-8"))
    labels = {_folded(label): field for field, written in told["labels"].items() for label in written}
    values = {
        field: {_folded(one): word for word, written in words.items() for one in written}
        for field, words in told["values"].items()
    }
    return labels, values


def facts_in(area: LexborNode) -> dict[str, str]:
    """Field → value, by the first label that names it; a field without a sound value is left out."""
    labels, values = _words()
    found: dict[str, str] = {}
    for label, value in _pairs(area):
        field = labels.get(_folded(label))
        if field is not None and field not in found and (sound := _sound(field, value, values)):
            found[field] = sound
    if "availability" not in found:
        for node in area.css(STOCK_NAMES)[:20]:
            if sound := _sound("availability", node.text(separator=" "), values):
                found["availability"] = sound
                break
    return found


def condition_in(text: str) -> str:
    """new, used, refurbished or damaged, from what people write; empty where it is none of these."""
    return _sound("condition", text, _words()[1])


def _pairs(area: LexborNode) -> Iterator[tuple[str, str]]:
    """Labels and their values: definition lists, rows of two cells, and short lines with a colon."""
    for node in area.css("dt")[:MAX_PAIRS]:
        after = node.next
        while after is not None and after.tag == "-text":
            after = after.next
        if after is not None and after.tag == "dd":
            yield node.text(), after.text(separator=" ")
    for row in area.css("tr")[:MAX_PAIRS]:
        cells = row.css("th, td")[:3]
        if len(cells) == 2:
            yield cells[0].text(), cells[1].text(separator=" ")
    for node in area.css("li, p, span, div")[: MAX_PAIRS * 4]:
        text = node.text()
        if len(text) <= MAX_VALUE and (":" in text or "：" in text):
            label, _, value = text.replace("：", ":", 1).partition(":")
            yield label, value


def _sound(field: str, value: str, values: Words) -> str:
    text = text_of(value)[:MAX_VALUE]
    if field in values:
        folded = _folded(text)
        known = values[field]
        return known.get(folded) or next((known[one] for one in known if folded.startswith(one)), "")
    if field == "gtin":
        return gtin_in(text)
    if field in ("sku", "mpn"):
        return text if re.fullmatch(r"[\w./ -]{2,60}", text) and any(c.isdigit() for c in text) else ""
    return text if len(text) > 1 else ""


def _folded(text: str) -> str:
    return re.sub(r"[\W_]", "", normalize("NFKC", text[:MAX_VALUE]).casefold())
