"""`ipguard`: every command in one tree. Commands import their rooms when they run, so help is instant."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from crawlers.errors import CrawlError
from evidence_store.errors import EvidenceError, OutOfSpace, SigningKeyError, StoreLocked
from ipguard import __version__
from ipguard.cli.output import safe, say, say_json
from ipguard.errors import IpguardError, NotConfigured

WRONG_USE = 2
NOT_VERIFIED = 5
REFUSED = 4
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


def build() -> typer.Typer:
    """The whole command tree."""
    from ipguard.cli import (
        alerts,
        case,
        demo,
        evidence,
        extract,
        hunt,
        listing,
        match,
        mcp,
        notify,
        record,
        report,
        sellers,
        serve,
        source,
        source_by_hand,
        sweep,
        token,
        upkeep,
        user,
        verify,
        watch,
        workspace,
    )

    app = typer.Typer(
        name="ipguard",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        help="Find copies of your works abroad, and keep proof that a stranger can check.",
    )
    app.callback()(_options)
    start, work, act, admin = "Start", "Work", "Act", "Admin"
    app.command("init", rich_help_panel=start)(workspace.init)
    app.command("demo", rich_help_panel=start)(demo.demo)
    app.command("serve", rich_help_panel=start)(serve.serve)
    app.command("doctor", rich_help_panel=start)(workspace.doctor)
    app.add_typer(watch.app, name="watch", rich_help_panel=work)
    app.add_typer(source.app, name="source", rich_help_panel=work)
    source.app.command("import")(source_by_hand.import_table)
    source.app.command("paste")(source_by_hand.paste)
    app.command("sweep", rich_help_panel=work)(sweep.sweep)
    app.command("hunt", rich_help_panel=work)(hunt.hunt)
    app.add_typer(match.app, name="match", rich_help_panel=work)
    app.command("extract", rich_help_panel=work)(extract.extract)
    app.add_typer(alerts.app, name="alerts", rich_help_panel=work)
    app.add_typer(sellers.app, name="sellers", rich_help_panel=work)
    app.add_typer(listing.app, name="listing", rich_help_panel=work)
    app.add_typer(case.app, name="case", rich_help_panel=act)
    app.command("verify", rich_help_panel=act)(verify.verify)
    app.add_typer(report.app, name="report", rich_help_panel=act)
    app.add_typer(evidence.app, name="evidence", rich_help_panel=act)
    app.add_typer(upkeep.config, name="config", rich_help_panel=admin)
    app.command("backup", rich_help_panel=admin)(upkeep.backup)
    app.command("restore", rich_help_panel=admin)(upkeep.restore)
    app.add_typer(user.app, name="user", rich_help_panel=admin)
    app.add_typer(token.app, name="token", rich_help_panel=admin)
    app.add_typer(record.app, name="audit", rich_help_panel=admin)
    app.command("mcp", rich_help_panel=admin)(mcp.mcp)
    app.add_typer(notify.app, name="notify", rich_help_panel=admin)
    app.command("migrate", rich_help_panel=admin)(workspace.migrate)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"ipguard {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that every command shares."""


def main() -> None:
    """Run a command; every error people can mend is told as what, why and what to try.

    Exit codes: 0 fine, 1 a check found something, 2 wrong use, 3 not configured, 4 source refused
    or unreachable, 5 evidence does not verify.
    """
    try:
        build()()
    except IpguardError as error:
        _fail(str(error), error.hint, error.exit_code)
    except CrawlError as error:
        _fail(str(error), error.hint, REFUSED)
    except EvidenceError as error:
        _fail(str(error), error.hint, _code_of(error))
    except KeyboardInterrupt:
        _fail("Stopped. What was reported as kept is kept.", "Run the same command to go on.", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _code_of(error: EvidenceError) -> int:
    """A busy or full store proves nothing about the evidence in it."""
    if isinstance(error, StoreLocked | OutOfSpace):
        return IpguardError.exit_code
    return NotConfigured.exit_code if isinstance(error, SigningKeyError) else NOT_VERIFIED


def _fail(what: str, hint: str, code: int) -> None:
    """Say it on stderr: in words, or with `--json` as one object, so that a program need not read sentences."""
    if "--json" in sys.argv:
        say_json({"error": what, "hint": hint, "exit_code": code})
        sys.exit(code)
    say(f"[bold red]ipguard:[/] {safe(what)}")
    if hint:
        say(f"[bold]ipguard: hint:[/] {safe(hint)}")
    sys.exit(code)


if __name__ == "__main__":
    main()
