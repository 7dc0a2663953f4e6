"""What DNS says about a name: addresses, name servers, mail servers, with every message kept (RFC 1035 §4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from crawlers.exchange import DnsExchange
from crawlers.fetch.names import PAYLOAD_BYTES, TRY_SECONDS, Server, exchange_messages, system_servers

TYPES = ("A", "AAAA", "NS", "MX")
MAX_RECORDS = 32
"""Taken from one answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record about the name that was asked for, or about a name it is an alias of."""

    type: str
    """A, AAAA, NS, MX or CNAME."""
    value: str
    """As in a zone file, names without their last dot."""


@dataclass(frozen=True, slots=True)
class Records:
    """What the name servers said about one name."""

    name: str
    records: tuple[Record, ...] = ()
    messages: tuple[DnsExchange, ...] = ()
    outcome: str = ""
    """NOERROR, NXDOMAIN, …: what the last answer said (RFC 6895 §2.3); empty where nobody answered."""
    note: str = ""
    """In words, what was not answered."""


class DnsRecords:
    """Asks the name servers of this system, one question a type."""

    def __init__(
        self,
        now: Callable[[], datetime],
        servers: Sequence[Server] | None = None,
        *,
        try_seconds: float = TRY_SECONDS,
    ) -> None:
        self._now, self._try_seconds = now, try_seconds
        self._servers = system_servers() if servers is None else tuple(servers)

    async def look_up(self, name: str) -> Records:
        """Every record of TYPES; never raises for what a name server does."""
        try:
            asked = dns.name.from_text(f"{name}.")
        except dns.exception.DNSException as error:
            return Records(name, note=f"It is no name that can be asked for: {error}.")
        records: list[Record] = []
        messages: list[DnsExchange] = []
        silent: list[str] = []
        outcome = ""
        for kind in TYPES:
            answer = await self._ask(asked, kind, messages)
            if answer is None:
                silent.append(kind)
                continue
            outcome = dns.rcode.to_text(answer.rcode())
            records.extend(records_in(answer))
            if answer.rcode() == dns.rcode.NXDOMAIN:  # then it has records of no type (RFC 8020)
                break
        note = f"Not answered: {', '.join(silent)}." if silent else ""
        return Records(name, tuple(dict.fromkeys(records)), tuple(messages), outcome, note)

    async def _ask(
        self, name: dns.name.Name, kind: str, messages: list[DnsExchange]
    ) -> dns.message.Message | None:
        """The first usable answer; what was said is added to `messages`."""
        for server in self._servers:
            query = dns.message.make_query(
                name, dns.rdatatype.from_text(kind), use_edns=0, payload=PAYLOAD_BYTES
            )
            question, asked_at = query.to_wire(), self._now()
            answer = await exchange_messages(query, server, self._try_seconds)
            if answer is None or answer.wire is None:
                continue
            messages.append(DnsExchange(server[0], question, answer.wire, asked_at))
            if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return answer
        return None


def records_in(answer: dns.message.Message) -> list[Record]:
    """Records of the name that was asked for and of its aliases; those of other names do not count (RFC 5452 §6)."""
    if not isinstance(answer, dns.message.QueryMessage):
        return []
    try:
        chain = answer.resolve_chaining()
    except dns.exception.DNSException:
        return []
    found = [Record("CNAME", _told(one.target)) for alias in chain.cnames for one in alias]
    if chain.answer is not None:
        kind = dns.rdatatype.to_text(chain.answer.rdtype)
        found += [Record(kind, _told(one)) for one in chain.answer]
    return found[:MAX_RECORDS]


def _told(value: object) -> str:
    return str(value).removesuffix(".")
