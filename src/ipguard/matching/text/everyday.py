"""Is a word one of a language's everyday words? Then it is no misspelling of a name."""

from __future__ import annotations

from ipguard.matching.words.lexicon import words

LANGUAGES = ("en", "es", "fr", "de", "pt", "it", "ru", "nl")
"""Lists of words as they are written; those of romanised Chinese and Japanese hold what sellers make of names."""
COMMON = 30_000
"""Rank up to which a word is common; the English list goes on to words that few people know."""


def is_everyday(word: str) -> bool:
    """Whether a folded word is a common one of some language."""
    return any(words(language).get(word, COMMON + 1) <= COMMON for language in LANGUAGES)
