"""Names out of certificate logs per CPU-second, in every form a log has, beside a full parse by cryptography.

The certificates are made here: about 500 bytes each, smaller than real ones, three names on every one of them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.rows import Row, best, cpu_seconds
from crawlers.adapter import Policy
from crawlers.adapters import rfc6962, static_ct
from crawlers.exchange import Exchange, Request, State
from crawlers.extract.certificates import names_of_certificate
from tests.support.ct_log import FakeLog

TILES = 8
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = Policy("A", "public-page")


def made() -> FakeLog:
    log = FakeLog()
    for number in range(TILES * 256):
        log.add(
            f"shop{number}.example",
            f"www.shop{number}.example",
            f"mail.shop{number}.example",
            precert=number % 2 == 1,
        )
    return log


def full_parse(ders: list[bytes]) -> int:
    """Names by the peer."""
    count = 0
    for der in ders:
        extensions = x509.load_der_x509_certificate(der).extensions
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        count += len(found.get_values_for_type(x509.DNSName))
    return count


def strict_scan(ders: list[bytes]) -> int:
    return sum(len(names_of_certificate(der)) for der in ders)


def answers(log: FakeLog, form: str) -> list[Exchange]:
    """Every answer that holds the whole log in one form."""
    found = []
    for tile in range(TILES):
        rows = log.entries[tile * 256 : tile * 256 + 256]
        state: State = {"next": tile * 256, "size": TILES * 256, "width": 256, "batch": 256}
        match form:
            case "names":
                body = b"".join(one.names_line for one in rows)
            case "data":
                body = b"".join(one.tile_leaf for one in rows)
            case _:
                body = json.dumps({"entries": [one.row for one in rows]}).encode()
        request = Request("https://log.example/", label=form, state=state)
        found.append(Exchange(request, request.url, 200, (), body, NOON, NOON))
    return found


def peer_on(exchanges: list[Exchange], log: FakeLog, form: str) -> int:
    """The peer has no reader of logs: it is given the certificates, and for get-entries the JSON and Base64 too."""
    if form == "entries":
        for one in exchanges:
            for row in json.loads(one.body)["entries"]:
                base64.b64decode(row["leaf_input"])
    return full_parse([one.certificate.public_bytes(Encoding.DER) for one in log.entries])


def per_second(work: Callable[[], int]) -> float:
    names = work()
    return names / best(3, lambda: cpu_seconds(work))


def run() -> list[Row]:
    log = made()
    ders = [one.certificate.public_bytes(Encoding.DER) for one in log.entries]
    peer = "cryptography, full parse"
    rows = [
        Row(
            "Names of certificates, scan alone", "names/CPU-s", per_second(lambda: strict_scan(ders)), peer,
            per_second(lambda: full_parse(ders)), f"CPU; {len(ders[0])}-byte certificates, 3 names each",
        )
    ]  # fmt: skip
    static = static_ct.make("https://log.example", POLICY, {})
    first = rfc6962.make("https://log.example", POLICY, {})
    for form, adapter in (("names", static), ("data", static), ("entries", first)):
        exchanges = answers(log, form)

        def read(
            exchanges: list[Exchange] = exchanges, adapter: static_ct.StaticCt | rfc6962.Rfc6962 = adapter
        ) -> int:
            kept = sum(len(adapter.read(one).listings) for one in exchanges)
            if kept != 2 * len(log.entries):  # www is the same host
                raise AssertionError(f"{kept} listings read")
            return 3 * len(log.entries)

        def parse(exchanges: list[Exchange] = exchanges, form: str = form) -> int:
            return peer_on(exchanges, log, form)

        what = {"names": "names tiles", "data": "data tiles", "entries": "get-entries"}[form]
        rows.append(
            Row(
                f"Names read from {what}, to listings",
                "names/CPU-s",
                per_second(read),
                f"{peer}, names only",
                per_second(parse),
                "CPU",
            )
        )
    return rows
