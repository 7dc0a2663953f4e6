"""Writing so that it stays written: data flushed, names flushed, nothing half there after a power cut.

Order (FORMAT's promise "acknowledged means kept"): temporary file → fsync → rename → fsync of the folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from evidence_store.errors import OutOfSpace, StoreError, StoreLocked

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
POLL_SECONDS = 0.05


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, mode: int = 0o750) -> None:
    """Make a folder whose name survives a power cut."""
    folder.mkdir(mode=mode)
    sync_folder(folder.parent)


@contextmanager
def writing(target: Path, *, mode: int = 0o640) -> Iterator[BinaryIO]:
    """A file that appears under its name only when the block ended well, and then for good.

    Raises:
        OutOfSpace: the disk is full; nothing appears.
        StoreError: the file system refused.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    with told_in_words():
        try:
            with part.open("xb") as stream:
                yield stream
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            part.rename(target)
            sync_folder(target.parent)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn what the file system says into our own errors."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OutOfSpace(
                "The disk is full. Everything that was acknowledged is kept; this was not"
            ) from error
        raise StoreError(
            f"The file system refused: {error}", hint="Check the disk and its permissions."
        ) from error


@contextmanager
def locked(path: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the store's lock; it falls with the process.

    Raises:
        StoreLocked: somebody else holds it longer than `wait_seconds`.
    """
    deadline = time.monotonic() + wait_seconds
    with told_in_words():
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise StoreLocked(
                        f"Another process has held the evidence store for {wait_seconds:.0f} seconds"
                    ) from error
                time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(handle)
