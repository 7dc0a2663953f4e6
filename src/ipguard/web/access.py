"""What proves a form and a look: tokens that bind a form to its session, marks of what was shown, the first link."""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ipguard.database.engine import make_engine, transaction
from ipguard.errors import NotConfigured
from ipguard.people.links import first_admin, make_link
from ipguard.settings import Workspace

COOKIE = "ipguard_session"
KNOWN_COOKIE = "ipguard_known"
"""A browser that somebody signed in from before."""
FLOW_COOKIE = "ipguard_oidc"
"""A browser that was sent to the provider; SameSite=Lax, since it comes back from there."""
SECRET_BYTES = 64
"""32 random bytes, in hexadecimal."""
SECRET_FILE = "console.key"  # noqa: S105 — the file's name, not a secret
MIN_DWELL = timedelta(milliseconds=300)
"""Nobody reads two pictures faster; a decision that comes sooner was not about them."""
SHOWN_LASTS = timedelta(hours=12)


def create_console_key(workspace: Workspace, now: datetime | None = None) -> str:
    """A new key for the link that lets the first admin in, once, within a day; an older unused one stops working.

    Args:
        workspace: whose console it opens.
        now: the time, aware UTC; this machine's if None.
    """
    engine = make_engine(workspace.database_url)
    at = now or datetime.now(UTC)
    try:
        with transaction(engine) as session:
            return make_link(session, first_admin(session, at), "enter", by="ipguard serve", now=at)
    finally:
        engine.dispose()


def read_secret(workspace: Workspace) -> bytes:
    """The secret that signs forms and marks, made on first use, readable by its owner only.

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
    """Signs forms and marks for a session, which is named by its key in the rows (`desk.session`)."""

    secret: bytes

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
        return hmac.new(self.secret, f"{purpose}:{body}".encode(), "sha256").hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _private_part(file: Path, text: str) -> Path:
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    return part
