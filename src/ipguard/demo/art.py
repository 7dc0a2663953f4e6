"""Artwork of invented works, drawn by code and given to everybody (CC0): the same seed, the same picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Random = np.random.Generator

SIZE = 640
"""Edge of a key visual, pixels."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one work."""

    sky: Colour
    ground: Colour
    body: Colour
    accent: Colour
    line: Colour


LANTERN = Palette((24, 30, 74), (58, 40, 92), (214, 86, 74), (255, 208, 92), (16, 14, 34))
COURIER = Palette((176, 214, 190), (74, 116, 78), (120, 82, 56), (236, 232, 180), (28, 40, 30))
FOX = Palette((12, 96, 122), (8, 56, 92), (238, 132, 52), (240, 244, 236), (6, 28, 44))
STRANGER = Palette((226, 222, 212), (156, 148, 138), (92, 104, 150), (196, 92, 110), (44, 42, 50))


def key_visual(name: str, *, size: int = SIZE) -> Image.Image:
    """The key visual of a work: `star-lantern`, `moss-courier` or `tide-fox`."""
    draw, palette, seed = _FIGURES[name]
    return _scene(draw, palette, seed).resize((size, size), Image.Resampling.LANCZOS)


def emblem(name: str, *, size: int = SIZE) -> Image.Image:
    """The emblem of a work: a badge with fewer details than the key visual."""
    _, palette, seed = _FIGURES[name]
    rng = np.random.default_rng(seed + 900)
    image = Image.new("RGB", (SIZE, SIZE), palette.accent)
    pen = ImageDraw.Draw(image)
    centre = SIZE / 2
    pen.polygon(_star(centre, centre, 300, 236, 12 + seed % 17, 0.0), fill=palette.line)
    pen.ellipse(_box(centre, centre, 222), fill=palette.body, outline=palette.accent, width=8)
    for _ in range(26):
        angle, radius = rng.uniform(0, math.tau), rng.uniform(40, 190)
        x, y = centre + radius * math.cos(angle), centre + radius * math.sin(angle)
        points = int(rng.integers(3, 7))
        shape = _star(x, y, rng.uniform(14, 44), rng.uniform(6, 20), points, rng.uniform(0, 3))
        pen.polygon(shape, fill=_shade(palette.accent, rng.uniform(0.5, 1.0)), outline=palette.line, width=3)
    pen.polygon(
        _star(centre, centre, 96, 40, 5 + seed % 4, -math.pi / 2),
        fill=palette.sky,
        outline=palette.line,
        width=6,
    )
    return image.resize((size, size), Image.Resampling.LANCZOS)


def stranger(seed: int, *, size: int = SIZE) -> Image.Image:
    """Unrelated artwork in the same manner: what must not be flagged."""
    figures: list[Callable[[ImageDraw.ImageDraw, Palette, Random], None]] = [_bird, _teapot, _tower]
    return _scene(figures[seed % len(figures)], STRANGER, 5000 + seed).resize(
        (size, size), Image.Resampling.LANCZOS
    )


def restyled(name: str, *, size: int = SIZE) -> Image.Image:
    """The same figure by another hand: a copy in law, and one that no picture matcher promises to see."""
    draw, palette, seed = _FIGURES[name]
    other = Palette(palette.accent, palette.sky, palette.line, palette.ground, palette.body)
    scene = _scene(draw, other, seed + 77).filter(ImageFilter.ModeFilter(21)).rotate(7, fillcolor=other.sky)
    return scene.resize((size, size), Image.Resampling.BICUBIC)


def _scene(
    figure: Callable[[ImageDraw.ImageDraw, Palette, Random], None], palette: Palette, seed: int
) -> Image.Image:
    rng = np.random.default_rng(seed)
    down = np.linspace(0.0, 1.0, SIZE)[:, None, None]
    sky = np.array(palette.sky) * (1 - down) + np.array(palette.ground) * down
    image = Image.fromarray(np.broadcast_to(sky, (SIZE, SIZE, 3)).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = rng.uniform(0, SIZE), rng.uniform(0, SIZE * 0.6)
        pen.polygon(
            _star(x, y, rng.uniform(3, 15), rng.uniform(1, 5), 4, rng.uniform(0, 1)), fill=palette.accent
        )
    _hills(pen, palette, rng)
    figure(pen, palette, rng)
    grain = rng.normal(0, 3, (SIZE, SIZE, 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def _hills(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    for layer in range(3):
        base = SIZE * (0.62 + 0.12 * layer)
        phase, pitch = rng.uniform(0, math.tau), rng.uniform(60, 120)
        ridge = [
            (x, base + 26 * math.sin(x / pitch + phase) + rng.uniform(-6, 6)) for x in range(0, SIZE + 16, 16)
        ]
        pen.polygon([(0, SIZE), *ridge, (SIZE, SIZE)], fill=_shade(palette.ground, 0.9 - 0.22 * layer))
        for x, y in ridge[1:-1:2]:
            height = rng.uniform(14, 44)
            pen.polygon(
                [(x - 7, y + 4), (x, y - height), (x + 7, y + 4)],
                fill=_shade(palette.line, 1.2 + 0.3 * layer),
            )


def _lantern(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    pen.line([(320, 20), (320, 120)], fill=palette.line, width=7)
    pen.polygon([(240, 140), (400, 140), (360, 100), (280, 100)], fill=palette.line)
    pen.rounded_rectangle((220, 140, 420, 400), 56, fill=palette.body, outline=palette.line, width=9)
    for rib in range(248, 420, 36):
        pen.arc((rib - 40, 140, rib + 40, 400), 250, 470, fill=_shade(palette.body, 0.7), width=5)
    pen.polygon(_star(320, 268, 88, 36, 5, -math.pi / 2), fill=palette.accent, outline=palette.line, width=6)
    _face(pen, palette, 320, 272, 40)
    pen.polygon([(262, 400), (378, 400), (352, 436), (288, 436)], fill=palette.line)
    for tassel in range(288, 365, 11):
        pen.line(
            [(tassel, 436), (tassel + rng.uniform(-12, 12), 520 + rng.uniform(-20, 30))],
            fill=palette.accent,
            width=5,
        )
    for _ in range(16):
        angle, radius = rng.uniform(0, math.tau), rng.uniform(170, 270)
        x, y = 320 + radius * math.cos(angle), 270 + radius * math.sin(angle)
        size = rng.uniform(10, 26)
        pen.polygon(
            _star(x, y, size, size * 0.4, 5, rng.uniform(0, 2)),
            fill=palette.accent,
            outline=palette.line,
            width=3,
        )


def _courier(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    pen.ellipse((210, 250, 430, 560), fill=palette.body, outline=palette.line, width=9)
    pen.ellipse((230, 110, 410, 300), fill=_shade(palette.body, 1.3), outline=palette.line, width=9)
    pen.polygon(
        [(216, 150), (424, 150), (390, 70), (330, 96), (262, 62)],
        fill=palette.ground,
        outline=palette.line,
        width=7,
    )
    _face(pen, palette, 320, 210, 62)
    pen.polygon(
        [(180, 340), (330, 330), (340, 470), (176, 462)], fill=palette.accent, outline=palette.line, width=8
    )
    pen.line([(180, 340), (262, 410), (330, 330)], fill=palette.line, width=7)
    pen.line([(410, 280), (190, 350)], fill=palette.line, width=10)
    for _ in range(46):
        x, y = rng.uniform(210, 430), rng.uniform(60, 130)
        pen.polygon(
            _star(x, y, rng.uniform(6, 15), rng.uniform(3, 6), 3, rng.uniform(0, 3)),
            fill=_shade(palette.ground, rng.uniform(0.7, 1.5)),
        )
    for i in range(9):
        x, y = rng.uniform(40, 600), rng.uniform(470, 620)
        pen.polygon(
            [(x, y), (x + 44, y - 8), (x + 48, y + 22), (x + 4, y + 28)],
            fill=palette.accent,
            outline=palette.line,
            width=3,
        )
        pen.line([(x, y), (x + 24, y + 12), (x + 44, y - 8)], fill=palette.line, width=3 + i % 2)


def _fox(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    for ring in range(6):
        level = 500 + ring * 22
        wave = [(x, level + 12 * math.sin(x / 23 + ring)) for x in range(0, SIZE + 8, 8)]
        pen.line(wave, fill=_shade(palette.accent, 0.95 - 0.1 * ring), width=6)
    tail = [(400, 470), (520, 430), (590, 300), (560, 170), (500, 260), (520, 340), (450, 400)]
    pen.polygon(tail, fill=palette.body, outline=palette.line, width=8)
    pen.polygon(
        [(560, 170), (590, 300), (540, 250), (500, 260)], fill=palette.accent, outline=palette.line, width=6
    )
    pen.polygon(
        [(210, 520), (230, 330), (410, 330), (440, 520)], fill=palette.body, outline=palette.line, width=9
    )
    pen.polygon(
        [(160, 80), (230, 170), (390, 170), (470, 84), (456, 250), (316, 380), (180, 250)],
        fill=palette.body,
        outline=palette.line,
        width=9,
    )
    pen.polygon(
        [(190, 250), (316, 380), (448, 250), (360, 290), (316, 250), (270, 290)],
        fill=palette.accent,
        outline=palette.line,
        width=5,
    )
    _face(pen, palette, 316, 232, 80)
    for _ in range(34):
        x, y = rng.uniform(230, 420), rng.uniform(400, 510)
        pen.polygon(
            [(x, y), (x + 11, y + 20), (x - 11, y + 20)],
            fill=_shade(palette.body, rng.uniform(0.6, 1.2)),
            outline=palette.line,
        )


def _bird(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    pen.ellipse((180, 200, 460, 500), fill=palette.body, outline=palette.line, width=7)
    pen.polygon([(440, 280), (560, 320), (440, 360)], fill=palette.accent, outline=palette.line, width=6)
    for _ in range(50):
        x, y = rng.uniform(200, 420), rng.uniform(260, 480)
        pen.arc((x, y, x + 44, y + 30), 0, 180, fill=palette.line, width=4)


def _teapot(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    pen.rounded_rectangle((170, 240, 450, 500), 90, fill=palette.accent, outline=palette.line, width=8)
    pen.polygon(
        [(440, 300), (580, 250), (570, 320), (446, 420)], fill=palette.accent, outline=palette.line, width=7
    )
    for _ in range(40):
        x, y = rng.uniform(190, 420), rng.uniform(260, 470)
        pen.rectangle(
            (x, y, x + rng.uniform(8, 34), y + rng.uniform(8, 26)),
            fill=_shade(palette.body, rng.uniform(0.6, 1.4)),
        )


def _tower(pen: ImageDraw.ImageDraw, palette: Palette, rng: Random) -> None:
    for left in range(120, 540, 90):
        top = rng.uniform(120, 330)
        pen.rectangle(
            (left, top, left + 74, 560),
            fill=_shade(palette.body, rng.uniform(0.6, 1.4)),
            outline=palette.line,
            width=6,
        )
        for y in range(int(top) + 16, 540, 34):
            if rng.random() < 0.7:
                pen.rectangle((left + 12, y, left + 32, y + 18), fill=palette.accent)


def _face(pen: ImageDraw.ImageDraw, palette: Palette, x: float, y: float, width: float) -> None:
    for side in (-1, 1):
        pen.ellipse(_box(x + side * width * 0.55, y, width * 0.2), fill=palette.line)
        pen.ellipse(_box(x + side * width * 0.55 + 3, y - 4, width * 0.07), fill=palette.accent)
    pen.arc(
        (x - width * 0.4, y + width * 0.1, x + width * 0.4, y + width * 0.6),
        20,
        160,
        fill=palette.line,
        width=5,
    )


def _star(
    x: float, y: float, outer: float, inner: float, points: int, turn: float
) -> list[tuple[float, float]]:
    step = math.pi / points
    return [
        (
            x + (outer, inner)[i % 2] * math.cos(turn + i * step),
            y + (outer, inner)[i % 2] * math.sin(turn + i * step),
        )
        for i in range(points * 2)
    ]


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return (x - radius, y - radius, x + radius, y + radius)


def _shade(colour: Colour, by: float) -> Colour:
    red, green, blue = (int(min(255, max(0, part * by))) for part in colour)
    return red, green, blue


_FIGURES: dict[str, tuple[Callable[[ImageDraw.ImageDraw, Palette, Random], None], Palette, int]] = {
    "star-lantern": (_lantern, LANTERN, 11),
    "moss-courier": (_courier, COURIER, 22),
    "tide-fox": (_fox, FOX, 33),
}
