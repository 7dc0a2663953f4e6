"""Who offers it: an official seller turns a verdict round, an unknown one supports it a little.

A name is what a seller says of itself, so an entry of the watchlist that is a host (`shop.example`)
matches only the host that was really asked, and an entry `host/seller` only that seller there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

from crawlers.listing import Listing
from ipguard.matching.finding import Finding, Reason
from ipguard.matching.score import OFFICIAL_SELLER

VERSION = "2"

UNKNOWN = 0.3
"""Strength of not being on the list: most unknown sellers resell genuine goods."""


DENIED = 0.8
"""Strength of having sold copies before: most of what such a seller shows of the work is another one."""


def match_seller(
    work: str, official: Iterable[str], listing: Listing, asked: str, denied: Iterable[str] = ()
) -> Finding | None:
    """A finding about who sells `listing`, or None where nothing is known of sellers of the work.

    Args:
        work: which work.
        official: entries of those who may sell it: `host`, `host/seller` or a name.
        listing: what is sold.
        asked: address of the source that was asked, which nobody on the page can forge.
        denied: entries of those who are known to sell copies. Who is on both may sell it.
    """
    entries = [entry for entry in map(_folded, official) if entry]
    host = host_of(asked)
    names = {name for name in (_folded(listing.seller.id), _folded(listing.seller.name)) if name}
    shown = listing.seller.name or listing.seller.id or host
    if any(_is(entry, host, names) for entry in entries):
        reason = Reason(OFFICIAL_SELLER, {"seller": shown})
        return Finding("seller", VERSION, work, 1.0, reason, weak=True)
    if any(_is(entry, host, names) for entry in map(_folded, denied) if entry):
        return Finding("seller", VERSION, work, DENIED, Reason("seller.denied", {"seller": shown}), weak=True)
    if not entries:
        return None
    return Finding("seller", VERSION, work, UNKNOWN, Reason("seller.unknown", {"seller": shown}), weak=True)


def host_of(url: str) -> str:
    """Host of an address, lower case, without `www.`; empty where it has none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _is(entry: str, host: str, names: set[str]) -> bool:
    place, _, seller = entry.removeprefix("https://").removeprefix("http://").partition("/")
    if seller:
        return host_of(place) == host and seller in names
    if "." in place and " " not in place:
        official = host_of(place)
        return host == official or host.endswith("." + official)
    return entry in names


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
