"""Pictures for the console: always decoded and written again by us, so that no hostile byte reaches a browser."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.blobs.store import read
from evidence_store.errors import EvidenceError
from ipguard.errors import WrongUse
from ipguard.matching.finding import PicturePlace
from ipguard.matching.images.decode import FORMATS, MAX_FRAMES
from ipguard.matching.images.draw import covered, outlined, points_view
from ipguard.matching.images.layover import lay_over, open_pair

DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_PIXELS = 40_000_000
SIDE = 1600
"""Longest side that is sent, pixels."""
SMALL = 192
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, max-age=86400, immutable",
}
"""Of every picture that is sent."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is sent."""

    data: bytes
    width: int
    """Of the picture as decoded upright, pixels, before it was made smaller."""
    height: int


@lru_cache(maxsize=512)
def small(folder: Path, digest: str) -> Shown:
    """The picture for a list, no side above SMALL.

    Raises:
        WrongUse: as `shown`.
    """
    return _written(folder, digest, 0, SMALL)


@lru_cache(maxsize=64)
def shown(folder: Path, digest: str, frame: int = 0) -> Shown:
    """The picture of that digest as WebP, no side above SIDE; of an animation, this frame.

    Raises:
        WrongUse: there is no such picture, or it cannot be decoded.
    """
    return _written(folder, digest, frame, SIDE)


def _written(folder: Path, digest: str, frame: int, side: int) -> Shown:
    if DIGEST.fullmatch(digest) is None or not 0 <= frame < MAX_FRAMES:
        raise WrongUse("That is no digest of a picture.")
    try:
        data = read(DirectoryBlobs(folder), digest)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise WrongUse("That picture is too large to show.")
                if frame:
                    opened.seek(frame)
                upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, EOFError, ValueError, SyntaxError, UnidentifiedImageError, EvidenceError) as error:
        raise WrongUse("That picture is not kept here or cannot be read.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise WrongUse("That picture is too large to show.") from error
    width, height = upright.size
    upright.thumbnail((side, side))
    return Shown(_webp(upright), width, height)


@lru_cache(maxsize=16)
def explained(folder: Path, place: PicturePlace) -> Mapping[str, Shown]:
    """What explains a match: points; covered, mixed, laid, difference, flat. Empty where nothing can be drawn."""
    blobs = DirectoryBlobs(folder)
    try:
        pair = open_pair(read(blobs, place.picture), read(blobs, place.reference), place)
    except (WrongUse, EvidenceError):
        return {}
    drawn = {"points": points_view(pair)} if place.points else {}
    over = lay_over(pair)
    if over is not None:
        drawn |= {
            "covered": covered(over),
            "mixed": outlined(over),
            "laid": over.laid,
            "difference": over.difference,
        }
        drawn |= {"flat": over.flat, "reference": over.reference}
    return {
        name: Shown(_webp(Image.fromarray(one)), one.shape[1], one.shape[0]) for name, one in drawn.items()
    }


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=88, method=2)
    return out.getvalue()
