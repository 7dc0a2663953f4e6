"""Which registry answers for a domain name: the bootstrap file of RFC 9224, ours or IANA's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

from crawlers.errors import BadSource

MAX_BYTES = 10_000_000
Services = Mapping[str, str]
"""Ending of a name, without its dot → address of the RDAP service, which ends with a slash."""


def read_services(data: bytes) -> Services:
    """The services in a bootstrap file for domain names (RFC 9224 §3, §4).

    Of several addresses the first over HTTPS is taken, as the format asks.

    Raises:
        BadSource: it is no such file.
    """
    try:
        told = json.loads(data[:MAX_BYTES])
        rows = told["services"]
        found = {
            str(ending).lower().strip("."): _best(addresses)
            for endings, addresses in rows
            for ending in endings
        }
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise BadSource(
            "The list of RDAP services cannot be read",
            hint="It has the form of https://data.iana.org/rdap/dns.json",
        ) from error
    return {ending: address for ending, address in found.items() if ending and address}


def service_of(name: str, services: Services) -> str:
    """The service for a name by its longest ending; empty where none is known (RFC 9224 §4)."""
    labels = name.lower().strip(".").split(".")
    endings = (".".join(labels[first:]) for first in range(len(labels)))
    return next((services[ending] for ending in endings if ending in services), "")


@lru_cache(maxsize=1)
def own_services() -> Services:
    """The small table that comes with this package."""
    return read_services(files("crawlers.extract").joinpath("rdap_services.json").read_bytes())


def _best(addresses: object) -> str:
    given = [str(one) for one in addresses] if isinstance(addresses, list) else []
    usable = [one for one in given if urlsplit(one).scheme in ("https", "http") and urlsplit(one).hostname]
    best = next((one for one in usable if one.startswith("https:")), usable[0] if usable else "")
    return best.rstrip("/") + "/" if best else ""
