"""Names to addresses, with the DNS messages that said so kept as they stood on the wire (RFC 1035 §4).

The name servers of the system are asked directly, so that what is connected to is what the answers on record say. The
hosts file comes first, as everywhere. Where no name server answers, the operating system is asked, and that is said.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, zip_longest
from pathlib import Path
from typing import Protocol

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from crawlers.exchange import DnsExchange

TRY_SECONDS = 1.5
"""One server is given this long for one question, and as long again over TCP."""
LIFETIME_SECONDS = 5.0
"""All servers and rounds for one name: the ten seconds for connecting must leave room for the operating system."""
ROUNDS = 2
MAX_SERVERS = 3
"""resolv.conf(5), MAXNS."""
PAYLOAD_BYTES = 1232
"""EDNS buffer size (RFC 6891 §6.2.3) that passes unfragmented nearly everywhere; longer answers come over TCP."""
MAX_FOUND = 32
"""Addresses taken from one answer."""
MAX_HOSTS_BYTES = 1_000_000
HOSTS = Path("/etc/hosts")

Server = tuple[str, int]
"""Address and port of a name server."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name led to, and how that is known."""

    addresses: tuple[str, ...]
    dns: tuple[DnsExchange, ...] = ()
    """Every question and answer; empty for literal addresses, the hosts file and the operating system."""
    note: str = ""
    """In words, where the addresses do not come from messages on record though they could have."""


class Resolver(Protocol):
    """Finds the addresses of a name."""

    async def __call__(self, host: str, port: int) -> Resolved:
        """Every address, IPv4 and IPv6; raises OSError where there is none."""
        ...


AskSystem = Callable[[str, int], Awaitable[Sequence[str]]]


async def ask_system(host: str, port: int) -> Sequence[str]:
    """Ask the operating system (getaddrinfo)."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def system_servers() -> tuple[Server, ...]:
    """The name servers that this machine is set up with; none where it has none."""
    try:
        known = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple((text, 53) for text in map(str, known) if _literal(text.split("%")[0]))[:MAX_SERVERS]


class SystemNames:
    """A Resolver that asks as this machine is set up, and keeps what was said."""

    def __init__(
        self,
        now: Callable[[], datetime],
        servers: Sequence[Server] | None = None,
        *,
        hosts: Path = HOSTS,
        system: AskSystem = ask_system,
        try_seconds: float = TRY_SECONDS,
    ) -> None:
        self._now, self._hosts, self._system, self._try_seconds = now, hosts, system, try_seconds
        self._servers = system_servers() if servers is None else tuple(servers)

    async def __call__(self, host: str, port: int) -> Resolved:
        """Every address of a name, IPv4 and IPv6 by turns.

        Raises:
            OSError: there is no such name, or it has no address.
        """
        name = host.rstrip(".").lower()
        if literal := _literal(name):
            return Resolved((literal,))
        if own := in_hosts_file(self._hosts, name):
            return Resolved(own)
        if "." not in name or name.endswith(".local"):  # search lists and RFC 6762: not for a name server
            return await self._from_system(name, port, "is a name of this network only")
        return await self._from_servers(name, port)

    async def _from_servers(self, name: str, port: int) -> Resolved:
        try:
            asked = dns.name.from_text(name + ".")
        except dns.exception.DNSException as error:
            raise OSError(f"{name[:80]} is no name: {error}") from error
        deadline = asyncio.get_running_loop().time() + LIFETIME_SECONDS
        types = (dns.rdatatype.A, dns.rdatatype.AAAA)
        said = await asyncio.gather(*(self._ask(asked, kind, deadline) for kind in types))
        found = [answer.addresses for answer in said]
        addresses = [one for pair in zip_longest(*found) for one in pair if one]  # by turns (RFC 8305 §4)
        silent = [answer for answer in said if not answer.usable]
        if not addresses and silent:
            words = f"was not answered by the name servers ({', '.join(one for one, _ in self._servers) or 'none'})"
            return await self._from_system(name, port, words)
        if not addresses:
            raise OSError(f"{name} has no address: the name servers say {said[0].outcome}")
        note = f"{name}: one of the two questions for its addresses was not answered." if silent else ""
        messages = tuple(chain.from_iterable(answer.messages for answer in said))
        return Resolved(tuple(dict.fromkeys(addresses)), messages, note)

    async def _from_system(self, name: str, port: int, why: str) -> Resolved:
        addresses = tuple(await self._system(name, port))
        return Resolved(addresses, (), f"{name} {why}; its addresses come from the operating system.")

    async def _ask(self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: float) -> _Said:
        """Ask server after server until one gives a usable answer."""
        messages: list[DnsExchange] = []
        for server in self._servers * ROUNDS:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            query = dns.message.make_query(name, kind, use_edns=0, payload=PAYLOAD_BYTES)
            question, asked_at = query.to_wire(), self._now()
            answer = await exchange_messages(query, server, min(left, self._try_seconds))
            if answer is None or answer.wire is None:
                continue
            messages.append(DnsExchange(server[0], question, answer.wire, asked_at))
            if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                continue  # another server may be able to
            addresses = addresses_in(answer)
            if addresses is not None:
                return _Said(True, addresses, tuple(messages), dns.rcode.to_text(answer.rcode()))
        return _Said(False, (), tuple(messages), "nothing")


@dataclass(frozen=True, slots=True)
class _Said:
    usable: bool
    addresses: tuple[str, ...]
    messages: tuple[DnsExchange, ...]
    outcome: str


async def exchange_messages(
    query: dns.message.Message, server: Server, seconds: float
) -> dns.message.Message | None:
    """One answer to this very question (id, question and sender agree; RFC 5452 §9.1), or None."""
    try:
        async with asyncio.timeout(2 * seconds):
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, server[0], timeout=seconds, port=server[1], ignore_unexpected=True, ignore_errors=True
            )
    except (dns.exception.DNSException, OSError, EOFError):
        return None
    return answer


def addresses_in(answer: dns.message.Message) -> tuple[str, ...] | None:
    """The addresses that an answer gives for the name it was asked for, along its aliases; None where it is broken.

    Records of other names in the answer do not count (RFC 5452 §6).
    """
    if not isinstance(answer, dns.message.QueryMessage):
        return None
    try:
        found = answer.resolve_chaining().answer
    except dns.exception.DNSException:
        return None
    if found is None:
        return ()
    if found.rdtype not in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return None
    return tuple(str(record.address) for record in found)[:MAX_FOUND]


def in_hosts_file(path: Path, name: str) -> tuple[str, ...]:
    """The addresses that the hosts file gives for a name (hosts(5)); none where it is not in there."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_HOSTS_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    lines: Iterable[list[str]] = (line.split("#")[0].split() for line in text.splitlines())
    found = (words[0] for words in lines if name in (word.lower() for word in words[1:]))
    return tuple(dict.fromkeys(address for text in found if (address := _literal(text))))


def _literal(text: str) -> str:
    """An address in its usual spelling, whatever way of writing it inet_aton knows; empty where it is a name."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(text)) if text[:1].isdigit() and " " not in text else ""
    except OSError:
        return ""
