"""The curve of a calibration as an SVG and as a table: what is found and what is flagged falsely, by threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ipguard.matching.finding import Reason
from ipguard.matching.images.calibration import Calibration, Threshold, wilson
from ipguard.matching.reasons import render

WIDTH, PANEL, GAP, LEFT, TOP = 760, 220, 58, 92, 92
FOUND, FALSE, BAND, RULE, INK = "#1f6f54", "#b3372b", "#b3372b", "#d5d9de", "#22262b"
FONT = "font-family=\"'Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif\""
FLOOR = 1e-4
"""Lowest rate the lower panel shows; its axis is logarithmic."""


def curve_svg(measured: Calibration, language: str = "en") -> str:
    """Two panels over one axis of thresholds: copies found, and false flags (logarithmic) with their interval."""
    steps = measured.thresholds
    first = min(0.5, *(step.score for step in steps)) if steps else 0.5

    def at(score: float) -> float:
        return LEFT + (WIDTH - LEFT - 30) * (score - first) / (1 - first)

    def share(value: float) -> float:
        return TOP + PANEL * (1 - value)

    def rate(value: float) -> float:
        low = math.log10(FLOOR)
        high = 0.0
        return TOP + PANEL + GAP + PANEL * (high - math.log10(max(value, FLOOR))) / (high - low)

    parts = [_text(LEFT, 30, _said("title", language), 17, weight=600)]
    if measured.chosen:
        parts.append(_text(LEFT, 52, advice(measured, language)[0], 12))
    for value in (0, 0.25, 0.5, 0.75, 1):
        parts += [_rule(share(value)), _text(LEFT - 8, share(value) + 4, f"{value:.0%}", 11, anchor="end")]
    for value in (1e-4, 1e-3, 1e-2, 1e-1, 1):
        parts += [_rule(rate(value)), _text(LEFT - 8, rate(value) + 4, f"{1000 * value:g}", 11, anchor="end")]
    below = TOP + 2 * PANEL + GAP
    for tick in range(math.ceil(first * 10), 11):
        parts.append(_text(at(tick / 10), below + 18, f"{tick / 10:.1f}", 11, anchor="middle"))
    parts.append(_text((LEFT + WIDTH) / 2, below + 40, _said("threshold", language), 12, anchor="middle"))
    parts.append(_text(LEFT, TOP - 8, _said("found", language), 12, FOUND))
    band = f"{_said('false_flags', language)} · {_said('band', language)}"
    parts.append(_text(LEFT, TOP + PANEL + GAP - 8, band, 12, FALSE))
    intervals = [
        (at(s.score), rate(s.false_flags.interval[0]), rate(s.false_flags.interval[1])) for s in steps
    ]
    parts.append(_band(intervals, at(first)))
    parts.append(_steps([(at(s.score), share(s.found.share)) for s in steps], at(first), FOUND))
    parts.append(_steps([(at(s.score), rate(s.false_flags.share)) for s in steps], at(first), FALSE))
    parts.append(_mark(rate(measured.goal), "goal"))
    if measured.chosen:
        x = at(measured.chosen.score)
        parts.append(f'<path d="M{x:.1f} {TOP}V{below}" stroke="{INK}" stroke-dasharray="5 4" fill="none"/>')
        parts.append(_text(x + 5, TOP + 14, f"{measured.chosen.score:.2f}", 12, weight=600))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {below + 60}" width="{WIDTH}" '
        f'height="{below + 60}" role="img" lang="{escape(language)}" {FONT}>'
        f"<title>{escape(_said('title', language))}</title>"
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def advice(measured: Calibration, language: str = "en") -> tuple[str, ...]:
    """Which threshold keeps to the goal, and how sure that is, in sentences."""
    chosen = measured.chosen
    if chosen is None:
        return (render(Reason("calibration.none", {"goal": f"{1000 * measured.goal:g}"}), language),)
    found, flags = chosen.found, chosen.false_flags
    values: dict[str, str | int | float] = {
        "score": f"{chosen.score:.2f}", "found": found.hits, "of": found.of,
        "flags": flags.hits, "distractors": flags.of,
    }  # fmt: skip
    most = f"{1000 * flags.interval[1]:.2g}"
    sure = Reason("calibration.proven", {"most": most})
    if not measured.proven:
        sure = Reason("calibration.unproven", {"most": most, "needed": clean_needed(measured.goal)})
    return render(Reason("calibration.chosen", values), language), render(sure, language)


def clean_needed(goal: float) -> int:
    """How many distractors without one flag prove a rate of `goal`, 95 %."""
    low, high = 1, 1
    while wilson(0, high)[1] > goal:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if wilson(0, middle)[1] <= goal else (middle + 1, high)
    return high


def shown_thresholds(measured: Calibration, rows: int = 12) -> tuple[Threshold, ...]:
    """At most about `rows` thresholds for a table, spread out, with the chosen one among them."""
    steps = measured.thresholds
    every = max(1, len(steps) // rows)
    return tuple(
        s for n, s in enumerate(steps) if n % every == 0 or s == measured.chosen or n == len(steps) - 1
    )


def _said(name: str, language: str) -> str:
    return render(Reason(f"calibration.{name}"), language)


def _text(
    x: float, y: float, text: str, size: int, fill: str = INK, *, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )


def _rule(y: float) -> str:
    return f'<path d="M{LEFT} {y:.1f}H{WIDTH - 30}" stroke="{RULE}" fill="none"/>'


def _mark(y: float, name: str) -> str:
    return f'<path class="{name}" d="M{LEFT} {y:.1f}H{WIDTH - 30}" stroke="{INK}" stroke-dasharray="2 3" fill="none"/>'


def _steps(points: Sequence[tuple[float, float]], start: float, colour: str) -> str:
    """A threshold keeps what scores at least as much: the line is level up to each point and jumps after it."""
    path: list[str] = []
    x_before = start
    for x, y in points:
        path.append(f"{'M' if not path else 'L'}{x_before:.1f} {y:.1f}L{x:.1f} {y:.1f}")
        x_before = x
    return f'<path d="{"".join(path)}" stroke="{colour}" stroke-width="2.4" fill="none"/>'


def _band(points: Sequence[tuple[float, float, float]], start: float) -> str:
    if not points:
        return ""
    points = [(start, *points[0][1:]), *points]
    upper = "L".join(f"{x:.1f} {high:.1f}" for x, _, high in points)
    lower = "L".join(f"{x:.1f} {low:.1f}" for x, low, _ in reversed(points))
    return f'<path class="band" d="M{upper}L{lower}Z" fill="{BAND}" fill-opacity="0.14"/>'
