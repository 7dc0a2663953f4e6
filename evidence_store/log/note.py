"""C2SP signed notes with Ed25519 (FORMAT 6), strictly: one text, one encoding.

A note is text, an empty line, and signature lines: `— <name> <base64 of 4-byte key id ‖ signature>`.
The key id is the first four bytes of SHA-256(name ‖ "\\n" ‖ 0x01 ‖ public key).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence_store.errors import Malformed

ED25519 = b"\x01"
"""Signature type byte of Ed25519 (C2SP signed-note)."""
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
"""Nobody has to spend forever on a note with many signatures."""
NAME = re.compile(r"[^\s+]{1,256}")
SIGNATURE_LINE = re.compile(r"— ([^\s+]{1,256}) ([A-Za-z0-9+/=]{1,8192})")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under."""

    name: str
    public: bytes
    """32 bytes (RFC 8032)."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def parse_vkey(text: str) -> VerifierKey:
    """The key in a vkey text (C2SP signed-note).

    Raises:
        Malformed: it has another form, another algorithm, or a key id that is not its own.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not NAME.fullmatch(parts[0]):
        raise Malformed("a verifier key reads name+key id+key")
    raw = _base64(parts[2])
    if len(raw) != 33 or raw[:1] != ED25519:
        raise Malformed("a verifier key that is not Ed25519")
    key = VerifierKey(parts[0], raw[1:])
    if str(key) != text.strip():
        raise Malformed("a verifier key whose key id is not its own")
    return key


def verifier_of(name: str, key: Ed25519PrivateKey) -> VerifierKey:
    """The public half of a signing key."""
    return VerifierKey(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(text: str, name: str, *keys: Ed25519PrivateKey) -> bytes:
    """A note signed by each of these keys under one name. `text` ends with a newline."""
    if not text.endswith("\n") or not NAME.fullmatch(name):
        raise Malformed("a note's text ends with a newline, and its signer has a name without spaces or plus")
    signatures = [verifier_of(name, key).key_id + key.sign(text.encode()) for key in keys]
    lines = "".join(f"— {name} {base64.b64encode(signature).decode()}\n" for signature in signatures)
    return f"{text}\n{lines}".encode()


def check(note: bytes, key: VerifierKey) -> str:
    """The text of a note that `key` signed.

    Raises:
        Malformed: not a note, not signed by this key, or the signature is wrong.
    """
    text, signatures = split(note)
    mine = [raw for name, raw in signatures if name == key.name and raw[:4] == key.key_id]
    if not mine:
        raise Malformed(f"the note is not signed by {key.name}")
    public = Ed25519PublicKey.from_public_bytes(key.public)
    for raw in mine:
        try:
            public.verify(raw[4:], text.encode())
        except InvalidSignature as error:
            raise Malformed(f"the signature of {key.name} does not fit the note") from error
    return text


def split(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and (name, raw signature) pairs of a note, nothing checked.

    Raises:
        Malformed: it has another form.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise Malformed("a note larger than a megabyte")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("a note that is not UTF-8") from error
    if any(ord(c) < 0x20 and c != "\n" for c in whole):
        raise Malformed("a note with control characters")
    text, gap, signed = whole.rpartition("\n\n")
    lines = signed.split("\n")
    if not gap or lines[-1] != "" or not 1 <= len(lines) - 1 <= MAX_SIGNATURES:
        raise Malformed("a note has a text, an empty line and signature lines")
    return text + "\n", [_signature(line) for line in lines[:-1]]


def _signature(line: str) -> tuple[str, bytes]:
    found = SIGNATURE_LINE.fullmatch(line)
    if found is None:
        raise Malformed("a signature line has another form")
    raw = _base64(found[2])
    if len(raw) < 5:
        raise Malformed("a signature line is too short")
    return found[1], raw


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Malformed("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Malformed("base64 in another than its one form")
    return raw
