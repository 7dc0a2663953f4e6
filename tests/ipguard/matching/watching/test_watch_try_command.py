"""`ipguard watch test` and `suggest`: what they print can be read by people, by programs, and by the watchlist reader."""

import json

import pytest
from typer.testing import CliRunner

from ipguard.cli.main import build
from ipguard.errors import WrongUse
from ipguard.rights.watchlist import load_watchlist

WATCHLIST = """
[[work]]
id = "star-lantern"
title = "Star Lantern"
owner = "Example Animation Co."
names = [{ text = "Star Lantern", lang = "en" }, { text = "星灯", lang = "zh" }, { text = "Bleach", lang = "en", needs_context = true }]
"""


def run(*words: str):
    return CliRunner().invoke(build(), ["watch", *words])


@pytest.fixture
def watchlist(tmp_path):
    path = tmp_path / "watch.toml"
    path.write_text(WATCHLIST, "utf-8")
    return path


def test_a_name_is_tried_and_the_exit_code_tells_of_warnings():
    fine, warned = run("test", "--name", "Kavuru"), run("test", "--name", "星灯", "--lang", "zh")

    assert fine.exit_code == 0
    assert "found (exact): Kavuru" in fine.stdout
    assert warned.exit_code == 1
    assert "propose needs_context = true" in warned.stdout
    assert "initials" in warned.stdout


def test_a_watchlist_is_tried_line_by_line_for_programs(watchlist, tmp_path):
    titles = tmp_path / "titles.txt"
    titles.write_text("Star Lantern poster\nbleach 1 litre\nsomething\n" * 3, "utf-8")
    done = run("test", str(watchlist), "--json", "--against", str(titles))

    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.exit_code == 1
    assert rows["Star Lantern"]["warnings"] == []
    assert rows["Star Lantern"]["against"]["alerts"] == 3
    assert rows["Star Lantern"]["against"]["examples"][0]["text"] == "Star Lantern poster"
    assert [w["code"] for w in rows["星灯"]["warnings"]] == ["collision.short_han"]
    assert rows["Bleach"]["warnings"] == []
    assert {"family", "text", "state", "layer", "score", "why"} == set(rows["星灯"]["spellings"][0])


def test_what_is_suggested_can_be_pasted_into_the_watchlist(watchlist):
    done = run("suggest", str(watchlist))

    assert done.exit_code == 0
    assert "# found already" in done.stdout
    watchlist.write_text(
        WATCHLIST.replace("names = [{", "[[work.names]]\n#").split("[[work.names]]")[0] + done.stdout, "utf-8"
    )
    (work,) = load_watchlist(watchlist).works
    assert {"SL", "xd"} <= {n.text for n in work.names}
    assert all(n.needs_context for n in work.names if n.text in ("SL", "xd"))


def test_translations_are_combined():
    done = run("suggest", "--name", "Star Lantern", "--translation", "zh=星灯", "--json")

    texts = {row["text"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert texts["星灯Star Lantern"]["how"] == "combined"
    assert not texts["xingdeng"]["worth_listing"]


def test_quotes_and_controls_in_a_name_stay_valid_toml(tmp_path):
    done = run("suggest", "--name", 'Star "L\\ntern" \x1b[2J\u202e\u202e Nova Qora')

    assert "\x1b" not in done.stdout
    path = tmp_path / "w.toml"
    path.write_text('[[work]]\nid = "a"\ntitle = "t"\nowner = "o"\n' + done.stdout, "utf-8")
    if "[[work.names]]" in done.stdout:
        load_watchlist(path)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("test", "--name", "x"), "fewer than two letters"),
        (("test", "--name", "★★"), "fewer than two letters"),
        (("suggest", "--name", "Nova Qora", "--translation", "星灯"), "is not LANGUAGE=NAME"),
        (("suggest", "w.toml", "--name", "Nova Qora"), "Both a watchlist and --name"),
        (("test", "--name", "Nova Qora", "--against", "/nowhere/titles.txt"), "Cannot read"),
    ],
)
def test_wrong_use_says_what_to_do(words, why):
    done = run(*words)

    assert isinstance(done.exception, WrongUse)
    assert why in str(done.exception)
    assert done.exception.hint
