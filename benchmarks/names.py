"""Names in listings: folding, the exact path and every layer, from 10² to 10⁵ names, beside what people would reach for.

The last rows are a plot: cost of a listing by the number of names, in units of its cost at 10², as bars.
Corpus: invented names of three kinds, listings of nine languages, one in ten with a name in it.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial

import ahocorasick
from flashtext2 import KeywordProcessor
from rapidfuzz import fuzz

from benchmarks.rows import Row, best, cpu_seconds
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.matching.text.views import batch_of
from ipguard.matching.words.lexicon import words

SYLLABLES = (
    "ka mi no ru ta shi velo tron mar lux ven dor pix bel zar quo fen gri hal sto bry nul wex ond per".split()
)
WORDS_OF_A_LISTING = (8, 24)
COUNTS = (100, 1_000, 10_000, 100_000)
BAR = 40
"""Characters of the longest bar."""
Work = Callable[[], object]


def names(count: int) -> list[WatchedName]:
    """Different invented names: Han, two Latin words, one Latin word."""
    dice = random.Random(5)
    han = sorted({c for word in words("zh") for c in word if "\u4e00" <= c <= "\u9fff"})
    found: dict[str, None] = {}
    while len(found) < count:
        kind = dice.randrange(3)
        if kind == 0:
            found["".join(dice.choices(han, k=dice.choice((3, 4, 5))))] = None
        else:
            parts = ["".join(dice.choices(SYLLABLES, k=dice.choice((3, 4)))).title() for _ in range(kind)]
            found[" ".join(parts)] = None
    return [WatchedName(f"w{n}", text, "") for n, text in enumerate(found)]


def listings(count: int, known: Sequence[WatchedName]) -> list[str]:
    """Everyday words of several languages; every tenth listing holds a name."""
    dice = random.Random(6)
    lists = [
        list(words(language))[:1500] for language in ("en", "zh", "ja", "ko", "ru", "es", "fr", "de", "pt")
    ]
    made = []
    for n in range(count):
        chosen = dice.choices(dice.choice(lists), k=dice.randint(*WORDS_OF_A_LISTING))
        if n % 10 == 0:
            chosen.insert(dice.randrange(len(chosen)), dice.choice(known).text)
        made.append(" ".join(chosen))
    return made


def rate(texts: Sequence[str], work: Work) -> float:
    """Listings per second of CPU, the better of two."""
    return len(texts) / best(2, partial(cpu_seconds, work))


def by_loop(texts: Sequence[str]) -> None:
    """Folding as one would write it: a character at a time, with its place."""
    for text in texts:
        [
            (c, at)
            for at, written in enumerate(text)
            for c in unicodedata.normalize("NFKC", written).casefold()
        ]


def folded(texts: Sequence[str]) -> None:
    """Folding of batches with the whole map of offsets."""
    for start in range(0, len(texts), 1024):
        batch = batch_of(texts[start : start + 1024])
        assert len(batch.text) == len(batch.base.starts)


def by_automaton(texts: Sequence[str], known: Sequence[WatchedName]) -> Work:
    """The automaton of pyahocorasick over casefolded text."""
    automaton = ahocorasick.Automaton()
    for name in known:
        automaton.add_word(name.text.casefold(), name.text)
    automaton.make_automaton()
    return lambda: [list(automaton.iter(text.casefold())) for text in texts]


def by_keywords(texts: Sequence[str], known: Sequence[WatchedName]) -> Work:
    """The keyword processor of flashtext2."""
    processor = KeywordProcessor(case_sensitive=False)
    for name in known:
        processor.add_keyword(name.text)
    return lambda: [processor.extract_keywords(text) for text in texts]


def by_rapidfuzz(texts: Sequence[str], known: Sequence[WatchedName]) -> Work:
    """Every name against every listing."""
    return lambda: [fuzz.partial_ratio(name.text, text) for text in texts for name in known]


def folding() -> list[Row]:
    """MB of UTF-8 per second."""
    texts = listings(6_000, names(100))
    size = sum(len(text.encode()) for text in texts) / 1e6
    folded(texts[:10])
    ours = size / best(4, lambda: cpu_seconds(lambda: folded(texts)))
    loop = size / best(2, lambda: cpu_seconds(lambda: by_loop(texts)))
    plain = size / best(
        2, lambda: cpu_seconds(lambda: [unicodedata.normalize("NFKC", t).casefold() for t in texts])
    )
    return [
        Row("names: folding with offsets", "MB/CPU-s", ours, "Python loop with offsets", loop, "memory bandwidth"),
        Row("names: folding with offsets", "MB/CPU-s", ours, "NFKC and casefold, no offsets", plain, "memory bandwidth"),
    ]  # fmt: skip


def at(count: int) -> tuple[list[Row], float, float]:
    """Rows for one number of names, and our two rates."""
    known = names(count)
    texts = listings(1_500, known)
    matcher = TextMatcher(known)
    matcher.match_texts(texts[:200])
    exact, every = (
        rate(texts, lambda: matcher.find_exact(texts)),
        rate(texts, lambda: matcher.match_texts(texts)),
    )
    few = texts[: max(2, 20_000 // count)]
    label = f"{count:,} names"
    return (
        [
            Row(f"names: exact path, {label}", "listings/CPU-s", exact, "pyahocorasick", rate(texts, by_automaton(texts, known)), "Python per hit"),
            Row(f"names: exact path, {label}", "listings/CPU-s", exact, "flashtext2 (whole words only)", rate(texts, by_keywords(texts, known)), "Python per hit"),
            Row(f"names: all layers, {label}", "listings/CPU-s", every, "RapidFuzz partial_ratio", rate(few, by_rapidfuzz(few, known)), "distances of misspellings"),
        ],
        exact,
        every,
    )  # fmt: skip


def run() -> list[Row]:
    rows = folding()
    plot: list[tuple[int, float, float]] = []
    for count in COUNTS:
        found, exact, every = at(count)
        rows += found
        plot.append((count, exact, every))
    for which, place in (("exact path", 1), ("all layers", 2)):
        costs = [(point[0], plot[0][place] / point[place]) for point in plot]
        top = max(cost for _, cost in costs)
        for count, cost in costs:
            bar = "█" * max(1, round(BAR * cost / top))
            rows.append(Row(f"names: cost, {which}, {count:>7,} names", "× 100 names", cost, "linear in names", count / 100, bar))  # fmt: skip
    return rows
