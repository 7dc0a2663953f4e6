"""The one form a bundle's zip has (FORMAT 10.1; PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16), for writer and verifier alike.

Stored members, dated 1980-01-01, readable by all and writable by none, no comments, no extra fields, no 64-bit forms.
Whoever knows names, sizes and checksums knows every other byte.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s4B4H3I5H2I"), struct.Struct("<4s4H2IH")
DOS_TIME, DOS_DATE = 0, 33
"""1980-01-01 00:00:00 as a zip writes it."""
MODE = 0o100444
MAX_BYTES = 4_000_000_000
"""A zip without its 64-bit forms ends at 4 GiB."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A member: its whole name, its size and CRC-32, and where its local header starts."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def start(self) -> int:
        """Where its bytes start."""
        return self.offset + LOCAL.size + len(self.name.encode())

    @property
    def end(self) -> int:
        """Where the next header starts."""
        return self.start + self.size

    def local_header(self) -> bytes:
        """What stands before its bytes."""
        return LOCAL.pack(b"PK\x03\x04", 20, 0, 0, *self._facts(), 0) + self.name.encode()

    def central_header(self) -> bytes:
        """Its line in the directory."""
        head = CENTRAL.pack(
            b"PK\x01\x02", 20, 3, 20, 0, 0, 0, *self._facts(), 0, 0, 0, 0, MODE << 16, self.offset
        )
        return head + self.name.encode()

    def _facts(self) -> tuple[int, ...]:
        return (DOS_TIME, DOS_DATE, self.crc, self.size, self.size, len(self.name.encode()))


def directory(members: Iterable[Placed]) -> bytes:
    """What stands behind the last member."""
    placed = list(members)
    lines = b"".join(member.central_header() for member in placed)
    offset = placed[-1].end if placed else 0
    return lines + END.pack(b"PK\x05\x06", 0, 0, len(placed), len(placed), len(lines), offset, 0)
