"""A whole sweep over many shops of this machine: every step in SQLite, from the pace to the judging.

Run as `python -m benchmarks.whole_sweep SHOPS PAGES PICTURES [--profile]`; a process of its own, so that its CPU is its own.
"""

from __future__ import annotations

import asyncio
import cProfile
import io
import json
import multiprocessing
import pstats
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

TEXT = b"<p class='text'>Soft light for long evenings, made of paper and patience.</p>" * 60
PAGE = (
    b'<html><head><script type="application/ld+json">{"@type": "Product", "name": "Lamp %d", "image": [%s],'
    b' "offers": {"price": "9.90", "priceCurrency": "USD"}}</script></head><body><h1>Lamp</h1>%s</body></html>'
)


def now() -> datetime:
    return datetime.now(UTC)


def picture(seed: int) -> bytes:
    """A small picture of its own for every product."""
    from PIL import Image

    image = Image.effect_noise((160, 160), 20 + seed % 80).convert("RGB")
    image.putpixel((seed % 160, seed // 160 % 160), (255, 0, 0))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def said(head: bytes, pages: int, pictures: int) -> tuple[bytes, bytes]:
    """What a shop answers: media type and body."""
    path = head.split(b" ", 2)[1]
    host = next(line[6:] for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))
    if path == b"/robots.txt":
        return b"text/plain", b""
    if path == b"/sitemap.xml":
        urls = b"".join(b"<url><loc>http://%s/item/%d</loc></url>" % (host, n) for n in range(pages))
        return (
            b"text/xml",
            b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>" + urls + b"</urlset>",
        )
    number = int(path.rpartition(b"/")[2].removesuffix(b".jpg"))
    if path.startswith(b"/picture/"):
        shop = int(host.partition(b":")[0].rpartition(b".")[2])
        return b"image/jpeg", picture(shop * 1000 + number)
    image = b'"/picture/%d.jpg"' % number if number < pictures else b""
    return b"text/html", PAGE % (number, image, TEXT)


def serve(pipe: object, pages: int, pictures: int) -> None:
    """The shops, in a process of their own; tells its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                kind, body = said(await reader.readuntil(b"\r\n\r\n"), pages, pictures)
                writer.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: %s\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n'
                    % (kind, len(body))
                    + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=500)
        pipe.send(server.sockets[0].getsockname()[1])  # type: ignore[attr-defined] # a connection
        await asyncio.Event().wait()

    asyncio.run(run())


def sweep(folder: Path, port: int, shops: int, profile: cProfile.Profile | None) -> None:
    """Add the shops, run them all twice, and print what it took: wall and CPU seconds, and what was read."""
    from evidence_store.exhibit import Operator
    from ipguard.database.engine import make_engine, transaction
    from ipguard.demo import art
    from ipguard.demo.planted import COURIER, FOX, LANTERN, WATCHLIST
    from ipguard.service import sweep_now
    from ipguard.sources.store import NewSource, add_source
    from ipguard.wiring import add_watchlist
    from ipguard.workspace import make_workspace

    workspace = make_workspace(folder / "ws", now=now)
    (folder / "art").mkdir()
    for work in (LANTERN, COURIER, FOX):
        art.key_visual(work, size=320).save(folder / "art" / f"{work}-key.png")
    (folder / "w.toml").write_text(WATCHLIST, "utf-8")
    add_watchlist(workspace, folder / "w.toml", now=now)
    engine = make_engine(workspace.database_url)
    with transaction(engine) as session:
        for n in range(1, shops + 1):
            url = f"http://127.0.0.{n}:{port}/sitemap.xml"
            add_source(
                session, NewSource(url, "schema-org", f"s{n}", local=True, min_gap_seconds=0.0), now=now()
            )
    found: dict[str, float] = {}
    for visit in ("first", "second"):
        started, cpu = time.monotonic(), time.process_time()
        if profile and visit == "first":
            profile.enable()
        done = sweep_now(
            workspace, engine, [], everything=True, operator=Operator("b", "benchmark"), now=now,
            progress=lambda _at: None,
        )  # fmt: skip
        if profile and visit == "first":
            profile.disable()
        wall, cpu = time.monotonic() - started, time.process_time() - cpu
        assert {one.state for one in done.reports} == {"finished"}, [r.note for r in done.reports][:3]
        found |= {
            f"{visit}_wall": wall,
            f"{visit}_cpu": cpu,
            f"{visit}_pages": sum(one.pages for one in done.reports),
            f"{visit}_listings": sum(one.listings for one in done.reports),
            f"{visit}_pictures": sum(one.pictures for one in done.reports),
        }
        print(json.dumps(found), flush=True)
    engine.dispose()


def main() -> None:
    shops, pages = int(sys.argv[1]), int(sys.argv[2])
    pictures = int(sys.argv[3])
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, pages, pictures), daemon=True)
    server.start()
    port = ours.recv()
    profile = cProfile.Profile() if "--profile" in sys.argv else None
    with tempfile.TemporaryDirectory() as folder:
        sweep(Path(folder), port, shops, profile)
    if profile:
        for order in ("cumulative", "tottime"):
            pstats.Stats(profile).sort_stats(order).print_stats(45)
    server.kill()


if __name__ == "__main__":
    main()
