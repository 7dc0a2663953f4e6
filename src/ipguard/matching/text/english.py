"""Common English words: a word of the language is no misspelling of a name. `data/english.txt` is drawn from SCOWL."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    return frozenset(files("ipguard.matching.text").joinpath("data/english.txt").read_text("ascii").split())


def is_english(word: str) -> bool:
    """Whether a folded word is a common one."""
    return word in _words()
