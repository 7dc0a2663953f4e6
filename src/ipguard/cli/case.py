"""`ipguard case`: from alerts to a bundle."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, operator_name, utc_now
from ipguard.cli.output import emit, progress, safe, say, show

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ipguard.recapture import Wanted
    from ipguard.settings import Workspace

app = typer.Typer(no_args_is_help=True, help="Cases: new, add, capture, list, show, export.")

Number = Annotated[int, typer.Argument(help="Number of the case.")]
Browser = Annotated[bool, typer.Option("--browser", help="Keep the page as a browser shows it, too.")]
TimeZone = Annotated[
    str,
    typer.Option(
        help="IANA name: what the page is told, and for the local time; this machine's if not given."
    ),
]
Locale = Annotated[str, typer.Option(help="Language that the browser asks for.")]
LOCALTIME = Path("/etc/localtime")


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="What the case is about.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a case."""
    from ipguard.cases.store import new_case
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        case = new_case(session, title, by=operator_name(), now=utc_now())
    if as_json:
        emit({"case": case.id, "title": case.title})
    else:
        show(f"Case [bold]{case.id}[/]: {safe(case.title)}. Add alerts: ipguard case add {case.id} ALERT …")


@app.command()
def add(
    number: Number,
    alerts: Annotated[list[int], typer.Argument(help="Numbers of alerts.")],
    recapture: Annotated[
        bool, typer.Option("--recapture", help="Ask for each page and its pictures once more, now.")
    ] = False,
    browser: Browser = False,
    time_zone: TimeZone = "",
    locale: Locale = "en-US",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put alerts into a case, each with its exhibits, and with a fresh one where that is wanted."""
    from ipguard.cases.store import add_alert, exhibit_label
    from ipguard.database.engine import make_engine, transaction
    from ipguard.errors import WrongUse
    from ipguard.settings import open_workspace

    if browser and not recapture:
        raise WrongUse("--browser goes with --recapture.", hint="Add --recapture.")
    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    with transaction(database) as session:
        joined = [
            row
            for one in alerts
            for row in add_alert(session, number, one, by=operator_name(), now=utc_now())
        ]
    labels = [exhibit_label(row.number) for row in joined]
    if as_json:
        emit({"case": number, "exhibits": labels})
    else:
        show(f"Case {number}: {len(alerts)} alerts, new exhibits {', '.join(labels) or 'none'}.")
    if recapture:
        _recapture_alerts(place, database, number, alerts, _How(browser, time_zone, locale, as_json))


@app.command()
def capture(
    number: Number,
    url: Annotated[str, typer.Argument(help="Address of a page.")],
    browser: Browser = False,
    local: Annotated[
        bool, typer.Option("--local", help="The page stands on this machine or network.")
    ] = False,
    time_zone: TimeZone = "",
    locale: Locale = "en-US",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a page and its pictures as they are now, as a new exhibit of a case.

    Exit code 4 when the page itself was not to be had; what was said is kept all the same.
    """
    from urllib.parse import urlsplit

    from ipguard.database.engine import make_engine
    from ipguard.recapture import Wanted
    from ipguard.settings import open_workspace
    from ipguard.sources.store import check_url

    place = open_workspace(workspace)
    check_url(url)
    wanted = Wanted(url, f"A page asked for by {operator_name()} for case {number}.", about={"case": number})
    hosts = frozenset({urlsplit(url).hostname or ""}) if local else frozenset()
    how = _How(browser, time_zone, locale, as_json)
    if not _keep(place, make_engine(place.database_url), number, wanted, None, hosts, how):
        raise typer.Exit(4)


@app.command()
def move(
    number: Number,
    to: Annotated[str, typer.Argument(help="The state it goes to; `ipguard case show` says which it can.")],
    why: Annotated[str, typer.Option(help="In a line; moves back and closing need it.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a case to another state: open, ready, notified, disputed, escalated, resolved, watching, closed."""
    from ipguard.cases.store import move_case
    from ipguard.database.engine import make_engine, transaction
    from ipguard.settings import open_workspace

    with transaction(make_engine(open_workspace(workspace).database_url)) as session:
        move_case(session, number, to, by=operator_name(), now=utc_now(), why=why)
    if as_json:
        emit({"case": number, "state": to})
    else:
        show(f"Case {number} is {safe(to)}.")


@app.command()
def close(
    number: Number,
    why: Annotated[str, typer.Option(help="In a line.")] = "closed by hand",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a case: nothing joins it any more, and it alone no longer keeps its exhibits from being erased."""
    move(number, "closed", why, workspace, as_json)


@app.command("list")
def list_all(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List cases, newest first."""
    from rich.table import Table

    from ipguard.cases.store import list_cases
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        lines = list_cases(session)
    table = Table("No.", "Title", "State", "Alerts", "Exhibits", "Bundles", box=None, header_style="bold")
    for line in lines:
        if as_json:
            emit(
                {
                    "case": line.id,
                    "title": line.case.title,
                    "state": line.case.state,
                    "exhibits": line.exhibits,
                }
            )
        counts = (str(line.alerts), str(line.exhibits), str(line.exports))
        table.add_row(str(line.id), safe(line.case.title), line.case.state, *counts)
    if not as_json:
        show(table if lines else "No case yet. Open one: ipguard case new TITLE")


@app.command("show")
def show_one(number: Number, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show a case with its alerts, exhibits and bundles."""
    from ipguard.cases.store import exhibit_label, one_case
    from ipguard.database.engine import make_engine, reading
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        story = one_case(session, number, now=utc_now())
    if as_json:
        exhibits = [{"number": exhibit_label(row.number), "id": row.exhibit_id} for row in story.exhibits]
        bundles = [{"file": row.file_name, "sha256": row.sha256} for row in story.exports]
        emit({"case": number, "title": story.case.title, "exhibits": exhibits, "bundles": bundles})
        return
    show(f"[bold]Case {number}[/]: {safe(story.case.title)} ({story.case.state})")
    for alert in story.alerts:
        show(f"  alert {alert.view.id}: {safe(alert.view.listing.title)}")
    for row in story.exhibits:
        show(f"  {exhibit_label(row.number)}  {row.exhibit_id}")
    for bundle in story.exports:
        show(f"  bundle {safe(bundle.file_name)}  sha256 {bundle.sha256}")


@app.command()
def export(number: Number, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Export a case as a bundle: stamped, written, and verified before it is called good."""
    from ipguard.database.engine import make_engine
    from ipguard.evidence import export_case
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    database = make_engine(place.database_url)
    with progress("Writing the bundle") as advance:
        summary, _ = export_case(place, database, number, by=operator_name(), now=utc_now, progress=advance)
    stamps = [
        {"authority": s.authority, "at": s.stamp.at.isoformat() if s.stamp else None, "problem": s.problem}
        for s in summary.stamped
    ]
    if as_json:
        emit(
            {
                "bundle": str(summary.path),
                "sha256": summary.sha256,
                "exhibits": summary.exhibits,
                "stamps": stamps,
            }
        )
        return
    show(f"[bold]{safe(summary.path)}[/]")
    show(f"  {summary.exhibits} exhibits, {summary.size:,} bytes, sha256 {summary.sha256}, verified.")
    if summary.no_pdf:
        show(f"  [yellow]no PDF report[/]: {safe(summary.no_pdf)}; report.html has the same.")
    for stamped in summary.stamped:
        if stamped.stamp is None:
            show(f"  [yellow]no stamp[/] by {stamped.authority}: {safe(stamped.problem)}")
            continue
        worth = "" if stamped.stamp.has_legal_value else " [yellow](local authority: no legal value)[/]"
        show(f"  stamped by {stamped.authority} at {stamped.stamp.at:%Y-%m-%d %H:%M:%S} UTC{worth}")


@dataclass(frozen=True, slots=True)
class _How:
    """How a page is to be captured, and how that is told."""

    browser: bool
    time_zone: str
    locale: str
    as_json: bool


def _recapture_alerts(
    place: Workspace, database: Engine, number: int, alerts: Sequence[int], how: _How
) -> None:
    """Every alert's page once more; one that is not to be had does not keep the others."""
    from urllib.parse import urlsplit

    from crawlers.errors import CrawlError
    from ipguard.alerts.queries import one_alert
    from ipguard.database.engine import reading
    from ipguard.recapture import wanted_of

    whole = True
    for alert in alerts:
        with reading(database) as session:
            story = one_alert(session, alert, now=utc_now())
            source = story.view.source
            addresses = (source.base_url, story.view.listing.url) if source.local else ()
            hosts = frozenset(urlsplit(one).hostname or "" for one in addresses)
            wanted = wanted_of(story, number)
        try:
            whole &= _keep(place, database, number, wanted, alert, hosts, how)
        except CrawlError as error:
            whole = False
            say(f"[bold red]alert {alert}:[/] {safe(error)} Nothing was said, so there is no new exhibit.")
    if not whole:
        raise typer.Exit(4)


def _keep(
    place: Workspace,
    database: Engine,
    number: int,
    wanted: Wanted,
    alert: int | None,
    hosts: frozenset[str],
    how: _How,
) -> bool:
    """Capture, keep, tell; whether the page itself is in the exhibit."""
    from crawlers.fetch.browser import BrowserOptions
    from evidence_store.exhibit import Operator
    from ipguard.asking import recapture_for_case
    from ipguard.cases.store import exhibit_label

    zone = _zone(how.time_zone)
    options = BrowserOptions(locale=how.locale, time_zone=zone) if how.browser else None
    with progress("Capturing") as advance:
        row, outcome = recapture_for_case(
            place, database, number, wanted, alert_id=alert, operator=Operator(operator_name(), "os-account"),
            now=utc_now, browser=options, time_zone=zone, local_hosts=hosts, progress=advance,
        )  # fmt: skip
    label, failures = exhibit_label(row.number), list(outcome.capture.failures)
    if how.as_json:
        emit(
            {
                "case": number,
                "exhibit": label,
                "id": row.exhibit_id,
                "url": wanted.url,
                "failures": failures,
            }
        )
        return outcome.page_kept
    show(f"[bold]{label}[/]  {safe(wanted.url)}  {row.exhibit_id}")
    for failure in failures:
        show(f"  [yellow]on record:[/] {safe(failure)}")
    return outcome.page_kept


def _zone(name: str) -> str:
    """The time zone asked for, or this machine's; UTC where that is not known.

    Raises:
        WrongUse: there is no such time zone.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from ipguard.errors import WrongUse

    own = os.environ.get("TZ") or str(LOCALTIME.resolve()).partition("/zoneinfo/")[2]
    try:
        return ZoneInfo(name or own or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if not name:
            return "UTC"
        raise WrongUse(f"There is no time zone {name!r}.", hint="For example: Asia/Shanghai") from error
