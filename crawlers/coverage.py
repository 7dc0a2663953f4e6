"""How much of what listings could say they did say: counted on every answer, before anything is sifted out. Pure.

A shop that is redesigned seldom breaks a reader; it loses one field. The counts of a run are compared with those of
the runs before it (`ipguard.sources.baseline`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from crawlers.listing import Kind, Listing

Count = tuple[int, int]
"""(listings that say it, listings that could)."""
Coverage = Mapping[str, Count]
Says = Callable[[Listing], bool | None]
"""Whether a listing says it; None where it could not, as no currency without a price."""

OF_GOODS: Mapping[str, Says] = MappingProxyType(
    {
        "title": lambda one: bool(one.title),
        "price": lambda one: one.price is not None,
        "currency": lambda one: bool(one.price.currency) if one.price is not None else None,
        "seller": lambda one: bool(one.seller.id or one.seller.name),
        "pictures": lambda one: bool(one.pictures),
        "description": lambda one: bool(one.description),
        "availability": lambda one: bool(one.availability),
        "condition": lambda one: bool(one.condition),
        "brand": lambda one: bool(one.brand),
        "category": lambda one: bool(one.category),
        "codes": lambda one: bool(one.sku or one.gtin or one.mpn),
    }
)
OF_PLACES: Mapping[str, Says] = MappingProxyType(
    {name: OF_GOODS[name] for name in ("title", "description", "pictures")}
)
OF_REPOSITORIES: Mapping[str, Says] = MappingProxyType(
    {name: OF_GOODS[name] for name in ("title", "description", "seller")}
)
FIELDS: Mapping[Kind, Mapping[str, Says]] = MappingProxyType(
    {
        Kind.OFFER: OF_GOODS,
        Kind.PAGE: OF_PLACES,
        Kind.INVITE: OF_PLACES,
        Kind.SERVER: OF_PLACES,
        Kind.REPOSITORY: OF_REPOSITORIES,
    }
)
"""What a listing of a kind can say. A domain name says itself and nothing else, so it is not counted."""


def coverage_of(listings: Iterable[Listing]) -> dict[str, Count]:
    """Field → count, over these listings."""
    have: dict[str, int] = {}
    of: dict[str, int] = {}
    for one in listings:
        for name, says in FIELDS.get(one.kind, {}).items():
            said = says(one)
            if said is None:
                continue
            of[name] = of.get(name, 0) + 1
            if said:
                have[name] = have.get(name, 0) + 1
    return {name: (have.get(name, 0), total) for name, total in of.items()}


def added(one: Coverage, other: Coverage) -> dict[str, Count]:
    """Both counts together."""
    sums = dict(one)
    for name, (have, of) in other.items():
        before = sums.get(name, (0, 0))
        sums[name] = (before[0] + have, before[1] + of)
    return sums
