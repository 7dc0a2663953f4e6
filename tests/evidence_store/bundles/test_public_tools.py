"""Other people's tools say the same of a bundle as ours: really run, on a really exported bundle."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.fixture
def unpacked(exported, tmp_path) -> Path:
    with zipfile.ZipFile(exported[0].path) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "CASE-7"


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_bagit_says_the_bag_is_valid(unpacked):
    done = run(BIN / "bagit.py", "--validate", ".", cwd=unpacked)
    assert done.returncode == 0, done.stderr

    (unpacked / "data/more/note.txt").chmod(0o644)
    (unpacked / "data/more/note.txt").write_text("forged")
    assert run(BIN / "bagit.py", "--validate", ".", cwd=unpacked).returncode != 0


@pytest.mark.needs("sha256sum")
def test_sha256sum_finds_every_digest_right(unpacked):
    done = run(
        "sha256sum", "--check", "--strict", "manifest-sha256.txt", "tagmanifest-sha256.txt", cwd=unpacked
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.needs("openssl")
def test_openssl_accepts_the_time_stamp(unpacked):
    stamps = "data/log/stamps/local"
    common = ("-in", f"{stamps}/checkpoint.tsr", "-CAfile", f"{stamps}/roots.pem", "-attime", "1795521600")
    for given in (("-data", "data/log/checkpoint"), ("-queryfile", f"{stamps}/checkpoint.tsq")):
        done = run("openssl", "ts", "-verify", *given, *common, cwd=unpacked)
        assert "Verification: OK" in done.stdout, done.stderr

    wrong = run("openssl", "ts", "-verify", "-data", "bagit.txt", *common, cwd=unpacked)
    assert wrong.returncode != 0


def test_warcio_finds_every_record_right(unpacked):
    for item in ("E-0001", "E-0002"):
        done = run(BIN / "warcio", "check", "-v", f"data/items/{item}/exchange.warc", cwd=unpacked)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "digest pass" in done.stdout


def test_warcio_reads_the_headers_as_they_were_sent(unpacked):
    from warcio.archiveiterator import ArchiveIterator

    with (unpacked / "data/items/E-0001/exchange.warc").open("rb") as stream:
        kinds = [(r.rec_type, r.rec_headers.get_header("WARC-Target-URI")) for r in ArchiveIterator(stream)]
    assert (
        kinds
        == [("warcinfo", None)]
        + [("request", "https://moon-harbor.example/a"), ("response", "https://moon-harbor.example/a")] * 2
    )

    assert (
        b"content-TYPE:   text/html\r\nX-Odd: caf\xe9\r\n"
        in (unpacked / "data/items/E-0001/exchange.warc").read_bytes()
    )


PAGES = (
    "report.html", "README.en.html", "README.zh.html", "README.ja.html", "declarations/us-902.html",
    "declarations/cn.html", "declarations/eu.html", "declarations/jp.html",
)  # fmt: skip


def test_the_pages_for_people_escape_what_listings_say(unpacked):
    for name in PAGES:
        page = (unpacked / "data" / name).read_text("utf-8")
        assert "<b>T恤</b>" not in page
        assert "<script" not in page
        assert "default-src 'none'" in page
    assert "星灯 &lt;b&gt;T恤&lt;/b&gt;" in (unpacked / "data/report.html").read_text("utf-8")
    assert "NO LEGAL VALUE" in (unpacked / "data/README.en.html").read_text("utf-8")


def test_every_draft_names_every_exhibit_and_leaves_blanks(unpacked):
    records = [
        hashlib.sha256((unpacked / f"data/items/E-000{n}/record.json").read_bytes()).hexdigest()
        for n in (1, 2)
    ]
    for name in PAGES[4:]:
        page = (unpacked / "data" / name).read_text("utf-8")
        assert all(record in page for record in records)
        assert 'class="blank"' in page
    assert "1746" in (unpacked / "data/declarations/us-902.html").read_text("utf-8")
    assert "第九十三条" in (unpacked / "data/declarations/cn.html").read_text("utf-8")


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("language", ["en", "zh", "ja"])
def test_every_command_of_the_instructions_works_as_it_stands_there(unpacked, exported, language, tmp_path):
    page = (unpacked / f"data/README.{language}.html").read_text("utf-8")
    blocks = [html.unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]
    commands = [block for block in blocks if not block.startswith(exported[1])]
    assert len(commands) == 7
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    for block in commands:
        lines = [line for line in block.splitlines() if not line.startswith("python3 -m pip install")]
        script = "set -e\n" + "\n".join(lines).replace("BUNDLE.zip", str(exported[0].path))
        done = subprocess.run(
            ["bash", "-c", script], cwd=unpacked, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        if "commitment" in block:
            first, second = done.stdout.split()
            assert first == second


def test_the_report_names_every_address_that_answered_not_only_the_last(unpacked):
    report = (unpacked / "data/report.html").read_text("utf-8")
    answered = "https://moon-harbor.example/a (203.0.113.7, port 443)"
    assert report.count(answered) == 2  # the redirect and the page


def test_the_same_files_give_the_same_bytes(exported, parts, pack):
    assert pack(parts).read_bytes() == exported[0].path.read_bytes()


def test_case_validate_says_the_graph_conforms_and_refuses_a_wrong_date(unpacked, tmp_path):
    graph = unpacked / "data/case.jsonld"
    done = run(BIN / "case_validate", graph, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

    text = graph.read_text("utf-8")
    assert "2026-11-24T" in text
    (tmp_path / "wrong.jsonld").write_text(text.replace("2026-11-24T", "2026-13-24T"), "utf-8")
    assert run(BIN / "case_validate", tmp_path / "wrong.jsonld", cwd=tmp_path).returncode == 1


def test_securesystemslib_accepts_the_envelope_and_no_other(unpacked, exported):
    import base64

    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    envelope = json.loads((unpacked / "bundle.dsse.json").read_bytes())
    raw = base64.b64decode(exported[1].split("+", 2)[2])[1:]
    key = SSlibKey(envelope["signatures"][0]["keyid"], "ed25519", "ed25519", {"public": raw.hex()})
    forged = json.loads(json.dumps(envelope))
    forged["payload"] = base64.b64encode(b"{}").decode()

    read = Envelope.from_dict(envelope)
    assert len(read.verify([key], 1)) == 1
    statement = json.loads(read.payload)
    tags = (unpacked / "tagmanifest-sha256.txt").read_bytes()
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(tags).hexdigest()
    with pytest.raises(VerificationError):
        Envelope.from_dict(forged).verify([key], 1)


def test_fastwarc_finds_every_record_right(unpacked):
    done = run(BIN / "fastwarc", "check", "data/items/E-0001/exchange.warc", cwd=unpacked)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_list_of_exhibits_opens_in_a_spreadsheet_and_runs_nothing(unpacked):
    import csv

    data = (unpacked / "data/exhibits.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["Exhibit", "E-0001", "E-0002"]
    assert rows[1][1] == "https://moon-harbor.example/a"
    assert rows[1][2] == "https://moon-harbor.example/new"  # after its redirect
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_cell_that_looks_like_a_formula_is_told_as_text():
    from evidence_store.bundles.lists import _defused

    assert _defused('=HYPERLINK("https://evil.example")').startswith("'=")


def test_the_commitment_can_be_computed_by_hand(unpacked):
    """The two lines of the README, by hand: SHA-256(nonce ‖ SHA-256(record))."""
    item = unpacked / "data/items/E-0001"
    opening = json.loads((item / "opening.json").read_bytes())
    digest = hashlib.sha256((item / "record.json").read_bytes()).digest()
    commitment = hashlib.sha256(bytes.fromhex(opening["nonce"]) + digest).hexdigest()
    assert commitment == json.loads((item / "entry.json").read_bytes())["commitment"]
