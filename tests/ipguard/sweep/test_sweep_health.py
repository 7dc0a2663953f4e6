"""A source that goes wrong in silence is heard: by its canary, by a field that is gone, by how little it shows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from evidence_store.exhibit import Operator
from ipguard.cli.main import build
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.service import sweep_now
from ipguard.settings import Workspace
from ipguard.sources.health import health_of, set_canary
from ipguard.sources.runs import told
from ipguard.sources.store import NewSource, add_source
from ipguard.sources.tables import RunFrontierRow, RunRow, StepRow
from ipguard.sweep import SourceReport
from ipguard.workspace import make_workspace


def now() -> datetime:
    return datetime.now(UTC)


class Shop:
    """Shopify-style shops, a host each; all of them show what is said here."""

    def __init__(self) -> None:
        self.goods, self.priced, self.suggests, self.status = 12, True, True, 200
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        shop, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with lock:
                    shop.asked.append(self.path)
                    shop.at_once += 1
                    shop.most_at_once = max(shop.at_once, shop.most_at_once)
                body = json.dumps(shop.answer(self.path)).encode()
                self.send_response(shop.status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)
                with lock:
                    shop.at_once -= 1

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> object:
        if path.startswith("/search/suggest.json"):
            rows = [self.product(0)] if self.suggests else []
            return {"resources": {"results": {"products": rows}}}
        if path.startswith("/cart.js"):
            return {"currency": "USD"}
        return {"products": [self.product(n) for n in range(self.goods)] if "page=1" in path else []}

    def product(self, number: int) -> dict[str, object]:
        variants = [{"id": 1, "available": True, **({"price": "9.00"} if self.priced else {})}]
        return {"id": number + 1, "title": f"lamp {number}", "handle": f"l{number}", "variants": variants}


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "ws", now=now)


@pytest.fixture
def database(workspace: Workspace, shop: Shop) -> Iterator[Engine]:
    engine = make_engine(workspace.database_url)
    with transaction(engine) as session:
        add_source(
            session, NewSource(shop.base, "shopify", "shop", local=True, min_gap_seconds=0.0), now=now()
        )
    yield engine
    engine.dispose()


def look(workspace: Workspace, database: Engine, *names: str) -> list[SourceReport]:
    operator = Operator("ana", "os-account")
    done = sweep_now(
        workspace, database, names or ["shop"], everything=False, operator=operator, now=now, progress=lambda _at: None
    )  # fmt: skip
    return list(done.reports)


def test_what_goes_wrong_in_silence_raises_an_alarm_that_closes_by_itself(workspace, database, shop):
    with transaction(database) as session:
        set_canary(session, "shop", "lamp")
    for _ in range(3):
        assert look(workspace, database)[0].alarms == ()

    shop.priced = shop.suggests = False
    (report,) = look(workspace, database)
    assert report.state == "finished"
    assert any("The canary “lamp” showed nothing" in words for words in report.alarms)
    assert any("The price is gone: none of 12" in words for words in report.alarms)
    with reading(database) as session:
        health = health_of(session, "shop")
        step = session.scalars(select(StepRow).where(StepRow.kind == "canary").order_by(StepRow.id.desc())).first()  # fmt: skip
    assert (health.state, health.runs[0].canary, step.outcome) == ("unwell", "empty", "empty")
    assert health.runs[0].shares["price"] == 0.0
    assert {alarm.reason.code for alarm in health.alarms} == {"health.canary_empty", "health.field_gone"}
    assert any("“价格”字段消失" in alarm.words("zh") for alarm in health.alarms)

    place = str(workspace.folder)
    command = CliRunner().invoke(build(), ["source", "health", "--json", "-w", place])
    assert command.exit_code == 1
    assert len(json.loads(command.stdout)["alarms"]) == 2

    shop.suggests, shop.goods = True, 1
    (report,) = look(workspace, database)
    assert [words[:20] for words in report.alarms] == ["The price is gone: n", "It shows much less: "]

    shop.priced, shop.goods = True, 12
    assert look(workspace, database)[0].alarms == ()
    assert CliRunner().invoke(build(), ["source", "health", "shop", "-w", place]).exit_code == 0
    shown = CliRunner().invoke(build(), ["source", "show", "shop", "-w", place])
    assert "well again" in shown.stdout
    assert "price" in shown.stdout

    shop.priced = False
    assert look(workspace, database)[0].alarms
    accepted = CliRunner().invoke(build(), ["source", "accept", "shop", "-w", place])
    assert "Accepted: The price is gone" in accepted.stdout
    assert look(workspace, database)[0].alarms == ()


def test_a_canary_on_another_host_is_refused_and_a_shop_that_refuses_us_is_an_alarm(
    workspace, database, shop
):
    place = str(workspace.folder)
    refused = CliRunner().invoke(build(), ["source", "set", "shop", "--canary", "https://elsewhere.example/1", "-w", place])  # fmt: skip
    assert "on no host of shop" in str(refused.exception)
    shop.status = 403
    (report,) = look(workspace, database)
    assert (report.state, len(report.alarms)) == ("failed", 1)
    with reading(database) as session:
        run = session.scalars(select(RunRow)).one()
        assert run.outcome == "blocked"
        assert told(run, "zh").startswith("来源拒绝访问")
        assert session.scalars(select(RunFrontierRow)).all() == []
