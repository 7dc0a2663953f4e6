"""eBay and Rakuten as they are documented, spoken over loopback: keys are needed, alerts come, and no record holds a key."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from crawlers.recipes.folder import shipped
from ipguard.cli.main import build
from ipguard.evidence import open_store
from ipguard.settings import open_workspace
from ipguard.sources.keys import variable

WATCHLIST = '[[work]]\nid = "star"\ntitle = "Star Lantern"\nowner = "O"\nnames = [{ text = "Star Lantern", lang = "en" }]\n'
KEYS = {
    "client_id": "invented-app-id-000001",
    "client_secret": "invented-cert-id-000002",
    "access_key": "invented-access-key-000003",
    "application_id": "invented-application-000004",
}
SITE, TOKEN = "https://watch.example", "invented-token-000005"


class Interfaces(BaseHTTPRequestHandler):
    """Both interfaces; whoever lacks a key is told so as they tell it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        basic = base64.b64encode(f"{KEYS['client_id']}:{KEYS['client_secret']}".encode()).decode()
        good = self.headers["Authorization"] == f"Basic {basic}" and "grant_type=client_credentials" in body
        assert self.path == "/identity/v1/oauth2/token"
        token = {"access_token": TOKEN, "expires_in": 7200, "token_type": "Application Access Token"}
        self.says(200 if good else 401, token if good else {"error": "invalid_client"})

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        parts = urlsplit(self.path)
        words = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/buy/browse/v1/item_summary/search":
            self.ebay(words)
        elif parts.path == "/ichibams/api/IchibaItem/Search/20260701":
            self.rakuten(words)
        else:
            self.says(404, {})

    def ebay(self, words: dict[str, str]) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.says(401, {"errors": [{"errorId": 1001, "message": "Invalid access token"}]})
        assert self.headers["X-EBAY-C-MARKETPLACE-ID"] == "EBAY_US"
        assert words["filter"] == "buyingOptions:{AUCTION|FIXED_PRICE}"
        assert int(words["offset"]) % int(words["limit"]) == 0
        first = int(words["offset"])
        rows = [
            {
                "itemId": f"v1|{n}|0",
                "legacyItemId": str(n),
                "title": words["q"].title() if n % 200 == 0 else f"Plain cup {n}",
                "itemWebUrl": f"https://www.ebay.com/itm/{n}",
                "price": {"value": "9.90", "currency": "USD"},
            }
            for n in range(256000000000 + first, 256000000000 + min(first + 200, 201))
        ]
        return self.says(200, {"total": 201, "limit": 200, "offset": first, "itemSummaries": rows})

    def rakuten(self, words: dict[str, str]) -> None:
        if self.headers["Referer"] != SITE or self.headers["Origin"] != SITE:
            return self.says(403, {"errors": {"errorMessage": "REQUEST_CONTEXT_BODY_HTTP_REFERRER_MISSING"}})
        if (
            self.headers["accessKey"] != KEYS["access_key"]
            or words["applicationId"] != KEYS["application_id"]
        ):
            return self.says(403, {"errors": {"errorMessage": "accessKey is not valid"}})
        row = {"itemName": "Star Lantern stand", "itemCode": "moon:1", "itemPrice": 1980, "itemUrl": "https://item.rakuten.co.jp/moon/1/", "shopName": "Moon", "shopCode": "moon", "availability": 1}  # fmt: skip
        return self.says(200, {"count": 1, "page": 1, "pageCount": 1, "Items": [row]})

    def says(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Interfaces)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def run(place: Path, *words: str) -> tuple[int, list[dict]]:
    done = CliRunner().invoke(build(), [*words, "--json", "-w", str(place)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def recipes_at(place: Path, host: str) -> None:
    """The recipes that come with the package, as they are but for the host."""
    for name, real in (("ebay", "api.ebay.com"), ("rakuten", "openapi.rakuten.co.jp")):
        text = (shipped() / name / "recipe.yaml").read_text("utf-8")
        folder = place / "marketplaces" / name
        folder.mkdir(parents=True)
        moved = text.replace(f"https://{real}", f"http://{host}").replace(f"[{real}]", f'["{host}"]')
        (folder / "recipe.yaml").write_text(moved.replace("http://" + host + "/oauth/api_scope", "https://api.ebay.com/oauth/api_scope"), "utf-8")  # fmt: skip


def test_documented_interfaces_raise_alerts_and_no_record_holds_a_key(
    tmp_path: Path, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, host = tmp_path / "ws", f"127.0.0.1:{server.server_port}"
    assert CliRunner().invoke(build(), ["init", str(place)]).exit_code == 0
    (place / "w.toml").write_text(WATCHLIST, "utf-8")
    recipes_at(place, host)
    assert run(place, "watch", "add", str(place / "w.toml"), "--no-self-test")[0] == 0
    for spelled in ("ebay:star lantern", "rakuten:star lantern"):
        code, _ = run(place, "source", "add", spelled, "--local", "--gap", "0")
        assert code == 0

    code, told = run(place, "sweep", "--all")
    assert code == 4
    assert server.asked == []
    lacking = " ".join(json.dumps(one) for one in told)
    assert variable(host, "client_secret") in lacking
    assert variable(host, "access_key") in lacking
    assert {one["state"] for one in told} == {"failed"}

    for name, value in {**KEYS, "site": SITE}.items():
        monkeypatch.setenv(variable(host, name), value)
    code, told = run(place, "sweep", "--all")
    assert code == 0, told
    by_source = {one["source"]: one for one in told}
    assert by_source["ebay-star-lantern"]["listings"] == 201
    assert by_source["ebay-star-lantern"]["pages"] == 2, told
    assert by_source["rakuten-star-lantern"]["new_alerts"] == 1

    found = [run(place, "alerts", "list", "--source", name)[1] for name in by_source]
    assert [len(one) for one in found] == [2, 1]
    secrets = [value.encode() for value in (*KEYS.values(), TOKEN)]
    files = [file for file in place.rglob("*") if file.is_file()]
    assert not [file for file in files if any(secret in file.read_bytes() for secret in secrets)]
    with closing(open_store(open_workspace(place), lambda: datetime.now(UTC))) as store:
        kept = [
            (store.read_file(one, file), file) for one in list(store.exhibits())[:5] for file in one.files
        ]
    assert any(b"/buy/browse/" in data or b"IchibaItem" in data for data, _ in kept)
    assert not [file for data, file in kept if any(secret in data for secret in secrets)]
