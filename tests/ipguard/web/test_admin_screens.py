"""Today says what waits, Sources pauses one or everything, Rules ends what hides: as the admin and as a reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
from console_data import fill
from sqlalchemy import Engine
from starlette.testclient import TestClient

from ipguard.alerts.tables import AlertRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.jobs.claims import LeaseLost, claim_due, claim_named, renew, stop_everything
from ipguard.sources.standstill import go_on, refuse_standstill
from ipguard.sources.tables import SourceRow
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def now() -> datetime:
    return NOON


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Engine]]:
    workspace, engine = fill(tmp_path_factory.mktemp("admin") / "ws", now)
    with transaction(engine) as session:
        session.get_one(AlertRow, 2).reopened = {"code": "woken.rights", "values": {}}
    app = create_app(workspace, engine=engine, now=now)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=True) as client:
        client.headers["origin"] = "http://127.0.0.1"
        client.get(f"/enter?key={create_console_key(workspace, NOON)}")
        yield client, engine
    engine.dispose()


def token_of(page: str) -> str:
    return page.split('name="token" value="')[1].split('"')[0]


def count(page: str, words: str) -> int:
    return int(page.split(f"</strong> {words}")[0].rsplit("<strong>", 1)[1])


def test_every_number_of_today_opens_a_list_of_just_that_many(filled: tuple[TestClient, Engine]):
    console, _ = filled
    page = console.get("/").text

    assert count(page, "to review") == 4
    assert count(page, "of these came back") == 1
    assert "1</strong> in this view" in console.get("/alerts?back=1").text.replace("\n", "")


def test_one_button_pauses_everything_and_another_lets_it_go_on(filled: tuple[TestClient, Engine]):
    console, engine = filled
    form = {"token": token_of(console.get("/sources").text)}
    page = console.post("/sources/all", data={**form, "do": "pause"}).text

    assert "Everything is paused" in page
    assert "Everything is paused" in console.get("/").text
    with (
        reading(engine) as session,
        pytest.raises(WrongUse, match="paused since 2026-11-24 12:00 UTC, by admin"),
    ):
        refuse_standstill(session)
    assert "Everything is paused" not in console.post("/sources/all", data={**form, "do": "resume"}).text


def test_a_run_that_goes_on_is_ended_by_the_switch_and_is_there_to_go_on_afterwards(
    filled: tuple[TestClient, Engine],
):
    _, engine = filled
    with transaction(engine) as session:
        session.get_one(SourceRow, "harbor").next_run_at = NOON
        (claim,) = claim_named(session, ["harbor"], owner="p1", now=NOON)
    with transaction(engine) as session:
        assert stop_everything(session, by="ana", now=NOON) == ["harbor"]
        assert claim_due(session, owner="p2", now=NOON, limit=9) == []
    with pytest.raises(LeaseLost), transaction(engine) as session:
        renew(session, claim, NOON)
    with transaction(engine) as session:
        go_on(session)
        assert [one.source_id for one in claim_due(session, owner="p2", now=NOON, limit=9)] == ["harbor"]
        stop_everything(session, by="ana", now=NOON)
        go_on(session)


def test_schedule_pace_and_canary_are_changed_and_a_mistake_changes_nothing(
    filled: tuple[TestClient, Engine],
):
    console, engine = filled
    change = {
        "token": token_of(console.get("/sources/harbor").text),
        "every": "6h",
        "gap": "2.5",
        "canary": "lantern",
    }
    page = console.post("/sources/harbor/change", data=change).text

    assert 'value="6h"' in page
    assert 'value="lantern"' in page
    assert console.post("/sources/harbor/change", data={**change, "every": "soon"}).status_code == 409
    assert console.post("/sources/harbor/change", data={**change, "gap": "nan"}).status_code == 422
    with reading(engine) as session:
        row = session.get_one(SourceRow, "harbor")
        assert (row.every_seconds, row.min_gap_seconds) == (21_600, 2.5)


def test_a_place_that_cannot_be_read_is_refused_in_words_when_it_is_added(filled: tuple[TestClient, Engine]):
    console, _ = filled
    form = {"token": token_of(console.get("/sources").text), "place": "recipe:no-such-thing", "every": "1d"}
    answer = console.post("/sources", data=form)

    assert answer.status_code == 409
    assert "no-such-thing" in unescape(answer.text)
    added = console.post("/sources", data={**form, "place": "https://new.example", "adapter": "schema-org"})
    assert added.status_code == 200
    assert added.url.path == "/sources/new-example"


def test_what_a_decision_hides_stands_among_the_rules_and_can_be_ended(filled: tuple[TestClient, Engine]):
    console, engine = filled
    from ipguard.alerts.tables import SuppressionRow

    with transaction(engine) as session:
        rule = SuppressionRow(
            work_id="star-lantern", seller="harbor/<b>x</b>", kind="name", content="星灯", reason="licensed", rights="r",
            made_by="ana", made_at=NOON,
        )  # fmt: skip
        session.add(rule)
        session.flush()
        number = rule.id
    page = console.get("/rules").text
    assert "harbor/&lt;b&gt;x" in page
    assert f"/alerts?state=suppressed&amp;rule={number}" in page
    form = {"token": token_of(page), "rule": str(number)}
    assert "harbor/&lt;b&gt;x" not in console.post("/rules", data={**form, "do": "end"}).text
    assert "harbor/&lt;b&gt;x" in console.get("/rules?ended=true").text
    assert console.post("/rules", data={**form, "do": "forget"}).status_code == 409
