"""A small shop of scripted goods with real pictures, at a real address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Stall:
    """A Shopify-style shop: name of the goods → bytes of its pictures."""

    def __init__(self) -> None:
        self.goods: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        stall = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stall.asked.append(self.path)
                status, kind, body = stall.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, media type and body."""
        if path.startswith("/products.json"):
            first = "page=" not in path or "page=1" in path
            rows = [self._product(n, name) for n, name in enumerate(self.goods) if first]
            return 200, "application/json", json.dumps({"products": rows}).encode()
        name, _, number = path.strip("/").removesuffix(".jpg").rpartition("-")
        if name in self.goods:
            return 200, "image/jpeg", self.goods[name][int(number)]
        return 404, "text/plain", b"not here"

    def _product(self, number: int, name: str) -> dict[str, object]:
        images = [{"src": f"{self.base}/{name}-{n}.jpg"} for n in range(len(self.goods[name]))]
        variants = [{"id": 1, "price": "9.00", "available": True}]
        return {"id": 1000 + number, "title": name, "handle": name, "variants": variants, "images": images}


@contextmanager
def open_stall() -> Iterator[Stall]:
    """A stall that answers while the block lasts."""
    made = Stall()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()
