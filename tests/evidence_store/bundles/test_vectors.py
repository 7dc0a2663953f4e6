"""Bundles on disk that other verifiers can be tried on: one good one, and what is wrong with each of the others.

`tests/vectors/bundles/good/` is a good bundle, unpacked, with the order of its members in `order.json` and the key of its
witness. Each `<what-is-wrong>_fail/` holds the files that differ and `vector.json`: the check that must fail, and what was
taken away. Written anew with IPGUARD_WRITE_VECTORS=1 when the format changes.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
import test_verify_refuses as forging

from evidence_store.log.cosignature import parse_witness
from evidence_store.verify.verdict import State
from evidence_store.verify.verifier import CHECKS, verify_bundle

VECTORS = Path(__file__).parents[2] / "vectors" / "bundles"


def good() -> dict[str, bytes]:
    order = json.loads((VECTORS / "good" / "order.json").read_text("utf-8"))
    return {path: (VECTORS / "good" / "bundle" / path).read_bytes() for path in order}


def witness():
    return parse_witness((VECTORS / "good" / "witness.vkey").read_text("utf-8"))


def changed(folder: Path) -> tuple[str, dict[str, bytes]]:
    """(check that must fail, the files of the bundle)."""
    vector = json.loads((folder / "vector.json").read_text("utf-8"))
    files = {path: data for path, data in good().items() if path not in vector["removed"]}
    for path in vector["changed"]:
        files[path] = (folder / "files" / path).read_bytes()
    return vector["check"], {path: files[path] for path in vector["order"]}


@pytest.mark.skipif(not os.environ.get("IPGUARD_WRITE_VECTORS"), reason="only where the format has changed")
def test_write_the_vectors_anew(parts, remake, neighbour):
    shutil.rmtree(VECTORS, ignore_errors=True)
    write(VECTORS / "good" / "bundle", parts)
    (VECTORS / "good" / "order.json").write_text(json.dumps(list(parts), indent=1) + "\n", "utf-8")
    (VECTORS / "good" / "witness.vkey").write_text(f"{neighbour.key}\n", "utf-8")
    for forge in forging.VECTORS:
        check, files = forge(dict(parts))
        if "remake" in files:
            files = remake({path: data for path, data in files.items() if path != "remake"})
        folder = VECTORS / forge.__name__
        differing = {path: data for path, data in files.items() if parts.get(path) != data}
        write(folder / "files", differing)
        vector = {
            "check": check,
            "changed": sorted(differing),
            "removed": sorted(set(parts) - set(files)),
            "order": list(files),
        }
        (folder / "vector.json").write_text(json.dumps(vector, indent=1) + "\n", "utf-8")


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


FAILING = sorted(VECTORS.glob("*_fail"))


def test_the_good_one_is_good(pack):
    verdict = verify_bundle(pack(good()), witnesses=[witness()])
    assert verdict.good, [f.sentence for f in verdict.findings if f.state is State.FAILED]


@pytest.mark.parametrize("folder", FAILING, ids=lambda folder: folder.name)
def test_each_wrong_one_fails_its_check(folder, pack):
    check, files = changed(folder)
    verdict = verify_bundle(pack(files), witnesses=[witness()])
    assert check in {finding.check for finding in verdict.findings if finding.state is State.FAILED}


def test_there_is_a_vector_on_disk_for_every_check():
    checks = {json.loads((folder / "vector.json").read_text("utf-8"))["check"] for folder in FAILING}
    assert checks == set(CHECKS) - {
        "V-1",
        "V-15",
    }  # a container, and a file beside it: tested where they are made
    assert {folder.name for folder in FAILING} == {forge.__name__ for forge in forging.VECTORS}
