"""A proof that the OpenTimestamps library, written by others, reads as we meant it; against a calendar on loopback."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentimestamps.core.notary import PendingAttestation
from opentimestamps.core.op import OpAppend, OpSHA256
from opentimestamps.core.serialize import BytesDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from evidence_store.errors import TimestampError
from evidence_store.timestamps.opentimestamps import ask_calendars

DIGEST = hashlib.sha256(b"a checkpoint").digest()


@pytest.fixture
def calendar():
    """Answers as a calendar does: an append, a hash, and a pending attestation."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            digest = self.rfile.read(int(self.headers["Content-Length"]))
            stamp = Timestamp(digest)
            stamp.ops.add(OpAppend(b"salt")).ops.add(OpSHA256()).attestations.add(
                PendingAttestation("https://calendar.example")
            )
            context = BytesSerializationContext()
            stamp.serialize(context)
            body = context.getbytes() if self.path == "/digest" else b""
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("count", [1, 2])
def test_the_reference_library_reads_the_proof_and_finds_the_digest(calendar, count):
    proof, problems = ask_calendars(DIGEST, [calendar] * count)

    read = DetachedTimestampFile.deserialize(BytesDeserializationContext(proof))
    assert problems == []
    assert read.file_digest == DIGEST
    attested = {message for message, _ in read.timestamp.all_attestations()}
    assert attested == {hashlib.sha256(DIGEST + b"salt").digest()}


def test_a_calendar_that_fails_is_told_and_loses_nothing(calendar):
    proof, problems = ask_calendars(DIGEST, ["http://127.0.0.1:1", calendar])
    assert DetachedTimestampFile.deserialize(BytesDeserializationContext(proof)).file_digest == DIGEST
    assert "does not answer" in problems[0]
    for bad in (["http://127.0.0.1:1"], ["ftp://x"], [f"{calendar}/other"], []):
        with pytest.raises(TimestampError):
            ask_calendars(DIGEST, bad)
