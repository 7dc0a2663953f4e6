"""Names are asked of the name servers themselves, and what they said is on record; shown with a real DNS server."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.errors import AddressRefused
from crawlers.exchange import Request
from crawlers.fetch.limits import Limits
from crawlers.fetch.names import SystemNames, addresses_in, in_hosts_file, system_servers
from crawlers.fetch.transport import http_transport

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
Spoil = Callable[[bytes], list[bytes]]


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """A DNS server over UDP and TCP on loopback that knows a few records."""

    records: dict[str, list[str]]
    """Lines of a zone by name asked for: "shop.test. 60 IN A 192.0.2.1"."""
    spoil: Spoil = lambda wire: [wire]
    """What goes out over UDP in place of the honest answer."""
    rcode: int = dns.rcode.NOERROR
    asked: list[bytes] = field(default_factory=list)
    port: int = 0
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr) -> None:
        for wire in self.spoil(self.answer(data)):
            self.transport.sendto(wire, addr)

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack(">H", await reader.readexactly(2))
        wire = self.answer(await reader.readexactly(size))
        writer.write(struct.pack(">H", len(wire)) + wire)
        writer.close()

    def answer(self, question: bytes) -> bytes:
        self.asked.append(question)
        query = dns.message.from_wire(question)
        said = dns.message.make_response(query, recursion_available=True)
        name, kind = str(query.question[0].name), query.question[0].rdtype
        if name not in self.records:
            said.set_rcode(dns.rcode.NXDOMAIN)
            return said.to_wire()
        said.set_rcode(self.rcode)
        for line in self.records[name]:
            owner, ttl, _, rdtype, value = line.split()
            if rdtype in ("CNAME", dns.rdatatype.to_text(kind)):
                rrset = said.find_rrset(
                    said.answer, dns.name.from_text(owner), 1, dns.rdatatype.from_text(rdtype), create=True
                )
                rrset.add(dns.rdata.from_text(1, rrset.rdtype, value), int(ttl))
        return said.to_wire(max_size=65535)


@contextlib.asynccontextmanager
async def name_server(records: dict[str, list[str]], **how: object) -> AsyncIterator[NameServer]:
    server = NameServer(records, **how)  # type: ignore[arg-type]
    loop = asyncio.get_running_loop()
    listening = await asyncio.start_server(server.over_tcp, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: server, ("127.0.0.1", server.port))
    try:
        yield server
    finally:
        transport.close()
        listening.close()


async def nothing_known(host: str, port: int) -> list[str]:
    raise AssertionError(f"the operating system was asked for {host}")


def names(*ports: int, system=nothing_known, hosts=None, try_seconds=0.3) -> SystemNames:
    more = {"hosts": hosts} if hosts else {}
    servers = [("127.0.0.1", port) for port in ports]
    return SystemNames(lambda: NOON, servers, system=system, try_seconds=try_seconds, **more)


SHOP = {"shop.test.": ["shop.test. 60 IN A 203.0.113.5", "shop.test. 60 IN AAAA 2001:db8::5"]}


def test_question_and_answer_are_kept_byte_for_byte(run):
    async def go():
        async with name_server(SHOP) as server:
            found = await names(server.port)("Shop.test.", 443)
            assert found.addresses == ("203.0.113.5", "2001:db8::5")
            assert sorted(one.question for one in found.dns) == sorted(server.asked)
            for one in found.dns:
                question, said = dns.message.from_wire(one.question), dns.message.from_wire(one.answer)
                assert question.is_response(said)
                assert next(str(a.address) for a in said.answer[0]) in found.addresses
            assert {(one.server, one.asked_at) for one in found.dns} == {("127.0.0.1", NOON)}
            assert found.note == ""

    run(go())


def test_an_alias_is_followed_to_its_addresses_and_other_names_do_not_count(run):
    chain = [
        "www.shop.test. 60 IN CNAME edge.cdn.test.",
        "edge.cdn.test. 60 IN CNAME pop.cdn.test.",
        "pop.cdn.test. 60 IN A 203.0.113.9",
        "elsewhere.test. 60 IN A 203.0.113.66",
    ]

    async def go():
        async with name_server({"www.shop.test.": chain}) as server:
            assert (await names(server.port)("www.shop.test", 80)).addresses == ("203.0.113.9",)

    run(go())


def test_aliases_in_a_circle_end(run):
    circle = ["a.test. 60 IN CNAME b.test.", "b.test. 60 IN CNAME a.test."]

    async def system(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async def go():
        async with name_server({"a.test.": circle}) as server:
            with pytest.raises(OSError, match="no such name"):
                await names(server.port, system=system)("a.test", 80)

    run(go())


def test_a_name_that_does_not_exist_is_not_asked_elsewhere(run):
    async def go():
        async with name_server({}) as server:
            with pytest.raises(OSError, match="NXDOMAIN"):
                await names(server.port)("nobody.test", 80)
            assert len(server.asked) == 2

    run(go())


def other_id(wire: bytes) -> bytes:
    return bytes([wire[0] ^ 0xFF]) + wire[1:]


def other_question(wire: bytes) -> bytes:
    return wire.replace(b"\x04shop\x04test", b"\x04fake\x04test")


@pytest.mark.parametrize(
    "lie", [other_id, other_question, lambda wire: wire[:20], lambda wire: b"", lambda wire: wire + b"x"]
)
def test_an_answer_that_was_not_asked_for_is_passed_over_for_the_true_one(run, lie):
    def forged(wire: bytes) -> list[bytes]:
        return [lie(wire.replace(bytes([203, 0, 113, 5]), bytes([6, 6, 6, 6]))), wire]

    async def go():
        async with name_server(SHOP, spoil=forged) as server:
            found = await names(server.port)("shop.test", 80)
            assert "203.0.113.5" in found.addresses
            assert "6.6.6.6" not in found.addresses
            assert not any(bytes([6, 6, 6, 6]) in one.answer for one in found.dns)

    run(go())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6))
def test_no_message_however_broken_is_more_than_no_answer(junk, changes):
    query = dns.message.make_query("shop.test.", "A")
    said = dns.message.make_response(query)
    said.answer.append(dns.rrset.from_text("shop.test.", 60, "IN", "CNAME", "a.test."))
    said.answer.append(dns.rrset.from_text("a.test.", 60, "IN", "A", "203.0.113.5"))
    wire = bytearray(said.to_wire() + junk)
    for place, value in changes:
        wire[place % len(wire)] = value
    try:
        found = addresses_in(dns.message.from_wire(bytes(wire), ignore_trailing=True))
    except dns.exception.DNSException:
        return
    assert found is None or all(ipaddress.ip_address(one) for one in found)


def test_a_cut_answer_is_fetched_whole_over_tcp(run):
    many = [f"many.test. 60 IN A 203.0.113.{n}" for n in range(1, 250)]

    def cut(wire: bytes) -> list[bytes]:
        said = dns.message.from_wire(wire)
        said.flags |= dns.flags.TC
        said.answer.clear()
        return [said.to_wire()]

    async def go():
        async with name_server({"many.test.": many}, spoil=cut) as server:
            found = await names(server.port)("many.test", 80)
            assert len(found.addresses) == 32
            assert max(len(one.answer) for one in found.dns) > 3000

    run(go())


def test_another_name_server_is_asked_where_one_cannot_answer(run):
    async def go():
        async with name_server(SHOP, rcode=dns.rcode.SERVFAIL) as lame, name_server(SHOP) as good:
            found = await names(lame.port, good.port)("shop.test", 80)
            assert "203.0.113.5" in found.addresses
            assert len(found.dns) == 4, "the refusals are on record too"

    run(go())


def test_where_no_name_server_answers_the_system_is_asked_and_that_is_said(run):
    asked = []

    async def system(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["203.0.113.5"]

    async def go():
        async with name_server(SHOP, spoil=lambda wire: []) as mute:
            found = await names(mute.port, system=system, try_seconds=0.05)("shop.test", 80)
        assert (found.addresses, found.dns) == (("203.0.113.5",), ())
        assert "not answered by the name servers (127.0.0.1)" in found.note
        assert asked == [("shop.test", 80)]

    run(go())


def test_the_hosts_file_comes_first_and_gives_no_messages(run, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text(
        "# ours\n203.0.113.7  shop.test SHOP.test # the stall\n::1 other.test\nrubbish shop.test\n"
    )

    async def go():
        async with name_server(SHOP) as server:
            found = await names(server.port, hosts=hosts)("Shop.Test", 80)
            assert (found.addresses, found.dns, server.asked) == (("203.0.113.7",), (), [])

    run(go())
    assert in_hosts_file(hosts, "other.test") == ("::1",)
    assert in_hosts_file(tmp_path / "missing", "other.test") == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_an_address_in_any_spelling_asks_nobody(run, written, read):
    assert run(names()(written, 80)).addresses == (read,)


@pytest.mark.parametrize("name", ["a" * 64 + ".test", "a..test", ".".join(["abc"] * 80)])
def test_a_name_that_is_none_is_said_to_be_none(run, name):
    with pytest.raises(OSError, match="is no name"):
        run(names()(name, 80))


def test_one_private_address_in_the_answers_is_enough_to_refuse(run):
    mixed = {"trap.test.": ["trap.test. 60 IN A 93.184.216.34", "trap.test. 60 IN AAAA ::ffff:10.0.0.1"]}

    async def go():
        async with (
            name_server(mixed) as server,
            http_transport(now=lambda: NOON, resolve=names(server.port)) as transport,
        ):
            with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
                await transport.send(Request("http://trap.test/"), (), Limits(1000))

    run(go())


def test_what_is_connected_to_is_what_the_answers_on_record_say(run, server_factory, reply):
    async def go():
        own = {"shop.test.": ["shop.test. 60 IN A 127.0.0.1"]}
        async with (
            name_server(own) as dns_server,
            server_factory() as server,
            http_transport(
                now=lambda: NOON, resolve=names(dns_server.port), local_hosts=frozenset({"shop.test"})
            ) as transport,
        ):
            server.says("/", reply(b"x"))
            found = await transport.send(Request(f"http://shop.test:{server.port}/"), (), Limits(1000))
        wire = found.wire
        said = [dns.message.from_wire(one.answer) for one in wire.dns]
        assert wire.address in {str(a.address) for one in said for rrset in one.answer for a in rrset}
        assert wire.resolved == ("127.0.0.1",)
        assert (wire.local_address, wire.local_port > 0) == ("127.0.0.1", True)

    run(go())


def test_the_name_servers_of_this_machine_are_addresses():
    assert all(port == 53 and address for address, port in system_servers())
