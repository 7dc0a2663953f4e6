"""What is kept of a picture gives the answers the picture gave; what is damaged says so."""

from __future__ import annotations

import hashlib

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ipguard.demo import art, products
from ipguard.matching.images import compact, descriptors
from ipguard.matching.images.decode import Picture, decode
from ipguard.matching.images.features import Features, query_features
from ipguard.matching.images.fingerprint import BadFingerprint, Fingerprint, fingerprint_of
from ipguard.matching.images.hashes import EDGE, TURNS, hash_of, turned_hashes
from ipguard.matching.images.index import build_index
from ipguard.matching.images.matcher import match_frames, match_picture

FOX = products.jpeg(products.mug(art.key_visual("tide-fox"), 5))


def picture(image: Image.Image) -> Picture:
    pixels = np.asarray(image.convert("RGB"))
    return Picture(pixels, pixels.shape[1], pixels.shape[0], "image/png")


@pytest.fixture(scope="module")
def made() -> Fingerprint:
    seen = decode(FOX)
    assert isinstance(seen, Picture)
    return fingerprint_of(seen)


def test_a_picture_seen_again_by_its_fingerprint_gets_the_same_verdict(made):
    data = products.png(art.key_visual("tide-fox"))
    index, _ = build_index([("tide-fox", hashlib.sha256(data).hexdigest(), "fox.png", data)])
    again = Fingerprint.from_bytes(made.to_bytes())

    verdict = match_picture(index, FOX, "a" * 64)
    assert verdict.findings
    assert match_frames(index, [(0, again)], "a" * 64) == verdict


def test_reading_and_writing_changes_no_byte(made):
    assert Fingerprint.from_bytes(made.to_bytes()).to_bytes() == made.to_bytes()


def test_a_fingerprint_is_smaller_than_its_photo_and_has_no_personal_detail(made):
    assert len(made.to_bytes()) < 70_000
    assert max(made.grey.shape) <= 512


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_fingerprint_is_refused(made, data):
    whole = made.to_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] ^= data.draw(st.integers(1, 255))

    for bad in (bytes(damaged), whole[:place], whole + b"\0"):
        with pytest.raises(BadFingerprint):
            Fingerprint.from_bytes(bad)


@given(st.binary(max_size=400))
def test_any_other_bytes_are_refused(data):
    with pytest.raises(BadFingerprint):
        Fingerprint.from_bytes(data)


def test_eight_turns_from_one_transform_are_those_of_eight_pictures():
    image = art.key_visual("moss-courier").resize((EDGE, EDGE))
    bases = (image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    turned = [base.rotate(-90 * n, expand=True) for base in bases for n in range(4)]
    by_hand = np.concatenate([hash_of(picture(one)) for one in turned])

    assert len(turned) == len(TURNS)
    np.testing.assert_array_equal(turned_hashes(picture(image)), by_hand)


def test_the_bits_are_those_of_imagehash():
    image = art.key_visual("star-lantern").resize((EDGE, EDGE)).convert("L")
    theirs = imagehash.phash(image, hash_size=16, highfreq_factor=4).hash

    np.testing.assert_array_equal(np.unpackbits(hash_of(picture(image))[0]), theirs.reshape(-1))


@st.composite
def many_features(draw) -> tuple[Features, int]:
    longest = draw(st.integers(16, 20_000))
    count = draw(st.integers(0, 30))
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    return Features(
        (dice.random((count, 2)) * longest).astype(np.float32),
        (longest * 2.0 ** dice.uniform(-10, -1, count)).astype(np.float32),
        dice.uniform(-10, 10, count).astype(np.float32),
        dice.integers(0, 256, (count, descriptors.PACKED_BYTES), dtype=np.uint8),
    ), longest


@given(many_features())
def test_features_in_forty_bytes_are_where_they_were(given_features):
    features, longest = given_features
    read = compact.from_bytes(compact.to_bytes(features, longest), longest)

    assert len(compact.to_bytes(features, longest)) == 40 * len(features)
    np.testing.assert_allclose(read.points, features.points, atol=longest / 60_000)
    np.testing.assert_allclose(read.sizes, features.sizes, rtol=2e-4)
    np.testing.assert_allclose(np.cos(read.angles - features.angles), 1, atol=1e-6)
    np.testing.assert_array_equal(read.packed, features.packed)
    assert compact.to_bytes(read, longest) == compact.to_bytes(features, longest)


def test_descriptors_in_32_bytes_are_as_near_to_each_other_as_before():
    dice = np.random.default_rng(3)
    sift = dice.gamma(0.6, 40, (200, 128)).astype(np.float32)
    other = sift * dice.uniform(0.7, 1.3, sift.shape).astype(np.float32)
    near = np.linalg.norm(unpacked(sift) - unpacked(other), axis=1)
    far = np.linalg.norm(unpacked(sift) - unpacked(sift[::-1]), axis=1)

    assert near.max() < far.min()


def unpacked(sift: np.ndarray) -> np.ndarray:
    return descriptors.unpack(descriptors.pack(sift))


def test_packing_what_was_unpacked_changes_nothing():
    packed = np.random.default_rng(4).integers(0, 256, (300, descriptors.PACKED_BYTES), dtype=np.uint8)

    np.testing.assert_array_equal(descriptors.pack_axes(descriptors.unpack(packed)), packed)


def test_mirrored_features_are_those_of_the_mirrored_picture():
    image = art.key_visual("tide-fox")
    mirrored = query_features(picture(image)).mirrored(image.width)
    looked = query_features(picture(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))

    nearest = np.linalg.norm(looked.points[:, None] - mirrored.points[None], axis=2)
    rows, columns = np.nonzero(nearest < 1.5)
    assert len(set(rows.tolist())) > 0.6 * len(looked)
    apart = descriptors.unpack(looked.packed[rows]) - descriptors.unpack(mirrored.packed[columns])
    assert np.median(np.linalg.norm(apart, axis=1)) < 0.35
