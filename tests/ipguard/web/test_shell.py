"""What every screen stands in: the menu, the parts, light and dark, and files that came from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from console_data import fill
from starlette.testclient import TestClient

from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.web.appearance import THEMES, asset
from ipguard.web.desk import make_pages
from ipguard.web.language import catalogue
from ipguard.web.navigation import GROUPS, SCREENS, current, menu

HERE = Path(__file__).parent
VENDORED = [
    Path(str(files("ipguard.web") / "static" / "vendor")),
    HERE.parent.parent / "support" / "vendor",
]
FREE = {"0BSD", "MIT", "ISC", "OFL-1.1", "MPL-2.0", "Apache-2.0", "BSD-3-Clause"}


def now() -> datetime:
    return datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    workspace, engine = fill(tmp_path_factory.mktemp("shell") / "ws", now)
    with TestClient(create_app(workspace, engine=engine, now=now), base_url="http://127.0.0.1") as client:
        client.get(f"/enter?key={create_console_key(workspace)}")
        yield client
    engine.dispose()


@pytest.mark.parametrize("folder", VENDORED, ids=["console", "tests"])
def test_files_from_elsewhere_are_those_of_the_lock_and_bring_their_licence(folder):
    packages = json.loads((folder / "vendor.lock").read_text())
    locked = {name: digest for package in packages for name, digest in package["files"].items()}

    there = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.name != "vendor.lock"
    }
    assert there == locked
    for package in packages:
        assert package["licence"] in FREE, package["name"]
        assert any("LICENSE" in name for name in package["files"]), package["name"]


def test_every_icon_that_a_screen_names_is_in_the_sprite():
    drawn = (VENDORED[0] / "icons.svg").read_text("utf-8")

    assert [screen.icon for screen in SCREENS if f'<symbol id="{screen.icon}"' not in drawn] == []


def test_the_menu_shows_what_is_served_and_allowed():
    served = frozenset(screen.path for screen in SCREENS)

    everything = menu(served, lambda _permission: True)
    assert [s.path for group in everything for s in group.screens] == [s.path for s in SCREENS]
    analyst = menu(served, lambda permission: permission == "read")
    assert "Manage" not in [group.name for group in analyst]
    assert menu(frozenset({"/alerts"}), lambda _permission: True)[0].screens[0].name == "Triage"
    assert (current("/alerts/7"), current("/"), current("/second-look/3"), current("/alertsx")) == (
        "/alerts",
        "/",
        "/second-look",
        "",
    )


def test_the_menu_is_said_in_chinese():
    words = {screen.name for screen in SCREENS} | set(GROUPS) | set(THEMES.values())

    assert words - catalogue("zh-Hans").keys() == set()


def test_the_reader_chooses_light_or_dark_and_comes_back_to_the_page(inside):
    answer = inside.get("/theme?to=dark&back=/alerts%3Fstate%3Dlater", follow_redirects=False)
    assert answer.headers["location"] == "/alerts?state=later"
    page = inside.get("/cases").text
    assert 'data-theme="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page

    inside.get("/theme?to=auto")
    assert 'data-theme="auto"' in inside.get("/cases").text
    away = inside.get("/theme?to=dark&back=//evil.example/", follow_redirects=False)
    assert away.headers["location"] == "/"


def test_a_static_file_is_kept_until_it_changes(inside):
    kept = inside.get(asset("console.css"))
    assert "immutable" in kept.headers["cache-control"]
    assert inside.get("/static/console.css").headers["cache-control"] == "no-store"


def test_parts_write_no_inline_style_and_escape_what_they_are_given():
    page = make_pages().from_string(
        '{% from "parts.html" import head, card, chip, empty, field, choice, check, facts, table, tabs, pager,'
        " bar, bars, spark, when, copyable, dialog, notice, icon with context %}"
        "{{ head(x) }}{% call card(x) %}a{% endcall %}{{ chip(x) }}{{ empty(x, x) }}{{ field(x, 'n', x, hint=x) }}"
        "{{ choice(x, 'c', [(x, x)]) }}{{ check(x, 'k') }}{{ facts([(x, x)]) }}{% call table([x, (x, 'number')]) %}"
        "<tr></tr>{% endcall %}{{ tabs([(x, x, true, 3)], x) }}{{ pager(x, x) }}{{ bar(1, 2, x) }}"
        "{{ bars([(x, 3, x), (x, 1, none)]) }}{{ spark([1, 2], x) }}{{ when(none) }}{{ copyable(x) }}"
        "{% call dialog('d', x) %}{% endcall %}{{ notice(x) }}{{ icon('x', x) }}"
    )
    said = page.render(_=lambda text: text, token="t", x='"><script>')

    assert "<script>" not in said
    assert "style=" not in said
    assert said.count("&lt;script&gt;") > 20
