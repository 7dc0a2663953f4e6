"""200 shops at their own gaps in one process: how far the requests are from the ideal schedule, and what that weighs.

Run as `python -m benchmarks.many_hosts HOSTS SECONDS`; a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise

PAGE = (
    b'<html><head><script type="application/ld+json">{"@type": "Product", "name": "Lamp %d", "image": ["/p.jpg"],'
    b' "offers": {"price": "9.90", "priceCurrency": "USD"}}</script></head><body><h1>Lamp</h1>%s</body></html>'
)
TEXT = b"<p class='text'>Soft light for long evenings, made of paper and patience.</p>" * 60


def now() -> datetime:
    return datetime.now(UTC)


def gap_of(host: int) -> float:
    """Seconds between two requests to a host: 3 to 6, each its own."""
    return 3.0 + (host * 37 % 100) * 0.03


async def answer(
    heard: dict[str, list[float]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One connection of the shops: every address of the loopback network is one."""
    host = writer.get_extra_info("sockname")[0]
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            if path == b"/robots.txt":
                body = b""
            elif path == b"/sitemap.xml":
                urls = b"".join(
                    b"<url><loc>http://%s/item/%d</loc></url>" % (_host(head), n) for n in range(60)
                )
                body = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>" + urls + b"</urlset>"
            else:
                heard.setdefault(host, []).append(time.monotonic())
                body = PAGE % (int(path.rpartition(b"/")[2]), TEXT)
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _host(head: bytes) -> bytes:
    return next(line[6:] for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))


def serve(pipe: object, hosts: int) -> None:
    """The shops, in a process of their own; tells its port, and when it is asked, what it heard."""
    heard: dict[str, list[float]] = {}

    async def run() -> None:
        server = await asyncio.start_server(lambda r, w: answer(heard, r, w), "0.0.0.0", 0, backlog=hosts * 2)
        pipe.send(server.sockets[0].getsockname()[1])  # type: ignore[attr-defined] # a connection
        while not await asyncio.to_thread(pipe.poll, 3600):  # type: ignore[attr-defined]
            pass
        pipe.send(heard)  # type: ignore[attr-defined]

    asyncio.run(run())


async def crawl_all(port: int, hosts: int, seconds: float) -> tuple[float, int]:
    """Crawl every host at its gap until the time is over; (CPU seconds, pages)."""
    from crawlers.adapter import Policy, Query
    from crawlers.adapters.schema_org import SchemaOrg
    from crawlers.crawl import Course, crawl
    from crawlers.fetch.fetcher import open_fetcher
    from crawlers.fetch.manner import Identity, Manner
    from crawlers.fetch.pace import MemoryPace

    pages = 0

    async def one(number: int) -> None:
        nonlocal pages
        host = f"127.0.{1 + number // 200}.{1 + number % 200}"
        gap = gap_of(number)
        policy = Policy("A", "public-page", min_gap_seconds=gap)
        adapter = SchemaOrg(f"http://{host}:{port}/sitemap.xml", policy)
        manner = Manner(Identity("bench"), MemoryPace(), now, min_gap_seconds=gap)
        course = Course(adapter, Query(max_pages=10_000), now)
        async with open_fetcher(manner, local_hosts=frozenset({host})) as fetcher:
            async for step in crawl(course, fetcher):
                pages += step.read
                assert step.exchange is not None, step.note
                assert step.exchange.wire is not None

    await asyncio.sleep(0.2)
    begun = time.process_time()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(one(number) for number in range(hosts)))
    except TimeoutError:
        pass
    return time.process_time() - begun, pages


def main() -> None:
    """Print one JSON object: idle error, CPU, memory."""
    import multiprocessing

    hosts, seconds = int(sys.argv[1]), float(sys.argv[2])
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, hosts), daemon=True)
    server.start()
    port = pipe.recv()
    cpu, pages = asyncio.run(crawl_all(port, hosts, seconds))
    pipe.send("over")
    heard: dict[str, list[float]] = pipe.recv()
    server.kill()
    gaps = {f"127.0.{1 + n // 200}.{1 + n % 200}": gap_of(n) for n in range(hosts)}
    errors = sorted(
        abs((times[-1] - times[0]) / ((len(times) - 1) * gaps[host]) - 1)
        for host, times in heard.items()
        if len(times) > 2
    )
    shortest = min((b - a) / gaps[host] for host, times in heard.items() for a, b in pairwise(times))
    print(
        json.dumps(
            {
                "hosts": len(errors),
                "pages": pages,
                "idle_error_mean": sum(errors) / len(errors),
                "idle_error_p95": errors[int(len(errors) * 0.95)],
                "shortest_gap": shortest,
                "cpu_seconds": cpu,
                "pages_per_cpu_second": pages / cpu,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
