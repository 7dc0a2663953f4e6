"""Keys of sources, by the host that receives them: from the environment, else from the workspace's key file.

In the environment a key is `IPGUARD_KEY_<NAME>__<HOST>`, all letters large, dots and the colon before a port as `_`,
dashes as `__`: `IPGUARD_KEY_TOKEN__API_SHOP_EXAMPLE`. Hosts of SHORT have a shorter one: `IPGUARD_EBAY_CLIENT_ID`.
In the file every host has a table:

    ["api.ebay.com"]
    client_id = "…"
    client_secret = "…"
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ipguard.errors import WrongUse

MODE = 0o600
LARGEST = 100_000
"""Bytes of a key file."""
SHORT: Mapping[str, str] = MappingProxyType(
    {
        "api.github.com": "GITHUB",
        "api.ebay.com": "EBAY",
        "api.amazon.com": "AMAZON",
        "openapi.etsy.com": "ETSY",
        "openapi.rakuten.co.jp": "RAKUTEN",
        "shopping.yahooapis.jp": "YAHOO_JP",
        "youtube.googleapis.com": "YOUTUBE",
        "api-sg.aliexpress.com": "ALIEXPRESS",
    }
)
"""Host → what its variables are called by."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Where keys are looked up. Values never appear in its repr."""

    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    file: Path | None = None
    written: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Host → name → value, as in the file."""

    def get(self, host: str, name: str) -> str:
        """The key of a host (`host` or `host:port`); the environment wins; empty where there is none."""
        told = self.environment.get(variable(host, name), "").strip()
        return told or self.written.get(host.lower(), {}).get(name, "").strip()


def variable(host: str, name: str) -> str:
    """The environment variable of a key: one host's can never be another's."""
    if short := SHORT.get(host.lower()):
        return f"IPGUARD_{short}_{name}".upper()
    spelled = host.replace("-", "__").replace(".", "_").replace(":", "_").replace("[", "").replace("]", "")
    return f"IPGUARD_KEY_{name}__{spelled}".upper()


def load_keys(environment: Mapping[str, str], file: Path) -> Keys:
    """Keys from the environment and a file, if there is one.

    Raises:
        WrongUse: others may read the file, or it is not what a key file looks like. What it says stands in no message.
    """
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return Keys(environment)
    except OSError as error:
        raise WrongUse(f"The key file {file} cannot be read: {error.strerror}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise WrongUse(
            f"Others on this machine may read the key file {file}", hint=f"Change that: chmod 600 {file}"
        )
    return Keys(environment, file, _read(file))


def _read(file: Path) -> Mapping[str, Mapping[str, str]]:
    advice = 'Write a table for each host: ["api.shop.example"], and below it name = "value".'
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        said = tomllib.loads(raw.decode()) if len(raw) <= LARGEST else {}
    except OSError as error:
        raise WrongUse(f"The key file {file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise WrongUse(f"The key file {file} is not TOML", hint=advice) from None  # the error would quote it
    if len(raw) > LARGEST:
        raise WrongUse(f"The key file {file} is larger than {LARGEST:,} bytes", hint=advice)
    found: dict[str, dict[str, str]] = {}
    for host, table in said.items():
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            raise WrongUse(f"“{host}” in the key file {file} is no table of keys", hint=advice)
        found[host.lower()] = table
    return found
