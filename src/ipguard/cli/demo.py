"""`ipguard demo`: everything once, without a network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, utc_now
from ipguard.cli.output import emit, progress, safe, say, show
from ipguard.errors import DoesNotVerify

if TYPE_CHECKING:
    from ipguard.demo.story import Told


def demo(
    folder: Annotated[Path, typer.Option(help="Where to play; a demo of before is replaced.")] = Path(
        "ipguard-demo"
    ),
    as_json: JsonOption = False,
) -> None:
    """Show the whole way once: a bundled marketplace, planted copies, alerts, a case, a verified bundle.

    No network, no other program. Nothing but the given folder is written.
    """
    from ipguard.demo.story import play

    started = time.monotonic()
    with progress("Playing") as advance:

        def act(words: str) -> None:
            say(f"[dim]{time.monotonic() - started:5.1f} s[/]  {words}")

        told = play(folder, now=utc_now, act=act, advance=advance)
    if as_json:
        emit(_facts(told))
    else:
        _tell(told, folder, time.monotonic() - started)
    if not told.verdict.good or told.flipped.good or told.forbidden_asked:
        raise DoesNotVerify("The demo did not go as it should; this is a fault in ipguard")


def _tell(told: Told, folder: Path, seconds: float) -> None:
    from rich.table import Table

    from evidence_store.verify.verdict import State

    marks = {
        "found": "[green]found[/]",
        "missed": "[red]missed[/]",
        "wrongly flagged": "[yellow]wrongly flagged[/]",
    }
    table = Table("Planted", "How", "Outcome", "Why", box=None, header_style="bold", pad_edge=False)
    for one in told.judged:
        why = one.item.hard if one.outcome in ("missed", "wrongly flagged") else ""
        table.add_row(
            safe(one.item.title), safe(one.item.how), marks.get(one.outcome, "left alone"), safe(why)
        )
    show(table)
    counts = {
        name: sum(one.outcome == name for one in told.judged)
        for name in ("found", "missed", "wrongly flagged")
    }
    copies = counts["found"] + counts["missed"]
    innocent = len(told.judged) - copies
    show(
        f"\n[bold]{copies} copies planted: {counts['found']} found, {counts['missed']} missed; "
        f"{innocent} innocent goods: {counts['wrongly flagged']} wrongly flagged.[/]"
    )
    for report in (*told.reports, *told.second_visit):
        show(f"{safe(report.source)}: {safe(report.note)}")
        for skipped in report.skipped:
            show(f"  {skipped.outcome}: {safe(skipped.url)}: {safe(skipped.why)}")
    show(f"Addresses that robots.txt forbids, asked all the same: {len(told.forbidden_asked)}")
    stamps = sum(1 for s in told.bundle.stamped if s.stamp)
    show(
        f"\nBundle: [bold]{safe(told.bundle.path)}[/]\n  {told.bundle.exhibits} exhibits, {told.bundle.size:,} bytes, "
        f"{stamps} time stamp (local authority: no legal value), verified: {'good' if told.verdict.good else 'BAD'}"
    )
    if told.bundle.no_pdf:
        show(f"  [yellow]no PDF report[/]: {safe(told.bundle.no_pdf)}")
    refused = next((f for f in told.flipped.findings if f.state is State.FAILED), None)
    words = f"refused: {refused.check}: {safe(refused.sentence)}" if refused else "NOT refused"
    show(f"One byte flipped in a copy: {words}")
    show(f"\nThe console: [bold]ipguard serve -w {safe(folder / 'workspace')}[/]   ({seconds:.0f} s)")


def _facts(told: Told) -> dict[str, object]:
    return {
        "planted": [
            {
                "title": j.item.title,
                "work": j.item.work,
                "flagged": j.flagged,
                "outcome": j.outcome,
                "why": j.item.hard,
            }
            for j in told.judged
        ],
        "notes": [report.note for report in (*told.reports, *told.second_visit)],
        "forbidden_asked": told.forbidden_asked,
        "bundle": str(told.bundle.path),
        "verified": told.verdict.good,
        "flipped_refused": not told.flipped.good,
        "workspace": str(told.workspace.folder),
    }
