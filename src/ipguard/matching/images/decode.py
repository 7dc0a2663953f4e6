"""From hostile bytes to an upright picture of bounded size, or to a named reason why not. Never an exception.

One pass: JPEGs are shrunk while they are decoded; other formats are made small band by band, so that beside the
decoder's own canvas nothing of the full size is ever made. Colour profiles, comments and text chunks are not read.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from ipguard.matching.finding import Reason
from ipguard.matching.images.formats import (
    AVIF,
    GIF,
    HEIC,
    JPEG,
    PNG,
    SVG,
    WEBP,
    Kind,
    declared_size,
    kind_of,
)
from ipguard.matching.images.frames import differing

Pixels = NDArray[np.uint8]

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
"""A picture that says it is larger is not opened."""
MAX_PIXELS_WHOLE = 25_000_000
"""The same for WebP, AVIF and GIF, whose decoders hold the whole picture two to four times, 4 bytes a pixel."""
MEMORY = 512_000_000
"""Bytes that decoding takes at most beside MAX_BYTES of input; a test holds it in a process that has no more."""
MAX_FRAMES = 64
"""Frames of an animation that are looked at."""
MAX_SCANS = 64
"""Of a progressive JPEG: encoders write about ten, and each one is a walk over the whole picture."""
WORK_EDGE = 1024
"""Longest edge that is kept: enough for every later step."""
DRAFT_EDGE = 720
"""Longest edge down to which a JPEG's own shrinking by 2, 4 or 8 may go: features and likeness work at 512 and less."""
MIN_EDGE = 16
MIN_SEEN = 0.25
"""Share of a JPEG's height that must be there when it breaks off."""
MCU = 16
"""Rows of a JPEG that come at once: the last ones may be there in part."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
"""Formats that are opened; others have too many ways to go wrong."""
NEUTRAL = (236, 236, 236)
"""What shows through transparent places."""
BAND = 512
"""Rows that are converted at once where a large picture is made small."""
ORIENTATION = 0x0112
"""EXIF 2.32 §4.6.4."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
MARKERS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""ITU-T T.81 §B.1.1.2: what begins a segment of a JPEG; stuffed bytes and restarts do not."""
ON_ITS_SIDE = frozenset(TURNS[n] for n in (5, 6, 7, 8))
ANIMATED = (GIF, WEBP, AVIF, PNG)
PNG_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"eXIf"))
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    SyntaxError,
    AssertionError,
    struct.error,
    zlib.error,
)
"""What Pillow's plugins raise on damaged files; found by the fuzz test, and none of it means a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture, shrunk to at most WORK_EDGE."""

    pixels: Pixels
    """Height × width × 3, RGB."""
    width: int
    """Of the original, upright, in pixels."""
    height: int
    media_type: str
    frame: int = 0
    """Which frame of an animation, counted from 0."""
    notes: tuple[Reason, ...] = field(default=())
    """What could not be looked at of it."""

    @property
    def scale(self) -> float:
        """Original pixels for one pixel here."""
        return self.width / int(self.pixels.shape[1])


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Why a picture cannot be looked at."""

    reason: Reason


def decode(data: bytes) -> Picture | Undecodable:
    """The picture, or the first frame of an animation: upright and small."""
    frames = decode_frames(data, most=1)
    return frames if isinstance(frames, Undecodable) else frames[0]


def decode_frames(
    data: bytes, most: int = 3, *, has_codec: Callable[[str], bool | None] = features.check
) -> tuple[Picture, ...] | Undecodable:
    """The first frame, and at most `most` - 1 others that differ from it and from each other; one decoding pass.

    Args:
        data: the file as it came.
        most: frames wanted; a still picture has one.
        has_codec: whether a decoder is there, by Pillow's name of it.
    """
    kind = kind_of(data)
    refused = _refused(data, kind, has_codec)
    if refused is not None:
        return refused
    if kind is PNG:
        data = _only_picture(data)
    try:
        return _looked_at(data, kind, most)
    except (OSError, EOFError) as error:
        if kind is JPEG and "truncated" in str(error):
            return _what_is_there(data)
        return _broken(kind, error)
    except MemoryError:
        return _no("memory")
    except Image.DecompressionBombError:  # what a frame says of itself, where the file said less
        return _no("bomb")
    except _BROKEN as error:
        return _broken(kind, error)


def _refused(data: bytes, kind: Kind, has_codec: Callable[[str], bool | None]) -> Undecodable | None:
    """What can be told without a decoder."""
    if not data:
        return _no("empty")
    if len(data) > MAX_BYTES:
        return _no("too_many_bytes", most=MAX_BYTES // 1_000_000)
    if kind is SVG:
        return _no("svg")
    if kind is HEIC or (kind in (AVIF, WEBP) and not has_codec(kind.name.lower())):
        return _no("no_codec", format=kind.name)
    if not kind.opened:
        if kind.media_type == "application/octet-stream":
            return _no("unknown_format")
        return _no("format_not_read" if kind.picture else "not_a_picture", format=kind.name)
    if kind is JPEG and (scans := data.count(b"\xff\xda")) > MAX_SCANS:
        return _no("bomb_scans", scans=scans)
    size = declared_size(data, kind)
    return _wrong_size(size, kind) if size else None


def _wrong_size(size: tuple[int, int], kind: Kind) -> Undecodable | None:
    width, height = size
    most = MAX_PIXELS_WHOLE if kind in (WEBP, AVIF, GIF) else MAX_PIXELS
    if width * height > most:
        return _no("bomb", width=width, height=height, most=most // 1_000_000)
    if min(width, height) == 0:
        return _no("no_area", width=width, height=height)
    if min(width, height) < MIN_EDGE:
        return _no("too_small", width=width, height=height)
    return None


def _looked_at(data: bytes, kind: Kind, most: int, *, cut: bool = False) -> tuple[Picture, ...] | Undecodable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # every size is checked here, and other warnings change nothing
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            size = image.size
            refused = _wrong_size(size, kind)
            if refused is not None:
                return refused
            image.draft("RGB", _at_least(size))
            image.load()
            turn = TURNS.get(_orientation(image))
            first = _upright(image, size, kind, turn)
            if cut:
                return _with_what_is_missing(first, image)
            if most <= 1 or kind not in ANIMATED or not getattr(image, "is_animated", False):
                return (first,)
            return _with_others(image, kind, first, turn, most)


def _at_least(size: tuple[int, int]) -> tuple[int, int]:
    """The size below which a JPEG is not to be shrunk while it is decoded."""
    factor = DRAFT_EDGE / max(size)
    return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))


def _with_what_is_missing(picture: Picture, image: Image.Image) -> tuple[Picture, ...] | Undecodable:
    """The note that belongs to a JPEG that breaks off; of a progressive one every part may have been there once."""
    rows = _lower_rows_of_one_colour(image)
    if not rows and image.info.get("progressive"):
        return (replace(picture, notes=(Reason("partly.coarse"),)),)
    share = min(1.0, (rows + MCU) / image.height)
    if share > 1 - MIN_SEEN:
        return _no("truncated")
    return (replace(picture, notes=(Reason("partly.breaks_off", {"percent": round(100 * share)}),)),)


def _lower_rows_of_one_colour(image: Image.Image) -> int:
    """Rows that are missing at most: the decoder repeats the last colour it was told."""
    pixels = np.asarray(image)
    alike = (pixels == pixels[-1, -1]).reshape(len(pixels), -1).all(axis=1)
    return len(alike) if alike.all() else int(np.argmin(alike[::-1]))


def _with_others(
    image: Image.Image, kind: Kind, first: Picture, turn: Image.Transpose | None, most: int
) -> tuple[Picture, ...]:
    within_reach = max(2, min(MAX_FRAMES, MAX_PIXELS // (image.width * image.height)))

    def later() -> Iterator[Picture]:
        for number in range(1, within_reach):
            try:
                image.seek(number)
                if _wrong_size(image.size, kind) is not None:
                    return  # a GIF's frames may make it larger
                image.load()
                yield replace(_upright(image, image.size, kind, turn), frame=number)
            except (MemoryError, *_BROKEN):
                return  # the end, or damage: what is there has been seen

    choice = differing(first, later(), most)
    if choice.looked_at < within_reach:
        return choice.pictures
    note = Reason("partly.frames", {"frames": choice.looked_at})
    return (replace(first, notes=(note,)), *choice.pictures[1:])


def _upright(image: Image.Image, size: tuple[int, int], kind: Kind, turn: Image.Transpose | None) -> Picture:
    """The loaded frame: small, RGB and upright. `size` is the original's, which a draft does not keep."""
    small = _small_rgb(image)
    width, height = size
    if turn is not None:
        small = small.transpose(turn)
        if turn in ON_ITS_SIDE:
            width, height = height, width
    return Picture(np.asarray(small, dtype=np.uint8), width, height, kind.media_type)


def _small_rgb(image: Image.Image) -> Image.Image:
    """RGB, longest edge at most WORK_EDGE."""
    factor = max(image.size) // (2 * WORK_EDGE)
    rgb = _as_rgb(image) if factor < 2 else _shrunk_by(image, factor)
    longest = max(rgb.size)
    if longest <= WORK_EDGE:
        return rgb
    size = (_scaled(rgb.width, longest), _scaled(rgb.height, longest))
    return rgb.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _shrunk_by(image: Image.Image, factor: int) -> Image.Image:
    """Every `factor` × `factor` pixels become their mean, band by band: no second canvas of the full size."""
    out = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    step = BAND * factor
    for top in range(0, image.height, step):
        band = image.crop((0, top, image.width, min(top + step, image.height)))
        out.paste(_as_rgb(band).reduce(factor), (0, top // factor))
    return out


def _scaled(edge: int, longest: int) -> int:
    return max(1, round(edge * WORK_EDGE / longest))


def _as_rgb(image: Image.Image) -> Image.Image:
    """RGB whatever the mode; transparency shows a neutral grey, 16 bits become 8."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGB", over.size, NEUTRAL)
        ground.paste(over, mask=over.getchannel("A"))
        return ground
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """How EXIF says the picture is to be turned; 1 where it says nothing readable."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except _BROKEN:
        return 1


def _what_is_there(data: bytes) -> tuple[Picture, ...] | Undecodable:
    """A JPEG that breaks off, ended here or before the segment that breaks off: the decoder then gives what it has."""
    last = max((found.start() for found in MARKERS.finditer(data)), default=0)
    for end in (len(data), last):
        try:
            return _looked_at(data[:end] + b"\xff\xd9", JPEG, 1, cut=True)
        except (MemoryError, *_BROKEN):
            continue
    return _no("truncated")


def _only_picture(data: bytes) -> bytes:
    """A PNG without the chunks that say nothing of its pixels: texts and profiles can be bombs of their own."""
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] in PNG_CHUNKS:
            parts.append(data[at:end])
        at = end
    return b"".join((*parts, data[at:]))


def _broken(kind: Kind, error: Exception) -> Undecodable:
    """Cut or damaged; the text of the decoder's error is not shown to anybody."""
    told = str(error).lower()
    cut = isinstance(error, EOFError) or "truncated" in told or "incomplete" in told
    return _no("truncated" if cut else "damaged", format=kind.name)


def _no(code: str, **values: int | str) -> Undecodable:
    return Undecodable(Reason(f"unreadable.{code}", values))
