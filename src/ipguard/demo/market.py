"""The demo marketplace: two shops on a real HTTP server on this machine, with the habits real shops have.

robots.txt with a forbidden folder, paging, one 429 with Retry-After, a page in Shift_JIS that does not
say so, a picture that breaks off, and a listing that has vanished when the shop is visited again.
"""

from __future__ import annotations

import html
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from ipguard.demo.planted import CATALOGUE, OUTLET, STREET, Planted

PAGE_SIZE = 5
"""Listings on one page of the street."""


@dataclass(slots=True)
class Shop:
    """One shop: what it sells, what it was asked, and its mood."""

    name: str
    goods: Sequence[Planted]
    pictures: Mapping[str, bytes]
    asked: list[str] = field(default_factory=list)
    """Every path asked for, in order: the server's own log."""
    evening: bool = False
    """True on the second visit: what vanishes is gone."""
    busy_once: set[str] = field(default_factory=set)
    """Paths that have answered 429 once."""

    def on_sale(self) -> list[Planted]:
        """What is on the shelves now."""
        return [item for item in self.goods if not (self.evening and item.vanishes)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shop says."""

    body: bytes
    content_type: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


def draw_pictures(progress: Callable[[int, int], None]) -> dict[str, bytes]:
    """Draw every product picture once: handle → bytes. `progress` is told (done, of all)."""
    drawn = {}
    for done, item in enumerate(CATALOGUE, 1):
        drawn[item.handle] = item.picture()
        progress(done, len(CATALOGUE))
    return drawn


@contextmanager
def open_shop(name: str, pictures: Mapping[str, bytes]) -> Iterator[tuple[Shop, str]]:
    """Serve one shop on a free port of 127.0.0.1; yields it and its base URL."""
    shop = Shop(name, [item for item in CATALOGUE if item.shop == name], pictures)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "DemoMarket/1.0"

        def do_GET(self) -> None:
            shop.asked.append(self.path)
            answer = answer_to(shop, self.path, f"http://{self.headers.get('Host', '')}")
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class's name
            """Stay quiet: `asked` is the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name=f"demo-{name}", daemon=True)
    thread.start()
    try:
        yield shop, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer_to(shop: Shop, path: str, base: str) -> Answer:
    """What `shop` answers to a GET of `path`."""
    parts = urlsplit(path)
    if parts.path == "/robots.txt":
        return _text("User-agent: *\nDisallow: /members/\nDisallow: /cart\nAllow: /cart.js\n", "text/plain")
    if parts.path.startswith("/pictures/"):
        return _picture(shop, parts.path)
    if shop.name == OUTLET:
        return _outlet(shop, parts.path, parse_qs(parts.query), base)
    return _street(shop, parts.path, parse_qs(parts.query), base)


def _outlet(shop: Shop, path: str, query: Mapping[str, list[str]], base: str) -> Answer:
    if path == "/cart.js":
        return _json({"token": "demo", "currency": "USD", "items": []})
    if path == "/products.json":
        limit, page = int(query.get("limit", ["30"])[0]), int(query.get("page", ["1"])[0])
        goods = shop.on_sale()[(page - 1) * limit : page * limit]
        return _json({"products": [_product(item, base) for item in goods]})
    if path.startswith("/products/"):
        item = _find(shop, path.removeprefix("/products/").removesuffix(".json"))
        if item is None:
            return _not_found()
        return _page(item, base)
    if path == "/":
        return _text(
            f"<!doctype html><title>Moon Harbor Outlet</title><script src='{base}/cdn/shopify.js'></script>"
        )
    return _not_found()


def _product(item: Planted, base: str) -> dict[str, object]:
    number = zlib.crc32(item.handle.encode())
    return {
        "id": number,
        "title": item.title,
        "handle": item.handle,
        "body_html": f"<p>{html.escape(item.description or item.title)}</p>",
        "vendor": item.seller,
        "product_type": "merchandise",
        "tags": ["demo"],
        "created_at": "2026-09-01T10:00:00+08:00",
        "updated_at": "2026-11-01T10:00:00+08:00",
        "variants": [
            {
                "id": number,
                "title": "Default Title",
                "price": item.price,
                "sku": item.handle,
                "available": True,
            }
        ],
        "images": [
            {
                "id": number,
                "src": f"{base}/pictures/{item.handle}.jpg",
                "width": 800,
                "height": 800,
                "position": 1,
            }
        ],
    }


def _street(shop: Shop, path: str, query: Mapping[str, list[str]], base: str) -> Answer:
    if path in ("/", "/all"):
        page = int(query.get("page", ["1"])[0])
        if page == 2 and "all-2" not in shop.busy_once:
            shop.busy_once.add("all-2")
            return Answer(
                b"slow down, please", "text/plain", HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "1"}
            )
        return _shelf(shop.on_sale(), page, base)
    if path.startswith("/item/"):
        item = _find(shop, path.removeprefix("/item/"))
        return _page(item, base) if item else _not_found()
    if path.startswith("/members/"):
        item = _find(shop, path.removeprefix("/"))
        return _page(item, base) if item else _not_found()
    return _not_found()


def _shelf(goods: Sequence[Planted], page: int, base: str) -> Answer:
    shown = goods[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    links = "\n".join(
        f'<li class="product"><a href="{base}{_address(i)}">{html.escape(i.title)}</a></li>' for i in shown
    )
    elements = [
        {"@type": "ListItem", "position": i, "url": base + _address(item)} for i, item in enumerate(shown, 1)
    ]
    following = (
        f'<a rel="next" href="{base}/all?page={page + 1}">more</a>' if page * PAGE_SIZE < len(goods) else ""
    )
    mark_up = _script({"@context": "https://schema.org", "@type": "ItemList", "itemListElement": elements})
    return _text(
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Lantern Street</title>{mark_up}</head>"
        f"<body><h1>Everything on the street</h1><ul>{links}</ul>{following}</body></html>"
    )


def _page(item: Planted, base: str) -> Answer:
    offer: dict[str, object] = {
        "@type": "Offer",
        "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/NewCondition",
        "seller": {"@type": "Organization", "name": item.seller},
    }
    if item.price:
        offer |= {"price": item.price, "priceCurrency": "USD"}
    mark_up = _script(
        {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": item.title,
            "sku": item.handle.rsplit("/", 1)[-1],
            "description": item.description or item.title,
            "image": [f"{base}/pictures/{item.handle}.jpg"],
            "url": base + _address(item),
            "offers": offer,
        }
    )
    body = (
        f"<!doctype html><html><head><title>{html.escape(item.title)}</title>{mark_up}</head>"
        f"<body><h1>{html.escape(item.title)}</h1><p>{html.escape(item.seller)}</p>"
        f"<img src='/pictures/{html.escape(item.handle)}.jpg' alt=''></body></html>"
    )
    declared = "" if item.charset != "utf-8" else "; charset=utf-8"
    return Answer(body.encode(item.charset), f"text/html{declared}")


def _picture(shop: Shop, path: str) -> Answer:
    handle = path.removeprefix("/pictures/").removesuffix(".jpg")
    if _find(shop, handle) is None or handle not in shop.pictures:
        return _not_found()
    return Answer(shop.pictures[handle], "image/jpeg")


def _address(item: Planted) -> str:
    if item.shop == OUTLET:
        return f"/products/{item.handle}"
    return f"/{item.handle}" if item.handle.startswith("members/") else f"/item/{item.handle}"


def _find(shop: Shop, handle: str) -> Planted | None:
    return next((item for item in shop.on_sale() if item.handle == handle), None)


def _script(data: Mapping[str, object]) -> str:
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def _json(data: Mapping[str, object]) -> Answer:
    return Answer(json.dumps(data, ensure_ascii=False).encode(), "application/json; charset=utf-8")


def _text(text: str, kind: str = "text/html") -> Answer:
    return Answer(text.encode(), f"{kind}; charset=utf-8")


def _not_found() -> Answer:
    return Answer(b"<!doctype html><title>Not here</title>", "text/html", HTTPStatus.NOT_FOUND)


def address_of(item: Planted, base: str) -> str:
    """URL of a planted listing's page in a shop at `base`."""
    return base + _address(item)


SHOPS = (OUTLET, STREET)
"""Names of the two shops."""
