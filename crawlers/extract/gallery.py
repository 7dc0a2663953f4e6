"""The pictures a product page shows: its gallery in the largest variants offered, and the posters of its videos."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import inf
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.product import web_address

MAX_IMAGES = 200
"""Elements that are looked at; a page with more is no product page."""
FULL_SIZE = (
    "data-zoom-image",
    "data-large_image",
    "data-old-hires",
    "data-zoom-src",
    "data-zoom",
    "data-full",
    "data-original",
)
"""Where shop software puts the address of the picture that a click enlarges."""
GALLERY = re.compile(
    r"gallery|product[-_]*(images?|photos?|media|pictures?|slider|carousel|video)", re.IGNORECASE
)
GALLERIES = '[class*="gallery" i], [id*="gallery" i], [class*="product" i], [id*="product" i]'
PICTURES = "img, video[poster], source[srcset], source[data-srcset]"
OTHERS = re.compile(
    r"related|recommend|similar|upsell|cross-?sell|also|recently|review|footer", re.IGNORECASE
)
PICTURE_FILE = re.compile(r"\.(jpe?g|png|webp|avif|gif)$", re.IGNORECASE)
SIZE_IN_NAME = re.compile(r"[_-](\d{2,4})x(\d{0,4})(?:_crop_\w+)?(?:@\dx)?(?=\.\w+$)", re.IGNORECASE)
SIZE_IN_QUERY = {"width", "w", "height", "h", "wid", "hei", "imwidth"}
LOOKS_ONLY = {"quality", "q", "format", "fm", "auto", "dpr", "fit", "crop", "v"}
"""Query parameters that change how a picture is encoded, and not which one it is."""


def gallery(page: LexborHTMLParser, base: str) -> list[str]:
    """Addresses of the pictures and video posters inside what is named a gallery, in page order."""
    shown: dict[int, LexborNode] = {}
    for place in page.css(GALLERIES)[:MAX_IMAGES]:
        if GALLERY.search(_names(place)) and not _beside_others(place):
            shown |= {node.mem_id: node for node in place.css(PICTURES)[:MAX_IMAGES]}
    return [url for node in shown.values() if not _beside_others(node) and (url := largest(node, base))]


def largest(node: LexborNode, base: str) -> str:
    """The largest variant that an element offers: what a click enlarges, then srcset (HTML §4.8.4.2), then src."""
    attributes = node.attributes
    if node.tag == "video":
        return web_address(attributes.get("poster") or "", base)
    for name in FULL_SIZE:
        if url := web_address(attributes.get(name) or "", base):
            return url
    around = node.parent
    for _ in range(3):  # a link may hold a picture element, which holds the picture
        if around is None or around.tag == "a":
            break
        around = around.parent
    target = web_address((around.attributes.get("href") or "") if around is not None else "", base)
    if target and PICTURE_FILE.search(urlsplit(target).path):
        return target
    best, size = attributes.get("src") or "", 0.0
    if not best or best.startswith("data:"):
        best = attributes.get("data-src") or attributes.get("data-lazy-src") or ""
    for url, wide in candidates(attributes.get("srcset") or attributes.get("data-srcset") or ""):
        if wide > size:
            best, size = url, wide
    return web_address(best, base) if not best.startswith("data:") else ""


def largest_of_each(urls: Iterable[str]) -> tuple[str, ...]:
    """Each picture once, in the largest of the sizes that its addresses name; one that names none is the original."""
    best: dict[str, tuple[float, str]] = {}
    for url in urls:
        key, size = _picture_and_size(url)
        if key not in best or size > best[key][0]:
            best[key] = (size, url)
    return tuple(url for _, url in best.values())


def _picture_and_size(url: str) -> tuple[str, float]:
    """What tells one picture from another in an address, and the size in pixels that it names."""
    parts = urlsplit(url)
    sizes: list[float] = []

    def noted(found: re.Match[str]) -> str:
        sizes.append(max(float(found[1]), float(found[2] or 0)))
        return ""

    path = SIZE_IN_NAME.sub(noted, parts.path)
    kept = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name.lower() in SIZE_IN_QUERY and value.isdecimal():
            sizes.append(float(value))
        elif name.lower() not in LOOKS_ONLY:
            kept.append((name, value))
    key = urlunsplit((parts.scheme, parts.netloc.lower(), path, urlencode(kept), ""))
    return key, max(sizes, default=inf)


def candidates(srcset: str) -> Iterator[tuple[str, float]]:
    """Address and width or density of each candidate of a srcset attribute (HTML §4.8.4.2.1)."""
    for candidate in srcset.split(", " if ", " in srcset else ","):
        parts = candidate.split()
        if len(parts) == 2 and (number := re.fullmatch(r"(\d+(?:\.\d+)?)[wx],?", parts[1])):
            yield parts[0], float(number[1])


def _beside_others(node: LexborNode) -> bool:
    """Whether an element or one around it is named after other goods."""
    parent: LexborNode | None = node
    while parent is not None and parent.tag not in ("body", "html"):
        if OTHERS.search(_names(parent)):
            return True
        parent = parent.parent
    return False


def _names(node: LexborNode) -> str:
    return f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
