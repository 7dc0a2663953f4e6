"""`ipguard watch …`: works to look for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipguard.cli import watch_try
from ipguard.cli.options import JsonOption, WorkspaceOption, utc_now
from ipguard.cli.output import emit, progress, safe, say, show

app = typer.Typer(no_args_is_help=True, help="Works to look for: add, list, test, suggest.")
app.command("test")(watch_try.try_names)
app.command("suggest")(watch_try.suggest)


@app.command()
def add(
    watchlist: Annotated[Path, typer.Argument(help="A watchlist file (TOML).")],
    workspace: WorkspaceOption = None,
    self_test: Annotated[
        bool, typer.Option(help="Try on every picture whether altered copies of it would be found.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Add or replace the works of a watchlist file, with their names, rights and pictures.

    Either everything in the file is taken, or nothing is and every mistake is named. Every picture is tested: 100
    altered copies of it are looked for, 40 when more than 3 pictures are added, 20 when more than 20 are (about a
    quarter of a second a copy).
    """
    from ipguard.database.engine import make_engine, reading
    from ipguard.listings.store import count_listings
    from ipguard.matching.reasons import render
    from ipguard.settings import open_workspace
    from ipguard.wiring import add_watchlist

    place = open_workspace(workspace)
    with progress("Trying altered copies") as advance:
        done = add_watchlist(place, watchlist, now=utc_now, self_test=advance if self_test else None)
    with reading(make_engine(place.database_url)) as session:
        stored = count_listings(session)
    warnings = [(p, w) for p in done.pictures for w in p.look.warnings]
    if as_json:
        emit(
            {
                "added": done.added,
                "replaced": done.replaced,
                "names": done.names,
                "pictures": len(done.pictures),
                "warnings": [
                    {"picture": p.file_name, "work": p.work, "code": w.code, **w.values, "why": render(w)}
                    for p, w in warnings
                ],
            }
        )
        return
    works = len(done.added) + len(done.replaced)
    show(
        f"Watching {works} work{'s' if works != 1 else ''} ({len(done.added)} new, "
        f"{len(done.replaced)} replaced), {done.names} names, {len(done.pictures)} pictures."
    )
    if stored:
        show(
            f"Search the {stored:,} listings seen before: ipguard hunt. A running `ipguard serve` does it by itself."
        )
    for picture, warning in warnings:
        say(f"[yellow]note[/] {safe(picture.work)}/{safe(picture.file_name)}: {safe(render(warning))}")


@app.command("list")
def list_works(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the works that are watched."""
    from collections import Counter

    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.rights.store import load_pictures, load_works
    from ipguard.settings import open_workspace

    engine = make_engine(open_workspace(workspace).database_url)
    with reading(engine) as session:
        works = load_works(session)
        pictures = Counter(picture.work_id for picture in load_pictures(session))
    table = Table("Work", "Title", "Names", "Pictures", "Rights", box=None, header_style="bold")
    for work in works:
        names = [name.text for name in work.names]
        rights = [f"{right.kind} {right.territory} {right.number}" for right in work.rights]
        if as_json:
            emit(
                {
                    "work": work.id,
                    "title": work.title,
                    "names": names,
                    "pictures": pictures[work.id],
                    "rights": rights,
                }
            )
        table.add_row(
            safe(work.id),
            safe(work.title),
            safe(", ".join(names)),
            str(pictures[work.id]),
            safe("; ".join(rights)),
        )
    if not as_json:
        show(table if works else "No work is watched yet. Add some: ipguard watch add WATCHLIST.toml")
