"""Feeds of shops, galleries and forums: each entry is a listing, or leads to the page of one.

A feed shows what is new and drops what is old, so nothing is gone because it is not there any more. Entries without a
price or a picture are looked at on their own pages, the oldest first, and each page once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.answers import not_the_form
from crawlers.extract.feeds import Entry, is_feed, read_feed
from crawlers.extract.page import extract_listing, listing_id
from crawlers.extract.product import web_address
from crawlers.listing import Listing, Seller

LOOKS = 40
"""Pages of entries that are asked for in one run."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed."""

    url: str
    policy: Policy
    name: str = "feed"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The feed's host, with and without `www.`: entries often lead to the other."""
        host = urlsplit(self.url).netloc.lower()
        bare = host.removeprefix("www.")
        return tuple(dict.fromkeys((host, bare, f"www.{bare}")))

    def start(self, query: Query) -> Sequence[Request]:
        """The feed; `{query}` in its address takes the words that are looked for."""
        before = query.position.get("newest") if query.position is not None else ""
        url = self.url.replace("{query}", query.text)
        return [Request(url, Purpose.FEED, label="feed", state={"newest": str(before or "")})]

    def read(self, exchange: Exchange) -> Page:
        """The feed, or the page of an entry."""
        if exchange.status in (404, 410):
            return Page(Outcome.EMPTY, note="It is gone.")
        if exchange.request.label == "entry":
            return self._looked_at(exchange)
        if not is_feed(exchange.body):
            return not_the_form(exchange, "A feed was expected, something else came")
        found = read_feed(exchange.body, exchange.url)
        if not found.entries:
            outcome = Outcome.CHANGED if found.problem else Outcome.EMPTY
            return Page(outcome, note=found.problem or "The feed has no entries.")
        return self._entries(found.entries, str(exchange.request.state.get("newest", "")), found.problem)

    def _entries(self, entries: Sequence[Entry], before: str, problem: str) -> Page:
        whole = [one for one in entries if one.price is not None or one.pictures or not self._own(one.url)]
        bare = [one for one in entries if one not in whole and (_stamp(one.at) > before or not one.at)]
        looks = sorted(bare, key=lambda one: _stamp(one.at))[:LOOKS]
        later = {one.url for one in bare} - {one.url for one in looks}
        listings = tuple({one.id: one for one in (self._listing(entry) for entry in whole)}.values())
        requests = tuple(Request(one.url, label="entry", state={"title": one.title[:500]}) for one in looks)
        read = [one for one in entries if one.url not in later]
        newest = max([before, *(_stamp(one.at) for one in (looks if later else read))])
        notes = [problem] if problem else []
        if later:
            notes.append(f"{len(later)} entries are looked at in the next run.")
        return Page(Outcome.OK, listings, requests, " ".join(notes), position={"newest": newest})

    def _looked_at(self, exchange: Exchange) -> Page:
        """The page of an entry; what it does not say, the entry said."""
        found = extract_listing(
            exchange.body, url=exchange.url, content_type=exchange.header("content-type") or ""
        )
        if found.listing is not None or found.outcome is Outcome.BLOCKED:
            return Page(found.outcome, (found.listing,) if found.listing else (), note=found.note)
        title = str(exchange.request.state.get("title", ""))
        if not title:
            return Page(found.outcome, note=found.note)
        bare = Listing(listing_id(exchange.url), exchange.url, title, missing=("price", "pictures"))
        return Page(Outcome.OK, (bare,), note="The page of the entry shows no product; its title is kept.")

    def _listing(self, entry: Entry) -> Listing:
        host = urlsplit(entry.url).hostname or ""
        missing = [
            name for name, there in (("price", entry.price), ("pictures", entry.pictures)) if not there
        ]
        return Listing(
            id=listing_id(entry.url),
            url=entry.url,
            title=entry.title,
            price=entry.price,
            description=entry.text,
            seller=Seller(name=entry.author or host, url=web_address("/", entry.url)),
            pictures=entry.pictures,
            condition=entry.condition,
            availability=entry.availability,
            brand=entry.brand,
            tags=entry.tags,
            sku=entry.sku,
            gtin=entry.gtin,
            mpn=entry.mpn,
            posted_at=entry.at,
            missing=tuple(missing),
        )

    def _own(self, url: str) -> bool:
        return urlsplit(url).netloc.lower() in self.hosts


def make(base_url: str, policy: Policy, _options: Mapping[str, object]) -> Feed:
    """The adapter for a feed at `base_url`."""
    return Feed(base_url, replace(policy, pages_a_run=LOOKS + 1))


def _stamp(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
