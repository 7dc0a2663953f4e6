"""Signed webhooks, after Standard Webhooks 1.0: webhook-id, webhook-timestamp, webhook-signature.

The signature is `v1,` and base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body)); while a secret is being
changed there are two. A receiver refuses what is more than five minutes old, so every attempt is signed anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ipguard.notify.adapters.robots import refused
from ipguard.notify.events import Event, to_json
from ipguard.notify.message import Message, Voice, message_of
from ipguard.notify.port import Post, Undelivered

WINDOW = timedelta(minutes=5)
PREFIX = "whsec_"
MAX_TEXT = 1_000
"""Characters of one text."""


def new_secret() -> str:
    """A secret of 32 random bytes, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that is told in JSON."""

    post: Post
    voice: Voice
    now: Callable[[], datetime]
    url: str
    secret: str
    """One, or several with spaces between them while one takes over from another."""

    def notify(self, event: Event) -> None:
        """Tell about one event.

        Raises:
            Undelivered: it did not get through.
        """
        body = body_of(event, self.voice)
        stamp = str(int(self.now().timestamp()))
        headers = [
            ("Content-Type", "application/json"),
            ("webhook-id", event.id),
            ("webhook-timestamp", stamp),
            (
                "webhook-signature",
                " ".join(signature(one, event.id, stamp, body) for one in self.secret.split()),
            ),
        ]
        refused(self.post(self.url, headers, body))


def body_of(event: Event, voice: Voice) -> bytes:
    """The body: type, time, the event as data, and the same in words for whoever only shows it."""
    message = message_of(event, voice)
    data = _bounded(to_json(event))
    told = {"type": event.kind, "timestamp": to_json(event)["at"], "data": data, "message": _words(message)}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """One signature.

    Raises:
        Undelivered: the secret is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Undelivered("The webhook's secret is not one", again=False, hint="Make a new one.") from error
    digest = hmac.new(
        key, b".".join([message_id.encode(), timestamp.encode(), body]), hashlib.sha256
    ).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether a message is ours and at most five minutes old: what a receiver does."""
    stamp = headers.get("webhook-timestamp", "")
    if (
        not stamp.isascii()
        or not stamp.isdigit()
        or abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds()
    ):
        return False
    right = signature(secret, headers.get("webhook-id", ""), stamp, body)
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(one.encode(), right.encode()) for one in given)


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, dict):
        return {name: _bounded(one) for name, one in value.items()}
    return [_bounded(one) for one in value] if isinstance(value, list) else value


def _words(message: Message) -> dict[str, object]:
    lines = [
        line for section in message.sections for line in (section.heading, *(i.title for i in section.items))
    ]
    return {"language": message.language, "title": message.title, "lines": lines, "untrusted": True}
