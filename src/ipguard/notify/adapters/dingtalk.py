"""DingTalk: the group robot's action card, or markdown where there is no page to link to.

Source: DingTalk Open Platform, "Custom robot access": POST …/robot/send?access_token=…&timestamp=…&sign=…;
sign = urlencode(base64(HMAC-SHA256(secret, timestamp + "\\n" + secret))), timestamp in milliseconds, at most an
hour old; at most 20,000 bytes and 20 messages a minute. People are called by the `at` field only, which is off.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from ipguard.notify.adapters.robots import Robot, code_of, encode, fitting, harmless
from ipguard.notify.message import Item, Message, Voice, plain
from ipguard.notify.port import Answer, Post, Undelivered

MAX_BYTES = 20_000
BUSY = (-1, 130_101, 130_102, 410_100)


def dingtalk(post: Post, voice: Voice, now: Callable[[], datetime], url: str, secret: str) -> Robot:
    """A robot of DingTalk."""

    def sign(at: datetime, _body: dict[str, object]) -> str:
        if not secret:
            return url
        stamp = str(int(at.timestamp() * 1000))
        query = urlencode({"timestamp": stamp, "sign": signature(stamp, secret)})
        return f"{url}{'&' if '?' in url else '?'}{query}"

    return Robot(post, voice, now, _body, sign, _check)


def signature(timestamp: str, secret: str) -> str:
    """What proves the sender, before it is put into the URL."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _body(message: Message) -> Mapping[str, object]:
    return _card(fitting(message, lambda one: len(encode(_card(one))) <= MAX_BYTES))


def _card(message: Message) -> dict[str, object]:
    title, text, link = plain(harmless(message.title), 80), _markdown(message), message.link
    if link is None:
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": {"isAtAll": False}}
    card = {"title": title, "text": text, "singleTitle": plain(link.text, 40), "singleURL": link.url}
    return {"msgtype": "actionCard", "actionCard": card, "at": {"isAtAll": False}}


def _markdown(message: Message) -> str:
    parts = [f"### {harmless(message.title)}"]
    for section in message.sections:
        if len(message.sections) > 1:
            parts.append(f"#### {harmless(section.heading)}")
        parts += [_item(item) for item in section.items]
        if section.more:
            parts.append(harmless(section.more))
        parts += [f"[{harmless(link.text)}]({link.url})" for link in section.links]
    return "\n\n".join([*parts, f"> {harmless(message.foot)}"])


def _item(item: Item) -> str:
    title = f"[{harmless(item.title)}]({item.link.url})" if item.link else harmless(item.title)
    return f"- {title}" + (f"  \n  {harmless(item.facts)}" if item.facts else "")


def _check(answer: Answer) -> None:
    code, _ = code_of(answer, "errcode")
    if code == 0:
        return
    words = {
        310_000: "its keyword is missing, or signature or address are not accepted",
        300_001: "there is no such robot",
    }
    why = words.get(code, f"code {code}" if code != -1 else "it is busy")
    raise Undelivered(f"DingTalk did not take it: {why}", again=code in BUSY)
