"""A name server on loopback with a zone of its own, on a thread, for tests that run whole processes."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class Zone:
    """Where it listens, and which (name, type) it was asked for."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        return {name for name, _ in self.asked}


@contextmanager
def zone(records: Mapping[str, Sequence[str]], *, silent: Sequence[str] = ()) -> Iterator[Zone]:
    """Serve lines like "60 IN MX 10 mail.shop.example." by name; types in `silent` are never answered."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            query = dns.message.from_wire(data)
            name, kind = (
                str(query.question[0].name).rstrip("."),
                dns.rdatatype.to_text(query.question[0].rdtype),
            )
            served.asked.append((name, kind))
            if kind in silent:
                return
            said = dns.message.make_response(query, recursion_available=True)
            if name not in records:
                said.set_rcode(dns.rcode.NXDOMAIN)
            for line in records.get(name, ()):
                ttl, _, rdtype, value = line.split(maxsplit=3)
                if rdtype == kind:
                    said.answer.append(
                        dns.rrset.from_text(query.question[0].name, int(ttl), "IN", rdtype, value)
                    )
            sock.sendto(said.to_wire(), self.client_address)

    server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Zone(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
