"""The log as static files (C2SP tlog-tiles): any web server can serve them, anybody can follow the log.

Entries hold salted commitments alone (FORMAT 4), so the tiles tell nothing of what was kept. A tile of 256 hashes is
written once; one that is not full yet lies beside, named by its width.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from evidence_store.disk import make_folder, writing
from evidence_store.errors import Malformed
from evidence_store.log import note
from evidence_store.log.checkpoint import parse_checkpoint
from evidence_store.log.tree import EMPTY, Tree, leaf_hash, node_hash

WIDTH = 256
HASH_BYTES = 32
LENGTH = struct.Struct(">H")
MAX_ENTRY_BYTES = 0xFFFF


def tile_path(level: int | None, number: int, width: int = WIDTH) -> str:
    """Path of a hash tile, or (level None) of an entry bundle: three digits a part, all but the last with an x."""
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.append(f"x{number % 1000:03d}")
    tail = "/".join(reversed(parts))
    kind = "entries" if level is None else str(level)
    return f"tile/{kind}/{tail}" + (f".p/{width}" if width < WIDTH else "")


def write_tiles(folder: Path, tree: Tree, entries: Sequence[bytes], first: int) -> list[Path]:
    """Write every tile that the entries from position `first` on change; returns the files, flushed.

    Args:
        folder: where tiles lie.
        tree: the whole tree, these entries included.
        entries: log entries from `first` on, to the end of the tree; `first` is a multiple of 256.

    Raises:
        Malformed: an entry is longer than a bundle can hold.
    """
    written = []
    for start in range(0, len(entries), WIDTH):
        some = entries[start : start + WIDTH]
        if any(len(entry) > MAX_ENTRY_BYTES for entry in some):
            raise Malformed("a log entry longer than 65,535 bytes")
        data = b"".join(LENGTH.pack(len(entry)) + entry for entry in some)
        written += _write(folder / tile_path(None, (first + start) // WIDTH, len(some)), data)
    level, begin = 0, first
    while tree.size >> (8 * level):
        count = tree.size >> (8 * level)
        for number in range((begin >> (8 * level)) // WIDTH, (count + WIDTH - 1) // WIDTH):
            hashes = tree.row(8 * level)[number * WIDTH : min((number + 1) * WIDTH, count)]
            written += _write(folder / tile_path(level, number, len(hashes)), b"".join(hashes))
        level += 1
    return written


def published_size(folder: Path) -> int:
    """Size of the checkpoint that lies beside the tiles; 0 where there is none or it does not read."""
    try:
        text, _ = note.split((folder / "checkpoint").read_bytes())
        return parse_checkpoint(text).size
    except (OSError, Malformed):
        return 0


def read_root(folder: Path, size: int) -> bytes:
    """The root over the first `size` entries, computed from the entry bundles and compared with the hash tiles.

    Raises:
        Malformed: a tile is missing, has another form, or says something else than the entries.
    """
    leaves: list[bytes] = []
    for number in range((size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - number * WIDTH)
        found = [leaf_hash(entry) for entry in _entries(_read(folder, None, number, width))][:width]
        if b"".join(found) != _read(folder, 0, number, width):
            raise Malformed(f"hash tile {number} is not of its entries")
        leaves += found
    if len(leaves) != size:
        raise Malformed(f"tiles hold {len(leaves)} entries, not {size}")
    return _root(leaves)


def _read(folder: Path, level: int | None, number: int, width: int) -> bytes:
    try:
        return (folder / tile_path(level, number, width)).read_bytes()
    except OSError as error:
        raise Malformed(f"{tile_path(level, number, width)} cannot be read: {error.strerror}") from error


def _entries(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        if at + LENGTH.size > len(data):
            raise Malformed("an entry bundle that ends early")
        (length,) = LENGTH.unpack_from(data, at)
        entry = data[at + LENGTH.size : at + LENGTH.size + length]
        if len(entry) != length:
            raise Malformed("an entry bundle that ends early")
        found.append(entry)
        at += LENGTH.size + length
    return found


def _root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(_root(leaves[:half]), _root(leaves[half:]))


def _write(path: Path, data: bytes) -> list[Path]:
    if path.exists():
        return []
    missing = [above for above in (path.parent, *path.parent.parents) if not above.exists()]
    for above in reversed(missing):
        make_folder(above, 0o755)
    with writing(path, mode=0o644) as out:
        out.write(data)
    return [path]
