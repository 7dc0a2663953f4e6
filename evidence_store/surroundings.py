"""Tool, host and environment of a capture (FORMAT 3.3), gathered without asking anybody.

The cleanliness record (清洁性检查) of Chinese practice asks whether something stood between us and the shop, and
whether the machine worked: proxies, a changed hosts file, another resolver or trust store, other programs, the clock.
An operator does this by hand before each capture; here the program does it, the same way each time.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from evidence_store.canonical import Object
from evidence_store.clock import read_clock
from evidence_store.digest import sha256
from evidence_store.exhibit import JsonValue

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CONTAINER_VARIABLE = "IPGUARD_IMAGE_DIGEST"
"""Whoever starts a container may say which image it is; from inside that cannot be seen."""
OWN_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"}
MAX_NAMES = 200
MAX_CLOCK_GAP_SECONDS = 5.0
"""Between the clock that dates the record and the system's: more, and one of the two was set meanwhile."""
KNOWN_DIGEST = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of "abc" (FIPS 180-4, appendix B.1)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Tool, host, environment and clock at the time of capture; the same for every exhibit of a batch."""

    tool: Mapping[str, JsonValue]
    host: Mapping[str, JsonValue]
    environment: Mapping[str, JsonValue]
    clock: Mapping[str, JsonValue]


def look_around(now: datetime) -> Surroundings:
    """Gather what can be said about this machine at this moment."""
    return Surroundings(dict(_tool()), _host(), _environment(now), _clock())


@functools.cache  # the program does not change while it runs, and hashing it takes a while
def _tool() -> Object:
    """Name, version and digests of the program itself."""
    try:
        own = distribution("ipguard")
        version = own.version
    except PackageNotFoundError:
        version = "unknown"
    package = Path(__file__).parent
    return {
        "name": "ipguard",
        "version": version,
        "python": platform.python_version(),
        "files_sha256": _digest_of_tree(package),
        "commit": _commit(package.parent),
        "container": os.environ.get(CONTAINER_VARIABLE),
    }


def _host() -> Object:
    return {
        "id": sha256(platform.node().encode())[:16],
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "booted_for_s": int(time.clock_gettime(time.CLOCK_MONOTONIC)),
    }


def _environment(now: datetime) -> Object:
    trust = ssl.get_default_verify_paths()
    resolver = _text("/etc/resolv.conf")
    return {
        "proxy_variables": [name for name in PROXY_VARIABLES if os.environ.get(name)],
        "hosts_sha256": _digest_of("/etc/hosts"),
        "hosts_names": list(_foreign_names(_text("/etc/hosts"))),
        "resolver_sha256": _digest_of("/etc/resolv.conf"),
        "name_servers": [
            words[1]
            for words in map(str.split, resolver.splitlines())
            if len(words) > 1 and words[0] == "nameserver"
        ],
        "default_routes": list(_default_routes(_text("/proc/net/route"))),
        "trust_store_sha256": _digest_of(trust.cafile or ""),
        "executable": Path(sys.executable).name,
        "programs": list(_programs()),
        "free_disk_bytes": shutil.disk_usage("/").free,
        "self_test": {
            "digest_ok": hashlib.sha256(b"abc").hexdigest() == KNOWN_DIGEST,
            "clock_ok": abs(time.time() - now.timestamp()) < MAX_CLOCK_GAP_SECONDS,
        },
    }


def _clock() -> Object:
    reading = read_clock()
    return {
        "source": reading.source,
        "synchronised": reading.synchronised,
        "offset_us": reading.offset_us,
        "dispersion_us": reading.dispersion_us,
        "last_sync": None,
        "servers": [],
    }


def _foreign_names(hosts: str) -> list[str]:
    """Names the hosts file gives besides the machine's own: any of them would bypass the public DNS."""
    own = OWN_NAMES | {platform.node().lower()}
    found = [
        name
        for line in hosts.splitlines()
        for name in line.partition("#")[0].split()[1:]
        if name.lower() not in own and not name.startswith("ip6-")
    ]
    return list(dict.fromkeys(found))[:MAX_NAMES]


def _default_routes(table: str) -> list[str]:
    """Interface and gateway of every default route (Linux's /proc/net/route, little-endian hexadecimal)."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [
        f"{row[0]} via {'.'.join(str(b) for b in reversed(bytes.fromhex(row[2])))}"
        for row in rows
        if len(row) > 2 and row[1] == "00000000"
    ]


def _programs() -> list[str]:
    """Names of the programs that run, each once: no kernel threads, no arguments, which may hold secrets."""
    places = [place for place in Path("/proc").glob("[0-9]*") if _text(f"{place}/cmdline")]
    names = {_text(f"{place}/comm").strip() for place in places}
    return sorted(names - {""})[:MAX_NAMES]


def _digest_of_tree(folder: Path) -> str:
    """One digest over every Python file of the evidence store, by path: which code made this record."""
    lines = [
        f"{sha256(path.read_bytes())}  {path.relative_to(folder)}\n" for path in sorted(folder.rglob("*.py"))
    ]
    return sha256("".join(lines).encode())


def _commit(checkout: Path) -> str | None:
    """The commit of a checkout, read from its files; None for an installed wheel."""
    head = _text(str(checkout / ".git" / "HEAD")).strip()
    if not head.startswith("ref: "):
        return head or None
    return _text(str(checkout / ".git" / head.removeprefix("ref: "))).strip() or None


def _digest_of(path: str) -> str | None:
    try:
        return sha256(Path(path).read_bytes())
    except OSError:
        return None


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", errors="replace")
    except OSError:
        return ""
