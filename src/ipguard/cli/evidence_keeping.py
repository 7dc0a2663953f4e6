"""`ipguard evidence`, the part about keeping and forgetting: show, hold, release, retain, due, erase."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, progress, safe, show

if TYPE_CHECKING:
    from ipguard.settings import Workspace

Exhibits = Annotated[list[str] | None, typer.Argument(help="Ids of exhibits.")]
OfCase = Annotated[int, typer.Option("--case", help="Every exhibit of this case.")]
Why = Annotated[str, typer.Option(help="Why, in words that stay on record.")]
Matter = Annotated[str, typer.Option(help="The matter it is held for: a docket number, a file reference.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into `ipguard evidence`."""
    for command in (show_one, hold, release, retain, due, erase):
        app.command("show" if command is show_one else command.__name__)(command)


def show_one(
    exhibit: Annotated[str, typer.Argument(help="Id of an exhibit.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an exhibit: what was captured, its files, what was done to it, and what keeps it."""
    from evidence_store.canonical import decode
    from ipguard.evidence import open_store
    from ipguard.settings import open_workspace

    with open_store(open_workspace(workspace), utc_now) as store:
        kept = store.exhibit(exhibit)
        events, reason = store.custody_of(exhibit), store.why_kept(exhibit)
    if as_json:
        emit(
            {
                "record": decode(kept.record),
                "custody": [event.fields for event in events],
                "kept_because": reason,
            }
        )
        return
    show(f"[bold]{exhibit}[/], entry {kept.position} of the log")
    show(f"  {safe(kept.fields['requested_url'])}")
    show(f"  {safe(kept.fields['purpose'])}")
    for file in kept.files:
        show(f"  {safe(file.name)}  {file.size:,} bytes  {file.sha256}")
    for event in events:
        said = event.fields
        show(f"  {said['at']}  {safe(said['kind'])} by {safe(said['who'])}: {safe(said['why'])}")
    show(f"  Not to be erased: {safe(reason)}." if reason else "  Nothing keeps it from being erased.")


def hold(
    exhibits: Exhibits = None,
    case: OfCase = 0,
    matter: Matter = "",
    why: Why = "legal hold",
    workspace: WorkspaceOption = None,
) -> None:
    """Place a legal hold: nobody erases these exhibits until it is released."""
    from ipguard.evidence import open_store
    from ipguard.keeping import place_hold
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    chosen = _chosen(place, exhibits, case)
    with open_store(place, utc_now) as store:
        place_hold(store, chosen, matter=matter, who=operator_name(), why=why)
    show(f"{len(chosen)} exhibits are held for {safe(matter)}.")


def release(
    exhibits: Exhibits = None,
    case: OfCase = 0,
    matter: Matter = "",
    why: Why = "hold released",
    workspace: WorkspaceOption = None,
) -> None:
    """Release a legal hold."""
    from ipguard.evidence import open_store
    from ipguard.keeping import release_hold
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    chosen = _chosen(place, exhibits, case)
    with open_store(place, utc_now) as store:
        release_hold(store, chosen, matter=matter, who=operator_name(), why=why)
    show(f"{len(chosen)} exhibits are no longer held for {safe(matter)}.")


def retain(
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Keep at least until this day (UTC).")
    ],
    exhibits: Exhibits = None,
    case: OfCase = 0,
    why: Why = "retention",
    workspace: WorkspaceOption = None,
) -> None:
    """Keep exhibits at least until a day; the last word counts."""
    from ipguard.evidence import open_store
    from ipguard.keeping import retain as keep_until
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    chosen = _chosen(place, exhibits, case)
    with open_store(place, utc_now) as store:
        keep_until(store, chosen, until=until.replace(tzinfo=UTC), who=operator_name(), why=why)
    show(f"{len(chosen)} exhibits are kept until {until:%Y-%m-%d}.")


def due(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List exhibits that neither a hold, retention nor an open case keeps any longer."""
    from ipguard.database.engine import make_engine
    from ipguard.evidence import open_store
    from ipguard.keeping import due_for_erasure
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    with open_store(place, utc_now) as store, progress("Reading") as advance:
        found = due_for_erasure(place, database, store, at=utc_now(), progress=advance)
    for one in found:
        if as_json:
            emit({"exhibit": one.exhibit_id, "kept_at": one.kept_at, "url": one.url})
        else:
            show(f"{one.exhibit_id}  {one.kept_at[:10]}  {safe(one.url)}")
    if not found and not as_json:
        show("None: every exhibit is kept by a hold, by its retention, or by an open case.")


def erase(
    exhibits: Exhibits = None,
    why: Why = "",
    legal_basis: Annotated[str, typer.Option(help="For example: GDPR art. 17(1)(a).")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make exhibits unreadable for ever: their keys are destroyed, the log and every proof stay as they are."""
    from ipguard.database.engine import make_engine
    from ipguard.keeping import erase_exhibits
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    chosen = exhibits or []
    if chosen and not yes:
        typer.confirm(f"Erase {len(chosen)} exhibits for ever?", abort=True, err=True)
    database = make_engine(place.database_url)
    with progress("Changing keys") as advance:
        position = erase_exhibits(
            place, database, chosen,
            who=operator_name(), why=why, legal_basis=legal_basis, now=utc_now, progress=advance,
        )  # fmt: skip
    show(
        f"{len(chosen)} exhibits erased; entry {position} of the log says so. Old backups of vault.key still open them."
    )


def _chosen(place: Workspace, exhibits: list[str] | None, case: int) -> list[str]:
    """Exhibits by id, or all of a case."""
    from ipguard.cases.store import one_case
    from ipguard.database.engine import make_engine, reading
    from ipguard.errors import WrongUse

    chosen = list(exhibits or [])
    if case:
        with reading(make_engine(place.database_url)) as session:
            chosen += [row.exhibit_id for row in one_case(session, case, now=utc_now()).exhibits]
    if not chosen:
        raise WrongUse("Name exhibits, or a case.", hint="ipguard case show N lists them.")
    return list(dict.fromkeys(chosen))
