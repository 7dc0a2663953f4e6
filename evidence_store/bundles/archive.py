"""A zip whose bytes depend on nothing but its members (FORMAT 10.1): stored, dated 1980, in given order."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import BinaryIO

from evidence_store.digest import sha256
from evidence_store.errors import EvidenceError

EPOCH = (1980, 1, 1, 0, 0, 0)
MAX_BYTES = 4_000_000_000
"""A zip without its 64-bit extension ends at 4 GiB."""


class BagWriter:
    """Writes members into one folder of a zip, and remembers the digest of each."""

    def __init__(self, out: BinaryIO, folder: str) -> None:
        self._out = out
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=False)
        self._folder = folder
        self.digests: dict[str, str] = {}
        """Path below the folder → digest, in the order written."""
        self.sizes: dict[str, int] = {}

    def add(self, path: str, data: bytes) -> None:
        """A member from bytes."""
        self._enter(path, len(data), sha256(data))
        self._zip.writestr(self._info(path, len(data)), data)

    def stream(self, path: str, size: int, digest: str, copy: Callable[[BinaryIO], object]) -> None:
        """A member whose size and digest are known, written by `copy`."""
        self._enter(path, size, digest)
        with self._zip.open(self._info(path, size), "w") as member:
            copy(member)  # type: ignore[arg-type] # zipfile's member writes like a file

    def close(self) -> None:
        """Write the directory."""
        self._zip.close()

    def _enter(self, path: str, size: int, digest: str) -> None:
        if path in self.digests:
            raise EvidenceError(f"two files of one name in a bundle: {path}")
        if self._out.tell() + size > MAX_BYTES:
            raise EvidenceError(
                "The bundle would be larger than 4 GB",
                hint="Export fewer exhibits at a time, or split the case.",
            )
        self.digests[path], self.sizes[path] = digest, size

    def _info(self, path: str, size: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(f"{self._folder}/{path}", EPOCH)
        info.create_system, info.external_attr, info.file_size = 3, 0o100444 << 16, size
        return info
