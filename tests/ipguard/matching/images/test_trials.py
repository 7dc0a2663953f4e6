"""A reference says when it is added how well its copies will be found, and a calibration measures the same for a set."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ipguard.demo import art, products
from ipguard.matching.images.altering import FAMILIES
from ipguard.matching.images.calibration import Rate, calibrate
from ipguard.matching.images.calibration_drawing import advice, clean_needed, curve_svg
from ipguard.matching.images.index import build_index
from ipguard.matching.images.lettering import lettering
from ipguard.matching.images.quality import quality_of
from ipguard.matching.images.trials import Added, SelfTest, copies_each, examine, self_test
from ipguard.matching.reasons import render


def added(work: str, image: Image.Image) -> Added:
    data = products.png(image)
    return Added(work, hashlib.sha256(data).hexdigest(), f"{work}.png", data)


FOX = added("tide-fox", art.key_visual("tide-fox"))
LANTERN = added("star-lantern", art.key_visual("star-lantern"))


def index_of(*pictures: Added):
    return build_index((one.work, one.sha256, one.name, one.data) for one in pictures)[0]


def test_a_rich_picture_is_found_nearly_always_and_a_flat_one_is_not():
    flat = Image.new("RGB", (400, 400), (240, 240, 240))
    ImageDraw.Draw(flat).ellipse((150, 150, 250, 250), fill=(200, 60, 60))
    dot = added("dot", flat)
    index = index_of(FOX, LANTERN, dot)
    rich, poor = self_test(index, FOX, copies=20), self_test(index, dot, copies=20)

    assert set(rich.by_family) == set(FAMILIES)
    assert rich.found >= 15
    assert poor.found < rich.found
    assert poor.missed
    assert {reason.code for reason in poor.reasons} >= {"reference.self_test", "reference.weak_goods"}
    assert "of 20 altered copies" in render(rich.reasons[0])


def test_the_same_picture_has_the_same_self_test():
    index = index_of(FOX)

    assert self_test(index, FOX, copies=4) == self_test(index, FOX, copies=4)


def test_what_is_mostly_missed_is_named_by_its_group():
    rates = {family: Rate(1, 1) for family in FAMILIES} | {
        "mug": Rate(0, 1),
        "shirt": Rate(0, 1),
        "poster": Rate(0, 1),
    }
    codes = [reason.code for reason in SelfTest(17, 20, rates).reasons]

    assert codes == ["reference.self_test", "reference.weak_goods"]


def test_a_picture_that_another_work_has_too_is_said_to_look_alike():
    told = examine(
        [added("fan-book", art.key_visual("tide-fox").resize((500, 500)))], [FOX, LANTERN], copies=1
    )
    (reasons,) = told.values()

    assert [r.values["work"] for r in reasons if r.code == "reference.look_alike"] == ["tide-fox"]


def test_many_pictures_get_fewer_copies_each():
    assert [copies_each(n) for n in (1, 3, 4, 20, 21, 100)] == [100, 100, 40, 40, 20, 20]


def page(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> Image.Image:
    image = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(image)
    for line in range(8):
        pen.text((24, 20 + 54 * line), text, font=font, fill=(20, 24, 60))
    return image


def test_a_page_of_text_is_told_from_artwork():
    text = page("Terms of sale of this shop", ImageFont.load_default(36))

    assert lettering(np.asarray(text)) > 0.8
    assert lettering(255 - np.asarray(text)) > 0.8
    assert "reference.mostly_text" in [w.code for w in quality_of(products.png(text)).warnings]
    for image in (
        *map(art.key_visual, ("star-lantern", "moss-courier", "tide-fox")),
        *map(art.stranger, range(6)),
    ):
        assert lettering(np.asarray(image.convert("RGB"))) < 0.3
    assert lettering(np.full((200, 300, 3), 90, np.uint8)) == 0.0


def test_the_curve_can_be_read_as_xml_in_both_languages_and_marks_what_was_chosen():
    measured = calibrate([("mug", 0.9), ("mug", 0.0), ("jpeg", 0.95)] * 20, [0.0] * 999 + [0.85])
    for language, word in (("en", "altered copies found"), ("zh", "找到的改动复制品")):
        root = ElementTree.fromstring(curve_svg(measured, language))
        words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
        assert word in words
        assert f"{measured.chosen.score:.2f}" in words
    assert curve_svg(calibrate([], []), "en").startswith("<svg")


def test_the_advice_says_whether_the_rate_is_proven():
    assert "at most" in advice(calibrate([("mug", 0.9)], [0.0] * 4000))[1]
    assert str(clean_needed(1e-3)) in advice(calibrate([("mug", 0.9)], [0.0] * 100))[1]
    assert "No threshold" in advice(calibrate([("mug", 0.9)], [1.0]))[0]
    assert clean_needed(1e-3) == 3838


@pytest.fixture(scope="module")
def measured_by_the_tool(tmp_path_factory):
    place = tmp_path_factory.mktemp("calibrating")
    (place / "refs").mkdir()
    (place / "shops").mkdir()
    art.key_visual("tide-fox").save(place / "refs" / "tide-fox.png")
    for n in range(3):
        (place / "shops" / f"{n}.jpg").write_bytes(products.jpeg(products.mug(art.stranger(n), n)))
    (place / "shops" / "page.png").write_text("<html>")
    command = [
        sys.executable,
        "-m",
        "ipguard",
        "match",
        "calibrate",
        "--references",
        "refs",
        "--distractors",
        "shops",
    ]
    done = subprocess.run(
        [*command, "--copies", "20", "--draw", "curve.svg", "--json"],
        cwd=place, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return place, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_the_tool_measures_families_thresholds_and_says_what_it_left_out(measured_by_the_tool):
    place, rows, said = measured_by_the_tool
    families = {row["family"]: row["found"] for row in rows if row["kind"] == "family"}
    chosen = next(row for row in rows if row["kind"] == "chosen")

    assert set(families) == set(FAMILIES)
    assert families["jpeg"] == {
        "hits": 1,
        "of": 1,
        "share": 1.0,
        "low": pytest.approx(0.2065, abs=1e-4),
        "high": 1.0,
    }
    assert all(row["false_flags"]["of"] == 3 for row in rows if row["kind"] == "threshold")
    assert chosen["proven"] is False
    assert "page.png is left out" in said
    assert (place / "curve.svg").read_text("utf-8").startswith("<svg")


def test_a_folder_without_pictures_is_wrong_use(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ipguard", "match", "calibrate", "--references", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "no picture" in done.stderr
