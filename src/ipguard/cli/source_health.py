"""`ipguard source health|show|set|accept|changes`: how sources are, in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, show

if TYPE_CHECKING:
    from ipguard.sources.health import Alarm, RunHealth, SourceHealth

NameArgument = Annotated[str, typer.Argument(help="Name of the source.")]
RUNS_SHOWN = 10
MARKS = {
    "well": "[green]well[/]",
    "unwell": "[bold red]unwell[/]",
    "unknown": "[dim]not run yet[/]",
    "paused": "paused",
}


def health(
    name: Annotated[str, typer.Argument(help="Name of the source; all of them if not given.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how sources are: alarms that are open, and what they rest on. Exit code 1 when one is open."""
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace
    from ipguard.sources.health import health_of, health_of_all

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        found = [health_of(session, name)] if name else health_of_all(session)
    for one in found:
        if as_json:
            emit(_facts(one))
        else:
            _tell(one)
    if not found and not as_json:
        show("No source yet. Add one: ipguard source add https://SHOP")
    raise typer.Exit(1 if any(one.alarms for one in found) else 0)


def show_one(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show one source: its settings, its health, its last runs in words, and what of its fields it says."""
    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace
    from ipguard.sources.health import alarms_of, health_of
    from ipguard.sources.store import get_source

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        row, found, alarms = (
            get_source(session, name),
            health_of(session, name),
            alarms_of(session, name, limit=20),
        )
    if as_json:
        settings = row.model_dump(exclude={"lease_owner", "lease_until"})
        emit({**settings, "health": _facts(found), "alarms": [_alarm(one) for one in alarms]})
        return
    show(f"[bold]{safe(row.id)}[/] {safe(row.adapter)} {safe(row.base_url)}")
    due = f"{row.next_run_at:%Y-%m-%d %H:%M} UTC" if row.next_run_at and row.enabled else "not"
    show(f"  every {row.every_seconds // 60} minutes, {row.min_gap_seconds:g} s between requests, due {due}")
    show(f"  canary: {safe(row.canary) or 'none; set one: ipguard source set NAME --canary ADDRESS'}")
    _tell(found)
    for alarm in (one for one in alarms if one.until is not None):
        by = f"accepted by {safe(alarm.accepted_by)}" if alarm.accepted_by else "well again"
        show(
            f"  [dim]{alarm.since:%Y-%m-%d %H:%M} to {alarm.until:%Y-%m-%d %H:%M}, {by}:[/] {safe(alarm.words())}"
        )
    for run in found.runs[:RUNS_SHOWN]:
        tell_run(run)
    last = next((run for run in found.runs if run.shares), None)
    if last is not None:
        table = Table("Field", "Last run", "Least before", box=None, header_style="bold")
        for field, share in last.shares.items():
            least = found.lowest.get(field)
            table.add_row(field, f"{share:.0%}", "-" if least is None else f"{least:.0%}")
        show(table)


def change(
    name: NameArgument,
    canary: Annotated[
        str | None,
        typer.Option(help="An address or words that must yield a listing in every run; '' for none."),
    ] = None,
    every: Annotated[str, typer.Option(help="How often to look: 30m, 6h, 1d, 2w.")] = "",
    gap: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds between two requests, at least.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is asked as canary, how often a source is looked at, or how gently."""
    from ipguard.adding import check_canary
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace
    from ipguard.sources.health import set_canary
    from ipguard.sources.store import get_source, parse_interval
    from ipguard.wiring import adapter_of

    place = open_workspace(workspace)
    with transaction(make_engine(place.database_url)) as session:
        row = get_source(session, name)
        if canary is not None:
            check_canary(adapter_of(place, row), row, canary)
            set_canary(session, name, canary)
        if every:
            row.every_seconds = int(parse_interval(every).total_seconds())
        if gap is not None:
            row.min_gap_seconds = gap
        session.add(row)
    if as_json:
        emit(row.model_dump(exclude={"lease_owner", "lease_until"}))
        return
    show(
        f"{safe(row.id)}: every {row.every_seconds // 60} minutes, {row.min_gap_seconds:g} s between requests, "
        f"canary {safe(row.canary) or 'none'}."
    )


def accept(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say that what a source shows now is right: its alarms close, and earlier runs are no measure any more."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace
    from ipguard.sources.health import accept as accepted

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        closed = accepted(session, name, who=operator_name(), now=utc_now())
    for alarm in closed:
        if as_json:
            emit(_alarm(alarm))
        else:
            show(f"Accepted: {safe(alarm.words())}")


def changes(
    name: NameArgument,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what changed lately on a source: new versions of listings, those that went, those that came back."""
    from ipguard.database.engine import make_engine, reading
    from ipguard.listings.history import lately_changed
    from ipguard.settings import open_workspace
    from ipguard.sources.store import get_source

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        get_source(session, name)
        found = lately_changed(session, name, limit=limit)
    for row, moment in found:
        fields = [one.field for one in moment.changes]
        if as_json:
            told = {"listing": row.id, "title": row.title, "url": row.url, "fields": fields}
            emit({"at": moment.at, "kind": moment.kind, **told})
            continue
        what = f" ({', '.join(fields)})" if fields else ""
        show(f"{moment.at:%Y-%m-%d %H:%M}  {moment.kind}{what}  {row.id} {safe(row.title)}")
    if not found and not as_json:
        show("Nothing has changed yet.")


def forget(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let go of listings that were not seen for as long as their source's terms allow and that raised no alert.

    A service does so once a day.
    """
    from ipguard.database.engine import make_engine
    from ipguard.settings import open_workspace
    from ipguard.wiring import forget as let_go

    place = open_workspace(workspace)
    for one in let_go(place, make_engine(place.database_url), now=utc_now, dry_run=dry_run):
        if as_json:
            emit({**asdict(one), "dry_run": dry_run})
            continue
        show(
            f"[bold]{safe(one.source)}[/] after {one.retain_days} days: {one.listings} listings, {one.versions} old "
            f"versions and {one.pictures} pictures {'would go' if dry_run else 'are gone'}; {one.kept_flagged} stay, "
            "since an alert rests on them."
        )


def tell_run(run: RunHealth) -> None:
    """One run in a line."""
    canary = f"  canary {run.canary}" if run.canary and run.canary != "ok" else ""
    show(f"  {run.started_at:%Y-%m-%d %H:%M}  {run.outcome or run.state:<8}{canary} {safe(run.words())}")


def _tell(found: SourceHealth) -> None:
    show(f"[bold]{safe(found.source)}[/] {MARKS[found.state]}")
    for alarm in found.alarms:
        show(f"  [red]since {alarm.since:%Y-%m-%d %H:%M} UTC[/] {safe(alarm.words())}")


def _facts(found: SourceHealth) -> dict[str, object]:
    newest = found.runs[0] if found.runs else None
    return {
        "source": found.source,
        "state": found.state,
        "canary": found.canary,
        "alarms": [_alarm(one) for one in found.alarms],
        "last_run": {**asdict(newest), "words": newest.words()} if newest is not None else None,
        "lowest": dict(found.lowest),
    }


def _alarm(one: Alarm) -> dict[str, object]:
    return {**asdict(one), "words": one.words()}
