"""What Certificate Transparency logs serve, read: checkpoints, tiles, entries, and the names in them.

RFC 6962 §3.4 and §4; C2SP static-ct-api, tlog-checkpoint and Sunlight's names tiles. Signatures and proofs are not
checked: a log that lies shows us a name too many or too few, and what raised an alert is kept as it was said.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawlers.extract.certificates import NotDer, names_of_certificate, names_of_tbs
from crawlers.listing import Kind, Listing

TILE = 256
"""Entries of a full tile."""
MAX_SIZE = 1 << 40
"""Leaf indexes have 40 bits (static-ct-api, SCT extension)."""
MAX_CHECKPOINT = 100_000
X509_ENTRY, PRECERT_ENTRY = 0, 1
MAX_HOST = 253
"""Characters of a name (RFC 1035 §2.3.4, without the last dot)."""
HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
"""A host name as DNS takes it (RFC 1123 §2.1), underscores allowed, at least two labels, the last no number."""


class BadEntry(ValueError):
    """What a log served does not have the form it must have."""


Names = tuple[str, ...]
"""dNSNames of one certificate, as written."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What one answer held."""

    entries: tuple[Names, ...]
    """The names of each entry, in order; those that could not be read have none."""
    unreadable: int = 0


def checkpoint_size(body: bytes) -> int:
    """Entries in the log, from its checkpoint (C2SP tlog-checkpoint: origin, size, root hash, blank line, signatures).

    Raises:
        BadEntry: it is no checkpoint.
    """
    text, blank, signatures = body[:MAX_CHECKPOINT].partition(b"\n\n")
    lines = text.split(b"\n")
    signed = [line for line in signatures.split(b"\n") if line.startswith("— ".encode())]
    if not blank or len(lines) < 3 or not lines[0] or not signed:
        raise BadEntry("no signed note with origin, size and root hash")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise BadEntry("its root hash is not Base64") from error
    if len(root) != 32 or not re.fullmatch(rb"0|[1-9][0-9]{0,12}", lines[1]):
        raise BadEntry("its size or its root hash has a form they never have")
    return _size(int(lines[1]))


def tree_size(body: bytes) -> int:
    """Entries in the log, from get-sth (RFC 6962 §4.3).

    Raises:
        BadEntry: it is no tree head.
    """
    try:
        head = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadEntry("no JSON") from error
    size = head.get("tree_size") if isinstance(head, Mapping) else None
    if not isinstance(size, int) or isinstance(size, bool):
        raise BadEntry("no tree_size")
    return _size(size)


def tile_path(number: int, width: int = TILE) -> str:
    """Path of a tile below its kind: `x001/x234/067`, with `.p/W` for a partial one (C2SP tlog-tiles)."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    whole = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return whole if width == TILE else f"{whole}.p/{width}"


def read_names_tile(body: bytes) -> Entries:
    """Entries of a names tile: one JSON object a line with `Timestamp` (ms) and `DNS` (Sunlight, names-tiles)."""
    entries: list[Names] = []
    unreadable = 0
    for line in body.split(b"\n"):
        if not line.strip():
            continue
        try:
            entries.append(tuple([n for n in json.loads(line).get("DNS") or () if isinstance(n, str)]))
        except (ValueError, RecursionError, AttributeError, TypeError):
            entries.append(())
            unreadable += 1
    return Entries(tuple(entries), unreadable)


def read_data_tile(body: bytes) -> Entries:
    """Entries of a data tile: TileLeaf after TileLeaf (static-ct-api, Log entries).

    Raises:
        BadEntry: the tile breaks off or is none; what came before is not told, so that nothing is missed.
    """
    entries: list[Names] = []
    at = unreadable = 0
    while at < len(body):
        kind, certificate, at = _timestamped_entry(body, at)
        if kind == PRECERT_ENTRY:
            _, at = _vector(body, at, 3)  # the precertificate itself: its TBSCertificate was read above
        _, at = _vector(body, at, 2)  # fingerprints of the chain
        names = _names_in(kind, certificate)
        entries.append(names or ())
        unreadable += names is None
    return Entries(tuple(entries), unreadable)


def read_entries(body: bytes) -> Entries:
    """Entries of a get-entries answer (RFC 6962 §4.6).

    Raises:
        BadEntry: it is not such an answer.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadEntry("no JSON") from error
    rows = said.get("entries") if isinstance(said, Mapping) else None
    if not isinstance(rows, list):
        raise BadEntry("no list of entries")
    entries = [_leaf(row) for row in rows]
    return Entries(tuple(names or () for names in entries), sum(names is None for names in entries))


def host_in(name: str) -> str:
    """The host a certificate name is about: lower case, without `*.` and `www.`; empty where it is none."""
    host = name.lower().removeprefix("*.").removeprefix("www.").removesuffix(".")
    return host if len(host) <= MAX_HOST and HOST.fullmatch(host) else ""


def domains(entries: Iterable[Names]) -> tuple[Listing, ...]:
    """One listing a host, in order of appearance."""
    hosts = dict.fromkeys([host_in(name) for names in entries for name in names])
    hosts.pop("", None)
    return tuple([Listing(id=host, url=f"https://{host}/", title=host, kind=Kind.DOMAIN) for host in hosts])


def _leaf(row: object) -> Names | None:
    """A MerkleTreeLeaf: version, leaf type, TimestampedEntry; None where it cannot be read."""
    if not isinstance(row, Mapping):
        return None
    try:
        data = base64.b64decode(str(row.get("leaf_input")), validate=True)
        if data[:2] != b"\0\0":
            return None
        kind, certificate, end = _timestamped_entry(data, 2)
    except (BadEntry, binascii.Error):
        return None
    return _names_in(kind, certificate) if end == len(data) else None


def _timestamped_entry(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Type, certificate (a TBSCertificate for precert_entry), and where the entry ends (RFC 6962 §3.4)."""
    kind = int.from_bytes(data[at + 8 : at + 10])  # after the timestamp
    at += 10
    if kind == PRECERT_ENTRY:
        at += 32  # hash of the issuer's key
    elif kind != X509_ENTRY:
        raise BadEntry(f"an entry of type {kind}")
    certificate, at = _vector(data, at, 3)
    _, at = _vector(data, at, 2)  # CtExtensions
    return kind, certificate, at


def _names_in(kind: int, certificate: bytes) -> Names | None:
    try:
        return (names_of_tbs if kind == PRECERT_ENTRY else names_of_certificate)(certificate)
    except NotDer:
        return None


def _vector(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    """A vector with a length of `width` bytes (RFC 8446 §3.4), and where it ends."""
    first = at + width
    end = first + int.from_bytes(data[at:first])
    if first > len(data) or end > len(data):
        raise BadEntry("an entry breaks off")
    return data[first:end], end


def _size(size: int) -> int:
    if not 0 <= size < MAX_SIZE:
        raise BadEntry("a size no log has")
    return size
