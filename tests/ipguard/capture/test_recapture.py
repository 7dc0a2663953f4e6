"""A page of a case is asked for once more, and everything that was said, shown or failed stands in the new exhibit."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from certificates import made_for
from console_data import fill
from PIL import Image
from typer.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from crawlers.errors import CrawlError
from evidence_store.exhibit import Operator
from evidence_store.kept import Kept
from ipguard.alerts.tables import AlertRow
from ipguard.asking import recapture_for_case
from ipguard.cases.store import move_case, new_case, one_case
from ipguard.cli.main import build
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.errors import WrongUse
from ipguard.evidence import export_case, open_store
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.recapture import Outcome, Wanted
from ipguard.settings import Workspace
from ipguard.sources.tables import SourceRow
from ipguard.workspace import make_workspace

chromium = pytest.mark.needs("chromium")
ME = Operator("tester", "test")
LOOPBACK = frozenset({"127.0.0.1"})


def now() -> datetime:
    return datetime.now(UTC)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 30), "purple").save(file, "PNG")
    return file.getvalue()


@dataclass
class Stall:
    """A shop of scripted answers: path → (status, media type, body)."""

    base: str = ""
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)


@pytest.fixture(params=["http"])
def stall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stall]:
    shop = Stall()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.asked.append(self.path)
            shop.agents.append(self.headers["User-Agent"])
            status, kind, body = shop.pages.get(self.path, (404, "text/plain", b"not here"))
            self.send_response(status)
            self.send_header("Content-Type" if status < 300 or status >= 400 else "Location", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if request.param == "https":
        server.socket = made_for(tmp_path, "127.0.0.1", self_signed=True).server.wrap_socket(
            server.socket, server_side=True
        )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    shop.base = f"{request.param}://127.0.0.1:{server.server_port}"
    shop.pages |= {
        "/lamp": (
            200,
            "text/html",
            b"<title>Lamp  stall</title><h1>Lamp</h1><img src=/lamp.png><img src=/gone.png>",
        ),
        "/old": (302, "/lamp", b""),
        "/lamp.png": (200, "image/png", picture()),
    }
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def filled(tmp_path: Path, stall: Stall) -> Workspace:
    """A workspace with one alert, whose listing stands on the stall, and one open case."""
    workspace, engine = fill(tmp_path / "ws", now, alerts=1)
    with transaction(engine) as session:
        listing = session.get_one(ListingRow, 1)
        listing.url = f"{stall.base}/old"
        source = session.get_one(SourceRow, listing.source_id)
        source.local, source.base_url = True, stall.base
        shown = session.get_one(ListingPictureRow, 1)
        shown.url = f"{stall.base}/lamp.png"
        new_case(session, "Lantern Stall", by="tester", now=now())
    engine.dispose()
    return workspace


def capture(workspace: Workspace, url: str, **more: object) -> tuple[str, Outcome]:
    engine = make_engine(workspace.database_url)
    try:
        wanted = Wanted(url, "A page asked for by a test.")
        row, outcome = recapture_for_case(
            workspace, engine, 1, wanted, operator=ME, now=now, local_hosts=LOOPBACK, **more
        )  # type: ignore[arg-type]
        return row.exhibit_id, outcome
    finally:
        engine.dispose()


def exhibit(workspace: Workspace, exhibit_id: str) -> tuple[Kept, dict[str, bytes]]:
    with open_store(workspace, now) as store:
        kept = store.exhibit(exhibit_id)
        return kept, {file.name: store.read_file(kept, file) for file in kept.files}


def command(workspace: Workspace, *words: str) -> tuple[int, list[dict], Exception | None]:
    done = CliRunner().invoke(build(), ["case", *words, "--json", "-w", str(workspace.folder)])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    error = done.exception if not isinstance(done.exception, SystemExit) else None
    return done.exit_code, rows, error


def test_an_alert_is_added_with_its_page_and_pictures_as_they_are_now(filled, stall):
    code, rows, error = command(filled, "add", "1", "1", "--recapture", "--time-zone", "Asia/Tokyo")

    assert (code, error) == (0, None)
    assert [row.get("exhibits", row.get("exhibit")) for row in rows] == [["E-0001"], "E-0002"]
    kept, files = exhibit(filled, rows[1]["id"])
    urls = [one["url"].removeprefix(stall.base) for one in kept.fields["exchanges"]]
    assert urls == ["/robots.txt", "/old", "/lamp", "/lamp.png"]
    page = kept.fields["about"]["page"]
    assert page["requested_url"] == f"{stall.base}/old"
    assert page["final_url"] == f"{stall.base}/lamp"
    assert (page["title"], page["status"]) == ("Lamp stall", 200)
    assert page["time_zone"] == "Asia/Tokyo"
    assert page["local_time"].endswith("+09:00")
    assert datetime.fromisoformat(page["local_time"]) == datetime.fromisoformat(page["captured_at"])
    assert (kept.fields["about"]["alert"], kept.fields["about"]["case"]) == (1, 1)
    assert picture() in files.values()
    assert b"Lamp  stall" in files["exchange.warc"]
    assert kept.fields["failures"] == []


def test_the_new_exhibit_stands_in_the_case_under_its_alert(filled):
    command(filled, "add", "1", "1", "--recapture")

    engine = make_engine(filled.database_url)
    with reading(engine) as session:
        rows = one_case(session, 1, now=now()).exhibits
        assert session.get_one(AlertRow, 1)
    engine.dispose()
    assert [(row.number, row.alert_id) for row in rows] == [(1, 1), (2, 1)]


def test_a_page_is_captured_by_its_address_with_the_pictures_it_shows(filled, stall):
    exhibit_id, outcome = capture(filled, f"{stall.base}/lamp")

    kept, _ = exhibit(filled, exhibit_id)
    urls = [one["url"].removeprefix(stall.base) for one in kept.fields["exchanges"]]
    assert urls == ["/robots.txt", "/lamp", "/lamp.png", "/gone.png"]
    assert kept.fields["failures"] == [f"picture {stall.base}/gone.png: answered with status 404"]
    assert outcome.page_kept
    assert set(stall.agents) == {stall.agents[0]}
    assert stall.agents[0].startswith("ipguard/")


def test_what_robots_txt_forbids_is_not_asked_and_the_exhibit_says_so(filled, stall):
    stall.pages["/robots.txt"] = (200, "text/plain", b"User-agent: *\nDisallow: /lamp\n")
    code, rows, _ = command(filled, "capture", "1", f"{stall.base}/lamp", "--local", "--browser")

    assert code == 4
    assert stall.asked == ["/robots.txt"]
    kept, files = exhibit(filled, rows[0]["id"])
    assert b"Disallow: /lamp" in files["exchange.warc"]
    assert len(kept.fields["failures"]) == 2, "the page and the browser were not allowed"
    assert all("robots.txt" in failure for failure in kept.fields["failures"])


def test_a_page_that_is_gone_is_an_exhibit_too(filled, stall):
    exhibit_id, _ = capture(filled, f"{stall.base}/sold-out")

    kept, _ = exhibit(filled, exhibit_id)
    assert kept.fields["about"]["page"]["status"] == 404
    assert kept.fields["failures"] == [f"page {stall.base}/sold-out: answered with status 404"]


def test_where_nothing_at_all_is_said_there_is_no_exhibit(filled, stall):
    stall.pages.clear()
    with pytest.raises(CrawlError):
        capture(filled, "http://127.0.0.1:1/")
    with open_store(filled, now) as store:
        assert list(store.exhibits()) == []


def test_a_private_address_is_refused_where_nobody_said_it_is_ours(filled, stall):
    code, rows, error = command(filled, "capture", "1", f"{stall.base}/lamp")

    assert code == 1
    assert isinstance(error, CrawlError)
    assert "not a public address" in str(error)
    assert (stall.asked, rows) == ([], [])


@pytest.mark.parametrize("stall", ["https"], indirect=True)
def test_a_certificate_nobody_believes_is_recorded_and_said(filled, stall):
    exhibit_id, outcome = capture(filled, f"{stall.base}/lamp")

    kept, _ = exhibit(filled, exhibit_id)
    assert {one["tls"]["verified"] for one in kept.fields["exchanges"]} == {False}
    assert "self-signed" in kept.fields["exchanges"][0]["tls"]["error"]
    assert any(
        "the certificate was not believed: self-signed" in failure for failure in outcome.capture.failures
    )


@chromium
@pytest.mark.parametrize("stall", ["http", "https"], indirect=True)
def test_with_a_browser_every_rendering_is_kept_and_told(filled, stall):
    code, rows, error = command(
        filled, "capture", "1", f"{stall.base}/old", "--local", "--browser", "--time-zone", "Asia/Shanghai"
    )
    assert (code, error) == (0, None)
    kept, files = exhibit(filled, rows[0]["id"])
    roles = {file.name: file.role for file in kept.files}
    assert roles["screenshot.png"] == "screenshot"
    assert Image.open(io.BytesIO(files["screenshot.png"])).width == 1280
    assert files["page.pdf"].startswith(b"%PDF-")
    assert b"Lamp" in files["page.mhtml"]
    assert b"<h1>Lamp</h1>" in files["dom.html"]
    browser = kept.fields["about"]["browser"]
    assert browser["final_url"] == f"{stall.base}/lamp"
    assert browser["time_zone"] == "Asia/Shanghai"
    assert browser["version"].startswith("Chrome/")
    assert "ipguard/" in browser["user_agent"]
    records = [
        (record.rec_headers["WARC-Target-URI"], record.content_stream().read())
        for record in ArchiveIterator(io.BytesIO(files["browser.warc"]))
        if record.rec_type == "response"
    ]
    told = dict(records)
    assert told[f"{stall.base}/lamp.png"] == picture()
    assert b"Lamp  stall" in told[f"{stall.base}/lamp"]
    assert (b"x-ipguard-retold: by the browser" in files["browser.warc"]) == stall.base.startswith("https")
    assert browser["retold"] == (browser["exchanges"] if stall.base.startswith("https") else 0)


@chromium
def test_a_case_with_a_page_as_a_browser_shows_it_is_handed_over_and_verifies(stall, tmp_path):
    place = make_workspace(tmp_path / "empty", now=now)
    engine = make_engine(place.database_url)
    with transaction(engine) as session:
        new_case(session, "Lantern Stall", by="tester", now=now())
    command(place, "capture", "1", f"{stall.base}/lamp", "--local", "--browser")
    summary, verdict = export_case(place, engine, 1, by="tester", now=now, progress=lambda done, of: None)
    engine.dispose()
    assert (summary.exhibits, verdict.good) == (1, True)


def test_without_a_chromium_the_page_is_kept_over_http_and_that_is_said(filled, stall, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    code, rows, error = command(filled, "capture", "1", f"{stall.base}/lamp", "--local", "--browser")

    assert (code, error) == (0, None)
    assert any("Browser capture is not available: there is no Chromium" in one for one in rows[0]["failures"])
    assert any("Install Chromium" in one for one in rows[0]["failures"])
    _, files = exhibit(filled, rows[0]["id"])
    assert "screenshot.png" not in files
    assert b"Lamp  stall" in files["exchange.warc"]


def test_a_closed_or_missing_case_asks_nobody(filled, stall):
    engine = make_engine(filled.database_url)
    with transaction(engine) as session:
        move_case(session, 1, "closed", by="ana", now=now(), why="over")
    engine.dispose()
    with pytest.raises(WrongUse, match="closed"):
        capture(filled, f"{stall.base}/lamp")
    _, _, error = command(filled, "capture", "77", f"{stall.base}/lamp", "--local")
    assert isinstance(error, WrongUse)
    assert stall.asked == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["capture", "1", "file:///etc/passwd"], "no web address"),
        (["capture", "1", "http://shop.test/", "--time-zone", "Mars/Olympus"], "no time zone"),
        (["add", "1", "1", "--browser"], "goes with --recapture"),
    ],
)
def test_wrong_use_is_told_before_anything_is_asked(filled, stall, words, said):
    _, _, error = command(filled, *words)
    assert isinstance(error, WrongUse)
    assert said in str(error)
    assert stall.asked == []


def test_an_alert_whose_shop_is_gone_does_not_keep_the_others(filled, stall):
    engine = make_engine(filled.database_url)
    with transaction(engine) as session:
        session.get_one(ListingRow, 1).url = "http://127.0.0.1:1/"
        session.get_one(ListingPictureRow, 1).url = "http://127.0.0.1:1/x.png"
    engine.dispose()
    code, rows, error = command(filled, "add", "1", "1", "--recapture")
    assert (code, error) == (4, None)
    assert rows == [{"case": 1, "exhibits": ["E-0001"]}]
