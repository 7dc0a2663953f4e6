"""`ipguard backup`, `ipguard restore`, `ipguard config …`: looking after a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, utc_now
from ipguard.cli.output import emit, progress, safe, say, show

config = typer.Typer(no_args_is_help=True, help="Settings of the workspace: path, show, get, set.")

KeyArgument = Annotated[str, typer.Argument(help="A setting, as console.port or crawling.contact_mail.")]


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole workspace into one file: settings, rows, evidence with its keys, pictures, bundles.

    May be taken while the service runs.
    """
    from ipguard.backup import back_up
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    with progress("Saving") as advance:
        done = back_up(place, file, now=utc_now(), progress=advance)
    if as_json:
        emit({"file": str(done.path), "files": done.files, "bytes": done.octets, "notes": done.notes})
        return
    show(f"{done.files:,} files, {done.octets / 1e6:,.1f} MB in [bold]{safe(done.path)}[/].")
    for note in done.notes:
        say(f"[yellow]note[/] {safe(note)}")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    as_json: JsonOption = False,
) -> None:
    """Make a workspace out of a backup; a backup in which a byte has changed is refused as a whole."""
    from ipguard.backup import restore as put_back

    with progress("Restoring") as advance:
        done = put_back(file, folder, progress=advance)
    if as_json:
        emit({"workspace": str(done.path), "files": done.files, "bytes": done.octets})
        return
    show(f"{done.files:,} files stand in [bold]{safe(done.path)}[/], each as it was saved.")
    show(f"Check it: ipguard doctor -w {safe(folder)}")


@config.command("path")
def config_path(workspace: WorkspaceOption = None) -> None:
    """Print where the settings stand."""
    from ipguard.settings import FILE_NAME, open_workspace

    print(open_workspace(workspace).folder / FILE_NAME)


@config.command("show")
def config_show(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Print every setting that counts now, defaults included; secrets are left out."""
    from ipguard.config import every_setting
    from ipguard.settings import open_workspace

    for key, value in every_setting(open_workspace(workspace).settings):
        if as_json:
            emit({"key": key, "value": value})
        else:
            show(f"{key} = {safe(value)}")


@config.command("get")
def config_get(key: KeyArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Print one setting."""
    from ipguard.config import setting
    from ipguard.settings import open_workspace

    value = setting(open_workspace(workspace).settings, key)
    if as_json:
        emit({"key": key, "value": value})
    else:
        print(value)


@config.command("set")
def config_set(
    key: KeyArgument,
    value: Annotated[str, typer.Argument(help="The new value: 8080, true, 'Example Co.', [\"9.9.9.9\"].")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change one setting in its file; comments stay, and a value that does not fit changes nothing."""
    from ipguard.config import change
    from ipguard.settings import FILE_NAME, open_workspace

    place = open_workspace(workspace)
    written = change(place.folder / FILE_NAME, key, value)
    if as_json:
        emit({"key": key, "value": written})
    else:
        show(f"{key} = {safe(written)}. A running service takes it up when it starts anew.")
