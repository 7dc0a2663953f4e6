"""What a sweep does with sources that only grow, and whom it asks about hits: told on a real log and a real registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ct_log import FakeLog, Told, as_json, serving
from dns_zone import zone
from pydantic import ValidationError
from sqlalchemy import Engine, select

from crawlers.extract.bootstrap import own_services, read_services, service_of
from evidence_store.exhibit import Operator
from ipguard.alerts.queries import Filter, list_alerts, one_alert
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.enquiries import registered_name, registries
from ipguard.errors import WrongUse
from ipguard.listings.lookups import facts_shown
from ipguard.listings.tables import ListingRow, LookupRow
from ipguard.service import sweep_now
from ipguard.settings import Crawling, Settings, Workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.sources.tables import SourceRow
from ipguard.sweep import SourceReport
from ipguard.wiring import add_watchlist
from ipguard.workspace import make_workspace

WATCHLIST = '[[work]]\nid = "star"\ntitle = "Star Lantern"\nowner = "O"\nnames = [{ text = "Star Lantern", lang = "en" }]\n'
HIT = "star-lantern-shop.example"


def now() -> datetime:
    return datetime.now(UTC)


class Registry:
    """Answers with what a test says."""

    def __init__(self) -> None:
        self.told: Told = as_json({"objectClassName": "domain", "ldhName": HIT})

    def tell(self, _path: str) -> Told:
        return self.told


@pytest.fixture
def log() -> FakeLog:
    made = FakeLog()
    for number in range(20):
        made.add(f"lamp{number}.example")
    made.add(HIT)
    return made


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def around(tmp_path: Path, log: FakeLog, registry: Registry) -> Iterator[tuple[Workspace, Engine]]:
    """A workspace whose only source is the log, with its own registry and name server."""
    folder = make_workspace(tmp_path / "ws", now=now).folder
    (tmp_path / "w.toml").write_text(WATCHLIST, "utf-8")
    with serving(log.tell) as service, serving(registry.tell) as rdap, zone({}) as names:
        (folder / "rdap.json").write_text(f'{{"services": [[["example"], ["{rdap.base}"]]]}}', "utf-8")
        crawling = Crawling(name_servers=(f"127.0.0.1:{names.port}",), rdap_services=Path("rdap.json"))
        workspace = Workspace(folder, Settings(crawling=crawling))
        add_watchlist(workspace, tmp_path / "w.toml", now=now)
        engine = make_engine(workspace.database_url)
        with transaction(engine) as session:
            add_source(
                session,
                NewSource(service.base, "static-ct", "log", local=True, min_gap_seconds=0.0),
                now=now(),
            )
        yield workspace, engine
        engine.dispose()


def look(workspace: Workspace, engine: Engine) -> SourceReport:
    operator = Operator("ana", "os-account")
    done = sweep_now(
        workspace, engine, ["log"], everything=False, operator=operator, now=now, progress=lambda *_: None
    )
    return done.reports[0]


def test_a_registry_that_asks_for_a_pause_is_asked_in_the_next_run_and_holds_nothing_up(
    around, registry, log
) -> None:
    registry.told = (429, {"Retry-After": "1"}, b"")
    report = look(*around)
    assert (report.state, report.new_alerts) == ("finished", 1)
    assert any("next run asks again" in one.why for one in report.skipped)
    registry.told = as_json({"objectClassName": "domain", "ldhName": HIT, "status": ["client hold"]})
    look(*around)
    with reading(around[1]) as session:
        (view,) = list_alerts(session, Filter(), now=now())
        lookups = one_alert(session, view.id, now=now()).lookups
    assert [(row.kind, row.outcome) for row in lookups] == [("registration", "ok"), ("names", "empty")]
    assert facts_shown(lookups[0]) == [("status", "client hold")]


@pytest.mark.parametrize(
    ("told", "outcome", "words"),
    [
        ((403, {}, b""), "blocked", "refuses us"),
        ((200, {}, b"hello"), "changed", "not JSON"),
        (as_json({"errorCode": 404}, 404), "empty", "no such name"),
    ],
)
def test_what_a_registry_does_not_tell_is_said(around, registry, told, outcome, words) -> None:
    registry.told = told
    assert look(*around).new_alerts == 1
    with reading(around[1]) as session:
        row = session.scalars(select(LookupRow).where(LookupRow.kind == "registration")).one()
    assert row.outcome == outcome
    assert words in row.note


def test_a_run_that_ends_by_its_cap_goes_on_soon_and_nothing_is_called_gone(around, log, monkeypatch) -> None:
    workspace, engine = around
    monkeypatch.setattr(
        "crawlers.adapters.ct_position.policy_of", lambda policy: replace(policy, pages_a_run=2)
    )
    with transaction(engine) as session:
        session.get_one(SourceRow, "log").options = {"lookback": "100000"}
    for number in range(600):
        log.add(f"mug{number}.example")
    first = look(workspace, engine)
    assert (first.state, first.read) == ("finished", 256)
    assert "365 more are there" in first.note
    with reading(engine) as session:
        row = session.get_one(SourceRow, "log")
        assert row.position == {"next": 256, "size": 621, "feed": "names"}
        assert row.next_run_at - now() <= timedelta(minutes=5)
    then = [look(workspace, engine) for _ in range(3)]
    assert [one.read for one in then] == [256, 109, 0]
    assert [one.gone for one in then] == [0, 0, 0]
    with reading(engine) as session:
        assert session.get_one(SourceRow, "log").next_run_at - now() > timedelta(hours=23)
        assert [one.gone_at for one in session.scalars(select(ListingRow))] == [None]


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("mail.star-lantern-shop.example", "star-lantern-shop.example"),
        ("a.b.lantern.co.uk", "lantern.co.uk"),
        ("star-lantern.com", "star-lantern.com"),
        ("co.uk", "co.uk"),
    ],
)
def test_a_registry_is_asked_about_what_was_registered(name: str, registered: str) -> None:
    assert registered_name(name) == registered


def test_the_registry_of_the_longest_ending_is_asked() -> None:
    said = b'{"services": [[["uk"], ["http://a.example", "https://b.example/x"]], [["co.uk", "CO.JP"], ["https://c.example/"]]]}'
    services = read_services(said)
    assert service_of("lantern.co.uk", services) == "https://c.example/"
    assert service_of("lantern.org.uk.", services) == "https://b.example/x/"
    assert service_of("lantern.co.jp", services) == "https://c.example/"
    assert service_of("lantern.cn", services) == ""
    assert own_services()["com"].startswith("https://")


@pytest.mark.parametrize("wrong", [b"", b"[]", b'{"services": 5}', b'{"services": [["com"]]}'])
def test_a_list_of_registries_in_another_form_is_refused(wrong: bytes, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(wrong)
    with pytest.raises(WrongUse, match=r"r\.json"):
        registries(tmp_path / "r.json")


def test_name_servers_are_addresses_with_or_without_a_port() -> None:
    given = Crawling(name_servers=("192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"))
    assert given.servers == (
        ("192.0.2.1", 53),
        ("192.0.2.1", 5353),
        ("2001:db8::1", 53),
        ("2001:db8::1", 5353),
    )
    assert Crawling().servers is None
    for wrong in ("dns.example", "192.0.2.1:0", "192.0.2.1:port", ""):
        with pytest.raises(ValidationError):
            Crawling(name_servers=(wrong,))
