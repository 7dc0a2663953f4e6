"""Copies are seen, whole or in part; unrelated artwork and hostile bytes are not; the same picture, the same verdict."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ipguard.demo import art, products
from ipguard.matching.images.decode import MAX_BYTES, Picture, Undecodable, decode
from ipguard.matching.images.hashes import HashIndex
from ipguard.matching.images.index import ReferenceIndex, build_index
from ipguard.matching.images.matcher import compare, match_picture
from ipguard.matching.images.quality import quality_of

WORKS = ("star-lantern", "moss-courier", "tide-fox")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="session")
def references() -> list[tuple[str, str, str, bytes]]:
    made = [(w, f"{w}.png", products.png(art.key_visual(w))) for w in WORKS]
    return [(work, digest(data), name, data) for work, name, data in made]


@pytest.fixture(scope="session")
def index(references) -> ReferenceIndex:
    return build_index(references)[0]


def works(index: ReferenceIndex, image: Image.Image | bytes) -> list[str]:
    data = image if isinstance(image, bytes) else products.jpeg(image)
    return [finding.work for finding in match_picture(index, data, digest(data)).findings]


FOX = art.key_visual("tide-fox")
COPIES = {
    "as it is": FOX,
    "re-compressed": FOX.resize((300, 300)),
    "mirrored": products.mirrored(FOX, 1),
    "turned": FOX.rotate(90),
    "tilted": FOX.rotate(17, expand=True),
    "cropped": products.cropped(FOX, 1),
    "with a caption": products.repost(FOX, 1),
    "darker": Image.eval(FOX, lambda value: int(value * 0.55)),
    "on a shirt": products.shirt(FOX, 3),
    "on a mug": products.mug(FOX, 4),
    "on a poster": products.poster(FOX, 5),
    "on a phone case": products.phone_case(FOX, 6),
    "among stickers": products.sticker_sheet([FOX, art.stranger(2)], 7),
    "mirrored on a shirt": products.shirt(products.mirrored(FOX, 1), 8),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found_and_nothing_else(index, how):
    assert works(index, COPIES[how]) == ["tide-fox"]


def test_unrelated_artwork_and_goods_are_left_alone(index):
    makers = (products.shirt, products.mug, products.poster, products.phone_case)
    distractors = [maker(art.stranger(seed), seed) for seed in range(12) for maker in makers]
    distractors += [art.stranger(seed) for seed in range(100, 110)]

    assert [n for n, image in enumerate(distractors) if works(index, image)] == []


def test_one_work_is_not_taken_for_another(index):
    for work in WORKS:
        assert works(index, products.shirt(art.key_visual(work), 11)) == [work]


def test_the_matched_place_is_where_the_print_is(index):
    corners = [(240, 130), (610, 190), (600, 560), (236, 610)]
    data = products.jpeg(products.poster(art.key_visual("star-lantern"), 3))
    (finding,) = match_picture(index, data, digest(data)).findings

    errors = [np.hypot(x - a, y - b) for (x, y), (a, b) in zip(finding.place.region, corners, strict=True)]
    assert np.mean(errors) <= 0.03 * np.hypot(800, 800)
    assert finding.place.inliers >= 20


def test_the_place_is_told_in_pixels_of_the_picture_as_it_came(index):
    big = products.poster(art.key_visual("star-lantern"), 3).resize((2400, 2400))
    (finding,) = match_picture(index, products.jpeg(big), "0" * 64).findings

    assert max(x for x, _ in finding.place.region) > 1500


def test_the_same_picture_gives_the_same_verdict(index):
    data = products.jpeg(products.mug(FOX, 5))

    assert match_picture(index, data, "a" * 64) == match_picture(index, data, "a" * 64)


def test_an_index_that_was_saved_answers_the_same(index, tmp_path):
    index.save(tmp_path / "index")
    again = ReferenceIndex.load(tmp_path / "index")

    for image in (products.mug(FOX, 5), products.mirrored(FOX, 1), art.stranger(3)):
        data = products.jpeg(image)
        assert match_picture(again, data, "a" * 64) == match_picture(index, data, "a" * 64)


def test_candidates_among_many_agree_with_comparing_one_by_one(references):
    many = [("other", f"{n:064d}", f"s{n}.png", products.png(art.stranger(n, size=320))) for n in range(20)]
    index = build_index([*references, *many])[0]

    for work, maker in zip(WORKS, (products.shirt, products.mug, products.poster), strict=True):
        data = products.jpeg(maker(art.key_visual(work), 21))
        found = {f.work for f in match_picture(index, data, "a" * 64).findings}
        by_hand = {w for w, _, _, reference in references if compare(reference, data) is not None}
        assert found == by_hand == {work}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_hash_search_equals_comparing_everything(seed, count):
    dice = np.random.default_rng(seed)
    bits = dice.integers(0, 256, (count, 32), dtype=np.uint8)
    query = bits[dice.integers(0, count, 8)].copy()
    query[:, :6] ^= dice.integers(0, 256, (8, 6), dtype=np.uint8)
    index = HashIndex(bits, dice.random(count) < 0.3)

    assert index.search(query) == index.search_slowly(query)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


SMALL = FOX.resize((200, 200))
READABLE = {
    "CMYK": saved(SMALL.convert("CMYK"), "JPEG"),
    "16-bit": saved(Image.fromarray(np.asarray(SMALL.convert("L")).astype(np.uint16) * 257), "PNG"),
    "palette": saved(SMALL.convert("P"), "PNG"),
    "transparent palette": saved(SMALL.convert("P"), "PNG", transparency=3),
    "alpha": saved(SMALL.convert("RGBA"), "PNG"),
    "grey": saved(SMALL.convert("L"), "PNG"),
    "one bit": saved(SMALL.convert("1"), "PNG"),
    "animated GIF": saved(SMALL, "GIF", save_all=True, append_images=[art.stranger(1).resize((200, 200))]),
    "WebP": saved(SMALL, "WEBP"),
    "BMP": saved(SMALL, "BMP"),
}


@pytest.mark.parametrize("kind", READABLE)
def test_every_usual_kind_of_picture_is_read(kind):
    picture = decode(READABLE[kind])

    assert isinstance(picture, Picture)
    assert picture.pixels.shape == (200, 200, 3)


def test_a_picture_turned_by_its_exif_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(saved(SMALL.resize((300, 200)), "JPEG", exif=exif))

    assert isinstance(picture, Picture)
    assert (picture.width, picture.height) == (200, 300)
    assert picture.pixels.shape[:2] == (300, 200)


def header_of(width: int, height: int) -> bytes:
    data = bytearray(saved(Image.new("1", (8, 8)), "PNG"))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


WHOLE = products.jpeg(FOX)
UNREADABLE = {
    "empty": (b"", "empty"),
    "a page": (b"<!DOCTYPE html><html>", "not_a_picture"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
    "a JPEG that is HTML": (b"  <html><body>", "not_a_picture"),
    "cut": (WHOLE[: len(WHOLE) // 12], "truncated"),
    "noise": (bytes(range(256)) * 4, "unknown_format"),
    "a TIFF": (saved(SMALL, "TIFF"), "format_not_read"),
    "a bomb": (header_of(30_000, 30_000), "bomb"),
    "60 megapixels": (header_of(10_000, 6_000), "bomb"),
    "a dot": (saved(Image.new("RGB", (1, 1)), "PNG"), "too_small"),
    "too many bytes": (b"\xff\xd8" + b"0" * MAX_BYTES, "too_many_bytes"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_a_named_outcome(index, what):
    data, code = UNREADABLE[what]
    seen = decode(data)

    assert isinstance(seen, Undecodable)
    assert seen.reason.code == f"unreadable.{code}"
    assert match_picture(index, data, "a" * 64).skipped == seen.reason


def test_a_thirty_megapixel_png_is_read_and_kept_small():
    data = saved(Image.new("RGB", (6000, 5000), "navy"), "PNG")
    picture = decode(data)

    assert isinstance(picture, Picture)
    assert max(picture.pixels.shape) <= 1024
    assert (picture.width, picture.height) == (6000, 5000)


def test_a_frame_that_says_it_is_larger_than_its_file_is_a_bomb():
    whole = bytearray(READABLE["animated GIF"])
    first = whole.index(b"\x2c", 13)
    second = whole.index(b"\x2c" + bytes(4), first + 1)
    whole[second + 5 : second + 9] = b"\xff\xff\xff\xff"

    assert decode(bytes(whole)) is not None
    whole[first + 5 : first + 9] = b"\xff\xff\xff\xff"
    seen = decode(bytes(whole))
    assert isinstance(seen, Undecodable)
    assert seen.reason.code == "unreadable.bomb"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(READABLE)), st.data())
def test_mangled_pictures_never_raise(kind, data):
    mangled = bytearray(READABLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        mangled[data.draw(st.integers(0, len(mangled) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mangled)))

    assert isinstance(decode(bytes(mangled[:cut])), Picture | Undecodable)


def test_a_poor_reference_is_said_to_be_poor():
    good = quality_of(products.png(FOX))
    poor = quality_of(products.png(Image.new("RGB", (120, 90), "white")))

    assert good.warnings == ()
    assert {w.code for w in poor.warnings} == {"reference.small", "reference.flat", "reference.few_points"}
    assert quality_of(b"<html>").unreadable.code == "unreadable.not_a_picture"
