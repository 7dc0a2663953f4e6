"""`ipguard source test`: a recipe tried on its saved answers, one result a field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption, WorkspaceOption
from ipguard.cli.output import emit, safe, show
from ipguard.cli.source_known import own_recipes
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from crawlers.recipes.trial import Result

LONGEST = 300
"""Characters of a value that are shown."""


def try_saved(
    recipe: Annotated[
        str, typer.Argument(metavar="NAME|FOLDER", help="A recipe by its name, or its folder.")
    ],
    update: Annotated[
        bool, typer.Option("--update", help="Write down what is read now as what must be read from now on.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try a recipe on its saved answers, one result a field; exit code 1 when one differs. Nothing is asked."""
    from crawlers.errors import BadSource

    folder = find_folder(recipe, own_recipes(workspace))
    try:
        results = replay(folder, update=update)
    except BadSource as error:
        raise WrongUse(str(error), hint=error.hint) from error
    for one in results:
        if as_json:
            emit(
                {"fixture": one.fixture, "field": one.field, "good": one.good,
                 "expected": one.expected, "read": one.read, "why": one.why}
            )  # fmt: skip
    bad = sum(not one.good for one in results)
    if not as_json:
        tell(results)
        show(
            f"{len(results) - bad} of {len(results)} results of [bold]{safe(folder.name)}[/] are as expected."
        )
    raise typer.Exit(1 if bad else 0)


def replay(folder: Path, *, update: bool = False) -> Sequence[Result]:
    """Results of a recipe on its saved answers; with `update` these are first written down as they are read now.

    Raises:
        BadSource: the recipe or a saved answer cannot be read.
    """
    from crawlers.recipes.folder import FIXTURES, load_recipe
    from crawlers.recipes.trial import adapter_for, try_recipe
    from crawlers.saved import save_expected, saved_pages

    recipe = load_recipe(folder)
    saved = list(saved_pages(folder / FIXTURES))
    if update and saved:
        adapter = adapter_for(recipe, saved)
        for page in saved:
            save_expected(page.folder, adapter.read(page.exchange))
        saved = list(saved_pages(folder / FIXTURES))
    return list(try_recipe(recipe, saved))


def tell(results: Sequence[Result]) -> None:
    """One line for each saved answer that is as expected, and one for each field that is not."""
    for fixture in dict.fromkeys(one.fixture for one in results):
        own = [one for one in results if one.fixture == fixture]
        bad = [one for one in own if not one.good]
        mark = "[red]✗[/]" if bad else "[green]✓[/]"
        show(f"{mark} {safe(fixture)}: {len(own) - len(bad)} of {len(own)}")
        for one in bad:
            said = one.why or f"expected {_short(one.expected)}, read {_short(one.read)}"
            show(f"    {safe(one.field)}: {safe(said)}")


def find_folder(name: str, own: Sequence[Path]) -> Path:
    """The folder of a recipe, by its name or by a path.

    Raises:
        WrongUse: there is none.
    """
    from crawlers.recipes.folder import FILE, recipe_folders
    from crawlers.recipes.problems import did_you_mean

    given = Path(name)
    if (given / FILE).is_file():
        return given
    if given.name == FILE and given.is_file():
        return given.parent
    folders = recipe_folders(own)
    bare = name.removeprefix("recipe:")
    if bare not in folders:
        hint = did_you_mean(bare, folders) if folders else "Make one: ipguard source new URL"
        raise WrongUse(f"There is no recipe “{name}”, and no such folder with a {FILE}", hint=hint)
    return folders[bare]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
