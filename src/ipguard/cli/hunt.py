"""`ipguard hunt`: search what is stored for what the watchlist gained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, progress, safe, show

if TYPE_CHECKING:
    from sqlalchemy import Engine


def hunt(
    work: Annotated[
        str, typer.Option(help="Compare every stored picture once more with the pictures of this work.")
    ] = "",
    listing: Annotated[
        bool, typer.Option("--list", help="List hunts and how far they are; starts none.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search every stored listing for what the watchlist gained: new works, pictures, names.

    Pictures are compared by the fingerprints that were kept of them, and only with references that came after. The
    first hunt makes the fingerprints that are missing. Stopped in the middle, the same command goes on.
    """
    from dataclasses import asdict

    from evidence_store.exhibit import Operator
    from ipguard.database.engine import make_engine
    from ipguard.service import hunt_now
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    if listing:
        _list(database, as_json=as_json)
        return
    with progress("Hunting") as advance:
        report = hunt_now(
            place, database, work=work, operator=Operator(operator_name(), "os-account"), now=utc_now,
            progress=lambda _what, done, total: advance(done, total),
        )  # fmt: skip
    if as_json:
        emit(asdict(report))
        return
    mark = "[green]finished[/]" if report.state == "finished" else f"[yellow]{report.state}[/]"
    show(f"[bold]Hunt {report.hunt}[/] {mark}: {safe(report.note)}")
    if report.busy:
        show("Run it again when the sweep has ended; what is done is not done again.")
    if report.new_alerts:
        show("Look at them: ipguard alerts")


def _list(database: Engine, *, as_json: bool) -> None:
    from rich.table import Table

    from ipguard.database.engine import reading
    from ipguard.hunting.store import list_hunts

    with reading(database) as session:
        rows = list_hunts(session)
    table = Table(
        "Hunt", "Work", "State", "Pictures", "Listings", "New alerts", "Begun", box=None, header_style="bold"
    )
    for row in rows:
        if as_json:
            emit({**row.model_dump(exclude={"cursor", "lease_owner", "lease_until"})})
        table.add_row(
            str(row.id), safe(row.work_id or "all"), row.state, f"{row.pictures} of {row.pictures_total}",
            f"{row.listings} of {row.listings_total}", str(row.new_alerts), f"{row.started_at:%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
    if not as_json:
        show(table if rows else "Nothing was hunted for yet.")
