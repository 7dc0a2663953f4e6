"""The port of this room, and what it needs of others: how a request is sent, and a picture made small.

Undelivered says whether trying again can help; nothing else may leave a notifier. Its words go into rows and logs,
so they never hold an address that is a secret, a key, or text of a listing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ipguard.errors import IpguardError
from ipguard.notify.events import Event

MAX_ANSWER_BYTES = 16_384
"""Of what a receiver answers; a robot answers with a line."""


class Undelivered(IpguardError):
    """A message did not get through."""

    exit_code = 4

    def __init__(
        self, message: str, *, again: bool, hint: str = "", gone: bool = False, after_seconds: int = 0
    ) -> None:
        """`again`: another attempt can help. `gone`: the receiver says that it takes no more, for ever."""
        super().__init__(message, hint=hint)
        self.again, self.gone, self.after_seconds = again, gone, after_seconds


class Notifier(Protocol):
    """Tells somebody. Must be safe to call twice with one event: the receiver can tell by its id."""

    def notify(self, event: Event) -> None:
        """Tell about one event.

        Raises:
            Undelivered: it did not get through.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered."""

    status: int
    body: bytes
    """At most MAX_ANSWER_BYTES."""
    retry_after: str = ""
    """The header field, as it came."""


Post = Callable[[str, Sequence[tuple[str, str]], bytes], Answer]
"""Sends a body to a URL with header fields, to public addresses only, following nothing; raises Undelivered."""

Thumbnail = Callable[[str], bytes | None]
"""A small JPEG of the picture with that SHA-256; None where there is none that can be shown."""
