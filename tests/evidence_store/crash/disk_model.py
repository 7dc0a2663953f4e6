"""What may be left of a disk when the power fails, from a trace of every system call (after ALICE, OSDI 2014).

Only what was flushed is sure: bytes of a file by fsync or fdatasync of it, names by fsync of their folder. Everything
else may have reached the disk or not, in part, in pieces of a sector.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALL = re.compile(r"^(?:\[pid\s+\d+\] |\d+\s+)?(\w+)\((.*)\)\s+= (-?\d+)(?:<([^>]*)>)?")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
FD = re.compile(r"^(\d+|AT_FDCWD)<([^>]*)>")

Write = tuple[int, bytes]
"""Offset and bytes."""


@dataclass(slots=True)
class File:
    """One inode."""

    sure: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    pending: list[Write | int] = field(default_factory=list)
    """Writes, or new lengths, since the last flush."""


@dataclass(frozen=True, slots=True)
class Step:
    """One system call that changes the disk, or an acknowledgement."""

    name: str
    path: str = ""
    other: str = ""
    offset: int = 0
    data: bytes = b""
    size: int = 0
    append: bool = False


def steps(trace: str, root: str) -> Iterator[Step]:
    """The calls in a trace (strace -f -y -xx) that concern files below `root`, and writes to stdout."""
    offsets: dict[str, int] = {}
    above = str(Path(root).parent)
    for line in trace.splitlines():
        match = CALL.match(line)
        if match is None or int(match[3]) < 0:
            continue
        name, given, result, result_path = match[1], match[2], int(match[3]), _plain(match[4] or "")
        strings = [bytes.fromhex(text.replace("\\x", "")) for text in STRING.findall(given)]
        handle = FD.match(given)
        if name == "write" and given.startswith("1<"):
            yield Step("told", data=strings[0])
            continue
        if name in ("openat", "open"):
            path = result_path
            if path.startswith(root):
                key = f"{result}<{path}"
                offsets[key] = 0
                if "O_CREAT" in given:
                    yield Step("create", path)
                if "O_TRUNC" in given:
                    yield Step("truncate", path)
        elif name in ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "lseek") and handle:
            path = _plain(handle[2])
            if not path.startswith(root) and path != above:
                continue
            key = f"{handle[1]}<{path}"
            if name == "write":
                yield Step("write", path, offset=offsets.get(key, 0), data=strings[0][:result])
                offsets[key] = offsets.get(key, 0) + result
            elif name == "pwrite64":
                yield Step("write", path, offset=int(given.rsplit(",", 1)[1]), data=strings[0][:result])
            elif name == "ftruncate":
                yield Step("truncate", path, size=int(given.rsplit(",", 1)[1]))
            elif name == "lseek":
                offsets[key] = result
            else:
                yield Step("flush", path)
        elif name in ("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat"):
            paths = [text.decode() for text in strings]
            if paths[0].startswith(root):
                kind = "rename" if name.startswith("rename") else name.removesuffix("at")
                yield Step(kind, paths[0], paths[1] if kind == "rename" else "")


def _plain(path: str) -> str:
    """A path as strace -xx writes it."""
    return bytes.fromhex(path.replace("\\x", "")).decode() if "\\x" in path else path


class Disk:
    """Plays steps and tells what may be left."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._names: dict[str, File | None] = {str(Path(root).parent): None}
        """Every name now; None is a folder."""
        self._sure: dict[str, File | None] = {}
        self._loose: list[tuple[str, Step, File | None]] = []
        """(folder, what changed a name in it, the file) since that folder was flushed, in order."""
        self.told: list[str] = []

    def play(self, step: Step) -> None:
        """One step."""
        path = step.path
        if step.name == "told":
            self.told += step.data.decode().split("\n")[:-1]
        elif step.name == "create" and path not in self._names:
            self._change(step, File())
        elif step.name == "mkdir":
            self._change(step, None)
        elif step.name in ("unlink", "rename") and path in self._names:
            self._change(step, self._names[path])
        elif step.name == "flush":
            self._flush(path)
        elif step.name in ("write", "truncate"):
            file = self._names.get(path)
            if file is None:
                return
            change: Write | int = (step.offset, step.data) if step.name == "write" else step.size
            file.pending.append(change)
            _apply(file.now, change)

    def left(self, how: str, chance: random.Random, folder: Path) -> None:
        """Write down one disk that may be left: none, all, names, or torn."""
        names = dict(self._sure)
        for _, step, file in self._loose:
            if how in ("all", "names") or (how == "torn" and chance.random() < 0.5):
                _rename(names, step, file)
        for name in sorted(names):
            place = folder / name.removeprefix(self._root).lstrip("/")
            file = names[name]
            if any(
                str(above) not in names for above in Path(name).parents if str(above).startswith(self._root)
            ):
                continue  # its folder never reached the disk
            if file is None:
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_bytes_left(file, how, chance))
            place.chmod(0o600)

    def _change(self, step: Step, file: File | None) -> None:
        _rename(self._names, step, file)
        self._loose.append((str(Path(step.other or step.path).parent), step, file))

    def _flush(self, path: str) -> None:
        file = self._names.get(path)
        if file is not None:
            file.sure, file.pending = bytes(file.now), []
            return
        rest = []
        for folder, step, changed in self._loose:
            if folder == path:
                _rename(self._sure, step, changed)
            else:
                rest.append((folder, step, changed))
        self._loose = rest


def _rename(names: dict[str, File | None], step: Step, file: File | None) -> None:
    if step.name in ("create", "mkdir"):
        names[step.path] = file
    elif step.name == "unlink":
        names.pop(step.path, None)
    else:
        names.pop(step.path, None)
        names[step.other] = file


def _bytes_left(file: File, how: str, chance: random.Random) -> bytes:
    if how == "all":
        return bytes(file.now)
    found = bytearray(file.sure)
    if how == "names":  # lengths reached the disk, bytes did not
        return bytes(found) + bytes(max(0, len(file.now) - len(found)))
    if how == "torn":
        for change in file.pending:
            if isinstance(change, int):
                if chance.random() < 0.5:
                    _apply(found, change)
                continue
            offset, data = change
            for start in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    _apply(found, (offset + start, data[start : start + SECTOR]))
    return bytes(found)


def _apply(data: bytearray, change: Write | int) -> None:
    if isinstance(change, int):
        if change < len(data):
            del data[change:]
        else:
            data.extend(bytes(change - len(data)))
        return
    offset, piece = change
    if offset > len(data):
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(piece)] = piece
