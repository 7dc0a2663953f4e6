"""Captures of invented shops, and a store to keep them in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from evidence_store.store import EvidenceStore, create_store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
REQUEST = b"GET /products/lantern-tee HTTP/1.1\r\nHost: moon-harbor.example\r\nAccept-Encoding: gzip\r\n\r\n"
RESPONSE = (
    b"HTTP/1.1 200 OK\r\ncontent-TYPE:   text/html\r\nX-Odd: caf\xe9\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n"
)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that goes on a second each time it is read."""
    seconds = itertools.count()
    return lambda: NOON + timedelta(seconds=next(seconds))


@pytest.fixture
def capture() -> Callable[..., Capture]:
    """Makes a capture of one page with one picture."""

    def make(url: str = "https://moon-harbor.example/products/lantern-tee", **changes: object) -> Capture:
        exchange = WireExchange(
            url, REQUEST, RESPONSE, NOON, NOON + timedelta(milliseconds=312), "203.0.113.7", 443,
            resolved=("203.0.113.7",), tls_version="TLSv1.3", tls_cipher="TLS_AES_128_GCM_SHA256",
            tls_chain=(b"0\x82leaf", b"0\x82root"), tls_verified=True, monotonic_ns=(10, 20),
        )  # fmt: skip
        values: dict[str, object] = {
            "requested_url": url,
            "purpose": "Listing flagged as a copy of 星灯 (Star Lantern)",
            "legal_basis": "legal claims",
            "operator": Operator("analyst-1", "console-session"),
            "exchanges": (exchange,),
            "artefacts": (Artefact("picture-1.jpg", "picture", "image/jpeg", b"\xff\xd8\xff\xe0 picture"),),
            "about": {"title": "星灯 T恤", "price": "9.90", "currency": "USD"},
        }
        return Capture(**{**values, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def folder(tmp_path: Path, clock) -> Path:
    """A store's folder."""
    create_store(tmp_path / "evidence", origin="ipguard.test/log", now=clock)
    return tmp_path / "evidence"


@pytest.fixture
def store(folder: Path, clock) -> Iterator[EvidenceStore]:
    """An open, empty store."""
    with EvidenceStore.open(folder, now=clock) as opened:
        yield opened
