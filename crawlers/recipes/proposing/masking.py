"""Names of sellers in recorded answers, put out of sight before they are kept: seller-1 and so on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape

from crawlers.exchange import Exchange
from crawlers.extract.charset import decode_page
from crawlers.listing import Listing
from crawlers.recipes.trial import MASKED

SHORTEST = 2
"""Characters from which a name is one; shorter ones would be found everywhere."""


def masks_for(listings: Iterable[Listing], known: Mapping[str, str]) -> dict[str, str]:
    """Name or id of a seller → what stands for it; those that are known keep theirs."""
    found = dict(known)
    for one in listings:
        number = f"{MASKED}{len({*found.values()}) + 1}"
        mine = next((found[text] for text in (one.seller.name, one.seller.id) if text in found), number)
        for text in (one.seller.name, one.seller.id):
            if len(text) >= SHORTEST and not text.startswith(MASKED):
                found.setdefault(text, mine)
    return found


def masked(exchange: Exchange, masks: Mapping[str, str]) -> Exchange:
    """The same answer with every such name replaced, as UTF-8."""
    if not masks:
        return exchange
    kind = exchange.media_type or "text/html"
    try:
        data = json.loads(exchange.body) if exchange.body.lstrip()[:1] in (b"{", b"[") else None
    except (ValueError, RecursionError):
        data = None
    if data is not None:
        body = json.dumps(_in_values(data, masks), ensure_ascii=False, indent=1)
    else:
        body = _in_text(decode_page(exchange.body, exchange.header("content-type") or ""), masks)
    headers = (("Content-Type", f"{kind}; charset=utf-8"),)
    return replace(exchange, body=body.encode("utf-8", "replace"), headers=headers)


def _in_text(text: str, masks: Mapping[str, str]) -> str:
    for name in sorted(masks, key=len, reverse=True):
        text = _pattern(name).sub(masks[name], text)
    return text


def _pattern(name: str) -> re.Pattern[str]:
    """A name as it may stand in mark-up: its words with white space or tags between them, characters escaped or not."""
    words = [
        "(?:" + "|".join(map(re.escape, {word, escape(word), escape(word, quote=False)})) + ")"
        for word in name.split()
    ]
    return re.compile(r"(?:\s|<[^<>]{1,300}>){1,20}".join(words))


def _in_values(value: object, masks: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return _in_text(value, masks)
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in masks:
        return masks[str(value)]
    if isinstance(value, Mapping):
        return {key: _in_values(one, masks) for key, one in value.items()}
    return [_in_values(one, masks) for one in value] if isinstance(value, list) else value
