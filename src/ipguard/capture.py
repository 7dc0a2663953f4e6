"""From an alert to an exhibit: what was said on the wire, the pictures, and why it was flagged.

The second place (beside `sweep`) where crawling and evidence meet. Building a capture is pure; asking a
shop once more, on a case's order, is `recapture`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import crawlers.exchange
from crawlers.exchange import Exchange
from evidence_store.exhibit import Artefact, Capture, DnsExchange, JsonValue, Operator, WireExchange
from ipguard.alerts.findings import finding_json
from ipguard.errors import IpguardError
from ipguard.listings.tables import ListingRow, LookupRow
from ipguard.matching.finding import Finding, PicturePlace, TextPlace
from ipguard.matching.images.formats import kind_of
from ipguard.matching.reasons import LANGUAGES, render
from ipguard.matching.score import Verdict

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/gif": "gif",
        "image/webp": "webp",
        "image/avif": "avif",
        "image/bmp": "bmp",
        "image/tiff": "tif",
        "image/heic": "heic",
        "image/svg+xml": "svg",
    }
)


class Pictures(Protocol):
    """Pictures by content."""

    def put(self, data: bytes) -> str:
        """Keep bytes; returns their SHA-256 (hex)."""
        ...

    def get(self, sha256: str) -> bytes:
        """Bytes that were kept; WrongUse where they are not there."""
        ...


class Drawer(Protocol):
    """Draws the matched place."""

    def draw(self, picture: bytes, reference: bytes, place: PicturePlace) -> Mapping[str, bytes]:
        """View → JPEG: the region outlined beside the reference, the agreeing points, one laid over the other."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What an exhibit is about."""

    listing: ListingRow
    verdicts: Sequence[Verdict]
    exchanges: tuple[WireExchange, ...]
    """The page or feed that said it, and the pictures, each with its redirects."""
    about: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))
    """More to be put on record: run, case."""
    failures: tuple[str, ...] = ()
    lookups: Sequence[LookupRow] = ()
    """What a registry and name servers say about it."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """What every capture of one run or case has in common."""

    pictures: Pictures
    drawer: Drawer
    operator: Operator
    legal_basis: str

    def capture(self, subject: Subject, purpose: str) -> Capture:
        """One exhibit: wire bytes, matched pictures beside references, and the findings as a file."""
        findings = [finding for verdict in subject.verdicts for finding in verdict.findings]
        artefacts, failures = self._pictures(findings)
        return Capture(
            requested_url=subject.listing.url,
            purpose=purpose,
            legal_basis=self.legal_basis,
            operator=self.operator,
            exchanges=subject.exchanges,
            artefacts=(_findings_file(subject), *_lookups_file(subject), *artefacts),
            failures=(*subject.failures, *failures),
            about={**_about(subject), **subject.about},
        )

    def _pictures(self, findings: Sequence[Finding]) -> tuple[list[Artefact], list[str]]:
        """Each picture with a match or a name in it and each reference once, each match drawn once."""
        places = [finding.place for finding in findings if isinstance(finding.place, PicturePlace)]
        artefacts: dict[str, Artefact] = {}
        failures: list[str] = []
        for number, place in enumerate(dict.fromkeys(places), 1):
            try:
                picture, reference = self.pictures.get(place.picture), self.pictures.get(place.reference)
                views = self.drawer.draw(picture, reference, place)
            except IpguardError as error:
                failures.append(f"Match {number} could not be drawn: {error}")
                continue
            for role, data in (("picture", picture), ("reference", reference)):
                artefact = picture_artefact(role, data)
                artefacts[artefact.name] = artefact
            for view, drawn in views.items():
                name = f"overlay-{number}-{view}.jpg"
                artefacts[name] = Artefact(name, "overlay", "image/jpeg", drawn)
        for sha256 in sorted({f.place.picture for f in findings if isinstance(f.place, TextPlace)} - {""}):
            try:
                artefact = picture_artefact("picture", self.pictures.get(sha256))
            except IpguardError as error:
                failures.append(f"A picture with a name in it could not be kept: {error}")
                continue
            artefacts[artefact.name] = artefact
        return list(artefacts.values()), failures


def wire_exchanges(exchange: Exchange) -> tuple[WireExchange, ...]:
    """An exchange and its redirects as they stood on the wire, oldest first; replayed ones have no wire."""
    return tuple(_wire(hop) for hop in (*exchange.hops, exchange) if hop.wire is not None)


def dns_exchanges(messages: Iterable[crawlers.exchange.DnsExchange]) -> tuple[DnsExchange, ...]:
    """DNS messages as the evidence store takes them."""
    return tuple(DnsExchange(one.server, one.question, one.answer, one.asked_at) for one in messages)


def picture_artefact(role: str, data: bytes) -> Artefact:
    """A picture file, named by its content so that the same one is never there twice."""
    media_type = sniffed(data)
    name = f"{role}-{hashlib.sha256(data).hexdigest()[:16]}.{EXTENSIONS.get(media_type, 'bin')}"
    return Artefact(name, role, media_type, data)


def sniffed(data: bytes) -> str:
    """Media type by the first bytes, never by what a server claims."""
    return kind_of(data).media_type


def _wire(exchange: Exchange) -> WireExchange:
    wire = exchange.wire
    if wire is None:
        raise ValueError("an exchange without wire bytes is no evidence")
    tls = wire.tls
    return WireExchange(
        url=exchange.url,
        request=wire.request,
        response=wire.response,
        started_at=exchange.started_at,
        ended_at=exchange.ended_at,
        address=wire.address,
        port=wire.port,
        resolved=wire.resolved,
        truncated=exchange.truncated,
        tls_version=tls.version if tls else "",
        tls_cipher=tls.cipher if tls else "",
        tls_chain=tls.chain if tls else (),
        tls_verified=tls.verified if tls else False,
        monotonic_ns=wire.monotonic_ns,
        tls_alpn=tls.alpn if tls else "",
        tls_sni=tls.sni if tls else "",
        tls_error=tls.error if tls else "",
        local_address=wire.local_address,
        local_port=wire.local_port,
        dns=dns_exchanges(wire.dns),
    )


def _findings_file(subject: Subject) -> Artefact:
    """Why it was flagged, with every reason in every language, as the matchers of that day computed it."""
    verdicts = [
        {
            "work": verdict.work,
            "match": verdict.match,
            "score": verdict.score,
            "score_version": verdict.version,
            "findings": [
                {**finding_json(f), "why": {code: render(f.reason, code) for code in LANGUAGES}}
                for f in verdict.findings
            ],
        }
        for verdict in subject.verdicts
    ]
    text = json.dumps(verdicts, ensure_ascii=False, indent=1, sort_keys=True)
    return Artefact("findings.json", "analysis", "application/json", text.encode())


def _lookups_file(subject: Subject) -> tuple[Artefact, ...]:
    """What others said about it, when, and in which words; none where nobody was asked."""
    if not subject.lookups:
        return ()
    told = [
        {
            "kind": row.kind,
            "asked_at": row.asked_at.isoformat(),
            "outcome": row.outcome,
            "note": row.note,
            "facts": row.facts,
        }
        for row in subject.lookups
    ]
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    return (Artefact("lookups.json", "analysis", "application/json", text.encode()),)


def _about(subject: Subject) -> dict[str, JsonValue]:
    listing = subject.listing
    return {
        "listing": {
            "source": listing.source_id,
            "key": listing.key,
            "kind": listing.kind,
            "version": listing.version,
            "url": listing.url,
            "title": listing.title,
            "price": listing.price_amount,
            "currency": listing.currency,
            "seller": listing.seller_name,
            "read_by": listing.read_by,
            "digest": listing.digest,
        },
        "works": [verdict.work for verdict in subject.verdicts],
        "scores": [f"{verdict.score:.4f}" for verdict in subject.verdicts],
    }
