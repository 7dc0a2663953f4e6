"""Index folders: whole or not there, made from the one before, removed when nobody uses them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ipguard.demo import art, products
from ipguard.matching.images import shelf as shelf_module
from ipguard.matching.images.eye import look
from ipguard.matching.images.shelf import Shelf, Wanted, key_of

HOLDER = """
import sys
from pathlib import Path
from ipguard.matching.images.shelf import OpenIndex
held = OpenIndex(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
DRAWN = [art.key_visual(work, size=200) for work in ("star-lantern", "moss-courier", "tide-fox")]
DRAWN += [art.stranger(n, size=200) for n in range(2)]
PICTURES = {f"w{n}": products.png(image) for n, image in enumerate(DRAWN)}
BY_DIGEST = {hashlib.sha256(data).hexdigest(): data for data in PICTURES.values()}


def wanted(*works: str) -> list[Wanted]:
    return [Wanted(work, hashlib.sha256(PICTURES[work]).hexdigest(), f"{work}.png") for work in works]


def folders(place: Path) -> set[str]:
    return {path.name for path in place.iterdir() if path.is_dir()}


def works_seen(folder: Path, name: str) -> list[str]:
    return [finding.work for finding in look(str(folder), PICTURES[name], "0" * 64).findings]


def test_a_version_made_from_another_answers_as_one_made_anew(tmp_path: Path):
    described: list[str] = []

    def bytes_of(sha256: str) -> bytes:
        described.append(sha256)
        return BY_DIGEST[sha256]

    place = tmp_path / "index"
    first = Shelf(place).open(wanted("w0", "w1", "w2"), bytes_of)
    assert len(described) == 3
    second = Shelf(place).open(wanted("w1", "w2", "w3"), bytes_of)
    assert described[3:] == [wanted("w3")[0].sha256]
    anew = Shelf(tmp_path / "other").open(wanted("w1", "w2", "w3"), BY_DIGEST.__getitem__)
    for name in PICTURES:
        assert look(str(second.folder), PICTURES[name], "0" * 64) == look(
            str(anew.folder), PICTURES[name], "0" * 64
        )
    assert works_seen(second.folder, "w0") == []
    assert folders(place) == {first.folder.name, second.folder.name}


def test_a_version_goes_when_nobody_uses_it(tmp_path: Path):
    shelf = Shelf(tmp_path)
    first = shelf.open(wanted("w0"), BY_DIGEST.__getitem__)
    second = shelf.open(wanted("w0", "w1"), BY_DIGEST.__getitem__)
    assert first.folder.exists()
    del first
    shelf.tidy(second.folder)
    assert folders(tmp_path) == {second.folder.name}


def test_a_version_that_another_process_uses_stays(tmp_path: Path):
    shelf = Shelf(tmp_path)
    first = shelf.open(wanted("w0"), BY_DIGEST.__getitem__).folder
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(first)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        holder.stdout.readline()
        second = shelf.open(wanted("w1"), BY_DIGEST.__getitem__)
        assert first.exists()
        holder.kill()
    shelf.tidy(second.folder)
    assert folders(tmp_path) == {second.folder.name}


@pytest.mark.parametrize("step", range(4))
def test_a_version_that_a_crash_left_half_made_is_made_again(tmp_path: Path, monkeypatch, step: int):
    steps = iter(range(100))
    real = shelf_module._to_disk

    def crash(path: Path) -> None:
        if next(steps) == step:
            raise KeyboardInterrupt
        real(path)

    monkeypatch.setattr(shelf_module, "_to_disk", crash)
    with pytest.raises(KeyboardInterrupt):
        Shelf(tmp_path).open(wanted("w0", "w1"), BY_DIGEST.__getitem__)
    monkeypatch.undo()
    opened = Shelf(tmp_path).open(wanted("w0", "w1"), BY_DIGEST.__getitem__)
    assert works_seen(opened.folder, "w1") == ["w1"]
    assert folders(tmp_path) == {key_of(wanted("w0", "w1"))}


def test_a_damaged_version_is_made_again(tmp_path: Path):
    folder = Shelf(tmp_path).open(wanted("w0"), BY_DIGEST.__getitem__).folder
    os.truncate(folder / "index.json", 10)
    assert works_seen(Shelf(tmp_path).open(wanted("w0"), BY_DIGEST.__getitem__).folder, "w0") == ["w0"]


def test_a_watchlist_without_pictures_has_an_index_that_finds_nothing(tmp_path: Path):
    assert works_seen(Shelf(tmp_path).open([], BY_DIGEST.__getitem__).folder, "w0") == []
