"""Salted commitments (FORMAT 4): the log says that something is kept without saying what."""

from __future__ import annotations

from collections.abc import Mapping

from evidence_store.digest import sha256
from evidence_store.errors import Malformed
from evidence_store.exhibit import JsonValue


def commitment_of(opening: Mapping[str, JsonValue]) -> str:
    """The commitment that an opening opens (FORMAT 4.2).

    Raises:
        Malformed: the opening has another form.
    """
    nonce, payload = opening.get("nonce"), opening.get("payload_sha256")
    try:
        raw = bytes.fromhex(str(nonce)) + bytes.fromhex(str(payload))
    except ValueError as error:
        raise Malformed("an opening holds a nonce and a digest") from error
    if len(raw) != 64 or set(opening) != {"nonce", "payload_sha256"}:
        raise Malformed("an opening holds a nonce and a digest of 32 bytes each")
    return sha256(raw)
