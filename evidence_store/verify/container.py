"""Opening a bundle that may want to harm us (V-1, FORMAT 10.1): nothing is unpacked, everything is bounded."""

from __future__ import annotations

import hashlib
import io
import os
import re
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, BinaryIO

from evidence_store.digest import CHUNK
from evidence_store.errors import Malformed
from evidence_store.zipform import MODE, Placed, directory

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

MAX_MEMBERS = 200_000
MAX_READ_BYTES = 64_000_000
"""The largest member that is read as a whole (a WARC file, a record)."""
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")


class _Source:
    """The file, read at any place by several threads; `os.pread` is not on every system that a reader may have."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._turn = stream, threading.Lock()

    def read(self, at: int, size: int) -> bytes:
        with self._turn:
            self._stream.seek(at)
            return self._stream.read(size)


class Bundle:
    """The members of a bundle, by path below its one folder. Each is hashed once, whoever asks how often."""

    def __init__(self, source: _Source, members: Mapping[str, Placed]) -> None:
        self._source, self._members = source, members
        self._digests: dict[str, str] = {}

    @property
    def paths(self) -> list[str]:
        """Every path, in the order of the zip."""
        return list(self._members)

    def size(self, path: str) -> int:
        """Bytes of a member."""
        return self._member(path).size

    def read(self, path: str) -> bytes:
        """A whole member.

        Raises:
            Malformed: it is not there, too large, or does not read.
        """
        member = self._member(path)
        if member.size > MAX_READ_BYTES:
            raise Malformed(f"{path} is larger than {MAX_READ_BYTES:,} bytes")
        data = b"".join(self._pieces(member))
        if zlib.crc32(data) != member.crc:
            raise Malformed(f"{path} does not read: its checksum is another")
        return data

    def digest(self, path: str) -> str:
        """Digest of a member, read in pieces."""
        if path not in self._digests:
            self._digests[path] = self._hash(self._member(path))
        return self._digests[path]

    def hash_all(self, progress: Callable[[int, int], None]) -> None:
        """Hash every member, on every core there is; what does not read is told by whoever asks for it later."""
        members = sorted(self._members.values(), key=lambda member: -member.size)
        total, done = sum(member.size for member in members), 0
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for member, digest in zip(members, pool.map(self._try_hash, members), strict=True):
                if digest:
                    self._digests[member.name.split("/", 1)[1]] = digest
                done += member.size
                progress(done, total)

    def below(self, folder: str) -> list[str]:
        """Paths below a folder, sorted."""
        return sorted(path for path in self._members if path.startswith(f"{folder}/"))

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        """A member as a stream that can be searched, for members that are archives themselves."""
        member = self._member(path)
        with told_in_words(path), io.BufferedReader(_Window(self._source, member), CHUNK) as stream:
            yield stream

    def _member(self, path: str) -> Placed:
        if path not in self._members:
            raise Malformed(f"{path} is missing")
        return self._members[path]

    def _hash(self, member: Placed) -> str:
        hasher, crc = hashlib.sha256(), 0
        for piece in self._pieces(member):
            hasher.update(piece)
            crc = zlib.crc32(piece, crc)
        if crc != member.crc:
            raise Malformed(f"{member.name} does not read: its checksum is another")
        return hasher.hexdigest()

    def _try_hash(self, member: Placed) -> str:
        try:
            return self._hash(member)
        except Malformed:
            return ""

    def _pieces(self, member: Placed) -> Iterator[bytes]:
        at, end = member.start, member.start + member.size
        while at < end:
            with told_in_words(member.name):
                piece = self._source.read(at, min(CHUNK, end - at))
            if not piece:
                raise Malformed(f"{member.name} ends early")
            at += len(piece)
            yield piece


class _Window(io.RawIOBase):
    """The bytes of one member as a file of their own."""

    def __init__(self, source: _Source, member: Placed) -> None:
        self._source, self._member, self._at = source, member, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._member.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        left = max(self._member.size - self._at, 0)
        piece = self._source.read(self._member.start + self._at, min(len(view), left))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle for reading.

    Raises:
        Malformed: it is no zip, or one with tricks: compressed or encrypted members, odd paths, duplicates,
            links, several folders, bytes that belong to no member.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        stream = path.open("rb")
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError) as error:
        raise Malformed(f"not a readable zip: {error}") from error
    with stream:
        if not 0 < len(members) <= MAX_MEMBERS:
            raise Malformed(f"a zip of {len(members)} members")
        for member in members:
            _check_member(member)
        yield Bundle(_Source(stream), MappingProxyType(_below_one_folder(_placed(stream, members))))


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if not PATH.fullmatch(name) or ".." in name:
        raise Malformed(f"a member with an odd path: {name[:80]!r}")
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise Malformed(f"{name} is compressed, which a bundle never is")
    if member.flag_bits or member.extra or member.comment or member.is_dir():
        raise Malformed(f"{name} is encrypted, a folder, or has extra fields")
    if member.external_attr != MODE << 16:
        raise Malformed(f"{name} is a link or has odd permissions")


def _below_one_folder(members: Sequence[Placed]) -> dict[str, Placed]:
    found: dict[str, Placed] = {}
    seen: set[str] = set()
    if len({member.name.split("/", 1)[0] for member in members}) != 1:
        raise Malformed("more than one folder at the top")
    for member in members:
        path = member.name.split("/", 1)[1]
        if path.lower() in seen:  # some file systems cannot tell them apart
            raise Malformed(f"two members of one name: {path}")
        seen.add(path.lower())
        found[path] = member
    return found


def _placed(stream: BinaryIO, members: Sequence[zipfile.ZipInfo]) -> list[Placed]:
    """The members, after seeing that every byte that is not theirs is the one that the format asks for."""
    found: list[Placed] = []
    offset = 0
    for member in members:
        placed = Placed(member.filename, member.file_size, member.CRC, offset)
        header = placed.local_header()
        stream.seek(offset)
        if stream.read(len(header)) != header:
            raise Malformed(f"{member.filename}: a header of another form, or bytes between the members")
        found.append(placed)
        offset = placed.end
    end = directory(found)
    stream.seek(offset)
    if stream.read(len(end) + 1) != end:
        raise Malformed("a directory of another form, or bytes behind it")
    return found


@contextmanager
def told_in_words(path: str) -> Iterator[None]:
    """Turn what a zip reader says into our own error."""
    try:
        yield
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Malformed(f"{path} does not read: {error}") from error
