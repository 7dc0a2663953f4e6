"""Marketplaces by the host of an address: their names and countries, and whether machines may read their pages."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from urllib.parse import unquote, urlsplit

from crawlers.extract.page import clean_url, listing_id
from ipguard.errors import WrongUse
from ipguard.sources.store import check_url


@dataclass(frozen=True, slots=True)
class Marketplace:
    """Where an address leads."""

    id: str
    """Name of its source: `lazada-my`; made from the host where it is not a known one."""
    name: str
    country: str = ""
    """ISO 3166-1 alpha-2, or empty where it sells everywhere."""
    home: str = ""
    """Its address."""
    closed: bool = False
    """Machines may not read its pages, unless a person orders one."""
    why: str = ""
    """Why it is closed, in words."""
    item: str = ""
    """Regular expression whose group is the id of an item in an address."""

    def key(self, url: str) -> str:
        """Id of the listing at an address: the marketplace's own where the address names one."""
        found = re.search(self.item, url) if self.item else None
        named = next((group for group in found.groups() if group), "") if found else ""
        return named or listing_id(url)


def marketplace_of(url: str) -> Marketplace:
    """The marketplace an address belongs to; the host itself where it is not a known one.

    Raises:
        WrongUse: it is no web address.
    """
    parts = urlsplit(check_url(url))
    host = (parts.hostname or "").lower()
    labels = host.split(".")
    for first in range(len(labels) - 1):  # the most specific host first
        known = _known().get(".".join(labels[first:]))
        if known is not None:
            return known
    place = f"{host}:{parts.port}" if parts.port else host
    name = place.removeprefix("www.")
    return Marketplace(
        f"by-hand-{re.sub(r'[^a-z0-9]+', '-', name)}"[:64].strip("-"), name, home=f"{parts.scheme}://{place}/"
    )


def closed_marketplaces() -> tuple[Marketplace, ...]:
    """Marketplaces whose pages machines may not read, one of each name."""
    return tuple({one.name: one for one in _known().values() if one.closed}.values())


def refuse_closed(place: str) -> None:
    """Check that a place may be looked at by a machine: an address, or what somebody wrote for one.

    Raises:
        WrongUse: it belongs to a marketplace that is closed to machines.
    """
    way = place.partition(":")[0].strip().lower()
    named = [one for one in _known().values() if way in (one.id, one.name.lower())]
    found = named[0] if named else marketplace_of(place) if "://" in place else None
    if found is not None and found.closed:
        raise WrongUse(
            f"{found.name} is closed to machines. {found.why}",
            hint="Bring its listings by hand: ipguard source import FILE.csv, or source paste ADDRESS --browser.",
        )


def title_in(url: str) -> str:
    """The words an address is made of, where it has any: what a listing is called until somebody reads its page."""
    parts = [unquote(part, errors="replace") for part in urlsplit(clean_url(url)).path.split("/")]
    best = max((_words(part) for part in parts), key=len, default="")
    return best if len(best.split()) > 1 or not best.isascii() else ""


def _words(part: str) -> str:
    bare = re.sub(r"\.\w{2,5}$|(?<=-)[gi]-?\d{6,}.*$|\bi\.\d+\.\d+$", "", part)
    words = [word for word in re.split(r"[-_+\s.]+", bare) if word and not re.search(r"\d{4,}", word)]
    return " ".join(words)


@lru_cache(maxsize=1)
def _known() -> dict[str, Marketplace]:
    told = tomllib.loads(files("ipguard.sources").joinpath("marketplaces.toml").read_text("utf-8"))
    found: dict[str, Marketplace] = {}
    for one in told["marketplace"]:
        for host, country in one["hosts"].items():
            found[host] = Marketplace(
                id=f"{one['id']}-{country.lower()}"
                if country and len(set(one["hosts"].values())) > 1
                else one["id"],
                name=one["name"],
                country=country,
                home=f"https://{host if host.count('.') > 1 else 'www.' + host}/",
                closed=one["machines"] == "no",
                why=one["why"],
                item=one["item"],
            )
    return found
