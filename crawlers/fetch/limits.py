"""Caps on what is read, by purpose. Bytes and seconds; reached caps give a truncated exchange, never silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crawlers.exchange import Purpose

MAX_REDIRECTS = 5
"""RFC 9309 §2.3.1.2 asks for at least five; more is a loop."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps for one exchange."""

    max_bytes: int
    """Of the body, decoded; the wire may not carry more than this either."""
    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    total_seconds: float = 60.0


LIMITS: Mapping[Purpose, Limits] = MappingProxyType(
    {
        Purpose.PAGE: Limits(10_000_000),
        Purpose.FEED: Limits(10_000_000),
        Purpose.SITEMAP: Limits(50_000_000),  # sitemaps.org: 50 MB a file
        Purpose.PICTURE: Limits(20_000_000),
        Purpose.ROBOTS: Limits(512_000),  # RFC 9309 §2.5: parse at least 500 KiB
    }
)
