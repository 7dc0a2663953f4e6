"""Answers that are kept so that the next question may be “has it changed?” (RFC 9110 §13, RFC 9111 §4.3).

A 304 says that the answer still stands, and is evidence of its own. The reader gets the answer as it was said, and
the record gets both: what was said then, and that it was said to be unchanged now.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from crawlers.exchange import Exchange, Headers, Purpose, Request

MAX_AGE = timedelta(days=7)
"""After this an answer is asked for whole again: a shop that always says 304 is not believed for ever."""
MAX_BYTES = 2_000_000
"""Of a body, or of an answer on the wire; larger ones are not kept."""
PURPOSES = frozenset({Purpose.PAGE, Purpose.FEED, Purpose.SITEMAP})
NOT_FROM_304 = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})
"""Fields of a 304 that are about itself (RFC 9111 §3.2)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that may be asked about."""

    exchange: Exchange
    """As it was said, with its wire; without its redirects."""

    @property
    def etag(self) -> str:
        """Its entity tag; empty where it has none."""
        return (self.exchange.header("etag") or "").strip()

    @property
    def last_modified(self) -> str:
        """When it says it changed; empty where it does not."""
        return (self.exchange.header("last-modified") or "").strip()


class Answers(Protocol):
    """Shared by every worker: the newest answers worth asking about, bounded in bytes and age."""

    def get(self, key: str, not_before: datetime) -> Kept | None:
        """The answer kept under a key; None where there is none, or one said before `not_before`."""
        ...

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer in the place of an earlier one."""
        ...

    def forget(self, key: str) -> None:
        """Keep it no more."""
        ...


class MemoryAnswers:
    """Answers for one process: tests, and trying things out. Not bounded in number."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def get(self, key: str, not_before: datetime) -> Kept | None:
        """The answer kept under a key."""
        kept = self._kept.get(key)
        return kept if kept is not None and kept.exchange.ended_at >= not_before else None

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer."""
        self._kept[key] = kept

    def forget(self, key: str) -> None:
        """Keep it no more."""
        self._kept.pop(key, None)


def key_of(request: Request) -> str:
    """What a request asks for: address and own header fields, since answers vary with these. No credential is in it."""
    fields = "\n".join(f"{name.lower()}: {value}" for name, value in sorted(request.headers))
    return hashlib.sha256(f"{request.url}\n{fields}".encode()).hexdigest()


def may_ask(request: Request) -> bool:
    """Whether a request may be asked with “has it changed?”: a plain question that sets no such field itself."""
    own = {name.lower() for name, _ in request.headers}
    plain = request.method == "GET" and not request.body and request.purpose in PURPOSES
    return plain and not own & {"if-none-match", "if-modified-since", "range"}


def worth_keeping(answer: Exchange) -> bool:
    """Whether an answer may be kept and can be asked about: whole, not too large, not forbidden by its host."""
    if answer.status != 200 or answer.truncated or answer.wire is None:
        return False
    if "no-store" in (answer.header("cache-control") or "").lower() or answer.header("vary") == "*":
        return False
    small = max(len(answer.body), len(answer.wire.response)) <= MAX_BYTES
    return small and bool(Kept(answer).etag or Kept(answer).last_modified)


def conditions(kept: Kept) -> Headers:
    """If-None-Match and If-Modified-Since for an answer (RFC 9110 §13.1)."""
    fields = (("If-None-Match", kept.etag), ("If-Modified-Since", kept.last_modified))
    return tuple((name, value) for name, value in fields if value and value.isprintable() and value.isascii())


def still_stands(kept: Kept, said: Exchange) -> bool:
    """Whether a 304 is about the answer we have: a tag that it names is ours (RFC 9111 §4.3.4)."""
    named = (said.header("etag") or "").strip()
    return not named or not kept.etag or named.removeprefix("W/") == kept.etag.removeprefix("W/")


def unchanged(kept: Kept, said: Exchange) -> Exchange:
    """The kept answer as what a 304 stands for: its body, its fields brought up to date, and both on record in `hops`.

    It has no wire of its own, since nobody said it in this form.
    """
    newer = {name.lower() for name, _ in said.headers} - NOT_FROM_304
    fields = (
        *(pair for pair in kept.exchange.headers if pair[0].lower() not in newer),
        *(pair for pair in said.headers if pair[0].lower() in newer),
    )
    earlier = replace(kept.exchange, hops=())
    return replace(
        said,
        status=kept.exchange.status,
        headers=fields,
        body=kept.exchange.body,
        wire=None,
        hops=(earlier, said),
        unchanged_since=kept.exchange.ended_at,
    )
