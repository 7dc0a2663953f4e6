"""The work among other things: with a border and a caption, in a screenshot, in a collage, on a sheet of stickers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ipguard.matching.finding import Quad
from ipguard.matching.images.altering_scenes import (
    Made,
    Random,
    backdrop,
    cover,
    other_picture,
    photographed,
    plain_colour,
    resized,
    words,
    write,
)
from ipguard.matching.images.decode import Pixels

INK, QUIET, PALE = (30, 32, 38), (130, 134, 142), (226, 228, 232)


def border_caption(work: Pixels, rng: Random, _others: Sequence[Pixels]) -> Made:
    """A border all round and, mostly, a line of text above or below."""
    height, width = work.shape[:2]
    edge = round(min(height, width) * rng.uniform(0.02, 0.12))
    band = round(height * rng.uniform(0.1, 0.25)) if rng.random() < 0.85 else 0
    above = band if rng.random() < 0.4 else 0
    size = (width + 2 * edge, height + 2 * edge + band)
    dark = rng.random() < 0.35
    ground = plain_colour(rng, light=(5, 60) if dark else (200, 255))
    image = Image.new("RGB", size, tuple(int(part) for part in ground))
    image.paste(Image.fromarray(work), (edge, edge + above))
    if band:
        top = 0 if above else size[1] - band
        letters = max(12, round(band * rng.uniform(0.3, 0.5)))
        pen = ImageDraw.Draw(image)
        ink = (245, 245, 245) if dark else INK
        write(pen, (edge + width * rng.uniform(0, 0.2), top + band * 0.1), words(rng, 4), letters, ink)
        write(pen, (edge + width * 0.05, top + band * 0.62), words(rng, 6), max(10, letters // 2), QUIET)
    return Made(np.asarray(image, np.uint8), _box(edge, edge + above, width, height))


def screenshot(work: Pixels, rng: Random, others: Sequence[Pixels]) -> Made:
    """A phone's shop app or a browser window around the picture."""
    return _phone(work, rng, others) if rng.random() < 0.55 else _browser(work, rng, others)


def _phone(work: Pixels, rng: Random, others: Sequence[Pixels]) -> Made:
    width = int(rng.integers(560, 760))
    height = round(width * rng.uniform(1.6, 1.9))
    unit = width / 40
    image = Image.new("RGB", (width, height), (250, 250, 251))
    pen = ImageDraw.Draw(image)
    write(pen, (unit, unit * 0.4), f"{rng.integers(1, 23)}:{rng.integers(10, 59)}", round(unit * 1.2), INK)
    pen.rounded_rectangle((width - 4 * unit, unit * 0.6, width - unit, unit * 1.7), unit * 0.3, fill=INK)
    write(pen, (unit, unit * 2.4), "<", round(unit * 2), INK)
    write(pen, (4 * unit, unit * 2.6), words(rng, 3), round(unit * 1.6), INK)
    at, size = _fitted(work, (width, round(height * rng.uniform(0.45, 0.62))), rng)
    top = round(unit * 5.4)
    image.paste(Image.fromarray(resized(work, size)), (at, top))
    y = top + size[1] + unit
    write(pen, (unit, y), f"$ {rng.integers(4, 60)}.{rng.integers(10, 99)}", round(unit * 2.2), (214, 60, 40))
    for line in range(3):
        write(
            pen,
            (unit, y + unit * (3 + 1.9 * line)),
            words(rng, 5),
            round(unit * 1.3),
            (INK, QUIET, QUIET)[line],
        )
    y += unit * 9.5
    for n in range(4):
        thumb = resized(other_picture(rng, others), (round(unit * 8), round(unit * 8)))
        image.paste(Image.fromarray(thumb), (round(unit * (1 + 9.6 * n)), round(y)))
    pen.rectangle((0, height - 4.4 * unit, width, height), fill=(255, 255, 255))
    button = (width * 0.4, height - 3.8 * unit, width - unit, height - unit * 0.8)
    pen.rounded_rectangle(button, unit * 1.4, fill=(232, 84, 50))
    write(pen, (width * 0.6, height - 3 * unit), "Buy now", round(unit * 1.5), (255, 255, 255))
    return Made(np.asarray(image, np.uint8), _box(at, top, *size))


def _browser(work: Pixels, rng: Random, others: Sequence[Pixels]) -> Made:
    width = int(rng.integers(900, 1200))
    height = round(width * rng.uniform(0.62, 0.8))
    unit = width / 60
    image = Image.new("RGB", (width, height), (255, 255, 255))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, width, 4.6 * unit), fill=PALE)
    pen.rounded_rectangle((unit, unit * 0.4, 15 * unit, 2.6 * unit), unit * 0.4, fill=(255, 255, 255))
    write(pen, (1.6 * unit, unit * 0.7), words(rng, 3), round(unit), INK)
    pen.rounded_rectangle(
        (5 * unit, 2.5 * unit, width - 5 * unit, 4.2 * unit), unit * 0.8, fill=(255, 255, 255)
    )
    write(
        pen,
        (6 * unit, 2.7 * unit),
        "shop.example/item/" + str(rng.integers(10_000, 99_999)),
        round(unit),
        QUIET,
    )
    room = (round(width * rng.uniform(0.42, 0.55)), round(height - 8 * unit))
    _, size = _fitted(work, room, rng)
    left, top = round(unit * rng.uniform(1.5, 8)), round(6 * unit)
    image.paste(Image.fromarray(resized(work, size)), (left, top))
    x = left + size[0] + 2 * unit
    write(pen, (x, top), words(rng, 3).title(), round(unit * 1.7), INK)
    write(pen, (x, top + 3 * unit), f"$ {rng.integers(4, 60)}.00", round(unit * 1.8), (180, 40, 40))
    for line in range(6):
        write(pen, (x, top + (6.5 + 1.8 * line) * unit), words(rng, 5), round(unit * 1.05), QUIET)
    pen.rounded_rectangle(
        (x, top + 18 * unit, x + 10 * unit, top + 20.6 * unit), unit * 0.5, fill=(30, 110, 230)
    )
    write(pen, (x + 2 * unit, top + 18.6 * unit), "Add to cart", round(unit * 1.1), (255, 255, 255))
    for n in range(3):
        thumb = resized(other_picture(rng, others), (round(unit * 5), round(unit * 5)))
        image.paste(Image.fromarray(thumb), (round(x + n * 5.6 * unit), round(top + 22.5 * unit)))
    return Made(np.asarray(image, np.uint8), _box(left, top, *size))


def collage(work: Pixels, rng: Random, others: Sequence[Pixels]) -> Made:
    """A grid of pictures; one is the work, cut to its cell."""
    columns, rows = (int(n) for n in [(2, 2), (3, 2), (2, 3), (3, 3)][int(rng.integers(4))])
    width = int(rng.integers(760, 1200))
    gap = round(width * rng.uniform(0, 0.02))
    cell = (width - gap * (columns + 1)) // columns
    tall = round(cell * rng.uniform(0.85, 1.2))
    ground = tuple(int(part) for part in plain_colour(rng, light=(220, 255), colourful=0.1))
    image = Image.new("RGB", (width, gap + rows * (tall + gap)), ground)
    place = int(rng.integers(columns * rows))
    region = _box(0, 0, 1, 1)
    for n in range(columns * rows):
        x, y = gap + (n % columns) * (cell + gap), gap + (n // columns) * (tall + gap)
        if n == place:
            part, region = _cut_to(work, (cell, tall), rng, (x, y))
        else:
            part = cover(other_picture(rng, others), (cell, tall), rng)
        image.paste(Image.fromarray(part), (x, y))
    return Made(np.asarray(image, np.uint8), region)


def _cut_to(work: Pixels, cell: tuple[int, int], rng: Random, at: tuple[int, int]) -> tuple[Pixels, Quad]:
    height, width = work.shape[:2]
    factor = max(cell[0] / width, cell[1] / height)
    size = (max(cell[0], round(width * factor)), max(cell[1], round(height * factor)))
    x, y = (int(rng.integers(0, a - b + 1)) for a, b in zip(size, cell, strict=True))
    part = resized(work, size)[y : y + cell[1], x : x + cell[0]]
    return np.ascontiguousarray(part), _box(at[0] - x, at[1] - y, *size)


def sticker_sheet(work: Pixels, rng: Random, others: Sequence[Pixels]) -> Made:
    """Twelve to twenty small stickers with white rims, each turned a little; one is the work."""
    columns, rows = [(3, 4), (4, 4), (4, 3), (4, 5), (3, 3)][int(rng.integers(5))]
    width = int(rng.integers(800, 1200))
    pitch = width / columns
    size = (width, round(pitch * rows))
    sheet = Image.fromarray(backdrop(size, rng, ()))
    place = int(rng.integers(columns * rows))
    region = _box(0, 0, 1, 1)
    for n in range(columns * rows):
        shown = work if n == place else other_picture(rng, others)
        middle = (pitch * (n % columns + 0.5), pitch * (n // columns + 0.5))
        quad = _stuck(sheet, shown, middle, pitch * float(rng.uniform(0.68, 0.86)), rng)
        region = quad if n == place else region
    return Made(photographed(np.asarray(sheet, np.uint8), rng), region)


def _stuck(sheet: Image.Image, shown: Pixels, middle: tuple[float, float], room: float, rng: Random) -> Quad:
    """Paste one sticker, turned; returns its corners."""
    height, width = shown.shape[:2]
    rim = room * 0.035
    degrees = float(np.clip(rng.normal(0, 9), -25, 25))
    factor = (room - 2 * rim) / max(height, width)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    sticker = Image.new("RGBA", (round(size[0] + 2 * rim), round(size[1] + 2 * rim)), (0, 0, 0, 0))
    pen = ImageDraw.Draw(sticker)
    pen.rounded_rectangle((0, 0, sticker.width - 1, sticker.height - 1), rim * 2, fill=(252, 252, 252, 255))
    face = Image.fromarray(resized(shown, size))
    inside = Image.new("L", face.size, 0)
    ImageDraw.Draw(inside).rounded_rectangle((0, 0, face.width - 1, face.height - 1), rim * 1.4, fill=255)
    sticker.paste(face, (round(rim), round(rim)), inside)
    turned = sticker.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    at = (round(middle[0] - turned.width / 2), round(middle[1] - turned.height / 2))
    shadow = turned.getchannel("A").point(lambda a: a * 0.35).filter(ImageFilter.GaussianBlur(3))
    sheet.paste((40, 40, 44), (at[0] + 3, at[1] + 4), shadow)
    sheet.paste(turned, at, turned)
    matrix = cv2.getRotationMatrix2D((0, 0), degrees, 1.0)[:, :2]
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * np.array(size) / 2 @ matrix.T + np.array(
        middle
    )
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d


def _fitted(work: Pixels, room: tuple[int, int], rng: Random) -> tuple[int, tuple[int, int]]:
    """(left edge, size) of the work shown whole within `room`."""
    height, width = work.shape[:2]
    factor = min(room[0] / width, room[1] / height) * float(rng.uniform(0.9, 1.0))
    size = (max(16, round(width * factor)), max(16, round(height * factor)))
    return (room[0] - size[0]) // 2, size


def _box(x: float, y: float, width: float, height: float) -> Quad:
    left, top, right, bottom = float(x), float(y), float(x + width), float(y + height)
    return (left, top), (right, top), (right, bottom), (left, bottom)


MAKERS: dict[str, Callable[[Pixels, Random, Sequence[Pixels]], Made]] = {
    "border_caption": border_caption,
    "screenshot": screenshot,
    "collage": collage,
    "sticker_sheet": sticker_sheet,
}
