"""A list of game servers ranked by votes, by CSS selectors that whoever adds it gives.

The lists have no interface for programs; how each is built was not confirmed, so nothing of any one of them stands
here. Links on such lists often lead over a counter of the list's own: those are kept as they are, and not followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.errors import BadSource
from crawlers.exchange import Exchange, Request
from crawlers.extract.challenge import challenge_in
from crawlers.extract.page import listing_id, parse
from crawlers.extract.product import web_address
from crawlers.listing import Kind, Listing, Seller

MAX_ENTRIES = 500
"""Of one page."""
NEEDED = ("entry", "title")
SELECTORS = (*NEEDED, "link", "text", "votes", "next", "empty")
NUMBER = re.compile(r"\d[\d.,  ]*")


@dataclass(frozen=True, slots=True)
class TopList:
    """One list, from one start address."""

    start_url: str
    policy: Policy
    selectors: Mapping[str, str]
    """entry: one server; in it title, link (`a[href]`), text, votes; on the page next, and empty for its "none"."""
    name: str = "top-list"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The list's own host."""
        return (urlsplit(self.start_url).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """The start address; `{query}` in it takes the words that are looked for."""
        return [Request(self.start_url.replace("{query}", query.text), label="list")]

    def read(self, exchange: Exchange) -> Page:
        """Entries, and the next page."""
        if exchange.status in (404, 410):
            return Page(Outcome.EMPTY, note="The page is gone.")
        page = parse(exchange.body, exchange.header("content-type") or "")
        rows = page.css(self.selectors["entry"])
        found = [one for row in rows[:MAX_ENTRIES] if (one := self._listing(row, exchange.url)) is not None]
        if not found:
            return self._nothing(page, len(rows))
        following = self._next(page, exchange.url)
        left = len(rows) - len(found)
        note = f"{left} entries could not be read." if left else ""
        return Page(Outcome.OK, tuple({one.id: one for one in found}.values()), following, note)

    def _nothing(self, page: LexborHTMLParser, rows: int) -> Page:
        """Why a page shows no entry: something stands in the way, it says so itself, or it was rebuilt."""
        if why := challenge_in(page):
            return Page(Outcome.BLOCKED, note=why)
        said = self.selectors.get("empty")
        if not rows and said and page.css_first(said) is not None:
            return Page(Outcome.EMPTY, note="The list says that it has none.")
        what = (
            f"None of {rows} entries has a title"
            if rows
            else f"Nothing on the page fits {self.selectors['entry']!r}"
        )
        return Page(Outcome.CHANGED, note=f"{what}: the list may have been rebuilt.")

    def _listing(self, row: LexborNode, base: str) -> Listing | None:
        title = self._text(row, "title")
        if not title:
            return None
        link = row.css_first(self.selectors.get("link") or "a[href]")
        url = web_address(link.attributes.get("href") or "", base) if link is not None else ""
        host = urlsplit(url).hostname or ""
        own = host and urlsplit(url).netloc.lower() in self.hosts
        missing = [name for name in ("link", "votes") if not (url if name == "link" else self._votes(row))]
        return Listing(
            id=listing_id(url) if own else (url or title)[:500],
            url=url or base,
            title=title,
            description=self._text(row, "text"),
            seller=Seller(name=host) if host and not own else Seller(),
            missing=tuple(missing),
            kind=Kind.SERVER,
        )

    def _votes(self, row: LexborNode) -> str:
        """Votes as shown. They move all the time, so a listing does not hold them; whether they are there is told."""
        found = NUMBER.search(self._text(row, "votes"))
        return found[0].strip() if found else ""

    def _text(self, row: LexborNode, name: str) -> str:
        selector = self.selectors.get(name)
        node = row.css_first(selector) if selector else None
        return " ".join(node.text(separator=" ").split()) if node is not None else ""

    def _next(self, page: LexborHTMLParser, base: str) -> tuple[Request, ...]:
        node = page.css_first(self.selectors.get("next") or 'a[rel~="next"], link[rel~="next"]')
        url = web_address(node.attributes.get("href") or "", base) if node is not None else ""
        return (Request(url, label="list"),) if url and urlsplit(url).netloc.lower() in self.hosts else ()


def make(base_url: str, policy: Policy, options: Mapping[str, object]) -> TopList:
    """The adapter for a list whose selectors stand in `options`.

    Raises:
        BadSource: a selector is missing, or is none.
    """
    selectors = {name: str(options[name]) for name in SELECTORS if options.get(name)}
    if lacking := [name for name in NEEDED if name not in selectors]:
        raise BadSource(
            f"A top list needs the selectors {' and '.join(lacking)}",
            hint="Give them as options, for example --option entry=tr.server --option title=.name",
        )
    nothing = LexborHTMLParser("<html></html>")
    for name, selector in selectors.items():
        try:
            nothing.css(selector)
        except (SelectolaxError, ValueError) as error:
            raise BadSource(
                f"{name}={selector} is no CSS selector", hint="For example entry=tr.server"
            ) from error
    return TopList(base_url, policy, selectors)
