"""`ipguard audit`: the record of who did what, taken out and checked."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption
from ipguard.cli.output import emit, show

app = typer.Typer(help="The record of who did what: export it, check it.", no_args_is_help=True)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, in UTC.")]


@app.command()
def export(
    person: Annotated[str, typer.Option(help="Only what this person did.")] = "",
    action: Annotated[str, typer.Option(help="Only this action, or its first word: case, case.export.")] = "",
    since: Day = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to the beginning of this day, in UTC.")
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="CSV for a spreadsheet instead of JSON Lines.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,  # noqa: ARG001 — JSON Lines is what it prints anyway
) -> None:
    """Print entries, oldest first: JSON Lines, each with its hash and the hash of the entry before it."""
    from ipguard.database.engine import make_engine, reading
    from ipguard.people.audit import Wanted, every_entry
    from ipguard.people.audit_export import csv_lines, json_line
    from ipguard.settings import open_workspace

    wanted = Wanted(
        person,
        action,
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
    )
    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        rows = every_entry(session, wanted)
        for line in csv_lines(rows) if as_csv else map(json_line, rows):
            sys.stdout.write(line)
    sys.stdout.flush()


@app.command()
def check(
    head: Annotated[str, typer.Option(help="A hash that was noted earlier: it must be in the record.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that no entry was changed, removed or put between. Exit code 1 where one was.

    Note the newest hash it prints somewhere else: with `--head` a record that was written anew as a whole is found too.
    """
    from ipguard.database.engine import make_engine, reading
    from ipguard.people.audit import check_chain, position_of
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        chain = check_chain(session)
        known = position_of(session, head) if head else None
    whole = chain.whole and (not head or known is not None)
    if as_json:
        emit(
            {
                "whole": whole,
                "entries": chain.entries,
                "head": chain.head,
                "broken": chain.broken,
                "noted_at": known,
            }
        )
    elif chain.broken is not None:
        show(
            f"[bold red]Broken[/]: entry {chain.broken} does not fit; the record was changed outside ipguard."
        )
    elif not whole:
        show("[bold red]Another record[/]: the hash that was noted is not in it.")
    else:
        show(f"[bold green]Whole[/]: {chain.entries} entries, newest hash {chain.head}")
    if not whole:
        raise typer.Exit(1)
