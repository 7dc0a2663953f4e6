"""Product photographs, made from artwork by code: printed, bent, shaded, cropped, turned round."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.uint8]
Corners = Sequence[tuple[float, float]]

EDGE = 800
"""Edge of a product photograph, pixels."""


def shirt(art: Image.Image, seed: int, cloth: tuple[int, int, int] = (236, 234, 228)) -> Image.Image:
    """A shirt on a wooden floor with the artwork on its chest, wrinkled and lit from one side."""
    rng = np.random.default_rng(seed)
    photo = _wood(rng)
    pen = ImageDraw.Draw(photo)
    outline = [(250, 120), (330, 150), (470, 150), (550, 120), (730, 240), (670, 370), (590, 330)]
    outline += [(600, 740), (200, 740), (210, 330), (130, 370), (70, 240)]
    pen.polygon(outline, fill=cloth, outline=tuple(int(part * 0.8) for part in cloth))
    pen.arc((320, 100, 480, 200), 10, 170, fill=(150, 146, 140), width=6)
    jitter = rng.uniform(-14, 14, (4, 2))
    corners = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(_square(265, 270, 270), jitter, strict=True)]
    placed = _place(photo, _wrinkled(art, rng), corners)
    return _lit(placed, rng, strength=0.22)


def mug(art: Image.Image, seed: int) -> Image.Image:
    """A mug with the artwork bent round it."""
    rng = np.random.default_rng(seed)
    photo = _plain(rng, (208, 214, 218))
    pen = ImageDraw.Draw(photo)
    pen.ellipse((530, 300, 720, 560), outline=(240, 240, 236), width=34)
    pen.rectangle((180, 190, 580, 650), fill=(246, 246, 242))
    pen.ellipse((180, 600, 580, 700), fill=(240, 240, 236))
    pen.ellipse((180, 140, 580, 240), fill=(226, 226, 222), outline=(250, 250, 248), width=8)
    bent = _round(np.asarray(art.convert("RGB").resize((420, 420))), curve=46)
    canvas = Image.fromarray(bent).convert("RGB")
    mask = Image.fromarray((bent.sum(axis=2) > 0).astype(np.uint8) * 255)
    photo.paste(canvas, (215, 255), mask)
    return _lit(photo, rng, strength=0.3)


def poster(art: Image.Image, seed: int) -> Image.Image:
    """A framed print on a wall, seen from the side."""
    rng = np.random.default_rng(seed)
    photo = _plain(rng, (232, 222, 206))
    pen = ImageDraw.Draw(photo)
    pen.rectangle((0, 650, EDGE, EDGE), fill=(146, 112, 84))
    corners = [(240, 130), (610, 190), (600, 560), (236, 610)]
    pen.polygon(
        [
            (x + dx, y + dy)
            for (x, y), (dx, dy) in zip(corners, ((-16, -16), (16, -14), (16, 14), (-16, 16)), strict=True)
        ],
        fill=(52, 44, 40),
    )
    return _lit(_place(photo, art, corners), rng, strength=0.15)


def phone_case(art: Image.Image, seed: int) -> Image.Image:
    """A phone case; the camera hides a corner of the artwork."""
    rng = np.random.default_rng(seed)
    photo = _plain(rng, (240, 206, 214))
    pen = ImageDraw.Draw(photo)
    pen.rounded_rectangle((236, 70, 564, 730), 52, fill=(30, 30, 34))
    printed = art.resize((640, 640)).crop((160, 0, 480, 640)).resize((316, 640))
    mask = Image.new("L", printed.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 315, 639), 46, fill=255)
    photo.paste(printed, (242, 80), mask)
    pen.rounded_rectangle((262, 96, 372, 226), 28, fill=(18, 18, 20))
    for x, y in ((292, 130), (342, 130), (292, 190)):
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill=(44, 48, 58), outline=(90, 94, 100), width=4)
    return _lit(photo, rng, strength=0.2)


def sticker_sheet(arts: Sequence[Image.Image], seed: int) -> Image.Image:
    """Nine stickers on white, each turned a little."""
    rng = np.random.default_rng(seed)
    photo = Image.new("RGB", (EDGE, EDGE), (250, 250, 250))
    for i in range(9):
        turned = (
            arts[i % len(arts)]
            .resize((210, 210))
            .rotate(float(rng.uniform(-22, 22)), expand=True, fillcolor=(250, 250, 250))
        )
        photo.paste(turned, (30 + (i % 3) * 252, 30 + (i // 3) * 252))
    return photo


def tiny_keyring(art: Image.Image, seed: int) -> Image.Image:
    """A keyring far away: the artwork covers about a hundredth of the picture, and is out of focus."""
    rng = np.random.default_rng(seed)
    photo = _wood(rng)
    small = (
        art.resize((76, 76))
        .filter(ImageFilter.GaussianBlur(1.6))
        .rotate(24, expand=True, fillcolor=(120, 92, 66))
    )
    photo.paste(small, (360, 420))
    ImageDraw.Draw(photo).ellipse((372, 344, 432, 424), outline=(180, 180, 184), width=7)
    return _lit(photo, rng, strength=0.3)


def repost(art: Image.Image, _seed: int) -> Image.Image:
    """The artwork itself, saved again small and with a line of text under it."""
    photo = Image.new("RGB", (520, 600), (255, 255, 255))
    photo.paste(art.resize((520, 520)), (0, 0))
    ImageDraw.Draw(photo).rectangle((40, 546, 480, 572), fill=(20, 20, 20))
    return photo


def mirrored(art: Image.Image, _seed: int) -> Image.Image:
    """The artwork turned round left to right."""
    return art.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((560, 560))


def cropped(art: Image.Image, _seed: int) -> Image.Image:
    """The middle of the artwork, enlarged."""
    edge = art.width
    return art.crop((int(edge * 0.2), int(edge * 0.12), int(edge * 0.8), int(edge * 0.72))).resize((640, 640))


def jpeg(image: Image.Image, quality: int = 82) -> bytes:
    """JPEG bytes, as a shop would serve them."""
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def png(image: Image.Image) -> bytes:
    """PNG bytes."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


Photograph = Callable[[Image.Image, int], Image.Image]


def _square(x: float, y: float, edge: float) -> Corners:
    return ((x, y), (x + edge, y), (x + edge, y + edge), (x, y + edge))


def _place(photo: Image.Image, art: Image.Image, corners: Corners) -> Image.Image:
    source = np.asarray(art.convert("RGB"))
    height, width = source.shape[:2]
    start = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(start, np.array(corners, np.float32))
    size = photo.size
    warped = cv2.warpPerspective(source, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size)
    return Image.composite(Image.fromarray(warped), photo, Image.fromarray(mask))


def _wrinkled(art: Image.Image, rng: np.random.Generator) -> Image.Image:
    source = np.asarray(art.convert("RGB"))
    rows, columns = np.mgrid[0 : source.shape[0], 0 : source.shape[1]].astype(np.float32)
    phase = float(rng.uniform(0, 6))
    shift_x = 5.0 * np.sin(rows / 47.0 + phase) + 3.0 * np.sin((rows + columns) / 31.0)
    shift_y = 5.0 * np.sin(columns / 53.0 + phase)
    bent = cv2.remap(
        source, columns + shift_x, rows + shift_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return Image.fromarray(bent.astype(np.uint8))


def _round(source: Pixels, curve: float) -> Pixels:
    height, width = source.shape[:2]
    out_width = int(width * 0.78)
    rows, columns = np.mgrid[0 : height + int(curve), 0:out_width].astype(np.float32)
    across = 2 * columns / out_width - 1
    from_x = (np.arcsin(across * 0.98) / np.pi * 2 + 1) / 2 * (width - 1)
    from_y = rows - curve * np.sqrt(1 - (across * 0.98) ** 2)
    return cv2.remap(source, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR).astype(
        np.uint8
    )


def _wood(rng: np.random.Generator) -> Image.Image:
    rows = np.linspace(0, 60, EDGE)[:, None] + np.linspace(0, 2, EDGE)[None, :]
    grain = np.sin(rows * 2.1 + 0.8 * np.sin(rows * 0.7)) * 9 + rng.normal(0, 5, (EDGE, EDGE))
    base = np.array((138, 104, 74))[None, None, :] + grain[:, :, None]
    return Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))


def _plain(rng: np.random.Generator, colour: tuple[int, int, int]) -> Image.Image:
    light = np.linspace(1.06, 0.9, EDGE)[:, None, None]
    base = np.array(colour)[None, None, :] * light + rng.normal(0, 2, (EDGE, EDGE, 1))
    return Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))


def _lit(photo: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    across = np.linspace(1 - strength, 1 + strength * 0.6, photo.width)[None, :, None]
    shaded = np.asarray(photo) * across + rng.normal(0, 3, (photo.height, photo.width, 1))
    return Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8))
