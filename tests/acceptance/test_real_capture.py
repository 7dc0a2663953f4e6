"""A page really captured over TLS becomes a bundle that other people's tools accept."""

import asyncio
import gzip
import json
import subprocess
import sys
import threading
import zipfile
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from certificates import PEM, made_for
from cryptography import x509

from crawlers.exchange import Request
from crawlers.fetch.fetcher import Identity, Manner, open_fetcher
from crawlers.fetch.pace import MemoryPace
from evidence_store.bundles.export import export_bundle
from evidence_store.bundles.story import Order
from evidence_store.exhibit import Capture, Operator
from evidence_store.store import EvidenceStore, create_store
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.verify.verifier import verify_bundle
from ipguard.capture import wire_exchanges

BIN = Path(sys.executable).parent
PAGE = gzip.compress("<h1>星灯 T恤</h1>".encode(), mtime=0)


def now() -> datetime:
    return datetime.now(UTC)


class Shop(BaseHTTPRequestHandler):
    """robots.txt, a redirect, and a page that is gzipped and chunked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/tee":
            self.send_response(302)
            self.send_header("Location", "/p/tee")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/p/tee":
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(PAGE), 10):
                piece = PAGE[start : start + 10]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def bundle(tmp_path):
    """(unpacked bundle, the zip, certificates of the shop, vkey)."""
    served = made_for(tmp_path, "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        server.socket = served.server.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/tee"

        async def ask():
            manner = Manner(Identity("test"), MemoryPace(), now, min_gap_seconds=0.0)
            hosts = frozenset({"127.0.0.1"})
            async with open_fetcher(manner, local_hosts=hosts, trust=served.trust) as fetcher:
                return await fetcher.fetch(Request(url))

        answer = asyncio.run(ask())
        server.shutdown()
    create_store(tmp_path / "e", origin="ipguard.test/log", now=now)
    with EvidenceStore.open(tmp_path / "e", now=now) as store:
        capture = Capture(url, "test", "test", Operator("o", "test"), wire_exchanges(answer))
        (receipt,) = store.keep([capture])
        authority = LocalAuthority(tmp_path / "tsa", now=now)
        out = tmp_path / "b.zip"
        export_bundle(
            store, [receipt.exhibit_id], out, Order("T", "R-1", "o", "w"), authorities=[authority], now=now
        )
        vkey = store.vkey
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "R-1", out, served, vkey


def accepted(place: Path, *command: object) -> bool:
    done = subprocess.run([str(part) for part in command], cwd=place, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.needs("openssl")
def test_a_page_over_tls_passes_every_tool(bundle):
    place, out, served, vkey = bundle
    assert verify_bundle(out, vkey=vkey).good
    record = json.loads((place / "data/items/E-0001/record.json").read_bytes())
    redirect, page = record["exchanges"]
    assert redirect["redirect_to"] == page["url"]
    assert page["tls"]["version"] == "TLSv1.3"
    assert page["tls"]["verified"] is True
    assert b"a\r\n" + PAGE[:10] in (place / "data/items/E-0001/exchange.warc").read_bytes()

    (place / "shop.pem").write_bytes(x509.load_der_x509_certificate(served.chain[-1]).public_bytes(PEM))
    warc = "data/items/E-0001/exchange.warc"
    stamp = "data/log/stamps/local"
    for command in (
        ("openssl", "verify", "-CAfile", "shop.pem", "data/trust/tls/E-0001.pem"),
        ("openssl", "ts", "-verify", "-data", "data/log/checkpoint", "-in", f"{stamp}/checkpoint.tsr", "-CAfile", f"{stamp}/roots.pem"),
        (BIN / "warcio", "check", warc),
        (BIN / "fastwarc", "check", warc),
        (BIN / "wacz", "validate", "-f", "data/replay/exhibits.wacz"),
        (BIN / "case_validate", "data/case.jsonld"),
    ):  # fmt: skip
        assert accepted(place, *command), command
    (place / "shop.pem").unlink()
    assert accepted(place, BIN / "bagit.py", "--validate", ".")
    assert accepted(place, "sha256sum", "--check", "--quiet", "manifest-sha256.txt")
