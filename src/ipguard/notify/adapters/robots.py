"""What the robots of chat services share: JSON out, a short answer back, and texts that call nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ipguard.notify.events import Event
from ipguard.notify.message import Item, Message, Section, Voice, message_of
from ipguard.notify.port import Answer, Post, Undelivered

JSON_TYPE = ("Content-Type", "application/json; charset=utf-8")
ALIKE = str.maketrans(
    {
        "@": "＠",
        "<": "‹",
        ">": "›",
        "[": "［",
        "]": "］",
        "*": "∗",
        "`": "ˋ",
        "#": "＃",
        "_": "＿",
        "\\": "＼",
        "~": "～",
    }
)
"""Signs that call somebody or are mark-up, and others that look alike and mean nothing to a robot."""
Shape = Callable[[Message], Mapping[str, object]]
Check = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Robot:
    """A chat robot: how its messages look, where they go, and what its answers mean."""

    post: Post
    voice: Voice
    now: Callable[[], datetime]
    shape: Shape
    sign: Callable[[datetime, dict[str, object]], str]
    """Adds what proves the sender to the body and gives the URL."""
    check: Check

    def notify(self, event: Event) -> None:
        """Tell about one event.

        Raises:
            Undelivered: it did not get through.
        """
        body = dict(self.shape(message_of(event, self.voice)))
        url = self.sign(self.now(), body)
        answer = self.post(url, [JSON_TYPE], encode(body))
        refused(answer)
        self.check(answer)


def encode(body: Mapping[str, object]) -> bytes:
    """JSON as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def refused(answer: Answer) -> None:
    """Raise what an HTTP status means; nothing for 2xx. The answer's text is not repeated: it may name the address."""
    status = answer.status
    if 200 <= status < 300:
        return
    if status == 410:
        raise Undelivered("The receiver is gone for good (HTTP 410)", again=False, gone=True)
    if status in (408, 425, 429) or status >= 500:
        wait = int(answer.retry_after) if answer.retry_after.isascii() and answer.retry_after.isdigit() else 0
        raise Undelivered(
            f"The receiver cannot take it now (HTTP {status})", again=True, after_seconds=min(wait, 86_400)
        )
    hint = "Look at the channel's address and secret."
    raise Undelivered(f"The receiver refused it (HTTP {status})", again=False, hint=hint)


def code_of(answer: Answer, field: str) -> tuple[int, str]:
    """The number a robot answers with, and its words, bounded; -1 where the answer is no such JSON."""
    try:
        said = json.loads(answer.body)
        return int(said[field]), str(said.get("errmsg") or said.get("msg") or "")[:120]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return -1, ""


def harmless(text: str) -> str:
    """A text that calls nobody and is no mark-up.

    The services do not say how to escape in their markdown, and their clients differ: so nothing is left to escape.
    """
    return text.translate(ALIKE)


def fitting(message: Message, fits: Callable[[Message], bool]) -> Message:
    """The message with as many items as fit, and the number left out said.

    Raises:
        Undelivered: not even its headings fit, which no limit of these services allows for.
    """
    while not fits(message):
        longest = max(range(len(message.sections)), key=lambda n: len(message.sections[n].items))
        section = message.sections[longest]
        if not section.items:
            raise Undelivered("The message is too long for this channel", again=False)
        parts = list(message.sections)
        parts[longest] = Section(section.heading, section.items[:-1], section.more or "…", section.links)
        message = Message(
            message.id, message.kind, message.at, message.language, message.title, tuple(parts), message.foot
        )
    return message


def lines_of(item: Item) -> list[str]:
    """Title and facts of an item."""
    return [text for text in (item.title, item.facts) if text]
