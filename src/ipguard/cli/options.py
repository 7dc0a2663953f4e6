"""Options that many commands share."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", envvar="IPGUARD_WORKSPACE", help="The workspace folder; here if not given."
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]


def utc_now() -> datetime:
    """The clock of the command line."""
    return datetime.now(UTC)


def operator_name() -> str:
    """Who is at the keyboard, as the operating system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
