"""The log's signing key: Ed25519, PKCS#8, encrypted when a passphrase is given (scrypt, AES-256)."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from evidence_store.disk import writing
from evidence_store.errors import SigningKeyError

KEY_FILE, NEXT_KEY_FILE = "log.key", "log.key.next"


def make_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """A new key, written with mode 0600."""
    key = Ed25519PrivateKey.generate()
    write_key(path, key, passphrase)
    return key


def write_key(path: Path, key: Ed25519PrivateKey, passphrase: bytes | None) -> None:
    """Write a key, mode 0600, encrypted when there is a passphrase."""
    lock: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    with writing(path, mode=0o600) as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))


def is_encrypted(path: Path) -> bool:
    """Whether a passphrase is needed to open a key."""
    return b"ENCRYPTED" in path.read_bytes()


def load_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """The key in a file.

    Raises:
        SigningKeyError: missing, open to others, of another kind, or the passphrase does not open it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SigningKeyError(f"{path} can be read by others", hint=f"chmod 600 {path}")
        data = path.read_bytes()
    except OSError as error:
        raise SigningKeyError(
            f"The signing key cannot be read: {error}", hint="Restore it from a backup."
        ) from error
    encrypted = b"ENCRYPTED" in data
    try:
        key = load_pem_private_key(data, passphrase if encrypted else None)
    except (ValueError, TypeError) as error:
        raise SigningKeyError(
            "The signing key does not open" + (" without a passphrase" if passphrase is None else ""),
            hint="Set IPGUARD_EVIDENCE_PASSPHRASE to the passphrase it was made with.",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path} does not hold an Ed25519 key")
    return key
