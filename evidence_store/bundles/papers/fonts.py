"""Fonts that can really print a text: every character is looked up before it is set, and none becomes a silent box."""

from __future__ import annotations

import functools
import itertools
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evidence_store.errors import EvidenceError

FONTS_VARIABLE = "IPGUARD_FONTS"
"""A folder with more fonts."""
PREFERRED = {
    "ja": ("Noto Sans CJK JP", "Source Han Sans JP", "Noto Sans JP"),
    "zh": ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC"),
    "en": ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC"),
}
BUILT_IN = "Libertinus Serif"
"""Travels with typst; covers Latin, so that a report without CJK needs nothing else."""
BUILT_IN_COVERS = frozenset(
    [*range(0x20, 0x7F), *range(0xA0, 0x180), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026]
)
CJK = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))
MAX_FAMILIES = 40
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""General categories that print nothing, or turn text round: shown as code points."""


class PdfUnavailable(EvidenceError):
    """No PDF can be set on this machine; a bundle is whole without it, and says so."""


@dataclass(slots=True)
class Typeface:
    """Families to set text in, and what they cover; counts what it had to spell out."""

    families: tuple[str, ...]
    covers: frozenset[int]
    spelled_out: int = 0
    lacks_cjk: set[str] = field(default_factory=set)

    def visible(self, text: str) -> str:
        """The text with everything that could not be seen spelled out as <U+XXXX>."""
        return "".join(part if seen else f"<U+{ord(part):04X}>" for part, seen in self.parts(text))

    def parts(self, text: str) -> Iterator[tuple[str, bool]]:
        """The text in its order: stretches that can be printed (True) and single characters that cannot (False)."""
        for seen, stretch in itertools.groupby(text, self._can_be_seen):
            if seen:
                yield "".join(stretch), True
                continue
            for character in stretch:
                if any(low <= ord(character) <= high for low, high in CJK):
                    self.lacks_cjk.add(character)
                self.spelled_out += 1
                yield character, False

    def _can_be_seen(self, character: str) -> bool:
        drawn = ord(character) in self.covers and unicodedata.category(character) not in HIDDEN
        return character == "\n" or drawn

    def refuse_without_cjk(self) -> None:
        """Raise PdfUnavailable where Chinese, Japanese or Korean text has no font at all."""
        if self.lacks_cjk and ord("的") not in self.covers:
            raise PdfUnavailable(
                f"There is no font for “{''.join(sorted(self.lacks_cjk))[:12]}”: the report would show boxes",
                hint=f"Install fonts-noto-cjk (Debian), or name a folder with fonts in {FONTS_VARIABLE}.",
            )


def typeface(language: str) -> Typeface:
    """The fonts of this machine for a language, best first."""
    known = _families(os.environ.get(FONTS_VARIABLE, ""))
    wanted = [name for name in PREFERRED[language] if name in known]
    others = sorted(name for name in known if name not in wanted)
    chosen = [*wanted[:1], *others][:MAX_FAMILIES]
    covers = frozenset().union(BUILT_IN_COVERS, *(_coverage(*known[name]) for name in chosen))
    return Typeface((*chosen, BUILT_IN), covers)


def font_paths() -> list[str]:
    """Folders beside the system's."""
    folder = os.environ.get(FONTS_VARIABLE, "")
    return [folder] if folder else []


@functools.lru_cache(maxsize=4)
def _families(folder: str) -> dict[str, tuple[str, int]]:
    """Family → (file, index) of its regular face, as typst sees them."""
    import typst

    found: dict[str, tuple[str, int]] = {}
    fonts: Iterable[typst.FontInfo] = typst.Fonts(font_paths=[folder] if folder else []).fonts()
    for font in fonts:
        if font.path and font.style == "normal" and (font.family not in found or font.weight == 400):
            found[font.family] = (font.path, font.index)
    return found


@functools.lru_cache(maxsize=64)
def _coverage(path: str, index: int) -> frozenset[int]:
    """Code points that a font has a glyph for; none where it does not read."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(Path(path), fontNumber=index, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError, KeyError, ValueError):
        return frozenset()
