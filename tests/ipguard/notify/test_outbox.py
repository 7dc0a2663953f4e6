"""What happens in the rows is told once to each channel, in its hours, again after a failure, and never twice for one id."""

from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import col

from ipguard.alerts.decisions import decide
from ipguard.alerts.tables import AlertRow
from ipguard.cases.tables import CaseExportRow, CaseRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import NotConfigured, WrongUse
from ipguard.listings.tables import ListingRow
from ipguard.notify.channels import (
    NewChannel,
    add_channel,
    list_channels,
    new_webhook_secret,
    pause_channel,
    remove_channel,
)
from ipguard.notify.deadlines import deadlines
from ipguard.notify.events import AlertsNew, Digest, Event, EvidenceTrouble, event_id
from ipguard.notify.office import Office
from ipguard.notify.outbox import BACK_OFF, announce, claim, delivery_log, resend
from ipguard.notify.port import Undelivered
from ipguard.notify.secrets import Secrets
from ipguard.notify.tables import ChannelRow, DeliveryRow
from ipguard.rights.tables import RightRow, WorkRow
from ipguard.sources.tables import SourceAlarmRow, SourceRow

MINUTE = timedelta(minutes=1)


class World:
    """An engine, a clock that is set by hand, and channels that hear."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.secrets = engine, Secrets(folder / "keys")
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)
        self.heard: list[tuple[str, Event]] = []
        self.trouble: list[Undelivered] = []
        self.office = Office(engine, self._notifier, lambda: self.at)
        with transaction(engine) as session:
            for name in ("star", "moon"):
                session.add(WorkRow(id=name, title=name, owner="o", created_at=self.at, updated_at=self.at))
            session.add(
                SourceRow(id="harbor", adapter="shopify", base_url="https://h.example", created_at=self.at)
            )

    def _notifier(self, channel: ChannelRow):
        world = self

        class Ear:
            def notify(self, event: Event) -> None:
                if world.trouble:
                    raise world.trouble.pop(0)
                world.heard.append((channel.name, event))

        return Ear()

    def channel(self, name: str, **wishes) -> str:
        with transaction(self.engine) as session:
            wanted = NewChannel(name, "webhook", "https://hook.example/in", **wishes)
            return add_channel(session, wanted, self.secrets, by="test", now=self.at)[1]

    def alerts(self, work: str, *scores: float) -> list[int]:
        made = []
        with transaction(self.engine) as session:
            for score in scores:
                number = session.scalars(select(func.count()).select_from(ListingRow)).one()
                listing = ListingRow(
                    source_id="harbor", key=str(number), url="https://h.example/1", title="星灯", digest="d",
                    read_by="t", first_seen_at=self.at, last_seen_at=self.at, changed_at=self.at,
                )  # fmt: skip
                session.add(listing)
                session.flush()
                alert = AlertRow(
                    listing_id=listing.id, work_id=work, listing_version=1, score=score, score_version="1",
                    created_at=self.at, updated_at=self.at,
                )  # fmt: skip
                session.add(alert)
                session.flush()
                made.append(int(str(alert.id)))
        return made

    def later(self, **much) -> int:
        self.at += timedelta(**much)
        return self.office.round()

    def told(self, channel: str) -> list[Event]:
        return [event for name, event in self.heard if name == channel]


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return World(engine, tmp_path)


def test_each_channel_hears_what_it_asked_for_from_its_first_day_on_and_once(world: World):
    world.alerts("star", 0.99)  # before anybody listened
    world.channel("all")
    world.channel("moon-only", works=("moon",), min_score=0.8)
    world.channel("exports", events=("export.ready",))
    world.at += MINUTE
    numbers = world.alerts("star", 0.9, 0.95) + world.alerts("moon", 0.7, 0.85)

    assert world.later(minutes=1) == 2
    (told,) = world.told("all")
    assert isinstance(told, AlertsNew)
    assert (told.total, told.works, told.alerts[0].id) == (4, ("moon", "star"), numbers[1])
    (moon,) = world.told("moon-only")
    assert isinstance(moon, AlertsNew)
    assert [one.id for one in moon.alerts] == [numbers[3]]

    with transaction(world.engine) as session:
        decide(
            session, numbers[0], version=1, decision="later", by="x", now=world.at, until=world.at + MINUTE
        )
        due = world.at.date() + timedelta(days=1)
        case = CaseRow(title="Stall", created_at=world.at, changed_at=world.at, created_by="x", due_on=due)
        session.add(case)
        session.flush()
        export = {
            "case_id": case.id,
            "file_name": "c.zip",
            "sha256": "0" * 64,
            "exhibits": 2,
            "exported_by": "x",
        }
        session.add(CaseExportRow(exported_at=world.at, **export))
        for until in (None, world.at):
            session.add(SourceAlarmRow(source_id="harbor", code="health.yield", since=world.at, until=until))
        session.add(
            RightRow(
                work_id="star", kind="trademark", territory="US", number="S-1", valid_to=date(2026, 11, 30)
            )
        )
        assert [one.what for one in deadlines(session, now=world.at)] == ["later", "case", "right"]
    world.later(minutes=7)
    world.later(minutes=7)

    kinds = [event.kind for event in world.told("all")[1:]]
    assert sorted(kinds) == ["alerts.back", "case.deadline", "case.deadline", "export.ready", "source.alarm"]
    assert [event.kind for event in world.told("exports")] == ["export.ready"]


def test_quiet_hours_hold_back_all_but_what_is_urgent_and_lose_nothing(world: World):
    world.channel(
        "night", quiet_from="22:00", quiet_to="07:30", time_zone="Asia/Shanghai"
    )  # 14:00 to 23:30 UTC
    world.at = datetime(2026, 11, 24, 15, tzinfo=UTC)
    world.alerts("star", 0.9)
    with transaction(world.engine) as session:
        announce(session, EvidenceTrouble(event_id("broken"), world.at, "The disk is full"), world.at)
    world.later(minutes=6)
    world.alerts("star", 0.8)
    world.later(minutes=6)
    assert [event.kind for event in world.told("night")] == ["evidence.trouble"]

    world.at = datetime(2026, 11, 24, 23, 31, tzinfo=UTC)
    world.office.round()
    (morning,) = world.told("night")[1:]
    assert isinstance(morning, AlertsNew)
    assert morning.total == 2


def test_a_daily_digest_comes_at_its_hour_with_everything_and_not_when_there_is_nothing(world: World):
    world.channel("daily", daily_at="09:00", time_zone="Asia/Shanghai")
    world.later(minutes=1)  # looks, finds nothing, waits for 01:00 UTC
    world.alerts("star", 0.9)
    world.later(hours=2)
    assert world.told("daily") == []

    world.at = datetime(2026, 11, 25, 1, 0, 1, tzinfo=UTC)
    world.office.round()
    (digest,) = world.told("daily")
    assert isinstance(digest, Digest)
    assert [part.kind for part in digest.parts] == ["alerts.new"]
    world.later(days=1)
    assert len(world.told("daily")) == 1


def test_what_fails_is_tried_again_later_and_later_then_given_up_and_can_be_sent_again(world: World):
    world.channel("hook")
    world.trouble = [Undelivered("busy", again=True, after_seconds=3_600)]
    world.at += MINUTE
    world.alerts("star", 0.9)
    assert world.later(minutes=1) == 0
    assert world.later(minutes=59) == 0  # it asked for an hour
    assert world.later(minutes=2) == 1

    world.trouble = [Undelivered("down", again=True) for _ in range(20)]
    world.alerts("star", 0.9)
    for wait in (6 * MINUTE, *BACK_OFF):
        world.later(seconds=wait.total_seconds() + 1)
    assert len(world.trouble) == 20 - len(BACK_OFF) - 1
    with reading(world.engine) as session:
        given_up, first = delivery_log(session)
    assert (given_up.delivery.state, len(given_up.attempts)) == ("failed", len(BACK_OFF) + 1)
    assert [one.outcome for one in first.attempts] == ["again", "sent"]

    world.trouble = []
    with transaction(world.engine) as session:
        resend(session, int(str(given_up.delivery.id)), world.at)
    assert world.later(seconds=1) == 1
    assert world.told("hook")[-1].id == given_up.delivery.event_id

    world.trouble = [Undelivered("gone", again=False, gone=True)]
    assert "gone" in world.office.try_out("hook", by="somebody")
    with reading(world.engine) as session:
        assert session.scalars(select(ChannelRow)).one().paused


def test_trouble_with_the_evidence_is_told_by_the_service_once_a_day(world: World, tmp_path: Path):
    from ipguard.service import Telling
    from ipguard.workspace import make_workspace

    world.channel("hook")
    telling = Telling(make_workspace(tmp_path / "ws", now=lambda: world.at), world.engine, lambda: world.at)
    for _ in range(2):
        telling.trouble("No time stamp by tsa: it did not answer")
    assert [job.task for job in telling.due()] == ["tell"]
    assert telling.due() == []  # one round at a time
    assert world.later(seconds=1) == 1
    world.at += timedelta(days=1)
    telling.trouble("No time stamp by tsa: it did not answer")
    world.office.round()
    assert [event.kind for event in world.told("hook")] == ["evidence.trouble"] * 2


def test_one_event_is_in_the_outbox_once_and_claimed_by_one(world: World):
    world.channel("hook")
    event = EvidenceTrouble(event_id("x"), world.at, "x")
    for _ in range(2):
        with transaction(world.engine) as session:
            announce(session, event, world.at)
    with transaction(world.engine) as session:
        assert claim(session, world.at) is not None
        assert claim(session, world.at) is None
        assert claim(session, world.at + timedelta(minutes=4)) is not None  # its process died


def test_no_secret_stands_in_a_row_and_a_new_one_takes_over_while_the_old_still_signs(
    world: World, monkeypatch
):
    shown = world.channel("hook")
    with transaction(world.engine) as session:
        fresh = new_webhook_secret(session, "hook", world.secrets)
        robot = NewChannel("team", "feishu", "https://open.feishu.example/hook/T0KEN", "s3cret")
        row, _ = add_channel(session, robot, world.secrets, by="x", now=world.at)
        kept = [one.model_dump_json() for one in session.scalars(select(ChannelRow))]
        hook = session.scalars(select(ChannelRow).where(col(ChannelRow.name) == "hook")).one()
    assert world.secrets.read(hook.secret_ref) == f"{fresh} {shown}"
    for secret in (shown, fresh, "T0KEN", "s3cret"):
        assert secret not in json.dumps(kept)
    files = list(world.secrets.folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert world.secrets.read(row.address_ref).endswith("T0KEN")

    with transaction(world.engine) as session:
        named = NewChannel("chat", "slack", "env:IPGUARD_SLACK_URL")
        chat, _ = add_channel(session, named, world.secrets, by="x", now=world.at)
        with pytest.raises(WrongUse):
            add_channel(
                session, NewChannel("theft", "slack", "env:AWS_SECRET"), world.secrets, by="x", now=world.at
            )
        with pytest.raises(NotConfigured):
            world.secrets.read(chat.address_ref)
        monkeypatch.setenv("IPGUARD_SLACK_URL", "https://hooks.slack.example/x")
        assert world.secrets.read(chat.address_ref) == "https://hooks.slack.example/x"
        remove_channel(session, "team", world.secrets)
    assert len(list(world.secrets.folder.iterdir())) == len(files) - 2


WRONG = [
    NewChannel("Team", "slack", "https://x.example"),
    NewChannel("a", "pigeon", "https://x.example"),
    NewChannel("a", "slack", "http://x.example"),
    NewChannel("a", "webhook", "https://user:pass@x.example"),
    NewChannel("a", "webhook", "ftp://x.example"),
    NewChannel("a", "mail", "a@b.example\nBcc: c@d.example"),
    NewChannel("a", "mail", ""),
    NewChannel("a", "webhook", "https://x.example", events=("everything",)),
    NewChannel("a", "webhook", "https://x.example", quiet_from="22:00"),
    NewChannel("a", "webhook", "https://x.example", daily_at="24:00"),
    NewChannel("a", "webhook", "https://x.example", time_zone="Mars/North"),
]


def test_a_channel_that_does_not_fit_is_refused_in_words(world: World):
    with transaction(world.engine) as session:
        for wrong in WRONG:
            with pytest.raises(WrongUse):
                add_channel(session, wrong, world.secrets, by="x", now=world.at)
        assert list_channels(session) == []


def test_a_paused_channel_is_told_afterwards(world: World):
    world.channel("hook")
    world.at += MINUTE
    with transaction(world.engine) as session:
        pause_channel(session, "hook", True, now=world.at)
    world.alerts("star", 0.9)
    assert world.later(days=3) == 0
    with transaction(world.engine) as session:
        pause_channel(session, "hook", False, now=world.at)
    assert world.later(seconds=1) == 1
    with reading(world.engine) as session:
        assert session.scalars(select(func.count()).select_from(DeliveryRow)).one() == 1
