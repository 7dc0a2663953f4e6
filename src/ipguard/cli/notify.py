"""`ipguard notify`: channels, tests, and what became of each message."""

from __future__ import annotations

from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, say, show

app = typer.Typer(help="Telling people: channels, tests, the delivery log.", no_args_is_help=True)
TOLD = {"name", "kind", "language", "events", "works", "min_score", "daily_at", "paused"}
"""What `--json` says of a channel."""
Name = Annotated[str, typer.Argument(help="Name of the channel.")]


@app.command("list")
def list_all(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List channels."""
    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.notify.channels import list_channels
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        rows = list_channels(session)
    table = Table("Name", "Kind", "When", "State", "Told about", box=None, header_style="bold")
    for row in rows:
        state = f"paused {row.paused_why}".strip() if row.paused else "on"
        when = f"daily {row.daily_at}" if row.daily_at else "at once"
        if as_json:
            emit(row.model_dump(mode="json", include=TOLD))
        table.add_row(safe(row.name), row.kind, when, safe(state), safe(", ".join(row.events)))
    if not as_json:
        show(
            table
            if rows
            else "Nobody is told yet. Add one: ipguard notify add NAME --kind webhook --address URL"
        )


@app.command()
def add(
    name: Name,
    kind: Annotated[str, typer.Option(help="mail, webhook, feishu, dingtalk, wecom or slack.")],
    address: Annotated[str, typer.Option(help="Receivers, a URL, or env:IPGUARD_… that holds it.")],
    secret: Annotated[str, typer.Option(help="env:IPGUARD_… that holds a chat's signing secret.")] = "",
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    event: Annotated[list[str] | None, typer.Option(help="What it is told; everything if not given.")] = None,
    work: Annotated[list[str] | None, typer.Option(help="Only these works.")] = None,
    min_score: Annotated[float, typer.Option(min=0, max=1)] = 0.0,
    daily_at: Annotated[str, typer.Option(help="HH:MM of one digest a day.")] = "",
    quiet: Annotated[str, typer.Option(help="HH:MM-HH:MM in which only trouble is told.")] = "",
    time_zone: Annotated[str, typer.Option()] = "UTC",
    workspace: WorkspaceOption = None,
) -> None:
    """Add a channel. A webhook's secret is printed once."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.notify.channels import NewChannel, add_channel
    from ipguard.notify.events import KINDS
    from ipguard.people.audit import audit
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace
    from ipguard.telling import channel_secrets

    begin, _, end = quiet.partition("-")
    wanted = NewChannel(
        name, kind, address, secret, language, tuple(event or KINDS), tuple(work or ()), min_score, daily_at,
        begin, end, time_zone,
    )  # fmt: skip
    place, now = open_workspace(workspace), utc_now()
    with transaction(make_engine(place.database_url)) as session:
        row, shown = add_channel(session, wanted, channel_secrets(place), by=operator_name(), now=now)
        audit(
            session, machine(operator_name()), "channel.add", f"channel:{row.name}", {"kind": row.kind}, now
        )
    if shown:
        show(shown)
        say("The secret above is shown only now.")
    say(f"Try it: ipguard notify test {safe(name)}")


@app.command("test")
def send_test(name: Name, workspace: WorkspaceOption = None) -> None:
    """Send a test now; exit code 4 where it did not get through."""
    from ipguard.database.engine import make_engine
    from ipguard.errors import SourceRefused
    from ipguard.settings import open_workspace
    from ipguard.telling import office_of

    place = open_workspace(workspace)
    office = office_of(place, make_engine(place.database_url), utc_now)
    if trouble := office.try_out(name, by=operator_name()):
        raise SourceRefused(trouble, hint=f"See: ipguard notify log --channel {name}")
    show(f"{safe(name)}: the test got through.")


@app.command()
def log(
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    state: Annotated[str, typer.Option(help="waiting, sent or failed.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was sent and what was not, newest first."""
    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.notify.outbox import delivery_log
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        lines = delivery_log(session, channel=channel, state=state, limit=limit)
    table = Table(
        "No.", "When", "Channel", "What", "State", "Attempts", "Last words", box=None, header_style="bold"
    )
    for line in lines:
        one = line.delivery
        if as_json:
            tried = [{"at": a.at.isoformat(), "outcome": a.outcome, "words": a.words} for a in line.attempts]
            emit({"delivery": one.id, "channel": line.channel, "event": one.event_id, "kind": one.kind,
                  "state": one.state, "created_at": one.created_at.isoformat(), "attempts": tried})  # fmt: skip
        table.add_row(
            str(one.id), f"{one.created_at:%Y-%m-%d %H:%M}", safe(line.channel), one.kind, one.state,
            str(one.attempts), safe(one.last_words),
        )  # fmt: skip
    if not as_json:
        show(table if lines else "Nothing was sent yet.")


@app.command()
def resend(
    number: Annotated[int, typer.Argument(help="Number of the delivery.")], workspace: WorkspaceOption = None
) -> None:
    """Have a delivery tried again, with the same event id; the service does it at its next tick."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.notify.outbox import resend as again
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        again(session, number, utc_now())
    show(f"Delivery {number} is tried again.")
