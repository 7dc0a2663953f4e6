"""Pictures of an exhibit made safe to print: decoded, bounded, encoded anew; a tall one is cut into pages.

Whatever a shop sent is opened by Pillow alone and never handed on as it came; the original stays in the bundle.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 120_000_000
"""A full-page screenshot of 1280 × 90,000; beyond that a picture is a bomb."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PRINT_WIDTH = 1100
"""Pixels across a page of A4 with margins: 160 dots an inch."""
SLICE_RATIO = 1.25
"""Height over width of the part of a page that a slice may fill."""
MAX_SLICES = 40


@dataclass(frozen=True, slots=True)
class Printable:
    """A picture as the report shows it."""

    slices: tuple[bytes, ...]
    """JPEG, from the top down; empty where it cannot be shown."""
    cut_off: bool = False
    """True when even so many slices do not show all of it."""


def printable(data: bytes) -> Printable:
    """A picture for paper; empty slices where it does not decode within the limits."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS or min(picture.size) < 1:
                    return Printable(())
                picture.load()
                return _sliced(_flat(picture))
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        OverflowError,
        MemoryError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return Printable(())


def _flat(picture: Image.Image) -> Image.Image:
    """RGB on white, no wider than it prints."""
    whole = picture.convert("RGBA")
    if whole.width > PRINT_WIDTH:
        height = max(1, round(whole.height * PRINT_WIDTH / whole.width))
        whole = whole.resize((PRINT_WIDTH, height), Image.Resampling.LANCZOS)
    paper = Image.new("RGB", whole.size, "white")
    paper.paste(whole, mask=whole.getchannel("A"))
    return paper


def _sliced(picture: Image.Image) -> Printable:
    height = max(1, int(max(picture.width, PRINT_WIDTH // 2) * SLICE_RATIO))
    tops = range(0, picture.height, height)
    slices = []
    for top in tops[:MAX_SLICES]:
        out = io.BytesIO()
        box = (0, top, picture.width, min(top + height, picture.height))
        picture.crop(box).save(out, "JPEG", quality=85, optimize=False)
        slices.append(out.getvalue())
    return Printable(tuple(slices), len(tops) > MAX_SLICES)
