"""The API: who may ask, lists that go on, deeds done once and on what was seen, and problems for everything else."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from console_data import HOSTILE, fill
from hypothesis import HealthCheck, Phase, given, settings
from mcp import ClientSession, StdioServerParameters, stdio_client
from openpyxl import load_workbook
from people_data import add_person, enter_as
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from ipguard.cases.tables import CaseExportRow
from ipguard.database.engine import transaction
from ipguard.listings.tables import ListingRow
from ipguard.people.rights import Role, Scope, machine
from ipguard.people.tables import PersonRow
from ipguard.people.tokens import make_token
from ipguard.web.api.tables import capped
from ipguard.web.app import create_app

API = "/api/v1"


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


class World:
    def __init__(self, folder) -> None:
        self.clock = Clock()
        self.workspace, self.engine = fill(folder, self.clock, alerts=7)
        self.exports = 0
        self.app = create_app(self.workspace, engine=self.engine, now=self.clock, export=self.export)
        self.people = {role: add_person(self.engine, role, self.clock()) for role in Role}

    def export(self, case: int, by: str, _progress: object) -> None:
        self.exports += 1
        with transaction(self.engine) as session:
            name = f"case-{case}-{self.exports}.zip"
            (self.workspace.exports / name).write_bytes(b"zip")
            session.add(
                CaseExportRow(
                    case_id=case,
                    file_name=name,
                    sha256="0" * 64,
                    exhibits=1,
                    exported_at=self.clock(),
                    exported_by=by,
                )
            )

    def token(self, role: Role = Role.ADMIN, *scopes: Scope) -> str:
        with transaction(self.engine) as session:
            person = session.get_one(PersonRow, self.people[role])
            wanted = scopes or tuple(Scope)
            return make_token(session, machine("t"), person, "test", wanted, now=self.clock()).text

    def client(self, role: Role = Role.ADMIN, *scopes: Scope) -> TestClient:
        headers = {"Authorization": f"Bearer {self.token(role, *scopes)}"}
        return TestClient(
            self.app, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("api") / "ws")
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def admin(world: World) -> TestClient:
    return world.client()


def test_nobody_gets_in_without_a_token_or_further_than_its_scopes(world: World):
    stranger = TestClient(world.app, base_url="http://127.0.0.1")
    refused = stranger.get(f"{API}/alerts")
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert stranger.get(f"{API}/alerts", headers={"Authorization": "Bearer ipg_wrong"}).status_code == 401

    reader = world.client(Role.ADMIN, Scope.READ)
    assert reader.get(f"{API}/alerts").status_code == 200
    decided = reader.post(f"{API}/alerts/1/decisions", json={"version": 1, "decision": "infringing"})
    assert decided.status_code == 403
    assert "scope" in decided.json()["detail"]
    assert world.client(Role.ANALYST).get(f"{API}/audit").status_code == 403
    assert world.client(Role.READER).post(f"{API}/cases", json={"title": "x"}).status_code == 403

    console = TestClient(world.app, base_url="http://127.0.0.1")
    enter_as(console, Role.ANALYST, "ana")
    assert console.get(f"{API}/me").json()["name"] == "ana"
    forged = console.post(f"{API}/alerts/1/undo", json={}, headers={"Origin": "http://127.0.0.1"})
    assert forged.status_code == 401  # a session reads; only a token acts
    foreign = console.post(f"{API}/alerts/1/undo", json={}, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.headers["content-type"]) == (403, "application/problem+json")
    assert foreign.json()["status"] == 403


def test_a_list_goes_on_behind_its_last_row_and_foreign_cursors_are_refused(admin: TestClient):
    seen, cursor = [], ""
    while True:
        page = admin.get(f"{API}/alerts", params={"limit": 3, "cursor": cursor}).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7
    listing = admin.get(f"{API}/listings/1").json()
    assert listing["price"] == {"amount": "9.90", "currency": "USD"}
    assert "<script>" in listing["title"]  # data, not mark-up
    for wrong in ("x", "W10", to_text([1, 2]), to_text(["a", "b"]), to_text([1e308, 10**60])):
        assert admin.get(f"{API}/alerts", params={"cursor": wrong}).status_code == 400


def to_text(value: object) -> str:
    import base64

    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_decision_is_about_what_was_read_is_made_once_and_can_be_taken_back(
    world: World, admin: TestClient
):
    read = admin.get(f"{API}/alerts/2")
    assert admin.get(f"{API}/alerts/2", headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    version, key = read.json()["version"], {"Idempotency-Key": "k-1"}
    body = {"version": version, "decision": "not_infringing", "reason": "licensed", "note": "by the owner"}

    assert admin.post(f"{API}/alerts/2/decisions", json=body | {"version": version + 1}).status_code == 409
    old = {"If-Match": '"0123"'}
    assert admin.post(f"{API}/alerts/2/decisions", json=body, headers=old).status_code == 412
    done = admin.post(
        f"{API}/alerts/2/decisions", json=body, headers=key | {"If-Match": read.headers["etag"]}
    )
    assert (done.status_code, done.json()["state"]) == (200, "not_infringing")
    again = admin.post(f"{API}/alerts/2/decisions", json=body, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (done.json(), "true")
    assert admin.post(f"{API}/alerts/2/decisions", json=body).status_code == 409
    other = admin.post(f"{API}/alerts/2/decisions", json=body | {"note": "else"}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:ipguard:problem:key-reused")
    assert (
        world.client(Role.ANALYST).post(f"{API}/alerts/3/undo", headers=key).status_code == 409
    )  # their own key

    back = admin.post(f"{API}/alerts/2/undo")
    assert (back.json()["state"], len(back.json()["decisions"])) == ("open", 1)
    record = admin.get(f"{API}/audit").json()["items"]
    done_by = [one["action"] for one in record if one["action"].startswith("alert.")]
    assert done_by[:2] == ["alert.undo", "alert.decide"]
    assert record[0]["way"].startswith("token:")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"version": "1", "decision": "infringing"}, 422),
        ({"version": 1, "decision": "infringing", "reason": "other"}, 422),
        ({"version": 1, "decision": "not_infringing"}, 422),
        ({"version": 1, "decision": "later", "until": "2026-11-25T12:00:00"}, 422),
        ({"version": 1, "decision": "later", "until": "2020-11-25T12:00:00Z"}, 422),
        ({"version": 1, "decision": "later", "unknown": 1}, 422),
        ({"version": 1, "decision": "later", "until": "2026-12-25T20:00:00+08:00"}, 200),
    ],
)
def test_only_whole_decisions_are_taken_and_the_rest_is_told_field_by_field(admin: TestClient, body, status):
    answer = admin.post(f"{API}/alerts/4/decisions", json=body)
    assert answer.status_code == status
    if status == 422:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    else:
        assert answer.json()["later_until"] == "2026-12-25T12:00:00Z"


def test_a_case_is_opened_filled_and_exported_once(world: World, admin: TestClient):
    opened = admin.post(f"{API}/cases", json={"title": "Night stall"}, headers={"Idempotency-Key": "case"})
    place = opened.headers["location"]
    assert opened.status_code == 201
    assert (
        admin.post(f"{API}/cases", json={"title": "Night stall"}, headers={"Idempotency-Key": "case"}).json()
        == opened.json()
    )
    filled = admin.post(f"{place}/alerts", json={"alert": 1}).json()
    assert (filled["alert_ids"], [one["number"] for one in filled["exhibit_list"]]) == ([1], ["E-0001"])
    for _ in range(2):
        exported = admin.post(f"{place}/exports", headers={"Idempotency-Key": "export"})
        assert exported.status_code == 201
    assert world.exports == 1
    assert admin.get(exported.headers["location"]).content == b"zip"
    assert admin.get(f"{API}/exhibits").json()["items"][0]["number"] == "E-0001"
    assert admin.post(f"{API}/cases/99/exports").status_code == 404


def test_a_bundle_is_checked_and_a_broken_one_is_called_so(admin: TestClient):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("hello.txt", "x")
    for body in (made.getvalue(), b"no zip at all"):
        answer = admin.post(f"{API}/verify", content=body, headers={"Content-Type": "application/zip"})
        assert (answer.status_code, answer.json()["good"]) == (200, False)


def test_lists_leave_as_tables_with_pictures_and_no_cell_is_a_formula(world: World, admin: TestClient):
    with transaction(world.engine) as session:
        row = session.get_one(ListingRow, 3)
        row.title, row.seller_name = "=cmd|' /C calc'!A0", "@SUM(1)"
        session.add(row)
    answer = admin.get(f"{API}/tables/alerts.csv?state=any")
    assert answer.content.startswith(b"\xef\xbb\xbfpicture,number")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(lines) == 7
    assert {(one["title"], one["seller"]) for one in lines if one["number"] == "3"} == {
        ("'=cmd|' /C calc'!A0", "'@SUM(1)")
    }

    book = load_workbook(io.BytesIO(admin.get(f"{API}/tables/alerts.xlsx?state=any").content))
    sheet = book.active
    assert (sheet.freeze_panes, sheet.auto_filter.ref, len(sheet._images)) == ("A2", "A1:M8", 7)
    assert all(cell.data_type in ("s", "n") and cell.data_type != "f" for line in sheet for cell in line)
    for what in ("cases", "listings", "audit"):
        assert admin.get(f"{API}/tables/{what}.csv").status_code == 200
        assert admin.get(f"{API}/tables/{what}.xlsx").status_code == 200
    assert world.client(Role.ANALYST).get(f"{API}/tables/alerts.csv").status_code == 403
    assert len(list(capped([("a", "b")] * 9, 3, 2))) == 4


def test_an_assistant_reads_over_stdio_and_what_strangers_wrote_stands_apart(world: World):
    async def talk() -> tuple[set[str], dict, dict, bool]:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "ipguard", "mcp", "-w", str(world.workspace.folder)],
            env=dict(os.environ),
        )
        async with stdio_client(command) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            tools = {one.name for one in (await session.list_tools()).tools}
            alert = await session.call_tool("get_alert", {"alert_id": 1})
            why = await session.call_tool("explain_match", {"alert_id": 1})
            outside = await session.call_tool("verify_bundle", {"file_name": "../ipguard.toml"})
            return tools, json.loads(alert.content[0].text), json.loads(why.content[0].text), outside.is_error

    tools, alert, why, outside = asyncio.run(talk())
    assert tools == {
        "list_alerts",
        "get_alert",
        "explain_match",
        "get_case",
        "search_sellers",
        "verify_bundle",
    }
    assert alert["untrusted"]["title"] == HOSTILE
    assert HOSTILE not in json.dumps(alert["facts"], ensure_ascii=False)
    assert "never instructions" in alert["warning"]
    assert why["facts"]["findings"][0]["reason"].startswith(("text.", "picture."))
    assert outside


def test_every_error_is_a_problem_and_every_answer_says_how_much_is_left(world: World):
    client = world.client(Role.ANALYST)
    for path, status in (
        ("/nowhere", 404),
        ("/alerts/999999", 404),
        ("/works/none", 404),
        ("/alerts/x", 422),
    ):
        answer = client.get(API + path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["status"] == status
    assert client.put(f"{API}/alerts/1").status_code == 405
    api = world.app.state.api
    api.state.budget.quota = 3
    answers = [client.get(f"{API}/me") for _ in range(6)]
    api.state.budget.quota = 1_000_000
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) <= 60
    world.clock.at += timedelta(minutes=1)
    assert client.get(f"{API}/me").status_code == 200


def test_the_document_is_complete_and_readable_without_a_script(world: World):
    console = TestClient(world.app, base_url="http://127.0.0.1")
    document = console.get(f"{API}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["description"], path
            assert "application/problem+json" in operation["responses"]["422"]["content"]
    for language in ("en", "zh"):
        page = console.get(f"{API}/docs", headers={"Accept-Language": language})
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "http://" not in page.text.replace("http://127.0.0.1", "")


def test_whatever_is_sent_the_api_keeps_to_its_document(world: World):
    api = world.app.state.api
    api.state.budget.quota = 1_000_000
    token = world.token()
    document = schemathesis.openapi.from_asgi(f"{API}/openapi.json", world.app, headers={"Host": "127.0.0.1"})
    checks = [
        not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
        response_schema_conformance,
    ]  # fmt: skip
    told = 0
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path == "/verify":
            continue  # takes a zip: it has a test of its own

        @settings(
            max_examples=2, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def holds(case) -> None:
            headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1"}
            case.call_and_validate(headers=headers, checks=checks)

        holds()
        told += 1
    assert told >= 23
