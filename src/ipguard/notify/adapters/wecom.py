"""WeCom (企业微信): the group robot's markdown.

Source: WeCom developer centre, "Group robot configuration": POST …/cgi-bin/webhook/send?key=…; markdown content of
at most 4,096 bytes of UTF-8; `<@userid>` in it calls somebody, so no text of a stranger keeps a < or an @. It names no
way to sign: the key in the address is the secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ipguard.notify.adapters.robots import Robot, code_of, fitting, harmless
from ipguard.notify.message import Item, Message, Voice, cut_bytes
from ipguard.notify.port import Answer, Post, Undelivered

MAX_BYTES = 4_096
BUSY = (-1, 45_009, 45_033)


def wecom(post: Post, voice: Voice, now: Callable[[], datetime], url: str, _secret: str = "") -> Robot:
    """A robot of WeCom."""

    def sign(_at: datetime, _body: dict[str, object]) -> str:
        return url

    return Robot(post, voice, now, _body, sign, _check)


def _body(message: Message) -> Mapping[str, object]:
    fitted = fitting(message, lambda one: len(_markdown(one).encode("utf-8", "replace")) <= MAX_BYTES)
    return {"msgtype": "markdown", "markdown": {"content": cut_bytes(_markdown(fitted), MAX_BYTES)}}


def _markdown(message: Message) -> str:
    parts = [f"**{harmless(message.title)}**"]
    for section in message.sections:
        if len(message.sections) > 1:
            parts.append(f"**{harmless(section.heading)}**")
        parts += [_item(item) for item in section.items]
        if section.more:
            parts.append(harmless(section.more))
        parts += [f"[{harmless(link.text)}]({link.url})" for link in section.links]
    return "\n".join([*parts, f'<font color="comment">{harmless(message.foot)}</font>'])


def _item(item: Item) -> str:
    title = f"[{harmless(item.title)}]({item.link.url})" if item.link else harmless(item.title)
    return f"> {title}" + (f"\n> {harmless(item.facts)}" if item.facts else "")


def _check(answer: Answer) -> None:
    code, _ = code_of(answer, "errcode")
    if code == 0:
        return
    words = {93_000: "there is no such robot, or it was removed", 40_058: "its content is not accepted"}
    why = words.get(code, f"code {code}" if code != -1 else "it is busy")
    raise Undelivered(f"WeCom did not take it: {why}", again=code in BUSY)
