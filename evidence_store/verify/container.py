"""Opening a bundle that may want to harm us (V-1, FORMAT 10.1): nothing is unpacked, everything is bounded."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

from evidence_store.digest import sha256_of
from evidence_store.errors import Malformed

MAX_MEMBERS = 200_000
MAX_READ_BYTES = 64_000_000
"""The largest member that is read as a whole (a WARC file, a record)."""
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s4B4H3I5H2I"), struct.Struct("<4s4H2IH")
DOS_TIME, DOS_DATE = 0, 33
"""1980-01-01 00:00:00 as a zip writes it."""
MODE = 0o100444


class Bundle:
    """The members of a bundle, by path below its one folder."""

    def __init__(self, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
        self._archive, self._members = archive, members

    @property
    def paths(self) -> list[str]:
        """Every path, in the order of the zip."""
        return list(self._members)

    def size(self, path: str) -> int:
        """Bytes of a member."""
        return self._member(path).file_size

    def read(self, path: str) -> bytes:
        """A whole member.

        Raises:
            Malformed: it is not there, too large, or does not read.
        """
        member = self._member(path)
        if member.file_size > MAX_READ_BYTES:
            raise Malformed(f"{path} is larger than {MAX_READ_BYTES:,} bytes")
        with self._open(member) as stream, told_in_words(path):
            return stream.read()

    def digest(self, path: str) -> str:
        """Digest of a member, read in pieces."""
        with self._open(self._member(path)) as stream, told_in_words(path):
            return sha256_of(stream)[0]  # type: ignore[arg-type] # zipfile's member reads like a file

    def below(self, folder: str) -> list[str]:
        """Paths below a folder, sorted."""
        return sorted(path for path in self._members if path.startswith(f"{folder}/"))

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        """A member as a stream that can be searched, for members that are archives themselves."""
        with self._open(self._member(path)) as stream:
            yield stream

    def _member(self, path: str) -> zipfile.ZipInfo:
        if path not in self._members:
            raise Malformed(f"{path} is missing")
        return self._members[path]

    @contextmanager
    def _open(self, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        with told_in_words(member.filename), self._archive.open(member) as stream:
            yield stream


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle for reading.

    Raises:
        Malformed: it is no zip, or one with tricks: compressed or encrypted members, odd paths, duplicates,
            links, several folders, bytes that belong to no member.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError) as error:
        raise Malformed(f"not a readable zip: {error}") from error
    with archive:
        members = archive.infolist()
        if not 0 < len(members) <= MAX_MEMBERS:
            raise Malformed(f"a zip of {len(members)} members")
        for member in members:
            _check_member(member)
        _check_no_hidden_bytes(path, members)
        yield Bundle(archive, MappingProxyType(_below_one_folder(members)))


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


def _below_one_folder(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    folders = {member.filename.split("/", 1)[0] for member in members}
    if len(folders) != 1:
        raise Malformed("more than one folder at the top")
    for member in members:
        path = member.filename.split("/", 1)[1]
        if path in found or path.lower() in {p.lower() for p in found if len(p) == len(path) and p != path}:
            raise Malformed(f"two members of one name: {path}")
        found[path] = member
    return found


def _check_no_hidden_bytes(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Every byte that is not a member's is the one that FORMAT 10.1 asks for (PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16)."""
    directory, offset = b"", 0
    with path.open("rb") as stream:
        for member in members:
            name = member.filename.encode()
            sizes = (DOS_TIME, DOS_DATE, member.CRC, member.file_size, member.file_size, len(name))
            header = LOCAL.pack(b"PK\x03\x04", 20, 0, 0, *sizes, 0) + name
            stream.seek(offset)
            if stream.read(len(header)) != header:
                raise Malformed(f"{member.filename}: a header of another form, or bytes between the members")
            directory += (
                CENTRAL.pack(b"PK\x01\x02", 20, 3, 20, 0, 0, 0, *sizes, 0, 0, 0, 0, MODE << 16, offset) + name
            )
            offset += len(header) + member.file_size
        count = len(members)
        end = END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), offset, 0)
        stream.seek(offset)
        if stream.read(len(directory) + len(end) + 1) != directory + end:
            raise Malformed("a directory of another form, or bytes behind it")


@contextmanager
def told_in_words(path: str) -> Iterator[None]:
    """Turn what a zip reader says into our own error."""
    try:
        yield
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Malformed(f"{path} does not read: {error}") from error
