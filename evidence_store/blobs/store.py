"""The port for content-addressed bytes, and the one guarded door through which bytes come in and go out.

There is no delete: forgetting is a matter of erasure with its own record, not of a store's verb.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from evidence_store.digest import CHUNK, check_digest, sha256, sha256_of
from evidence_store.errors import StoreDamaged


class BlobStore(Protocol):
    """Bytes under their digest.

    `put` must be durable when it returns, must do nothing when the digest is there already, and may trust
    that the stream has that digest: `receive` is its only caller and has made sure.
    """

    def put(self, digest: str, stream: BinaryIO) -> None:
        """Keep everything in `stream` under `digest`."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """The bytes under `digest`; raises StoreError where there are none."""
        ...

    def digests(self) -> Iterator[str]:
        """Every digest there is, in no order."""
        ...


def receive(store: BlobStore, data: bytes) -> str:
    """Keep bytes and give back their digest; the digest is ours, never the caller's word."""
    digest = sha256(data)
    store.put(digest, io.BytesIO(data))
    return digest


def read(store: BlobStore, digest: str) -> bytes:
    """Bytes under a digest, hashed again while they are read.

    Raises:
        StoreDamaged: what is there has another digest.
    """
    with store.open(check_digest(digest)) as stream:
        data = stream.read()
    if sha256(data) != digest:
        raise StoreDamaged(f"The bytes kept under {digest} have changed")
    return data


def copy(store: BlobStore, digest: str, target: BinaryIO) -> int:
    """Stream bytes into `target`; returns their number, and has hashed them again.

    Raises:
        StoreDamaged: what is there has another digest (after it was written: throw `target` away).
    """
    with store.open(check_digest(digest)) as stream:
        reader = _Copying(stream, target)
        found, length = sha256_of(reader)  # type: ignore[arg-type] # reads like a stream, which is all it needs
    if found != digest:
        raise StoreDamaged(f"The bytes kept under {digest} have changed")
    return length


class _Copying:
    """Reads from one stream and writes what it read into another."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target

    def read(self, size: int = CHUNK) -> bytes:
        data = self._source.read(size)
        self._target.write(data)
        return data
