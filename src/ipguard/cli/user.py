"""`ipguard user`: who may come in to the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, safe, show

if TYPE_CHECKING:
    from ipguard.people.accounts import Person
    from ipguard.settings import Workspace

app = typer.Typer(
    help="People of the console: add, list, change roles, reset, disable.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Sign-in name.")]
Role = Annotated[str, typer.Option(help="analyst, legal, admin or reader.")]


@app.command()
def add(
    name: Name,
    role: Role = "analyst",
    label: Annotated[str, typer.Option(help="The name others read.")] = "",
    language: Annotated[str, typer.Option(help="en or zh-Hans; the browser's if not given.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account and print the link of its invitation, once. It lets them set a password."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.accounts import add_person, invite
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    place, now = open_workspace(workspace), utc_now()
    with transaction(make_engine(place.database_url)) as session:
        who = machine(operator_name())
        row = add_person(session, who, name, role, label=label, language=language, now=now)
        key = invite(session, who, row, "invite", now=now)
    link = _link(place, key)
    if as_json:
        emit({"id": row.id, "name": row.name, "role": row.role, "link": link})
        return
    show(f"{safe(row.name)}, {row.role}. Give them this link; it works once, within 7 days:")
    show(f"  {safe(link)}")


@app.command("list")
def list_all(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List everybody."""
    from rich.table import Table

    from ipguard.database.engine import make_engine, reading
    from ipguard.people.accounts import list_people
    from ipguard.people.sessions import lasting_of
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    with reading(make_engine(place.database_url)) as session:
        people = list_people(session, lasting_of(place.settings), utc_now())
    table = Table(
        "Name", "Role", "State", "Second step", "Last signed in", "Sessions", "Tokens",
        box=None, header_style="bold",
    )  # fmt: skip
    for one in people:
        if as_json:
            emit(_facts(one))
        seen = f"{one.row.entered_at:%Y-%m-%d %H:%M} UTC" if one.row.entered_at else "never"
        table.add_row(
            safe(one.row.name), one.row.role, one.state, "on" if one.row.totp else "", seen,
            str(one.sessions), str(one.tokens),
        )  # fmt: skip
    if not as_json:
        show(table if people else "Nobody yet: `ipguard serve` prints a link for the first admin.")


@app.command("role")
def change_role(
    name: Name,
    role: Annotated[str, typer.Argument(help="analyst, legal, admin or reader.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give somebody another role; it holds from their next click."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.accounts import get_person, set_role
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        row = get_person(session, name)
        set_role(session, machine(operator_name()), row, role, now=utc_now())
    _tell(row.name, {"role": row.role}, f"{row.name} is {row.role} now.", as_json)


@app.command()
def reset(
    name: Name,
    second_step: Annotated[
        bool, typer.Option("--second-step", help="Take the second step off as well: the phone is lost.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """End somebody's password and sessions, and print a link that lets them set a new one. Always works."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people.accounts import clear_second_step, get_person, invite
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    place, who, now = open_workspace(workspace), machine(operator_name()), utc_now()
    with transaction(make_engine(place.database_url)) as session:
        row = get_person(session, name)
        if second_step:
            clear_second_step(session, who, row, now=now)
        key = invite(session, who, row, "reset", now=now)
    link = _link(place, key)
    words = f"Give {row.name} this link; it works once, within a day:\n  {link}"
    _tell(row.name, {"link": link}, words, as_json)


@app.command()
def disable(name: Name, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Shut an account: sessions end, tokens are revoked. What it did keeps its name."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people import accounts
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        row = accounts.get_person(session, name)
        accounts.disable(session, machine(operator_name()), row, now=utc_now())
    _tell(row.name, {"disabled": True}, f"{row.name} cannot come in any more.", as_json)


@app.command()
def enable(name: Name, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Open a shut account again. Its tokens stay revoked."""
    from ipguard.database.engine import make_engine, transaction
    from ipguard.people import accounts
    from ipguard.people.rights import machine
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        row = accounts.get_person(session, name)
        accounts.enable(session, machine(operator_name()), row, now=utc_now())
    _tell(row.name, {"disabled": False}, f"{row.name} can come in again.", as_json)


def _link(place: Workspace, key: str) -> str:
    """Where the console is, as the settings say; another host or port is for whoever hands the link on."""
    console, oidc = place.settings.console, place.settings.people.oidc
    shown = "127.0.0.1" if console.host in ("0.0.0.0", "::") else console.host  # noqa: S104 — compared, not bound
    base = (oidc.public_url if oidc else "") or f"http://{shown}:{console.port}"
    return f"{base.rstrip('/')}/invite?key={key}"


def _facts(one: Person) -> dict[str, object]:
    row = one.row
    return {
        "id": one.id, "name": row.name, "label": row.label, "role": row.role, "state": one.state,
        "second_step": bool(row.totp), "provider": one.linked, "sessions": one.sessions, "tokens": one.tokens,
        "created_at": row.created_at.isoformat(), "created_by": row.created_by,
        "entered_at": row.entered_at.isoformat() if row.entered_at else None,
    }  # fmt: skip


def _tell(name: str, facts: dict[str, object], words: str, as_json: bool) -> None:
    if as_json:
        emit({"name": name, **facts})
    else:
        show(safe(words))
