"""Everything the matchers say about one listing, added up to one verdict a work; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from crawlers.listing import Kind, Listing
from ipguard.matching.finding import Finding
from ipguard.matching.listed import KINDS, page_of_listing
from ipguard.matching.pages.page import Page
from ipguard.matching.prices import match_price
from ipguard.matching.score import Verdict, verdicts
from ipguard.matching.seen import Pair, Seen
from ipguard.matching.sellers import match_seller
from ipguard.matching.text.matcher import Reading
from ipguard.rights.work import OfficialPrice


class ReadsText(Protocol):
    """Finds watchlist names in the text fields of a listing."""

    def read(self, listings: Sequence[Mapping[str, str]]) -> Sequence[Reading]:
        """Findings in the fields of each listing (title, description, tags, seller), and the limits reached in it."""
        ...


class ReadsDomains(Protocol):
    """Finds watchlist names in domain names."""

    def match_domain(self, name: str) -> Sequence[Finding]:
        """Findings in one name."""
        ...

    def match_domains(self, names: Sequence[str]) -> Sequence[Sequence[Finding]]:
        """Findings in each of many names, in their order."""
        ...


class ReadsPages(Protocol):
    """Finds pages, repositories and invites that offer a work without its owner."""

    def match_page(self, page: Page) -> Sequence[Finding]:
        """What the page offers of which work."""
        ...


class SeesPictures(Protocol):
    """Finds reference pictures in a picture."""

    @property
    def version(self) -> str:
        """Of the matcher."""
        ...

    @property
    def fingerprints(self) -> str:
        """Version of the fingerprints that it makes and reads."""
        ...

    @property
    def references(self) -> Mapping[Pair, int]:
        """(work, SHA-256) → the edition of the watchlist that it came with."""
        ...

    def look(self, data: bytes, sha256: str) -> Seen:
        """What the picture in `data` shows, or why it cannot be read; and its fingerprint."""
        ...

    def compare(
        self, kept: Mapping[str, bytes], only: Collection[Pair] | None = None
    ) -> Mapping[str, tuple[Finding, ...]]:
        """The same for pictures seen before, by their fingerprints, for some references or all.

        Pictures whose fingerprint does not read are left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class PictureSeen:
    """What looking at one picture gave."""

    findings: tuple[Finding, ...] = ()
    skipped: str = ""
    """Why it could not be looked at; empty where it was."""
    text: str = ""
    """What could be read in it; empty where nobody was asked to read."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched for: the matchers over the whole watchlist, and what is official."""

    version: str
    """Changes with the watchlist and with every matcher: same version, same listing, same verdict."""
    text: ReadsText
    pictures: SeesPictures
    domains: ReadsDomains
    pages: ReadsPages
    sellers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Work → official sellers, and those on the list of licensed ones."""
    denied: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Work → sellers on the list of those known to sell copies."""
    prices: Mapping[str, tuple[OfficialPrice, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Work → official prices."""


def judge(watch: Watch, listing: Listing, seen: Iterable[Finding], asked: str) -> list[Verdict]:
    """Verdicts on `listing`, best first; works that nothing points at have none.

    What is judged by which matcher goes by its kind: a domain has a name and nothing else, a page is a private server
    or none however often the work is named on it, and only an offer has pictures, a price and a seller.

    Args:
        watch: what is watched for.
        listing: what the page says.
        seen: findings in its pictures.
        asked: address of the source that was asked.
    """
    if listing.kind is Kind.DOMAIN:
        return verdicts(watch.domains.match_domain(listing.title))
    if listing.kind in KINDS:
        return verdicts(watch.pages.match_page(page_of_listing(listing)))
    (reading,) = watch.text.read([text_fields(listing)])
    findings = [*reading.findings, *seen]
    for work in sorted({finding.work for finding in findings}):
        findings.extend(Finding("text", "", work, 0.0, limit, weak=True) for limit in reading.limits)
        weak = (
            match_price(work, watch.prices.get(work, ()), listing),
            match_seller(work, watch.sellers.get(work, ()), listing, asked, watch.denied.get(work, ())),
        )
        findings.extend(finding for finding in weak if finding is not None)
    return verdicts(findings)


def worth_keeping(watch: Watch, listings: Sequence[Listing]) -> list[Listing]:
    """Those of many listings that are kept at all.

    A log shows thousands of names a minute and a search whatever has a word in it: of domains and repositories only
    those are kept that something points at. Everything else is kept, and judged later with its pictures.
    """
    domains = [one for one in listings if one.kind is Kind.DOMAIN]
    found = watch.domains.match_domains([one.title for one in domains]) if domains else []
    hits = {one.id for one, findings in zip(domains, found, strict=True) if findings}
    return [one for one in listings if _stays(watch, one, hits)]


def _stays(watch: Watch, listing: Listing, hits: set[str]) -> bool:
    if listing.kind is Kind.DOMAIN:
        return listing.id in hits and not _under(listing.id, hits)
    if listing.kind is Kind.REPOSITORY:
        return any(not finding.weak for finding in watch.pages.match_page(page_of_listing(listing)))
    return True


def _under(name: str, hits: set[str]) -> bool:
    """Whether a name lies under another hit: `mail.a.example` says nothing that `a.example` does not."""
    labels = name.split(".")
    return any(".".join(labels[first:]) in hits for first in range(1, len(labels)))


def text_fields(listing: Listing) -> dict[str, str]:
    """The text of a listing by field, as the text matcher reads it; empty fields are left out."""
    fields = {
        "title": listing.title,
        "description": listing.description,
        "tags": "\n".join(listing.tags),
        "seller": listing.seller.name,
    }
    return {name: text for name, text in fields.items() if text}
