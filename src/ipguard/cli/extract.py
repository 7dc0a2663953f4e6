"""`ipguard extract`: read a saved page and print the listing it yields."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ipguard.cli.options import JsonOption
from ipguard.cli.output import emit, safe, show
from ipguard.errors import WrongUse

MAX_BYTES = 50_000_000
PLACES = {
    "jsonld": "from JSON-LD",
    "microdata": "from microdata",
    "meta": "from meta tags",
    "visible": "from visible text",
    "host": "from the address",
}


def extract(
    file: Annotated[str, typer.Argument(help="A saved page, or - for standard input.")] = "-",
    url: Annotated[str, typer.Option(help="The address the page came from.")] = "",
    content_type: Annotated[str, typer.Option(help="Content-Type as the server sent it, where known.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Read a saved page and print the listing on it, and where each field was read; exit code 1 when there is none.

    Places are tried in this order: JSON-LD, microdata, meta tags, and last what is visible near the heading.
    """
    from crawlers.extract.page import extract_listing
    from crawlers.plain import plain
    from ipguard.sources.store import check_url

    if not url:
        raise WrongUse(
            "The page's address is missing", hint="Give it with --url: links and ids depend on it."
        )
    found = extract_listing(_read(file), url=check_url(url), content_type=content_type)
    listing = found.listing
    if as_json:
        emit(
            {
                "url": url,
                "outcome": found.outcome.value,
                "note": found.note,
                "listing": plain(listing) if listing is not None else None,
                "sources": dict(found.sources),
            }
        )
    elif listing is None:
        show(f"{found.outcome.value}: {safe(found.note)}")
    else:
        for name, value in _rows(plain(listing)):
            where = PLACES.get(found.sources.get(name, ""), "")
            show(f"[bold]{name:<13}[/] {safe(value)}  [dim]{where}[/]")
        if found.note:
            show(f"[dim]{safe(found.note)}[/]")
    raise typer.Exit(0 if listing is not None else 1)


def _rows(fields: object) -> list[tuple[str, object]]:
    if not isinstance(fields, dict):
        return []
    return [(name, _words(name, value)) for name, value in fields.items() if value not in (None, "", [])]


def _words(name: str, value: object) -> object:
    """A price and a seller as people write them."""
    if name == "price" and isinstance(value, dict):
        start = "from " if value["kind"] == "from" else ""
        return f"{start}{value['amount']} {value['currency'] or '(no currency told)'}"
    if name == "seller" and isinstance(value, dict):
        return " · ".join(str(one) for one in value.values() if one)
    return " · ".join(map(str, value)) if isinstance(value, list) else value


def _read(file: str) -> bytes:
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise WrongUse(f"Cannot read {file}: {error.strerror}", hint="Check the path.") from error
    if len(data) > MAX_BYTES:
        raise WrongUse(f"{file} is larger than {MAX_BYTES:,} bytes")
    return data
