"""Regular expressions of recipes: matched in linear time (RE2), on the beginning of a text only."""

from __future__ import annotations

import re2

from crawlers.recipes.problems import Wrong

MAX_INPUT = 100_000
"""Characters of a text that a pattern sees."""
MAX_PATTERN = 500
MAX_MEMORY = 4_000_000
"""Bytes of one compiled pattern: (a{500}){500} is refused when the recipe is read."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        """Raises Wrong where the text is no pattern, or one that cannot be matched in linear time."""
        if len(text) > MAX_PATTERN:
            raise Wrong(f"The pattern is longer than {MAX_PATTERN} characters.", "Patterns are short.")
        options = re2.Options()
        options.log_errors, options.max_mem, options.case_sensitive = False, MAX_MEMORY, not ignore_case
        self.text = text
        try:
            self._compiled = re2.compile(text, options)  # type: ignore[no-untyped-call]
        except (re2.error, UnicodeEncodeError) as error:
            raise Wrong(
                f"“{text}” is no pattern: {_said(error)}.",
                "Look-around and back-references are not there (RE2).",
            ) from error

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._compiled.groups)

    def find(self, text: str, group: int | None = None) -> str | None:
        """The first match: its group, by default the first one, or all of it where there is none."""
        found = self._compiled.search(_clean(text[:MAX_INPUT]))
        if found is None:
            return None
        return str(found[group if group is not None else min(1, self.groups)] or "")


def _clean(text: str) -> str:
    """Lone surrogates, which JSON can write and UTF-8 cannot, become U+FFFD."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
