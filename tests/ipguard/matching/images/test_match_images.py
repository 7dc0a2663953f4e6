"""`ipguard match images`: one line a picture, whatever became of it; explanation pictures where they were asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ipguard.demo import art, products
from ipguard.matching.images.decode import Picture, decode

FOX = art.key_visual("tide-fox")


def run(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ipguard", "match", "images", "--references", "refs", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pictures")
    (place / "refs" / "tide-fox").mkdir(parents=True)
    FOX.save(place / "refs" / "tide-fox" / "key.png")
    (place / "seen" / "deeper").mkdir(parents=True)
    (place / "seen" / "deeper" / "mug.jpg").write_bytes(products.jpeg(products.mug(FOX, 3)))
    shirt = products.jpeg(products.shirt(art.stranger(4, size=300), 3))
    (place / "seen" / "half.jpg").write_bytes(shirt[: len(shirt) * 2 // 3])
    (place / "seen" / "gone.png").symlink_to("nowhere.png")
    (place / "seen" / "nothing.gif").touch()
    (place / "seen" / "notes.txt").write_text("not looked at")
    (place / "seen" / "page.png").write_text("<html>")
    (place / "seen" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    return place


@pytest.fixture(scope="module")
def lines(folder):
    done = run(folder, "--json", "--draw", "drawn", "seen")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["path"].rsplit("/", 1)[1]: row for row in rows}


def test_a_match_is_told_with_its_place(lines):
    mug = lines["mug.jpg"]
    (finding,) = mug["findings"]

    assert mug["match"] is True
    assert 0.5 <= mug["score"] <= 1
    assert (finding["reference"], finding["work"]) == ("tide-fox/key.png", "tide-fox")
    assert finding["method"] == "features"
    assert finding["inliers"] >= 8
    assert [len(corner) for corner in finding["region"]] == [2] * 4
    assert "tide-fox/key.png" in finding["why"]


def test_what_cannot_be_read_is_a_line_with_its_reason(lines):
    assert set(lines) == {"mug.jpg", "half.jpg", "gone.png", "nothing.gif", "page.png", "phone.heic"}
    why = {name: row.get("skipped", "") for name, row in lines.items()}

    assert "not a picture" in why["page.png"]
    assert "HEIC" in why["phone.heic"]
    assert "no bytes" in why["nothing.gif"]
    assert "may not be read" in why["gone.png"]
    assert not any(row["match"] for name, row in lines.items() if name != "mug.jpg")


def test_what_could_not_be_looked_at_of_a_picture_is_noted(lines):
    assert "breaks off" in lines["half.jpg"]["notes"][0]
    assert "skipped" not in lines["half.jpg"]
    assert "notes" not in lines["mug.jpg"]


def test_explanation_pictures_are_named_by_picture_reference_and_view(folder, lines):
    drawn = sorted(path.name for path in (folder / "drawn").iterdir())

    assert {name.rsplit("-", 1)[1] for name in drawn} >= {"region.jpg", "layover.jpg"}
    assert all(name.startswith("mug-") and "--tide-fox-key-" in name for name in drawn)
    assert all(isinstance(decode((folder / "drawn" / name).read_bytes()), Picture) for name in drawn)


def test_a_path_that_is_not_there_is_an_error_before_anything_is_read(folder):
    done = run(folder, "seen", "no-such-picture.png")

    assert done.returncode == 2
    assert "no-such-picture.png" in done.stderr
    assert done.stdout == ""
