"""`ipguard sweep`: look at what is due, and say how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, progress_lines, safe, show

if TYPE_CHECKING:
    from ipguard.sweep import At, SourceReport

ENDS = ("finished", "waiting", "failed")
SHOWN = 12
"""Skipped things shown for a source; the console shows all."""


def sweep(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Names of sources; those that are due if none.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every enabled source, due or not.")] = False,
    follow: Annotated[
        bool, typer.Option("--progress", help="With --json: how far each source is, as JSON Lines on stderr.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Crawl what is due, look at pictures and names, and write alerts with their evidence.

    Exit code 4 when a source refused us or could not be reached; the others were run all the same.
    """
    import json
    import sys
    from dataclasses import asdict
    from time import monotonic

    from evidence_store.exhibit import Operator
    from ipguard.database.engine import make_engine
    from ipguard.service import sweep_now
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    latest: dict[str, float] = {}

    def tell_json(at: At) -> None:
        """One line a source and second, and each end."""
        moment = monotonic()
        if at.what in ENDS or moment - latest.get(at.source, -1.0) >= 1.0:
            latest[at.source] = moment
            print(json.dumps({"progress": asdict(at)}), file=sys.stderr, flush=True)

    with progress_lines("Looking") as line:

        def tell_line(at: At) -> None:
            line(at.source, "" if at.what in ENDS else at.what, at.done, at.of)

        done = sweep_now(
            place, database, sources or [], everything=everything, operator=Operator(operator_name(), "os-account"),
            now=utc_now, progress=tell_json if as_json and follow else tell_line,
        )  # fmt: skip
    for report in done.reports:
        if as_json:
            emit(asdict(report))
        else:
            tell(report)
    for name in done.busy:
        show(f"[bold]{safe(name)}[/] is being looked at by another process.")
    if not done.reports and not done.busy and not as_json:
        show("Nothing is due. `ipguard sweep --all` looks at everything now.")
    raise typer.Exit(4 if any(report.state == "failed" for report in done.reports) else 0)


def tell(report: SourceReport) -> None:
    """One source's report, for people."""
    mark = {"finished": "[green]finished[/]", "waiting": "[yellow]waiting[/]"}.get(
        report.state, "[red]failed[/]"
    )
    show(f"[bold]{safe(report.source)}[/] {mark}: {safe(report.note)}")
    show(
        f"  {report.pages} pages, {report.read:,} read, {report.listings} listings "
        f"({report.new_listings} new, {report.gone} gone), {report.pictures} pictures, "
        f"[bold]{report.new_alerts} new alerts[/]"
    )
    for words in report.alarms:
        show(f"  [bold red]alarm[/] {safe(words)}")
    for one in report.skipped[:SHOWN]:
        show(f"  [yellow]{one.outcome}[/] {safe(one.url)}: {safe(one.why)}")
    if len(report.skipped) > SHOWN:
        show(f"  … and {len(report.skipped) - SHOWN} more; the console lists all.")
