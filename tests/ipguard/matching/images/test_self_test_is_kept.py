"""What the self-test said when a picture was added is told by the tool, kept with it, and shown in the console."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi.testclient import TestClient

from ipguard.database.engine import make_engine
from ipguard.demo import art
from ipguard.matching.images import trials
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.wiring import add_watchlist
from ipguard.workspace import make_workspace

WATCHLIST = """
[[work]]
id = "{id}"
title = "{id}"
owner = "Example Animation Co."
pictures = ["{id}.png"]
[[work.names]]
text = "{id}"
lang = "en"
kind = "title"
"""


def now() -> datetime:
    return datetime.now(UTC)


def test_every_picture_is_tested_among_all_that_is_watched(tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "COPIES", {3: 5})
    workspace = make_workspace(tmp_path / "ws", now=now)
    seen: list[tuple[int, int]] = []
    for name in ("tide-fox", "fan-book"):
        art.key_visual("tide-fox").save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.toml").write_text(WATCHLIST.format(id=name), "utf-8")
        done = add_watchlist(
            workspace, tmp_path / f"{name}.toml", now=now, self_test=lambda done, of: seen.append((done, of))
        )
    (picture,) = done.pictures

    assert seen == [(n, 5) for n in range(1, 6)] * 2
    assert {w.code for w in picture.look.warnings} >= {"reference.look_alike", "reference.self_test"}
    engine = make_engine(workspace.database_url)
    app = create_app(workspace, engine=engine, now=now, export=lambda _case, _by, _progress: None)
    with TestClient(app, base_url="http://127.0.0.1") as console:
        console.get(f"/enter?key={create_console_key(workspace)}")
        english = console.get("/watchlist").text
        chinese = console.get("/watchlist", headers={"accept-language": "zh"}).text
    engine.dispose()
    assert "of 5 altered copies of this picture would be found" in english
    assert "Looks like tide-fox.png of the work tide-fox" in english
    assert english.count("good to search with") == 1
    assert "5 份改动复制品" in chinese
