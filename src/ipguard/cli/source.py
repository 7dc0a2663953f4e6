"""`ipguard source …`: places to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli import source_health
from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, show
from ipguard.cli.source_new import new
from ipguard.cli.source_trial import try_saved

if TYPE_CHECKING:
    from ipguard.sources.tables import SourceRow

app = typer.Typer(no_args_is_help=True, help="Places to look at, and how they are.")

app.command()(new)
app.command("test")(try_saved)
app.command("health")(source_health.health)
app.command("show")(source_health.show_one)
app.command("set")(source_health.change)
app.command("accept")(source_health.accept)
app.command("changes")(source_health.changes)
app.command("forget")(source_health.forget)

NameArgument = Annotated[str, typer.Argument(help="Name of the source.")]


@app.command()
def add(
    place_to_look: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            help="A shop, a listing page, a product page or a sitemap; or in short ct:URL of a certificate log, "
            "'github:WORDS', 'discord:CODES', toplist:URL, feed:URL, ebay-image:PICTURE, "
            "'ebay:WORDS' and the like for every recipe, "
            "recipe:NAME@URL.",
        ),
    ],
    adapter: Annotated[
        str,
        typer.Option(
            help="shopify, schema-org, feed, ebay-image, static-ct, rfc6962, rdap, github, discord, top-list "
            "or recipe:NAME; found out by host or by asking if not given."
        ),
    ] = "",
    name: Annotated[
        str, typer.Option(help="A short name; made from the host or the words if not given.")
    ] = "",
    query: Annotated[str, typer.Option(help="Words to ask for; everything shown if not given.")] = "",
    every: Annotated[str, typer.Option(help="How often to look: 30m, 6h, 1d, 2w.")] = "1d",
    gap: Annotated[float, typer.Option(min=0.0, help="Seconds between two requests, at least.")] = 1.0,
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="KEY=VALUE for the adapter; again for more: lookback=4096, forks=50, recent=14, entry=tr.server."
        ),
    ] = None,
    rendered: Annotated[
        bool,
        typer.Option("--rendered", help="Its pages show nothing without scripts: let a browser finish them."),
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="A test shop of your own at a private address.")
    ] = False,
    canary: Annotated[
        str, typer.Option(help="An address on it, or words, that must yield a listing in every run.")
    ] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a place to look at. It is due at once: `ipguard sweep` looks."""
    from ipguard.adding import Asked, add_place, place_of
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace
    from ipguard.sources.store import parse_interval, parse_options

    place = open_workspace(workspace)
    asked = Asked(
        place_to_look,
        adapter,
        name,
        query,
        parse_interval(every),
        gap,
        parse_options(option or ()),
        rendered,
        local,
    )
    found = place_of(place, asked, now=utc_now)
    with transaction(make_engine(place.database_url)) as session:
        row, lacking = add_place(session, place, found, canary=canary, now=utc_now())
    auth = found.auth
    if as_json:
        emit(_facts(row))
        return
    for variable in lacking:
        lacks = "is asked without a key, which shows less" if auth and auth.optional else "is skipped"
        show(f"Until {variable} is set, or stands in the key file, it {lacks}.")
    show(f"Looking at [bold]{safe(row.id)}[/] ({safe(row.base_url)}) as {safe(row.adapter)}, every {every}.")


@app.command("list")
def list_all(
    known: Annotated[
        bool, typer.Option("--known", help="What could be added: recipes and built-in adapters.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List sources with their schedule and state."""
    if known:
        from ipguard.cli.source_known import list_known

        list_known(workspace, as_json=as_json)
        return
    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace
    from ipguard.sources.pace import open_circuits
    from ipguard.sources.store import list_sources

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        rows, circuits = list_sources(session), open_circuits(session)
    table = Table("Source", "Adapter", "Address", "Next look (UTC)", "State", box=None, header_style="bold")
    for row in rows:
        if as_json:
            emit(_facts(row))
        due = row.next_run_at.strftime("%Y-%m-%d %H:%M") if row.next_run_at and row.enabled else "-"
        state = row.last_error or ("good" if row.enabled else "paused")
        table.add_row(safe(row.id), safe(row.adapter), safe(row.base_url), due, safe(state))
    if not as_json:
        show(table if rows else "No source yet. Add one: ipguard source add https://SHOP")
        for one in circuits:
            show(
                f"{safe(one.host)} has kept failing since {one.since:%Y-%m-%d %H:%M} UTC and is left alone until "
                f"{one.until:%H:%M}: {safe(one.why)}"
            )


EverythingOption = Annotated[
    bool, typer.Option("--all", help="Everything, whatever its own state: one switch for the workspace.")
]


@app.command()
def pause(
    name: Annotated[str, typer.Argument(help="Name of the source.")] = "",
    everything: EverythingOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop looking at a source until it is resumed; with --all, at everything at once, runs that go on included."""
    if everything:
        _stand_still(True, workspace, as_json)
    else:
        _switch(name, False, workspace, as_json)


@app.command()
def resume(
    name: Annotated[str, typer.Argument(help="Name of the source.")] = "",
    everything: EverythingOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at a paused source again, it is due at once; with --all, let everything go on that is not paused itself."""
    if everything:
        _stand_still(False, workspace, as_json)
    else:
        _switch(name, True, workspace, as_json)


@app.command()
def runs(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Tell how the last runs of a source went."""
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace
    from ipguard.sources.health import health_of
    from ipguard.sources.store import last_runs

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        found = health_of(session, name).runs[: source_health.RUNS_SHOWN]
        rows = last_runs(session, name)
    for row in rows if as_json else ():
        emit(row.model_dump())
    for run in () if as_json else found:
        source_health.tell_run(run)
    if not found and not as_json:
        show("No run yet.")


def _stand_still(still: bool, workspace: WorkspaceOption, as_json: bool) -> None:
    from ipguard.database.engine import make_engine, transaction
    from ipguard.jobs.claims import stop_everything
    from ipguard.settings import open_workspace
    from ipguard.sources.standstill import go_on

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        running: list[str] = []
        if still:
            running = stop_everything(session, by=operator_name(), now=utc_now())
        else:
            go_on(session)
    if as_json:
        emit({"paused": still, "were_running": running})
    elif still:
        show(
            f"Everything is paused; {len(running)} runs end at their next write. Go on: ipguard source resume --all"
        )
    else:
        show("Sources run again.")


def _switch(name: str, enabled: bool, workspace: WorkspaceOption, as_json: bool) -> None:
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace
    from ipguard.sources.store import set_enabled

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        row = set_enabled(session, name, enabled, now=utc_now())
    if as_json:
        emit(_facts(row))
    else:
        show(f"{safe(row.id)} is {'looked at again, from now' if enabled else 'paused'}.")


def _facts(row: SourceRow) -> dict[str, object]:
    return row.model_dump(exclude={"lease_owner", "lease_until"})
