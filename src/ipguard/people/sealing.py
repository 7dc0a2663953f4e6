"""Sealing the few secrets that must be read again, so that rows alone do not give them away."""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken

from ipguard.errors import NotConfigured


def seal(secret: bytes, text: str) -> str:
    """`text` encrypted and authenticated with a key made from the workspace's secret."""
    return _box(secret).encrypt(text.encode()).decode()


def unseal(secret: bytes, sealed: str) -> str:
    """What was sealed.

    Raises:
        NotConfigured: it was sealed with another workspace's secret.
    """
    try:
        return _box(secret).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise NotConfigured(
            "The second step of this account was sealed with another console.key",
            hint="Put the old console.key back, or take the second step off: ipguard user reset NAME --second-step",
        ) from error


def _box(secret: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(secret, b"people:seal", "sha256")))
