"""A backup of a whole workspace in one file, and a workspace out of a backup.

The archive is a plain tar: settings, a snapshot of each SQLite database, evidence, pictures, bundles, and last
`manifest.json` with the SHA-256 of every file. Rows are copied first and what they point to after them, so that a
backup taken while a sweep runs never names an exhibit or a picture that is not in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from evidence_store.disk import locked, told_in_words, writing
from evidence_store.folder import LOCK_FILE
from ipguard.errors import WrongUse
from ipguard.settings import FILE_NAME, Workspace

MANIFEST = "manifest.json"
FORM = "ipguard-backup/1"
PASSING = (".lock", "-wal", "-shm", "-journal", ".part", ".link")
"""Endings of what belongs to a running process, or works once."""
SQLITE = b"SQLite format 3\x00"
CHUNK = 1 << 20
MOST_MANIFEST_BYTES = 256 * 1024 * 1024

Progress = Callable[[int, int], None]
"""Told (files done, of all)."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds."""

    path: Path
    files: int
    octets: int
    notes: tuple[str, ...] = ()
    """What it does not hold, or what its keeper should know."""


@dataclass(slots=True)
class _Writing:
    archive: tarfile.TarFile
    scratch: Path
    """Where snapshots of databases lie meanwhile: the backup fits there, so they do."""
    digests: dict[str, str] = field(default_factory=dict)
    octets: int = 0


def back_up(workspace: Workspace, target: Path, *, now: datetime, progress: Progress) -> BackedUp:
    """Write a backup; `target` appears when it is whole, readable by its owner only.

    Raises:
        WrongUse: the file exists, or would lie inside the workspace.
        StoreLocked: another process holds the evidence store. OutOfSpace: the disk is full.
    """
    if target.exists():
        raise WrongUse(f"{target} exists already", hint="Name a file that does not.")
    if target.resolve().is_relative_to(workspace.folder):
        raise WrongUse(
            "A backup inside the workspace would be part of the next one", hint="Name a place outside."
        )
    if not target.parent.is_dir():
        raise WrongUse(f"There is no folder {target.parent}", hint="Make it, or name another place.")
    notes = list(_notes(workspace))
    with (
        writing(target, mode=0o600) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        job = _Writing(archive, target.parent)
        rows = sorted(path for path in workspace.folder.iterdir() if path.is_file() and _is_sqlite(path))
        for path in rows:
            _add(job, workspace.folder, path)
        with locked(workspace.evidence / LOCK_FILE, 60.0):
            _add_all(job, workspace, list(_files(workspace.evidence)), progress)
        others = [path for path in _files(workspace.folder) if not path.is_relative_to(workspace.evidence)]
        _add_all(job, workspace, [path for path in others if path not in rows], progress)
        manifest = {"form": FORM, "made_at": now.isoformat(), "notes": notes, "files": job.digests}
        _put(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False).encode())
    return BackedUp(target, len(job.digests), job.octets, tuple(notes))


def restore(source: Path, folder: Path, *, progress: Progress) -> BackedUp:
    """Make a workspace out of a backup; every file is compared with the manifest before the folder gets its name.

    Raises:
        WrongUse: the folder is not empty, the file is no backup, or a byte of it has changed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder} is not empty", hint="Name a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch,
        told_in_words(),
    ):
        place = Path(scratch) / "w"
        place.mkdir(mode=0o750)
        try:
            with tarfile.open(source, "r:") as archive:
                digests, manifest = _unpack(archive, place, progress)
        except (tarfile.TarError, EOFError) as error:
            raise WrongUse(f"{source} is no backup, or is cut short: {error}") from error
        except FileNotFoundError as error:
            raise WrongUse(f"There is no file {source}") from error
        told = _told(manifest)
        if wrong := sorted(name for name in {*told, *digests} if told.get(name) != digests.get(name)):
            raise WrongUse(
                f"The backup does not hold what it says: {wrong[0]} and {len(wrong) - 1} more",
                hint="Take another copy of it; nothing was restored.",
            )
        if FILE_NAME not in digests:
            raise WrongUse("The backup holds no settings, so it is none of a workspace")
        with suppress(FileNotFoundError):
            folder.rmdir()
        place.rename(folder)
    octets = sum(path.stat().st_size for path in _files(folder))
    return BackedUp(folder, len(digests), octets)


def _notes(workspace: Workspace) -> Iterator[str]:
    if not workspace.database_url.startswith("sqlite"):
        yield "The database is PostgreSQL and not in here: save it with pg_dump at the same time."
    yield (
        "The keys of the evidence store are in here. Whoever has this file and the passphrase can read every exhibit; "
        "an exhibit that is erased later can still be read from it: delete old backups after erasing."
    )


def _files(folder: Path) -> Iterator[Path]:
    """Regular files that are not of the moment, in a fixed order; links are not followed."""
    for at, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(at, name)
            if not name.endswith(PASSING) and not path.is_symlink() and path.is_file():
                yield path


def _add_all(job: _Writing, workspace: Workspace, paths: list[Path], progress: Progress) -> None:
    done = len(job.digests)
    for number, path in enumerate(paths, 1):
        _add(job, workspace.folder, path)
        progress(done + number, done + len(paths))


def _add(job: _Writing, root: Path, path: Path) -> None:
    name = path.relative_to(root).as_posix()
    if _is_sqlite(path):
        with tempfile.NamedTemporaryFile(dir=job.scratch, prefix=".ipguard-", suffix=".db") as snapshot:
            _snapshot(path, snapshot.name)
            with Path(snapshot.name).open("rb") as stream:
                _copy(job, name, stream)
        return
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return  # a run that ended meanwhile took its spool with it
    with stream:
        _copy(job, name, stream)


def _snapshot(path: Path, to: str) -> None:
    """A consistent copy of a database that others may be writing to (SQLite online backup)."""
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as here,
        closing(sqlite3.connect(to)) as there,
    ):
        here.backup(there)


def _copy(job: _Writing, name: str, stream: IO[bytes]) -> None:
    """Into the archive under the size it has now: a file that grows meanwhile is taken up to there."""
    size = os.fstat(stream.fileno()).st_size
    digest = hashlib.sha256()
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    job.archive.addfile(info, _Hashing(stream, digest.update))
    job.digests[name] = digest.hexdigest()
    job.octets += size


class _Hashing(io.RawIOBase):
    """Reads from a file and shows each piece to a hash."""

    def __init__(self, stream: IO[bytes], see: Callable[[bytes], None]) -> None:
        self._stream, self._see = stream, see

    def read(self, size: int = -1) -> bytes:
        """Some bytes."""
        piece = self._stream.read(size)
        self._see(piece)
        return piece


def _put(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    archive.addfile(info, io.BytesIO(data))


def _unpack(
    archive: tarfile.TarFile, place: Path, progress: Progress
) -> tuple[dict[str, str], dict[str, object]]:
    digests: dict[str, str] = {}
    manifest: dict[str, object] = {}
    for number, member in enumerate(archive, 1):
        name = PurePosixPath(member.name)
        if not member.isreg() or name.is_absolute() or ".." in name.parts or member.name in digests:
            raise WrongUse(f"The backup holds {member.name!r}, which no backup does; nothing was restored")
        stream = archive.extractfile(member)
        if stream is None:
            continue
        if member.name == MANIFEST:
            manifest = _manifest(stream.read(MOST_MANIFEST_BYTES))
            continue
        path = place.joinpath(*name.parts)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        digest = hashlib.sha256()
        with path.open("xb") as out:
            path.chmod(0o600 if path.suffix == ".key" or ".key" in path.name else 0o640)
            while piece := stream.read(CHUNK):
                digest.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        digests[member.name] = digest.hexdigest()
        progress(number, number)
    return digests, manifest


def _manifest(data: bytes) -> dict[str, object]:
    try:
        read = json.loads(data)
    except ValueError as error:
        raise WrongUse(f"The manifest of the backup cannot be read: {error}") from error
    if not isinstance(read, dict) or read.get("form") != FORM:
        raise WrongUse("The file is a backup of another form", hint=f"This version reads {FORM}.")
    return read


def _told(manifest: dict[str, object]) -> dict[str, str]:
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise WrongUse("The file has no manifest at its end: it is no backup, or is cut short")
    return {str(name): str(digest) for name, digest in files.items()}


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(SQLITE)) == SQLITE
    except OSError:
        return False
