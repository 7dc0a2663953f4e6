"""Adapters by name: the built-in ones, and those of other packages, loaded only when a source names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from crawlers.adapter import Adapter, Policy
from crawlers.adapters import discord, github, rdap, rfc6962, schema_org, shopify, static_ct, top_list
from crawlers.errors import BadSource
from crawlers.exchange import Exchange
from crawlers.extract.transparency import BadEntry, checkpoint_size

GROUP = "ipguard.adapters"
"""Entry point group of third-party adapters: each a function (base_url, policy, options) -> Adapter."""

Make = Callable[[str, Policy, Mapping[str, object]], Adapter]

BUILT_IN: Mapping[str, Make] = {
    "shopify": shopify.make,
    "schema-org": schema_org.make,
    "static-ct": static_ct.make,
    "rfc6962": rfc6962.make,
    "rdap": rdap.make,
    "github": github.make,
    "discord": discord.make,
    "top-list": top_list.make,
}
NEEDS_QUERY = frozenset({"rdap", "github", "discord"})
"""Adapters that show nothing unless they are told what to ask for."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A source in short: `ct:https://log.example/2026h2`, `github:star lantern server`, `discord:CODE`."""

    base_url: str
    adapter: str = ""
    """Empty: found out by asking."""
    query: str = ""
    way: str = ""
    """What stood before the colon; empty for a plain address."""

    @property
    def name(self) -> str:
        """A short name made of the words; empty where the host makes a better one."""
        words = re.sub(r"[^a-z0-9]+", "-", self.query.lower()).strip("-")
        return f"{self.way}-{words}"[:64].strip("-") if self.way and words else self.way if self.query else ""


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


def spelled(text: str) -> Spelled:
    """What somebody means who writes a source in short; a plain address is itself."""
    way, _, rest = text.partition(":")
    match way.lower():
        case "ct":
            return Spelled(rest, way="ct")
        case "toplist":
            return Spelled(rest, "top-list", way="toplist")
        case "github":
            return Spelled("https://api.github.com", "github", rest.strip(), "github")
        case "discord":
            return Spelled("https://discord.com/api/v10", "discord", rest.strip(), "discord")
        case _:
            return Spelled(text)


def log_probe_url(base_url: str) -> str:
    """The address whose answer `recognise_log` reads."""
    return f"{base_url.rstrip('/')}/checkpoint"


def recognise_log(exchange: Exchange) -> str:
    """Which adapter reads the log that answered for its checkpoint."""
    try:
        checkpoint_size(exchange.body if exchange.status == 200 else b"")
    except BadEntry:
        return "rfc6962"
    return "static-ct"


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
