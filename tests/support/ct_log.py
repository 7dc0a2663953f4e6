"""A Certificate Transparency log whose certificates are made here, told in both forms and served over real HTTP."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

FIRST = datetime(2026, 11, 20, tzinfo=UTC)
TILE = 256
Told = tuple[int, Mapping[str, str], bytes]
"""Status, header fields, body."""


@lru_cache(maxsize=1)
def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a throw-away authority").digest())


def certificate(*names: str, serial: int = 1) -> x509.Certificate:
    """The same certificate every time: as long as a real one, signed by nobody's authority."""
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Throw-away Authority X1")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])] if names else [])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    made = (
        x509.CertificateBuilder(issuer, subject, _key().public_key(), serial)
        .not_valid_before(FIRST)
        .not_valid_after(FIRST + timedelta(days=90))
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(_key().public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(_key().public_key()), critical=False
        )
    )
    if names:
        made = made.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
    policies = x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)]
    )
    return made.add_extension(policies, critical=False).sign(_key(), None)


@dataclass(frozen=True)
class Logged:
    """One entry."""

    names: tuple[str, ...]
    certificate: x509.Certificate
    precert: bool
    at: datetime

    @property
    def milliseconds(self) -> int:
        return int(self.at.timestamp() * 1000)

    @property
    def timestamped(self) -> bytes:
        """RFC 6962 §3.4, TimestampedEntry."""
        head = self.milliseconds.to_bytes(8) + int(self.precert).to_bytes(2)
        der = self.certificate.public_bytes(Encoding.DER)
        signed = (
            bytes(32) + vector(self.certificate.tbs_certificate_bytes, 3) if self.precert else vector(der, 3)
        )
        return head + signed + vector(b"", 2)

    @property
    def tile_leaf(self) -> bytes:
        """static-ct-api, TileLeaf."""
        whole = vector(self.certificate.public_bytes(Encoding.DER), 3) if self.precert else b""
        return self.timestamped + whole + vector(bytes(64), 2)

    @property
    def names_line(self) -> bytes:
        """Sunlight, names tiles."""
        subject = {"CommonName": self.names[0]} if self.names else {}
        return (
            json.dumps({"Timestamp": self.milliseconds, "Subject": subject, "DNS": list(self.names)}).encode()
            + b"\n"
        )

    @property
    def row(self) -> dict[str, str]:
        """RFC 6962 §4.6."""
        leaf, extra = b"\0\0" + self.timestamped, vector(b"", 3)
        return {"leaf_input": base64.b64encode(leaf).decode(), "extra_data": base64.b64encode(extra).decode()}


def vector(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width) + data


@dataclass
class FakeLog:
    """Grows by `add`; `tell` answers for a path."""

    names_tiles: bool = True
    at_most: int = 1000
    """Entries a get-entries answer holds."""
    keeps_partial: bool = False
    """Whether partial tiles stay once they are full."""
    entries: list[Logged] = field(default_factory=list)

    def add(self, *names: str, precert: bool = False) -> int:
        """Log a certificate; returns its index."""
        number = len(self.entries)
        made = certificate(*names, serial=number + 1)
        self.entries.append(Logged(names, made, precert, FIRST + timedelta(seconds=number)))
        return number

    def checkpoint(self, size: int | None = None) -> bytes:
        size = len(self.entries) if size is None else size
        root = base64.b64encode(hashlib.sha256(str(size).encode()).digest()).decode()
        return f"log.example/2026h2\n{size}\n{root}\n\n— log.example/2026h2 {root}\n".encode()

    def tell(self, target: str) -> Told:
        parts = urlsplit(target)
        if parts.path == "/checkpoint":
            return 200, {"Content-Type": "text/plain; charset=utf-8"}, self.checkpoint()
        if parts.path == "/ct/v1/get-sth":
            return as_json(
                {
                    "tree_size": len(self.entries),
                    "timestamp": 1,
                    "sha256_root_hash": "",
                    "tree_head_signature": "",
                }
            )
        if parts.path == "/ct/v1/get-entries":
            asked = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
            last = min(asked["end"] + 1, asked["start"] + self.at_most)
            rows = [one.row for one in self.entries[asked["start"] : last]]
            return as_json({"entries": rows}) if rows else (400, {}, b"out of range")
        if parts.path.startswith("/tile/"):
            return self._tile(parts.path.removeprefix("/tile/"))
        return 404, {}, b"not here"

    def _tile(self, path: str) -> Told:
        kind, _, rest = path.partition("/")
        number, _, width = rest.partition(".p/")
        first = int(number.replace("x", "").replace("/", "")) * TILE
        wanted = int(width or TILE)
        here = self.entries[first : first + wanted]
        gone = width and len(self.entries) >= first + TILE and not self.keeps_partial
        if len(here) < wanted or gone or (kind == "names" and not self.names_tiles):
            return 404, {}, b"no such tile"
        body = b"".join(one.names_line if kind == "names" else one.tile_leaf for one in here)
        media = "application/jsonl" if kind == "names" else "application/octet-stream"
        return 200, {"Content-Type": media, "Content-Encoding": "gzip"}, gzip.compress(body, mtime=0)


def as_json(value: object, status: int = 200, **headers: str) -> Told:
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps(value).encode()


@dataclass
class Service:
    """A real HTTP server that tells what a function says, and remembers what it was asked."""

    base: str
    asked: list[str] = field(default_factory=list)
    heard: list[dict[str, str]] = field(default_factory=list)
    """Header fields of each request, names in lower case."""

    def asked_for(self, part: str) -> list[str]:
        return [path for path in self.asked if part in path]


@contextmanager
def serving(tell: Callable[[str], Told]) -> Iterator[Service]:
    """Serve on loopback while the block lasts; robots.txt allows everything."""
    service = Service("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = (200, {}, b"") if self.path == "/robots.txt" else tell(self.path)
            if self.path != "/robots.txt":
                service.asked.append(self.path)
                service.heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
