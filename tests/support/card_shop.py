"""An invented shop without mark-up for programs: server-rendered lists with pages and a search, pages of goods, and the
same goods as JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Told = tuple[int, Mapping[str, str], bytes]
PAGE = 4
GOODS = (
    "Star Lantern acrylic stand", "Paper moon lamp", "Harbour mug", "Tea towel with lanterns", "Lantern string lights",
    "Star Lantern enamel pin", "Garden lantern", "Lantern festival poster", "Brass lantern hook",
)  # fmt: skip
HTML = {"Content-Type": "text/html; charset=utf-8"}
DRAWN = """<!doctype html><html><head><title>Drawn</title></head><body><main id="app"></main><script>
fetch("/api/goods?q=" + new URLSearchParams(location.search).get("q") + "&limit=4").then(r => r.json()).then(said => {
  app.innerHTML = said.data.goods.length ? said.data.goods.map(one => `<div class="tile"><img src="${one.images[0]}">
    <a href="${one.url}">${one.name}</a> <span class="amount">${one.price.amount / 100} €</span></div>`).join("")
    : "<p class=nothing-found>Nothing here</p>";
});
</script></body></html>"""
SELLER = "Anna & Söhne"


def tell(path: str) -> Told:
    """What the shop answers."""
    parts = urlsplit(path)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path == "/robots.txt":
        return 200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /private\n"
    if parts.path == "/search":
        return 200, HTML, _list(asked.get("q", ""), int(asked.get("page", "1"))).encode()
    if parts.path == "/api/goods":
        offset, limit = int(asked.get("offset", "0")), int(asked.get("limit", "3"))
        found = _found(asked.get("q", ""))
        rows = [_row(number) for number in found[offset : offset + limit]]
        said = {"meta": {"total": len(found)}, "data": {"goods": rows}}
        return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()
    if parts.path.startswith("/goods/") and parts.path[7:].isdecimal():
        return 200, HTML, _page(int(parts.path[7:])).encode()
    if parts.path == "/scripted":
        return (
            200,
            HTML,
            b"<html><head><script src=/app.js></script></head><body><div id=app></div></body></html>",
        )
    if parts.path == "/drawn":
        return 200, HTML, DRAWN.encode()
    if parts.path == "/challenge":
        return 200, HTML, b"<html><title>Just a moment...</title><h1>Just a moment...</h1></html>"
    if parts.path == "/":
        return 200, HTML, _framed("<h1>Welcome</h1><p>Lamps and more.</p>").encode()
    return 404, HTML, b"<h1>Not here</h1>"


def _found(words: str) -> list[int]:
    return [number for number, name in enumerate(GOODS) if words.casefold() in name.casefold()]


def _framed(body: str) -> str:
    form = '<form action="/search"><input type="search" name="q"><button>Find</button></form>'
    rows = "".join(
        f'<li><a href="/about/{one}">{one}</a></li>' for one in ("shipping", "returns", "us", "jobs")
    )
    return (
        f'<!doctype html><html lang="de"><head><title>Card shop</title></head><body><header>{form}<nav><ul>{rows}</ul>'
        f'</nav></header><main>{body}</main><footer><a href="/agb">Terms and conditions</a></footer></body></html>'
    )


def _list(words: str, page: int) -> str:
    found = _found(words)
    if not found:
        return _framed(
            f'<h1>Search</h1><p class="hint">Nothing was found for {words}</p><p class="none">Sorry, no goods.</p>'
        )
    cards = "".join(
        f'<div class="tile"><a href="/goods/{n}"><img src="/pictures/{n}.jpg" alt=""></a><h3><a href="/goods/{n}">{GOODS[n]}</a></h3>'
        f'<del>{n + 9},00 €</del> <span class="amount">{n + 5},50 €</span> <span class="seller">von <b>{SELLER.replace("&", "&amp;")}</b></span></div>'
        for n in found[(page - 1) * PAGE : page * PAGE]
    )
    more = (
        f'<a class="more" href="/search?q={words}&amp;page={page + 1}">weiter</a>'
        if page * PAGE < len(found)
        else ""
    )
    return _framed(f"<h1>Search</h1><div class='grid'>{cards}</div>{more}")


def _page(number: int) -> str:
    return _framed(
        f'<h1>{GOODS[number]}</h1><p class="price">{number + 5},50 €</p><img src="/pictures/{number}.jpg">'
        f'<div class="description"><p>Made by hand, boxed.</p></div><dl><dt>SKU</dt><dd>CS-{number:03}</dd></dl>'
    )


def _row(number: int) -> dict[str, object]:
    return {
        "id": number + 100, "name": GOODS[number], "url": f"/goods/{number}", "images": [f"/pictures/{number}.jpg"],
        "price": {"amount": 550 + 100 * number, "currency": "EUR", "decimals": 2}, "shop": {"id": 7, "name": SELLER},
        "created_at": 1_790_000_000,
    }  # fmt: skip


@contextmanager
def open_shop() -> Iterator[str]:
    """The shop on loopback while the block lasts; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = tell(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
