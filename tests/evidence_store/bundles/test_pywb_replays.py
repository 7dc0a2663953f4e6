"""pywb, the replay tool of many archives, shows what was captured: run as a program of its own (it is GPL)."""

import http.client
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store.bundles.export import export_bundle
from evidence_store.bundles.story import Order
from evidence_store.exhibit import WireExchange

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
START, PAGE = "https://moon-harbor.example/tee", "https://moon-harbor.example/p/tee"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"10\r\n<h1>Lantern</h1>\r\n0\r\n\r\n"
)
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /p/tee\r\nContent-Length: 0\r\n\r\n"

pytestmark = pytest.mark.needs("wayback")


@pytest.fixture
def port(store, capture, clock, tmp_path) -> Iterator[int]:
    """A running pywb with the replay file of a bundle that was just exported."""
    exchanges = tuple(
        WireExchange(url, b"GET / HTTP/1.1\r\n\r\n", answer, NOON, NOON, "203.0.113.7", 443)
        for url, answer in ((START, MOVED), (PAGE, CHUNKED))
    )
    (receipt,) = store.keep([capture(START, exchanges=exchanges)])
    order = Order("T", "R-1", "o", "w")
    export_bundle(store, [receipt.exhibit_id], tmp_path / "b.zip", order, authorities=[], now=clock)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        (tmp_path / "exhibits.wacz").write_bytes(archive.read("R-1/data/replay/exhibits.wacz"))
    run(tmp_path, "wb-manager", "init", "case")
    run(tmp_path, "wb-manager", "add", "--unpack-wacz", "case", "exhibits.wacz")
    number = free_port()
    server = subprocess.Popen(
        ["wayback", "-p", str(number), "-b", "127.0.0.1"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    for line in server.stderr:
        if "Starting" in line:
            break
    yield number
    server.kill()
    server.communicate()


def run(place: Path, *command: str) -> None:
    subprocess.run(command, cwd=place, check=True, capture_output=True)


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def replayed(port: int, url: str) -> tuple[int, str, bytes]:
    last = None
    for _ in range(2000):  # the server says "Starting" a moment before it listens
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", f"/case/20261124120000id_/{url}")
            answer = connection.getresponse()
        except ConnectionRefusedError as error:
            last = error
            continue
        found = answer.status, answer.getheader("Location", ""), answer.read()
        connection.close()
        return found
    raise AssertionError("pywb never listened") from last


def test_the_page_and_its_redirect_are_shown_as_they_were(port):
    status, _, body = replayed(port, PAGE)
    assert (status, body) == (200, b"<h1>Lantern</h1>")
    status, location, _ = replayed(port, START)
    assert status == 302
    assert location == "/p/tee"  # as it was on the wire
    assert replayed(port, "https://moon-harbor.example/never")[0] == 404
