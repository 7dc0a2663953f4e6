"""Domain names of certificates: names per CPU-second against many keywords, beside plain scanning without any rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

import ahocorasick

from benchmarks.rows import Row, best, cpu_seconds
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.matching.words.lexicon import words

ONSETS = "b d f g h k l m n p r s t v z br kr st tr sh ch".split()
VOWELS = "a e i o u ai ou".split()
CODAS = ["", "", "", "n", "r", "s", "x", "l"]
HOSTS = ["www", "mail", "api", "cpanel", "webmail", "autodiscover", "dev", "shop", "cdn-edge", "ns1"]
ENDINGS = ["com", "com", "com", "net", "org", "co.uk", "de", "top", "shop", "io", "com.br", "xyz"]


def keywords(count: int) -> list[WatchedName]:
    """Invented names of two to four syllables, a third of them of two words."""
    dice = random.Random(11)

    def word(syllables: int) -> str:
        return "".join(
            dice.choice(ONSETS) + dice.choice(VOWELS) + dice.choice(CODAS) for _ in range(syllables)
        )

    made = [
        word(dice.choice((2, *[3] * 6, *[4] * 3))) if n % 3 else f"{word(2)} {word(dice.choice((2, 3)))}"
        for n in range(count)
    ]
    return [WatchedName(f"w{n}", name.title(), "") for n, name in enumerate(made)]


def certificate_names(count: int, known: Sequence[WatchedName]) -> list[str]:
    """Names as they stand in certificates: words joined and hyphened, hosts before them, codes; 1 in 500 has a name."""
    dice = random.Random(12)
    common = list(words("en"))[:20_000]
    made = []
    for n in range(count):
        label = dice.choice(("", "-")).join(dice.choices(common, k=dice.choice((1, 2, 2, 3))))
        if n % 10 == 0:
            label = "".join(dice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12))
        if n % 500 == 0:
            label = dice.choice(known).text.replace(" ", "-").lower() + dice.choice(("", "-shop", "store"))
        host = f"{dice.choice(HOSTS)}." if dice.random() < 0.5 else ""
        made.append(f"{'*.' if n % 15 == 0 else ''}{host}{label[:60]}.{dice.choice(ENDINGS)}")
    return made


def by_pyahocorasick(automaton: ahocorasick.Automaton, names: Sequence[str]) -> int:
    return sum(any(True for _ in automaton.iter(name.lower())) for name in names)


def by_loop(plain: Sequence[str], names: Sequence[str]) -> int:
    return sum(any(keyword in name for keyword in plain) for name in names)


def run() -> list[Row]:
    rows = []
    for count, many in ((10, 200_000), (10_000, 200_000)):
        watched = keywords(count)
        matcher, names = DomainMatcher(watched), certificate_names(many, watched)
        matcher.match_domains(names[:10_000])
        plain = ["".join(name.text.lower().split()) for name in watched]
        ours = many / best(3, partial(cpu_seconds, partial(matcher.match_domains, names)))
        if count <= 10:
            peer, theirs = (
                "any(k in d) loop, exact only",
                best(3, partial(cpu_seconds, partial(by_loop, plain, names))),
            )
        else:
            automaton = ahocorasick.Automaton()
            for keyword in plain:
                automaton.add_word(keyword, keyword)
            automaton.make_automaton()
            peer = "pyahocorasick, exact only"
            theirs = best(3, partial(cpu_seconds, partial(by_pyahocorasick, automaton, names)))
        rows.append(
            Row(
                f"domains: all layers, {count:,} keywords",
                "names/CPU-s",
                ours,
                peer,
                many / theirs,
                "hashing stretches at edges; peers know exact names only",
            )
        )
    return rows
