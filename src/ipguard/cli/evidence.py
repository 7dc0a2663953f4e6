"""`ipguard evidence`: the evidence store itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipguard.cli import evidence_keeping
from ipguard.cli.options import JsonOption, WorkspaceOption, utc_now
from ipguard.cli.output import emit, progress, safe, show

app = typer.Typer(
    no_args_is_help=True,
    help="The evidence store: check, stamp, show; hold, retain, erase; its keys.",
)


@app.command()
def check(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Read everything back and hash it again; exit code 5 when something has changed."""
    from ipguard.evidence import open_store
    from ipguard.settings import open_workspace

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
    from ipguard.keeping import stamp_now
    from ipguard.settings import open_workspace

    for one in stamp_now(open_workspace(workspace), utc_now):
        at = one.stamp.at.isoformat() if one.stamp else None
        if as_json:
            emit({"authority": one.authority, "at": at, "problem": one.problem})
        else:
            show(f"{one.authority}: {at or safe(one.problem)}")


@app.command()
def renew(
    days: Annotated[
        int, typer.Option(help="Take over stamps whose certificate ends within so many days.")
    ] = 365,
    hash_name: Annotated[
        str, typer.Option("--hash", help="sha256, or sha512 to change the hash of all.")
    ] = "sha256",
    authority: Annotated[str, typer.Option(help="Which authority stamps; the first if not given.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Also write every evidence record into this folder, to hand out.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Renew old time stamps (RFC 4998), so that they outlive their certificates and their hash."""
    from ipguard.keeping import renew_due, write_records
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    with progress("Looking at stamps") as advance:
        count = renew_due(
            place, days=days, hash_name=hash_name, authority=authority, now=utc_now, progress=advance
        )
    written = write_records(place, out, utc_now) if out else []
    if as_json:
        emit({"renewed": count, "files": [str(path) for path in written]})
    else:
        show(f"{count} stamps were taken over by a new one." if count else "No stamp is due.")
        for path in written:
            show(f"  {safe(path)}")


@app.command()
def key(
    rotate: Annotated[
        str, typer.Option(help="Go over to a new key, for this reason; the old one signs the new.")
    ] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the log's public key: give it to those who will check your bundles, by another way."""
    from ipguard.evidence import open_store
    from ipguard.settings import open_workspace

    with open_store(open_workspace(workspace), utc_now) as store:
        if rotate:
            store.rotate_key(why=rotate)
        keys = [str(vkey) for vkey in store.vkeys()]
    if as_json:
        emit({"vkey": keys[0], "older": keys[1:]})
    else:
        print(keys[0])


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(help="A folder that a web server serves.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the log as static files (C2SP tlog-tiles): others can follow it; it tells nothing of what was kept."""
    from ipguard.evidence import open_store
    from ipguard.settings import open_workspace

    with open_store(open_workspace(workspace), utc_now) as store:
        count, size = store.publish(folder), store.checkpoint_size
    if as_json:
        emit({"files": count, "entries": size})
    else:
        show(f"{size} entries in {safe(folder)}, {count} files new.")


@app.command()
def anchor(
    calendar: Annotated[list[str], typer.Option(help="OpenTimestamps calendar; may be given again.")],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint and its .ots file.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the newest checkpoint anchored by OpenTimestamps calendars, beside the time-stamping authorities."""
    import hashlib

    from evidence_store.timestamps.opentimestamps import ask_calendars
    from ipguard.evidence import open_store
    from ipguard.settings import open_workspace

    with open_store(open_workspace(workspace), utc_now) as store:
        checkpoint, size = store.checkpoint(), store.checkpoint_size
    proof, problems = ask_calendars(hashlib.sha256(checkpoint).digest(), calendar)
    out.mkdir(parents=True, exist_ok=True)
    place = out / f"checkpoint-{size}"
    place.write_bytes(checkpoint)
    place.with_name(f"{place.name}.ots").write_bytes(proof)
    if as_json:
        emit({"checkpoint": str(place), "proof": f"{place}.ots", "problems": problems})
        return
    show(f"{safe(place)}.ots: pending. In some hours: ots upgrade, then ots verify.")
    for problem in problems:
        show(f"  [yellow]{safe(problem)}[/]")


@app.command()
def protect(workspace: WorkspaceOption = None) -> None:
    """Encrypt the store's keys with a passphrase, or with another one; asks for both."""
    from evidence_store.folder import protect as encrypt
    from ipguard.settings import PASSPHRASE_VARIABLE, open_workspace

    place = open_workspace(workspace)
    old = place.evidence_passphrase
    new = typer.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    encrypt(place.evidence, old, new.encode())
    show(f"Encrypted. From now on ipguard needs the passphrase in {PASSPHRASE_VARIABLE}.")
    show("Without it nothing in this store can be opened again, by anybody: write it down in a safe place.")


evidence_keeping.add_to(app)
