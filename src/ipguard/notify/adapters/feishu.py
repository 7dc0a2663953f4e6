"""Feishu and Lark: the group robot's interactive card.

Source: Feishu Open Platform, "Custom bot usage guide": POST …/open-apis/bot/v2/hook/<token>; at most 20 KB;
sign = base64(HMAC-SHA256(key = timestamp + "\\n" + secret, message = "")), timestamp in seconds, at most an hour old.
Texts of strangers are `plain_text` elements, in which nothing is mark-up and nobody is called.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

from ipguard.notify.adapters.robots import Robot, code_of, encode, fitting, harmless, lines_of
from ipguard.notify.message import Item, Link, Message, Voice
from ipguard.notify.port import Answer, Post, Undelivered

MAX_BYTES = 20_000
BUSY = (9499, 11232, 11233, 11247)
"""Codes that mean too often or too busy."""
COLOURS = {"evidence.trouble": "red", "source.alarm": "orange", "case.deadline": "yellow"}


def feishu(post: Post, voice: Voice, now: Callable[[], datetime], url: str, secret: str) -> Robot:
    """A robot of Feishu or Lark."""

    def sign(at: datetime, body: dict[str, object]) -> str:
        if secret:
            stamp = str(int(at.timestamp()))
            body |= {"timestamp": stamp, "sign": signature(stamp, secret)}
        return url

    return Robot(post, voice, now, _body, sign, _check)


def signature(timestamp: str, secret: str) -> str:
    """What proves the sender."""
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _body(message: Message) -> Mapping[str, object]:
    def fits(one: Message) -> bool:
        return len(encode(_card(one))) <= MAX_BYTES - 200  # room for time stamp and signature

    return _card(fitting(message, fits))


def _card(message: Message) -> dict[str, object]:
    elements: list[dict[str, object]] = []
    for section in message.sections:
        if len(message.sections) > 1:
            elements += [{"tag": "hr"}, _text(section.heading)]
        elements += [_item(item) for item in section.items]
        if section.more:
            elements.append(_text(section.more))
        if section.links:
            elements.append({"tag": "action", "actions": [_button(link) for link in section.links]})
    elements.append({"tag": "note", "elements": [{"tag": "plain_text", "content": message.foot}]})
    header = {
        "title": {"tag": "plain_text", "content": harmless(message.title)},
        "template": COLOURS.get(message.kind, "turquoise"),
    }
    card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
    return {"msg_type": "interactive", "card": card}


def _text(text: str) -> dict[str, object]:
    return {"tag": "div", "text": {"tag": "plain_text", "content": harmless(text)}}


def _item(item: Item) -> dict[str, object]:
    element = _text("\n".join(lines_of(item)))
    if item.link:
        element["extra"] = _button(item.link)
    return element


def _button(link: Link) -> dict[str, object]:
    text = {"tag": "plain_text", "content": harmless(link.text)}
    return {"tag": "button", "text": text, "url": link.url, "type": "default"}


def _check(answer: Answer) -> None:
    code, _ = code_of(answer, "code")
    if code == 0:
        return
    words = {
        19021: "the signature or its time is not accepted",
        19022: "this machine's address is not on its list",
    }
    words |= {19024: "its keyword is missing", 19001: "there is no such robot"}
    why = words.get(code, f"code {code}" if code >= 0 else "its answer is not that of a robot")
    raise Undelivered(f"Feishu did not take it: {why}", again=code in BUSY or code < 0)
