"""The replay file is what replay tools expect."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence_store.bundles.replay import surt

BIN = Path(sys.executable).parent
WACZ = "data/replay/exhibits.wacz"
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
SEGMENT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="/?#%\\;&=."), max_size=6
)


@pytest.fixture
def wacz(parts, tmp_path) -> Path:
    path = tmp_path / "exhibits.wacz"
    path.write_bytes(parts[WACZ])
    return path


def test_the_reference_validator_accepts_it_and_refuses_a_changed_one(wacz):
    def validate() -> int:
        return subprocess.run(
            [BIN / "wacz", "validate", "-f", wacz], capture_output=True, check=False
        ).returncode

    assert validate() == 0
    wacz.write_bytes(wacz.read_bytes().replace(b"hello", b"HELLO"))
    assert validate() != 0


def test_every_line_of_the_index_leads_to_its_response(wacz):
    from fastwarc.warc import ArchiveIterator

    with zipfile.ZipFile(wacz) as archive:
        lines = archive.read("indexes/index.cdx").decode().splitlines()
        assert lines == sorted(lines)
        assert len(lines) == 4  # two exhibits, a redirect and a page each
        for line in lines:
            _, _, facts = line.split(" ", 2)
            found = json.loads(facts)
            data = archive.read(f"archive/{found['filename']}")
            start = int(found["offset"])
            piece = data[start : start + int(found["length"])]
            for record in ArchiveIterator(io.BytesIO(piece)):  # reads while it goes: no list of it
                assert record.headers["WARC-Target-URI"] == found["url"]
                assert str(record.http_headers.status_code) == found["status"]
                break
            else:
                pytest.fail(f"no record at {start} of {found['filename']}")


@example("https", ["a", "example"], 8443, ["x", "..", "y"], "b=2&a=1")
@example("http", ["www", "example"], 80, ["星", ""], "q=灯")
@given(
    st.sampled_from(["http", "https"]),
    st.lists(LABEL, min_size=2, max_size=3),
    st.sampled_from([0, 80, 443, 8080]),
    st.lists(SEGMENT, max_size=3),
    st.from_regex(r"([a-z]=[a-zA-Z0-9]{0,3}(&[a-z]=[0-9]{0,3}){0,2})?", fullmatch=True),
)
def test_urls_are_found_under_the_key_that_web_archives_use(scheme, labels, port, segments, query):
    peer = pytest.importorskip("surt")
    host = ".".join([*labels, "example"]) + (f":{port}" if port else "")
    url = f"{scheme}://{host}/{'/'.join(segments)}" + (f"?{query}" if query else "")

    assert surt(url) == peer.surt(url)
