"""`ipguard source import` and `ipguard source paste`: what no machine may look for, brought by people."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, show

if TYPE_CHECKING:
    from ipguard.bringing import Bringer
    from ipguard.intake import Intake
    from ipguard.sources.importing import Contents


def import_table(
    file: Annotated[str, typer.Argument(help="A table as CSV, or - for standard input.")],
    column: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=COLUMN where the name of a column does not say it: url=Link, price=RRP."),
    ] = None,
    currency: Annotated[str, typer.Option(help="Currency of prices that name none: USD, JPY.")] = "",
    pictures: Annotated[
        bool, typer.Option("--pictures", help="I order the pictures that the table names: ask for each once.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the table and tell what it holds; write nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import listings from a table, such as an export of a brand portal: all of it or nothing.

    One column must hold addresses; title, price, currency, seller, pictures and others are known by their usual names.
    No page is fetched, and no picture unless you order them.
    """
    from ipguard import bringing
    from ipguard.sources.store import parse_options

    data, name = _read(file)
    columns = {field: str(value) for field, value in parse_options(column or ()).items()}
    contents = bringing.preview_table(data, columns=columns, currency=currency)
    if dry_run:
        _tell_contents(contents, as_json)
        return
    done = bringing.import_table(
        _bringer(workspace), data, name=name, columns=columns, currency=currency, pictures=pictures
    )
    doubles = [f"{contents.doubles} rows are about a listing that a later row is about too."]
    _tell(done, as_json, doubles if contents.doubles else [])


def paste(
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Addresses of pages; from standard input, one a line, if none.")
    ] = None,
    browser: Annotated[
        bool,
        typer.Option(
            "--browser",
            help="I order these pages: show each once in a browser and keep it as evidence, on marketplaces that are "
            "closed to machines too.",
        ),
    ] = False,
    note_only: Annotated[
        bool, typer.Option("--note-only", help="Ask for no page; note the addresses.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="The pages stand on this machine or network.")
    ] = False,
    time_zone: Annotated[str, typer.Option(help="Local time of the evidence: Asia/Shanghai.")] = "UTC",
    locale: Annotated[str, typer.Option(help="Language that the browser asks for.")] = "en-US",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in pages by their addresses, and flag what they show.

    Pages of open shops are asked for once, politely. Marketplaces whose terms forbid machines are not asked: the
    address is noted, unless you order the page with --browser.
    """
    from urllib.parse import urlsplit

    from crawlers.fetch.browser import BrowserOptions
    from ipguard import bringing
    from ipguard.errors import WrongUse
    from ipguard.intake import Order
    from ipguard.sources.store import check_url

    if browser and note_only:
        raise WrongUse("--browser and --note-only contradict each other.", hint="Leave one of them out.")
    urls = [check_url(one) for one in addresses or _lines(sys.stdin)]
    hosts = frozenset(urlsplit(url).hostname or "" for url in urls) if local else frozenset()
    options = BrowserOptions(locale=locale, time_zone=time_zone) if browser else None
    done = bringing.paste_addresses(
        _bringer(workspace),
        urls,
        Order(closed_too=browser, ask=not note_only),
        browser=options,
        time_zone=time_zone,
        local_hosts=hosts,
    )
    _tell(done, as_json, [])


def _bringer(workspace: Path | None) -> Bringer:
    from evidence_store.exhibit import Operator
    from ipguard.bringing import Bringer
    from ipguard.database.engine import make_engine
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    return Bringer(place, make_engine(place.database_url), Operator(operator_name(), "os-account"), utc_now)


def _tell(done: Intake, as_json: bool, more: Iterable[str]) -> None:
    notes = [*more, *done.notes]
    if as_json:
        emit(
            {
                "listings": done.listings,
                "new": done.new,
                "changed": done.changed,
                "alerts": list(done.alerts),
                "sources": list(done.sources),
                "exhibits": list(done.exhibits),
                "notes": notes,
            }
        )
        return
    show(
        f"{done.listings} {'listing' if done.listings == 1 else 'listings'} taken in, "
        f"{done.new} new and {done.changed} changed, under {safe(', '.join(done.sources))}."
    )
    for exhibit in done.exhibits:
        show(f"Kept as exhibit {safe(exhibit)}.")
    for note in notes:
        show(f"  [yellow]{safe(note)}[/]")
    show(
        f"{len(done.alerts)} {'alert' if len(done.alerts) == 1 else 'alerts'}: ipguard alerts list"
        if done.alerts
        else "No alert."
    )


def _tell_contents(contents: Contents, as_json: bool) -> None:
    from collections import Counter

    from crawlers.plain import plain

    table = contents.table
    if as_json:
        for one in contents.brought:
            emit({"source": one.marketplace.id, "listing": plain(one.listing)})
        return
    used = ", ".join(f"{field} from {table.header[place]}" for field, place in table.columns.items())
    show(f"Read as {table.encoding}. {safe(used)}.")
    if table.unused:
        show(f"Not used: {safe(', '.join(table.unused))}.")
    for place, count in Counter(one.marketplace.id for one in contents.brought).items():
        show(f"{count:>6}  {safe(place)}")
    show(f"{contents.doubles} rows are doubles. Nothing was written.")


def _read(file: str) -> tuple[bytes, str]:
    from ipguard.errors import WrongUse
    from ipguard.sources.importing import MAX_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1), Path(file).name
    except OSError as error:
        raise WrongUse(f"Cannot read {file}: {error.strerror}", hint="Check the path.") from error


def _lines(lines: Iterable[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
