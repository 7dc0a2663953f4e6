"""What was recorded on the wire reaches the evidence whole, and waits on disk without loss."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import crawlers.exchange as said
from crawlers.exchange import Exchange, Request, Tls, Wire
from evidence_store.exhibit import DnsExchange, WireExchange
from ipguard.capture import wire_exchanges
from ipguard.spool import Spool

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DNS = said.DnsExchange("203.0.113.53", b"\x00question", b"\xffanswer", NOON)
WIRE = Wire(
    b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n\xff", "203.0.113.7", 443, ("203.0.113.7", "2001:db8::7"),
    Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256", (b"leaf", b"top"), False, "http/1.1", "shop.test", "self-signed certificate"),
    (5, 9), "198.51.100.2", 40123, (DNS,), "",
)  # fmt: skip
EXCHANGE = Exchange(
    Request("https://shop.test/"),
    "https://shop.test/",
    200,
    (),
    b"",
    NOON,
    NOON + timedelta(seconds=1),
    "length",
    WIRE,
)


def test_every_field_of_the_wire_reaches_the_evidence():
    (kept,) = wire_exchanges(EXCHANGE)

    assert kept.dns == (DnsExchange("203.0.113.53", b"\x00question", b"\xffanswer", NOON),)
    assert (kept.tls_alpn, kept.tls_sni, kept.tls_error) == (
        "http/1.1",
        "shop.test",
        "self-signed certificate",
    )
    assert (kept.local_address, kept.local_port, kept.tls_verified) == ("198.51.100.2", 40123, False)
    blank = WireExchange("", b"", b"", NOON, NOON, "", 0)
    same = {field.name for field in fields(kept) if getattr(kept, field.name) == getattr(blank, field.name)}
    assert same == {"tls_verified", "own_traffic", "started_at"}


def test_a_redirect_comes_before_what_it_led_to():
    first = replace(EXCHANGE, url="http://shop.test/")
    urls = [one.url for one in wire_exchanges(replace(EXCHANGE, hops=(first,)))]
    assert urls == ["http://shop.test/", "https://shop.test/"]


def test_what_waits_on_disk_comes_back_as_it_was(tmp_path):
    kept = (*wire_exchanges(EXCHANGE), replace(wire_exchanges(EXCHANGE)[0], own_traffic=True, dns=()))
    spool = Spool(tmp_path, 1)
    spool.put("page", kept)
    assert spool.get("page") == kept


def test_what_an_older_version_left_waiting_is_read(tmp_path):
    spool = Spool(tmp_path, 1)
    spool.put("page", wire_exchanges(EXCHANGE))
    (file,) = (tmp_path / "1").iterdir()
    rows = json.loads(file.read_text())
    for name in ("tls_alpn", "tls_sni", "tls_error", "local_address", "local_port", "dns", "own_traffic"):
        del rows[0][name]
    file.write_text(json.dumps(rows))
    (old,) = spool.get("page")
    assert (old.response, old.dns, old.tls_sni, old.local_port) == (WIRE.response, (), "", 0)
