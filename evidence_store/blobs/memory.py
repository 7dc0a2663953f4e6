"""Blobs in memory: for tests, and as the plainest reading of the port."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from evidence_store.errors import StoreError


class MemoryBlobs:
    """A dictionary that keeps the port's promises as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, digest: str, stream: BinaryIO) -> None:
        """Keep everything in `stream` under `digest`."""
        if digest not in self._kept:
            self._kept[digest] = stream.read()

    def open(self, digest: str) -> BinaryIO:
        """The bytes under `digest`."""
        if digest not in self._kept:
            raise StoreError(f"No bytes are kept under {digest}")
        return io.BytesIO(self._kept[digest])

    def digests(self) -> Iterator[str]:
        """Every digest there is."""
        yield from self._kept
