"""Pages per CPU-second, recording, robots and address checks on, beside Scrapy with robots on, on one local server."""

from __future__ import annotations

import asyncio
import json
import math
import multiprocessing
import subprocess
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.product_page import large, small
from benchmarks.rows import Row, cpu_seconds

PAGES = 300
ROUNDS = 3
BODY = small()
LARGE = large()
HOSTS, SECONDS = 200, 45.0

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

    started = time.process_time()
    asyncio.run(crawl())
    return time.process_time() - started


def large_page() -> tuple[float, float]:
    """CPU milliseconds to read a product page of 600 kB: a whole listing by us, four fields by parsel."""
    from crawlers.extract.page import extract_listing

    def read() -> None:
        found = extract_listing(
            LARGE, url="https://shop.example/products/1", content_type="text/html; charset=utf-8"
        )
        assert found.listing is not None
        assert found.listing.price is not None

    def peer() -> None:
        page = parsel.Selector(body=LARGE)
        assert json.loads(page.css('script[type="application/ld+json"]::text').get() or "")["name"]
        assert page.css("h1::text").get()
        assert page.css("p.price::text").get()
        assert len(page.css("div.gallery img::attr(src)").getall()) == 8

    try:
        import parsel
    except ImportError:
        return 1000 * min(cpu_seconds(read) for _ in range(10)), math.nan
    pairs = [(cpu_seconds(read), cpu_seconds(peer)) for _ in range(10)]  # interleaved: the machine is shared
    return 1000 * min(one for one, _ in pairs), 1000 * min(one for _, one in pairs)


def many_hosts() -> dict[str, float]:
    """200 hosts at their own gaps, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.many_hosts", str(HOSTS), str(SECONDS)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def scrapy(code: str) -> float:
    """CPU seconds of a process of Scrapy's; raises CalledProcessError where it is not installed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def run() -> list[Row]:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    server = context.Process(target=serve, args=(queue,), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{queue.get(timeout=30)}"
    mine, theirs, peer = [], [], "Scrapy + parsel, start-up taken off"
    try:
        ours(base)  # warm: both are measured without their start
        for _ in range(ROUNDS):  # interleaved: the machine is shared
            mine.append(PAGES / ours(base))
            try:
                spent = scrapy(SPIDER.format(base=base, pages=PAGES)) - scrapy(EMPTY)
                theirs.append(PAGES / max(spent, 1e-6))
            except (subprocess.CalledProcessError, IndexError):
                peer = "Scrapy is not installed: pip install -e .[bench]"
    finally:
        server.kill()
        server.join()
    found = many_hosts()
    reading, parsel = large_page()
    return [
        Row("crawl: 5 kB pages, recorded", "pages/CPU-s", max(mine), peer, max(theirs, default=math.nan), "h11, page reading"),
        Row("crawl: read a 600 kB product page", "CPU ms", reading, "parsel, four fields of it", parsel, "parsing"),
        Row(f"crawl: {HOSTS} hosts, idle error (mean)", "%", 100 * found["idle_error_mean"], "the bar", 5.0, "the loop"),
        Row(f"crawl: {HOSTS} hosts, idle error (p95)", "%", 100 * found["idle_error_p95"], "the bar", 5.0, "the loop"),
        Row(f"crawl: {HOSTS} hosts, peak memory", "MB", found["peak_mb"], "the bar", 300.0, "imports"),
    ]  # fmt: skip
