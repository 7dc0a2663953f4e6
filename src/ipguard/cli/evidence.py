"""`ipguard evidence`: the evidence store itself."""

from __future__ import annotations

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, utc_now
from ipguard.cli.output import emit, progress, safe, show

app = typer.Typer(no_args_is_help=True, help="The evidence store: check, stamp, key.")


@app.command()
def check(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Read everything back and hash it again; exit code 5 when something has changed."""
    from ipguard.settings import open_workspace
    from ipguard.wiring import open_store

    with open_store(open_workspace(workspace), utc_now) as store, progress("Reading back") as advance:
        wrong = store.check(advance)
        size = store.size
    if as_json:
        emit({"entries": size, "wrong": wrong})
    else:
        show(
            f"{size} entries, every exhibit read back: {'all good' if not wrong else f'{len(wrong)} have changed'}."
        )
        for line in wrong:
            show(f"  [red]{safe(line)}[/]")
    raise typer.Exit(5 if wrong else 0)


@app.command()
def stamp(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Sign a checkpoint and have it stamped by every authority that has not done so yet."""
    from evidence_store.timestamps.stamping import stamp_checkpoint
    from ipguard.settings import open_workspace
    from ipguard.wiring import authorities, open_store

    place = open_workspace(workspace)
    with open_store(place, utc_now) as store:
        store.checkpoint()
        done = stamp_checkpoint(store, authorities(place, utc_now))
    for one in done:
        at = one.stamp.at.isoformat() if one.stamp else None
        if as_json:
            emit({"authority": one.authority, "at": at, "problem": one.problem})
        else:
            show(f"{one.authority}: {at or safe(one.problem)}")


@app.command()
def key(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Print the log's public key: give it to those who will check your bundles, by another way."""
    from ipguard.settings import open_workspace
    from ipguard.wiring import open_store

    with open_store(open_workspace(workspace), utc_now) as store:
        text = str(store.vkey)
    if as_json:
        emit({"vkey": text})
    else:
        print(text)
