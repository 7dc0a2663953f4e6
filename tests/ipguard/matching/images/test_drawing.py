"""Explanation pictures show what was found: where, by which points, and how one lies over the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ipguard.demo import art, products
from ipguard.errors import WrongUse
from ipguard.matching.finding import PicturePlace
from ipguard.matching.images.draw import (
    LINES,
    MOST_LINES,
    OUTLINE,
    explanations,
    points_view,
    region_view,
    views_of,
)
from ipguard.matching.images.layover import how_it_lies, lay_over, moved, open_pair, spread_out

FOX = art.key_visual("tide-fox", size=400)
WHOLE = ((0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (0.0, 400.0))
GROUND = (200, 205, 210)


def printed(corners, size=(900, 700)) -> Image.Image:
    """The fox printed into a photo, its corners there (upper left, upper right, lower right, lower left)."""
    import cv2

    matrix = cv2.getPerspectiveTransform(np.array(WHOLE, np.float32), np.array(corners, np.float32))
    photo = np.full((size[1], size[0], 3), GROUND, np.uint8)
    cv2.warpPerspective(np.asarray(FOX), matrix, size, dst=photo, borderMode=cv2.BORDER_TRANSPARENT)
    return Image.fromarray(photo)


def points_of(corners, count=40, seed=5):
    """Agreeing points: the truth, to a pixel."""
    import cv2

    matrix = cv2.getPerspectiveTransform(np.array(WHOLE, np.float32), np.array(corners, np.float32))
    known = np.random.default_rng(seed).uniform(20, 380, (count, 2))
    seen = moved(matrix.astype(float), known)
    return tuple(
        ((float(a), float(b)), (float(c), float(d))) for (a, b), (c, d) in zip(seen, known, strict=True)
    )


UPRIGHT = ((300.0, 150.0), (620.0, 180.0), (600.0, 520.0), (280.0, 480.0))
PLACES = {
    "upright": UPRIGHT,
    "mirrored": (UPRIGHT[1], UPRIGHT[0], UPRIGHT[3], UPRIGHT[2]),
    "turned": (UPRIGHT[1], UPRIGHT[2], UPRIGHT[3], UPRIGHT[0]),
    "on its head": UPRIGHT[2:] + UPRIGHT[:2],
}


def pair_of(corners, *, points=(), method="features", photo=None, region=None, reference_region=WHOLE):
    photo = photo or printed(corners)
    place = PicturePlace(
        "a" * 64, "b" * 64, method, region or tuple(corners), reference_region, len(points), points=points
    )  # fmt: skip
    return open_pair(products.png(photo), products.png(FOX), place)


@pytest.mark.parametrize("how", PLACES)
@pytest.mark.parametrize("known_by", ["corners", "points"])
def test_the_place_unrolled_looks_like_the_work(how, known_by):
    points = points_of(PLACES[how]) if known_by == "points" else ()
    region = WHOLE if known_by == "points" else None  # a wrong one: the points know better
    over = lay_over(pair_of(PLACES[how], points=points, region=region))

    assert np.abs(over.flat.astype(int) - over.reference.astype(int)).mean() < 14
    inside = (over.difference != 255).any(axis=2)
    assert over.difference[inside].mean() > 200, "nearly white: nothing differs"


def test_what_differs_is_dark_and_what_is_only_darker_is_not():
    photo = printed(UPRIGHT)
    dim = photo.point(lambda value: int(value * 0.6))
    other = dim.copy()
    other.paste(Image.new("RGB", (90, 90), "white"), (400, 300))
    same, changed = (lay_over(pair_of(UPRIGHT, photo=one)).difference for one in (dim, other))
    scale = same.shape[1] / 900
    patch = (slice(int(310 * scale), int(380 * scale)), slice(int(410 * scale), int(480 * scale)))

    assert same[patch].mean() > 225
    assert changed[patch].mean() < 120


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarter", range(4))
def test_a_whole_picture_is_laid_over_in_the_turn_that_it_has(quarter, mirrored):
    wide = FOX.crop((0, 60, 400, 330))
    turned = (ImageOps.mirror(wide) if mirrored else wide).rotate(-90 * quarter, expand=True)
    width, height = turned.size
    place = PicturePlace(
        "a" * 64, "b" * 64, "hash", ((0, 0), (width, 0), (width, height), (0, height)), WHOLE
    )
    over = lay_over(open_pair(products.png(turned), products.png(wide), place))

    assert over.difference.mean() > 250
    assert np.abs(over.flat.astype(int) - over.reference.astype(int)).mean() < 4


def near(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(pixels.astype(int) - np.array(colour)).max(axis=2) < 12).sum())


def test_the_region_is_outlined_in_both_pictures():
    sheet = region_view(pair_of(UPRIGHT, photo=printed(UPRIGHT)))
    half = sheet.shape[1] // 2

    assert near(sheet[:, :half], OUTLINE) > 400
    assert near(sheet[:, half:], OUTLINE) > 400


def test_agreeing_points_are_joined_by_lines_that_can_be_told_apart():
    few, many = (points_view(pair_of(UPRIGHT, points=points_of(UPRIGHT, count))) for count in (1, 60))

    assert all(near(many, colour) > 300 for colour in LINES)
    assert sum(near(few, colour) for colour in LINES) < sum(near(many, colour) for colour in LINES) / 8


@pytest.mark.parametrize(
    ("size", "reference"), [((40, 30), (900, 90)), ((2600, 300), (60, 700)), ((20, 1500), (33, 33))]
)
def test_tiny_huge_tall_and_wide_pictures_can_be_drawn(size, reference):
    width, height = size
    place = PicturePlace(
        "a" * 64, "b" * 64, "features",
        ((width * 0.2, height * 0.2), (width * 0.8, height * 0.1), (width * 0.9, height * 0.9), (0.0, height * 1.0)),
        ((0.0, 0.0), (reference[0], 0.0), reference, (0.0, reference[1])), 9,
        points=(((width * 0.3, height * 0.3), (reference[0] * 0.2, reference[1] * 0.2)),),
    )  # fmt: skip
    drawn = explanations(products.png(FOX.resize(size)), products.png(FOX.resize(reference)), place)

    assert list(drawn) == ["region", "points", "layover"]
    assert all(data.startswith(b"\xff\xd8\xff") for data in drawn.values())


def test_a_model_that_cannot_say_where_is_drawn_side_by_side_only():
    assert views_of(PicturePlace("a", "b", "embedding", WHOLE, WHOLE)) == ("region",)
    assert views_of(PicturePlace("a", "b", "hash", WHOLE, WHOLE)) == ("region", "layover")


def test_the_frame_that_shows_the_work_is_the_one_that_is_drawn():
    import io

    out = io.BytesIO()
    slides = [art.stranger(3, size=400), *[FOX] * 2]
    slides[0].save(out, "GIF", save_all=True, append_images=slides[1:], duration=300)
    place = PicturePlace("a" * 64, "b" * 64, "hash", WHOLE, WHOLE, frame=1)

    assert lay_over(open_pair(out.getvalue(), products.png(FOX), place)).difference.mean() > 235
    assert lay_over(open_pair(out.getvalue(), products.png(FOX), PicturePlace("a", "b", "hash", WHOLE, WHOLE))).difference.mean() < 220  # fmt: skip


def test_a_picture_that_cannot_be_read_cannot_be_drawn():
    with pytest.raises(WrongUse, match="not a picture"):
        explanations(b"<html>", products.png(FOX), PicturePlace("a", "b", "hash", WHOLE, WHOLE))


def test_a_place_without_area_is_not_laid_over():
    dot = ((5.0, 5.0),) * 4
    assert lay_over(pair_of(UPRIGHT, region=dot, photo=printed(UPRIGHT))) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 900), st.floats(0, 900)), min_size=1, max_size=90), st.integers(1, 60))
def test_thinned_points_are_some_of_them_and_reach_as_far(seen, most):
    pairs = tuple((point, (0.0, 0.0)) for point in seen)
    thin = spread_out(pairs, most)
    at = np.array([point for point, _ in thin])
    gaps = [np.linalg.norm(at - np.array(point), axis=1).min() for point in seen]
    between = [float(np.linalg.norm(a - b)) for n, a in enumerate(at) for b in at[:n]]

    assert len(thin) == min(most, len(pairs))
    assert set(thin) <= set(pairs)
    if most < len(pairs) and between:
        assert max(gaps) <= min(between) + 1e-6, (
            "none that was left out is further from them than they from each other"
        )


def test_there_are_never_more_lines_than_can_be_read():
    assert MOST_LINES <= 60
    assert how_it_lies(pair_of(UPRIGHT, points=points_of(UPRIGHT))) is not None
