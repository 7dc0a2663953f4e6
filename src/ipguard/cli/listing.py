"""`ipguard listing …`: what became of one listing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption
from ipguard.cli.output import emit, safe, show

app = typer.Typer(no_args_is_help=True, help="One listing: its versions, and the evidence of each.")


@app.command()
def history(
    listing: Annotated[str, typer.Argument(help="Number of a listing, or its address.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the story of a listing: what changed when, when it went and came back, and which exhibits hold it."""
    from ipguard.alerts.queries import exhibits_of_listing
    from ipguard.database.engine import make_engine, reading
    from ipguard.listings.history import find_listing, history_of
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        row = find_listing(session, listing)
        moments = history_of(session, row.id or 0)
        exhibits = exhibits_of_listing(session, row.id or 0)
    if as_json:
        for moment in moments:
            emit({"listing": row.id, **asdict(moment)})
        for exhibit, kept_at in exhibits:
            emit({"listing": row.id, "at": kept_at, "kind": "exhibit", "exhibit": exhibit})
        return
    show(f"[bold]{safe(row.title)}[/] {safe(row.url)} (listing {row.id}, {safe(row.source_id)})")
    told = [(moment.at, _line(moment)) for moment in moments]
    told += [(kept_at, f"exhibit {exhibit}") for exhibit, kept_at in exhibits]
    for at, line in sorted(told, key=lambda one: one[0]):
        show(f"  {at:%Y-%m-%d %H:%M}  {line}")


def _line(moment: object) -> str:
    from ipguard.listings.history import Moment

    if not isinstance(moment, Moment):
        return ""
    where = f" [dim]run {moment.run_id}{f', step {moment.step}' if moment.step else ''}[/]"
    changed = "; ".join(
        f"{one.field}: {safe(one.before) or '-'} → {safe(one.after) or '-'}" for one in moment.changes
    )
    version = f" {moment.version}" if moment.kind == "changed" else ""
    return f"{moment.kind}{version}{f' {changed}' if changed else ''}{where}"
