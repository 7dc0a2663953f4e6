"""A marketplace that plays every trap a crawler meets, over real HTTP and TLS on loopback, and writes down who asked what.

Departments lie under paths of their own: `/calm` is an honest shop, `/private` redirects to where nobody may go,
`/endless` has no last page, and so on. Goods are invented.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import html
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import brotli
import zstandard

BOMB_BYTES = 12_000_000
"""More than a page may have."""
LETTERS = {
    "shift_jis": ("星のランタン アクリルスタンド 限定品", "ja"),
    "euc_jp": ("星のランタン キーホルダー 送料無料", "ja"),
    "gb18030": ("星灯 立牌 现货包邮 欢迎选购", "zh-Hans"),
    "big5": ("星燈 壓克力立牌 現貨供應", "zh-Hant"),
    "euc_kr": ("별등 머그컵 무료배송 정품 아닙니다", "ko"),
    "windows-1251": ("Звёздный фонарь, футболка из хлопка", "ru"),
    "windows-1252": ("Étoile lanterne, poupée à coudre – été", "fr"),
    "utf-16": ("星灯 Tシャツ 新品", "ja"),
}
"""Encoding → title of its goods, and language."""
WALLS = {
    "check": b"<title>Just a moment...</title><p>Checking your browser before you enter",
    "captcha": '<title>Shop</title><h2>请完成人机验证</h2><div id="captcha"></div>'.encode(),
    "login": b'<title>Log in</title><form action="/login"><input type=password name=p></form>',
}


@dataclass(frozen=True)
class Asked:
    """One line of the server's own log."""

    host: str
    path: str
    """With its query, as it stood in the request line."""
    head: bytes


@dataclass
class TrapMarket:
    """The market, while it is open."""

    port: int = 0
    secure: bool = False
    log: list[Asked] = field(default_factory=list)
    robots: dict[str, bytes] = field(default_factory=dict)
    """Host → its robots.txt; there is none for others."""
    targets: list[str] = field(default_factory=list)
    """Where `/to?n=…` leads."""
    retry_after: str = "30"
    refuses: int = 0
    """How often `/busy` still says no, with `status`."""
    status: str = "429 Too Many Requests"
    changed: bool = False
    """`/calm` and `/products.json` have been rebuilt: nothing is where it was."""

    def at(self, path: str, host: str = "shop.test") -> str:
        """The address of a path."""
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{path}"

    def asked(self, host: str = "shop.test") -> list[str]:
        """Paths a host was asked for, in order, robots.txt left out."""
        return [one.path for one in self.log if one.host == host and one.path != "/robots.txt"]

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        """Play the trap of the path."""
        parts = urlsplit(asked.path)
        if parts.path == "/robots.txt":
            rules = self.robots.get(asked.host)
            writer.write(said(rules) if rules is not None else said(b"", "404 Not Found"))
            return
        _, name, *rest = parts.path.split("/")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if stream := STREAMS.get(name):
            await stream(writer)
            return
        trap = TRAPS.get(name)
        writer.write(trap(self, "/".join(rest), query) if trap else said(b"not here", "404 Not Found"))


def said(
    body: bytes = b"", status: str = "200 OK", kind: str = "text/html; charset=utf-8", **more: str
) -> bytes:
    """A whole response; `retry_after="…"` becomes Retry-After."""
    fields = {"Content-Type": kind, "Content-Length": str(len(body))}
    fields |= {name.replace("_", "-").title(): value for name, value in more.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body


def goods(number: int, title: str = "", *, meta: str = '<meta charset="utf-8">', lang: str = "en") -> str:
    """A product page with JSON-LD."""
    name = title or f"Lantern {number}"
    offer = {"@type": "Offer", "price": f"{number}.50", "priceCurrency": "EUR"}
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "sku": str(number),
        "name": name,
        "offers": offer,
    }
    block = f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'
    return f"<!doctype html><html lang={lang}>{meta}<title>{html.escape(name)}</title>{block}<h1>{html.escape(name)}</h1></html>"


def shelf(links: list[str], following: str = "") -> bytes:
    """A page of links to goods, and to the next page."""
    cards = "".join(
        f'<li class="product-card"><a href="{html.escape(link)}">goods</a></li>' for link in links
    )
    more = f'<a rel="next" href="{html.escape(following)}">more</a>' if following else ""
    return f"<!doctype html><title>Goods</title><ul>{cards}</ul>{more}".encode()


# -- departments ------------------------------------------------------------------------------------


def _calm(market: TrapMarket, rest: str, query: dict[str, str]) -> bytes:
    """An honest shop of two pages with four goods, some shut rooms, and ways into these."""
    if market.changed:
        return said(b"<!doctype html><title>New look</title><div id=app><h1>Welcome</h1></div>")
    if rest.startswith("item/"):
        return said(goods(int(rest.removeprefix("item/"))).encode())
    page = int(query.get("page", "1"))
    shut = ["/members/item/9", "/calm/item/3?sort=price", "/vault/item/1", "/way-in/item/4"]
    links = [f"/calm/item/{number}" for number in (2 * page - 1, 2 * page)]
    return said(shelf([*links, *(shut if page == 1 else [])], "/calm?page=2" if page == 1 else ""))


def _products(market: TrapMarket, _rest: str, query: dict[str, str]) -> bytes:
    """A Shopify shop; rebuilt, it says the same in other words."""
    variants = [{"id": 1, "price": "9.00", "available": True}]
    rows = [{"id": 7, "title": "Lantern 7", "handle": "lantern-7", "variants": variants, "images": []}]
    told = (
        {"catalogue": {"rows": rows}}
        if market.changed
        else {"products": rows if query.get("page", "1") == "1" else []}
    )
    return said(json.dumps(told).encode(), kind="application/json")


def _to(market: TrapMarket, _rest: str, query: dict[str, str]) -> bytes:
    """Anywhere."""
    return said(b"", "302 Found", location=market.targets[int(query["n"])])


def _hops(market: TrapMarket, rest: str, _query: dict[str, str]) -> bytes:
    """Three steps inside the shop, then to `targets[0]`."""
    step = int(rest or "1")
    return said(
        b"", "307 Temporary Redirect", location=f"/hops/{step + 1}" if step < 3 else market.targets[0]
    )


def _way_in(_market: TrapMarket, rest: str, _query: dict[str, str]) -> bytes:
    """A door that looks open and leads into a shut room."""
    return said(b"", "302 Found", location=f"/members/{rest}")


def _members(_market: TrapMarket, _rest: str, _query: dict[str, str]) -> bytes:
    """Whoever comes here has ignored the sign."""
    return said(goods(99).encode())


def _bomb(_market: TrapMarket, rest: str, _query: dict[str, str]) -> bytes:
    """Megabytes of nothing, packed small."""
    data = b"\0" * BOMB_BYTES
    packed = {
        "gzip": lambda: gzip.compress(data, 6),
        "br": lambda: brotli.compress(data, quality=3),
        "zstd": lambda: zstandard.ZstdCompressor().compress(data),
    }[rest]()
    return said(packed, content_encoding=rest)


def _endless(_market: TrapMarket, rest: str, query: dict[str, str]) -> bytes:
    """There is always one more page, with other goods, or under `same` with the very same."""
    page = int(query.get("page", "1"))
    first = 1 if rest == "same" else page * 10
    return said(
        shelf(
            [f"/calm/item/{number}" for number in range(first, first + 2)], f"/endless/{rest}?page={page + 1}"
        )
    )


def _round(_market: TrapMarket, _rest: str, query: dict[str, str]) -> bytes:
    """Three pages; from any later one it sends back to the first, and the third says there are more."""
    page = int(query.get("page", "1"))
    if page > 3:
        return said(b"", "302 Found", location="/round?page=1")
    return said(shelf([f"/calm/item/{page}"], f"/round?page={99 if page == 3 else page + 1}"))


def _letters(_market: TrapMarket, rest: str, query: dict[str, str]) -> bytes:
    """One page in an encoding: said in the header, in the page, by a mark, not at all, or wrongly."""
    encoding, told = unquote(rest), query["told"]
    title, lang = LETTERS[encoding]
    name = {"euc_jp": "euc-jp", "euc_kr": "euc-kr"}.get(encoding, encoding)
    meta = f'<meta charset="{name}">' if told == "meta" else ""
    kind = f"text/html; charset={name}" if told == "header" else "text/html"
    if told == "wrongly":
        kind = "text/html; charset=utf-8"
    text = goods(7, title, meta=meta, lang=lang)
    body = text.encode(encoding) if told != "mark8" else b"\xef\xbb\xbf" + text.encode()
    return said(body, kind="text/html; charset=shift_jis" if told == "mark8" else kind)


def _maps(market: TrapMarket, rest: str, _query: dict[str, str]) -> bytes:
    """Sitemap indexes that name one another and themselves, and one list of goods."""
    if rest == "goods.xml":
        rows = "".join(
            f"<url><loc>{market.at(path)}</loc></url>" for path in ("/calm/item/1", "/members/item/9")
        )
        return said(f'<?xml version="1.0"?><urlset>{rows}</urlset>'.encode(), kind="application/xml")
    names = ("a.xml", "b.xml", f"{rest}", f"deeper-{rest}", "goods.xml")
    rows = "".join(f"<sitemap><loc>{market.at(f'/maps/{name}')}</loc></sitemap>" for name in names)
    return said(f'<?xml version="1.0"?><sitemapindex>{rows}</sitemapindex>'.encode(), kind="application/xml")


def _busy(market: TrapMarket, _rest: str, _query: dict[str, str]) -> bytes:
    """Says no `refuses` times, and then has goods."""
    if market.refuses > 0:
        market.refuses -= 1
        return said(b"slow down", market.status, retry_after=market.retry_after)
    return said(goods(5).encode())


def _wall(_market: TrapMarket, rest: str, _query: dict[str, str]) -> bytes:
    """A page that stands in the way, with status 200 as they have."""
    return said(WALLS[rest], kind="text/html; charset=utf-8")


TRAPS: dict[str, Callable[[TrapMarket, str, dict[str, str]], bytes]] = {
    "calm": _calm, "products.json": _products, "to": _to, "hops": _hops, "way-in": _way_in, "members": _members, "vault": _members, "bomb": _bomb,
    "endless": _endless, "round": _round, "letters": _letters, "maps": _maps, "busy": _busy, "wall": _wall,
}  # fmt: skip


async def _drip_body(writer: asyncio.StreamWriter) -> None:
    """A head at once, and then a byte now and then for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    await _drip(writer, b".")


async def _drip_head(writer: asyncio.StreamWriter) -> None:
    """A head that never ends, slowly."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _drip(writer, b"X-A: b\r\n")


async def _drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    while True:
        writer.write(drop)
        await writer.drain()
        await asyncio.sleep(0.02)


async def _flood_head(writer: asyncio.StreamWriter) -> None:
    """A head that never ends, fast."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Filler: " + b"a" * 4000 + b"\r\n")
        await writer.drain()


async def _flood_field(writer: asyncio.StreamWriter) -> None:
    """One field that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    while True:
        writer.write(b"a" * 4000)
        await writer.drain()


async def _cut_body(writer: asyncio.StreamWriter) -> None:
    """Half a page, and the line goes dead."""
    page = goods(3).encode()
    writer.write(said(page)[: -len(page) // 3])
    await writer.drain()
    writer.transport.abort()


async def _cut_head(writer: asyncio.StreamWriter) -> None:
    """Half a head, and the line goes dead."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
    await writer.drain()
    writer.close()


STREAMS = {
    "drip-body": _drip_body,
    "drip-head": _drip_head,
    "flood-head": _flood_head,
    "flood-field": _flood_field,
    "cut-body": _cut_body,
    "cut-head": _cut_head,
}


@contextlib.asynccontextmanager
async def trap_market(tls: ssl.SSLContext | None = None) -> AsyncIterator[TrapMarket]:
    """Open the market for the length of the block."""
    market = TrapMarket(secure=tls is not None)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                host = re.search(rb"(?i)\r\nhost: ([^:\r]+)", head)
                asked = Asked(
                    (host[1] if host else b"").decode(), head.split(b" ")[1].decode("latin-1"), head
                )
                market.log.append(asked)
                await market.answer(asked, writer)
                await writer.drain()

    async with listening(serve, tls) as market.port:
        yield market


@contextlib.asynccontextmanager
async def trap_door() -> AsyncIterator[tuple[int, list[int]]]:
    """A port of this machine that must never be reached; the list grows with every connection."""
    reached: list[int] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(1)
        writer.close()

    async with listening(serve, None) as port:
        yield port, reached


@contextlib.asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], tls: ssl.SSLContext | None
) -> AsyncIterator[int]:
    """A server on a free port; its connections end with the block."""
    tasks: set[asyncio.Task[object]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)  # type: ignore[misc]
        except asyncio.CancelledError:
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
