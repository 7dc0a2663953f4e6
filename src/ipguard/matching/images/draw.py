"""Explanation pictures: the listing picture with the matched place outlined, beside the reference."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from ipguard.errors import WrongUse
from ipguard.matching.finding import PicturePlace, Quad
from ipguard.matching.images.decode import Picture, Undecodable, decode
from ipguard.matching.reasons import render

HEIGHT = 480
GAP = 12
OUTLINE, SHADOW = (230, 57, 70), (255, 255, 255)


def side_by_side(picture: bytes, reference: bytes, place: PicturePlace) -> bytes:
    """A PNG: the picture with the matched region outlined, and the reference with the part that is seen.

    Raises:
        WrongUse: one of the two cannot be read.
    """
    left, right = _panel(picture, place.region), _panel(reference, place.reference_region)
    sheet = Image.new("RGB", (left.width + GAP + right.width, HEIGHT), (255, 255, 255))
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + GAP, 0))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _panel(data: bytes, quad: Quad) -> Image.Image:
    decoded = decode(data)
    if isinstance(decoded, Undecodable):
        raise WrongUse(f"A picture cannot be drawn: {render(decoded.reason)}.")
    return _outlined(decoded, quad)


def _outlined(picture: Picture, quad: Quad) -> Image.Image:
    factor = HEIGHT / picture.height
    image = Image.fromarray(picture.pixels).resize((max(1, round(picture.width * factor)), HEIGHT))
    corners = [(x * factor, y * factor) for x, y in quad]
    pen = ImageDraw.Draw(image)
    for colour, width in ((SHADOW, 7), (OUTLINE, 4)):
        pen.line(_closed(corners), fill=colour, width=width, joint="curve")
    return image


def _closed(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [*corners, corners[0]]
