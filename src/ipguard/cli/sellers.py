"""`ipguard sellers …`: who sells, on which list they stand, who they seem to be elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, show

app = typer.Typer(no_args_is_help=True, help="Sellers: list, show, allow, deny, watch, unlist.")

SourceArgument = Annotated[str, typer.Argument(help="Name of the source.")]
SellerArgument = Annotated[
    str, typer.Argument(help="The seller's number there, else the name; leave out for a shop.")
]
WorkOption = Annotated[str, typer.Option(help="For this work only.")]
NoteOption = Annotated[str, typer.Option(help="Why.")]


@app.command("list")
def list_all(
    words: Annotated[str, typer.Option(help="In the name or number.")] = "",
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    on: Annotated[str, typer.Option(help="Only those on this list: allow, deny, watch.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List sellers, those with most open alerts first."""
    from dataclasses import asdict

    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.sellers.queries import SellerFilter, list_sellers
    from ipguard.settings import open_workspace
    from ipguard.sources.store import list_sources
    from ipguard.wiring import sellers_not_followed

    place = open_workspace(workspace)
    with reading(make_engine(place.database_url)) as session:
        hidden = sellers_not_followed(place, list_sources(session))
        lines = list_sellers(session, SellerFilter(words, source, on, hidden), limit=limit)
    table = Table(
        "Seller", "Number", "Source", "Open", "Infringing", "Listings", "List", box=None, header_style="bold"
    )
    for line in lines:
        if as_json:
            emit({**asdict(line), "source": line.who.source, "seller": line.who.key})
        table.add_row(
            safe(line.name), safe(line.who.key), safe(line.who.source), str(line.open), str(line.infringing),
            str(line.listings), ", ".join(line.stances),
        )  # fmt: skip
    if not as_json:
        show(table if lines else "No seller fits.")
        if hidden:
            show(f"Not followed, because their terms do not allow it: {safe(', '.join(sorted(hidden)))}")


@app.command("show")
def show_one(
    source: SourceArgument,
    seller: SellerArgument = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one seller: lists, listings, and who they seem to be elsewhere, with why."""
    from dataclasses import asdict

    from ipguard.database.engine import make_engine, reading
    from ipguard.sellers.lists import SellerKey
    from ipguard.sellers.queries import one_seller
    from ipguard.settings import open_workspace
    from ipguard.sources.store import list_sources
    from ipguard.wiring import sellers_not_followed

    place = open_workspace(workspace)
    with reading(make_engine(place.database_url)) as session:
        hidden = sellers_not_followed(place, list_sources(session))
        found = one_seller(session, SellerKey(source, seller), hidden)
    if as_json:
        emit({**asdict(found), "entries": [entry.model_dump() for entry in found.entries]})
        return
    line = found.line
    show(
        f"[bold]{safe(line.name)}[/] on {safe(line.who.source)}: {line.listings} listings, {line.open} open alerts"
    )
    for entry in found.entries:
        over = f", ended by {entry.ended_by}" if entry.ended_at else ""
        show(
            f"  {entry.stance} for {safe(entry.work_id or 'all works')}, by {safe(entry.made_by)}{safe(over)}"
        )
    for one in found.links:
        why = [f"{len(one.pictures)} pictures that both show and few others do"] if one.pictures else []
        why += ["the same name"] if one.same_name else []
        show(f"  seems to be {safe(one.name)} on {safe(one.who.source)}: {' and '.join(why)}")
    for listing in found.listings:
        show(f"  {'gone ' if listing.gone_at else ''}{safe(listing.title)}")


@app.command()
def allow(
    source: SourceArgument,
    seller: SellerArgument = "",
    work: WorkOption = "",
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a seller on the list of those who are licensed: they raise no alerts any more."""
    _put("allow", source, seller, work, note, workspace, as_json)


@app.command()
def deny(
    source: SourceArgument,
    seller: SellerArgument = "",
    work: WorkOption = "",
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a seller on the list of those who are known to sell copies: it weighs against what they show."""
    _put("deny", source, seller, work, note, workspace, as_json)


@app.command()
def watch(
    source: SourceArgument,
    seller: SellerArgument = "",
    work: WorkOption = "",
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a seller on the list of those to look at first; it changes no verdict."""
    _put("watch", source, seller, work, note, workspace, as_json)


@app.command()
def unlist(
    source: SourceArgument,
    seller: SellerArgument = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a seller off every list."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.rights import machine
    from ipguard.sellers.lists import SellerKey, entries_of, take_off_list
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        standing = entries_of(session, SellerKey(source, seller))
        for entry in standing:
            take_off_list(session, int(entry.id or 0), machine(operator_name()), utc_now())
    if as_json:
        emit({"source": source, "seller": seller, "ended": len(standing)})
    else:
        show(f"{len(standing)} entries ended.")


def _put(
    stance: str, source: str, seller: str, work: str, note: str, workspace: WorkspaceOption, as_json: bool
) -> None:
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.rights import machine
    from ipguard.sellers.lists import SellerKey, Stance, put_on_list
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        row = put_on_list(
            session,
            SellerKey(source, seller),
            Stance(stance),
            machine(operator_name()),
            utc_now(),
            work=work,
            note=note,
        )
        told = row.model_dump()
    if as_json:
        emit(told)
    else:
        show(
            f"{safe(seller or source)} is on the list {stance}. Its listings are judged again at the next run."
        )
