"""Sitemaps (sitemaps.org): addresses from an index or a list of URLs. No entities, no DTD, no network."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from lxml import etree

MAX_BYTES = 50_000_000
MAX_ADDRESSES = 50_000
"""Both from sitemaps.org: per file."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one file lists."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    changed: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    """Address → when it changed last, where the file says so."""
    problem: str = ""
    """Why it could not be read (whole), in words."""


def read_sitemap(body: bytes) -> Sitemap:
    """Addresses in a sitemap, plain or gzipped; whatever cannot be read is said."""
    data, problem = _unpacked(body)
    if b"<!DOCTYPE" in data[:2000] or b"<!ENTITY" in data:
        return Sitemap(problem="The sitemap declares entities, which are not read.")
    pages: list[str] = []
    sitemaps: list[str] = []
    changed: dict[str, datetime] = {}
    try:
        for _, node in etree.iterparse(
            io.BytesIO(data),
            events=("end",),
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            load_dtd=False,
        ):
            name = etree.QName(node).localname
            if name in ("url", "sitemap"):
                said = {
                    etree.QName(child).localname: (child.text or "").strip()
                    for child in node
                    if isinstance(child.tag, str)
                }
                if said.get("loc"):
                    (pages if name == "url" else sitemaps).append(said["loc"])
                    if (at := _moment(said.get("lastmod", ""))) is not None:
                        changed[said["loc"]] = at
                node.clear()
            if len(pages) + len(sitemaps) >= MAX_ADDRESSES:
                problem = f"The sitemap lists more than {MAX_ADDRESSES:,} addresses; the rest is left out."
                break
    except etree.XMLSyntaxError as error:
        problem = problem or f"The sitemap breaks off or is no XML: {error.msg}."
    return Sitemap(
        tuple(dict.fromkeys(pages)), tuple(dict.fromkeys(sitemaps)), MappingProxyType(changed), problem
    )


def _moment(text: str) -> datetime | None:
    """A W3C date or moment; midnight UTC where it names no time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def is_sitemap(body: bytes) -> bool:
    """Whether an answer looks like a sitemap."""
    data, _ = _unpacked(body[:4096] if not body.startswith(b"\x1f\x8b") else body, limit=4096)
    head = data[:2000].lower()
    return b"<urlset" in head or b"<sitemapindex" in head


def _unpacked(body: bytes, limit: int = MAX_BYTES) -> tuple[bytes, str]:
    if not body.startswith(b"\x1f\x8b"):
        return body[:limit], ""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            data = packed.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        return b"", f"The sitemap does not unpack: {error}."
    return data[:limit], "The sitemap is larger than 50 MB; the rest is left out." if len(
        data
    ) > limit else ""
