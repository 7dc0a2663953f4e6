"""Does a hit stand by itself, or is it part of something else? Rules per script, in the characters as written.

Without these rules "Lodestar Lanternfish" holds "Star Lantern", and 流星灯饰 holds 星灯. What touches a hit may
still be a word that leaves it whole: a particle, or a word of the trade (`context.toml`): サンダーポウグッズ, #starlanternplush.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from itertools import accumulate

from ipguard.matching.text.context import flank_words
from ipguard.matching.text.names import Form
from ipguard.matching.text.scripts import (
    DEPENDENT,
    DIGIT,
    HAN,
    HANGUL,
    HIRAGANA,
    KATAKANA,
    LOWER,
    NONE,
    SPACED_KINDS,
    THAI_LEADING,
    UPPER,
    Script,
)
from ipguard.matching.text.segment import crosses
from ipguard.matching.text.views import Batch

MAX_GAP = 3
"""Signs between two letters of a name, at most."""
MAX_FLANK = 24
"""Letters beside a hit that are read as words, at most."""
LONG_ENOUGH = 5
"""Letters from which a digit beside a name leaves it whole (StarLantern2026), and hiragana beside hiragana."""
SPLIT_BY_CHANCE = 8
"""Letters below which one space inside a word is no evasion."""
STOPS = frozenset(",;:!?.)(")
JOINING = frozenset({".", ":"})
"""Stops that join two words where no space follows: Star.Lantern."""
WIDE_STOPS = frozenset("。、，；：！？（）「」『』【】")
"""Signs that part sentences, not letters of a name (before folding makes the full-width ones narrow)."""
PARTICLES_KO = (
    "은 는 이 가 을 를 의 에 와 과 도 로 으로 만 풍 랑 이랑 까지 부터 에서 에게 하고 처럼 보다 용 식 판 형 님"
).split()  # fmt: skip
PARTICLES_JA = (
    "ノ ハ ガ ヲ ニ デ ト モ ヤ ヘ ナ ダ デス ノミ カラ マデ ヨリ ナド ッテ サン チャン クン".split()
)
CLITICS_AR = "و ف ب ك ل ال وال بال فال كال لل ولل".split()


class Edge(IntEnum):
    """How a hit stands in its text, from worst to best."""

    BROKEN = 0
    """Part of something else."""
    TOUCHING = 1
    """Han characters touch it; they can be read as words of their own."""
    CUED = 2
    """Words that leave it whole touch it."""
    CLEAN = 3


def edge_of(batch: Batch, first: int, last: int) -> Edge:
    """How base characters [first, last) stand in their text."""
    if batch.kinds[first] == HAN or batch.kinds[last - 1] == HAN:
        han = _han(batch, first, last)
        if han is Edge.BROKEN:
            return han
    else:
        han = Edge.CLEAN
    left = _left(batch, first, last - first)
    if left is Edge.BROKEN:
        return left
    return min(left, _right(batch, last, last - first), han)


def gaps_are_sound(batch: Batch, first: int, last: int, form: Form) -> bool:
    """Whether what stands between the letters of a hit is little and is no end of a sentence.

    Gaps where the name has them itself are free; other gaps are the writer's.
    """
    gaps = _gaps(batch, first, last, form)
    if not gaps:
        return True
    if any("\n" in gap or len(gap) > MAX_GAP for _, gap in gaps):
        return False
    everywhere = (
        len(gaps) >= max(2, (len(form.compact) - 1) * 2 // 3) and len({gap.strip() for _, gap in gaps}) <= 2
    )
    if not everywhere and any(ends_sentence(gap, at_word=at_word) for at_word, gap in gaps):
        return False
    return form.script is not Script.SPACED or _split_is_meant([gap for ours, gap in gaps if not ours], form)


def _gaps(batch: Batch, first: int, last: int, form: Form) -> list[tuple[bool, str]]:
    """(whether the name has a gap there too, what stands in it) between the letters of a hit."""
    own = set(accumulate(map(len, form.words)))
    gaps: list[tuple[bool, str]] = []
    gap, letters = "", 0
    for place in range(first, last):
        if batch.kinds[place] == NONE:
            gap += batch.text[place]
            continue
        if gap:
            gaps.append((letters in own, gap))
        gap = ""
        letters += 1
    return gaps


def ends_sentence(gap: str, *, at_word: bool) -> bool:
    """Whether a gap is a stop: a full-width one anywhere; a narrow one between words or before a space."""
    if WIDE_STOPS & set(gap):
        return True
    return bool(STOPS & set(gap)) and (gap[-1:].isspace() or (at_word and gap not in JOINING))


def _split_is_meant(inner: list[str], form: Form) -> bool:
    """One plain space inside a short word happens by itself (mira → mi ra); a sign, or spaces everywhere, do not."""
    letters = len(form.compact)
    if not inner or any(gap.strip() for gap in inner):
        return True
    return letters >= SPLIT_BY_CHANCE or len(inner) >= (letters - len(form.words)) * 2 // 3


def _left(batch: Batch, first: int, length: int) -> Edge:
    if first == 0:
        return Edge.CLEAN
    kinds = batch.kinds
    before, own = kinds[first - 1], kinds[first]
    if own in SPACED_KINDS and before in SPACED_KINDS:
        if (before == LOWER and own == UPPER) or (
            (before == DIGIT) != (own == DIGIT) and length >= LONG_ENOUGH
        ):
            return Edge.CLEAN
        return _known(_run(batch, first - 1, -1), "spaced")
    if own == HANGUL and before == HANGUL:
        return _known(_run(batch, first - 1, -1), "hangul")
    if own == KATAKANA and before == KATAKANA:
        return _known(_run(batch, first - 1, -1), "kana")
    if own == HIRAGANA and before == HIRAGANA and length < LONG_ENOUGH:
        return _known(_run(batch, first - 1, -1), "particle")
    return Edge.BROKEN if before == THAI_LEADING else Edge.CLEAN


def _right(batch: Batch, last: int, length: int) -> Edge:
    kinds = batch.kinds
    if last >= len(kinds):
        return Edge.CLEAN
    after, own = kinds[last], kinds[last - 1]
    if own in SPACED_KINDS and after in SPACED_KINDS:
        if (own == LOWER and after == UPPER) or (
            (after == DIGIT) != (own == DIGIT) and length >= LONG_ENOUGH
        ):
            return Edge.CLEAN
        run = _run(batch, last, 1)
        return Edge.CLEAN if run == "s" else _known(run, "spaced")
    if own == HANGUL and after == HANGUL:
        return _known(_run(batch, last, 1), "hangul")
    if own == KATAKANA and after == KATAKANA:
        return _known(_run(batch, last, 1), "kana")
    if own == HIRAGANA and after == HIRAGANA and length < LONG_ENOUGH:
        return _known(_run(batch, last, 1), "particle")
    return Edge.BROKEN if after == DEPENDENT and own not in SPACED_KINDS else Edge.CLEAN


def _run(batch: Batch, place: int, step: int) -> str:
    """Letters of one script from a place on, in reading order; empty where there are more than are read."""
    kinds = batch.kinds
    same = SPACED_KINDS if kinds[place] in SPACED_KINDS else {kinds[place]}
    end = place
    while 0 <= end < len(kinds) and kinds[end] in same and abs(end - place) <= MAX_FLANK:
        end += step
    if abs(end - place) > MAX_FLANK:
        return ""
    return batch.text[place:end] if step > 0 else batch.text[end + 1 : place + 1]


@lru_cache(maxsize=65_536)
def _known(run: str, script: str) -> Edge:
    """CUED where a run of letters can be cut into known words."""
    words = set(flank_words())
    words.update({"hangul": PARTICLES_KO, "kana": (), "particle": PARTICLES_JA, "spaced": CLITICS_AR}[script])
    whole = [True] + [False] * len(run)
    for end in range(1, len(run) + 1):
        whole[end] = any(
            whole[start] and (run[start:end] in words or run[start:end].isdigit()) for start in range(end)
        )
    return Edge.CUED if run and whole[-1] else Edge.BROKEN


def _han(batch: Batch, first: int, last: int) -> Edge:
    """Whether the Han characters beside a hit make words with its own."""
    kinds, text = batch.kinds, batch.text
    low, high = first, last
    while low > 0 and kinds[low - 1] == HAN and first - low < MAX_FLANK // 3:
        low -= 1
    while high < len(kinds) and kinds[high] == HAN and high - last < MAX_FLANK // 3:
        high += 1
    if low == first and high == last:
        return Edge.CLEAN
    whole = all(kind == HAN for kind in kinds[first:last])
    if not whole and last - first > 2 and not kinds[first:last].count(NONE):
        return Edge.TOUCHING
    if not whole or crosses(text[low:first], text[first:last], text[last:high]):
        return Edge.BROKEN if not whole or last - first <= 4 else Edge.TOUCHING
    return Edge.TOUCHING
