"""The whole way on real input: a real HTTP server, the real commands, and a process that is killed in the middle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest
from PIL import Image
from sqlalchemy import text

from ipguard.database.engine import make_engine, reading, transaction
from ipguard.demo import art, products
from ipguard.jobs.claims import claim_due
from ipguard.jobs.schedule import owner_name
from ipguard.sources.store import NewSource, add_source

WATCHLIST = """
[[work]]
id = "tide-fox"
title = "Tide Fox"
owner = "Example Animation Co."
pictures = ["fox.png"]
names = [{ text = "Tide Fox", lang = "en" }, { text = "潮狐", lang = "zh" }]
"""


class Market:
    """A shop of scripted answers: path → (status, headers, body)."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.gate: threading.Event | None = None
        """When set: item pages after the fifth wait for it."""
        market = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                market.asked.append(self.path)
                if market.gate is not None and sum("/item/" in path for path in market.asked) > 5:
                    market.gate.wait(30)
                status, headers, body = market.pages.get(self.path, (404, {}, b"not here"))
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": str(len(body)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, path: str, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html; charset=utf-8", **named}, data)

    def sells(
        self,
        name: str,
        title: str,
        picture: str = "",
        price: str = "9.00",
        encoding: str = "utf-8",
        declared: str = "utf-8",
    ) -> None:
        offers = {"@type": "Offer", "priceCurrency": "USD", **({"price": price} if price else {})}
        product = {"@context": "https://schema.org", "@type": "Product", "name": title, "offers": offers}
        if picture:
            product["image"] = [picture]
        page = f'<html><script type="application/ld+json">{json.dumps(product, ensure_ascii=False)}</script></html>'
        kind = f"text/html; charset={declared}" if declared else "text/html"
        self.says(f"/item/{name}", page.encode(encoding), content_type=kind)

    def lists(self, path: str, names: list[str], following: str = "") -> None:
        links = "".join(f'<li class="product"><a href="/item/{name}">{name}</a></li>' for name in names)
        after = f'<a rel="next" href="{following}">more</a>' if following else ""
        self.says(path, f"<html><ul>{links}</ul>{after}</html>")


@pytest.fixture
def market() -> Iterator[Market]:
    made = Market()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    if made.gate is not None:
        made.gate.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def ipguard(
    *arguments: object, cwd: Path, expect: int | None = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "ipguard", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, **environment}, timeout=120,
    )  # fmt: skip
    assert expect is None or done.returncode == expect, done.stderr + done.stdout
    return done


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a watchlist, made by the commands; copied for each test."""
    place = tmp_path_factory.mktemp("prepared")
    (place / "fox.png").write_bytes(products.png(art.key_visual("tide-fox")))
    (place / "watch.toml").write_text(WATCHLIST, "utf-8")
    ipguard("init", "ws", cwd=place)
    ipguard("watch", "add", "watch.toml", "--no-self-test", "-w", "ws", cwd=place)
    return place


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path / "p")
    return tmp_path / "p"


def add(place: Path, url: str) -> None:
    """Add the shop as the command does; the command itself is tried in the first test."""
    engine = make_engine(f"sqlite:///{place / 'ws' / 'ipguard.db'}")
    with transaction(engine) as session:
        wanted = NewSource(url, "schema-org", "shop", local=True, min_gap_seconds=0.0)
        add_source(session, wanted, now=datetime.now(UTC))
    engine.dispose()


def add_by_command(place: Path, url: str) -> None:
    given = ("--name", "shop", "--local", "--gap", "0", "--adapter", "schema-org")
    ipguard("source", "add", url, *given, "-w", "ws", cwd=place)


def rows(place: Path, statement: str) -> list[tuple[object, ...]]:
    engine = make_engine(f"sqlite:///{place / 'ws' / 'ipguard.db'}")
    with reading(engine) as session:
        found = [tuple(row) for row in session.connection().execute(text(statement))]
    engine.dispose()
    return found


def test_from_a_watchlist_to_a_verified_bundle_by_the_commands(market: Market, place: Path):
    market.says(
        "/p.jpg", products.jpeg(products.shirt(art.key_visual("tide-fox"), 3)), content_type="image/jpeg"
    )
    market.sells("1", "T1de F0x hoodie", f"{market.base}/p.jpg", "8.00")
    market.sells("2", "Teapot")
    market.lists("/all", ["1", "2"])
    add_by_command(place, f"{market.base}/all")

    (report,) = map(json.loads, ipguard("sweep", "--json", "-w", "ws", cwd=place).stdout.splitlines())
    (alert,) = map(json.loads, ipguard("alerts", "--json", "-w", "ws", cwd=place).stdout.splitlines())
    assert (report["state"], report["listings"], report["new_alerts"]) == ("finished", 2, 1)
    assert {"text.leet", "picture.part"} <= {finding["reason"] for finding in alert["findings"]}
    assert alert["title"] == "T1de F0x hoodie"

    ipguard(
        "alerts", "decide", alert["alert"], "infringing", "--version", alert["version"], "-w", "ws", cwd=place
    )
    ipguard("case", "new", "Tide Fox", "-w", "ws", cwd=place)
    ipguard("case", "add", 1, alert["alert"], "-w", "ws", cwd=place)
    (bundle,) = map(
        json.loads, ipguard("case", "export", 1, "--json", "-w", "ws", cwd=place).stdout.splitlines()
    )
    vkey = ipguard("evidence", "key", "-w", "ws", cwd=place).stdout.strip()
    good = ipguard("verify", bundle["bundle"], "--vkey", vkey, cwd=place)
    assert "GOOD" in good.stdout
    assert "no legal value" in good.stdout
    ipguard("evidence", "check", "-w", "ws", cwd=place)
    ipguard("doctor", "-w", "ws", cwd=place)

    data = bytearray(Path(bundle["bundle"]).read_bytes())
    data[len(data) // 3] ^= 1
    (place / "forged.zip").write_bytes(bytes(data))
    ipguard("verify", "forged.zip", cwd=place, expect=5)


def test_a_decision_about_an_old_version_is_refused(market: Market, place: Path):
    market.sells("1", "Tide Fox hoodie")
    market.lists("/all", ["1"])
    add(place, f"{market.base}/all")
    ipguard("sweep", "-w", "ws", cwd=place)

    done = ipguard("alerts", "decide", 1, "infringing", "--version", 7, "-w", "ws", cwd=place, expect=2)
    assert "hint" in done.stderr


def test_every_bad_input_is_a_value_with_a_reason(market: Market, place: Path):
    thirty = products.png(Image.new("RGB", (6000, 5000), "navy"))
    market.says("/big.png", thirty, content_type="image/png")
    market.says("/cut.jpg", products.jpeg(art.key_visual("tide-fox"))[:900], content_type="image/jpeg")
    market.says("/page.jpg", "<html>not a picture", content_type="image/jpeg")
    market.says("/bomb", brotli.compress(b"\0" * 200_000_000), content_encoding="br")
    market.says("/meta.jpg", b"", 302, location="http://169.254.169.254/latest/meta-data/")
    market.says("/item/bomb", brotli.compress(b"<html>" + b" " * 60_000_000), content_encoding="br")
    market.says("/item/redirect", b"", 302, location="http://169.254.169.254/")
    market.says("/robots.txt", "User-agent: *\nDisallow: /item/forbidden\n", content_type="text/plain")
    market.sells("noprice", "Tide Fox mug", f"{market.base}/cut.jpg", price="")
    market.sells(
        "wrong-charset", "潮狐 周边 T恤 现货", f"{market.base}/page.jpg", encoding="gb18030", declared="utf-8"
    )
    market.sells("big", "Tide Fox poster", f"{market.base}/big.png")
    market.sells("meta", "Tide Fox cap", f"{market.base}/meta.jpg")
    names = ["noprice", "wrong-charset", "big", "meta", "bomb", "redirect", "forbidden", "vanished"]
    market.lists("/all", names, following="/all?page=2")
    market.lists("/all?page=2", names[:2], following="/all?page=2")
    add(place, f"{market.base}/all")

    (report,) = map(
        json.loads, ipguard("sweep", "--json", "-w", "ws", cwd=place, expect=None).stdout.splitlines()
    )
    told = {one["url"].removeprefix(market.base): one for one in report["skipped"]}
    assert "breaks off" in told["/cut.jpg"]["why"]
    assert "not a picture" in told["/page.jpg"]["why"]
    assert "169.254.169.254" in told["/meta.jpg"]["why"]
    assert "169.254.169.254" in told["/item/redirect"]["why"]
    assert "robots.txt" in told["/item/forbidden"]["why"]
    assert "/item/forbidden" not in market.asked
    steps = {
        url.removeprefix(market.base): (outcome, note)
        for url, outcome, note in rows(place, "SELECT url, outcome, note FROM run_step")
    }
    assert "cut (length)" in steps["/item/bomb"][1]
    assert steps["/item/vanished"][0] == "empty"
    assert steps["/big.png"][0] == "ok"
    assert "seen before" in steps["/all?page=2"][1]
    assert report["listings"] == 4
    missing = dict(rows(place, "SELECT title, missing FROM listing"))
    assert json.loads(str(missing["Tide Fox mug"])) == ["price"]
    assert len(rows(place, "SELECT id FROM alert")) >= 3


def test_a_sweep_killed_in_the_middle_goes_on_with_nothing_lost_or_doubled(market: Market, place: Path):
    names = [f"g{n}" for n in range(14)]
    for name in names:
        market.sells(name, f"Tide Fox mug {name}")
    market.lists("/all", names)
    add(place, f"{market.base}/all")
    market.gate = threading.Event()

    sweep = subprocess.Popen(
        [sys.executable, "-m", "ipguard", "sweep", "-w", "ws"],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    waiting = threading.Event()
    while sum("/item/" in path for path in list(market.asked)) <= 5 and sweep.poll() is None:
        waiting.wait(0.02)
    os.kill(sweep.pid, signal.SIGKILL)
    sweep.wait()
    kept = {key for (key,) in rows(place, "SELECT key FROM listing")}
    market.gate.set()
    market.gate = None

    engine = make_engine(f"sqlite:///{place / 'ws' / 'ipguard.db'}")
    with transaction(engine) as session:  # what `serve` does when nobody else can be alive
        session.connection().execute(text("UPDATE source SET lease_owner = '', lease_until = NULL"))
    engine.dispose()
    ipguard("sweep", "--all", "-w", "ws", cwd=place)

    keys = [key for (key,) in rows(place, "SELECT key FROM listing")]
    assert len(kept) >= 4
    assert sorted(keys) == sorted(f"item/{name}" for name in names)
    assert [run for (run,) in rows(place, "SELECT id FROM run")] == [1]
    asked = Counter(path for path in market.asked if path.startswith("/item/"))
    assert sum(asked.values()) <= len(names) + 1
    assert len(rows(place, "SELECT id FROM alert")) == len(names)


def test_two_processes_never_run_the_same_source_twice(place: Path):
    url = f"sqlite:///{place / 'ws' / 'ipguard.db'}"
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    engine = make_engine(url)
    with transaction(engine) as session:
        for n in range(120):
            add_source(session, NewSource(f"https://s{n}.example", "shopify", f"s{n}"), now=now)
    engine.dispose()
    worker = (
        "import sys; from datetime import UTC, datetime\n"
        "from ipguard.database.engine import make_engine, transaction\n"
        "from ipguard.jobs.claims import claim_due\nfrom ipguard.jobs.schedule import owner_name\n"
        "engine = make_engine(sys.argv[1]); me = owner_name()\n"
        "while True:\n"
        "    with transaction(engine) as session:\n"
        "        got = claim_due(session, owner=me, now=datetime(2026, 11, 24, 12, tzinfo=UTC), limit=7)\n"
        "    if not got: break\n"
        "    print('\\n'.join(c.source_id for c in got), flush=True)\n"
    )

    def claims(_: int) -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", worker, url], capture_output=True, text=True, check=True
        ).stdout.split()

    with ThreadPoolExecutor(3) as pool:
        claimed = [source for got in pool.map(claims, range(3)) for source in got]
    assert len(claimed) == len(set(claimed)) == 120


def test_a_dead_lease_is_taken_up_after_its_time(place: Path):
    engine = make_engine(f"sqlite:///{place / 'ws' / 'ipguard.db'}")
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with transaction(engine) as session:
        add_source(session, NewSource("https://s.example", "shopify", "s"), now=now)
        assert len(claim_due(session, owner=owner_name(), now=now, limit=1)) == 1
        assert claim_due(session, owner=owner_name(), now=now + timedelta(seconds=60), limit=1) == []
        assert len(claim_due(session, owner=owner_name(), now=now + timedelta(seconds=91), limit=1)) == 1
    engine.dispose()


def test_a_shop_that_blocks_us_is_said_to_and_left_alone(market: Market, place: Path):
    market.says("/all", "<title>Just a moment...</title>", 403)
    add(place, f"{market.base}/all")

    done = ipguard("sweep", "-w", "ws", cwd=place, expect=4)
    assert "does not let us in" in done.stdout
    assert market.asked.count("/all") == 1
    ((error, attempts),) = rows(place, "SELECT last_error, attempts FROM source")
    assert "does not let us in" in str(error)
    assert attempts == 1


def test_a_listing_that_vanishes_is_gone_and_one_that_returns_is_back(market: Market, place: Path):
    for name in ("a", "b"):
        market.sells(name, f"Tide Fox mug {name}")
    add(place, f"{market.base}/all")
    for names in (["a", "b"], ["a"], ["a", "b"]):
        market.lists("/all", names)
        ipguard("sweep", "--all", "-w", "ws", cwd=place)
        gone = [key for (key,) in rows(place, "SELECT key FROM listing WHERE gone_at IS NOT NULL")]
        assert gone == [f"item/{name}" for name in ("a", "b") if name not in names]


def test_without_a_workspace_the_command_says_how_to_make_one(tmp_path: Path):
    done = ipguard("sweep", cwd=tmp_path, expect=3)

    assert "No workspace" in done.stderr
    assert "ipguard init" in done.stderr


def test_the_demo_goes_as_it_should(tmp_path: Path):
    done = ipguard("demo", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    outcomes = Counter(one["outcome"] for one in told["planted"])

    assert told["verified"] is True
    assert told["flipped_refused"] is True
    assert told["forbidden_asked"] == []
    assert outcomes["found"] >= 18
    assert 3 <= outcomes["missed"] <= 6
    assert outcomes["wrongly flagged"] <= 1
    assert all(one["why"] for one in told["planted"] if one["outcome"] == "missed")
    assert any("1 gone since the last run" in note for note in told["notes"])
