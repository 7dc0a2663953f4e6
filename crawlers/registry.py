"""Adapters by name: the built-in ones, and those of other packages, loaded only when a source names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from crawlers.adapter import Adapter, Policy
from crawlers.adapters import schema_org, shopify
from crawlers.errors import BadSource
from crawlers.exchange import Exchange

GROUP = "ipguard.adapters"
"""Entry point group of third-party adapters: each a function (base_url, policy, options) -> Adapter."""

Make = Callable[[str, Policy, Mapping[str, object]], Adapter]

BUILT_IN: Mapping[str, Make] = {"shopify": shopify.make, "schema-org": schema_org.make}


def build_adapter(
    kind: str, base_url: str, options: Mapping[str, object], *, min_gap_seconds: float
) -> Adapter:
    """The adapter a source names.

    Raises:
        BadSource: there is none of that name, or another package's does not load.
    """
    policy = Policy(access="A", basis="public-page", min_gap_seconds=min_gap_seconds)
    make = BUILT_IN.get(kind) or _third_party(kind)
    return make(base_url, policy, options)


def known_adapters() -> tuple[str, ...]:
    """Names that `build_adapter` knows."""
    return (*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP)))


def recognise(exchange: Exchange) -> str:
    """Which adapter reads the shop that answered `/products.json?limit=1`: pure, from the answer alone."""
    page = shopify.make(exchange.url, Policy("A", "public-page"), {}).read(exchange)
    return "shopify" if exchange.status == 200 and page.listings else "schema-org"


def probe_url(base_url: str) -> str:
    """The address whose answer `recognise` reads."""
    return f"{shopify.make(base_url, Policy('A', 'public-page'), {}).base}/products.json?limit=1"


def _third_party(kind: str) -> Make:
    for point in entry_points(group=GROUP):
        if point.name == kind:
            try:
                loaded: Make = point.load()
            except Exception as error:
                raise BadSource(f"The adapter “{kind}” of {point.value} does not load: {error}") from error
            return loaded
    raise BadSource(
        f"There is no adapter “{kind}”",
        hint=f"Known: {', '.join(known_adapters())}. Others come as packages.",
    )
