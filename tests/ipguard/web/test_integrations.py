"""Integrations: an admin sets up who is told, sees what became of it, and gives out calendars and nobody else does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from console_data import fill
from icalendar import Calendar
from people_data import enter_as
from receivers import open_receiver
from starlette.testclient import TestClient

from ipguard.alerts.decisions import decide
from ipguard.cases.store import new_case
from ipguard.database.engine import transaction
from ipguard.notify.adapters.webhook import verify
from ipguard.people.rights import Role
from ipguard.settings import Notify
from ipguard.telling import office_of
from ipguard.web.app import create_app
from ipguard.web.integrations import EVENT_WORDS, KIND_WORDS, STATE_WORDS
from ipguard.web.language import catalogue

ORIGIN = {"Origin": "http://127.0.0.1"}


class Clock:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from dataclasses import replace

    clock = Clock()
    workspace, engine = fill(tmp_path_factory.mktemp("integrations") / "ws", clock)
    notify = Notify(console_url="https://console.example", local_hosts=("127.0.0.1",))
    workspace = replace(workspace, settings=workspace.settings.model_copy(update={"notify": notify}))
    yield workspace, engine, clock, create_app(workspace, engine=engine, now=clock)
    engine.dispose()


def inside(app, role: Role) -> TestClient:
    client = TestClient(app, base_url="http://127.0.0.1", headers=ORIGIN)
    enter_as(client, role, f"{role}-{id(client)}")
    return client


def token_of(client: TestClient) -> str:
    return re.search(r'name="token" value="([^"]+)"', client.get("/integrations").text)[1]


def test_a_webhook_is_added_tested_paused_and_what_was_sent_can_be_sent_again(world):
    workspace, engine, clock, app = world
    admin = inside(app, Role.ADMIN)
    token = token_of(admin)
    with open_receiver() as receiver:
        form = {
            "token": token,
            "name": "desk",
            "kind": "webhook",
            "address": f"{receiver.base}/hook",
            "events": ["export.ready", "alerts.new"],
        }
        added = admin.post("/integrations/channels", data=form)
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", added.text)[0]
        assert secret not in admin.get("/integrations").text

        tested = admin.post("/integrations/channels/desk", data={"token": token, "do": "test"})
        assert "The test got through." in tested.text
        one = receiver.heard[-1]
        assert verify(secret, one.headers, one.body, clock())

        receiver.scripted = [(500, b"")]
        again = admin.post("/integrations/deliveries/1", data={"token": token})
        assert again.status_code == 200
        office_of(workspace, engine, clock).round()
        assert "HTTP 500" in admin.get("/integrations?state=waiting").text
        clock.at += timedelta(hours=1)
        office_of(workspace, engine, clock).round()
        assert receiver.heard[-1].headers["webhook-id"] == one.headers["webhook-id"]

    refused = admin.post("/integrations/channels", data=form | {"name": "Not A Name"})
    assert refused.status_code == 409
    assert "small letters" in refused.text
    admin.post("/integrations/channels/desk", data={"token": token, "do": "pause"})
    assert "paused" in admin.get("/integrations").text
    actions = admin.get("/audit").text
    assert "channel.add" in actions or "channel:desk" in actions


def test_a_calendar_is_read_by_whoever_knows_its_address_until_it_is_revoked(world):
    _, engine, clock, app = world
    admin = inside(app, Role.ADMIN)
    token = token_of(admin)
    with transaction(engine) as session:
        case = new_case(session, "Stall; \n, <b>", by="x", now=clock())
        case.due_on = clock().date() + timedelta(days=9)
        decide(
            session, 1, version=1, decision="later", by="x", now=clock(), until=clock() + timedelta(days=2)
        )
    made = admin.post("/integrations/feeds", data={"token": token, "name": "counsel", "language": "zh"})
    path = re.search(r"https://console\.example(/calendar/[^<]+\.ics)", made.text)[1]

    stranger = TestClient(app, base_url="http://127.0.0.1", headers=ORIGIN)
    answer = stranger.get(path)
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [str(one["uid"]) for one in events] == ["later-1@ipguard", "case-1@ipguard"]
    assert "到期" in str(events[1]["summary"])
    assert str(events[1]["url"]) == "https://console.example/cases/1"

    admin.post("/integrations/feeds/1", data={"token": token})
    assert stranger.get(path).status_code == 404
    assert stranger.get("/calendar/x.ics").status_code == 404


def test_only_who_may_change_integrations_sees_them(world):
    *_, app = world
    analyst = inside(app, Role.ANALYST)
    assert analyst.get("/integrations").status_code == 403
    assert analyst.post("/integrations/feeds", data={"token": "x", "name": "x"}).status_code == 409


def test_every_word_of_the_screen_is_chinese_too(world):
    *_, app = world
    known = catalogue("zh-Hans")
    for words in (EVENT_WORDS, KIND_WORDS, STATE_WORDS):
        assert not [one for one in words.values() if one not in known]
    page = inside(app, Role.ADMIN).get("/integrations", headers={"Accept-Language": "zh"})
    assert "投递记录" in page.text
