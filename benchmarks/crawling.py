"""Pages per CPU-second, recording, robots and address checks on, beside Scrapy with robots on, on one local server."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import subprocess
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.rows import Row

PAGES = 300
PRODUCT = {
    "@context": "https://schema.org", "@type": "Product", "name": "Lamp", "image": ["/p.jpg"],
    "offers": {"price": "9.90", "priceCurrency": "USD"},
}  # fmt: skip
BODY = (
    f'<html><head><script type="application/ld+json">{json.dumps(PRODUCT)}</script></head><body><h1>Lamp</h1>'
    + "<p class='text'>Soft light for long evenings, made of paper and patience.</p>" * 60
    + "</body></html>"
).encode()

SPIDER = """
import json, resource, scrapy
from scrapy.crawler import CrawlerProcess
class Shop(scrapy.Spider):
    name = "shop"
    start_urls = ["{base}/item/%d" % n for n in range({pages})]
    custom_settings = {{"ROBOTSTXT_OBEY": True, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0,
                       "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False}}
    def parse(self, response):
        data = json.loads(response.css('script[type="application/ld+json"]::text').get())
        yield {{"title": data["name"], "price": data["offers"]["price"], "images": data["image"]}}
process = CrawlerProcess()
process.crawl(Shop)
process.start()
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""

EMPTY = "import scrapy, resource; from scrapy.crawler import CrawlerProcess; u=resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime+u.ru_stime)"


def serve(port: object) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = b"" if self.path == "/robots.txt" else BODY
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.put(server.server_port)  # type: ignore[attr-defined] # a queue
    server.serve_forever()


def ours(base: str) -> float:
    """CPU seconds for PAGES pages through fetcher and reader."""
    import time

    from crawlers.exchange import Request
    from crawlers.extract.page import extract_listing
    from crawlers.fetch.fetcher import Fetcher, Identity, Manner
    from crawlers.fetch.pace import MemoryPace
    from crawlers.fetch.transport import http_transport

    def now() -> datetime:
        return datetime.now(UTC)

    async def crawl() -> None:
        manner = Manner(Identity("bench"), MemoryPace(), now, min_gap_seconds=0.0)
        async with http_transport(now=now, local_hosts=frozenset({"127.0.0.1"})) as transport:
            fetcher = Fetcher(transport, manner)
            for n in range(PAGES):
                found = await fetcher.fetch(Request(f"{base}/item/{n}"))
                read = extract_listing(
                    found.body, url=found.url, content_type=found.header("content-type") or ""
                )
                assert read.listing is not None
                assert found.wire is not None

    asyncio.run(crawl())
    started = time.process_time()
    asyncio.run(crawl())
    return time.process_time() - started


def run() -> list[Row]:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    server = context.Process(target=serve, args=(queue,), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{queue.get(timeout=30)}"
    try:
        mine = PAGES / ours(base)
        rows = []
        try:

            def scrapy(code: str) -> float:
                done = subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, text=True, check=True
                )
                return float(done.stdout.split()[-1])

            theirs = PAGES / max(scrapy(SPIDER.format(base=base, pages=PAGES)) - scrapy(EMPTY), 1e-6)
            peer = "Scrapy + parsel, start-up taken off"
        except (subprocess.CalledProcessError, IndexError):
            theirs, peer = float("nan"), "Scrapy is not installed: pip install -e .[bench]"
        rows.append(
            Row("crawl: 5 kB pages, recorded", "pages/CPU-s", mine, peer, theirs, "httpcore2 and h11")
        )
        return rows
    finally:
        server.kill()
        server.join()
