"""One small good bundle, and a way to take it apart and put it together again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence_store.bundles.archive import ZipWriter
from evidence_store.bundles.export import BundleSummary, export_bundle
from evidence_store.bundles.story import BundleFile, Order
from evidence_store.digest import sha256
from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from evidence_store.log.cosignature import parse_witness
from evidence_store.log.local_witness import LocalWitness
from evidence_store.log.note import VerifierKey
from evidence_store.log.witness import request_body
from evidence_store.store import EvidenceStore, create_store
from evidence_store.timestamps.local_authority import LocalAuthority

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FOLDER = "CASE-7"
Parts = dict[str, bytes]


def page(url: str) -> Capture:
    request = f"GET {url} HTTP/1.1\r\nHost: moon-harbor.example\r\n\r\n".encode()
    response = (
        b"HTTP/1.1 200 OK\r\ncontent-TYPE:   text/html\r\nX-Odd: caf\xe9\r\nContent-Length: 5\r\n\r\nhello"
    )
    moved = b"HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n"
    at = NOON - timedelta(hours=1)
    exchanges = tuple(
        WireExchange(url, request, answer, at, at, "203.0.113.7", 443, ("203.0.113.7",), tls_version="TLSv1.3",
                     tls_cipher="TLS_AES_128_GCM_SHA256", tls_chain=(b"0leaf",), tls_verified=True)
        for answer in (moved, response)
    )  # fmt: skip
    picture = Artefact("picture-1.jpg", "picture", "image/jpeg", b"\xff\xd8\xff\xe0 not really a picture")
    return Capture(
        url, "Listing flagged as a copy of 星灯", "legal claims", Operator("analyst", "console-session"), exchanges,
        (picture,), ("The second picture did not answer",), {"title": "星灯 <b>T恤</b>", "price": "9.90 USD"},
    )  # fmt: skip


class Neighbour:
    """A witness asked without a network: the same object that serves HTTP elsewhere."""

    name = "neighbour"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._witness = LocalWitness(folder, [], name="neighbour.test/witness", now=lambda: NOON)
        self.key = parse_witness(self._witness.vkey)

    def watch(self, log: VerifierKey) -> None:
        self._witness = LocalWitness(self._folder, [log], name=self.key.name, now=lambda: NOON)

    def cosign(self, checkpoint: bytes, seen: int, prove: Callable[[int], Sequence[bytes]]) -> bytes:
        answer = self._witness.add_checkpoint(request_body(seen, prove(seen) if seen else (), checkpoint))
        assert answer.status == 200, answer.body
        return answer.body


@pytest.fixture(scope="session")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Neighbour:
    """The witness of the exported bundle."""
    return Neighbour(tmp_path_factory.mktemp("witness") / "w")


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, neighbour: Neighbour
) -> tuple[BundleSummary, str, bytes]:
    """(summary, vkey, roots) of a bundle with two exhibits, exported from a store with other things in it."""
    place = tmp_path_factory.mktemp("store")
    create_store(place / "evidence", origin="ipguard.test/log", now=lambda: NOON)
    authority = LocalAuthority(place / "tsa", now=lambda: NOON)
    with EvidenceStore.open(place / "evidence", now=lambda: NOON) as store:
        store.keep([page("https://other.example/")])
        first, second = store.keep(
            [page("https://moon-harbor.example/a"), page("https://moon-harbor.example/b")]
        )
        store.keep([page("https://another.example/")])
        store.rotate_key(why="yearly")
        neighbour.watch(store.vkey)
        summary = export_bundle(
            store, [first.exhibit_id, second.exhibit_id], place / "CASE-7.zip",
            Order("Star Lantern v. Moon Harbor", "CASE-7", "counsel", "for the court", (BundleFile("note.txt", b"x"),)),
            authorities=[authority], witnesses=[neighbour], now=lambda: NOON,
        )  # fmt: skip
        return summary, str(store.vkey), authority.roots


@pytest.fixture(scope="session")
def parts(exported: tuple[BundleSummary, str, bytes]) -> Parts:
    """Every file of the good bundle, by path."""
    with zipfile.ZipFile(exported[0].path) as archive:
        return {info.filename.split("/", 1)[1]: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def pack(tmp_path: Path) -> Callable[[Parts], Path]:
    """Writes files as a bundle, as they are."""

    def write(files: Parts) -> Path:
        buffer = io.BytesIO()
        bag = ZipWriter(buffer, FOLDER)
        for path, data in files.items():
            bag.add(path, data)
        bag.close()
        out = tmp_path / "forged.zip"
        out.write_bytes(buffer.getvalue())
        return out

    return write


def remade(files: Parts) -> Parts:
    """The files with manifests that fit them again, as an honest-looking forger without the key would make them."""
    payload = {p: d for p, d in files.items() if p.startswith("data/")}
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    info = b"".join(
        line if not line.startswith(b"Payload-Oxum") else f"{oxum}\n".encode()
        for line in files["bag-info.txt"].splitlines(keepends=True)
    )
    out = {**files, "bag-info.txt": info, "manifest-sha256.txt": _manifest(payload)}
    tags = {
        p: d
        for p, d in out.items()
        if "/" not in p and p not in ("tagmanifest-sha256.txt", "bundle.dsse.json")
    }
    return {**out, "tagmanifest-sha256.txt": _manifest(tags)}


def _manifest(files: Parts) -> bytes:
    return "".join(f"{sha256(data)}  {path}\n" for path, data in sorted(files.items())).encode()


@pytest.fixture
def remake() -> Callable[[Parts], Parts]:
    """`remaded` as a fixture, so that tests need no import between test files."""
    return remade
