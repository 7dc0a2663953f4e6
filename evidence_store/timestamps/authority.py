"""The port for time-stamping authorities, and what one hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Token:
    """What was asked and what was answered, both as sent (FORMAT 8.2)."""

    query: bytes
    """DER TimeStampReq (RFC 3161 §2.4.1)."""
    response: bytes
    """DER TimeStampResp (RFC 3161 §2.4.2), whole."""


class TimestampAuthority(Protocol):
    """Stamps a digest. Must raise TimestampError, and nothing else, when it cannot.

    The caller verifies the token against `roots`; an authority's own word counts for nothing.
    """

    @property
    def name(self) -> str:
        """Short name: a-z, 0-9 and dashes; names the files in a bundle."""
        ...

    @property
    def roots(self) -> bytes:
        """PEM certificates its tokens must lead to; never web roots (FORMAT 8.3)."""
        ...

    def stamp(self, digest: bytes) -> Token:
        """Ask for a stamp on a SHA-256 digest (32 bytes)."""
        ...
