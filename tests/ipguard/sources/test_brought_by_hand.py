"""What people bring of marketplaces that no machine may look at: read whole or not at all, and flagged like the rest."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from crawlers.fetch.browser import BrowserOptions
from evidence_store.exhibit import Operator
from ipguard.alerts.queries import Filter, list_alerts, one_alert
from ipguard.bringing import Bringer, import_table, paste_addresses
from ipguard.cli.main import build
from ipguard.database.engine import make_engine, reading
from ipguard.errors import WrongUse
from ipguard.evidence import open_store
from ipguard.intake import Order
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.service import sweep_now
from ipguard.sources.importing import Manner, read_contents
from ipguard.sources.marketplaces import marketplace_of, refuse_closed, title_in
from ipguard.sources.store import set_enabled
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.wiring import add_watchlist
from ipguard.workspace import make_workspace

LAZADA = "https://www.lazada.com.my/products/star-lantern-tee-i2961234567-s1.html"
WATCHLIST = '[[work]]\nid = "star"\ntitle = "Star Lantern"\nowner = "O"\nnames = [{ text = "Star Lantern", lang = "en" }]\n'


def now() -> datetime:
    return datetime.now(UTC)


def read(text: str, encoding: str = "utf-8", **manner: object):
    return read_contents(text.encode(encoding), Manner(**manner))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_is_read_in_the_encodings_and_with_the_separators_of_spreadsheets(encoding, between):
    rows = [
        ["商品标题", "商品链接", "价格", "币种", "卖家昵称", "主图", "备注"],
        ["星灯周边 短袖", "https://item.taobao.com/item.htm?id=712345678901&spm=a.b", "59.00", "CNY", "夜市小铺", "https://img.example/a.jpg https://img.example/b.jpg", "x"],
    ]  # fmt: skip
    contents = read("\r\n".join(between.join(f'"{cell}"' for cell in row) for row in rows), encoding)

    (one,) = contents.brought
    assert (one.marketplace.id, one.marketplace.country, one.listing.id) == ("taobao", "CN", "712345678901")
    assert (one.listing.title, one.listing.price.amount, one.listing.price.currency) == ("星灯周边 短袖", Decimal("59.00"), "CNY")  # fmt: skip
    assert one.listing.seller.name == "夜市小铺"
    assert len(one.listing.pictures) == 2
    assert contents.table.unused == ("备注",)


def test_a_price_may_bring_its_currency_and_rows_about_one_listing_are_one():
    contents = read(
        f"Link,Title,Price\n{LAZADA},Star Lantern Tee,RM 39.90\n,,\n{LAZADA}?spm=1,Star Lantern Tee,RM 35.00\n"
    )

    (one,) = contents.brought
    assert one.listing.price.amount == Decimal("35.00")
    assert one.listing.price.currency == "MYR"
    assert contents.doubles == 1


def test_every_cell_that_cannot_be_read_is_named_and_nothing_else_happens():
    table = f"URL,Title,Price,Currency,Date\n{LAZADA},Tee,39.90,Ringgit,2026-11-01\nnowhere,Cap,1,MYR,\n{LAZADA},Tee,soon,MYR,yesterday\n,Mug,,,\n"
    with pytest.raises(WrongUse) as caught:
        read(table)

    said = str(caught.value)
    assert "row 2, column Currency: “Ringgit” is no currency" in said
    assert "row 3, column URL: “nowhere” is no web address" in said
    assert "row 4, column Price: “soon” is no price" in said
    assert "row 4, column Date: “yesterday” is no date" in said
    assert "row 5, column URL: is empty" in said
    with pytest.raises(WrongUse, match="names no currency"):
        read(f"url,title,price\n{LAZADA},Tee,39.90\n")
    assert read(f"url,title,price\n{LAZADA},Tee,39.90\n", currency="MYR").brought[0].listing.price.currency == "MYR"  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"title,price\nTee,3\n", "No column holds the address"),
        (b'url,title\n"' + b"x" * 200_000, "cannot be read"),
        (b"url,title\n", "no rows"),
    ],
)
def test_what_is_no_table_says_why(data, words):
    with pytest.raises(WrongUse, match=words):
        read_contents(data)


def test_columns_may_be_named():
    contents = read("Where,What\nhttps://shop.example/p/1,Tee\n", columns={"url": "Where", "title": "What"})
    assert contents.brought[0].marketplace.id == "by-hand-shop-example"
    with pytest.raises(WrongUse, match="no column “Which”"):
        read("Where\nx\n", columns={"url": "Which"})


@pytest.mark.parametrize(
    ("url", "place", "key"),
    [
        (LAZADA, "lazada-my", "2961234567"),
        ("https://www.temu.com/star-lantern-g-601099512345678.html?refer=x", "temu", "601099512345678"),
        ("https://jp.mercari.com/item/m12345678901", "mercari-jp", "m12345678901"),
        ("https://www.redbubble.com/i/sticker/Star-by-ana/12345678.EJUG5", "redbubble", "12345678"),
        ("https://www.goofish.com/item?id=812345678901&categoryId=1", "xianyu", "812345678901"),
        ("https://www.amazon.co.jp/-/en/dp/B0ABCDEFGH/ref=sr_1", "amazon-jp", "B0ABCDEFGH"),
        ("https://www.tiktok.com/view/product/1729384756123456789", "tiktok-shop", "1729384756123456789"),
        ("https://shopee.sg/Star-Lantern-i.123456.7890123", "shopee-sg", "123456.7890123"),
        ("https://lazada.com.my.evil.example/x", "by-hand-lazada-com-my-evil-example", "x"),
    ],
)
def test_an_address_names_its_marketplace_and_its_item(url, place, key):
    found = marketplace_of(url)
    assert (found.id, found.key(url)) == (place, key)


def test_an_address_of_words_has_a_title():
    assert title_in(LAZADA) == "star lantern tee"
    assert title_in("https://www.temu.com/goods.html?goods_id=1") == ""


class Shop(BaseHTTPRequestHandler):
    picture = b""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = "<main><h1>Star Lantern Tee</h1><p class='price'>$9.00</p><img src='/a.png'></main>"
        kinds = {"/p/1": ("text/html", page.encode()), "/a.png": ("image/png", self.picture)}
        kind, body = kinds.get(self.path, ("text/plain", b""))
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture(scope="module")
def shop() -> Iterator[ThreadingHTTPServer]:
    out = io.BytesIO()
    Image.effect_noise((200, 200), 60).save(out, "PNG")
    Shop.picture = out.getvalue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bringer]:
    place = make_workspace(tmp_path_factory.mktemp("by-hand") / "ws", now=now)
    file = place.folder / "w.toml"
    file.write_text(WATCHLIST, "utf-8")
    add_watchlist(place, file, now=now)
    engine = make_engine(place.database_url)
    yield Bringer(place, engine, Operator("ana", "os-account"), now)
    engine.dispose()


def record_of(by: Bringer, exhibit: str) -> str:
    with closing(open_store(by.workspace, now)) as store:
        return store.exhibit(exhibit).record.decode()


def rows(database: Engine, kind: type) -> list:
    with reading(database) as session:
        return list(session.scalars(select(kind)))


def test_a_table_raises_alerts_whose_exhibits_say_that_nobody_else_said_so(by):
    table = f"URL,Title,Price,Currency,Image\n{LAZADA},Star Lantern Tee,39.90,MYR,https://img.example/a.jpg\nhttps://www.temu.com/cup-g-601099512345678.html,Plain Cup,3,USD,\n"
    done = import_table(by, table.encode(), name="portal.csv")

    assert (done.listings, done.new, len(done.alerts)) == (2, 2, 1)
    assert sorted(done.sources) == ["lazada-my", "temu"]
    source = next(row for row in rows(by.database, SourceRow) if row.id == "lazada-my")
    assert (source.adapter, source.enabled, source.next_run_at, source.lease_owner) == (
        "import",
        False,
        None,
        "",
    )
    assert (
        "portal.csv (SHA-256 " in next(r for r in rows(by.database, RunRow) if r.source_id == source.id).note
    )
    with reading(by.database) as session:
        (alert,) = list_alerts(session, Filter(state="open"), now=now())
        story = one_alert(session, alert.id, now=now())
    assert alert.listing.url == LAZADA
    (exhibit,) = story.exhibits
    assert "brought by hand" in record_of(by, exhibit)
    assert rows(by.database, ListingPictureRow)[0].skipped.startswith("brought by hand")

    again = import_table(by, table.replace("39.90", "29.90").encode(), name="portal.csv")
    assert (again.new, again.changed) == (0, 1)


def test_pictures_that_a_person_orders_are_asked_for_once(by, shop):
    shop.asked.clear()
    address = f"http://127.0.0.1:{shop.server_port}"
    table = f"URL,Title,Image\n{LAZADA}?a=2,Plain Cup,{address}/a.png {address}/gone.png\nhttps://www.lazada.sg/cup-i2961234599.html,Plain Mug,{address}/a.png\n"
    done = import_table(by, table.encode(), name="p.csv", pictures=True, local_hosts=frozenset({"127.0.0.1"}))

    assert shop.asked == ["/robots.txt", "/a.png", "/gone.png"]
    assert done.notes == ("1 pictures were not to be had.",)
    kept = [row.sha256 for row in rows(by.database, ListingPictureRow) if row.url.endswith("/a.png")]
    assert len(kept) >= 2
    assert len(set(kept)) == 1


@pytest.mark.parametrize("place", ["temu:star", "https://www.redbubble.com/shop/star", "https://shopee.sg/"])
def test_a_closed_marketplace_is_no_source_for_machines(place):
    with pytest.raises(WrongUse, match="closed to machines"):
        refuse_closed(place)
    refuse_closed("https://moon-harbor.example/")


def test_a_source_that_is_filled_by_hand_is_never_asked(by):
    import_table(by, f"URL,Title\n{LAZADA},Star Lantern Tee\n".encode(), name="t.csv")
    with pytest.raises(WrongUse, match="filled by hand"):
        sweep_now(by.workspace, by.database, ["lazada-my"], everything=False, operator=by.operator, now=now, progress=lambda *_: None)  # fmt: skip
    with reading(by.database) as session, pytest.raises(WrongUse, match="filled by hand"):
        set_enabled(session, "lazada-my", True, now=now())


def test_a_closed_marketplace_is_not_asked_and_its_address_is_noted(by):
    done = paste_addresses(
        by, ["https://www.redbubble.com/i/sticker/Star-Lantern-by-ana/12345678.EJUG5"], Order()
    )

    assert done.exhibits == ()
    assert "closed to machines" in done.notes[0]
    (noted,) = [row for row in rows(by.database, ListingRow) if row.source_id == "redbubble"]
    assert noted.title == "Star Lantern by ana"
    assert noted.missing == ["title", "price", "seller", "pictures"]
    with pytest.raises(WrongUse):
        paste_addresses(by, [LAZADA, "not an address"], Order())


def test_an_open_page_is_asked_for_once_and_its_exhibit_joins_the_alert(by, shop):
    shop.asked.clear()
    address = f"http://127.0.0.1:{shop.server_port}/p/1"
    done = paste_addresses(by, [address, address], Order(), local_hosts=frozenset({"127.0.0.1"}))

    assert (done.listings, len(done.alerts), len(done.exhibits)) == (1, 1, 1)
    assert shop.asked == ["/robots.txt", "/p/1", "/a.png"]
    with reading(by.database) as session:
        story = one_alert(session, done.alerts[0], now=now())
    assert done.exhibits[0] in [str(one) for one in story.exhibits]
    assert story.pictures[0].sha256
    assert story.view.listing.price_amount == "9.00"


@pytest.mark.needs("chromium")
def test_an_ordered_page_is_kept_as_a_browser_shows_it(by, shop):
    address = f"http://127.0.0.1:{shop.server_port}/p/1"
    order = Order(closed_too=True)
    done = paste_addresses(
        by, [address], order, browser=BrowserOptions(), local_hosts=frozenset({"127.0.0.1"})
    )

    assert (done.listings, len(done.exhibits)) == (1, 1)
    record = record_of(by, done.exhibits[0])
    assert "screenshot.png" in record
    assert '"ordered_by":"ana"' in record


def test_a_dry_run_tells_what_a_table_holds_and_needs_no_workspace(tmp_path: Path):
    file = tmp_path / "t.csv"
    file.write_text(f"URL,Title,Remark\n{LAZADA},Tee,x\n", "utf-8")
    done = CliRunner().invoke(build(), ["source", "import", str(file), "--dry-run"])
    lines = CliRunner().invoke(build(), ["source", "import", str(file), "--dry-run", "--json"])

    assert "1  lazada-my" in done.stdout
    assert "Not used: Remark" in done.stdout
    assert json.loads(lines.stdout)["listing"]["id"] == "2961234567"
