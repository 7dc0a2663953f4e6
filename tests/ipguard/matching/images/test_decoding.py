"""Hostile bytes end as a picture or as a named reason, in bounded memory; what is there is seen as it should look."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ipguard.demo import art
from ipguard.matching.images import decode as decoding
from ipguard.matching.images.decode import MAX_SCANS, Picture, Undecodable, decode, decode_frames
from ipguard.matching.images.formats import kind_of
from ipguard.matching.reasons import LANGUAGES, render

FOX = art.key_visual("tide-fox", size=240)
OTHERS = [art.key_visual(name, size=240) for name in ("star-lantern", "moss-courier")]
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def animated(kind: str, frames: list[Image.Image]) -> bytes:
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=200)


def unlike(one: np.ndarray, other: Image.Image) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one.astype(int) - np.asarray(other.convert("RGB")).astype(int)).mean())


def seen(data: bytes) -> Picture:
    picture = decode(data)
    assert isinstance(picture, Picture)
    return picture


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(*chunks: bytes) -> bytes:
    whole = saved(FOX, "PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def png_of(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_exif_orientation_stands_upright(kind, orientation):
    upright = FOX.resize((240, 160))
    undo = {5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE}
    undo |= {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
    }
    undo |= {8: Image.Transpose.ROTATE_270}
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = seen(saved(stored, kind, exif=exif))

    assert (picture.width, picture.height) == (240, 160)
    assert unlike(picture.pixels, upright) < 6


def test_cmyk_of_photoshop_which_is_stored_inverted_shows_its_colours():
    data = saved(FOX.convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data[:200]

    assert unlike(seen(data).pixels, FOX) < 6


def test_sixteen_bits_show_the_same_as_eight():
    grey = FOX.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)

    assert unlike(seen(saved(deep, "PNG")).pixels, grey) == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_places_show_a_neutral_grey(mode):
    if mode == "P":
        image = Image.new("P", (64, 64), 0)
        image.putpalette([255, 0, 0] * 256)
        data = saved(image, "PNG", transparency=0)
    else:
        data = saved(Image.new(mode, (64, 64)), "PNG")

    assert (seen(data).pixels == decoding.NEUTRAL).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(2300, 1500), (2300, 300)])
def test_a_large_picture_looks_like_a_small_one(kind, size):
    large = FOX.resize(size, Image.Resampling.BICUBIC)
    picture = seen(saved(large, kind))
    height, width = picture.pixels.shape[:2]

    assert (picture.width, picture.height) == size
    assert 720 <= width <= 1024
    assert abs(height / width - size[1] / size[0]) < 0.003
    assert unlike(picture.pixels, large.resize((width, height))) < 4


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_frames_that_show_something_else_are_seen_once_each(kind):
    still = [FOX] * 3 + [OTHERS[0]] * 3 + [FOX] * 2 + [OTHERS[1]]
    frames = decode_frames(animated(kind, still))

    assert isinstance(frames, tuple)
    assert [
        unlike(frame.pixels, shown) < 12 for frame, shown in zip(frames, [FOX, *OTHERS], strict=True)
    ] == [True] * 3
    assert frames[0].frame == 0
    assert frames[0].frame < frames[1].frame < frames[2].frame


def test_frame_numbers_are_those_of_the_file():
    flicker = [Image.eval(FOX, lambda value, n=n: min(255, value + n)) for n in range(7)]
    frames = decode_frames(animated("GIF", [*flicker, OTHERS[0]]))

    assert [frame.frame for frame in frames] == [0, 7]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=12), st.integers(1, 4))
def test_chosen_frames_differ_and_none_is_missed(levels, most):
    frames = decode_frames(animated("PNG", [Image.new("L", (16, 16), level) for level in levels]), most)
    shown = [int(frame.pixels[0, 0, 0]) for frame in frames]

    assert shown[0] == levels[0]
    assert len(frames) <= most
    assert all(abs(a - b) >= 12 for n, a in enumerate(shown) for b in shown[:n])
    if len(frames) < most:
        assert all(min(abs(level - one) for one in shown) < 12 for level in levels)


def test_an_animation_with_very_many_frames_is_seen_in_part_and_says_so():
    frames = decode_frames(
        animated("GIF", [Image.new("L", (16, 16), n % 2 * 40 + n % 7) for n in range(300)])
    )

    assert frames[0].notes[0].code == "partly.frames"
    assert frames[0].notes[0].values == {"frames": decoding.MAX_FRAMES}


def test_a_damaged_later_frame_does_not_cost_the_first():
    whole = animated("GIF", [FOX, OTHERS[0]])
    frames = decode_frames(whole[: len(whole) - len(whole) // 8])

    assert unlike(frames[0].pixels, FOX) < 12


@pytest.mark.parametrize("share", [0.45, 0.6, 0.8, 0.95])
def test_a_jpeg_that_breaks_off_is_seen_and_says_how_much_is_missing(share):
    whole = saved(FOX, "JPEG", quality=85)
    picture = seen(whole[: int(len(whole) * share)])
    missing = picture.notes[0].values["percent"]
    there = int(240 * (1 - missing / 100))

    assert picture.notes[0].code == "partly.breaks_off"
    assert 0 < missing < 75
    assert unlike(picture.pixels[:there], FOX.crop((0, 0, 240, there))) < 6


@pytest.mark.parametrize("percent", range(30, 96, 5))
def test_a_progressive_jpeg_that_breaks_off_anywhere_lacks_details_only(percent):
    whole = saved(FOX, "JPEG", progressive=True)

    assert [note.code for note in seen(whole[: len(whole) * percent // 100]).notes] == ["partly.coarse"]
    assert seen(whole).notes == ()


def test_a_jpeg_of_which_little_is_there_is_not_looked_at():
    whole = saved(FOX, "JPEG")
    assert decode(whole[: len(whole) // 10]).reason.code == "unreadable.truncated"


TEXT_BOMB = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(30_000_000)))
ICC_BOMB = chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(30_000_000)))


@pytest.mark.parametrize("bomb", [TEXT_BOMB, ICC_BOMB, TEXT_BOMB * 40], ids=["text", "profile", "texts"])
def test_text_and_profile_bombs_are_stepped_over(bomb):
    assert unlike(seen(png_with(bomb)).pixels, FOX) == 0


def heif(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0" + b"mif1" + brand + bytes(64)


def many_scans() -> bytes:
    data = saved(FOX, "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:-2] + data[at:-2] * MAX_SCANS + data[-2:]


WEBP_BOMB = (
    b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + b"\xff\x3f\0" * 2
)
UNREADABLE = {
    "no bytes": (b"", "empty"),
    "HTML": (b"\xef\xbb\xbf \n<!DOCTYPE html><html>", "not_a_picture"),
    "HTML in UTF-16": ("<html><body>".encode("utf-16"), "not_a_picture"),
    "HTML after a comment": (b"<!-- saved --><html>", "not_a_picture"),
    "JSON": (b' {"error": "not found"}', "not_a_picture"),
    "PDF": (b"%PDF-1.7\n", "not_a_picture"),
    "ZIP": (b"PK\x03\x04" + bytes(60), "not_a_picture"),
    "video": (heif(b"mp42").replace(b"mif1", b"isom"), "not_a_picture"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "svg"),
    "TIFF": (saved(FOX, "TIFF"), "format_not_read"),
    "ICO": (saved(FOX, "ICO"), "format_not_read"),
    "JPEG 2000": (saved(FOX, "JPEG2000"), "format_not_read"),
    "HEIC": (heif(b"heic"), "no_codec"),
    "nothing known": (bytes(range(256)) * 4, "unknown_format"),
    "900 megapixels": (png_of(30_000, 30_000), "bomb"),
    "60 megapixels": (png_of(10_000, 6_000), "bomb"),
    "WebP of 268 megapixels": (WEBP_BOMB, "bomb"),
    "GIF of 4,295 megapixels": (b"GIF89a" + b"\xff" * 4 + bytes(60), "bomb"),
    "no width": (png_of(0, 300), "no_area"),
    "GIF without height": (b"GIF89a\x40\0\0\0" + bytes(60), "no_area"),
    "one dot": (saved(FOX.resize((1, 1)), "PNG"), "too_small"),
    "a line": (saved(FOX.resize((300, 2)), "GIF"), "too_small"),
    "many scans": (many_scans(), "bomb_scans"),
    "a JPEG's first bytes": (b"\xff\xd8\xff\xe0", "damaged"),
    "half a PNG": (saved(FOX, "PNG")[:9000], "truncated"),
    "a WebP with nothing in it": (b"RIFF\x04\0\0\0WEBP", "damaged"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_has_a_name_and_a_sentence(what):
    data, code = UNREADABLE[what]
    refused = decode_frames(data)

    assert isinstance(refused, Undecodable)
    assert refused.reason.code == f"unreadable.{code}"
    assert all("{" not in render(refused.reason, language) for language in LANGUAGES)


@pytest.mark.parametrize("kind", ["AVIF", "WEBP"])
def test_without_a_decoder_the_reason_names_the_format(kind):
    refused = decode_frames(saved(FOX, kind), has_codec=lambda name: False)

    assert refused.reason.code == "unreadable.no_codec"
    assert refused.reason.values == {"format": kind}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_told_by_its_bytes(kind):
    assert kind_of(saved(FOX, kind)).name == kind


CORPUS = {kind: saved(FOX.resize((96, 64)), kind) for kind in KINDS}
CORPUS |= {f"animated {kind}": animated(kind, [FOX.resize((64, 64)), OTHERS[0].resize((64, 64))]) for kind in ("GIF", "PNG", "WEBP", "AVIF")}  # fmt: skip
CORPUS |= {"progressive": saved(FOX.resize((96, 64)), "JPEG", progressive=True)}
CORPUS |= {"palette": saved(FOX.resize((96, 64)).convert("P"), "PNG", transparency=3)}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(CORPUS)), st.integers(0, 2**32), st.floats(0, 1))
def test_flipped_and_cut_files_never_raise(kind, seed, keep):
    dice = random.Random(seed)
    data = bytearray(CORPUS[kind])
    for _ in range(dice.randint(0, 8)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    whole = dice.random() < 0.5

    assert isinstance(
        decode_frames(bytes(data if whole else data[: int(len(data) * keep)])), tuple | Undecodable
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"", *(data[:12] for data in CORPUS.values())]), st.binary(max_size=400))
def test_random_bytes_never_raise(head, data):
    assert isinstance(decode_frames(head + data), tuple | Undecodable)


IN_LITTLE_MEMORY = """
import io, random, resource, sys
from pathlib import Path
import numpy as np
from PIL import Image
from ipguard.matching.images.decode import MAX_BYTES, MEMORY, Picture, decode_frames

def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()

rows = np.random.default_rng(7).integers(0, 256, (500, 1), dtype=np.uint8)
large = {
    "JPEG": saved(Image.fromarray(rows).resize((10_000, 5_000)).convert("RGB"), "JPEG", progressive=True),
    "PNG RGBA": saved(Image.new("RGBA", (10_000, 5_000), (9, 9, 9, 128)), "PNG", compress_level=1),
    "PNG 16": saved(Image.new("I;16", (10_000, 5_000), 900), "PNG", compress_level=1),
    "PNG palette": saved(Image.new("P", (10_000, 5_000), 3), "PNG", compress_level=1, transparency=3),
    "PNG narrow": saved(Image.new("RGB", (16, 1_000_000), (9, 9, 9)), "PNG", compress_level=1),
    "GIF": saved(Image.new("P", (5_000, 5_000)), "GIF", save_all=True, append_images=[Image.new("P", (5_000, 5_000), 9)]),
    "WEBP": saved(Image.new("RGBA", (5_000, 5_000), (9, 9, 9, 128)), "WEBP", method=0, lossless=True, quality=0),
    "AVIF": saved(Image.new("RGB", (5_000, 5_000), "navy"), "AVIF", speed=10),
}
small = [saved(Image.effect_noise((64, 64), 60).convert("RGB"), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")]
for data in small:
    decode_frames(data)  # what the libraries load once is not the pictures' doing
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY + MAX_BYTES,) * 2)
for name, data in large.items():
    frames = decode_frames(data)
    assert isinstance(frames, tuple) and isinstance(frames[0], Picture), (name, frames)
dice = random.Random(11)
for _ in range(200):
    data = bytearray(dice.choice(small))
    for _ in range(dice.randint(1, 40)):  # the head, where sizes are told, more often
        data[int(len(data) * dice.random() ** 4)] = dice.randrange(256)
    decode_frames(bytes(data))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="address space can be limited and read on Linux only")
def test_the_largest_pictures_and_the_most_mangled_ones_fit_into_the_memory_that_is_promised():
    done = subprocess.run([sys.executable, "-c", IN_LITTLE_MEMORY], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
