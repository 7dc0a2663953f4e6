"""One picture laid over another at the place that was found: how it lies, mixed, what differs, and unrolled flat."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.errors import WrongUse
from ipguard.matching.finding import PicturePlace, Point, Quad
from ipguard.matching.images.decode import NEUTRAL, Picture, Pixels, Undecodable, decode_frames
from ipguard.matching.reasons import render

Matrix = NDArray[np.float64]
"""3 × 3: from pixels of the reference as decoded upright to pixels of the listing picture."""

EDGE = 720
"""Longest edge of a drawn picture, pixels; smaller ones are enlarged to it, at most LARGEST times."""
LARGEST = 8.0
AGREES = 0.015
"""Of the listing picture's diagonal: a way to lay it that the points miss by more than this is not theirs."""
MIN_AFFINE, MIN_PERSPECTIVE = 4, 10
"""Points that carry an affine and a perspective placement: each more than it has unknowns for."""
BLUR, SLACK = 1.2, 2
"""Pixels: differences at edges that come from a placement being off by one or two are not what is looked for."""
SAME, DIFFERENT = np.array((255, 255, 255), np.float32), np.array((110, 0, 45), np.float32)
FULL = 110.0
"""Grey levels of difference that are drawn in full colour."""
_HALF = np.array(((1, 0, 0.5), (0, 1, 0.5), (0, 0, 1)))
"""OpenCV counts from the middle of the first pixel, we from its corner."""
_TURNS = (
    None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A listing picture and a reference, decoded, and where one lies in the other."""

    picture: Picture
    reference: Picture
    place: PicturePlace


@dataclass(frozen=True, slots=True, eq=False)
class Layover:
    """The pictures that show one lying over the other, RGB."""

    mixed: Pixels
    """The listing picture, half of it the reference where that lies."""
    laid: Pixels
    """The reference alone, where it lies in the listing picture."""
    difference: Pixels
    """White where both are the same (brightness and contrast evened out), dark where they differ."""
    flat: Pixels
    """The found place of the listing picture, unrolled to the shape of the reference."""
    reference: Pixels
    corners: NDArray[np.float64]
    """4 × 2: the corners of the reference in `mixed`, pixels."""


def open_pair(picture: bytes, reference: bytes, place: PicturePlace) -> Pair:
    """Decode both, the listing picture at the frame in which the place is.

    Raises:
        WrongUse: one of them cannot be read.
    """
    seen, known = decode_frames(picture), decode_frames(reference, most=1)
    for decoded in (seen, known):
        if isinstance(decoded, Undecodable):
            raise WrongUse(f"A picture cannot be drawn: {render(decoded.reason)}.")
    if isinstance(seen, Undecodable) or isinstance(known, Undecodable):
        raise AssertionError("told above")
    frame = next((one for one in seen if one.frame == place.frame), seen[0])
    return Pair(frame, known[0], place)


def how_it_lies(pair: Pair) -> Matrix | None:
    """The simplest placement in which the agreeing points lie well; None where nothing says how.

    Quadrilaterals that are cut off at a picture's edge say less than the points, so those are asked first.
    """
    if pair.place.method == "hash":
        return _best_turn(pair)
    quads = _from_quads(pair.place)
    if len(pair.place.points) < MIN_AFFINE:
        return quads
    tolerance = AGREES * float(np.hypot(pair.picture.width, pair.picture.height))
    ways = [way for way in (quads, _affine(pair.place), _perspective(pair.place)) if way is not None]
    errors = [_error(way, pair.place) for way in ways]
    good = next((way for way, error in zip(ways, errors, strict=True) if error <= tolerance), None)
    return good if good is not None else ways[int(np.argmin(errors))] if ways else None


def lay_over(pair: Pair) -> Layover | None:
    """Draw both over each other; None where nothing says how the reference lies."""
    matrix = how_it_lies(pair)
    if matrix is None:
        return None
    listing, to_listing = at_drawing_size(pair.picture)
    known, to_known = at_drawing_size(pair.reference)
    lies = to_listing @ matrix @ np.linalg.inv(to_known)
    size = (listing.shape[1], listing.shape[0])
    pixelwise = np.linalg.inv(_HALF) @ lies @ _HALF
    laid = np.asarray(cv2.warpPerspective(_softened(known, lies), pixelwise, size), np.uint8)
    inside = cv2.warpPerspective(np.full(known.shape[:2], 255, np.uint8), pixelwise, size) > 127
    flat = cv2.warpPerspective(
        listing, np.linalg.inv(pixelwise), (known.shape[1], known.shape[0]), borderValue=NEUTRAL
    )
    within = inside[:, :, None]
    return Layover(
        mixed=np.asarray(np.where(within, cv2.addWeighted(listing, 0.5, laid, 0.5, 0), listing), np.uint8),
        laid=np.asarray(np.where(within, laid, np.array(NEUTRAL, np.uint8)), np.uint8),
        difference=_difference(listing, laid, inside, _believed(pair.place, to_listing, inside)),
        flat=np.asarray(flat, np.uint8),
        reference=known,
        corners=moved(lies, np.array(_corners(known.shape[1], known.shape[0]))),
    )


def _softened(known: Pixels, lies: Matrix) -> Pixels:
    """The reference blurred as far as it is made smaller, so that its details do not turn into noise."""
    shrunk = float(np.sqrt(abs(np.linalg.det(lies[:2, :2] / lies[2, 2]))))
    return (
        known
        if shrunk > 0.7
        else np.asarray(cv2.GaussianBlur(known, (0, 0), 0.4 / max(shrunk, 0.02)), np.uint8)
    )


def at_drawing_size(picture: Picture) -> tuple[Pixels, Matrix]:
    """The picture so that its longest edge is EDGE, and the matrix from original pixels to drawn ones."""
    height, width = picture.pixels.shape[:2]
    factor = min(EDGE / max(width, height), LARGEST)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    drawn = np.asarray(cv2.resize(picture.pixels, size, interpolation=how), np.uint8)
    return drawn, np.diag([size[0] / picture.width, size[1] / picture.height, 1.0])


def _believed(place: PicturePlace, to_listing: Matrix, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the agreeing points span an area it is the copy for sure: brightness and contrast are measured there."""
    if len(place.points) < MIN_AFFINE:
        return inside
    hull = cv2.convexHull(np.rint(moved(to_listing, _point_arrays(place)[1])).astype(np.int32))
    spanned = cv2.fillConvexPoly(np.zeros(inside.shape, np.uint8), hull, 1).astype(bool) & inside
    return spanned if spanned.any() else inside


def _difference(
    listing: Pixels, laid: Pixels, inside: NDArray[np.bool_], believed: NDArray[np.bool_]
) -> Pixels:
    """Colours from SAME to DIFFERENT where the reference lies; the rest of the listing picture is faint."""
    grey = cv2.cvtColor(cv2.cvtColor(listing, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(np.float32)
    out = 255 - (255 - grey) * 0.15
    if inside.any():
        seen, known = (cv2.GaussianBlur(one, (0, 0), BLUR).astype(np.float32) for one in (listing, laid))
        mean, spread = known[believed].mean(axis=0), known[believed].std(axis=0)
        gain = np.clip(seen[believed].std(axis=0) / np.maximum(spread, 1e-3), 0.3, 3.0)
        evened = (known - mean) * gain + seen[believed].mean(axis=0)
        much = np.clip(_least_difference(seen, evened) / FULL, 0, 1)[:, :, None]
        out = np.where(inside[:, :, None], SAME + (DIFFERENT - SAME) * much, out)
    return np.asarray(np.rint(out), np.uint8)


def _least_difference(seen: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per pixel, how far its colours are out of the range that lies up to SLACK pixels away."""
    near = np.ones((2 * SLACK + 1, 2 * SLACK + 1), np.uint8)
    over, under = seen - cv2.dilate(known, near), cv2.erode(known, near) - seen
    return np.asarray(np.maximum(np.maximum(over, under), 0).max(axis=2), np.float32)


def _from_quads(place: PicturePlace) -> Matrix | None:
    source, target = np.array(place.reference_region, np.float32), np.array(place.region, np.float32)
    if abs(_area(source)) < 1 or abs(_area(target)) < 1:
        return None
    return np.asarray(cv2.getPerspectiveTransform(source, target), np.float64)


def _affine(place: PicturePlace) -> Matrix | None:
    source, target = _point_arrays(place)
    design = np.hstack([source, np.ones((len(source), 1))])
    solved, _, rank, _ = np.linalg.lstsq(design, target, rcond=1e-6)
    return np.vstack([solved.T, [0, 0, 1]]) if rank == 3 else None


def _perspective(place: PicturePlace) -> Matrix | None:
    if len(place.points) < MIN_PERSPECTIVE:
        return None
    found, _ = cv2.findHomography(*_point_arrays(place), cv2.LMEDS)
    return None if found is None else np.asarray(found, np.float64)


def _error(matrix: Matrix, place: PicturePlace) -> float:
    """Mean distance in pixels between where the points are and where this placement puts them."""
    source, target = _point_arrays(place)
    return float(np.linalg.norm(moved(matrix, source) - target, axis=1).mean())


def moved(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """n × 2 points through a placement."""
    laid = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    return np.asarray(laid[:, :2] / np.where(np.abs(laid[:, 2:]) < 1e-9, 1e-9, laid[:, 2:]))


def _point_arrays(place: PicturePlace) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(in the reference, in the listing picture)."""
    pairs = np.array(place.points, np.float64).reshape(-1, 2, 2)
    return pairs[:, 1], pairs[:, 0]


def _best_turn(pair: Pair) -> Matrix:
    """A hash knows that the whole is the same in one of eight turns: the one whose pixels differ least."""
    size = (32, 32)
    seen = _thumbnail(pair.picture.pixels, size)
    turns = [
        (
            float(np.abs(_turned(_thumbnail(pair.reference.pixels, size), n, mirrored) - seen).mean()),
            n,
            mirrored,
        )
        for mirrored in (False, True)
        for n in range(4)
    ]
    _, quarter, mirrored = min(turns)
    width, height = pair.reference.width, pair.reference.height
    left, right, low_right, low_left = _corners(width, height)
    known = (right, left, low_left, low_right) if mirrored else (left, right, low_right, low_left)
    source = np.roll(np.array(known, np.float32), quarter, axis=0)
    target = np.array(_corners(pair.picture.width, pair.picture.height), np.float32)
    return np.asarray(cv2.getPerspectiveTransform(source, target), np.float64)


def _turned(small: NDArray[np.float32], quarter: int, mirrored: bool) -> NDArray[np.float32]:
    flipped = small[:, ::-1] if mirrored else small
    turn = _TURNS[quarter]
    return flipped if turn is None else np.asarray(cv2.rotate(flipped, turn), np.float32)


def _thumbnail(pixels: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)


def _corners(width: float, height: float) -> Quad:
    return (0.0, 0.0), (width, 0.0), (width, height), (0.0, height)


def _area(quad: NDArray[np.float32]) -> float:
    x, y = quad[:, 0], quad[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def spread_out(points: tuple[tuple[Point, Point], ...], most: int) -> tuple[tuple[Point, Point], ...]:
    """At most `most` pairs that lie as far from each other as can be in the listing picture (Gonzalez 1985)."""
    if len(points) <= most:
        return points
    at = np.array([seen for seen, _ in points], np.float64)
    chosen = [int(np.argmin(at.sum(axis=1)))]
    nearest = np.linalg.norm(at - at[chosen[0]], axis=1)
    while len(chosen) < most:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(at - at[chosen[-1]], axis=1))
    return tuple(points[n] for n in sorted(chosen))
