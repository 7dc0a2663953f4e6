"""Blobs in a directory: `ab/abcdef…`, written once, read-only, flushed before they are acknowledged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from evidence_store.digest import CHUNK, HEX, check_digest
from evidence_store.disk import make_folder, sync_folder, told_in_words, writing
from evidence_store.errors import StoreError


class DirectoryBlobs:
    """One file a blob, under the first two characters of its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, digest: str, stream: BinaryIO) -> None:
        """Keep everything in `stream` under `digest`, durably."""
        target = self._path(digest)
        if target.exists():
            return
        with told_in_words(), suppress(FileExistsError):
            make_folder(target.parent)
        with writing(target, mode=0o440) as out:
            shutil.copyfileobj(stream, out, CHUNK)

    def open(self, digest: str) -> BinaryIO:
        """The bytes under `digest`."""
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError as error:
            raise StoreError(f"No bytes are kept under {digest}") from error
        except OSError as error:
            raise StoreError(f"The bytes under {digest} cannot be read: {error.strerror}") from error

    def erase(self, digest: str) -> None:
        """Take bytes away for good; nothing happens where there are none. Only erasure calls this."""
        path = self._path(digest)
        with told_in_words(), suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def digests(self) -> Iterator[str]:
        """Every digest there is."""
        for place in self._folder.glob("??/*"):
            if HEX.fullmatch(place.name):
                yield place.name

    def path(self, digest: str) -> Path:
        """Where the bytes under `digest` lie, for readers that need a file; it may not exist."""
        return self._path(digest)

    def _path(self, digest: str) -> Path:
        return self._folder / check_digest(digest)[:2] / digest
