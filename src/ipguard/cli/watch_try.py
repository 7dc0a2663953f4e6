"""`ipguard watch test` and `ipguard watch suggest`: a watchlist tried out before it is used."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption
from ipguard.cli.output import emit, progress, safe, say, show
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.finding import Reason
    from ipguard.matching.text.names import WatchedName
    from ipguard.matching.watching.against import Counted
    from ipguard.matching.watching.collisions import Collision
    from ipguard.matching.watching.trial import TriedSpelling, TriedSuggestion
    from ipguard.rights.work import Work

WORK = "your-work"
"""Id of a work that is only given on the command line."""
MAX_LINE = 20_000
"""Characters of a line that are read."""
BATCH = 1024
STATES = {
    "alone": "[green]found[/]",
    "in_company": "[yellow]with company[/]",
    "not_found": "[red]not found[/]",
}

WatchlistArgument = Annotated[
    Path | None, typer.Argument(help="A watchlist file (TOML); without it and --name: the workspace's works.")
]  # fmt: skip
NameOption = Annotated[str | None, typer.Option("--name", help="One name, instead of a watchlist.")]
LangOption = Annotated[str, typer.Option("--lang", help="Its language (BCP 47): zh, ja, en, …")]
TranslationOption = Annotated[
    list[str] | None,
    typer.Option("--translation", help="The name in another language: zh=星灯. May be repeated."),
]


def try_names(
    watchlist: WatchlistArgument = None,
    name: NameOption = None,
    lang: LangOption = "en",
    against: Annotated[
        Path | None,
        typer.Option(help="A text file, one title a line: how often would each name raise an alert?"),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what each name would catch, spelling by spelling, and what it collides with.

    Exit code 1 when there is a warning that nothing was done about, 0 when all is fine.
    """
    from ipguard.matching.watching.collisions import collisions_between, everyday_collisions, unsettled
    from ipguard.matching.watching.trial import Trial

    names = _names(watchlist, name, lang, (), workspace)
    trial, between = Trial(names), collisions_between(names)
    counted = _count(names, against) if against else None
    warned = False
    for place, one in enumerate(names):
        report = everyday_collisions(one)
        often = counted.often(one) if counted is not None else None
        found = unsettled(one, [*report.collisions, *between.get(place, ()), *filter(None, [often])])
        warned = warned or bool(found)
        tell = _emit_name if as_json else _show_name
        tell(one, trial.spellings(one), found, report.notes, counted)
    if warned:
        raise typer.Exit(1)


def suggest(
    watchlist: WatchlistArgument = None,
    name: NameOption = None,
    lang: LangOption = "en",
    translation: TranslationOption = None,
    work: Annotated[str | None, typer.Option(help="Only this work of the watchlist.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Suggest aliases as TOML to paste into a watchlist; what is found already is told in comments."""
    from ipguard.matching.watching.trial import Trial

    names = _names(watchlist, name, lang, translation or (), workspace)
    ids = [one for one in dict.fromkeys(n.work for n in names) if work in (None, one)]
    if not ids:
        raise WrongUse(f"No work “{work}”", hint=f"Known: {', '.join(dict.fromkeys(n.work for n in names))}.")
    for one in ids:
        own = [n for n in names if n.work == one]
        suggestions = Trial(own).suggestions(own)
        if as_json:
            for tried in suggestions:
                emit(_suggestion_row(one, tried))
        else:
            _show_suggestions(one, suggestions)


def _names(
    watchlist: Path | None, name: str | None, lang: str, translations: Sequence[str], workspace: Path | None
) -> list[WatchedName]:
    from ipguard.matching.text.names import WatchedName, form_of, names_of
    from ipguard.rights.watchlist import load_watchlist

    if name is not None:
        if watchlist is not None:
            raise WrongUse("Both a watchlist and --name were given", hint="Leave one of them out.")
        given = [(lang, name), *map(_translation, translations)]
        names = [WatchedName(WORK, text, language) for language, text in given]
        for one in names:
            form = form_of(one)
            if form is None or len(form.compact) < 2:
                raise WrongUse(
                    f"“{one.text}” has fewer than two letters", hint="Give the name as it is written."
                )
        return names
    if translations:
        raise WrongUse("--translation needs --name", hint="In a watchlist, write one more [[work.names]].")
    if watchlist is not None:
        return names_of(load_watchlist(watchlist).works)
    names = names_of(_works_of(workspace))
    if not names:
        raise WrongUse("No work is watched yet", hint="Give a watchlist file, or --name TEXT --lang zh.")
    return names


def _works_of(workspace: Path | None) -> tuple[Work, ...]:
    from ipguard.database.engine import make_engine, reading
    from ipguard.rights.store import load_works
    from ipguard.settings import open_workspace

    with reading(make_engine(open_workspace(workspace).database_url)) as session:
        return load_works(session)


def _translation(given: str) -> tuple[str, str]:
    language, sign, text = given.partition("=")
    if not (sign and language.strip() and text.strip()):
        raise WrongUse(f"“{given}” is not LANGUAGE=NAME", hint="For example --translation zh=星灯.")
    return language.strip(), text.strip()


def _count(names: Sequence[WatchedName], path: Path) -> Counted:
    from ipguard.matching.watching.against import Counted

    counted = Counted(names)
    try:
        size = path.stat().st_size
        with path.open("rb") as file, progress(f"Reading {path.name}") as advance:
            while batch := [_line(raw) for raw in itertools.islice(file, BATCH)]:
                counted.add(batch)
                advance(file.tell(), size)
    except OSError as error:
        raise WrongUse(f"Cannot read {path}: {error.strerror}", hint="Check the path.") from error
    return counted


def _line(raw: bytes) -> str:
    return raw[: 4 * MAX_LINE].decode("utf-8", "replace").rstrip("\r\n")[:MAX_LINE]


def _emit_name(
    name: WatchedName,
    tried: Sequence[TriedSpelling],
    warnings: Sequence[Collision],
    notes: Sequence[Reason],
    counted: Counted | None,
) -> None:
    from dataclasses import asdict

    from ipguard.matching.reasons import render

    row: dict[str, object] = {
        "work": name.work,
        "name": name.text,
        "lang": name.language,
        "needs_context": name.needs_context,
        "spellings": [
            {
                "family": one.family,
                "text": one.tried.text,
                "state": one.tried.state,
                "layer": one.tried.layer,
                "score": one.tried.score,
                "why": render(one.tried.why),
            }
            for one in tried
        ],
        "warnings": [
            {"code": one.reason.code, "why": render(one.reason), "propose": _proposal(one)}
            for one in warnings
        ],
        "notes": [{"code": one.code, "why": render(one)} for one in notes],
    }
    if counted is not None:
        tally = counted.tallies[name.work, name.text]
        row["against"] = {
            "lines": counted.lines,
            "alerts": tally.count,
            "layers": tally.layers,
            "examples": [asdict(line) for line in tally.lines],
        }
    emit(row)


def _proposal(collision: Collision) -> str:
    return "needs_context = true" if collision.wants_context else ""


def _show_name(
    name: WatchedName,
    tried: Sequence[TriedSpelling],
    warnings: Sequence[Collision],
    notes: Sequence[Reason],
    counted: Counted | None,
) -> None:
    from ipguard.matching.reasons import render

    context = ", needs context" if name.needs_context else ""
    show(f"\n[bold]{safe(name.text)}[/] ({safe(name.work)}, {safe(name.language or '?')}{context})")
    for one in tried:
        why = "" if one.tried.state == "alone" else f"  {safe(render(one.tried.why))}"
        layer = f" ({one.tried.layer})" if one.tried.layer else ""
        show(f"  {one.family:<14}{STATES[one.tried.state]}{layer}: {safe(one.tried.text)}{why}")
    for warning in warnings:
        proposal = f" → propose [bold]{_proposal(warning)}[/]" if _proposal(warning) else ""
        show(f"  [yellow]warning[/] {safe(render(warning.reason))}{proposal}")
    for note in notes:
        show(f"  note {safe(render(note))}")
    if counted is not None:
        tally = counted.tallies[name.work, name.text]
        show(f"  {tally.count:,} of {counted.lines:,} lines would raise an alert")
        for line in tally.lines:
            show(f"    line {line.number:,} ({line.layer}): {safe(line.text[:200])}")


def _suggestion_row(work: str, tried: TriedSuggestion) -> dict[str, object]:
    one = tried.suggestion
    return {
        "work": work,
        "text": one.text,
        "lang": one.language,
        "how": one.how,
        "kind": one.kind.value,
        "needs_context": one.needs_context,
        "worth_listing": tried.worth_listing,
        "state": tried.tried.state,
        "layer": tried.tried.layer,
    }


def _show_suggestions(work: str, suggestions: Sequence[TriedSuggestion]) -> None:
    """TOML on stdout, as it is: no mark-up, no wrapping."""
    print(f"# work {_quoted(work)}")
    for tried in suggestions:
        one = tried.suggestion
        if not tried.worth_listing:
            company = " beside a word of merchandise" if tried.tried.state == "in_company" else ""
            print(f"# found already{company} ({tried.tried.layer}): {_quoted(one.text)} ({one.how})")
    for tried in suggestions:
        if tried.worth_listing:
            print("".join(_as_toml(tried)), end="")
    if not any(tried.worth_listing for tried in suggestions):
        say("Nothing needs to be listed: every suggestion is found already.")


def _as_toml(tried: TriedSuggestion) -> Iterator[str]:
    one = tried.suggestion
    yield f"\n[[work.names]]  # {one.how}\n"
    yield f"text = {_quoted(one.text)}\nlang = {_quoted(one.language)}\nkind = {_quoted(one.kind.value)}\n"
    if one.needs_context:
        yield "needs_context = true\n"


def _quoted(text: str) -> str:
    """A TOML basic string; what may not stand in one is escaped."""
    from ipguard.cli.output import CONTROL

    escaped = "".join(
        f"\\U{ord(c):08X}" if ord(c) in CONTROL or c in "\n\x7f" else f"\\{c}" if c in '"\\' else c
        for c in text
    )
    return f'"{escaped}"'
