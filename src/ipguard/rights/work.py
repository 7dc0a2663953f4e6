"""A work and what belongs to it, as a person writes it in a watchlist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path


class NameKind(StrEnum):
    """What a name is to its work."""

    TITLE = "title"
    ALIAS = "alias"
    CHARACTER = "character"
    SLANG = "slang"
    ABBREVIATION = "abbreviation"


class RightKind(StrEnum):
    """Kind of right that protects a work."""

    COPYRIGHT = "copyright"
    TRADEMARK = "trademark"
    DESIGN = "design"


@dataclass(frozen=True, slots=True)
class Name:
    """One way a work is written. Matching folds it; here it stands as its owner writes it."""

    text: str
    language: str
    """BCP 47."""
    kind: NameKind = NameKind.TITLE
    needs_context: bool = False
    """True: counts only next to merchandise, fandom or piracy words, or when obfuscated."""
    required: tuple[str, ...] = ()
    """Words that must all stand in the listing for the name to count."""
    any_of: tuple[str, ...] = ()
    """Words of which one must stand in the listing."""
    none_of: tuple[str, ...] = ()
    """Words that rule the name out."""


@dataclass(frozen=True, slots=True)
class Right:
    """A registration or a claim of protection in one territory."""

    kind: RightKind
    territory: str
    """ISO 3166-1 alpha-2, or EU, WO."""
    number: str
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class OfficialPrice:
    """What the genuine article costs, for a kind of product."""

    product: str
    amount: Decimal
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something owned that is copied."""

    id: str
    title: str
    owner: str
    names: tuple[Name, ...] = ()
    rights: tuple[Right, ...] = ()
    pictures: tuple[Path, ...] = ()
    """Reference pictures, absolute paths, each checked to exist when the watchlist was read."""
    official_sellers: tuple[str, ...] = ()
    official_prices: tuple[OfficialPrice, ...] = ()
    official_domains: tuple[str, ...] = ()
    """Domain names of the owner; they and everything under them are never found."""


@dataclass(frozen=True, slots=True)
class Watchlist:
    """All works of one watchlist file."""

    source: Path
    works: tuple[Work, ...]
