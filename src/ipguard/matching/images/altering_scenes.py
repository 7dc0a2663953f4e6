"""What stands behind and around an altered copy: backgrounds, lettering, other people's pictures, and the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ipguard.matching.finding import Quad
from ipguard.matching.images.decode import Pixels

Random = np.random.Generator
Floats = NDArray[np.float32]
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Made:
    """A picture and where the work lies in it."""

    pixels: Pixels
    region: Quad


WORDS = tuple("new sale gift hot free cute official style print fan art 2026 shop set".split())  # noqa: SIM905


def size_of_photo(rng: Random) -> tuple[int, int]:
    """(width, height) of a listing photo, 600 to 1,200 pixels, most of them square."""
    edge = int(rng.integers(600, 1201))
    ratio = float(rng.choice([1.0, 1.0, 1.0, 0.8, 0.75, 1.33]))
    return (edge, max(600, round(edge * ratio))) if ratio >= 1 else (max(600, round(edge * ratio)), edge)


def backdrop(size: tuple[int, int], rng: Random, photos: Sequence[Pixels]) -> Pixels:
    """A background of `size` (width, height): part of a photo, mostly a little out of focus, or one drawn here."""
    if not photos or rng.random() < 0.3:
        return _drawn_backdrop(size, rng)
    photo = photos[int(rng.integers(len(photos)))]
    filled = cover(photo, size, rng)
    if rng.random() < 0.7:
        filled = np.asarray(cv2.GaussianBlur(filled, (0, 0), float(rng.uniform(1.0, 5.0))), np.uint8)
    return filled


def cover(picture: Pixels, size: tuple[int, int], rng: Random) -> Pixels:
    """A part of `picture` that fills `size` (width, height)."""
    height, width = picture.shape[:2]
    factor = max(size[0] / width, size[1] / height)
    part_width, part_height = min(width, round(size[0] / factor)), min(height, round(size[1] / factor))
    x = int(rng.integers(0, width - part_width + 1))
    y = int(rng.integers(0, height - part_height + 1))
    return resized(picture[y : y + part_height, x : x + part_width], size)


def resized(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """Resized to (width, height) without aliasing."""
    shrinks = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=way), np.uint8)


def smooth_noise(size: tuple[int, int], cell: float, rng: Random) -> Floats:
    """Noise of mean 0 and deviation about 1 whose hills are `cell` pixels wide."""
    width, height = size
    small = (max(3, round(height / cell) + 2), max(3, round(width / cell) + 2))
    coarse = rng.standard_normal(small, np.float32)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float32)


def grain(size: tuple[int, int], rng: Random) -> Floats:
    """Pixel noise of deviation 1; one tile repeated, which no feature can tell."""
    tile = rng.standard_normal((193, 211), np.float32)
    across, down = -(-size[0] // 211), -(-size[1] // 193)
    return np.asarray(np.tile(tile, (down, across))[: size[1], : size[0]], np.float32)


def plain_colour(rng: Random, *, light: tuple[float, float] = (60, 245), colourful: float = 0.35) -> Colour:
    """A colour of the given lightness (grey levels)."""
    base = rng.uniform(*light)
    tint = rng.uniform(-1, 1, 3) * colourful * 90
    red, green, blue = np.clip(base + tint - tint.mean(), 0, 255)
    return float(red), float(green), float(blue)


def _drawn_backdrop(size: tuple[int, int], rng: Random) -> Pixels:
    kind = rng.choice(["studio", "wood", "cloth", "wall"])
    width, height = size
    base = np.array(plain_colour(rng, light=(120, 240), colourful=0.25), np.float32)
    if kind == "studio":
        fall = np.linspace(1.05, rng.uniform(0.75, 0.95), height, dtype=np.float32)[:, None]
        light = np.broadcast_to(fall, (height, width)) + 0.015 * smooth_noise(size, width / 3, rng)
    elif kind == "wood":
        base = np.array((150, 112, 78), np.float32) * np.float32(rng.uniform(0.6, 1.35))
        rows = np.linspace(0, float(rng.uniform(14, 30)), height, dtype=np.float32)[:, None]
        rings = np.sin(rows * 6.0 + 1.6 * smooth_noise(size, width / 2.2, rng))
        fibre = cv2.resize(
            rng.standard_normal((height, 12), np.float32), size, interpolation=cv2.INTER_LINEAR
        )
        light = 1 + 0.07 * rings + 0.05 * fibre
        light = light * np.where((rows * 0.28) % 1 < 0.015, 0.6, 1.0)
    elif kind == "cloth":
        weave = (
            np.sin(np.arange(width, dtype=np.float32) * 2.1)[None, :]
            * np.sin(np.arange(height, dtype=np.float32) * 2.1)[:, None]
        )
        light = 1 + 0.03 * weave + 0.06 * smooth_noise(size, width / 5, rng)
    else:
        light = 1 + 0.02 * grain(size, rng) + 0.05 * smooth_noise(size, width / 1.5, rng)
        floor = int(height * rng.uniform(0.72, 0.9))
        light[floor:] *= 0.72
    return to_pixels(base[None, None, :] * light[:, :, None])


def to_pixels(values: NDArray[np.floating]) -> Pixels:
    """Clipped to 0..255."""
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def photographed(scene: Pixels, rng: Random) -> Pixels:
    """As a phone takes it: white balance, light that falls off, a little blur, sensor noise."""
    height, width = scene.shape[:2]
    balance = np.exp(rng.normal(0, 0.045, 3)).astype(np.float32) * np.float32(rng.uniform(0.85, 1.1))
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = (
        1
        + rng.uniform(-0.14, 0.14) * x
        + rng.uniform(-0.14, 0.14) * y
        - rng.uniform(0, 0.1) * (x * x + y * y)
    )
    sigma = float(rng.uniform(0.3, 1.1))
    soft = cv2.GaussianBlur(scene, (0, 0), sigma) if sigma > 0.45 else scene
    noise = grain((width, height), rng) * np.float32(rng.uniform(1.5, 5.0))
    lit = np.asarray(soft, np.float32) * balance[None, None, :]
    lit *= np.asarray(light, np.float32)[:, :, None]
    lit += noise[:, :, None]
    return to_pixels(lit)


def stranger(rng: Random, edge: int = 320) -> Pixels:
    """A picture by nobody, for the places beside the work when no other pictures were given."""
    image = Image.fromarray(_drawn_backdrop((edge, edge), rng))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(14, 40))):
        x, y, radius = rng.uniform(0, edge), rng.uniform(0, edge), edge * float(rng.beta(1.2, 6))
        fill = _whole(plain_colour(rng, light=(30, 230), colourful=1.0))
        turns = np.sort(rng.uniform(0, 6.283, int(rng.integers(3, 8))))
        if rng.random() < 0.35:
            pen.ellipse(
                (x - radius, y - radius * 0.8, x + radius, y + radius * 0.8), fill=fill, outline=(20, 20, 30)
            )
        else:
            pen.polygon([(x + radius * np.cos(a), y + radius * np.sin(a)) for a in turns], fill=fill)
    return np.asarray(image, np.uint8)


def other_picture(rng: Random, others: Sequence[Pixels]) -> Pixels:
    """One of `others`, or one drawn here."""
    return others[int(rng.integers(len(others)))] if others else stranger(rng)


def words(rng: Random, count: int) -> str:
    """Shop words."""
    return " ".join(rng.choice(WORDS, count))


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def write(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    size: int,
    fill: tuple[int, ...],
) -> None:
    """Write with Pillow's own font, `size` pixels high."""
    pen.text(at, text, font=_font(size), fill=fill)


def _whole(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in colour)
    return red, green, blue
