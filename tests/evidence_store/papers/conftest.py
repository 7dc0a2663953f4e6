"""A story with everything that papers have trouble with: long addresses, scripts, tall and broken pictures."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from evidence_store.bundles.export import tell
from evidence_store.bundles.story import Order, Story
from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from evidence_store.store import EvidenceStore, create_store
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.timestamps.stamping import stamp_checkpoint

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://moon-harbor.example/products/lantern-tee?variant=1234567890&utm_campaign=" + "a" * 120
FINAL = "https://moon-harbor.example/p/lantern"


def drawn(width: int, height: int) -> bytes:
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    for top in range(0, height, 100):
        pen.rectangle((20, top + 10, width - 20, top + 60), fill=((top // 7) % 255, 120, (top // 3) % 255))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def page() -> Capture:
    def exchange(url: str, response: bytes) -> WireExchange:
        return WireExchange(
            url, b"GET / HTTP/1.1\r\n\r\n", response, NOON, NOON, "203.0.113.7", 443,
            tls_version="TLSv1.3", tls_cipher="TLS_AES_128_GCM_SHA256", tls_verified=True, tls_chain=(b"0leaf",),
        )  # fmt: skip

    why = {"en": "The name 星灯 stands in the title.", "zh": "标题含有名称“星灯”。"}
    analysis = json.dumps([{"findings": [{"why": why}]}], ensure_ascii=False).encode()
    return Capture(
        URL,
        "Listing flagged as a copy of 星灯 (Star Lantern)",
        "Legitimate interest: legal claims",
        Operator("analyst-1", "console-session"),
        (
            exchange(URL, b"HTTP/1.1 302 Found\r\nLocation: /p/lantern\r\n\r\n"),
            exchange(FINAL, b"HTTP/1.1 200 OK\r\n\r\nhello"),
        ),
        (
            Artefact("screenshot.png", "screenshot", "image/png", drawn(1280, 4000)),
            Artefact("broken.jpg", "picture", "image/jpeg", b"\xff\xd8 not a picture"),
            Artefact("findings.json", "analysis", "application/json", analysis),
        ),
        ("The second picture did not answer",),
        {"title": "星灯 T恤 ランタン 한국어 <b>bold</b> #let x = 1 \u202e evil สวัสดี", "price": "9.90 USD"},
    )


@pytest.fixture(scope="session")
def story_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Story]:
    """The same story in any language; the store stays open as long as the tests run."""
    place = tmp_path_factory.mktemp("papers")
    create_store(place / "e", origin="ipguard.test/log", now=lambda: NOON)
    store = EvidenceStore.open(place / "e", now=lambda: NOON)
    ids = [receipt.exhibit_id for receipt in store.keep([page(), page()])]
    store.custody_of_all(ids, kind="exported", who="counsel", why="for the court")
    store.checkpoint()
    stamp_checkpoint(store, [LocalAuthority(Path(place / "tsa"), now=lambda: NOON)])
    order = Order(
        "星灯 Star Lantern v. <i>Moon Harbor</i>", "CASE-0007", "counsel", "for the court",
        organisation="Example Animation Co.", time_zone="Asia/Shanghai",
    )  # fmt: skip

    def make(language: str) -> Story:
        return tell(
            store, ids, replace(order, language=language), store.checkpoint(), NOON.replace(microsecond=7)
        )

    return make
