"""`ipguard source new`: from an address to a recipe that reads it, with saved answers that prove it."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption, utc_now
from ipguard.cli.output import emit, safe, say, show
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from crawlers.recipes.proposing.proposed import Hints
    from crawlers.recipes.proposing.walk import Walk
    from crawlers.recipes.trial import Result
    from ipguard.settings import Workspace

LONGEST = 70
"""Characters of a value in a table."""


def new(
    url: Annotated[str, typer.Argument(help="A search or a list of goods; {query} may stand for the words.")],
    name: Annotated[str, typer.Option(help="A short name; made from the host if not given.")] = "",
    query: Annotated[str, typer.Option(help="Words that the shop has goods for.")] = "",
    currency: Annotated[str, typer.Option(help="Currency where prices name none, such as EUR.")] = "",
    item_url: Annotated[
        str,
        typer.Option(help="Address of one of the goods where an interface names none: https://shop/item/{}"),
    ] = "",
    field: Annotated[
        list[str] | None, typer.Option(help="NAME=EXPRESSION instead of what is proposed; again for more.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the recipe goes; the workspace's marketplaces/ if not given.")
    ] = None,
    rendered: Annotated[
        bool,
        typer.Option("--rendered", help="Its pages show nothing without scripts: let a browser finish them."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "--no-input", help="Ask nothing; take what is proposed.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="A test shop of your own at a private address.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a recipe for a shop: asks it a few things politely, shows what is read, and saves the answers as tests."""
    from crawlers.recipes.proposing.proposed import Hints
    from ipguard.settings import open_workspace

    place = open_workspace(workspace)
    name = _checked_name(name or _name_of(url))
    target = (folder or place.marketplaces) / name
    if target.exists():
        raise WrongUse(f"There is a recipe in {target} already", hint="Give another name with --name.")
    _checked(url, query, currency)
    _open_to_machines(url, place)
    walk = _walked(place, url, Hints(name, query, currency.upper(), item_url, rendered), local=local)
    walk = _with_fields(walk, field or ())
    if not yes:
        try:
            walk = _asked(walk)
        except typer.Abort as error:
            raise WrongUse(
                "Nobody answered, and nothing was written", hint="Give --yes to take what is proposed."
            ) from error
    elif not as_json:
        _show(walk)
    results = _written(walk, target)
    _report(walk, target, results, as_json=as_json)
    raise typer.Exit(0 if all(one.good for one in results) else 1)


def _walked(place: Workspace, url: str, hints: Hints, *, local: bool) -> Walk:
    from crawlers.recipes.proposing.proposed import Unclear
    from crawlers.recipes.proposing.walk import begin, look_closer, look_for_nothing
    from ipguard.asking import asking
    from ipguard.errors import SourceRefused

    with asking(place, url, local=local, now=utc_now, rendered=hints.rendered) as ask:
        say("Asking for robots.txt and the list …")
        walk = begin(ask, url, hints)
        if isinstance(walk, Unclear):
            raise SourceRefused(walk.why, hint=walk.hint)
        say("Asking for the page of one of the goods …")
        walk = look_closer(ask, walk)
        if walk.proposal.needs_query:
            say("Asking for something that nobody sells …")
        return look_for_nothing(ask, walk)


def _with_fields(walk: Walk, given: object) -> Walk:
    """The walk with fields as somebody wrote them; an empty expression drops a field."""
    from crawlers.recipes.problems import RecipeError

    for text in given if isinstance(given, list | tuple) else ():
        field, sign, expression = str(text).partition("=")
        if not sign:
            raise WrongUse(f"“{text}” changes no field", hint="Write --field 'price=.amount | price(EUR)'.")
        walk = _changed(walk, field.strip(), expression.strip())
        try:
            walk.recipe()
        except RecipeError as error:
            raise WrongUse(
                str(error), hint="README.md in config/marketplaces says what may stand there."
            ) from error
    return walk


def _changed(walk: Walk, field: str, expression: str) -> Walk:
    listed = walk.proposal.listed
    if field == "items":
        changed = replace(listed, items=expression)
    else:
        fields = {key: value for key, value in listed.fields.items() if key != field}
        changed = replace(listed, fields={**fields, **({field: expression} if expression else {})})
    return replace(walk, proposal=replace(walk.proposal, listed=changed))


def _asked(walk: Walk) -> Walk:
    """Show what is read, and let somebody correct it until they are content."""
    from crawlers.recipes.problems import RecipeError

    while True:
        _show(walk)
        said = typer.prompt(
            "Correct a field as NAME=EXPRESSION, or press Enter to keep all", "", show_default=False
        )
        if not said.strip():
            break
        try:
            walk = _with_fields(walk, [said])
        except (WrongUse, RecipeError) as error:
            say(f"[red]{safe(error)}[/]")
    terms = walk.proposal.terms_url
    day = typer.prompt(
        f"On which day were the terms read{f' ({terms})' if terms else ''}? YYYY-MM-DD, or Enter for later",
        "", show_default=False,
    )  # fmt: skip
    if day.strip():
        try:
            read = date.fromisoformat(day.strip())
        except ValueError as error:
            raise WrongUse(f"“{day}” is no day", hint="Write it like 2026-11-23.") from error
        walk = replace(walk, proposal=replace(walk.proposal, terms_read=read))
    if not typer.confirm("Write this recipe?", default=True):
        raise WrongUse("Nothing was written")
    return walk


def _show(walk: Walk) -> None:
    from rich.table import Table

    listings, listed = walk.listings(), walk.proposal.listed
    show(f"{len(listings)} of {listed.count} entries are read by [bold]{safe(listed.items)}[/]")
    table = Table("Field", "Read by", "Of them", "For example", box=None, header_style="bold")
    for field, expression in listed.fields.items():
        values = [shown for one in listings if (shown := _value(one, field))]
        example = values[0] if values else "-"
        table.add_row(
            safe(field), safe(_expression(expression)), f"{len(values)}/{len(listings)}", safe(example)
        )
    show(table)
    if walk.proposal.detail is not None and "detail_full" in walk.answers:
        found = walk.read("detail_full").listings
        more = [name for name in ("title", "price", "description", "seller", "brand", "sku", "condition", "pictures")
                if found and _value(found[0], name)]  # fmt: skip
        order = ", ".join(str(one) for one in _listed(walk.proposal.detail.get("extract")))
        show(f"The page of one of the goods says ({order}): {', '.join(more) or 'nothing'}.")
    goes_on = walk.proposal.listed.next
    show(
        f"The list goes on by {safe(goes_on)}."
        if goes_on
        else "One page is read: how the list goes on was not seen."
    )
    for note in walk.notes:
        show(f"[yellow]Note:[/] {safe(note)}")


def _written(walk: Walk, target: Path) -> list[Result]:
    """Write recipe and saved answers beside their place, try them, and put them there."""
    from crawlers.recipes.folder import FIXTURES, save_recipe
    from crawlers.recipes.proposing.walk import saved_answers
    from crawlers.saved import save_page
    from ipguard.cli.source_trial import replay

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as beside:
        draft = Path(beside) / target.name
        save_recipe(draft, walk.text)
        for name, (exchange, origin) in saved_answers(walk, utc_now()).items():
            save_page(draft / FIXTURES / name, exchange, origin)
        results = list(replay(draft, update=True))
        shutil.move(draft, target)
    return results


def _report(walk: Walk, target: Path, results: list[Result], *, as_json: bool) -> None:
    from ipguard.cli.source_trial import tell

    name = walk.proposal.name
    if as_json:
        fields = walk.proposal.listed.fields
        read = [{"title": one.title, "url": one.url} for one in walk.listings()]
        emit(
            {"recipe": name, "folder": str(target), "fields": fields, "next": walk.proposal.listed.next,
             "notes": list(walk.notes), "listings": read, "good": all(one.good for one in results)}
        )  # fmt: skip
        return
    tell(results)
    show(f"Written to [bold]{safe(target)}[/]. Look at recipe.yaml, then:")
    words = f" --query {walk.hints.words or 'WORDS'}" if walk.proposal.needs_query else ""
    show(f"  ipguard source test {safe(name)}\n  ipguard source add recipe:{safe(name)}{safe(words)}")


def _value(listing: object, field: str) -> str:
    from crawlers.listing import Price

    name, _, part = field.partition(".")
    value = getattr(listing, {"images": "pictures"}.get(name, name), "")
    value = getattr(value, part) if part and value else value
    if isinstance(value, Price):
        return f"{value.amount} {value.currency or '(no currency)'}"
    if isinstance(value, tuple):
        return str(value[0])[:LONGEST] if value else ""
    if field == "seller":
        return str(getattr(value, "name", "") or getattr(value, "id", ""))
    return str(value or "")[:LONGEST]


def _expression(value: object) -> str:
    return ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _name_of(url: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    port = urlsplit(url).port if "{" not in urlsplit(url).netloc else None
    return re.sub(r"[^a-z0-9]+", "-", f"{host}{f'-{port}' if port else ''}".lower()).strip("-")[:64]


def _checked_name(name: str) -> str:
    from crawlers.recipes.model import NAME

    if not re.match(NAME, name):
        raise WrongUse(f"“{name}” cannot name a recipe", hint="Give one with --name: a-z, 0-9, dashes.")
    return name


def _open_to_machines(url: str, place: Workspace) -> None:
    """Refuse what only people may look at, and tell of a recipe that is there already."""
    from crawlers.registry import recipe_for
    from ipguard.sources.marketplaces import refuse_closed

    if known := recipe_for(url, (place.marketplaces,)):
        say(f"There is a recipe for this shop already: ipguard source add {safe(known)}")
    refuse_closed(url.replace("{query}", "x"))


def _checked(url: str, query: str, currency: str) -> None:
    from ipguard.sources.store import check_url

    check_url(url.replace("{query}", "x"))
    if "{query}" in url and not query:
        raise WrongUse(
            "The address has a place for words, and there are none", hint="Give words with --query."
        )
    if currency and not re.fullmatch(r"[A-Za-z]{3}", currency):
        raise WrongUse(f"“{currency}” is no currency", hint="Write three letters, such as EUR.")
