"""Adapters by name: the built-in ones, and those of other packages, loaded only when a source names them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from crawlers.adapter import Adapter, Policy
from crawlers.adapters import (
    discord,
    ebay_image,
    feed,
    github,
    rdap,
    rfc6962,
    schema_org,
    shopify,
    static_ct,
    top_list,
)
from crawlers.errors import BadSource
from crawlers.exchange import Exchange
from crawlers.extract.transparency import BadEntry, checkpoint_size
from crawlers.recipes.build import build
from crawlers.recipes.engine import host_of
from crawlers.recipes.folder import find_recipe, known_recipes, recipe_folders

GROUP = "ipguard.adapters"
"""Entry point group of third-party adapters: each a function (base_url, policy, options) -> Adapter."""

Make = Callable[[str, Policy, Mapping[str, object]], Adapter]

BUILT_IN: Mapping[str, Make] = {
    "shopify": shopify.make,
    "schema-org": schema_org.make,
    "feed": feed.make,
    "ebay-image": ebay_image.make,
    "static-ct": static_ct.make,
    "rfc6962": rfc6962.make,
    "rdap": rdap.make,
    "github": github.make,
    "discord": discord.make,
    "top-list": top_list.make,
}
NEEDS_QUERY = frozenset({"rdap", "github", "discord"})
"""Adapters that show nothing unless they are told what to ask for."""
RECIPE = "recipe:"
"""What stands before the name of a recipe where an adapter is named."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A source in short: `ct:https://log.example/2026h2`, `github:star lantern server`, `discord:CODE`,
    `ebay:star lantern`, `feed:URL`, `recipe:NAME`, `recipe:NAME@https://shop.example`."""

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
        if self.adapter.startswith(RECIPE) and not words:
            return self.way
        return f"{self.way}-{words}"[:64].strip("-") if self.way and words else self.way if self.query else ""


def build_adapter(
    kind: str,
    base_url: str,
    options: Mapping[str, object],
    *,
    min_gap_seconds: float,
    recipes: Sequence[Path] = (),
) -> Adapter:
    """The adapter a source names; `recipes` are folders of one's own, which win over what comes with the package.

    Raises:
        BadSource: there is none of that name, another package's does not load, or a recipe has mistakes.
    """
    if kind.startswith(RECIPE):
        recipe = find_recipe(kind.removeprefix(RECIPE), recipes)
        return build(recipe, base_url, options, min_gap_seconds=min_gap_seconds)
    policy = Policy(access="A", basis="public-page", min_gap_seconds=min_gap_seconds)
    make = BUILT_IN.get(kind) or _third_party(kind)
    return make(base_url, policy, options)


def known_adapters() -> tuple[str, ...]:
    """Names that `build_adapter` knows."""
    return (*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP)))


def needs_query(kind: str, recipes: Sequence[Path] = ()) -> bool:
    """Whether a source of this adapter shows nothing unless it is told what to ask for.

    Raises:
        BadSource: it is a recipe that is not there, or has mistakes.
    """
    if kind.startswith(RECIPE):
        return find_recipe(kind.removeprefix(RECIPE), recipes).part.needs_query
    return kind in NEEDS_QUERY


def recipe_base(kind: str, recipes: Sequence[Path] = ()) -> str:
    """Where the source of a recipe is; empty for a recipe that fits many shops, and for other adapters.

    Raises:
        BadSource: the recipe is not there, or has mistakes.
    """
    return find_recipe(kind.removeprefix(RECIPE), recipes).part.base if kind.startswith(RECIPE) else ""


def recipe_for(url: str, recipes: Sequence[Path] = ()) -> str:
    """The adapter name of the recipe that knows the host of an address; empty where none does."""
    host = host_of(url)
    names = {host, host.removeprefix("www.")}
    for one in known_recipes(recipes):
        if one.recipe is not None and names & {*one.recipe.part.hosts, *one.recipe.part.shops}:
            return f"{RECIPE}{one.name}"
    return ""


def recognise(exchange: Exchange) -> str:
    """Which adapter reads the shop that answered `/products.json?limit=1`: pure, from the answer alone."""
    page = shopify.make(exchange.url, Policy("A", "public-page"), {}).read(exchange)
    return "shopify" if exchange.status == 200 and page.listings else "schema-org"


def woocommerce_probe(base_url: str) -> str:
    """The address whose answer `is_woocommerce` reads; for a shop that is not Shopify's."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}/wp-json/wc/store/v1/products?per_page=1"


def is_woocommerce(exchange: Exchange) -> bool:
    """Whether a shop shows its list by WooCommerce's Store API: `recipe:woocommerce` reads it."""
    try:
        rows = json.loads(exchange.body) if exchange.status == 200 else None
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(rows, list)
        and all(isinstance(one, dict) and "prices" in one for one in rows)
        and bool(rows)
    )


def probe_url(base_url: str) -> str:
    """The address whose answer `recognise` reads."""
    return f"{shopify.make(base_url, Policy('A', 'public-page'), {}).base}/products.json?limit=1"


def spelled(text: str, recipes: Sequence[Path] = ()) -> Spelled:
    """What somebody means who writes a source in short; a plain address is itself.

    The name of a recipe before the colon means that recipe: `ebay:star lantern`, `woocommerce:https://shop.example`.
    """
    way, _, rest = text.partition(":")
    match way.lower():
        case "ct":
            return Spelled(rest, way="ct")
        case "toplist":
            return Spelled(rest, "top-list", way="toplist")
        case "github":
            return Spelled("https://api.github.com", "github", rest.strip(), "github")
        case "recipe":
            recipe_name, _, at = rest.strip().partition("@")
            return Spelled(at, f"{RECIPE}{recipe_name}", way=recipe_name)
        case "discord":
            return Spelled("https://discord.com/api/v10", "discord", rest.strip(), "discord")
        case "ebay-image":
            return Spelled("https://api.ebay.com", "ebay-image", rest.strip(), way="ebay-image")
        case "feed":
            return Spelled(rest.strip(), "feed", way="feed")
        case name if not rest.startswith("//") and name in recipe_folders(recipes):
            words = rest.strip()
            if words.startswith(("https://", "http://")):
                return Spelled(words, f"{RECIPE}{name}", way=name)
            return Spelled("", f"{RECIPE}{name}", words, name)
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
        hint=f"Known: {', '.join(known_adapters())}, and recipe:NAME. Others come as packages.",
    )
