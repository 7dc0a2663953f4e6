"""Receivers at real addresses: a web server that checks what chat services check, and a mail server over TLS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SECRET = "SECdocumented0f5a"


@dataclass
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers by path; everything that came is kept."""

    base: str
    heard: list[Heard] = field(default_factory=list)
    scripted: list[tuple[int, bytes]] = field(default_factory=list)
    """Answers that come first, one a request."""

    def answer(self, one: Heard) -> tuple[int, bytes]:
        """Status and body."""
        if self.scripted:
            return self.scripted.pop(0)
        path = urlsplit(one.path).path
        known: dict[str, Callable[[Heard], tuple[int, bytes]]] = {
            "/feishu": _feishu,
            "/dingtalk": _dingtalk,
            "/wecom": _wecom,
            "/slack": _slack,
            "/hook": lambda _: (204, b""),
        }
        return known[path](one) if path in known else (404, b"")


def _feishu(one: Heard) -> tuple[int, bytes]:
    """key = timestamp, newline, secret; the message is empty."""
    said = json.loads(one.body)
    key = f"{said.get('timestamp')}\n{SECRET}".encode()
    right = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
    if said.get("sign") != right:
        return 200, b'{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}'
    good = said["msg_type"] == "interactive" and said["card"]["header"]["title"]["tag"] == "plain_text"
    if not good or len(one.body) > 20_000 or not said["card"]["elements"]:
        return 200, b'{"code":9499,"msg":"Bad Request"}'
    return 200, b'{"code":0,"msg":"success","data":{}}'


def _dingtalk(one: Heard) -> tuple[int, bytes]:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(one.path).query).items()}
    text = f"{asked.get('timestamp')}\n{SECRET}".encode()
    right = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()
    if asked.get("sign") != right or len(asked["timestamp"]) != 13 or asked.get("access_token") != "t":
        return 200, b'{"errcode":310000,"errmsg":"sign not match"}'
    said = json.loads(one.body)
    part = said[said["msgtype"]]
    good = said["at"] == {"isAtAll": False} and part["title"] and part["text"] and len(one.body) <= 20_000
    return 200, b'{"errcode":0,"errmsg":"ok"}' if good else b'{"errcode":40035,"errmsg":"bad"}'


def _wecom(one: Heard) -> tuple[int, bytes]:
    said = json.loads(one.body)
    good = said["msgtype"] == "markdown" and 0 < len(said["markdown"]["content"].encode()) <= 4096
    return 200, b'{"errcode":0,"errmsg":"ok"}' if good else b'{"errcode":40058,"errmsg":"too long"}'


def _slack(one: Heard) -> tuple[int, bytes]:
    said = json.loads(one.body)
    blocks = said["blocks"]
    good = 0 < len(blocks) <= 50 and len(blocks[0]["text"]["text"]) <= 150
    for block in blocks:
        text = block.get("text", {}).get("text", "x")
        buttons = (
            [*block.get("elements", []), block.get("accessory", {})] if block["type"] != "context" else []
        )
        good = good and 0 < len(text) <= 3000 and len(buttons) <= 26
        good = good and all(len(b["text"]["text"]) <= 75 for b in buttons if b)
    return (200, b"ok") if good else (400, b"invalid_blocks")


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """A receiver that answers while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.heard.append(one)
            status, said = receiver.answer(one)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
