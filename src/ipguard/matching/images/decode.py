"""From hostile bytes to an upright picture of bounded size, or to a named reason why not. Never an exception."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ipguard.matching.finding import Reason

Pixels = NDArray[np.uint8]

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
"""A picture that says it is larger is not opened."""
WORK_EDGE = 1024
"""Longest edge that is kept: enough for every later step."""
MIN_EDGE = 16
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
"""Formats that are opened; others have too many ways to go wrong."""
NEUTRAL = (236, 236, 236)
"""What shows through transparent places."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture, shrunk to at most WORK_EDGE."""

    pixels: Pixels
    """Height × width × 3, RGB."""
    width: int
    """Of the original, upright, in pixels."""
    height: int
    media_type: str

    @property
    def scale(self) -> float:
        """Original pixels for one pixel here."""
        return self.width / int(self.pixels.shape[1])


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Why a picture cannot be looked at."""

    reason: Reason


def decode(data: bytes) -> Picture | Undecodable:
    """Decode a picture: turned by its EXIF, first frame, shrunk while loading where the format allows."""
    if not data:
        return _no("empty")
    if len(data) > MAX_BYTES:
        return _no("too_many_bytes", bytes=len(data))
    if _is_text(data):
        return _no("not_a_picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)
            return _open(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _no("bomb")
    except UnidentifiedImageError:
        return _no("unknown_format")
    except (OSError, EOFError) as error:
        return _no("truncated" if "truncated" in str(error).lower() else "damaged")
    except (
        ValueError,
        TypeError,
        SyntaxError,
        IndexError,
        KeyError,
        OverflowError,
        MemoryError,
        AttributeError,
    ):
        return _no("damaged")


def _open(data: bytes) -> Picture | Undecodable:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            return _no("bomb")
        if min(width, height) < MIN_EDGE:
            return _no("too_small", width=width, height=height)
        media_type = Image.MIME.get(image.format or "", "application/octet-stream")
        image.draft("RGB", (WORK_EDGE, WORK_EDGE))
        image.load()
        upright = ImageOps.exif_transpose(_as_rgb(image))
    if upright.size[0] * height != upright.size[1] * width and abs(
        upright.size[0] / upright.size[1] - height / width
    ) < abs(upright.size[0] / upright.size[1] - width / height):
        width, height = height, width
    longest = max(upright.size)
    if longest > WORK_EDGE:
        factor = WORK_EDGE / longest
        size = (max(1, round(upright.width * factor)), max(1, round(upright.height * factor)))
        upright = upright.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Picture(np.asarray(upright, dtype=np.uint8), width, height, media_type)


def _as_rgb(image: Image.Image) -> Image.Image:
    """RGB whatever the mode; transparency shows a neutral grey, 16 bits become 8."""
    exif = image.info.get("exif")
    if image.mode.startswith("I") or image.mode == "F":
        array = np.asarray(image, dtype=np.float64)
        top = max(float(array.max()), 1.0)
        image = Image.fromarray((array / top * 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGBA", over.size, (*NEUTRAL, 255))
        ground.alpha_composite(over)
        image = ground
    rgb = image.convert("RGB")
    if exif:
        rgb.info["exif"] = exif
    return rgb


def _is_text(data: bytes) -> bool:
    head = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype", b"<html", b"<svg", b"<?xml", b"{", b"%pdf"))


def _no(code: str, **values: int) -> Undecodable:
    return Undecodable(Reason(f"unreadable.{code}", values))
