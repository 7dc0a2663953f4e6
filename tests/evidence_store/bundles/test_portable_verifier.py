"""`verify.pyz` from inside a bundle: Python and `cryptography` are enough, and it says the same as the installed one."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import cryptography
import pytest

from evidence_store.bundles.export import export_bundle
from evidence_store.bundles.papers import fonts
from evidence_store.bundles.portable import portable_verifier
from evidence_store.bundles.story import Order
from evidence_store.store import EvidenceStore
from evidence_store.verify.verifier import verify_bundle


@pytest.fixture
def bare(tmp_path) -> dict[str, str]:
    """An environment in which nothing but the standard library and `cryptography` can be imported."""
    site = tmp_path / "site"
    site.mkdir()
    packages = Path(cryptography.__file__).parent.parent
    for place in packages.iterdir():
        if place.name.split("-")[0].split(".")[0] in ("cryptography", "cffi", "_cffi_backend", "pycparser"):
            (site / place.name).symlink_to(place)
    return {"PYTHONPATH": str(site), "PATH": os.environ["PATH"]}


def run(pyz: Path, *words: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-W", "error", str(pyz), *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd="/")


@pytest.fixture
def pyz(parts, tmp_path) -> Path:
    path = tmp_path / "verify.pyz"
    path.write_bytes(parts["data/verify.pyz"])
    return path


def test_it_verifies_the_bundle_it_came_in(exported, neighbour, pyz, bare, tmp_path):
    summary, vkey, roots = exported
    (tmp_path / "roots.pem").write_bytes(roots)
    given = ("--vkey", vkey, "--roots", tmp_path / "roots.pem", "--witness", neighbour.key)
    done = run(pyz, summary.path, *given, "--json", env=bare)

    assert done.returncode == 0, done.stderr + done.stdout
    verdict = json.loads(done.stdout)
    assert verdict["good"]
    assert {row["check"] for row in verdict["findings"] if row["state"] != "passed"} == {"V-15"}


def test_it_refuses_a_forged_bundle_in_plain_words(exported, pyz, bare, tmp_path):
    forged = tmp_path / "forged.zip"
    data = exported[0].path.read_bytes()
    middle = data.index(b"hello")
    forged.write_bytes(data[:middle] + b"HELLO" + data[middle + 5 :])
    done = run(pyz, forged, env=bare)

    assert done.returncode == 5
    assert "REFUSED" in done.stdout
    assert "does not read: its checksum is another" in done.stdout
    assert "Not proven by any of this" in done.stdout


def test_without_cryptography_it_says_what_is_missing(exported, pyz):
    done = run(pyz, exported[0].path, env={"PATH": os.environ["PATH"]})

    assert done.returncode != 0
    assert "pip install cryptography" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_the_same_file_each_time():
    before = portable_verifier()
    portable_verifier.cache_clear()

    assert portable_verifier() == before


def test_without_fonts_the_bundle_is_whole_but_for_its_pdf(folder, clock, capture, tmp_path, monkeypatch):
    bare = fonts.Typeface((fonts.BUILT_IN,), fonts.BUILT_IN_COVERS)
    monkeypatch.setattr("evidence_store.bundles.papers.report.typeface", lambda _language: bare)
    with EvidenceStore.open(folder, now=clock) as store:
        (receipt,) = store.keep([capture()])
        out = tmp_path / "b.zip"
        summary = export_bundle(
            store, [receipt.exhibit_id], out, Order("星灯", "R-1", "o", "w"), authorities=[], now=clock
        )
    assert "fonts-noto-cjk" in summary.no_pdf
    assert verify_bundle(out).good
    with zipfile.ZipFile(out) as archive:
        assert "R-1/data/report.pdf" not in archive.namelist()
        assert "report.pdf" not in archive.read("R-1/data/README.en.html").decode()
