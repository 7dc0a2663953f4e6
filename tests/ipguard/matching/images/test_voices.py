"""Further voices: a model of the user's, run for real; text in pictures, read for real; neither without being asked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_model
from PIL import Image, ImageDraw, ImageFont

from ipguard.demo import art, products
from ipguard.errors import NotConfigured, WrongUse
from ipguard.matching.finding import Finding, PicturePlace, Reason
from ipguard.matching.images.decode import Picture, decode, decode_frames
from ipguard.matching.images.index import Reference
from ipguard.matching.images.picture_text import FIELD, RapidOcr, TextLine, names_in, text_of
from ipguard.matching.images.voices import look_with
from ipguard.matching.reasons import render
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.settings import read_settings

WORKS = ("star-lantern", "moss-courier", "tide-fox")
SIZE = small_model.SIZE


def picture_of(image: Image.Image) -> Picture:
    decoded = decode(products.png(image))
    assert isinstance(decoded, Picture)
    return decoded


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    pytest.importorskip("onnx", reason="needs onnx, which makes the model")
    pytest.importorskip("onnxruntime", reason="needs the extra `embeddings`")
    file = tmp_path_factory.mktemp("model") / "means.onnx"
    file.write_bytes(small_model.means())
    return file


@pytest.fixture(scope="module")
def model(model_file):
    from ipguard.matching.images.embedding import Model

    return Model(model_file, SIZE, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), threshold=0.95)


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    return {
        letter * 64: products.png(art.key_visual(work, size=200))
        for letter, work in zip("abc", WORKS, strict=True)
    }


@pytest.fixture
def references() -> list[Reference]:
    return [
        Reference(work, letter * 64, f"{work}.png", 200, 200)
        for letter, work in zip("abc", WORKS, strict=True)
    ]


def voice_of(model, folder, references, kept):
    from ipguard.matching.images.embedding import Embedder, EmbeddingVoice, ReferenceVectors

    embedder = Embedder(model)
    vectors = ReferenceVectors(folder, embedder)
    vectors.bring_up_to_date([one.sha256 for one in references], kept.__getitem__)
    return EmbeddingVoice(embedder, vectors, references)


def test_a_model_names_what_it_finds_alike_and_is_named_itself(model, tmp_path, references, kept):
    voice = voice_of(model, tmp_path, references, kept)
    blurred = picture_of(art.key_visual("tide-fox", size=90).resize((300, 300)))
    (finding,) = look_with([voice], [blurred], "f" * 64)

    assert finding.work == "tide-fox"
    assert 0.5 <= finding.strength <= 0.9
    assert (finding.place.method, finding.place.picture, finding.place.reference) == (
        "embedding",
        "f" * 64,
        "c" * 64,
    )
    assert finding.reason.values["model"] == "means"
    assert finding.reason.values["digest"] == hashlib.sha256(model.file.read_bytes()).hexdigest()
    assert "means" in render(finding.reason, "zh")


def test_the_version_changes_with_the_model_and_with_what_is_done_before_it(
    model, tmp_path, references, kept
):
    versions = {
        voice_of(one, tmp_path, references, kept).version
        for one in (model, replace(model, threshold=0.9), replace(model, mean=(0.4, 0.5, 0.5)))
    }

    assert len(versions) == 3


def test_vectors_of_references_are_made_once_and_forgotten_with_them(model, tmp_path, kept):
    from ipguard.matching.images.embedding import Embedder, ReferenceVectors

    embedder = Embedder(model)
    first = ReferenceVectors(tmp_path, embedder)
    assert first.bring_up_to_date(list(kept), kept.__getitem__) == 3
    again = ReferenceVectors(tmp_path, embedder)
    assert again.bring_up_to_date(list(kept)[:2], lambda _: pytest.fail("embedded twice")) == 0
    assert ReferenceVectors(tmp_path, embedder).digests == tuple(list(kept)[:2])
    assert np.allclose(np.linalg.norm(again.vectors, axis=1), 1)
    other = ReferenceVectors(tmp_path, Embedder(replace(model, mean=(0.4, 0.5, 0.5))))
    assert other.digests == (), "seen through other numbers"


def test_what_is_wrong_with_a_model_is_said(model, tmp_path):
    from ipguard.matching.images.embedding import Embedder

    (tmp_path / "page.onnx").write_text("<html>")
    with pytest.raises(NotConfigured, match="no ONNX model"):
        Embedder(replace(model, file=tmp_path / "page.onnx"))
    with pytest.raises(NotConfigured, match="no model"):
        Embedder(replace(model, file=tmp_path / "none.onnx"))
    with pytest.raises(WrongUse, match="1 × 3 × 64"):
        Embedder(replace(model, size=64)).embed(picture_of(art.key_visual("tide-fox", size=100)))


class Brightness:
    version = "1"

    def see(self, picture: Picture) -> list[Finding]:
        place = PicturePlace("", "r" * 64, "embedding", ((0, 0),) * 4, ((0, 0),) * 4)
        return [
            Finding("picture", "1", "w", float(picture.pixels.mean()) / 256, Reason("picture.alike"), place)
        ]


def test_of_the_frames_of_an_animation_the_strongest_speaks_and_says_which_it_is():
    import io

    out = io.BytesIO()
    greys = [Image.new("L", (64, 64), level) for level in (20, 200, 90)]
    greys[0].save(out, "GIF", save_all=True, append_images=greys[1:], duration=100)
    (finding,) = look_with([Brightness()], decode_frames(out.getvalue()), "f" * 64)

    assert finding.place.frame == 1
    assert finding.place.picture == "f" * 64


def test_voices_do_not_hear_each_other():
    (one,) = look_with([Brightness()], [picture_of(art.stranger(1, size=64))], "f" * 64)
    assert look_with([Brightness(), Brightness()], [picture_of(art.stranger(1, size=64))], "f" * 64) == [
        one,
        one,
    ]


def test_settings_name_a_model_with_its_threshold(tmp_path):
    file = tmp_path / "ipguard.toml"
    file.write_text('[matching]\nocr = true\n[matching.embeddings]\nmodel = "m.onnx"\nthreshold = 0.8\n')
    matching = read_settings(file).matching
    assert matching.ocr
    assert matching.embeddings.threshold == 0.8
    file.write_text('[matching.embeddings]\nmodel = "m.onnx"\n')
    with pytest.raises(WrongUse, match="threshold"):
        read_settings(file)


def poster(*lines: str) -> Image.Image:
    image = Image.new("RGB", (400, 300), (214, 226, 238))
    pen = ImageDraw.Draw(image)
    for n, line in enumerate(lines):
        pen.text((30, 60 + 90 * n), line, fill="black", font=ImageFont.load_default(40))
    return image


class Reader:
    """A reader that knows what it was given; only what surrounds it is tested with it."""

    version = "1"

    def read(self, picture: Picture) -> list[TextLine]:
        corners = ((0.0, 0.0),) * 4
        return [TextLine("Star Lantern", corners, 0.9), TextLine("S1ar Lxntern", corners, 0.2)]


def test_uncertain_lines_are_left_out_and_a_line_of_two_frames_is_there_once():
    frame = picture_of(art.stranger(1, size=64))
    assert text_of(Reader(), [frame, frame]) == "Star Lantern"


def test_a_name_in_a_picture_is_found_and_its_place_names_the_picture():
    matcher = TextMatcher([WatchedName("star-lantern", "Star Lantern", "en")])
    (finding,) = names_in(matcher.match_listing, "buy\nStar Lantern", "f" * 64)

    assert (finding.work, finding.place.field, finding.place.picture) == ("star-lantern", FIELD, "f" * 64)
    assert "text in the picture" in render(finding.reason)
    assert names_in(matcher.match_listing, "", "f" * 64) == []


def test_text_in_a_picture_is_read_where_it_stands():
    pytest.importorskip("rapidocr", reason="needs the extra `ocr`")
    lines = RapidOcr().read(picture_of(poster("STAR LANTERN", "free shipping").resize((1200, 900))))

    assert [line.text.replace(" ", "") for line in lines] == ["STARLANTERN", "freeshipping"]
    (left, top), _, (right, bottom), _ = lines[0].quad
    assert 50 < left < 130
    assert 150 < top < 250
    assert 800 < right < 1150
    assert 260 < bottom < 360


def test_the_tool_prints_the_text_when_asked(tmp_path):
    pytest.importorskip("rapidocr", reason="needs the extra `ocr`")
    import json

    (tmp_path / "refs").mkdir()
    art.key_visual("tide-fox", size=200).save(tmp_path / "refs" / "fox.png")
    poster("MOSS COURIER").save(tmp_path / "seen.png")
    command = [
        sys.executable,
        "-m",
        "ipguard",
        "match",
        "images",
        "--references",
        "refs",
        "--ocr",
        "--json",
        "seen.png",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "COURIER" in json.loads(done.stdout)["text"][0]["text"]


WITHOUT = """
import sys
sys.modules["rapidocr"] = sys.modules["onnxruntime"] = None  # as if they were not installed
from pathlib import Path
from ipguard.errors import NotConfigured
from ipguard.demo import art, products
from ipguard.matching.images.decode import decode
from ipguard.matching.images.embedding import Embedder, Model
from ipguard.matching.images.picture_text import RapidOcr
for attempt in (
    lambda: RapidOcr().read(decode(products.png(art.stranger(1, size=64)))),
    lambda: Embedder(Model(Path("m.onnx"), 32, (0, 0, 0), (1, 1, 1), 0.5)),
):
    try:
        attempt()
    except NotConfigured as error:
        print(error.hint)
"""


def test_without_the_extras_it_is_said_what_to_install():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)

    assert "ipguard[ocr]" in done.stdout
    assert "ipguard[embeddings]" in done.stdout
