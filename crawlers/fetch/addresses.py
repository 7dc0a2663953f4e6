"""Which addresses may be connected to: pure verdicts. Everything crawled is hostile, redirects most of all."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Well-known prefix of RFC 6052."""
UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out (IANA); what lies outside is local, translated or reserved."""
SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # RFC 6890
        "192.88.99.0/24",  # RFC 7526
        "3fff::/20",  # RFC 9637, unknown to older Pythons
    )
)
OWN = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""Loopback, RFC 1918 and RFC 4193: where a test shop of one's own may stand. Never link-local: metadata lives there."""


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet, whatever it is wrapped in.

    IPv4 inside IPv6 (mapped, 6to4, Teredo, NAT64) is unwrapped and judged too.
    """
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    return all(_is_open(one) for one in _unwrapped(address))


def refusal(host: str, addresses: Sequence[str], *, local: bool) -> str:
    """Why a host must not be connected to, in words; empty when it may.

    One address that is not public is enough to refuse: a name that leads to both is a trap.
    `local` allows loopback and private addresses, for a test shop of one's own.
    """
    if not addresses:
        return f"{host} leads to no address"
    for text in addresses:
        if is_public(text) or (local and _is_own(text)):
            continue
        return f"{host} leads to {text}, which is not a public address"
    return ""


def _is_own(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(any(one in network for network in OWN) for one in _unwrapped(address))


def _is_open(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in UNICAST:
        return False
    special = any(address in network for network in SPECIAL)
    return address.is_global and not address.is_multicast and not special


def _unwrapped(address: Address) -> list[Address]:
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address in NAT64:
            return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
        if address.sixtofour is not None:
            found.append(address.sixtofour)
        if address.teredo is not None:
            found.extend(address.teredo)
    return found
