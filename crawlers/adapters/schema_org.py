"""Any shop whose pages carry schema.org mark-up, found from a product page, a listing page or a sitemap.

What the first address is shows in its answer. Product pages give listings, listing pages give links and a next
page, sitemaps give addresses. Pages without mark-up are read by the documented fall-backs of `crawlers.extract`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.adapters.sitemap import Sitemap, is_sitemap, read_sitemap
from crawlers.errors import BadSource
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract import sources
from crawlers.extract.challenge import challenge_in
from crawlers.extract.page import listing_on, parse
from crawlers.extract.product import text_of, web_address

MAX_DEPTH = 2
"""Sitemap indexes inside indexes; deeper ones are traps."""
MAX_LINKS = 500
"""Links taken from one page."""
LIST_TYPES = {"itemlist", "collectionpage", "searchresultspage", "offercatalog"}
PRODUCT_PATH = re.compile(
    r"/(products?|items?|p|goods|shop|listing|dp|detail|shouhin|商品|товар)[/-]|/\d{5,}|\.html?$",
    re.IGNORECASE,
)
NOT_GOODS = re.compile(
    r"/(cart|checkout|account|login|register|search|about|contact|help|faq|terms|privacy|blog|news)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SchemaOrg:
    """One shop, from one start address."""

    start_url: str
    policy: Policy
    name: str = "schema-org"
    version: str = "2"
    recent_days: int = 0
    """Of a sitemap, only addresses that changed within so many days, or do not say when; 0 for all."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The shop's own host."""
        return (urlsplit(self.start_url).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """The start address; `{query}` in it takes the words that are looked for."""
        url = self.start_url.replace("{query}", query.text)
        path = urlsplit(url).path.lower()
        purpose = Purpose.SITEMAP if path.endswith((".xml", ".xml.gz")) else Purpose.PAGE
        return [Request(url, purpose, label="start", state={"depth": 0})]

    def read(self, exchange: Exchange) -> Page:
        """A sitemap, a product, or a page of links: whatever the answer is."""
        if exchange.status == 404 or exchange.status == 410:
            return Page(Outcome.EMPTY, note="The page is gone.")
        if not exchange.body.strip():
            return Page(Outcome.EMPTY, note="The page is empty.")
        if is_sitemap(exchange.body):
            return self._sitemap(exchange)
        kind = exchange.media_type
        if kind and "html" not in kind and "xml" not in kind and kind != "text/plain":
            return Page(Outcome.CHANGED, note=f"A page was expected, {kind[:60]} came.")
        return self._page(exchange)

    def _sitemap(self, exchange: Exchange) -> Page:
        found = read_sitemap(exchange.body)
        depth = int(str(exchange.request.state.get("depth", 0)))
        notes = [found.problem] if found.problem else []
        deeper = found.sitemaps if depth < MAX_DEPTH else ()
        if len(deeper) < len(found.sitemaps):
            notes.append(f"{len(found.sitemaps)} sitemaps lie deeper than {MAX_DEPTH} and are left out.")
        pages, foreign = self._own(self._recent(found.pages, found, exchange))
        maps, more_foreign = self._own(self._recent(deeper, found, exchange))
        if still := len(found.pages) + len(deeper) - len(pages) - len(maps) - foreign - more_foreign:
            notes.append(f"{still} addresses have not changed for {self.recent_days} days.")
        if foreign + more_foreign:
            notes.append(f"{foreign + more_foreign} addresses lead to other hosts and are left out.")
        goods = [url for url in pages if PRODUCT_PATH.search(urlsplit(url).path)] or pages
        requests = [
            Request(url, Purpose.SITEMAP, label="sitemap", state={"depth": depth + 1}) for url in maps
        ]
        requests += [Request(url, label="product") for url in goods]
        outcome = Outcome.OK if requests else Outcome.CHANGED if found.problem else Outcome.EMPTY
        position = {"read": exchange.started_at.date().isoformat()} if self.recent_days else None
        return Page(outcome, (), tuple(requests), " ".join(notes), position)

    def _recent(self, urls: Sequence[str], found: Sitemap, exchange: Exchange) -> list[str]:
        """Addresses worth looking at, the latest change first; all where nobody asked for recent ones."""
        if not self.recent_days:
            return list(urls)
        since = exchange.started_at - timedelta(days=self.recent_days)
        kept = [url for url in urls if found.changed.get(url, since) >= since]
        return sorted(kept, key=lambda url: found.changed.get(url, since), reverse=True)

    def _page(self, exchange: Exchange) -> Page:
        page = parse(exchange.body, exchange.header("content-type") or "")
        objects, _ = sources.jsonld(page)
        listed = any(sources.types_of(one) & LIST_TYPES for one in objects) or _many_links(page, exchange.url)
        if exchange.request.label != "product" and listed:
            return self._links(page, objects, exchange.url)
        found = listing_on(page, exchange.url)
        if found.listing is not None:
            return Page(Outcome.OK, (found.listing,), note=found.note)
        if exchange.request.label == "product" or found.outcome is Outcome.BLOCKED:
            return Page(found.outcome, note=found.note)
        return self._links(page, objects, exchange.url)

    def _links(self, page: LexborHTMLParser, objects: Iterable[Mapping[str, object]], url: str) -> Page:
        named = [web_address(text_of(one.get("url")), url) for one in objects if _is_listed(one)]
        links = [link for link in (named if any(named) else _product_links(page, url)) if link]
        goods, foreign = self._own(dict.fromkeys(links))
        requests = [Request(link, label="product") for link in goods[:MAX_LINKS]]
        following = _next_page(page, url)
        if following and self._own([following])[0]:
            requests.append(Request(following, label="list"))
        note = f"{foreign} addresses lead to other hosts and are left out." if foreign else ""
        if not goods:
            if why := challenge_in(page):
                return Page(Outcome.BLOCKED, note=why)
            return Page(Outcome.EMPTY, (), tuple(requests), f"No product and no link to one. {note}".strip())
        return Page(Outcome.OK, (), tuple(requests), note)

    def _own(self, urls: Iterable[str]) -> tuple[list[str], int]:
        """Addresses on the shop's host, and how many are not."""
        all_urls = [web_address(url, self.start_url) for url in urls]
        own = [url for url in all_urls if urlsplit(url).netloc.lower() in self.hosts]
        return own, len(all_urls) - len(own)


def make(base_url: str, policy: Policy, options: Mapping[str, object]) -> SchemaOrg:
    """The adapter for a shop that is entered at `base_url`; `recent` days of its sitemap, all if it is not given.

    Raises:
        BadSource: `recent` is no number of days.
    """
    recent = str(options.get("recent", "0"))
    if not recent.isdecimal() or len(recent) > 4:
        raise BadSource(f"“{recent}” is no number of days", hint="Give one with --option recent=14.")
    return SchemaOrg(base_url, policy, recent_days=int(recent))


def _is_listed(one: Mapping[str, object]) -> bool:
    kinds = sources.types_of(one)
    return bool(kinds & {"listitem"} or kinds & sources.PRODUCT_TYPES) and bool(one.get("url"))


def _product_links(page: LexborHTMLParser, url: str) -> list[str]:
    """Links that look like goods: inside product cards, or by their path."""
    cards = page.css('[itemtype$="Product"] a[href], [class*="product" i] a[href], [class*="item" i] a[href]')
    anchors = cards or page.css("main a[href], article a[href], li a[href], a[href]")
    found = []
    for anchor in anchors[:3000]:
        target = web_address(anchor.attributes.get("href") or "", url)
        path = urlsplit(target).path
        if target and not NOT_GOODS.search(path) and (cards or PRODUCT_PATH.search(path)):
            found.append(target)
    return found


def _many_links(page: LexborHTMLParser, url: str) -> bool:
    """Whether a page that names a product is really a list of several."""
    return len(page.css('[itemtype$="/Product"]')) > 3 and len(set(_product_links(page, url))) > 3


def _next_page(page: LexborHTMLParser, url: str) -> str:
    node = page.css_first('link[rel~="next"], a[rel~="next"]')
    return web_address(node.attributes.get("href") or "", url) if node is not None else ""
