"""Are the characters of a Han name a word of their own here, or parts of words with their neighbours?

Unigram segmentation over a frequency list (as jieba does, from whose list `data/words.tsv` was drawn): the likeliest
cut that keeps the name whole is compared with the likeliest cut of all.
"""

from __future__ import annotations

import math
from functools import lru_cache
from importlib.resources import files

from ipguard.matching.text.context import flank_words

LONGEST = 4
NAME_COUNT = {1: 1.0, 2: 40.0, 3: 15.0}
"""How common a name of that many characters is taken to be, in the list's own counts; longer ones: NAME_COUNT_LONG."""
NAME_COUNT_LONG = 100_000.0
CUE_COUNT = 3_000.0
"""The same for words of the trade, of which many are too new for the list."""
UNKNOWN = 1.0
"""A character that the list does not know."""


def crosses(before: str, name: str, after: str) -> bool:
    """Whether the likeliest cut of `before + name + after` goes through an edge of the name."""
    total = _total()
    known = NAME_COUNT.get(len(name), NAME_COUNT_LONG)
    own = max(math.log(known / total), _best(name, total))
    kept = _best(before, total) + own + _best(after, total)
    return _best(before + name + after, total) > kept + 1e-9


@lru_cache(maxsize=16_384)
def _best(text: str, total: float) -> float:
    """Log-probability of the likeliest cut."""
    counts = _counts()
    best = [0.0] + [-math.inf] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - LONGEST), end):
            count = counts.get(text[start:end], UNKNOWN if end - start == 1 else 0.0)
            if count:
                best[end] = max(best[end], best[start] + math.log(count / total))
    return best[-1]


@lru_cache(maxsize=1)
def _counts() -> dict[str, float]:
    rows = files("ipguard.matching.text").joinpath("data/words.tsv").read_text("utf-8").splitlines()
    counts = {word: float(count) for word, count in (row.split("\t") for row in rows)}
    for word in flank_words():
        if len(word) <= LONGEST and word[0] >= "\u3400":
            counts[word] = max(counts.get(word, 0.0), CUE_COUNT)
    return counts


@lru_cache(maxsize=1)
def _total() -> float:
    return sum(_counts().values())
