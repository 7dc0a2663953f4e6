"""eBay's search by picture: the Browse API is posted a picture and answers as its search by words does.

Experimental, as eBay says, and not in its sandbox. Answers are read by the recipe `ebay`, whose terms, limits and keys
are this adapter's too.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.errors import BadSource
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.recipes.build import build
from crawlers.recipes.engine import RecipeAdapter
from crawlers.recipes.folder import find_recipe

LIMIT = 200
MAX_OFFSET = 800
"""A thousand look-alikes are enough: what comes later hardly looks alike."""
MAX_PICTURE = 2_000_000
"""Bytes; the interface names no limit."""


@dataclass(frozen=True, slots=True)
class EbayImage:
    """A search for one picture."""

    reader: RecipeAdapter
    picture: str
    """Base64."""
    market: str
    base: str = "https://api.ebay.com"
    name: str = "ebay-image"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """eBay's interface."""
        return self.reader.hosts

    @property
    def policy(self) -> Policy:
        """As for the search by words."""
        return self.reader.policy

    def start(self, _query: Query) -> Sequence[Request]:
        """The first page; words are not taken."""
        return [self._request(0)]

    def read(self, exchange: Exchange) -> Page:
        """What the search by words would read; the next page is posted the picture again."""
        offset = int(str(exchange.request.state.get("offset", 0)))
        page = self.reader.read(exchange)
        more = page.outcome is Outcome.OK and page.requests and offset + LIMIT <= MAX_OFFSET
        return replace(page, requests=(self._request(offset + LIMIT),) if more else ())

    def _request(self, offset: int) -> Request:
        words = {
            "limit": LIMIT,
            "offset": offset,
            "fieldgroups": "EXTENDED",
            "filter": "buyingOptions:{AUCTION|FIXED_PRICE}",
        }
        url = f"{self.base}/buy/browse/v1/item_summary/search_by_image?{urlencode(words)}"
        headers = (
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("X-EBAY-C-MARKETPLACE-ID", self.market),
        )
        state: dict[str, str | int] = {
            "seen": offset // LIMIT + 1,
            "read": offset,
            "page": offset // LIMIT + 1,
            "offset": offset,
            "cursor": "",
            "query": "",
        }
        body = json.dumps({"image": self.picture}).encode()
        return Request(url, Purpose.FEED, "POST", headers, body, "search", state)


def make(_base_url: str, policy: Policy, options: Mapping[str, object]) -> EbayImage:
    """The adapter for one picture: `image` is its Base64, `market` a marketplace of eBay.

    Raises:
        BadSource: there is no picture, or no such marketplace.
    """
    picture = str(options.get("image", ""))
    try:
        size = len(base64.b64decode(picture, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not 0 < size <= MAX_PICTURE:
        raise BadSource(
            "A search by picture needs a picture",
            hint="Add it with ipguard source add ebay-image:PICTURE.png",
        )
    chosen = {"market": options["market"]} if "market" in options else {}
    recipe = find_recipe("ebay", ())
    reader = build(recipe, "", chosen, min_gap_seconds=policy.min_gap_seconds)
    return EbayImage(reader, picture, str(chosen.get("market", recipe.part.options["market"].default)))
