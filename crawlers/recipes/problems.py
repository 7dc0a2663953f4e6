"""What is wrong with a recipe: where, what, and what would be right; all of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawlers.errors import BadSource

Path = tuple[str | int, ...]
"""Keys and positions from the top of the file: ("search", "fields", "price")."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, at one field."""

    path: Path
    wrong: str
    right: str = ""
    """What would be right, as a sentence."""
    line: int = 0
    """Counted from 1; 0 where the file as a whole is meant."""

    @property
    def field(self) -> str:
        """The field as people write it: search.fields.price, outcomes.empty[2]."""
        text = ""
        for part in self.path:
            text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
        return text

    def __str__(self) -> str:
        place = ", ".join(([f"line {self.line}"] if self.line else []) + ([self.field] if self.path else []))
        return " ".join(part for part in (f"{place}:" if place else "", self.wrong, self.right) if part)


class RecipeError(BadSource):
    """A recipe cannot be used: its author's to mend. Carries every mistake that was found."""

    hint = "Correct the lines named above; `ipguard source test FOLDER` reads the recipe again."

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda one: one.line))
        count = f"{len(problems)} mistakes" if len(problems) > 1 else "a mistake"
        lines = "".join(f"\n  • {file}: {one}" for one in self.problems)
        super().__init__(f"{file} has {count}:{lines}")


class Wrong(ValueError):
    """Something in one field is wrong; whoever knows the field makes a `Problem` of it."""

    def __init__(self, wrong: str, right: str = "") -> None:
        super().__init__(f"{wrong} {right}".strip())
        self.wrong, self.right = wrong, right


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else all of them as a sentence."""
    words = list(known)
    near = difflib.get_close_matches(word, words, 1, 0.6)
    return f"Did you mean “{near[0]}”?" if near else f"Known here: {', '.join(words)}."
