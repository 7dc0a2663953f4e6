"""A picture of one's own that a marketplace is asked for: small enough to be posted with every page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ipguard.errors import WrongUse

SIDE = 800
"""Pixels of the longer side; searches by picture look at less."""
MAX_PIXELS = 50_000_000


def as_posted(file: Path) -> str:
    """The picture in a file as Base64 of a JPEG.

    Raises:
        WrongUse: it cannot be read, or is no picture.
    """
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise WrongUse(f"{file} has more than {MAX_PIXELS:,} pixels", hint="Make it smaller first.")
            plain = picture.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise WrongUse(f"{file} is no picture", hint="Give a PNG, JPEG or WebP file.") from error
    except OSError as error:
        raise WrongUse(f"Cannot read {file}: {error.strerror or error}", hint="Check the path.") from error
    plain.thumbnail((SIDE, SIDE))
    flat = Image.new("RGB", plain.size, "white")
    flat.paste(plain, mask=plain.getchannel("A"))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=85)
    return base64.b64encode(out.getvalue()).decode()
