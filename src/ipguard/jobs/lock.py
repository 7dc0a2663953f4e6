"""One service a workspace: an operating-system lock that dies with its process."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipguard.errors import WrongUse

SERVICE = "serve.lock"
SWEEPS = "sweep.lock"


@contextmanager
def only_service(folder: Path) -> Iterator[None]:
    """Hold the right to be the one service of a workspace.

    Raises:
        WrongUse: another process serves it.
    """
    with (folder / SERVICE).open("a") as file:
        if not _take(file.fileno(), fcntl.LOCK_EX):
            raise WrongUse(
                f"Another `ipguard serve` runs for {folder}",
                hint="Use that one, stop it first, or give both a PostgreSQL database.",
            )
        yield


@contextmanager
def sweeping(folder: Path) -> Iterator[None]:
    """Show that somebody sweeps this workspace, so that nobody calls their leases dead."""
    with (folder / SWEEPS).open("a") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_sweeps(folder: Path) -> Iterator[bool]:
    """Whether no process sweeps this workspace; while true, none begins."""
    with (folder / SWEEPS).open("a") as file:
        yield _take(file.fileno(), fcntl.LOCK_EX)


def _take(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True
