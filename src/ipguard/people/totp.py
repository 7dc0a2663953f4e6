"""The second step: time-based one-time codes (RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
"""The length of a SHA-1 output, as RFC 4226 §4 recommends."""
DRIFT_STEPS = 1
"""Steps a clock may be off either way (RFC 6238 §5.2)."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 random bits: sixteen letters."""


def new_secret() -> str:
    """A new secret in base32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step (RFC 4226 §5.3)."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    at = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(now: datetime) -> int:
    """The time step of a moment."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, now: datetime, used: int) -> int | None:
    """The step a code belongs to, later than the newest one `used`: no code works twice (RFC 6238 §5.2)."""
    given = "".join(code.split()).encode()
    fitting = None
    for step in range(step_of(now) - DRIFT_STEPS, step_of(now) + DRIFT_STEPS + 1):
        if hmac.compare_digest(given, code_at(secret, step).encode()) and step > used:
            fitting = step
    return fitting


def uri(secret: str, name: str, issuer: str) -> str:
    """What the QR code holds (the key URI format that authenticator apps read)."""
    values = urlencode(
        {"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote
    )
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?{values}"


def recovery_codes() -> list[str]:
    """Codes that stand in for the second step, each once: `abcd-efgh-ijkl-mnop`."""
    raw = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in raw]


def plain_recovery(code: str) -> str:
    """A recovery code as it is hashed: without the hyphens and spaces people type."""
    return "".join(c for c in code.lower() if c.isalnum())
