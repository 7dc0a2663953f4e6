"""Who may do what, and the record of what they did."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from console_data import fill
from people_data import enter_as
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from starlette.testclient import TestClient

from ipguard.alerts.tables import DecisionRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import NotAllowed
from ipguard.people.audit import Wanted, audit, check_chain, entries, every_entry
from ipguard.people.rights import RIGHT_WORDS, RIGHTS, ROLE_WORDS, Principal, Right, Role, Scope, machine
from ipguard.web.app import create_app
from ipguard.web.language import catalogue

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN = {"Origin": "http://127.0.0.1"}


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    workspace, engine = fill(tmp_path_factory.mktemp("rights") / "ws", lambda: NOON)
    times = {"at": NOON}
    app = create_app(
        workspace, engine=engine, now=lambda: times["at"], export=lambda _case, _by, _progress: None
    )
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        client.times = times
        yield client
    engine.dispose()


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def test_a_reader_changes_nothing_and_is_told_so_in_words(console):
    enter_as(console, Role.READER)
    token = hidden(console.get("/account").text, "token")
    assert 'name="mark"' not in console.get("/alerts/1").text  # nothing to decide with is shown
    form = {"token": token, "version": "1", "mark": "1.x", "decision": "infringing"}
    for path, data in (
        ("/alerts/1/decide", form),
        ("/undo", {"token": token, "trail": "1"}),
        ("/alerts/1/case", {"token": token, "case": "1"}),
        ("/cases", {"token": token, "title": "x"}),
        ("/cases/1/export", {"token": token}),
        ("/sources/harbor", {"token": token, "do": "pause"}),
    ):
        answer = console.post(path, data=data, headers=OWN, follow_redirects=False)
        assert answer.status_code == 403, path
        assert "Your role does not include this:" in answer.text
    assert "Open a case" not in console.get("/cases").text


def test_what_is_decided_bears_the_name_of_who_decided_and_is_on_record(console):
    enter_as(console, Role.ANALYST, "mei")
    page = console.get("/alerts/2").text
    console.times["at"] += timedelta(seconds=1)
    form = {name: hidden(page, name) for name in ("token", "version", "mark")} | {"decision": "infringing"}
    assert console.post("/alerts/2/decide", data=form, headers=OWN, follow_redirects=False).status_code == 303
    with reading(console.app.state.desk.engine) as session:
        assert session.exec(select(DecisionRow.decided_by)).all() == ["mei"]
        (row,) = entries(session, Wanted(person="mei", action="alert"))
        assert (row.action, row.subject, row.way, row.role) == (
            "alert.decide",
            "alert:2",
            "session",
            "analyst",
        )
        assert check_chain(session).whole
    assert console.post("/cases/1/export", data={"token": form["token"]}, headers=OWN).status_code == 403


def test_whoever_signs_out_is_out_and_an_old_cookie_does_not_help(console):
    enter_as(console, Role.LEGAL)
    kept = console.cookies["ipguard_session"]
    console.post("/account/out", data={"token": hidden(console.get("/account").text, "token")}, headers=OWN)
    console.cookies.set("ipguard_session", kept)
    assert console.get("/").status_code == 401
    console.cookies.clear()


def test_an_admin_may_do_everything_and_every_right_and_role_has_words_in_both_languages():
    assert RIGHTS[Role.ADMIN] == frozenset(Right)
    words = {*RIGHT_WORDS.values(), *ROLE_WORDS.values()}
    assert set(RIGHT_WORDS) == set(Right)
    assert set(ROLE_WORDS) == set(Role)
    assert words - catalogue("zh-Hans").keys() == set()


def test_a_token_never_gives_more_than_its_scopes_nor_more_than_the_role():
    reader = Principal(1, "r", Role.READER, token=7, scopes=frozenset({Scope.ADMIN}))
    admin = Principal(1, "a", Role.ADMIN, token=7, scopes=frozenset({Scope.READ}))
    assert reader.may(Right.READ)
    assert not reader.may(Right.DECIDE)
    assert admin.may("read")
    with pytest.raises(NotAllowed, match="scopes"):
        admin.need(Right.DECIDE)


def test_the_record_is_only_added_to_and_shows_where_it_was_touched(engine):
    with transaction(engine) as session:
        for n in range(5):
            audit(
                session, machine("op"), "case.open", f"case:{n}", {"n": n}, NOON + timedelta(microseconds=n)
            )
    for statement in ("UPDATE audit_entry SET person = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError, match="only added"), engine.begin() as connection:
            connection.execute(text(statement))
    with reading(engine) as session:
        assert [row.id for row in entries(session, before=4, limit=2)] == [3, 2]
        assert [row.id for row in every_entry(session, Wanted(action="case", subject="case:1"))] == [2]
        assert (check_chain(session).entries, check_chain(session).whole) == (5, True)
    with engine.begin() as connection:  # somebody who may drop triggers still cannot hide it
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_entry_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE audit_entry SET person = 'x' WHERE id = 3"))
    with reading(engine) as session:
        assert check_chain(session).broken == 3


def test_a_record_cut_off_at_its_end_does_not_pass_as_whole(engine):
    with transaction(engine) as session:
        audit(session, machine("op"), "a.b", "", {}, NOON)
        audit(session, machine("op"), "a.b", "", {}, NOON)
    with engine.begin() as connection:
        drop = (
            "DROP TRIGGER audit_entry_no_delete"
            if engine.dialect.name == "sqlite"
            else "ALTER TABLE audit_entry DISABLE TRIGGER ALL"
        )
        connection.execute(text(drop))
        connection.execute(text("DELETE FROM audit_entry WHERE id = 2"))
    with reading(engine) as session:
        assert check_chain(session).broken == 2


def test_two_who_write_at_once_make_one_chain(engine):
    def write() -> None:
        for _ in range(5):
            with transaction(engine) as session:
                audit(session, machine("op"), "a.b", "", {}, NOON)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with reading(engine) as session:
        assert (check_chain(session).entries, check_chain(session).whole) == (15, True)
