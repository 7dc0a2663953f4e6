"""A zip whose bytes depend on nothing but its members (FORMAT 10.1), written front to back, hashed on the way."""

from __future__ import annotations

import hashlib
import queue
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from evidence_store.digest import CHUNK, sha256
from evidence_store.errors import EvidenceError
from evidence_store.sealing import Sink
from evidence_store.zipform import MAX_BYTES, Placed, directory

EPOCH = (1980, 1, 1, 0, 0, 0)
WAITING_PIECES = 16
"""Pieces that may wait to be hashed while others are written: bounds memory."""


class ZipWriter:
    """Writes members and remembers the digest of each. Close it, or `abandon` it."""

    def __init__(self, out: BinaryIO, folder: str = "") -> None:
        self._out, self._prefix = _HashedOutput(out), f"{folder}/" if folder else ""
        self._members: list[Placed] = []
        self.digests: dict[str, str] = {}
        """Path (below the folder) → digest, in the order written."""
        self.sizes: dict[str, int] = {}

    def add(self, path: str, data: bytes) -> None:
        """A member from bytes."""
        self._enter(path, len(data), sha256(data), zlib.crc32(data))
        self._out.write(data)

    def add_file(self, path: str, source: BinaryIO) -> None:
        """A member from a file that can be read twice."""
        hasher, counted = hashlib.sha256(), _Counting()
        for piece in _pieces(source):
            hasher.update(piece)
            counted.write(piece)
        self._enter(path, counted.size, hasher.hexdigest(), counted.crc)
        for piece in _pieces(source):
            self._out.write(piece)

    def stream(
        self, path: str, digest: str, check: Callable[[Sink], object], pour: Callable[[Sink], object]
    ) -> None:
        """A member in bounded memory, read twice: `check` sees that the bytes have `digest`, `pour` writes them."""
        counted = _Counting()
        check(counted)
        self._enter(path, counted.size, digest, counted.crc)
        pour(self._out)

    def close(self) -> str:
        """Write the directory; returns the digest of the whole zip."""
        self._out.write(directory(self._members))
        return self._out.close()

    def abandon(self) -> None:
        """Stop the hashing after an error; safe after `close`."""
        self._out.close()

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._out.size

    def _enter(self, path: str, size: int, digest: str, crc: int) -> None:
        if path in self.digests:
            raise EvidenceError(f"two files of one name in a bundle: {path}")
        if self._out.size + size > MAX_BYTES:
            raise EvidenceError(
                "The bundle would be larger than 4 GB",
                hint="Export fewer exhibits at a time, or split the case.",
            )
        member = Placed(f"{self._prefix}{path}", size, crc, self._out.size)
        self._members.append(member)
        self._out.write(member.local_header())
        self.digests[path], self.sizes[path] = digest, size


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    source.seek(0)
    while piece := source.read(CHUNK):
        yield piece


class _Counting:
    """Counts bytes and their CRC-32."""

    def __init__(self) -> None:
        self.size, self.crc = 0, 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)


class _HashedOutput:
    """Writes, while a thread beside it hashes the same bytes."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self.size = out, 0
        self._hasher = hashlib.sha256()
        self._pieces: queue.Queue[bytes] = queue.Queue(WAITING_PIECES)
        self._thread = threading.Thread(target=self._hash, name="bundle digest", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        if not data:
            return  # an empty piece ends the thread
        self._pieces.put(data)
        self._out.write(data)
        self.size += len(data)

    def close(self) -> str:
        if self._thread.is_alive():
            self._pieces.put(b"")
            self._thread.join()
        return self._hasher.hexdigest()

    def _hash(self) -> None:
        while piece := self._pieces.get():
            self._hasher.update(piece)
