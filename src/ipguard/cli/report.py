"""`ipguard report`: a case or a period as PDF, HTML or workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, progress, safe, say, show

if TYPE_CHECKING:
    from ipguard.reports.making import Made, Maker

app = typer.Typer(no_args_is_help=True, help="Reports: case, summary.")

Language = Annotated[str, typer.Option("--lang", help="en, zh or ja.")]
Form = Annotated[str, typer.Option("--format", help="pdf, html, and for a summary xlsx.")]
Out = Annotated[
    Path | None, typer.Option(help="The file to write; a name of its own in this folder if not given.")
]
At = Annotated[
    str, typer.Option(help="ISO moment the report tells of: the same rows and moment give the same bytes.")
]


@app.command()
def case(
    number: Annotated[int, typer.Argument(help="Number of the case.")],
    lang: Language = "en",
    form: Form = "pdf",
    out: Out = None,
    at: At = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report on a case: listings beside the works, evidence, digests, custody, and how to check them."""
    from ipguard.reports.making import make_case_report

    maker = _maker(workspace, at)
    with progress("Making the report") as advance:
        made = make_case_report(maker, number, language=lang, form=form, progress=advance)
    _write(made, out, as_json=as_json)


@app.command()
def summary(
    lang: Language = "en",
    form: Form = "pdf",
    since: Annotated[str, typer.Option(help="First day, like 2026-10-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    work: Annotated[str, typer.Option(help="Only this work.")] = "",
    seller: Annotated[str, typer.Option(help="Only this seller.")] = "",
    market: Annotated[str, typer.Option(help="Only this market, as an ISO code.")] = "",
    out: Out = None,
    at: At = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report on a period: what was found, decided and removed, by source, work, seller and market."""
    from ipguard.reports.making import make_summary
    from ipguard.reports.periods import period_of
    from ipguard.reports.rows import Only

    only = Only(source, work, seller, market.upper() if market != "none" else market)
    made = make_summary(_maker(workspace, at), period_of(since, until), only, language=lang, form=form)
    _write(made, out, as_json=as_json)


def _maker(workspace: Path | None, at: str) -> Maker:
    from ipguard.database.engine import make_engine
    from ipguard.errors import WrongUse
    from ipguard.reports.making import Maker
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    try:
        moment = datetime.fromisoformat(at) if at else utc_now()
    except ValueError as error:
        raise WrongUse(f"“{at}” is no moment.", hint="For example: 2026-11-24T12:00:00+00:00") from error
    if moment.tzinfo is None:
        raise WrongUse(f"“{at}” has no time zone.", hint=f"Write {at}+00:00 for UTC.")
    return Maker(place, make_engine(place.database_url), operator_name(), moment)


def _write(made: Made, out: Path | None, *, as_json: bool) -> None:
    """Write the file, whole or not at all, and say where."""
    from ipguard.errors import WrongUse

    file = out or Path(made.name)
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_bytes(made.data)
        part.replace(file)
    except OSError as error:
        raise WrongUse(
            f"Cannot write {file}: {error.strerror}", hint="Name another file: --out FILE"
        ) from error
    if as_json:
        emit({"file": str(file), "sha256": made.sha256, "bytes": len(made.data)})
        return
    show(f"[bold]{safe(file)}[/]  {len(made.data):,} bytes, sha256 {made.sha256}")
    say("[dim]Its digest is on record: the console's Verify page knows this file.[/]")
