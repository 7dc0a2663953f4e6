"""A workspace keeps its evidence as long as somebody needs it, and no longer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from evidence_store.errors import StoreError
from evidence_store.exhibit import Capture, Operator, WireExchange
from ipguard.cases.store import add_exhibit, move_case, new_case
from ipguard.cli.main import build
from ipguard.database.engine import make_engine, transaction
from ipguard.errors import WrongUse
from ipguard.evidence import open_store
from ipguard.keeping import due_for_erasure, erase_exhibits, place_hold, release_hold, stamp_now
from ipguard.settings import FILE_NAME, open_workspace
from ipguard.workspace import make_workspace

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://moon-harbor.example/products/lantern-tee"


def quiet(_done: int, _total: int) -> None:
    """No progress bar."""


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.delenv("IPGUARD_EVIDENCE_PASSPHRASE", raising=False)
    return make_workspace(tmp_path / "ws", now=lambda: NOON)


@pytest.fixture
def database(workspace):
    engine = make_engine(workspace.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def exhibits(workspace):
    exchange = WireExchange(
        URL, b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", NOON, NOON, "203.0.113.7", 443
    )
    captures = [Capture(URL, "test", "test", Operator("o", "test"), (exchange,)) for _ in range(3)]
    with open_store(workspace, lambda: NOON) as store:
        return [receipt.exhibit_id for receipt in store.keep(captures)]


def erase(workspace, database, exhibits, **changes):
    words = {"who": "dpo", "why": "asked for", "legal_basis": "GDPR art. 17", **changes}
    return erase_exhibits(workspace, database, exhibits, now=lambda: NOON, progress=quiet, **words)


def test_an_exhibit_of_an_open_case_is_not_erased_and_of_a_closed_one_it_is(workspace, database, exhibits):
    with transaction(database) as session:
        case = new_case(session, "Lantern Stall", by="o", now=NOON).id
        add_exhibit(session, case, exhibits[0], alert_id=None, now=NOON)

    with pytest.raises(WrongUse, match=f"open case {case}"):
        erase(workspace, database, exhibits)

    with transaction(database) as session:
        move_case(session, case, "closed", by="ana", now=NOON, why="over")
    erase(workspace, database, exhibits[:1])
    with open_store(workspace, lambda: NOON) as store, pytest.raises(StoreError, match="erased"):
        store.exhibit(exhibits[0])


@pytest.mark.parametrize("missing", [{"why": " "}, {"legal_basis": ""}])
def test_nothing_is_erased_without_a_reason_and_a_legal_basis(workspace, database, exhibits, missing):
    with pytest.raises(WrongUse, match="reason and a legal basis"):
        erase(workspace, database, exhibits, **missing)


def test_what_is_due_is_what_nothing_keeps(workspace, database, exhibits):
    toml = workspace.folder / FILE_NAME
    toml.write_text(toml.read_text("utf-8").replace("[evidence]", "[evidence]\nretain_days = 30"), "utf-8")
    workspace = open_workspace(workspace.folder)
    with transaction(database) as session:
        case = new_case(session, "Lantern Stall", by="o", now=NOON).id
        add_exhibit(session, case, exhibits[0], alert_id=None, now=NOON)

    def due(at):
        with open_store(workspace, lambda: at) as store:
            found = due_for_erasure(workspace, database, store, at=at, progress=quiet)
        return [one.exhibit_id for one in found]

    with open_store(workspace, lambda: NOON) as store:
        place_hold(store, exhibits[1:2], matter="2026-Civ-41", who="counsel", why="suit")
    assert due(NOON + timedelta(days=29)) == []
    assert due(NOON + timedelta(days=31)) == [exhibits[2]]

    with open_store(workspace, lambda: NOON) as store:
        with pytest.raises(WrongUse, match="not held for “2026-Civ-4”"):
            release_hold(store, exhibits[1:2], matter="2026-Civ-4", who="counsel", why="over")
        release_hold(store, exhibits[1:2], matter="2026-Civ-41", who="counsel", why="over")
    assert due(NOON + timedelta(days=31)) == exhibits[1:]


def test_stamping_again_asks_only_for_what_is_missing(workspace, exhibits):
    (first,) = stamp_now(workspace, lambda: NOON)
    (again,) = stamp_now(workspace, lambda: NOON + timedelta(hours=1))

    assert first.stamp is not None
    assert again.stamp == first.stamp


def test_the_commands_do_what_they_say(workspace, exhibits, monkeypatch):
    def run(*words: str) -> str:
        done = CliRunner().invoke(build(), ["evidence", *words, "-w", str(workspace.folder)])
        assert done.exit_code == 0, done.output
        return done.stdout

    run("hold", exhibits[0], "--matter", "WIPO D2026-0007")
    run("retain", exhibits[1], "--until", "2099-01-01")
    shown = json.loads(run("show", exhibits[0], "--json"))
    assert shown["record"]["requested_url"] == URL
    assert shown["kept_because"] == "it is under legal hold for WIPO D2026-0007"
    assert [json.loads(line)["exhibit"] for line in run("due", "--json").splitlines()] == [exhibits[2]]
    assert "erased" in run("erase", exhibits[2], "--why", "asked", "--legal-basis", "GDPR art. 17", "--yes")
    assert json.loads(run("check", "--json"))["wrong"] == []
    run("release", exhibits[0], "--matter", "WIPO D2026-0007")
    assert [json.loads(line)["exhibit"] for line in run("due", "--json").splitlines()] == [exhibits[0]]


def test_a_closed_case_lets_go_of_its_exhibits_by_command(workspace, database, exhibits):
    def run(*words: str):
        return CliRunner().invoke(build(), [*words, "-w", str(workspace.folder)])

    with transaction(database) as session:
        case = new_case(session, "Lantern Stall", by="o", now=NOON).id
        add_exhibit(session, case, exhibits[0], alert_id=None, now=NOON)
    order = ("evidence", "erase", exhibits[0], "--why", "over", "--legal-basis", "GDPR art. 17", "--yes")
    assert run(*order).exit_code != 0
    assert run("case", "close", str(case)).exit_code == 0
    assert run(*order).exit_code == 0
