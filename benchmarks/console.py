"""The console with a hundred thousand alerts: how long the queue takes, and from a key press to both next pictures painted.

`python -m benchmarks console` fills a workspace with Core inserts, asks the application for its pages as the server
does, then presses keys in a real Chromium (skipped where there is none).
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine, insert
from starlette.testclient import TestClient

from benchmarks.rows import Row
from ipguard.alerts.tables import AlertRow, FindingRow
from ipguard.database.engine import make_engine, transaction
from ipguard.demo import art, products
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.rights.tables import PictureRow, WorkRow
from ipguard.settings import Workspace
from ipguard.sources.tables import SourceRow
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.wiring import PictureStore
from ipguard.workspace import make_workspace

ALERTS = 100_000
PAGES = 25
KEYS = 15
PORTION = 5_000
PAGE_GOAL, KEY_GOAL = 300.0, 80.0
"""Milliseconds: first paint of the queue at the 95th percentile, and a key press at the median."""
WORKS = ("star-lantern", "tide-fox", "moss-courier")


def now() -> datetime:
    return datetime.now(UTC)


def run() -> Iterator[Row]:
    """Medians and 95th percentiles in milliseconds, beside what the console is meant to keep."""
    with tempfile.TemporaryDirectory() as scratch:
        workspace = make_workspace(Path(scratch) / "ws", now=now)
        engine = make_engine(workspace.database_url)
        fill(workspace, engine, ALERTS)
        app = create_app(workspace, engine=engine, now=now)
        yield from measure_pages(workspace, app)
        yield from measure_keys(workspace, app)
        engine.dispose()


def fill(workspace: Workspace, engine: Engine, count: int) -> None:
    """Works, sellers, listings with one of a few hundred pictures each, alerts: a tenth of them decided."""
    store = PictureStore(workspace.pictures)
    references = {work: store.put(products.png(art.key_visual(work, size=640))) for work in WORKS}
    photos = [
        (work, store.put(products.jpeg(products.shirt(art.key_visual(work), seed))))
        for work in WORKS
        for seed in range(8)
    ]
    at = now() - timedelta(days=1)
    with transaction(engine) as session:
        session.add(SourceRow(id="bench", adapter="shopify", base_url="https://bench.example", created_at=at))
        for work in WORKS:
            session.add(WorkRow(id=work, title=work, owner="E", created_at=at, updated_at=at))
        session.flush()
        for work, sha256 in references.items():
            session.add(
                PictureRow(
                    work_id=work,
                    sha256=sha256,
                    file_name="key.png",
                    media_type="image/png",
                    width=640,
                    height=640,
                )
            )
        session.flush()
        for first in range(0, count, PORTION):
            numbers = range(first + 1, min(first + PORTION, count) + 1)
            rows = [_rows(n, photos, references, at) for n in numbers]
            for place, table in enumerate((ListingRow, ListingPictureRow, AlertRow, FindingRow)):
                session.execute(insert(table), [row[place] for row in rows])


def _rows(
    n: int, photos: list[tuple[str, str]], references: dict[str, str], at: datetime
) -> tuple[dict[str, object], ...]:
    work, sha256 = photos[n % len(photos)]
    seller = f"seller-{n % 997}"
    listing: dict[str, object] = {
        "id": n, "source_id": "bench", "key": str(n), "url": f"https://bench.example/{n}", "title": f"星灯 {n} T恤",
        "price_amount": f"{5 + n % 60}.00", "currency": "USD", "seller_key": seller, "seller_name": seller,
        "digest": "d", "read_by": "bench@1", "first_seen_at": at, "last_seen_at": at, "changed_at": at,
        "tags": [], "missing": [],
    }  # fmt: skip
    picture: dict[str, object] = {
        "listing_id": n, "position": 0, "url": f"https://bench.example/{n}.jpg", "sha256": sha256, "fetched_at": at,
    }  # fmt: skip
    alert: dict[str, object] = {
        "id": n, "listing_id": n, "work_id": work, "listing_version": 1, "score": round(0.5 + n * 37 % 5000 / 10_000, 4),
        "score_version": "1", "state": "infringing" if n % 10 == 0 else "open", "picture": sha256,
        "seller": f"bench/{seller}", "created_at": at, "updated_at": at,
    }  # fmt: skip
    square = [[200, 200], [600, 200], [600, 600], [200, 600]]
    place = {
        "kind": "picture", "picture": sha256, "reference": references[work], "method": "features", "region": square,
        "reference_region": [[0, 0], [640, 0], [640, 640], [0, 640]], "inliers": 40, "mirrored": False, "share": 1.0,
        "points": [], "frame": 0,
    }  # fmt: skip
    finding: dict[str, object] = {
        "alert_id": n, "alert_version": 1, "matcher": "picture", "matcher_version": "1", "strength": 0.9,
        "weak": False, "reason_code": "picture.part", "place": place,
        "reason_values": {"reference": "key.png", "points": 40, "percent": 11, "share": 100},
    }  # fmt: skip
    return listing, picture, alert, finding


def measure_pages(workspace: Workspace, app: FastAPI) -> Iterator[Row]:
    """Server time of the pages that an analyst opens."""
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.get(f"/enter?key={create_console_key(workspace)}")
        for name, path in (
            ("queue", "/alerts"),
            ("queue, infringing", "/alerts?state=infringing"),
            ("queue, one seller", "/alerts?seller=bench/seller-7"),
            ("queue, searched", "/alerts?q=777"),
            ("grouped by seller", "/alerts?group=seller"),
            ("grouped by picture", "/alerts?group=picture"),
            ("grouped by work", "/alerts?group=work"),
        ):
            answer = client.get(path)
            assert answer.status_code == 200, path
            times = _times(partial(client.get, path), PAGES)
            yield Row(f"{name}, {ALERTS:,} alerts, p95", "ms", _p95(times), "meant", PAGE_GOAL, "server time")


def measure_keys(workspace: Workspace, app: FastAPI) -> Iterator[Row]:
    """From a key press to both pictures of the next alert painted, in Chromium."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return  # no Chromium, nothing to press a key in
    from playwright.sync_api import sync_playwright

    with _served(app) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1400, "height": 875}, locale="en")
        page.goto(f"{base}/enter?key={create_console_key(workspace)}")
        page.goto(f"{base}/alerts")
        for name, key in (
            ("key j to both pictures painted", "j"),
            ("key a to both next pictures painted", "a"),
        ):
            times = []
            for _ in range(KEYS):
                page.wait_for_selector("html[data-armed=yes]")
                page.evaluate("document.addEventListener('keydown', () => { window.pressed = performance.now() }, {once: true, capture: true})")  # fmt: skip
                before = page.locator(".sheet").get_attribute("data-alert")
                page.keyboard.press(key)
                page.wait_for_selector(f"html[data-painted]:not([data-painted='{before}'])")
                page.wait_for_selector("html[data-armed=yes]")
                times.append(
                    page.evaluate("Number(document.documentElement.dataset.paintedAt) - window.pressed")
                    / 1000
                )
            yield Row(
                f"{name}, median",
                "ms",
                1000 * statistics.median(times),
                "meant",
                KEY_GOAL,
                "server and browser",
            )
            yield Row(f"{name}, p95", "ms", _p95(times), "meant", KEY_GOAL, "server and browser")
        browser.close()


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def _times(ask: Callable[[], object], count: int) -> list[float]:
    found = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found


def _p95(seconds: list[float]) -> float:
    ordered = sorted(1000 * one for one in seconds)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
