"""Everything of a view at once, views with feeds, the second look, and what was on the screen of a decision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from console_data import fill
from sqlalchemy import select
from starlette.testclient import TestClient

from ipguard.alerts.decisions import Choice, Deed, Sight, settle
from ipguard.alerts.tables import AlertRow, DecisionRow, SightRow
from ipguard.database.engine import reading, transaction
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app

OWN = {"Origin": "http://127.0.0.1"}


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def console(tmp_path: Path, clock: Clock) -> Iterator[TestClient]:
    workspace, engine = fill(tmp_path / "ws", clock, alerts=4)
    with TestClient(create_app(workspace, engine=engine, now=clock), base_url="http://127.0.0.1") as client:
        client.get(f"/enter?key={create_console_key(workspace, clock())}")
        client.engine = engine
        yield client
    engine.dispose()


def fields(page: str, form: str) -> dict[str, str]:
    part = page.partition(f'action="{form}"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part))


def test_everything_of_a_view_is_decided_only_as_its_preview_showed_it(console, clock):
    page = console.get("/alerts-all").text
    form = fields(page, "/alerts-all") | {"decision": "not_infringing:licensed"}
    too_soon = console.post("/alerts-all", data=form, headers=OWN)
    assert too_soon.status_code == 409

    clock.at += timedelta(seconds=2)
    with transaction(console.engine) as session:
        session.get_one(AlertRow, 3).version += 1
    assert "changed since the preview" in console.post("/alerts-all", data=form, headers=OWN).text

    page = console.get("/alerts-all").text
    clock.at += timedelta(seconds=2)
    form = fields(page, "/alerts-all") | {"decision": "not_infringing:licensed"}
    assert console.post("/alerts-all", data=form, headers=OWN).status_code == 200
    with reading(console.engine) as session:
        made = session.scalars(select(DecisionRow)).all()
        assert len(made) == 4
        assert len({one.batch for one in made}) == 1
        assert {session.get_one(SightRow, one.id).way for one in made} == {"view"}
    assert "with everything of a view" in console.get(f"/decisions/{made[0].id}").text


def test_a_view_has_a_feed_at_a_secret_address_that_ends_when_told(console):
    token = fields(console.get("/views?source=harbor").text, "/views")["token"]
    console.post("/views", data={"token": token, "name": "Harbor", "query": "source=harbor"}, headers=OWN)
    page = console.post("/views/1", data={"token": token, "do": "feed"}, headers=OWN).text
    address = re.search(r"http://127\.0\.0\.1(/feeds/[\w-]+\.atom)", page)[1]

    console.cookies.clear()
    feed = ET.fromstring(console.get(address).content)
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 4
    assert console.get("/feeds/nothing.atom").status_code == 404


def test_the_second_reader_does_not_see_what_was_decided_first(console, clock):
    with transaction(console.engine) as session:
        sight = Sight("alone", clock(), 900)
        settle(session, 2, 1, Choice("infringing"), Deed("somebody", clock(), unsure=True), sight=sight)
    page = console.get("/second-look/1").text
    assert "chip infringing" not in page
    assert "somebody" not in page
    form = fields(page, "/second-look/1") | {"decision": "not_infringing:different_work"}
    clock.at += timedelta(seconds=1)
    console.post("/second-look/1", data=form, headers=OWN)
    assert "0 / 1" in console.get("/second-look?kind=differ").text

    page = console.get("/second-look/1").text
    form = fields(page, "/second-look/1/settle") | {"decision": "not_infringing:different_work"}
    console.post("/second-look/1/settle", data=form, headers=OWN)
    with reading(console.engine) as session:
        assert session.get_one(AlertRow, 2).state == "not_infringing"


def test_a_group_and_its_members_and_a_search_are_pages_of_the_queue(console):
    assert 'name="pick" form="decide"' in console.get("/alerts?group=picture").text
    assert (
        "Nothing waits in this view" in console.get("/alerts?q=zzz", headers={"Accept-Language": "en"}).text
    )
    assert console.get("/alerts?from=nan:1&page=x&since=99999999999999999&look=?").status_code == 200
    compared = console.get("/alerts/1/compare").text
    assert "data-pane" in compared
    digest = re.search(r"picture=([0-9a-f]{64})", compared)[1]
    assert console.get(f"/alerts/1/compare?picture={digest}&reference={'0' * 64}").status_code == 409
