"""Altered copies are the same for the same seed, look like what they are called, and say truly where the work is."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from ipguard.demo import art
from ipguard.matching.images.altering import EDITS, FAMILIES, GOODS, alter
from ipguard.matching.images.decode import Picture, decode

FOX = np.asarray(art.key_visual("tide-fox"), np.uint8)
WIDE = np.ascontiguousarray(FOX[120:440])
PHOTOS = [np.asarray(art.stranger(n), np.uint8) for n in range(2)]


def area(quad) -> float:
    x, y = np.array(quad).T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def straightened(made, work) -> np.ndarray:
    """The claimed region of a copy, laid back over the work."""
    height, width = work.shape[:2]
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    back = cv2.getPerspectiveTransform(np.array(made.region, np.float32), flat)
    seen = cv2.warpPerspective(made.pixels, back, (width, height))
    inside = cv2.warpPerspective(np.full(made.pixels.shape[:2], 255, np.uint8), back, (width, height)) > 250
    return np.where(inside[:, :, None], seen, work)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_copy_and_another_seed_another(family):
    one, again, other = (
        alter(FOX, family, np.random.default_rng(seed), backgrounds=PHOTOS, others=PHOTOS)
        for seed in (5, 5, 6)
    )

    assert one.jpeg() == again.jpeg()
    assert one.jpeg() != other.jpeg()
    picture = decode(one.jpeg())
    assert isinstance(picture, Picture)
    assert max(picture.width, picture.height) <= 1450


@pytest.mark.parametrize("family", [f for f in FAMILIES if f not in ("colour", "mug", "phone_case")])
def test_the_work_lies_where_the_copy_says(family):
    """Laid back over the work, the region agrees with it far better than with the work turned upside down."""
    for seed in range(2):
        made = alter(WIDE, family, np.random.default_rng([seed, 3]))
        seen = cv2.GaussianBlur(straightened(made, WIDE), (0, 0), 4).astype(float)
        work = cv2.GaussianBlur(WIDE, (0, 0), 4).astype(float)
        right = np.corrcoef(seen.ravel(), work.ravel())[0, 1]
        wrong = np.corrcoef(seen.ravel(), work[::-1, ::-1].ravel())[0, 1]
        assert right > wrong + 0.15, (family, seed, right, wrong)
        assert right > 0.45, (family, seed, right, wrong)


@pytest.mark.parametrize("family", GOODS)
def test_prints_on_goods_cover_a_believable_part_of_a_listing_photo(family):
    for seed in range(4):
        made = alter(FOX, family, np.random.default_rng(seed), backgrounds=PHOTOS)
        height, width = made.pixels.shape[:2]
        assert min(height, width) >= 600
        assert max(height, width) <= 1200
        if (
            family != "phone_case"
        ):  # a case filled by the work shows a part of it: the region runs over the edge
            assert 0.05 <= area(made.region) / (height * width) <= 0.42


def test_mirrors_and_turns_are_said():
    mirror = alter(FOX, "mirror", np.random.default_rng(1))
    turned = {alter(FOX, "turns", np.random.default_rng(seed)).turned for seed in range(12)}
    (x0, _), (x1, _), *_ = mirror.region

    assert mirror.mirrored
    assert x0 > x1
    assert turned == {90, 180, 270}
    assert np.array_equal(mirror.pixels, FOX[:, ::-1])


def test_a_quarter_turn_is_clockwise_and_its_region_follows():
    for seed in range(6):
        made = alter(WIDE, "turns", np.random.default_rng(seed))
        assert np.array_equal(made.pixels, np.rot90(WIDE, -made.turned // 90))


@pytest.mark.parametrize("family", [*EDITS, "sticker_sheet", "shirt"])
def test_tiny_and_long_works_are_taken_too(family):
    for shape in ((40, 64), (60, 400), (1500, 90)):
        work = np.ascontiguousarray(np.resize(FOX, (*shape, 3)))
        made = alter(work, family, np.random.default_rng(2))
        assert Image.open(io.BytesIO(made.jpeg())).size == made.pixels.shape[1::-1]
