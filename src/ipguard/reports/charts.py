"""The map of markets and the trend as SVG (1.1): drawn once, for the screen, the HTML file and the PDF.

Shapes carry classes and no colours; a page's own style sheet, or `PRINT_STYLE` inside the picture, paints them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from ipguard.reports.markets import COLUMNS, ROWS, TILES
from ipguard.reports.model import Map, Trend

SIDE, GAP = 34, 3
SHADES = 5
"""Shades of tiles that have something to tell; 0 is a market that was looked at and has nothing standing."""
LIGHT_INK_FROM = 3
"""Shade above which a tile's letters are white."""
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 900, 260, 44, 28, 12
PRINT_STYLE = """\
.land { fill: #eef0f3 } .tile { stroke: #8b93a1; stroke-width: .6 }
.shade-0 { fill: #ffffff } .shade-1 { fill: #dbe7e6 } .shade-2 { fill: #a9c9c6 } .shade-3 { fill: #6ba39e }
.shade-4 { fill: #35756f } .shade-5 { fill: #134a45 }
.code, .amount { font-size: 10px; text-anchor: middle; fill: #1b1f26 } .amount { font-size: 12px; font-weight: bold }
.light { fill: #ffffff } .middle { text-anchor: middle }
.grid { stroke: #d4d8e0; stroke-width: 1 } .axis { font-size: 12px; fill: #565e6c } .end { text-anchor: end }
.line { fill: none; stroke-width: 2.2 } .series-0 { stroke: #565e6c; stroke-dasharray: 2 3 }
.series-1 { stroke: #1b1f26 } .series-2 { stroke: #1f615c; stroke-dasharray: 8 4 }
"""
Link = Callable[[str], str]
"""ISO code → address of the list of a market."""


def map_svg(told: Map, *, link: Link | None = None, style: str = "", font: str = "") -> str:
    """The markets as tiles; with `link` each leads to its list."""
    known = {market.code: market for market in told.markets}
    highest = max((market.value for market in told.markets), default=0)
    out = []
    for code, (column, row) in TILES.items():
        x, y = column * (SIDE + GAP), row * (SIDE + GAP)
        market = known.get(code)
        if market is None:
            out.append(f'<rect class="land" x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" rx="4"/>')
            continue
        dark = shade(market.value, highest)
        ink = " light" if dark > LIGHT_INK_FROM else ""
        tile = (
            f"<g><title>{escape(market.name)}: {market.value:,}</title>"
            f'<rect class="tile shade-{dark}" x="{x}" y="{y}" width="{SIDE}" '
            f'height="{SIDE}" rx="4"/>'
            f'<text class="code{ink}" x="{x + SIDE / 2:g}" y="{y + 13}">{escape(code)}</text>'
            f'<text class="amount{ink}" x="{x + SIDE / 2:g}" y="{y + 28}">{market.value:,}</text></g>'
        )
        out.append(f'<a href="{escape(link(code))}">{tile}</a>' if link else tile)
    size = (COLUMNS * (SIDE + GAP) - GAP, ROWS * (SIDE + GAP) - GAP)
    return _svg(size, told.caption, "".join(out), style, font)


def trend_svg(told: Trend, *, style: str = "", font: str = "") -> str:
    """One line for each series; which is which is told by dashes and by a name at its side, not by colour alone."""
    top = _round_up(max((n for _, numbers in told.series for n in numbers), default=0))
    steps = max(len(told.starts) - 1, 1)
    out = []
    for part in (0, 0.5, 1):
        y = _y(top * part, top)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text class="axis end" x="{LEFT - 6}" y="{y + 4:.1f}">{top * part:,.0f}</text>')
    for n in sorted({0, len(told.starts) // 2, len(told.starts) - 1}) if told.starts else ():
        x = LEFT + (WIDTH - LEFT) * n / steps
        place = "axis" if n == 0 else "axis end" if n == len(told.starts) - 1 else "axis middle"
        out.append(f'<text class="{place}" x="{x:.1f}" y="{HEIGHT - 6}">{escape(told.starts[n])}</text>')
    for number, (_, numbers) in enumerate(told.series):
        places = [(LEFT + (WIDTH - LEFT) * n / steps, _y(value, top)) for n, value in enumerate(numbers)]
        if len(places) == 1:
            places.append((WIDTH, places[0][1]))
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline class="line series-{number}" points="{points}"/>')
    return _svg((WIDTH, HEIGHT), told.caption, "".join(out), style, font)


def shade(value: int, highest: int) -> int:
    """0 for nothing, else 1 to SHADES in equal steps."""
    if value <= 0 or highest <= 0:
        return 0
    return max(1, min(SHADES, -(-value * SHADES // highest)))


def key_svg(number: int) -> str:
    """A stretch of a series' line, for its name in the legend."""
    line = f'<line class="line series-{number}" x1="0" x2="28" y1="6" y2="6"/>'
    return f'<svg class="key" viewBox="0 0 28 12" width="28" height="12" aria-hidden="true">{line}</svg>'


def _svg(size: tuple[int, int], caption: str, inside: str, style: str, font: str) -> str:
    family = f' font-family="{escape(font)}"' if font else ""
    sheet = f"<style>{style}</style>" if style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" role="group" '
        f'aria-label="{escape(caption)}"{family}>{sheet}{inside}</svg>'
    )


def _y(value: float, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top


def _round_up(value: int) -> int:
    """The next 2, 4, 10, 20, 40, 100, …: a half of it is a whole number too."""
    ends: Sequence[int] = (2, 4, 10)
    power = 1
    while True:
        for end in ends:
            if end * power >= value:
                return end * power
        power *= 10
