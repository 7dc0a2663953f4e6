"""Digests (FORMAT 1): SHA-256 as 64 lower-case hexadecimal characters."""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO

from evidence_store.errors import Malformed

HEX = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20
"""Bytes hashed at a time: large enough that hashlib lets other threads run."""


def sha256(data: bytes) -> str:
    """Digest of bytes (FORMAT 1.1)."""
    return hashlib.sha256(data).hexdigest()


def sha256_of(stream: BinaryIO) -> tuple[str, int]:
    """Digest and length of everything that is left in a stream."""
    hasher, length = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        hasher.update(chunk)
        length += len(chunk)
    return hasher.hexdigest(), length


def check_digest(text: object) -> str:
    """`text` as a digest.

    Raises:
        Malformed: it is not 64 lower-case hexadecimal characters.
    """
    if not isinstance(text, str) or not HEX.fullmatch(text):
        raise Malformed(f"not a SHA-256 digest: {str(text)[:80]!r}")
    return text
