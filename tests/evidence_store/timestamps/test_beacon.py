"""A record can show that it is not older than some public randomness."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_store.errors import TimestampError
from evidence_store.timestamps.beacon import fetch_beacon, read_beacon

SIGNATURE = "ab" * 48
ROUND = {
    "round": 4711,
    "randomness": hashlib.sha256(bytes.fromhex(SIGNATURE)).hexdigest(),
    "signature": SIGNATURE,
}


@pytest.fixture
def beacon():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(ROUND).encode()
            self.send_response(200 if self.path == "/public/latest" else 302)
            self.send_header("Location", "/public/latest")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_round_goes_into_the_record_with_the_digest_of_what_was_said(beacon, store, capture):
    found = fetch_beacon(f"{beacon}/public/latest")
    (receipt,) = store.keep([capture(beacon=found.fields())])

    kept = store.exhibit(receipt.exhibit_id).fields["beacon"]
    assert kept["round"] == 4711
    assert kept["value"] == ROUND["randomness"]
    assert kept["raw_sha256"] == hashlib.sha256(found.raw).hexdigest()


def test_a_beacon_that_sends_us_elsewhere_or_is_gone_gives_none(beacon):
    for url in (f"{beacon}/moved", "http://127.0.0.1:1/public/latest", "file:///etc/passwd"):
        with pytest.raises(TimestampError):
            fetch_beacon(url)


@pytest.mark.parametrize(
    "changes",
    [{"randomness": "00" * 32}, {"round": 0}, {"round": True}, {"round": 2**60}, {"signature": "zz"}],
)
def test_a_round_that_does_not_fit_itself_is_refused(changes):
    with pytest.raises(TimestampError):
        read_beacon("b", json.dumps({**ROUND, **changes}).encode())


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_in_another_way(data):
    with pytest.raises(TimestampError):
        read_beacon("b", data)
