"""Scripted attacks: from a reference picture to the copies that people put up for sale, with the truth about each.

The same generator state gives the same copy. The families follow what is measured in the field: edits of the whole
picture, parts of it, the picture among other things, and the picture printed on goods.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ipguard.matching.finding import Quad
from ipguard.matching.images import altering_goods as goods
from ipguard.matching.images import altering_layouts as layouts
from ipguard.matching.images.altering_scenes import Random, resized, to_pixels, words, write
from ipguard.matching.images.decode import Pixels

Matrix = NDArray[np.float64]
"""3 × 3: from pixels of the work to pixels of the altered picture."""

EDITS = ("jpeg", "resize", "blur", "colour", "watermark", "mirror", "turns")
PARTS = ("crop_light", "crop_hard", "rotation")
LAYOUTS = ("border_caption", "screenshot", "collage", "sticker_sheet", "combined")
GOODS = ("shirt", "mug", "acrylic", "phone_case", "poster")
FAMILIES = (*EDITS, *PARTS, *LAYOUTS, *GOODS)


@dataclass(frozen=True, slots=True)
class Altered:
    """A copy, and where the work lies in it."""

    pixels: Pixels
    """Height × width × 3, RGB, before the last compression."""
    region: Quad | None
    """Corners of the whole work in pixels of the copy, in the work's order top-left, top-right, bottom-right,
    bottom-left; outside the copy where it was cut off. On a bent surface: of its outline."""
    family: str
    mirrored: bool = False
    turned: int = 0
    """Quarter turns clockwise, in degrees."""
    quality: int = 85
    """JPEG quality that it is put up with."""

    def jpeg(self) -> bytes:
        """Its bytes, as a shop would serve them."""
        out = io.BytesIO()
        Image.fromarray(self.pixels).save(out, "JPEG", quality=self.quality)
        return out.getvalue()


def alter(
    work: Pixels,
    family: str,
    rng: Random,
    *,
    backgrounds: Sequence[Pixels] = (),
    others: Sequence[Pixels] = (),
) -> Altered:
    """One altered copy of `work` (RGB, at least 32 pixels each way).

    `backgrounds` are photos that goods stand in front of, `others` are pictures that stand beside the work in collages
    and on sticker sheets; both are drawn where none are given.

    Raises:
        KeyError: there is no such family.
    """
    work = bounded(work)
    quality = int(rng.integers(70, 91))
    if family in GOODS:
        made = goods.MAKERS[family](work, rng, backgrounds)
        return Altered(made.pixels, made.region, family, quality=quality)
    if family in layouts.MAKERS:
        made = layouts.MAKERS[family](work, rng, others)
        return Altered(made.pixels, made.region, family, quality=quality)
    if family == "jpeg":
        return Altered(work, _outline(work), family, quality=int(rng.integers(12, 45)))
    if family == "turns":
        quarter = int(rng.integers(1, 4))
        pixels, matrix = _turned(work, quarter)
        return Altered(pixels, _moved(work, matrix), family, turned=90 * quarter, quality=quality)
    edits = _several(rng) if family == "combined" else (_EDITS[family],)
    pixels, matrix = work, np.eye(3)
    for edit in edits:
        pixels, step = edit(pixels, rng)
        matrix = step @ matrix
    mirrored = bool(np.linalg.det(matrix[:2, :2]) < 0)
    return Altered(np.ascontiguousarray(pixels), _moved(work, matrix), family, mirrored, quality=quality)


def bounded(work: Pixels, longest: int = 1200) -> Pixels:
    """No longer than `longest` pixels on any side, as shops keep them."""
    height, width = work.shape[:2]
    factor = longest / max(height, width)
    return (
        work
        if factor >= 1
        else resized(work, (max(1, round(width * factor)), max(1, round(height * factor))))
    )


def _outline(work: Pixels) -> Quad:
    height, width = work.shape[:2]
    return (0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))


def _moved(work: Pixels, matrix: Matrix) -> Quad:
    corners = np.array([[*corner, 1.0] for corner in _outline(work)]) @ matrix.T
    a, b, c, d = ((float(x / w), float(y / w)) for x, y, w in corners)
    return a, b, c, d


def _scaling(x: float, y: float) -> Matrix:
    return np.diag((x, y, 1.0))


def _shifting(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


Edit = Callable[[Pixels, Random], tuple[Pixels, Matrix]]


def _resize(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    height, width = work.shape[:2]
    least = min(1.0, 160 / min(height, width))
    factor = float(np.clip(rng.uniform(0.25, 0.8), least, 1.0))
    stretch = float(np.exp(rng.normal(0, 0.04)))
    size = (max(32, round(width * factor * stretch)), max(32, round(height * factor)))
    return resized(work, size), _scaling(size[0] / width, size[1] / height)


def _blur(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    sigma = max(0.8, float(rng.uniform(0.002, 0.006)) * max(work.shape[:2]))
    return np.asarray(cv2.GaussianBlur(work, (0, 0), sigma), np.uint8), np.eye(3)


def _colour(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    hue, saturation, value = cv2.split(cv2.cvtColor(work, cv2.COLOR_RGB2HSV))
    hue = np.asarray((hue.astype(np.int16) + int(rng.integers(-25, 26))) % 180, np.uint8)
    saturation = to_pixels(
        saturation.astype(np.float32) * rng.uniform(0.0 if rng.random() < 0.2 else 0.5, 1.6)
    )
    curve = 255 * (np.arange(256) / 255) ** rng.uniform(0.6, 1.6) * rng.uniform(0.75, 1.1) + rng.uniform(
        -15, 25
    )
    toned = cv2.LUT(value, to_pixels(curve))
    merged = cv2.merge((hue, saturation, np.asarray(toned, np.uint8)))
    return np.asarray(cv2.cvtColor(merged, cv2.COLOR_HSV2RGB), np.uint8), np.eye(3)


def _watermark(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    height, width = work.shape[:2]
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    size = max(14, int(min(height, width) * rng.uniform(0.05, 0.14)))
    ink = (255, 255, 255) if rng.random() < 0.7 else (20, 20, 20)
    fill = (*ink, int(rng.integers(80, 190)))
    text = words(rng, 2)
    if rng.random() < 0.5:
        for row, y in enumerate(range(0, height, size * 3)):
            for x in range(-(row % 2) * size * 3, width, size * 8):
                write(pen, (x, y), text, size, fill)
        layer = layer.rotate(float(rng.uniform(-30, 30)))
    else:
        at = (width * rng.uniform(0.02, 0.3), height * rng.uniform(0.05, 0.85))
        write(pen, at, text, size * 2, fill)
    return np.asarray(
        Image.alpha_composite(Image.fromarray(work).convert("RGBA"), layer).convert("RGB")
    ), np.eye(3)


def _mirror(work: Pixels, _rng: Random) -> tuple[Pixels, Matrix]:
    return np.ascontiguousarray(work[:, ::-1]), _shifting(work.shape[1], 0) @ _scaling(-1, 1)


def _turned(work: Pixels, quarter: int) -> tuple[Pixels, Matrix]:
    """Turned clockwise by quarter turns."""
    matrix, pixels = np.eye(3), work
    for _ in range(quarter):
        step = np.array([[0.0, -1.0, pixels.shape[0]], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        matrix, pixels = step @ matrix, np.rot90(pixels, -1)
    return np.ascontiguousarray(pixels), matrix


def _crop(work: Pixels, rng: Random, lost: float) -> tuple[Pixels, Matrix]:
    """Cut away a share `lost` of the area, more on one side than on the other."""
    height, width = work.shape[:2]
    across = float((1 - lost) ** rng.uniform(0.25, 0.75))
    down = (1 - lost) / across
    kept = (max(32, round(width * across)), max(32, round(height * down)))
    x = int(rng.integers(0, max(1, width - kept[0] + 1)))
    y = int(rng.integers(0, max(1, height - kept[1] + 1)))
    return np.ascontiguousarray(work[y : y + kept[1], x : x + kept[0]]), _shifting(-x, -y)


def _crop_light(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    return _crop(work, rng, float(rng.uniform(0.08, 0.25)))


def _crop_hard(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    return _crop(work, rng, float(rng.uniform(0.4, 0.6)))


def _rotate(work: Pixels, rng: Random, most: float = 45.0) -> tuple[Pixels, Matrix]:
    height, width = work.shape[:2]
    degrees = float(rng.uniform(5, most) * rng.choice([-1, 1]))
    matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), (0, 0, 1)])
    if rng.random() < 0.5:
        cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
        size = (round(width * cosine + height * sine), round(width * sine + height * cosine))
        matrix = _shifting((size[0] - width) / 2, (size[1] - height) / 2) @ matrix
    else:
        size = (width, height)
    ground = (255, 255, 255) if rng.random() < 0.6 else (0, 0, 0)
    turned = cv2.warpAffine(
        work, matrix[:2], size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=ground
    )
    return np.asarray(turned, np.uint8), matrix


def _tilt(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    return _rotate(work, rng, 12.0)


def _caption(work: Pixels, rng: Random) -> tuple[Pixels, Matrix]:
    made = layouts.border_caption(work, rng, ())
    (x, y), (right, _), (_, bottom), _ = made.region
    height, width = work.shape[:2]
    return made.pixels, _shifting(x, y) @ _scaling((right - x) / width, (bottom - y) / height)


def _several(rng: Random) -> list[Edit]:
    """Two to four edits, as somebody makes who does not want to be found."""
    chosen = rng.choice(len(_DELIBERATE), int(rng.integers(2, 5)), replace=False)
    return [_DELIBERATE[n] for n in sorted(chosen)]


_EDITS: dict[str, Edit] = {
    "resize": _resize,
    "blur": _blur,
    "colour": _colour,
    "watermark": _watermark,
    "mirror": _mirror,
    "crop_light": _crop_light,
    "crop_hard": _crop_hard,
    "rotation": _rotate,
}
_DELIBERATE: tuple[Edit, ...] = (_crop_light, _mirror, _tilt, _colour, _watermark, _caption, _resize)
