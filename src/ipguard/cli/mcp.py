"""`ipguard mcp`: a read-only server for assistants, over stdin and stdout."""

from __future__ import annotations

from ipguard.cli.options import WorkspaceOption, utc_now


def mcp(workspace: WorkspaceOption = None) -> None:
    """Serve alerts, cases and sellers to an assistant (Model Context Protocol, stdio). It reads, and nothing else."""
    from ipguard.database.engine import make_engine
    from ipguard.errors import NotConfigured
    from ipguard.settings import open_workspace

    try:
        from ipguard.assistant import make_server
    except ModuleNotFoundError as error:
        raise NotConfigured(
            "The part for assistants is not installed", hint="pip install 'ipguard[mcp]'"
        ) from error
    place = open_workspace(workspace)
    make_server(place, make_engine(place.database_url), utc_now).run("stdio")
