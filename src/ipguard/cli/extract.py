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


def extract(
    file: Annotated[str, typer.Argument(help="A saved page, or - for standard input.")] = "-",
    url: Annotated[str, typer.Option(help="The address the page came from.")] = "",
    content_type: Annotated[str, typer.Option(help="Content-Type as the server sent it, where known.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Read a saved page and print the listing on it; exit code 1 when there is none."""
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
            show(f"[bold]{name:<13}[/] {safe(value)}  [dim]{found.sources.get(name, '')}[/]")
    raise typer.Exit(0 if listing is not None else 1)


def _rows(fields: object) -> list[tuple[str, object]]:
    if not isinstance(fields, dict):
        return []
    return [(name, value) for name, value in fields.items() if value not in (None, "", [])]


def _read(file: str) -> bytes:
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise WrongUse(f"Cannot read {file}: {error.strerror}", hint="Check the path.") from error
    if len(data) > MAX_BYTES:
        raise WrongUse(f"{file} is larger than {MAX_BYTES:,} bytes")
    return data
