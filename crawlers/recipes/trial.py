"""A recipe tried on its saved answers: one result for each field of each, and what has to be there at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawlers.recipes.build import PERMITTED, build
from crawlers.recipes.compiled import Recipe
from crawlers.recipes.engine import RecipeAdapter
from crawlers.saved import SavedPage, differences

ORIGINS = ("recorded", "modelled")
ALWAYS = ("search_page1", "search_empty", "blocked", "changed")
MASKED = "seller-"
"""What the names of sellers in recorded answers begin with, once they are masked."""


@dataclass(frozen=True, slots=True)
class Result:
    """One field of one saved answer."""

    fixture: str
    field: str
    good: bool
    expected: object = None
    read: object = None
    why: str = ""
    """In words, where it is not about a value."""


def required(recipe: Recipe) -> tuple[str, ...]:
    """Names of the saved answers that must be there: those the recipe asks for, else what its parts need."""
    part = recipe.part
    if part.fixtures is not None:
        return part.fixtures.required
    names = [*ALWAYS]
    if part.search.next is not None:
        names.append("search_last")
    if part.detail is not None:
        names += ["detail_full", "detail_no_price"] if part.detail.format == "html" else ["detail_full"]
    return tuple(names)


def adapter_for(recipe: Recipe, saved: Sequence[SavedPage] = ()) -> RecipeAdapter:
    """The adapter that saved answers are read with: nothing is asked, so a source that is off may be read too.

    Raises:
        BadSource: the recipe is for many shops, and no saved answer says which.
    """
    part = recipe.part
    chosen: dict[str, object] = {
        name: option.one_of[0]
        for name, option in part.options.items()
        if option.one_of and not option.default
    }
    base = part.base
    if "any" in part.hosts and saved:
        parts = urlsplit(saved[0].exchange.url)
        base = f"{parts.scheme}://{parts.netloc}"
    return build(recipe, base, {**chosen, PERMITTED: True})


def try_recipe(recipe: Recipe, saved: Sequence[SavedPage]) -> Iterator[Result]:
    """Every result, saved answer by saved answer; first those that are missing."""
    there = {page.folder.name for page in saved}
    for name in required(recipe):
        if name not in there:
            yield Result(name, "fixture", False, why="This saved answer is missing.")
    if not saved:
        return
    adapter = adapter_for(recipe, saved)
    for page in saved:
        yield from _tried(adapter, page)


def _tried(adapter: RecipeAdapter, page: SavedPage) -> Iterator[Result]:
    name, read = page.folder.name, adapter.read(page.exchange)
    if why := _unsaid(page):
        yield Result(name, "from", False, why=why)
    if not page.expected:
        yield Result(
            name, "expected", False, why="Nothing says what it must yield: --update writes down what is read."
        )
    for one in differences(page.expected, read):
        yield Result(name, one.field, one.same, one.expected, one.read)
    ids = [listing.id for listing in read.listings]
    if len(set(ids)) < len(ids):
        yield Result(name, "id", False, why="Two listings of one answer have the same id.")
    if read != adapter.read(page.exchange):
        yield Result(name, "outcome", False, why="It reads differently the second time.")


def _unsaid(page: SavedPage) -> str:
    """What a saved answer does not say about where it comes from."""
    lacking = [name for name in ("kind", "date", "licence") if not page.origin.get(name)]
    if lacking:
        return f"Its exchange.json does not say from.{' and from.'.join(lacking)}."
    if page.origin["kind"] not in ORIGINS:
        return f"from.kind is none of {', '.join(ORIGINS)}."
    return ""
