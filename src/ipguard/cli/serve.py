"""`ipguard serve`: the schedule and the console."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import WorkspaceOption, utc_now
from ipguard.cli.output import safe, show

if TYPE_CHECKING:
    from ipguard.settings import Workspace


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

    def export(case_id: int, by: str, advance: Callable[[int, int], None]) -> None:
        export_case(place, database, case_id, by=by, now=utc_now, progress=advance)

    shown = "127.0.0.1" if at in ("0.0.0.0", "::") else at  # noqa: S104 — compared, not bound
    apart = place.settings.console.exhibit_port or number + 1
    pages_at = place.settings.console.exhibit_origin or f"http://{shown}:{apart}"
    app = create_app(place, engine=database, now=utc_now, export=export, hosts=[at], exhibits_at=pages_at)
    operator = Operator("schedule", "service")
    keeping = schedule_running(place, database, operator=operator, now=utc_now) if schedule else nullcontext()
    base = f"http://{shown}:{number}/"
    oidc = place.settings.people.oidc
    consoles = [base.rstrip("/"), f"http://localhost:{number}", oidc.public_url.rstrip("/") if oidc else ""]
    with keeping, _showing_exhibits(place, pages_at, (at, apart), [one for one in consoles if one]):
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


@contextmanager
def _showing_exhibits(
    place: Workspace, url: str, listen: tuple[str, int], consoles: Sequence[str]
) -> Iterator[None]:
    """Captured pages on a port of their own while the block lasts; where that is taken, the console does without."""
    import uvicorn

    from evidence_store.store import Memory
    from ipguard.exhibits import Opened
    from ipguard.web.access import read_secret
    from ipguard.web.exhibit_origin import Origin, create_exhibit_app

    opened, origin = Opened(place, utc_now, Memory()), Origin(url, read_secret(place))
    app = create_exhibit_app(opened, origin, console=consoles, now=utc_now)
    server = uvicorn.Server(
        uvicorn.Config(app, host=listen[0], port=listen[1], log_level="warning", server_header=False)
    )
    running = threading.Thread(target=server.run, name="exhibits", daemon=True)
    running.start()
    show(f"Captured pages are shown from [bold]{safe(url)}[/], an origin of their own.")
    try:
        yield
    finally:
        server.should_exit = True
        running.join(5)
