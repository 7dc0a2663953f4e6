"""Small shapes that templates ask for: options of a select, heads of a table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


def words_of(values: Iterable[str], speak: Callable[[str], str]) -> list[tuple[str, str]]:
    """Options of a select: each value with its word in the reader's language."""
    return [(value, speak(value)) for value in values]


def pairs(values: Iterable[str]) -> list[tuple[str, str]]:
    """Options of a select whose values are their own words."""
    return [(value, value) for value in values]


def named(series: Iterable[tuple[str, Sequence[int]]]) -> list[tuple[str, str]]:
    """Heads of columns of numbers."""
    return [(name, "number") for name, _ in series]


def numbered(whats: Iterable[str], say: Callable[[str], str]) -> list[tuple[str, str]]:
    """Heads of columns of what is counted."""
    return [(say(f"what.{what}"), "number") for what in whats]
