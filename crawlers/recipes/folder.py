"""Where recipes are: the workspace's own `marketplaces/`, then those that come with the package. The only I/O here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawlers.errors import BadSource
from crawlers.recipes.check import read_recipe
from crawlers.recipes.compiled import Recipe
from crawlers.recipes.document import MAX_BYTES
from crawlers.recipes.model import NAME
from crawlers.recipes.problems import Problem, RecipeError, did_you_mean

FILE = "recipe.yaml"
FIXTURES = "fixtures"
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Found:
    """One recipe folder: its recipe, or why it cannot be used."""

    name: str
    folder: Path
    recipe: Recipe | None
    trouble: RecipeError | None = None


def shipped() -> Path:
    """The folder of recipes that come with the package: inside the wheel, or in the checkout it is installed from."""
    inside = HERE / "marketplaces"
    return inside if inside.is_dir() else HERE.parents[1] / "config" / "marketplaces"


def load_recipe(folder: Path) -> Recipe:
    """The recipe in a folder.

    Raises:
        RecipeError: it has mistakes, or there is none.
    """
    file = folder / FILE
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise RecipeError(str(file), [Problem((), f"It cannot be read: {error.strerror}.")]) from error
    return read_recipe(text, str(file), folder_name=folder.resolve().name)


def recipe_folders(own: Sequence[Path] = ()) -> dict[str, Path]:
    """Name → folder of every recipe; a folder of `own` wins over one that comes with the package."""
    found: dict[str, Path] = {}
    for place in (*own, shipped()):
        for file in sorted(place.glob(f"*/{FILE}")) if place.is_dir() else ():
            found.setdefault(file.parent.name, file.parent)
    return dict(sorted(found.items()))


def known_recipes(own: Sequence[Path] = ()) -> Iterable[Found]:
    """Every recipe there is; one with mistakes does not hide the others."""
    for name, folder in recipe_folders(own).items():
        try:
            yield Found(name, folder, load_recipe(folder))
        except RecipeError as error:
            yield Found(name, folder, None, error)


def find_recipe(name: str, own: Sequence[Path] = ()) -> Recipe:
    """The recipe of a name.

    Raises:
        BadSource: there is none. RecipeError: it has mistakes.
    """
    folders = recipe_folders(own) if re.match(NAME, name) else {}
    if name not in folders:
        known = list(recipe_folders(own))
        raise BadSource(
            f"There is no recipe “{name}”",
            hint=did_you_mean(name, known) if known else "Make one: ipguard source new URL",
        )
    return load_recipe(folders[name])


def save_recipe(folder: Path, text: str) -> None:
    """Write a recipe into its folder.

    Raises:
        BadSource: it cannot be written.
    """
    try:
        (folder / FIXTURES).mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(text, "utf-8")
    except OSError as error:
        raise BadSource(
            f"{folder} cannot be written: {error.strerror}", hint="Give another --folder."
        ) from error
