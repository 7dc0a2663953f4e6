"""Getting in: a link that works once, a signed session cookie, and tokens that bind a form to its session."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ipguard.errors import NotConfigured
from ipguard.settings import Workspace

COOKIE = "ipguard_session"
SESSION_LASTS = timedelta(hours=12)
SECRET_BYTES = 64
"""32 random bytes, in hexadecimal."""
SECRET_FILE = "console.key"  # noqa: S105 — the file's name, not a secret
LINK_FILE = "console.link"
MIN_DWELL = timedelta(milliseconds=300)
"""Nobody reads two pictures faster; a decision that comes sooner was not about them."""
SHOWN_LASTS = timedelta(hours=12)


def create_console_key(workspace: Workspace) -> str:
    """A new key for the link that lets one browser in, once; an older unused one stops working."""
    key = secrets.token_urlsafe(32)
    _write_private(workspace.folder / LINK_FILE, hashlib.sha256(key.encode()).hexdigest())
    return key


def read_secret(workspace: Workspace) -> bytes:
    """The secret that signs sessions, made on first use, readable by its owner only.

    Raises:
        NotConfigured: the file is there and holds less than a secret.
    """
    file = workspace.folder / SECRET_FILE
    if not file.exists():
        part = _private_part(file, secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was first: its secret counts
            file.hardlink_to(part)  # whole or not at all: a secret cut short could be guessed
        part.unlink()
    secret = file.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise NotConfigured(f"{file} holds no whole secret", hint="Delete that file and start again.")
    return secret


@dataclass(frozen=True, slots=True)
class Access:
    """Checks who may come in and which form was shown to whom."""

    folder: Path
    secret: bytes

    def enter(self, key: str, now: datetime) -> str | None:
        """A session for a key that was not used before; None for any other."""
        file = self.folder / LINK_FILE
        try:
            kept = file.read_text()
            if not hmac.compare_digest(kept, hashlib.sha256(key.encode()).hexdigest()):
                return None
            file.unlink()  # of two that come at once, one fails here
        except FileNotFoundError:
            return None
        body = f"{secrets.token_urlsafe(16)}.{int((now + SESSION_LASTS).timestamp())}"
        return f"{body}.{self._sign('session', body)}"

    def inside(self, session: str, now: datetime) -> bool:
        """Whether a session is ours and has not ended."""
        body, _, signature = session.rpartition(".")
        if not _same(signature, self._sign("session", body)):
            return False
        return int(body.rpartition(".")[2]) > now.timestamp()

    def form_token(self, session: str) -> str:
        """What a form of this session carries, so that no other site can send it."""
        return self._sign("form", session)

    def token_fits(self, session: str, token: str) -> bool:
        """Whether a form was made for this session."""
        return _same(token, self.form_token(session))

    def shown(self, session: str, alert: int, version: int, now: datetime) -> str:
        """A mark that this version of an alert was sent to this session now."""
        at = str(int(now.timestamp() * 1000))
        return f"{at}.{self._sign('shown', f'{session}/{alert}/{version}/{at}')}"

    def was_seen(self, session: str, alert: int, version: int, mark: str, now: datetime) -> bool:
        """Whether the mark is ours, for this alert and version, and old enough to have been looked at."""
        at, _, signature = mark.partition(".")
        if not _same(signature, self._sign("shown", f"{session}/{alert}/{version}/{at}")):
            return False
        age = timedelta(milliseconds=int(now.timestamp() * 1000) - int(at))
        return MIN_DWELL <= age <= SHOWN_LASTS

    def _sign(self, purpose: str, body: str) -> str:
        return hmac.new(self.secret, f"{purpose}:{body}".encode(), hashlib.sha256).hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _write_private(file: Path, text: str) -> None:
    _private_part(file, text).rename(file)


def _private_part(file: Path, text: str) -> Path:
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    return part
