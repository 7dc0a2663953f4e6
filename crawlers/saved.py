"""Saved answers as folders: `<case>/exchange.json`, `body` and `expected.json`, and what each field must yield."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawlers.adapter import Page
from crawlers.errors import BadSource
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.plain import plain

FROZEN = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When saved answers are taken to have come."""
EXCHANGE, BODY, EXPECTED = "exchange.json", "body", "expected.json"
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class SavedPage:
    """One saved answer and what it must yield."""

    folder: Path
    exchange: Exchange
    expected: Mapping[str, object]
    """outcome, note (part of it), requests (URLs), bodies (of requests), listings (objects of expected fields)."""
    origin: Mapping[str, object]
    """Where it comes from: kind (recorded or modelled), date, licence."""

    @property
    def case(self) -> str:
        """adapter/case."""
        return f"{self.folder.parent.name}/{self.folder.name}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one saved answer: what was expected, what is read."""

    field: str
    expected: object
    read: object

    @property
    def same(self) -> bool:
        """Whether it is read as expected."""
        if self.field == "note":
            return str(self.expected) in str(self.read)
        return self.expected == self.read


def saved_pages(folder: Path) -> Iterator[SavedPage]:
    """Every saved page below a folder, in a fixed order.

    Raises:
        BadSource: one cannot be read.
    """
    for meta in sorted(folder.glob(f"**/{EXCHANGE}")):
        yield read_saved(meta.parent)


def read_saved(folder: Path) -> SavedPage:
    """The saved page in a folder; one without `expected.json` expects nothing yet.

    Raises:
        BadSource: it cannot be read.
    """
    try:
        said = json.loads((folder / EXCHANGE).read_text("utf-8"))
        wanted = folder / EXPECTED
        expected = json.loads(wanted.read_text("utf-8")) if wanted.exists() else {}
        request = Request(
            said["url"],
            Purpose(said.get("purpose", "page")),
            label=said.get("label", ""),
            state=said.get("state", {}),
        )
        headers = tuple((str(name), str(value)) for name, value in said.get("headers", {}).items())
        with (folder / BODY).open("rb") as stream:
            body = stream.read(MAX_BYTES)
        answered = Exchange(request, said["url"], said.get("status", 200), headers, body, FROZEN, FROZEN)
        return SavedPage(folder, answered, expected, said.get("from", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSource(
            f"The saved answer in {folder} cannot be read: {error}",
            hint=f"It needs {EXCHANGE} with a url, and {BODY}.",
        ) from error


def differences(expected: Mapping[str, object], page: Page) -> Iterator[Difference]:
    """Every field that is expected of an answer, one after the other, with what is read."""
    for name, value in expected.items():
        if name == "listings" and isinstance(value, list):
            yield Difference("listings.count", len(value), len(page.listings))
            for number, one in enumerate(value):
                for field, wanted in one.items() if isinstance(one, Mapping) else ():
                    yield Difference(f"listings.{number}.{field}", wanted, _of(page, number, str(field)))
        elif name == "requests":
            yield Difference(name, value, [request.url for request in page.requests])
        elif name == "bodies":
            yield Difference(
                name, value, [request.body.decode("utf-8", "replace") for request in page.requests]
            )
        elif name == "outcome":
            yield Difference(name, value, page.outcome.value)
        elif name == "note":
            yield Difference(name, value, page.note)
        else:
            yield Difference(name, value, "nothing of that name is read")


def expected_of(page: Page) -> dict[str, object]:
    """What would be expected of an answer that is read like this; empty fields of listings are left out."""
    listings: Sequence[object] = [
        {name: value for name, value in _object(plain(one)).items() if _said(value)} for one in page.listings
    ]
    note = {"note": page.note} if page.note else {}
    return {
        "outcome": page.outcome.value,
        **note,
        "requests": [request.url for request in page.requests],
        "listings": list(listings),
    }


def _of(page: Page, number: int, field: str) -> object:
    if number >= len(page.listings):
        return None
    return plain(getattr(page.listings[number], field, None))


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _said(value: object) -> bool:
    return any(value.values()) if isinstance(value, dict) else value not in (None, "", [])


def save_page(folder: Path, exchange: Exchange, origin: Mapping[str, object]) -> None:
    """Write an answer as a saved page; nothing is expected of it until `save_expected` says so.

    Raises:
        BadSource: it cannot be written.
    """
    request = exchange.request
    kept = [(name, value) for name, value in exchange.headers if name.lower() == "content-type"]
    said: dict[str, object] = {
        "url": exchange.url,
        "status": exchange.status,
        "purpose": request.purpose.value,
    }
    said |= {
        "label": request.label,
        "state": dict(request.state),
        "headers": dict(kept),
        "from": dict(origin),
    }
    _write(folder / EXCHANGE, said)
    try:
        (folder / BODY).write_bytes(exchange.body)
    except OSError as error:
        raise BadSource(f"{folder} cannot be written: {error.strerror}") from error


def save_expected(folder: Path, page: Page) -> None:
    """Write down that a saved page must yield what it yields now.

    Raises:
        BadSource: it cannot be written.
    """
    _write(folder / EXPECTED, expected_of(page))


def _write(file: Path, value: object) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise BadSource(f"{file} cannot be written: {error.strerror}") from error
