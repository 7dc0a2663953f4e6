"""The watchlist is kept in the console: works are added and changed there, and every picture says how well it serves."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from console_data import fill
from sqlalchemy import delete, update
from sqlmodel import select
from starlette.testclient import TestClient

from ipguard.database.engine import reading, transaction
from ipguard.demo import art, products
from ipguard.matching.images import trials
from ipguard.people.rights import Role
from ipguard.people.tables import AuditRow, PersonRow
from ipguard.rights.store import edition_now, load_work, pictures_of
from ipguard.rights.tables import NameRow, OfficialDomainRow, OfficialPriceRow, RightRow, WorkRow
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN = {"Origin": "http://127.0.0.1"}
WORK = "/watchlist/star-lantern"
HOSTILE = "<img src=x onerror=alert(1)>[*].png"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    workspace, engine = fill(tmp_path_factory.mktemp("watchlist") / "ws", lambda: NOON, alerts=1)
    app = create_app(workspace, engine=engine, now=lambda: NOON)
    with TestClient(app, base_url="http://127.0.0.1", headers=OWN) as client:
        client.engine = engine
        client.get(f"/enter?key={create_console_key(workspace)}")
        yield client
    engine.dispose()


@pytest.fixture
def console(opened):
    """Every test begins with the one work as it was."""
    yield opened
    with transaction(opened.engine) as session:
        for table in (NameRow, RightRow, OfficialDomainRow, OfficialPriceRow):
            session.execute(delete(table))
        session.execute(delete(WorkRow).where(WorkRow.id != "star-lantern"))
        session.execute(update(PersonRow).values(role=Role.ADMIN))
        session.execute(update(WorkRow).values(title="Star Lantern", active=True))
        session.add(NameRow(work_id="star-lantern", text="星灯", language="zh", kind="title"))


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def send(console: TestClient, path: str = WORK, **fields: str):
    page = console.get(WORK).text
    given = {"token": hidden(page, "token"), "seen": hidden(page, "seen"), "title": "Star Lantern", "owner": "Example Co.", "names": "星灯 | zh"}  # fmt: skip
    return console.post(path, data=given | fields)


def names(console: TestClient) -> list[str]:
    with reading(console.engine) as session:
        return [name.text for name in load_work(session, "star-lantern").names]


def test_what_is_written_in_the_form_is_watched_and_its_pictures_keep_what_was_said_of_them(console):
    with transaction(console.engine) as session:
        session.exec(select(NameRow)).one().none_of = ["lamp"]
        [picture] = pictures_of(session, "star-lantern")
        picture.warnings = [{"code": "reference.self_test", "values": {"found": 96, "of": 100}}]
    answer = send(
        console,
        names="星灯 | zh | title | needs context\nStar \\| Lantern | en | alias\n",
        rights="trademark | US | 123 | 2027-01-10\ndesign | CN | 9 | 2025-01-01",
        official_prices="figure | 39.00 | USD",
        official_domains="star-lantern.example",
    )
    assert answer.status_code == 200
    assert "Star \\| Lantern | en | alias" in answer.text
    assert "96 of 100 altered copies" in answer.text
    assert "ends soon" in answer.text
    assert "no longer valid" in answer.text
    with reading(console.engine) as session:
        work = load_work(session, "star-lantern")
        assert [(n.text, n.needs_context, n.none_of) for n in work.names] == [("星灯", True, ("lamp",)), ("Star | Lantern", False, ())]  # fmt: skip
        assert work.official_domains == ("star-lantern.example",)
        assert session.exec(select(AuditRow.action)).all()[-1] == "watchlist.change"
    listed = console.get("/watchlist").text
    assert "Star | Lantern" in listed
    assert 'href="/alerts?work=star-lantern"' in listed
    assert "监测的名称" in console.get(WORK, headers={"accept-language": "zh"}).text


def test_a_mistake_changes_nothing_names_its_line_and_what_was_typed_stays(console):
    answer = send(console, names="星灯 | zh\nMoon | zz_9\nSun | en | sort", title="Other")
    assert answer.status_code == 409
    assert "names 2, lang: “zz_9” is not a BCP 47 tag" in answer.text
    assert "names 3, kind: “sort” is not a known kind" in answer.text
    assert "Moon | zz_9" in answer.text
    assert "/tmp" not in answer.text
    assert "2034-13-01” is not a date" in send(console, rights="copyright | CN | 1 | 2034-13-01").text
    assert names(console) == ["星灯"]


def test_who_changes_an_old_page_is_told_that_somebody_was_faster(console):
    answer = send(console, seen="2020-01-01T00:00:00+00:00", names="Moon | en")
    assert "Somebody changed this work meanwhile" in answer.text
    assert names(console) == ["星灯"]


def test_an_uploaded_picture_shows_its_quality_and_how_many_copies_would_be_found(console, monkeypatch):
    monkeypatch.setattr(trials, "COPIES", {3: 2})
    token = hidden(console.get(WORK).text, "token")
    sent = [("files", (HOSTILE, products.png(art.emblem("star-lantern", size=96)), "image/png"))]
    console.post("/watchlist-pictures", data={"token": token, "work": "star-lantern"}, files=sent)
    console.app.state.trials.of("star-lantern").future.result()
    page = console.get(WORK).text
    assert "96 × 96 pixels: copies that are printed small will be missed" in page
    assert "of 2 altered copies of this picture would be found" in page
    assert HOSTILE not in page
    assert "&lt;img src=x onerror=alert(1)&gt;[*].png" in page
    assert "key.png" in page

    bad = [("files", ("a.png", b"no picture", "image/png"))]
    refused = console.post("/watchlist-pictures", data={"token": token, "work": "star-lantern"}, files=bad)
    assert refused.status_code == 409
    assert "pictures: a.png" in refused.text
    with reading(console.engine) as session:
        kept = {picture.file_name: picture.sha256 for picture in pictures_of(session, "star-lantern")}
    assert set(kept) == {"key.png", HOSTILE}
    console.post(f"{WORK}/remove", data={"token": token, "picture": kept[HOSTILE]})
    assert "&lt;img" not in console.get(WORK).text


def test_a_paused_work_stays_so_when_changed_and_its_pictures_are_searched_for_once_it_goes_on(console):
    assert "Resume" in send(console, f"{WORK}/watched", do="pause").text
    send(console, names="Moon | en")
    with reading(console.engine) as session:
        assert not session.get_one(WorkRow, "star-lantern").active
    send(console, f"{WORK}/watched", do="resume")
    with reading(console.engine) as session:
        assert session.get_one(WorkRow, "star-lantern").active
        assert {p.edition for p in pictures_of(session, "star-lantern")} == {edition_now(session)}


def test_a_new_work_is_watched_and_never_replaces_one_that_is_there(console):
    assert "there is a work star-lantern already" in send(console, "/new-work", id="star-lantern").text
    assert "cannot be an id" in send(console, "/new-work", id="No Id").text
    made = send(
        console,
        "/new-work",
        id="tide-fox",
        title="Tide <b>Fox</b>",
        names="潮狐 | zh",
        rights="copyright | CN | 1",
    )
    assert made.url.path == "/watchlist/tide-fox"
    assert "Tide &lt;b&gt;Fox" in made.text
    assert "<b>Fox" not in made.text
    with reading(console.engine) as session:
        assert session.exec(select(RightRow.work_id)).all() == ["tide-fox"]


def test_a_reader_sees_the_watchlist_and_changes_nothing(console):
    token = hidden(console.get(WORK).text, "token")
    with transaction(console.engine) as session:
        session.execute(update(PersonRow).values(role=Role.READER))
    page = console.get(WORK).text
    assert "星灯" in page
    assert "Save" not in page
    assert "Upload" not in page
    for path, form in ((WORK, {"title": "x"}), (f"{WORK}/watched", {"do": "pause"}), ("/new-work", {"id": "x"}), (f"{WORK}/remove", {"picture": "x"}), (f"{WORK}/test", {})):  # fmt: skip
        assert console.post(path, data={"token": token, **form}).status_code == 403
    assert names(console) == ["星灯"]
