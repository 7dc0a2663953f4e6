"""Shared passages side by side: a page that works without JavaScript, and lines for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from ipguard.matching.copies.align import Chain
from ipguard.matching.copies.fingerprints import Flags, Reduced
from ipguard.matching.copies.matcher import Copied
from ipguard.matching.text.fold import Codes

AROUND = 40
"""Code points shown before and after a passage."""
MAX_SHOWN = 100
"""Passages on one page, the longest ones; the others are counted."""
ROW = 150
"""Letters of one row."""
MAX_ROWS = 150
"""Of one passage; a whole copied book says no more than its first pages."""
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "Shared passages",
            "text": "Text looked at",
            "owned": "Owned text",
            "share": "{text} % of the text stands in passages shared with the owned text, which are {owned} % of that.",
            "key": "Marked: letters that are the same. Not marked: changed, put in or left out. "
            "Small codes: invisible characters.",
            "passage": "Passage {n} of {all}",
            "at": "characters {start} to {end}",
            "equal": "{letters} letters the same",
            "more": "{count} shorter passages are not shown.",
            "cut": "The passage goes on.",
            "comma": ", ",
            "colon": ": ",
        },
        "zh": {
            "title": "相同段落对照",
            "text": "被查文本",
            "owned": "权利作品",
            "share": "被查文本的 {text}% 位于与权利作品相同的段落中，占权利作品的 {owned}%。",
            "key": "标记部分为相同文字；未标记部分为改动、增加或删减。灰底小号编码表示不可见字符。",
            "passage": "第 {n} 处，共 {all} 处",
            "at": "第 {start} 至 {end} 个字符",
            "equal": "{letters} 个字符相同",
            "more": "另有 {count} 处较短的段落未显示。",
            "cut": "该段落仍在继续。",
            "comma": "，",
            "colon": "：",
        },
    }
)
Stretch = tuple[str, bool]
"""Some characters, and whether they are the same in both."""


def side_by_side(copied: Copied, text: str, *, name: str = "", language: str = "en") -> str:
    """The exhibit as one HTML page. Everything foreign is escaped; nothing is loaded and nothing runs."""
    words = WORDS.get(language.split("-")[0], WORDS["en"])
    shown = _shown(copied)
    sections = [
        _section(copied, text, chain, words, number, len(copied.chains))
        for number, chain in enumerate(shown, 1)
    ]
    left_out = len(copied.chains) - len(shown)
    more = f"<p>{words['more'].format(count=left_out)}</p>" if left_out else ""
    share = words["share"].format(text=_percent(copied.share_of_text), owned=_percent(copied.share_of_owned))
    title = f"{words['title']}{words['colon']}{escape(name or '—')} · {escape(copied.owned.name)}"
    return (
        f'<!doctype html>\n<html lang="{"zh-Hans" if words is WORDS["zh"] else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_style()}</style></head>\n'
        f'<body><h1>{title}</h1><p>{share}</p><p class="key">{words["key"]}</p>\n'
        + "\n".join(sections)
        + f"\n{more}</body></html>\n"
    )


def in_lines(copied: Copied, text: str, *, width: int = 60) -> Iterator[str]:
    """The passages for a terminal: the text's line, below it the owned one's. Escape before printing."""
    for number, chain in enumerate(_shown(copied), 1):
        mine, theirs = copied.text.span(chain.first, chain.last), _owned_span(copied, chain)
        yield f"{number}. {mine[0]} to {mine[1]} = {copied.owned.name}, {theirs[0]} to {theirs[1]}"
        yield f"   {_short(text[slice(*mine)], width)}"
        yield f"   {_short(copied.owned.text[slice(*theirs)], width)}"


@lru_cache(maxsize=1)
def _style() -> str:
    return files("ipguard.matching.copies").joinpath("data/exhibit.css").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two texts, as far as a passage goes."""

    original: str
    letters: Reduced
    first: int
    last: int
    same: Flags
    """For each letter from `first` on: whether the other text has it too."""

    def shown(self, first: int, last: int) -> str:
        """Letters [first, last) and all that stands between them, marked, up to where letter `last` begins."""
        start = int(self.letters.starts[first])
        end = int(self.letters.starts[last]) if last < self.last else int(self.letters.ends[self.last - 1])
        flags = np.zeros(max(0, end - start), dtype=bool)
        for place in np.flatnonzero(self.same[first - self.first : last - self.first]) + first:
            flags[self.letters.starts[place] - start : self.letters.ends[place] - start] = True
        return "".join(_marked(piece) for piece in _stretches(self.original[start:end], flags))


def _section(
    copied: Copied, text: str, chain: Chain, words: Mapping[str, str], number: int, count: int
) -> str:
    mine, theirs = _sames(copied, chain)
    sides = (
        _Side(text, copied.text, chain.first, chain.last, mine),
        _Side(copied.owned.text, copied.owned_letters, chain.owned_first, chain.owned_last, theirs),
    )
    cuts = _cuts(chain)
    ends = [*cuts[1:], (chain.last, chain.owned_last)]
    cells = []
    for row, (begin, end) in enumerate(zip(cuts[:MAX_ROWS], ends[:MAX_ROWS], strict=True)):
        for column, side in enumerate(sides):
            start, stop = side.letters.span(side.first, side.last)
            where = words["at"].format(start=start, end=stop)
            label = (
                f"<h3>{words['text' if column == 0 else 'owned']}{words['comma']}{where}</h3>"
                if not row
                else ""
            )
            before = _near(side.original[max(0, start - AROUND) : start]) if not row else ""
            after = _near(side.original[stop : stop + AROUND]) if row == len(cuts) - 1 else ""
            said = side.shown(begin[column], end[column])
            cells.append(
                f'<div class="side">{label}<div class="said" dir="auto">{before}{said}{after}</div></div>'
            )
    if len(cuts) > MAX_ROWS:
        cells.append(f'<div class="side">{words["cut"]}</div><div class="side">{words["cut"]}</div>')
    head = f"{words['passage'].format(n=number, all=count)} · {words['equal'].format(letters=chain.size)}"
    return f'<section><h2>{head}</h2><div class="pair">{"".join(cells)}</div></section>'


def _cuts(chain: Chain) -> list[tuple[int, int]]:
    """Letters at which a row of the exhibit begins in both texts, so that long passages stay level."""
    cuts = [(chain.first, chain.owned_first)]
    for run in chain.runs:
        for skip in range(0, run.size, ROW):
            at = (run.at + skip, run.owned_at + skip)
            if at[0] - cuts[-1][0] >= ROW // 2 and chain.last - at[0] >= ROW // 2:
                cuts.append(at)
    return cuts


def _sames(copied: Copied, chain: Chain) -> tuple[Flags, Flags]:
    """For each letter of the passage, in both texts, whether it is the same in the other."""
    mine = np.zeros(chain.last - chain.first, dtype=bool)
    theirs = np.zeros(chain.owned_last - chain.owned_first, dtype=bool)
    for run in chain.runs:
        here: Codes = copied.text.codes[run.at : run.at + run.size]
        same = here == copied.owned_letters.codes[run.owned_at : run.owned_at + run.size]
        mine[run.at - chain.first : run.at - chain.first + run.size] |= same
        theirs[run.owned_at - chain.owned_first : run.owned_at - chain.owned_first + run.size] |= same
    return mine, theirs


def _stretches(text: str, same: Flags) -> Iterator[Stretch]:
    """The passage in pieces; signs between two equal letters belong to them."""
    kind = same.copy()
    for at in np.flatnonzero(~same):
        if not text[at].isalnum() and at and kind[at - 1]:
            kind[at] = True
    edges = [0, *(np.flatnonzero(kind[1:] != kind[:-1]) + 1).tolist(), len(text)]
    for first, last in pairwise(edges):
        if last > first:
            yield text[first:last], bool(kind[first])


def _near(text: str) -> str:
    return f'<span class="near">{_visible(text)}</span>'


def _marked(piece: Stretch) -> str:
    text, same = piece
    return f"<mark>{_visible(text)}</mark>" if same else _visible(text)


def _visible(text: str) -> str:
    """Escaped, with invisible characters and turners of direction shown by their code."""
    return "".join(
        f"<code>{ord(c):04X}</code>"
        if unicodedata.category(c) in ("Cf", "Cc", "Cs", "Co", "Cn") and c not in "\n\t"
        else escape(c)
        for c in text
    )


def _shown(copied: Copied) -> list[Chain]:
    longest = sorted(copied.chains, key=lambda chain: -chain.size)[:MAX_SHOWN]
    return sorted(longest, key=lambda chain: chain.first)


def _owned_span(copied: Copied, chain: Chain) -> tuple[int, int]:
    return copied.owned_letters.span(chain.owned_first, chain.owned_last)


def _short(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width // 2]} … {line[-width // 2 :]}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")
