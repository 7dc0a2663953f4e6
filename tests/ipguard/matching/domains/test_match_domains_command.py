"""`ipguard match domains`: one line in, one line out, in order; bad lines are told and the rest goes on."""

import json
from pathlib import Path

from typer.testing import CliRunner

from ipguard.cli.main import build
from ipguard.errors import WrongUse

VECTORS = Path(__file__).parents[3] / "vectors" / "domains"
WATCHLIST = str(VECTORS / "watchlist.toml")


def run(given: bytes, *words: str):
    return CliRunner().invoke(build(), ["match", "domains", "--watchlist", WATCHLIST, *words], input=given)


def test_every_line_has_an_answer_in_its_place():
    given = "starlantern-shop.com\nexample.com\nxn--kivn3u.com\nwww.star-lantern.example\n星燈私服.com\n"
    done = run(given.encode(), "--json")

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [row["domain"] for row in rows] == given.splitlines()
    assert [row["match"] for row in rows] == [True, False, True, False, True]
    assert rows[0]["findings"][0] | {"why": "", "strength": 0} == {
        "work": "star-lantern", "name": "Star Lantern", "layer": "exact", "decoded": "starlantern-shop.com", "start": 0, "end": 11,
        "text": "starlantern", "changed": "", "strength": 0, "why": "",
    }  # fmt: skip
    assert rows[2]["findings"][0]["decoded"] == "星灯.com"
    assert rows[1] == {"domain": "example.com", "match": False, "score": 0.0, "findings": []}


def test_bad_lines_are_named_and_the_rest_is_matched():
    given = (
        b"http://starlantern.com/\n\n"
        + b"a" * 100_000
        + b"\nstarlantern.net\r\n192.0.2.7\n\xff\xfe.com\na..b"
    )
    done = run(given, "--json")

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert isinstance(done.exception, WrongUse)
    assert "5 lines are no domain names" in str(done.exception)
    assert [row.get("code", "") for row in rows][:5] == ["not_a_name", "empty", "too_long", "", "address"]
    assert rows[-1]["code"] == "empty_label"
    assert rows[3]["match"]
    assert len(rows[2]["domain"]) < 5_000


def test_people_see_only_what_was_found_and_no_terminal_controls():
    done = run("starlantern.net\nexample.com\nstar\u202elantern-shop\x1b[2J.com\n".encode())

    lines = done.stdout.splitlines()
    assert lines[0].startswith("starlantern.net\t0.85\t“starlantern”")
    assert "example.com" not in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_names_without_a_finding_can_be_left_out():
    rows = run(b"example.com\nkavuru-outlet.com\n", "--json", "--found-only").stdout.splitlines()

    assert [json.loads(row)["domain"] for row in rows] == ["kavuru-outlet.com"]
