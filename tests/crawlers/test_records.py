"""What DNS says about a name is told as records, with every message kept; shown with a real name server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import dns.message
from dns_zone import zone

from crawlers.fetch.records import DnsRecords, Record

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHOP = {
    "lantern-shop.example": [
        "60 IN A 203.0.113.5",
        "60 IN AAAA 2001:db8::5",
        "60 IN NS ns1.host.example.",
        "60 IN MX 10 mail.host.example.",
    ],
    "parked.example": [],
}


def looked_up(name: str, *ports: int):
    servers = [("127.0.0.1", port) for port in ports]
    return asyncio.run(DnsRecords(lambda: NOON, servers, try_seconds=0.3).look_up(name))


def test_addresses_name_servers_and_mail_servers_are_records_and_messages():
    with zone(SHOP) as server:
        found = looked_up("lantern-shop.example", server.port)

    assert found.records == (
        Record("A", "203.0.113.5"),
        Record("AAAA", "2001:db8::5"),
        Record("NS", "ns1.host.example"),
        Record("MX", "10 mail.host.example"),
    )
    assert (found.outcome, found.note) == ("NOERROR", "")
    assert [dns.message.from_wire(one.answer).question[0].rdtype.name for one in found.messages] == [
        "A",
        "AAAA",
        "NS",
        "MX",
    ]


def test_a_name_that_does_not_exist_is_asked_for_once():
    with zone(SHOP) as server:
        found = looked_up("gone.example", server.port)
        assert server.asked == [("gone.example", "A")]
    assert (found.records, found.outcome, len(found.messages)) == ((), "NXDOMAIN", 1)


def test_a_name_without_records_exists():
    with zone(SHOP) as server:
        found = looked_up("parked.example", server.port)
    assert (found.records, found.outcome, found.note) == ((), "NOERROR", "")


def test_what_was_not_answered_is_said():
    with zone(SHOP, silent=["MX"]) as server:
        found = looked_up("lantern-shop.example", server.port)
    assert found.note == "Not answered: MX."
    assert [record.type for record in found.records] == ["A", "AAAA", "NS"]


def test_the_next_name_server_is_asked_where_one_is_silent():
    with zone({}, silent=["A", "AAAA", "NS", "MX"]) as dead, zone(SHOP) as server:
        found = looked_up("lantern-shop.example", dead.port, server.port)
    assert len(found.records) == 4


def test_what_is_no_name_is_asked_of_nobody():
    with zone(SHOP) as server:
        found = looked_up("a" * 64 + ".example", server.port)
        assert server.asked == []
    assert "no name" in found.note
