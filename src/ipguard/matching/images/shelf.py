"""The index on disk: one folder a version, made from the one before, switched to at once, removed when nobody uses it.

A folder is whole or not there: it is written beside its place and renamed. A process that uses one holds a lock on
it, which dies with the process; whoever makes the next version removes those that nobody holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from ipguard.errors import Interrupted
from ipguard.matching.images.index import FORMAT, ReferenceIndex, build_index

MADE_OF = "made-of.json"
IN_USE = "in-use"
BUILDING = "building.lock"
PART = ".part"

BytesOf = Callable[[str], bytes]
"""The bytes of a picture by SHA-256."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """A reference picture that belongs into the index."""

    work: str
    sha256: str
    name: str


class OpenIndex:
    """An index folder that stays where it is for as long as this object lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        held = os.open(folder / IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_SH)
        weakref.finalize(self, os.close, held)


class Shelf:
    """The index folders of a workspace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(
        self, wanted: Sequence[Wanted], bytes_of: BytesOf, progress: Progress = lambda _done, _of: None
    ) -> OpenIndex:
        """The index of exactly these references; what another version knows of them is not described again.

        Raises:
            Interrupted: the disk takes nothing more.
        """
        try:
            return self._open(wanted, bytes_of, progress)
        except OSError as error:
            raise Interrupted(
                f"The disk took no more of the picture index ({error.strerror}). All that was read before is kept.",
                hint="Free some space, then start it again: the index is made anew.",
            ) from error

    def _open(self, wanted: Sequence[Wanted], bytes_of: BytesOf, progress: Progress) -> OpenIndex:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder / BUILDING):
            place = self._folder / key_of(wanted)
            if not (place / MADE_OF).exists() or _load(place) is None:
                self._make(place, sorted(wanted), bytes_of, progress)
            opened = OpenIndex(place)
            self._tidy(place)
        return opened

    def tidy(self, keep: Path) -> None:
        """Remove versions that nobody uses, and what a crash left half made."""
        with _alone(self._folder / BUILDING):
            self._tidy(keep)

    def _make(self, place: Path, wanted: list[Wanted], bytes_of: BytesOf, progress: Progress) -> None:
        part = place.with_name(place.name + PART)
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)
        index = self._from_another(wanted, bytes_of, progress)
        if index is None:
            index, _ = build_index(_with_bytes(wanted, bytes_of, progress))
        index.save(part)
        made_of = {"format": FORMAT, "references": [astuple(one) for one in wanted]}
        (part / MADE_OF).write_text(json.dumps(made_of), "utf-8")
        for file in part.iterdir():
            _to_disk(file)
        _to_disk(part)
        part.rename(place)
        _to_disk(self._folder)

    def _from_another(
        self, wanted: list[Wanted], bytes_of: BytesOf, progress: Progress
    ) -> ReferenceIndex | None:
        """From the version that shares most with it, or None where none shares anything."""
        known = {folder: _made_of(folder) for folder in self._whole()}
        base = max(known, key=lambda folder: len(known[folder] & set(wanted)), default=None)
        if base is None or not known[base] & set(wanted):
            return None
        gone = {one.sha256 for one in known[base] - set(wanted)}
        new = [one for one in wanted if one not in known[base] or one.sha256 in gone]
        index = _load(base)
        if index is None:
            return None
        if gone:
            index = index.without(gone)
        return index.extended(_with_bytes(new, bytes_of, progress)) if new else index

    def _whole(self) -> list[Path]:
        return sorted(folder for folder in self._folder.iterdir() if (folder / MADE_OF).exists())

    def _tidy(self, keep: Path) -> None:
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder != keep and not _used(folder):
                shutil.rmtree(folder, ignore_errors=True)


def key_of(wanted: Iterable[Wanted]) -> str:
    """Name of the folder of these references."""
    said = json.dumps([FORMAT, [astuple(one) for one in sorted(wanted)]], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _with_bytes(
    wanted: Sequence[Wanted], bytes_of: BytesOf, progress: Progress
) -> Iterator[tuple[str, str, str, bytes]]:
    for number, one in enumerate(wanted, 1):
        yield one.work, one.sha256, one.name, bytes_of(one.sha256)
        progress(number, len(wanted))


def _load(folder: Path) -> ReferenceIndex | None:
    """The index in a folder; None where it is damaged."""
    try:
        return ReferenceIndex.load(folder)
    except (OSError, ValueError, KeyError, RuntimeError):  # the last one is faiss's
        return None


def _made_of(folder: Path) -> set[Wanted]:
    """What a folder was made of; nothing where it is of another format or cannot be read."""
    try:
        said = json.loads((folder / MADE_OF).read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    return {Wanted(*row) for row in said["references"]} if said["format"] == FORMAT else set()


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("a") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        yield


def _used(folder: Path) -> bool:
    """Whether a living process holds a folder."""
    try:
        with (folder / IN_USE).open("r") as held:
            fcntl.flock(held.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _to_disk(path: Path) -> None:
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
