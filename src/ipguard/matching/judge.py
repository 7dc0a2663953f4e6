"""Everything the matchers say about one listing, added up to one verdict a work; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from crawlers.listing import Listing
from ipguard.matching.finding import Finding
from ipguard.matching.prices import match_price
from ipguard.matching.score import Verdict, verdicts
from ipguard.matching.seen import Pair, Seen
from ipguard.matching.sellers import match_seller
from ipguard.rights.work import OfficialPrice


class ReadsText(Protocol):
    """Finds watchlist names in the text fields of a listing."""

    def match_listing(self, fields: Mapping[str, str]) -> Sequence[Finding]:
        """Findings in `fields` (title, description, tags, seller), each with its place."""
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
    sellers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Work → official sellers."""
    prices: Mapping[str, tuple[OfficialPrice, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Work → official prices."""


def judge(watch: Watch, listing: Listing, seen: Iterable[Finding], asked: str) -> list[Verdict]:
    """Verdicts on `listing`, best first; works that nothing points at have none.

    Args:
        watch: what is watched for.
        listing: what the page says.
        seen: findings in its pictures.
        asked: address of the source that was asked.
    """
    findings = [*watch.text.match_listing(text_fields(listing)), *seen]
    for work in sorted({finding.work for finding in findings}):
        weak = (
            match_price(work, watch.prices.get(work, ()), listing),
            match_seller(work, watch.sellers.get(work, ()), listing, asked),
        )
        findings.extend(finding for finding in weak if finding is not None)
    return verdicts(findings)


def text_fields(listing: Listing) -> dict[str, str]:
    """The text of a listing by field, as the text matcher reads it; empty fields are left out."""
    fields = {
        "title": listing.title,
        "description": listing.description,
        "tags": "\n".join(listing.tags),
        "seller": listing.seller.name,
    }
    return {name: text for name, text in fields.items() if text}
