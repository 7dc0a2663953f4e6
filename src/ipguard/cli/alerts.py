"""`ipguard alerts`: list, show, decide, undo."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, show

if TYPE_CHECKING:
    from ipguard.alerts.queries import AlertView
    from ipguard.listings.tables import ListingRow, LookupRow

app = typer.Typer(help="Alerts: list, show, decide, undo.", invoke_without_command=True)

SHOWN = 8
"""Other listings with the same picture that are printed."""

Number = Annotated[int, typer.Argument(help="Number of the alert.")]


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List open alerts when no command is given."""
    if context.invoked_subcommand is None:
        list_open("open", "", "", 50, workspace, as_json)


@app.command("list")
def list_open(
    state: Annotated[str, typer.Option(help="open, infringing, not_infringing, later, or any.")] = "open",
    work: Annotated[str, typer.Option(help="Only this work.")] = "",
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List alerts, the surest first."""
    from rich.table import Table

    from ipguard.alerts.queries import Filter, list_alerts
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace

    wanted = Filter(None if state == "any" else state, work, source)
    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        views = list_alerts(session, wanted, now=utc_now(), limit=limit)
    table = Table(
        "No.", "Score", "Work", "Listing", "Price", "Seller", "Source", box=None, header_style="bold"
    )
    for view in views:
        if as_json:
            emit(_facts(view))
        price = _price(view.listing)
        table.add_row(
            str(view.id), f"{view.alert.score:.2f}", safe(view.work.title), safe(view.listing.title), safe(price),
            safe(view.listing.seller_name), safe(view.source.id),
        )  # fmt: skip
    if not as_json:
        show(table if views else "No such alerts.")


@app.command("show")
def show_one(number: Number, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show one alert with every reason, and who else shows the same pictures."""
    from dataclasses import asdict

    from ipguard.alerts.queries import one_alert
    from ipguard.database.engine import make_engine, reading
    from ipguard.listings.lookups import facts_shown
    from ipguard.listings.same import sellers_of, shown_elsewhere
    from ipguard.matching.reasons import render
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        story = one_alert(session, number, now=utc_now())
        view = story.view
        elsewhere = shown_elsewhere(session, cast(int, view.listing.id))
    if as_json:
        asked = {"lookups": [_told(row) for row in story.lookups]}
        emit({**_facts(view), **asked, "same_pictures": [asdict(one) for one in elsewhere]})
        return
    show(
        f"[bold]Alert {view.id}[/], version {view.alert.version}, {view.state}, score {view.alert.score:.2f}"
    )
    show(f"  {safe(view.listing.title)}")
    show(f"  {safe(view.listing.kind)}, {safe(view.listing.url)}")
    show(f"  work {safe(view.work.title)}, exhibit {view.alert.exhibit_id}")
    for finding in view.findings:
        show(f"  [bold]{finding.strength:.2f}[/] {safe(render(finding.reason))}")
    for row in story.lookups:
        told = "; ".join(f"{name} {value}" for name, value in facts_shown(row))
        show(
            f"  {safe(row.kind)} ({row.asked_at:%Y-%m-%d %H:%M} UTC): {safe(told or row.note or row.outcome)}"
        )
    if elsewhere:
        listings, sellers = len(elsewhere), sellers_of(elsewhere)
        show(
            f"  The same picture is shown by {listings} other listing{'s' if listings > 1 else ''} "
            f"of {sellers} seller{'s' if sellers > 1 else ''}:"
        )
        for one in elsewhere[:SHOWN]:
            show(f"    {safe(one.seller or one.source)}: {safe(one.title)} {safe(one.url)}")
        if listings > SHOWN:
            show(f"    … and {listings - SHOWN} more; --json lists all.")


@app.command()
def decide(
    number: Number,
    decision: Annotated[str, typer.Argument(help="infringing, not_infringing or later.")],
    version: Annotated[int, typer.Option(help="The version you saw; `ipguard alerts show` tells it.")],
    reason: Annotated[
        str, typer.Option(help="licensed, own_listing, different_work, too_generic, other.")
    ] = "",
    note: Annotated[str, typer.Option()] = "",
    days: Annotated[int, typer.Option(min=1, help="For later: come back after so many days.")] = 7,
    workspace: WorkspaceOption = None,
) -> None:
    """Decide about the version of an alert that you saw."""
    from ipguard.alerts.decisions import decide as record
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.audit import audit
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    until = utc_now() + timedelta(days=days) if decision == "later" else None
    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        record(
            session, number, version=version, decision=decision, by=operator_name(), now=utc_now(),
            reason=reason, note=note, until=until,
        )  # fmt: skip
        facts: dict[str, str | int | bool | None] = {"decision": decision, "version": version}
        audit(session, machine(operator_name()), "alert.decide", f"alert:{number}", facts, utc_now())
    show(f"Alert {number}: {decision}. Take it back with: ipguard alerts undo {number}")


@app.command()
def undo(number: Number, workspace: WorkspaceOption = None) -> None:
    """Take the last decision about an alert back."""
    from ipguard.alerts.decisions import undo as take_back
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.audit import audit
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        taken = take_back(session, number, by=operator_name(), now=utc_now())
        audit(session, machine(operator_name()), "alert.undo", f"alert:{number}", {}, utc_now())
    show(f"Alert {number}: “{taken.decision}” was taken back.")


def _price(listing: ListingRow) -> str:
    """The price of an offer; what else it is where it is none."""
    if listing.kind != "offer":
        return f"({listing.kind})"
    return f"{listing.price_amount} {listing.currency or '?'}" if listing.price_amount else "-"


def _told(row: LookupRow) -> dict[str, object]:
    return row.model_dump(include={"kind", "asked_at", "outcome", "note", "facts"})


def _facts(view: AlertView) -> dict[str, object]:
    from ipguard.alerts.findings import finding_json

    listing = view.listing
    return {
        "alert": view.id,
        "version": view.alert.version,
        "state": view.state,
        "score": view.alert.score,
        "work": view.work.id,
        "source": view.source.id,
        "kind": listing.kind,
        "url": listing.url,
        "title": listing.title,
        "price": listing.price_amount,
        "currency": listing.currency,
        "seller": listing.seller_name,
        "exhibit": view.alert.exhibit_id,
        "findings": [finding_json(finding) for finding in view.findings],
    }
