"""`ipguard token`: keys for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, say, show

app = typer.Typer(help="Tokens for programs: new, list, revoke.", no_args_is_help=True)

DEFAULT_DAYS = 90


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Whose token it is; it never may more than they.")],
    label: Annotated[str, typer.Option(help="Where it is used.")],
    scope: Annotated[
        list[str], typer.Option(help="read, decide, cases, export, sources or admin; give it again for more.")
    ],
    days: Annotated[int, typer.Option(help="Days until it ends, 366 at most.")] = DEFAULT_DAYS,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it, once."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.accounts import get_person
    from ipguard.people.rights import machine
    from ipguard.people.tokens import make_token
    from ipguard.settings import open_workspace

    who = machine(operator_name())
    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        made = make_token(session, who, get_person(session, name), label, scope, days=days, now=utc_now())
    row = made.row
    if as_json:
        emit({"id": row.id, "token": made.text, "scopes": row.scopes, "ends_at": row.ends_at.isoformat()})
        return
    show(made.text)
    say(f"Token {row.id} of {safe(name)}, until {row.ends_at:%Y-%m-%d}. It is shown only now.")


@app.command("list")
def list_all(
    name: Annotated[str, typer.Option(help="Only this person's.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens, newest first; their text is not kept."""
    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.people.accounts import get_person
    from ipguard.people.tables import PersonRow
    from ipguard.people.tokens import tokens_of, usable
    from ipguard.settings import open_workspace

    now = utc_now()
    table = Table(
        "No.", "Person", "Label", "Token", "Scopes", "Ends", "Last used", "State",
        box=None, header_style="bold",
    )  # fmt: skip
    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        rows = tokens_of(session, get_person(session, name).id if name else None)
        for row in rows:
            person = session.get_one(PersonRow, row.person_id).name
            state = "revoked" if row.revoked_at else "good" if usable(row, now) else "ended"
            used = row.used_at.isoformat() if row.used_at else None
            if as_json:
                emit(
                    {
                        "id": row.id, "person": person, "label": row.label, "hint": row.hint, "scopes": row.scopes,
                        "ends_at": row.ends_at.isoformat(), "used_at": used, "state": state,
                    }
                )  # fmt: skip
            table.add_row(
                str(row.id), safe(person), safe(row.label), f"{row.hint}…", " ".join(row.scopes),
                f"{row.ends_at:%Y-%m-%d}", used[:16] if used else "never", state,
            )  # fmt: skip
    if not as_json:
        show(table if rows else "No tokens.")


@app.command("revoke")
def end(
    number: Annotated[int, typer.Argument(help="Number of the token; `ipguard token list` tells it.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a token now."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.rights import machine
    from ipguard.people.tokens import revoke
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        revoke(session, machine(operator_name()), number, now=utc_now())
    if as_json:
        emit({"id": number, "state": "revoked"})
    else:
        show(f"Token {number} opens nothing any more.")
