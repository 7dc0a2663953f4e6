"""Sealing bytes under an exhibit's own key (FORMAT 12.1): STREAM over AES-256-GCM, in pieces of 1 MiB.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
2015) numbers the pieces and marks the last one, so that none can be dropped, swapped or added unseen.
"""

from __future__ import annotations

import io
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence_store.errors import StoreDamaged

KEY_BYTES = 32
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
CONTEXT = b"ipguard-seal/1\x00"


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take some."""
        ...


def seal(key: bytes, name: str, data: bytes) -> bytes:
    """`data` sealed as `name`. A key seals each name once: the nonces start anew for every name."""
    out = io.BytesIO()
    cipher = _cipher(key, name)
    view = memoryview(data)
    starts = range(0, len(data), PIECE_BYTES) or range(1)
    for number, start in enumerate(starts):
        last = start + PIECE_BYTES >= len(data)
        out.write(cipher.encrypt(_nonce(number, last=last), view[start : start + PIECE_BYTES], None))
    return out.getvalue()


def unseal(key: bytes, name: str, sealed: bytes) -> bytes:
    """What was sealed as `name`.

    Raises:
        StoreDamaged: it is not that, or has changed.
    """
    out = io.BytesIO()
    unseal_into(key, name, io.BytesIO(sealed), out)
    return out.getvalue()


def unseal_into(key: bytes, name: str, sealed: BinaryIO, target: Sink) -> None:
    """Open a sealed stream piece by piece into `target`, in bounded memory.

    Raises:
        StoreDamaged: it has changed or ends early; what went into `target` until then is to be thrown away.
    """
    cipher = _cipher(key, name)
    number, piece = 0, sealed.read(PIECE_BYTES + TAG_BYTES)
    while True:
        following = sealed.read(PIECE_BYTES + TAG_BYTES)
        try:
            target.write(cipher.decrypt(_nonce(number, last=not following), piece, None))
        except InvalidTag as error:
            raise StoreDamaged(f"What is kept as “{name}” has changed, or is of another exhibit") from error
        if not following:
            return
        number, piece = number + 1, following


def _cipher(key: bytes, name: str) -> AESGCM:
    own = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=CONTEXT + name.encode()).derive(key)
    return AESGCM(own)


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4) + bytes([last])
