"""From the bytes of a recipe to one that can be used: every mistake at once, each with its line and what is right."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from crawlers.recipes.compiled import Compiler, Recipe, check_parts
from crawlers.recipes.document import Document, read_document
from crawlers.recipes.model import RecipePart
from crawlers.recipes.problems import Path, Problem, RecipeError, did_you_mean


def read_recipe(text: bytes, file: str, *, folder_name: str = "") -> Recipe:
    """The recipe in a file; `folder_name` is what its id must be.

    Raises:
        RecipeError: it has mistakes; all of them are told.
    """
    document = read_document(text, file)
    if not isinstance(document.data, Mapping):
        raise RecipeError(file, [Problem((), "A recipe begins with id:, version:, title:.", "", 1)])
    compiler, raw = Compiler(), document.data
    search, detail = raw.get("search"), raw.get("detail")
    found_search = compiler.section("search", search if isinstance(search, Mapping) else {})
    found_detail = compiler.section("detail", detail) if isinstance(detail, Mapping) else None
    for name, section in (("search", search), ("detail", detail)):
        compiler.request(name, section if isinstance(section, Mapping) else {}, raw.get("options"))
    rules, listing_id = compiler.rules(raw.get("outcomes")), compiler.pattern(raw.get("listing_id"))
    problems = list(compiler.problems)
    try:
        part = RecipePart.model_validate(raw)
    except ValidationError as error:
        problems += [_told(one) for one in error.errors()]
        raise RecipeError(file, _unique(document, problems)) from error
    recipe = Recipe(part, found_search, found_detail, listing_id, rules)
    problems += check_parts(part, recipe)
    if folder_name and part.id != folder_name:
        problems.append(Problem(("id",), f"The folder is called {folder_name}.", "Give both the same name."))
    if problems:
        raise RecipeError(file, _unique(document, problems))
    return recipe


def _unique(document: Document, problems: list[Problem]) -> list[Problem]:
    found: dict[tuple[Path, str], Problem] = {(one.path, one.wrong): document.at(one) for one in problems}
    return list(found.values())


def _told(error: ErrorDetails) -> Problem:
    """A mistake that pydantic found, in our words."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        model = _model_at(path[:-1])
        known = [field.alias or name for name, field in model.model_fields.items()] if model else []
        return Problem(path, "This is not known here.", did_you_mean(str(path[-1]), known))
    right = _description(path)
    if kind == "missing":
        return Problem(path, "This is missing.", right)
    shown = f"“{str(given)[:60]}”" if isinstance(given, str | int | float | bool) else "This"
    wrong = {
        "literal_error": f"{shown} is none of {error.get('ctx', {}).get('expected', '')}.",
        "enum": f"{shown} is none of {error.get('ctx', {}).get('expected', '')}.",
        "string_pattern_mismatch": f"{shown} is not written as it must be.",
        "bool_parsing": f"{shown} is neither true nor false.",
    }.get(kind, f"{shown} does not fit: {error['msg'][:1].lower()}{error['msg'][1:]}.")
    return Problem(path, wrong, right)


def _description(path: Path) -> str:
    """What the field is for, which says what would be right."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    model = _model_at(path[:-1])
    for name, field in model.model_fields.items() if model else ():
        if path and path[-1] in (name, field.alias):
            return field.description or ""
    return ""


def _model_at(path: Path) -> type[BaseModel] | None:
    """The part of the recipe that a path leads to; None where it is no such part."""
    here: type[BaseModel] | None = RecipePart
    inner: list[type[BaseModel]] = []
    for part in path:
        if here is None:
            break
        named = [field for name, field in here.model_fields.items() if part in (name, field.alias)]
        if not named:
            here = inner[0] if inner else None
            inner = []
            continue
        parts = list(_parts_in(named[0].annotation))
        mapped = typing.get_origin(named[0].annotation) is dict
        here, inner = (here, parts) if mapped else (parts[0] if parts else None, [])
    return here


def _parts_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _parts_in(inner)
