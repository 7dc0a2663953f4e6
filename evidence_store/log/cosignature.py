"""Cosignatures of witnesses (FORMAT 6.5; C2SP tlog-cosignature v1, Ed25519): "I saw this checkpoint at this time".

A witness signs a checkpoint only when it continues what it signed before: so everybody sees one history of the log.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence_store.errors import Malformed
from evidence_store.log import note
from evidence_store.log.note import NAME

COSIGNATURE = b"\x04"
"""Signature type byte of a timestamped Ed25519 cosignature (C2SP tlog-cosignature)."""
TIMESTAMP = struct.Struct(">Q")
SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's name and public key."""

    name: str
    public: bytes
    """32 bytes (RFC 8032)."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(COSIGNATURE + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def parse_witness(text: str) -> WitnessKey:
    """The key in a witness's vkey.

    Raises:
        Malformed: another form, another algorithm, or a key id that is not its own.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not NAME.fullmatch(parts[0]):
        raise Malformed("a witness's key reads name+key id+key")
    try:
        raw = base64.b64decode(parts[2], validate=True)
    except ValueError as error:
        raise Malformed("a witness's key that is not base64") from error
    if len(raw) != 33 or raw[:1] != COSIGNATURE:
        raise Malformed("a witness's key that is not one for Ed25519 cosignatures")
    key = WitnessKey(parts[0], raw[1:])
    if str(key) != text.strip():
        raise Malformed("a witness's key whose key id is not its own")
    return key


def witness_of(name: str, key: Ed25519PrivateKey) -> WitnessKey:
    """The public half of a witness's key."""
    return WitnessKey(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def cosign(text: str, name: str, key: Ed25519PrivateKey, at: datetime) -> bytes:
    """A signature line over a checkpoint's text, at whole seconds."""
    seconds = int(at.timestamp())
    signature = key.sign(_message(text, seconds))
    raw = witness_of(name, key).key_id + TIMESTAMP.pack(seconds) + signature
    return f"— {name} {base64.b64encode(raw).decode()}\n".encode()


def check_cosignature(signed: bytes, witness: WitnessKey) -> datetime:
    """When a witness saw the checkpoint in a note.

    Raises:
        Malformed: it did not, or its signature does not fit.
    """
    text, signatures = note.split(signed)
    for name, raw in signatures:
        if name != witness.name or raw[:4] != witness.key_id:
            continue
        if len(raw) != 4 + TIMESTAMP.size + SIGNATURE_BYTES:
            raise Malformed(f"the cosignature of {witness.name} has another length")
        (seconds,) = TIMESTAMP.unpack(raw[4:12])
        try:
            at = datetime.fromtimestamp(seconds, UTC)
            Ed25519PublicKey.from_public_bytes(witness.public).verify(raw[12:], _message(text, seconds))
        except (InvalidSignature, OverflowError, OSError, ValueError) as error:
            raise Malformed(f"the cosignature of {witness.name} does not fit the checkpoint") from error
        return at
    raise Malformed(f"{witness.name} did not sign this checkpoint")


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
