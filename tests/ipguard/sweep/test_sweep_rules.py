"""What a sweep may conclude from what it did not see, and what it asks for again."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from evidence_store.exhibit import Operator
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.service import sweep_now
from ipguard.settings import Workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.sources.tables import QuotaRow, SourceRow
from ipguard.sweep import SourceReport
from ipguard.workspace import make_workspace


def now() -> datetime:
    return datetime.now(UTC)


class Shop:
    """A Shopify-style shop of scripted goods and pictures."""

    def __init__(self) -> None:
        self.goods: list[str] = []
        self.pictures: dict[str, int] = {}
        """Path → status it is answered with."""
        self.asked: list[str] = []
        self.tagged = False
        """Its answers carry an ETag, and it says 304 to whoever has them."""
        self.said: list[tuple[str, int]] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                status, body = shop.answer(self.path)
                tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                if shop.tagged and self.headers["If-None-Match"] == tag:
                    status, body = 304, b""
                shop.said.append((self.path.partition("?")[0], status))
                self.send_response(status)
                if shop.tagged:
                    self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[int, bytes]:
        if path.startswith("/products.json"):
            first = "page=" not in path or path.endswith("page=1") or "page=1&" in path
            rows = [self.product(name) for name in self.goods] if first else []
            return 200, json.dumps({"products": rows}).encode()
        return self.pictures.get(path, 404), b"no picture at all"

    def product(self, name: str) -> dict[str, object]:
        images = [{"src": f"{self.base}/{name}.jpg"}] if f"/{name}.jpg" in self.pictures else []
        variants = [{"id": 1, "price": "9.00", "available": True}]
        number = sum(name.encode())
        return {"id": number, "title": name, "handle": name, "variants": variants, "images": images}


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "ws", now=now)


@pytest.fixture
def database(workspace: Workspace, shop: Shop) -> Iterator[Engine]:
    engine = make_engine(workspace.database_url)
    with transaction(engine) as session:
        wanted = NewSource(shop.base, "shopify", "shop", local=True, min_gap_seconds=0.0)
        add_source(session, wanted, now=now())
    yield engine
    engine.dispose()


def look(workspace: Workspace, database: Engine) -> SourceReport:
    done = sweep_now(
        workspace,
        database,
        ["shop"],
        everything=False,
        operator=Operator("ana", "os-account"),
        now=now,
        progress=lambda *_: None,
    )
    return done.reports[0]


def gone(database: Engine) -> list[str]:
    with reading(database) as session:
        return [row.title for row in session.scalars(select(ListingRow)) if row.gone_at is not None]


def picture(database: Engine) -> ListingPictureRow:
    with reading(database) as session:
        return session.scalars(select(ListingPictureRow)).one()


def test_a_shop_that_shows_nothing_is_said_to_and_nothing_of_it_is_called_gone(
    workspace, database, shop
) -> None:
    shop.goods = ["lamp", "mug"]
    assert look(workspace, database).new_listings == 2
    shop.goods = []
    report = look(workspace, database)
    assert "the last run read 2 listings" in report.note
    assert (report.gone, gone(database)) == (0, [])


@pytest.mark.parametrize(("query", "went"), [("", ["mug"]), ("lamp", [])], ids=["whole shop", "a search"])
def test_what_a_whole_run_did_not_see_is_gone_but_not_what_a_search_left_out(
    workspace, database, shop, query: str, went: list[str]
) -> None:
    shop.goods = ["lamp", "mug"]
    look(workspace, database)
    with transaction(database) as session:
        session.get_one(SourceRow, "shop").query = query
    shop.goods = ["lamp"]
    assert (look(workspace, database).gone, gone(database)) == (len(went), went)


@pytest.mark.parametrize(
    ("status", "asked_again", "reason"),
    [(500, True, ""), (404, False, "answered with status 404")],
    ids=["trouble", "not there"],
)
def test_a_picture_is_asked_for_again_only_where_that_may_help(
    workspace, database, shop, status: int, asked_again: bool, reason: str
) -> None:
    shop.goods, shop.pictures = ["lamp"], {"/lamp.jpg": status}
    report = look(workspace, database)
    assert [one.why for one in report.skipped] == [f"answered with status {status}"]
    assert (picture(database).sha256, picture(database).skipped) == (None, reason)
    shop.pictures["/lamp.jpg"] = 200
    shop.asked.clear()
    look(workspace, database)
    assert ("/lamp.jpg" in shop.asked) is asked_again


def test_a_sweep_that_ends_leaves_the_source_free_for_the_next(workspace, database, shop) -> None:
    shop.goods = ["lamp"]
    assert [look(workspace, database).state for _ in range(2)] == ["finished", "finished"]


def test_what_a_shop_says_is_unchanged_is_seen_and_not_gone(workspace, database, shop) -> None:
    """In the second run the shop says 304 and nothing else; what is in stock stays, what it takes off goes."""
    shop.goods, shop.tagged = ["lamp", "mug"], True
    look(workspace, database)
    shop.said.clear()
    report = look(workspace, database)
    assert {status for path, status in shop.said if path == "/products.json"} == {304}
    assert (report.state, report.read, report.new_listings, report.gone) == ("finished", 2, 0, 0)
    assert "Unchanged since" in report.note
    shop.goods = ["lamp"]
    assert (look(workspace, database).gone, gone(database)) == (1, ["mug"])


def test_a_run_whose_day_is_spent_waits_for_the_next_one_and_says_so(workspace, database, shop) -> None:
    shop.goods = ["lamp"]
    host = shop.base.removeprefix("http://")
    with transaction(database) as session:
        for day in (now().date(), (now() + timedelta(days=1)).date()):  # midnight may pass meanwhile
            session.add(QuotaRow(host=host, day=day, spent=2000))
    report = look(workspace, database)
    assert report.state == "waiting"
    assert (
        f"{host} was asked 2,000 times today, which is what is allowed; it goes on at 00:00 UTC"
        in report.note
    )
    with reading(database) as session:
        assert session.get_one(SourceRow, "shop").next_run_at.hour == 0
    assert "/products.json" not in "".join(shop.asked)
    with transaction(database) as session:
        session.execute(update(QuotaRow).values(spent=0))
    assert (look(workspace, database).state, len(gone(database))) == ("finished", 0)
