"""Feeds: RSS 2.0, Atom (RFC 4287) and RSS 1.0 (RDF), with the extensions of shops and media. No entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from crawlers.extract.labels import condition_in
from crawlers.extract.prices import price_in
from crawlers.extract.product import AVAILABILITY, gtin_in, plain, text_of, web_address, word_in
from crawlers.listing import Price

MAX_ENTRIES = 1_000
MAX_FEED_BYTES = 20_000_000
ENTRY = frozenset({"item", "entry"})
PICTURE_TYPES = ("image/", "")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry says. Empty where it says nothing."""

    url: str
    title: str
    id: str = ""
    text: str = ""
    """Plain text."""
    pictures: tuple[str, ...] = ()
    price: Price | None = None
    author: str = ""
    at: datetime | None = None
    """When it was published or last changed, whichever is later; aware."""
    condition: str = ""
    availability: str = ""
    brand: str = ""
    sku: str = ""
    gtin: str = ""
    mpn: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedRead:
    """A feed as far as it could be read."""

    entries: tuple[Entry, ...] = ()
    problem: str = ""
    """Why it could not be read, or not whole, in words."""


def is_feed(body: bytes) -> bool:
    """Whether an answer looks like a feed."""
    head = body[:2000].lower()
    return any(mark in head for mark in (b"<rss", b"<feed", b"<rdf:rdf"))


def read_feed(body: bytes, base: str) -> FeedRead:
    """The entries of a feed, in its order; whatever cannot be read is said."""
    if b"<!DOCTYPE" in body[:2000] or b"<!ENTITY" in body:
        return FeedRead(problem="The feed declares entities, which are not read.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, recover=True
    )
    try:
        root = etree.fromstring(body[:MAX_FEED_BYTES], parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return FeedRead(problem=f"The feed is no XML: {error}.")
    if root is None or _name(root) not in ("rss", "feed", "RDF"):
        return FeedRead(problem="The answer is no feed.")
    rows = [node for node in root.iter() if _name(node) in ENTRY]
    problem = (
        f"The feed has {len(rows)} entries; the first {MAX_ENTRIES} are taken."
        if len(rows) > MAX_ENTRIES
        else ""
    )
    if len(body) > MAX_FEED_BYTES or parser.error_log:
        problem = problem or "The feed breaks off or is not clean; what could be read is taken."
    found = [_entry(node, base) for node in rows[:MAX_ENTRIES]]
    return FeedRead(tuple(one for one in found if one is not None), problem)


def _entry(node: etree._Element, base: str) -> Entry | None:
    said: dict[str, list[etree._Element]] = {}
    for child in node.iter():
        if child is not node:
            said.setdefault(_name(child).lower(), []).append(child)

    def text(*names: str) -> str:
        return next((t for name in names for one in said.get(name, ()) if (t := _text(one))), "")

    url = _link(said, base) or web_address(text("guid", "id"), base)
    title = plain(text("title"))
    if not url or not title:
        return None
    body = text("encoded", "content", "description", "summary")
    dates = [one for name in ("pubdate", "published", "updated", "date") for one in said.get(name, ())]
    moments = [at for one in dates if (at := _moment(_text(one))) is not None]
    labels = [_text(one) or one.get("term") or "" for one in said.get("category", ())]
    price = text("sale_price") or text("price")
    return Entry(
        url=url,
        title=title,
        id=text("guid", "id"),
        text=plain(body),
        pictures=tuple(dict.fromkeys(_pictures(said, base))),
        price=price_in(price, read_from="feed") if price else None,
        author=plain(text("creator", "name", "author")),
        at=max(moments, default=None),
        condition=condition_in(text("condition")),
        availability=word_in(text("availability"), AVAILABILITY),
        brand=text("brand"),
        sku=text("sku"),
        gtin=gtin_in(text("gtin")),
        mpn=text("mpn"),
        tags=tuple(dict.fromkeys(label for label in labels if label))[:50],
    )  # fmt: skip


def _link(said: dict[str, list[etree._Element]], base: str) -> str:
    """The address of an entry: Atom's alternate link, or RSS's link (RFC 4287 §4.2.7.2)."""
    for node in said.get("link", ()):
        if node.get("href") and (node.get("rel") or "alternate") == "alternate":
            return web_address(node.get("href") or "", base)
        if url := web_address(_text(node), base):
            return url
    return ""


def _pictures(said: dict[str, list[etree._Element]], base: str) -> Iterator[str]:
    for name in ("image_link", "additional_image_link"):
        for node in said.get(name, ()):
            yield from filter(None, [web_address(_text(node), base)])
    for name in ("content", "thumbnail", "enclosure", "image"):
        for node in said.get(name, ()):
            kind = node.get("type") or ""
            if (
                kind.startswith("image/")
                or node.get("medium") == "image"
                or (name == "thumbnail" and not kind)
            ):
                yield from filter(None, [web_address(node.get("url") or "", base)])
    for node in said.get("link", ()):
        if node.get("rel") == "enclosure" and (node.get("type") or "").startswith("image/"):
            yield from filter(None, [web_address(node.get("href") or "", base)])


def _moment(text: str) -> datetime | None:
    """A date of RSS (RFC 822) or Atom (RFC 3339)."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _text(node: etree._Element) -> str:
    return text_of("".join(str(part) for part in node.itertext()))


def _name(node: etree._Element) -> str:
    return re.split(r"[}:]", node.tag)[-1] if isinstance(node.tag, str) else ""
