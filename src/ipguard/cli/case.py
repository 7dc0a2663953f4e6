"""`ipguard case`: from alerts to a bundle."""

from __future__ import annotations

from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, progress, safe, show

app = typer.Typer(no_args_is_help=True, help="Cases: new, add, list, show, export.")

Number = Annotated[int, typer.Argument(help="Number of the case.")]


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="What the case is about.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a case."""
    from ipguard.cases.store import new_case
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        case = new_case(session, title, by=operator_name(), now=utc_now())
    if as_json:
        emit({"case": case.id, "title": case.title})
    else:
        show(f"Case [bold]{case.id}[/]: {safe(case.title)}. Add alerts: ipguard case add {case.id} ALERT …")


@app.command()
def add(
    number: Number,
    alerts: Annotated[list[int], typer.Argument(help="Numbers of alerts.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put alerts into a case, each with its exhibits."""
    from ipguard.cases.store import add_alert, exhibit_label
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        joined = [
            row
            for one in alerts
            for row in add_alert(session, number, one, by=operator_name(), now=utc_now())
        ]
    labels = [exhibit_label(row.number) for row in joined]
    if as_json:
        emit({"case": number, "exhibits": labels})
    else:
        show(f"Case {number}: {len(alerts)} alerts, new exhibits {', '.join(labels) or 'none'}.")


@app.command("list")
def list_all(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List cases, newest first."""
    from rich.table import Table

    from ipguard.cases.store import list_cases
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        lines = list_cases(session)
    table = Table("No.", "Title", "State", "Alerts", "Exhibits", "Bundles", box=None, header_style="bold")
    for line in lines:
        if as_json:
            emit(
                {
                    "case": line.id,
                    "title": line.case.title,
                    "state": line.case.state,
                    "exhibits": line.exhibits,
                }
            )
        counts = (str(line.alerts), str(line.exhibits), str(line.exports))
        table.add_row(str(line.id), safe(line.case.title), line.case.state, *counts)
    if not as_json:
        show(table if lines else "No case yet. Open one: ipguard case new TITLE")


@app.command("show")
def show_one(number: Number, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show a case with its alerts, exhibits and bundles."""
    from ipguard.cases.store import exhibit_label, one_case
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        story = one_case(session, number, now=utc_now())
    if as_json:
        exhibits = [{"number": exhibit_label(row.number), "id": row.exhibit_id} for row in story.exhibits]
        bundles = [{"file": row.file_name, "sha256": row.sha256} for row in story.exports]
        emit({"case": number, "title": story.case.title, "exhibits": exhibits, "bundles": bundles})
        return
    show(f"[bold]Case {number}[/]: {safe(story.case.title)} ({story.case.state})")
    for alert in story.alerts:
        show(f"  alert {alert.view.id}: {safe(alert.view.listing.title)}")
    for row in story.exhibits:
        show(f"  {exhibit_label(row.number)}  {row.exhibit_id}")
    for bundle in story.exports:
        show(f"  bundle {safe(bundle.file_name)}  sha256 {bundle.sha256}")


@app.command()
def export(number: Number, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Export a case as a bundle: stamped, written, and verified before it is called good."""
    from ipguard.database.engine import make_engine
    from ipguard.settings import open_workspace
    from ipguard.wiring import export_case

    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    with progress("Writing the bundle") as advance:
        summary, _ = export_case(place, database, number, by=operator_name(), now=utc_now, progress=advance)
    stamps = [
        {"authority": s.authority, "at": s.stamp.at.isoformat() if s.stamp else None, "problem": s.problem}
        for s in summary.stamped
    ]
    if as_json:
        emit(
            {
                "bundle": str(summary.path),
                "sha256": summary.sha256,
                "exhibits": summary.exhibits,
                "stamps": stamps,
            }
        )
        return
    show(f"[bold]{safe(summary.path)}[/]")
    show(f"  {summary.exhibits} exhibits, {summary.size:,} bytes, sha256 {summary.sha256}, verified.")
    for stamped in summary.stamped:
        if stamped.stamp is None:
            show(f"  [yellow]no stamp[/] by {stamped.authority}: {safe(stamped.problem)}")
            continue
        worth = "" if stamped.stamp.has_legal_value else " [yellow](local authority: no legal value)[/]"
        show(f"  stamped by {stamped.authority} at {stamped.stamp.at:%Y-%m-%d %H:%M:%S} UTC{worth}")
