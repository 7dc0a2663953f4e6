"""Pictures for the console: always decoded and written again by us, so that no hostile byte reaches a browser."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.blobs.store import read
from evidence_store.errors import EvidenceError
from ipguard.errors import WrongUse

DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_PIXELS = 40_000_000
SIDE = 1600
"""Longest side that is sent, pixels."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is sent."""

    data: bytes
    width: int
    """Of the picture as decoded upright, pixels, before it was made smaller."""
    height: int


@lru_cache(maxsize=64)
def shown(folder: Path, digest: str) -> Shown:
    """The picture of that digest as WebP, no side above SIDE.

    Raises:
        WrongUse: there is no such picture, or it cannot be decoded.
    """
    if DIGEST.fullmatch(digest) is None:
        raise WrongUse("That is no digest of a picture.")
    try:
        data = read(DirectoryBlobs(folder), digest)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise WrongUse("That picture is too large to show.")
                upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, EvidenceError) as error:
        raise WrongUse("That picture is not kept here or cannot be read.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise WrongUse("That picture is too large to show.") from error
    width, height = upright.size
    upright.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    upright.save(out, "WEBP", quality=88, method=2)
    return Shown(out.getvalue(), width, height)
