"""What a crawl has still to ask and what it has seen, and how each step changes that.

A step is written down as its change alone, so that a run over 50,000 addresses writes each of them once. Replaying
the changes gives the frontier back. Addresses and ids that were seen are kept as 64-bit digests: memory stays flat,
and two of a million are taken for one with a chance below 1 in 30 million.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType

from crawlers.addresses import one_spelling
from crawlers.errors import BadSource
from crawlers.exchange import Purpose, Request, State

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """What one step does to a frontier."""

    done: int = 0
    """Requests taken from the front."""
    requests: tuple[Request, ...] = ()
    """Added at the end, before any is taken."""
    urls: tuple[int, ...] = ()
    """Digests of addresses that count as asked from now on."""
    ids: tuple[int, ...] = ()
    """Digests of listings seen."""
    pages: int = 0
    """From here on: as they are after the step."""
    failures: int = 0
    """Failed steps in a row."""
    tries: int = 0
    """How often the first pending request was asked to come back."""
    position: State | None = None
    """Up to where a source that only grows has been read."""

    def to_json(self) -> JsonObject:
        """Plain JSON values."""
        return {
            "done": self.done,
            "requests": [_request_json(request) for request in self.requests],
            "urls": list(self.urls),
            "ids": list(self.ids),
            "pages": self.pages,
            "failures": self.failures,
            "tries": self.tries,
            "position": None if self.position is None else dict(self.position),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Change:
        """What `to_json` wrote.

        Raises:
            BadSource: it is something else.
        """
        try:
            return cls(
                done=int(str(data["done"])),
                requests=tuple(_request_from(row) for row in _list(data["requests"])),
                urls=tuple(int(str(one)) for one in _list(data["urls"])),
                ids=tuple(int(str(one)) for one in _list(data["ids"])),
                pages=int(str(data["pages"])),
                failures=int(str(data["failures"])),
                tries=int(str(data["tries"])),
                position=_position(data["position"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadSource("What was written down of the run cannot be read; it begins anew.") from error


@dataclass(slots=True)
class Frontier:
    """What is still to be asked and what was seen: everything a run needs to go on. It moves on with each step."""

    pending: deque[Request] = field(default_factory=deque)
    seen_urls: set[int] = field(default_factory=set)
    seen_ids: set[int] = field(default_factory=set)
    pages: int = 0
    failures: int = 0
    tries: int = 0
    position: State | None = None

    def apply(self, change: Change) -> None:
        """Move on by one step."""
        self.pending.extend(change.requests)
        for _ in range(min(change.done, len(self.pending))):
            self.pending.popleft()
        self.seen_urls.update(change.urls)
        self.seen_ids.update(change.ids)
        self.pages, self.failures, self.tries = change.pages, change.failures, change.tries
        self.position = change.position


def replayed(changes: Iterable[Change]) -> Frontier:
    """The frontier after these changes, oldest first."""
    frontier = Frontier()
    for change in changes:
        frontier.apply(change)
    return frontier


def request_key(request: Request) -> int:
    """One number for requests that ask the same; a URL that is none is its own spelling.

    A page under other tracking parameters is the same page. What an interface takes as parameters is never touched.
    """
    url = one_spelling(request.url) if request.purpose is Purpose.PAGE else request.url.partition("#")[0]
    if not request.body and request.method == "GET":
        return digest_of(url)
    return digest_of(f"{request.method} {url} ", request.body)


def digest_of(text: str, data: bytes = b"") -> int:
    """64 bits of BLAKE2b over a text and bytes."""
    return int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass") + data, digest_size=8).digest(), "big", signed=True
    )


def _request_json(request: Request) -> JsonObject:
    """Only what differs from a plain GET of a page: there may be tens of thousands."""
    said: JsonObject = {"url": request.url}
    if request.purpose is not Purpose.PAGE:
        said["purpose"] = request.purpose.value
    if request.method != "GET":
        said["method"] = request.method
    if request.headers:
        said["headers"] = [list(pair) for pair in request.headers]
    if request.body:
        said["body"] = request.body.decode("latin-1")
    if request.label:
        said["label"] = request.label
    if request.only_for:
        said["only_for"] = request.only_for
    if request.state:
        said["state"] = dict(request.state)
    return said


def _request_from(row: object) -> Request:
    if not isinstance(row, dict):
        raise TypeError("a request is an object")
    return Request(
        url=str(row["url"]),
        purpose=Purpose(row.get("purpose", "page")),
        method=str(row.get("method", "GET")),
        headers=tuple((str(name), str(value)) for name, value in row.get("headers", ())),
        body=str(row.get("body", "")).encode("latin-1"),
        label=str(row.get("label", "")),
        only_for=str(row.get("only_for", "")),
        state=MappingProxyType(dict(row.get("state", {}))),
    )


def _position(value: object) -> State | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError("a position is an object")
    return MappingProxyType(value) if value is not None else None


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value
