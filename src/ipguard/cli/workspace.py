"""`ipguard init`, `ipguard doctor`, `ipguard migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, utc_now
from ipguard.cli.output import emit, safe, show


def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")] = Path("workspace"),
    as_json: JsonOption = False,
) -> None:
    """Make a workspace: database, picture store, evidence store and its log key.

    With IPGUARD_EVIDENCE_PASSPHRASE set, the log key is encrypted with it.
    """
    from ipguard.workspace import make_workspace

    workspace = make_workspace(folder, now=utc_now)
    if as_json:
        emit({"workspace": str(workspace.folder), "database": workspace.database_url.split("://")[0]})
        return
    show(f"A workspace stands in [bold]{safe(workspace.folder)}[/].")
    place = safe(folder)
    show("Next:")
    show(f"  ipguard watch add WATCHLIST.toml -w {place}    works to look for")
    show(f"  ipguard source add https://SHOP -w {place}     places to look at")
    show(f"  ipguard sweep -w {place}                       look")
    show(f"  ipguard serve -w {place}                       schedule and console")


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Check this workspace and this machine; exit code 1 when something is bad."""
    from ipguard.settings import open_workspace
    from ipguard.workspace import State, examine

    marks = {State.GOOD: "[green]good[/]", State.NOTE: "[yellow]note[/]", State.BAD: "[red]bad [/]"}
    worst = State.GOOD
    for check in examine(open_workspace(workspace), now=utc_now):
        worst = State.BAD if State.BAD in (worst, check.state) else worst
        if as_json:
            emit({"check": check.what, "state": check.state, "words": check.words, "hint": check.hint})
            continue
        show(f"{marks[check.state]}  {check.what:<12} {safe(check.words)}")
        if check.hint:
            show(f"                    {safe(check.hint)}")
    raise typer.Exit(1 if worst is State.BAD else 0)


def migrate(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Bring the database to the tables of this version. Make a backup first."""
    from ipguard.database.engine import make_engine
    from ipguard.database.migrate import current, upgrade
    from ipguard.settings import open_workspace

    engine = make_engine(open_workspace(workspace).database_url)
    before = current(engine)
    upgrade(engine)
    after = current(engine)
    engine.dispose()
    if as_json:
        emit({"before": before, "after": after})
    elif before == after:
        show(f"The tables are of version {after} already.")
    else:
        show(f"The tables went from version {before} to {after}.")
