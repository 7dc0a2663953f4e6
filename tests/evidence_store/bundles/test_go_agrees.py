"""Go's own transparency-log library, written for something else, says the same of our checkpoints and proofs."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence_store.log.note import parse_vkey, verifier_of

SOURCE = Path(__file__).parents[2] / "support" / "go" / "logcheck" / "main.go"
LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")

pytestmark = pytest.mark.needs("go")


@pytest.fixture(scope="session")
def logcheck(tmp_path_factory) -> Path:
    if not LIBRARY.is_dir():
        pytest.skip("golang-golang-x-mod-dev is not installed")
    place = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(place / "cache"),
        "GOFLAGS": "",
    }
    subprocess.run(["go", "build", "-o", place / "logcheck", SOURCE], check=True, env=environment)
    return place / "logcheck"


@pytest.fixture
def unpacked(exported, tmp_path) -> Path:
    with zipfile.ZipFile(exported[0].path) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "CASE-7"


def run(logcheck: Path, *words: object) -> tuple[int, str]:
    done = subprocess.run([logcheck, *map(str, words)], capture_output=True, text=True, check=False, cwd="/")
    return done.returncode, done.stdout


def test_it_verifies_the_checkpoint_and_every_entry(logcheck, unpacked):
    code, said = run(logcheck, unpacked)
    assert code == 0, said
    assert said.count("proven") == 2 + 2 + 1  # exhibits, custody events, a change of key
    assert "checkpoint 7 signed by ipguard.test/log" in said


@pytest.mark.parametrize(
    "path",
    ["data/items/E-0001/entry.json", "data/custody/0001/entry.json", "data/items/E-0002/record.tlog-proof"],
)
def test_it_refuses_what_was_changed(logcheck, unpacked, path):
    place = unpacked / path
    place.chmod(0o600)
    data = bytearray(place.read_bytes())
    data[len(data) // 3] ^= 1
    place.write_bytes(data)
    code, said = run(logcheck, unpacked)
    assert code == 1
    assert "BAD" in said


def test_it_refuses_another_key(logcheck, unpacked, exported):
    name = parse_vkey(exported[1]).name
    code, _ = run(logcheck, unpacked, verifier_of(name, Ed25519PrivateKey.generate()))
    assert code == 1
