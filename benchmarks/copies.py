"""Copied text: speed, and how many copies are found after each change, beside MinHash with locality-sensitive hashing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from datasketch import MinHash, MinHashLSH

from benchmarks.rows import Row, best, cpu_seconds
from benchmarks.texts import CHANGES, tale
from ipguard.matching.copies.fingerprints import fingerprints, reduce
from ipguard.matching.copies.index import OwnedText, build_index
from ipguard.matching.copies.matcher import BAR, CopyMatcher

TEXTS = 200
LETTERS = 3_000
SHINGLE = 5
PERMUTATIONS = 128
ALIKE = 0.5
"""Jaccard similarity from which MinHashLSH answers, as it is commonly set."""


def shingles(text: str) -> list[bytes]:
    """What MinHash is made of: five characters of the text as we reduce it, so that both see the same letters."""
    plain = "".join(map(chr, reduce(text).codes))
    return [plain[n : n + SHINGLE].encode() for n in range(max(1, len(plain) - SHINGLE + 1))]


def sketch(text: str) -> MinHash:
    made = MinHash(num_perm=PERMUTATIONS)
    made.update_batch(shingles(text))
    return made


def by_minhash(owned: Sequence[OwnedText]) -> Callable[[str], set[str]]:
    lsh = MinHashLSH(threshold=ALIKE, num_perm=PERMUTATIONS)
    for text in owned:
        lsh.insert(text.work, sketch(text.text))
    return lambda text: {str(work) for work in lsh.query(sketch(text))}


def by_winnowing(owned: Sequence[OwnedText]) -> Callable[[str], set[str]]:
    matcher = CopyMatcher(build_index(owned))
    return lambda text: {found.work for found in matcher.match_text(text) if not found.strength < 0.5}


def found(ask: Callable[[str], set[str]], owned: Sequence[OwnedText], change: str) -> tuple[float, float]:
    """Share of copies found, and share of texts for which another work was named."""
    right = wrong = 0
    for n, text in enumerate(owned):
        works = ask(CHANGES[change](text.text, tale(text.work[:2], 100_000 + n, LETTERS), n))
        right += text.work in works
        wrong += bool(works - {text.work})
    return right / len(owned), wrong / len(owned)


def margin(owned: Sequence[OwnedText]) -> list[Row]:
    """What the bar is held against: the largest share of unrelated texts, the smallest of texts with a fifth copied."""
    matcher = CopyMatcher(build_index(owned))
    unrelated, copies = 0.0, 1.0
    for n, text in enumerate(owned):
        host = tale(text.work[:2], 200_000 + n, LETTERS)
        unrelated = max(unrelated, *(one.share for one in matcher.copied(host)), 0.0)
        fifth = CHANGES["20 % excerpt"](text.text, host, n)
        copies = min(copies, max((c.share for c in matcher.copied(fifth) if c.owned is text), default=0.0))
    return [
        Row(f"copies: bar {100 * BAR:.0f} %, a fifth copied at least", "%", 100 * copies, "unrelated at most", 100 * unrelated, "set phrases")
    ]  # fmt: skip


def run() -> list[Row]:
    owned = [OwnedText(f"{language}{n}", f"{language}{n}", tale(language, n, LETTERS)) for n in range(TEXTS // 2) for language in ("zh", "en")]  # fmt: skip
    texts = [text.text for text in owned]
    size = sum(len(text.encode()) for text in texts) / 1e6
    ours = size / best(3, partial(cpu_seconds, lambda: [fingerprints(reduce(text).codes) for text in texts]))
    few = texts[:20]
    small = sum(len(text.encode()) for text in few) / 1e6
    theirs = small / best(2, partial(cpu_seconds, lambda: [sketch(text) for text in few]))
    rows = [Row("copies: fingerprints of a text", "MB/CPU-s", ours, "datasketch MinHash, 128 permutations", theirs, "folding and hashing grams")]  # fmt: skip
    winnowing, minhash = by_winnowing(owned), by_minhash(owned)
    for change in CHANGES:
        mine, wrong = found(winnowing, owned, change)
        other, other_wrong = found(minhash, owned, change)
        note = f"another work named: ours {100 * wrong:.1f} %, theirs {100 * other_wrong:.1f} %"
        rows.append(
            Row(f"copies found: {change}", "%", 100 * mine, "datasketch MinHashLSH 0.5", 100 * other, note)
        )
    return rows + margin(owned)
