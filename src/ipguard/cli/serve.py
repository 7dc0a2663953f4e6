"""`ipguard serve`: the schedule and the console."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from ipguard.cli.options import WorkspaceOption, utc_now
from ipguard.cli.output import safe, show


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at; this machine only if not given.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 0,
    schedule: Annotated[bool, typer.Option(help="Look at sources when they are due.")] = True,
    workspace: WorkspaceOption = None,
) -> None:
    """Run the schedule and the console until stopped. At the first start a link is printed that lets the admin in."""
    import uvicorn

    from evidence_store.exhibit import Operator
    from ipguard.database.engine import make_engine, reading
    from ipguard.evidence import export_case
    from ipguard.people.links import an_admin_can_sign_in
    from ipguard.service import schedule_running
    from ipguard.settings import open_workspace
    from ipguard.web.access import create_console_key
    from ipguard.web.app import create_app

    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    at, number = host or place.settings.console.host, port or place.settings.console.port

    def export(case_id: int, by: str) -> None:
        export_case(place, database, case_id, by=by, now=utc_now, progress=lambda *_: None)

    app = create_app(place, engine=database, now=utc_now, export=export, hosts=[at])
    operator = Operator("schedule", "service")
    keeping = schedule_running(place, database, operator=operator, now=utc_now) if schedule else nullcontext()
    shown = "127.0.0.1" if at in ("0.0.0.0", "::") else at  # noqa: S104 — compared, not bound
    with keeping:
        base = f"http://{shown}:{number}/"
        with reading(database) as session:
            settled = an_admin_can_sign_in(session)
        if settled:
            show(f"Console: [bold]{safe(base)}[/] (no way in any more? ipguard user reset NAME)")
        else:  # the first admin has no password yet: there is no default one
            link = f"{base}enter?key={create_console_key(place, utc_now())}"
            show(f"Console: [bold]{safe(link)}[/]")
            show("(It lets the first admin in, once, within a day. Set a password there.)")
        show(f"Schedule: {'on' if schedule else 'off'}. Stop with Ctrl-C.")
        uvicorn.run(app, host=at, port=number, log_level="warning", server_header=False)
