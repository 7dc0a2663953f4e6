"""A small witness to run on a second machine (C2SP tlog-witness).

`python -m evidence_store.log.local_witness --folder F --log VKEY [--log VKEY …] [--host H] [--port P] [--name N]`

It remembers the largest checkpoint of each log that it signed, on disk before it answers, and signs only what continues
that. So a log that shows different histories to different people needs a different witness for each.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence_store.disk import make_folder, writing
from evidence_store.errors import EvidenceError, Malformed
from evidence_store.keys import load_key, make_key
from evidence_store.log import note
from evidence_store.log.checkpoint import Checkpoint, parse_checkpoint
from evidence_store.log.cosignature import cosign, witness_of
from evidence_store.log.note import VerifierKey, parse_vkey
from evidence_store.log.tree import check_consistency
from evidence_store.log.witness import SIZE_TYPE

MAX_REQUEST_BYTES = 100_000
MAX_PROOF_LINES = 63


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says."""

    status: int
    body: bytes
    media_type: str = "text/plain; charset=utf-8"


class LocalWitness:
    """Keeps the newest checkpoint of each log in a folder, and cosigns what continues it."""

    def __init__(
        self, folder: Path, logs: Sequence[VerifierKey], *, name: str, now: Callable[[], datetime]
    ) -> None:
        self._folder, self._logs, self._name, self._now = folder, list(logs), name, now
        if not folder.exists():
            make_folder(folder, 0o700)
        path = folder / "witness.key"
        self._key: Ed25519PrivateKey = load_key(path, None) if path.exists() else make_key(path, None)
        self._turn = threading.Lock()

    @property
    def vkey(self) -> str:
        """What the log's keeper needs to check cosignatures."""
        return str(witness_of(self._name, self._key))

    def add_checkpoint(self, body: bytes) -> Answer:
        """Judge one request, as the specification says."""
        try:
            old, proof, signed = _parse(body)
            text, _ = note.split(signed)
            head = parse_checkpoint(text)
        except Malformed as error:
            return Answer(400, f"{error}\n".encode())
        keys = [key for key in self._logs if key.name == head.origin]
        if not keys:
            return Answer(404, b"unknown log\n")
        if not any(_is_signed(signed, key) for key in keys):
            return Answer(403, b"no signature of a known key\n")
        with self._turn:
            return self._judge(old, proof, text, head)

    def _judge(self, old: int, proof: Sequence[bytes], text: str, head: Checkpoint) -> Answer:
        seen = self._seen(head.origin)
        if old > head.size:
            return Answer(400, b"the old size is larger than the new one\n")
        if old != (seen.size if seen else 0):
            return Answer(409, f"{seen.size if seen else 0}\n".encode(), SIZE_TYPE)
        if seen and seen.size == head.size:
            if seen.root != head.root:
                return Answer(409, f"{seen.size}\n".encode(), SIZE_TYPE)
            continues = not proof
        elif seen and seen.size:
            continues = check_consistency(seen.size, head.size, seen.root, head.root, proof)
        else:
            continues = not proof
        if not continues:
            return Answer(422, b"this does not continue what was signed before\n")
        with writing(self._place(head.origin)) as out:  # remembered before it is said
            out.write(text.encode())
        return Answer(200, cosign(text, self._name, self._key, self._now()))

    def _seen(self, origin: str) -> Checkpoint | None:
        place = self._place(origin)
        return parse_checkpoint(place.read_text("utf-8")) if place.exists() else None

    def _place(self, origin: str) -> Path:
        return self._folder / sha256(origin.encode()).hexdigest()


def serve(witness: LocalWitness, host: str, port: int) -> ThreadingHTTPServer:
    """A server for a witness, not yet running."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._answer(Answer(404, b"there is only /add-checkpoint\n"))
            elif not length.isascii() or not length.isdigit() or int(length) > MAX_REQUEST_BYTES:
                self._answer(Answer(400, b"a request with a length, and not a long one\n"))
            else:
                self._answer(witness.add_checkpoint(self.rfile.read(int(length))))

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: a witness has no business with who asks."""

    return ThreadingHTTPServer((host, port), Handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a witness until it is stopped; prints its key and address first."""
    parser = argparse.ArgumentParser(prog="python -m evidence_store.log.local_witness")
    parser.add_argument("--folder", type=Path, required=True, help="its memory and its key")
    parser.add_argument("--log", action="append", required=True, help="vkey of a log to watch")
    parser.add_argument("--name", default="witness.invalid/local", help="its name in signatures")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8766)
    given = parser.parse_args(arguments)
    try:
        logs = [parse_vkey(text) for text in given.log]
        witness = LocalWitness(given.folder, logs, name=given.name, now=lambda: datetime.now(UTC))
        server = serve(witness, given.host, given.port)
    except (EvidenceError, OSError) as error:
        parser.error(str(error))
    sys.stdout.write(f"{witness.vkey}\nhttp://{given.host}:{server.server_port}\n")
    sys.stdout.flush()
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _parse(body: bytes) -> tuple[int, list[bytes], bytes]:
    head, gap, signed = body.partition(b"\n\n")
    lines = head.split(b"\n")
    number = lines[0].removeprefix(b"old ")
    plain = number.isdigit() and len(number) <= 18 and str(int(number)).encode() == number
    if not gap or not lines[0].startswith(b"old ") or not plain:
        raise Malformed("a request starts with the old size")
    if len(lines) - 1 > MAX_PROOF_LINES:
        raise Malformed("a proof with more steps than a tree is high")
    try:
        proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
    except binascii.Error as error:
        raise Malformed("a proof that is not base64") from error
    if any(len(step) != 32 for step in proof):
        raise Malformed("a proof whose steps are no hashes")
    return int(number), proof, signed


def _is_signed(signed: bytes, key: VerifierKey) -> bool:
    try:
        note.check(signed, key)
    except Malformed:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
