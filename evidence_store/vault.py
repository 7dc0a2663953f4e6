"""The vault key that wraps every exhibit's key (FORMAT 12.3), in a file apart from the journal.

Whoever has the journal and the sealed bytes, but not this file, reads nothing. Rotating it and destroying the old one
is what makes an erasure final (FORMAT 12.4).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from evidence_store import canonical
from evidence_store.canonical import Object
from evidence_store.disk import sync_folder, told_in_words, writing
from evidence_store.errors import Malformed, SigningKeyError, StoreDamaged
from evidence_store.sealing import KEY_BYTES

FORMAT = "ipguard-vault/1"
VAULT_FILE, NEXT_FILE = "vault.key", "vault.key.next"
SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 15, 8, 1
"""32 MiB of memory and about 0.1 s a guess (RFC 7914)."""


@dataclass(frozen=True, slots=True)
class Vault:
    """One vault key and its number."""

    epoch: int
    key: bytes

    def new_key(self) -> bytes:
        """A key for one exhibit."""
        return secrets.token_bytes(KEY_BYTES)

    def wrap(self, key: bytes) -> bytes:
        """A key as it may lie in the journal (AES key wrap, RFC 3394)."""
        return aes_key_wrap(self.key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key in `wrapped`; StoreDamaged where it is not ours."""
        try:
            return aes_key_unwrap(self.key, wrapped)
        except (InvalidUnwrap, ValueError) as error:
            raise StoreDamaged("The key of an exhibit does not open with this vault key") from error


def new_vault(epoch: int) -> Vault:
    """A vault with a fresh key."""
    return Vault(epoch, secrets.token_bytes(KEY_BYTES))


def write_vault(path: Path, vault: Vault, passphrase: bytes | None) -> None:
    """Write a vault key, mode 0600, sealed when there is a passphrase."""
    fields: Object = {"format": FORMAT, "epoch": vault.epoch}
    if passphrase:
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, vault.key, None)
        fields |= {"salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}
    else:
        fields |= {"key": vault.key.hex()}
    with writing(path, mode=0o600) as out:
        out.write(canonical.encode(fields))


def load_vault(path: Path, passphrase: bytes | None) -> Vault:
    """The vault key in a file.

    Raises:
        SigningKeyError: missing, open to others, of another form, or the passphrase does not open it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SigningKeyError(f"{path} can be read by others", hint=f"chmod 600 {path}")
        fields = canonical.decode(path.read_bytes())
    except (OSError, Malformed) as error:
        raise SigningKeyError(
            f"The vault key cannot be read: {error}", hint="Restore it from a backup."
        ) from error
    try:
        epoch, key = int(str(fields["epoch"])), _open(fields, passphrase)
    except (KeyError, ValueError) as error:
        raise SigningKeyError(f"{path} is no vault key", hint="Restore it from a backup.") from error
    if fields.get("format") != FORMAT or len(key) != KEY_BYTES:
        raise SigningKeyError(f"{path} is no vault key of a form that this version reads")
    return Vault(epoch, key)


def is_protected(path: Path) -> bool:
    """Whether a passphrase is needed to open the vault."""
    try:
        return "sealed" in canonical.decode(path.read_bytes())
    except (OSError, Malformed):
        return False


def settle(folder: Path, epoch: int, passphrase: bytes | None) -> Vault:
    """The vault that fits the journal, after a rotation that a crash may have cut in two.

    The journal's commit decides: where it carries the next epoch, the next key takes the place of the old one.
    """
    path, following = folder / VAULT_FILE, folder / NEXT_FILE
    if following.exists():
        if load_vault(following, passphrase).epoch == epoch:
            take_place(folder)
        else:
            with told_in_words():
                following.unlink()
                sync_folder(folder)
    vault = load_vault(path, passphrase)
    if vault.epoch != epoch:
        raise SigningKeyError(
            f"The vault key is number {vault.epoch}, and the journal was written with number {epoch}",
            hint="Restore vault.key and journal.db from the same backup.",
        )
    return vault


def take_place(folder: Path) -> None:
    """Overwrite the old vault key and put the next one in its place.

    A disk may keep old blocks for a while whatever is written over them; that is the file system's to answer for.
    """
    path = folder / VAULT_FILE
    with told_in_words():
        with path.open("r+b") as old:
            old.write(os.urandom(path.stat().st_size))
            old.flush()
            os.fsync(old.fileno())
        (folder / NEXT_FILE).rename(path)
        sync_folder(folder)


def _open(fields: Object, passphrase: bytes | None) -> bytes:
    if "sealed" not in fields:
        return bytes.fromhex(str(fields["key"]))
    if not passphrase:
        raise SigningKeyError(
            "The vault key does not open without a passphrase",
            hint="Set IPGUARD_EVIDENCE_PASSPHRASE to the passphrase it was made with.",
        )
    salt, nonce, sealed = (bytes.fromhex(str(fields[name])) for name in ("salt", "nonce", "sealed"))
    try:
        return AESGCM(_stretch(passphrase, salt)).decrypt(nonce, sealed, None)
    except InvalidTag as error:
        raise SigningKeyError(
            "The passphrase does not open the vault key",
            hint="Set IPGUARD_EVIDENCE_PASSPHRASE to the passphrase it was made with.",
        ) from error


def _stretch(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase)
