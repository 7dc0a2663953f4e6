"""Slack: blocks by an incoming webhook, whose address is the secret.

Source: Slack API, "Sending messages using incoming webhooks" and "Block Kit reference": at most 50 blocks, header 150
characters, section text 3,000, button text 75; the answer is `ok`. & < > are escaped ("Formatting text"), which takes
<!channel>, <@U…> and <https://…|…> their meaning; strangers' texts stand in `plain_text` objects besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ipguard.notify.adapters.robots import Robot, fitting, lines_of
from ipguard.notify.message import Item, Link, Message, Voice, plain
from ipguard.notify.port import Answer, Post, Undelivered

MAX_BLOCKS = 50
MAX_HEADER, MAX_SECTION, MAX_BUTTON = 150, 3_000, 75


def slack(post: Post, voice: Voice, now: Callable[[], datetime], url: str, _secret: str = "") -> Robot:
    """A Slack channel."""

    def sign(_at: datetime, _body: dict[str, object]) -> str:
        return url

    return Robot(post, voice, now, _body, sign, _check)


def escaped(text: str) -> str:
    """A text that is no mark-up and calls nobody."""
    return text.replace("@", "＠").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _body(message: Message) -> Mapping[str, object]:
    fitted = fitting(message, lambda one: len(_blocks(one)) <= MAX_BLOCKS)
    return {
        "text": escaped(message.title),
        "blocks": _blocks(fitted),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(message: Message) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(message.title, MAX_HEADER)}]
    for section in message.sections:
        if len(message.sections) > 1:
            blocks.append({"type": "divider"})
            blocks.append({"type": "section", "text": _plain(section.heading, MAX_SECTION)})
        blocks += [_item(item) for item in section.items]
        if section.more:
            blocks.append({"type": "section", "text": _plain(section.more, MAX_SECTION)})
        if section.links:
            blocks.append({"type": "actions", "elements": [_button(link) for link in section.links]})
    foot: dict[str, object] = {"type": "context", "elements": [_plain(message.foot, MAX_SECTION)]}
    return [*blocks, foot]


def _item(item: Item) -> dict[str, object]:
    block: dict[str, object] = {"type": "section", "text": _plain("\n".join(lines_of(item)), MAX_SECTION)}
    if item.link:
        block["accessory"] = _button(item.link)
    return block


def _plain(text: str, limit: int) -> dict[str, object]:
    lines = "\n".join(plain(line, limit // 2) for line in escaped(text).split("\n"))
    return {"type": "plain_text", "text": lines, "emoji": False}


def _button(link: Link) -> dict[str, object]:
    return {"type": "button", "text": _plain(link.text, MAX_BUTTON), "url": link.url}


def _check(answer: Answer) -> None:
    if answer.body.strip() != b"ok":
        raise Undelivered("Slack's answer is not the one of a webhook", again=True)
