"""YAML within bounds: safe values only, each with its line, and nothing that grows when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from crawlers.recipes.problems import Path, Problem, RecipeError

MAX_BYTES = 256_000
MAX_DEPTH = 20
MAX_VALUES = 10_000
"""Values with every alias written out, so that a page of aliases cannot become gigabytes (a "billion laughs")."""
MAX_ALIASES = 50
LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = (
    yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
)
"""Both build plain values only; the one in C is ten times faster."""
SAFE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a file, and where each of them stands."""

    file: str
    data: object
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int:
        """The line of a value; where it is missing, that of what it would stand in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, problem: Problem) -> Problem:
        """The same problem with its line."""
        return Problem(problem.path, problem.wrong, problem.right, problem.line or self.line_of(problem.path))


@dataclass(slots=True)
class _Reader:
    file: str
    loader: yaml.SafeLoader | yaml.CSafeLoader
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def value(self, node: yaml.Node, path: Path) -> object:
        self.count += 1
        line = node.start_mark.line + 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise RecipeError(self.file, [_too_much(line)])
        self.lines.setdefault(path, line)
        if node.tag not in SAFE_TAGS:
            self._wrong(path, f"The tag {node.tag} is not read.", "Write a plain value.", line)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(member, (*path, number)) for number, member in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if key_node.tag != "tag:yaml.org,2002:str" or not isinstance(key, str):
                self._wrong(path, f"“{_short(key)}” is not read as a word here.", "Put it in quotes.", line)
                continue
            if key in found:
                self._wrong((*path, key), "This stands here twice.", "Keep one of them.", line)
                continue
            self.lines[(*path, key)] = line
            found[key] = self.value(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.Node, path: Path) -> object:
        try:
            value: object = self.loader.construct_object(node)
        except (ValueError, OverflowError) as error:
            self._wrong(path, f"This cannot be read: {error}.", "Put it in quotes.", node.start_mark.line + 1)
            return None
        return value

    def _wrong(self, path: Path, wrong: str, right: str, line: int) -> None:
        self.problems.append(Problem(path, wrong, right, line))


def read_document(text: bytes, file: str) -> Document:
    """The values of a YAML file.

    Raises:
        RecipeError: it is no YAML, is larger or deeper than a recipe may be, or holds something that is not plain.
    """
    if len(text) > MAX_BYTES:
        raise RecipeError(
            file, [Problem((), f"The file is larger than {MAX_BYTES:,} bytes.", "Recipes are short.")]
        )
    try:
        plain = text.decode("utf-8-sig")
        _bounded(plain, file)
        loader = LOADER(plain)
        node = loader.get_single_node()
    except UnicodeDecodeError as error:
        raise RecipeError(file, [Problem((), "The file is not UTF-8.", "Save it as UTF-8.")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        said = f"This is no YAML: {error.problem or error.context}."
        right = "Mind the indentation, and put values with : # @ or quotes in them into quotes."
        raise RecipeError(file, [Problem((), said, right, line)]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RecipeError(file, [Problem((), f"This is no YAML: {error}.")]) from error
    if node is None:
        raise RecipeError(file, [Problem((), "The file is empty.", "README.md shows a recipe.")])
    reader = _Reader(file, loader)
    data = reader.value(node, ())
    if reader.problems:
        raise RecipeError(file, reader.problems)
    return Document(file, data, reader.lines)


def _bounded(text: str, file: str) -> None:
    """Depth and aliases, counted on the stream of events before anything is built from it."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > MAX_DEPTH or aliases > MAX_ALIASES:
            mark = event.start_mark
            raise RecipeError(file, [_too_much(mark.line + 1 if mark is not None else 0)])


def _too_much(line: int) -> Problem:
    wrong = f"The file nests deeper than {MAX_DEPTH}, or repeats by aliases more than {MAX_VALUES:,} values."
    return Problem((), wrong, "Write it out without aliases.", line)


def _short(value: object) -> str:
    return str(value)[:60]
