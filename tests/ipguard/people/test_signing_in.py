"""Coming in: first link, invitation, password, second step; what keeps others out and never shuts an admin out."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from people_data import add_person, enter_as
from sqlmodel import select
from starlette.testclient import TestClient

from ipguard.database.engine import make_engine, reading, transaction
from ipguard.errors import WrongUse
from ipguard.people import passwords, totp
from ipguard.people.audit import check_chain, entries
from ipguard.people.links import an_admin_can_sign_in
from ipguard.people.rights import Role
from ipguard.people.tables import PersonRow, RecoveryRow, SessionRow
from ipguard.settings import People, Workspace
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.workspace import make_workspace

OWN = {"Origin": "http://127.0.0.1"}
GOOD = "sunflower river 9"


class Clock:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A console with an admin “root-1” whose password is GOOD."""
    clock = Clock()
    workspace = make_workspace(tmp_path_factory.mktemp("people") / "ws", now=clock)
    engine = make_engine(workspace.database_url)
    app = create_app(workspace, engine=engine, now=clock)
    add_person(engine, Role.ADMIN, clock(), "root-1")
    with transaction(engine) as session:
        row = session.exec(select(PersonRow)).one()
        row.password = passwords.hash_password(GOOD)
        session.add(row)
    app.state.clock, app.state.workspace = clock, workspace
    yield app
    engine.dispose()


@pytest.fixture
def clock(house):
    house.state.clock.at += timedelta(hours=3)  # what earlier tests failed at is forgotten
    return house.state.clock


@pytest.fixture
def browser(house, clock):
    return TestClient(house, base_url="http://127.0.0.1")


def engine_of(browser):
    return browser.app.state.desk.engine


def sign_in(browser, name="root-1", password=GOOD, **more):
    form = {"name": name, "password": password, **more}
    return browser.post("/signin", data=form, headers=OWN, follow_redirects=False)


def token_of(browser) -> str:
    return re.search(r'name="token" value="([^"]*)"', browser.get("/account").text)[1]


def post(browser, path, **form):
    data = {"token": token_of(browser), **form}
    return browser.post(path, data=data, headers=OWN, follow_redirects=False)


def inside(browser) -> bool:
    return browser.get("/account").status_code == 200


def test_the_first_admin_comes_in_by_a_link_and_no_default_password_exists(tmp_path):
    clock = Clock()
    workspace = make_workspace(tmp_path / "ws", now=clock)
    engine = make_engine(workspace.database_url)
    browser = TestClient(create_app(workspace, engine=engine, now=clock), base_url="http://127.0.0.1")
    assert "ipguard serve" in browser.get("/").text
    browser.get(f"/enter?key={create_console_key(workspace, clock())}")
    assert "Set a password" in browser.get("/account").text
    with reading(engine) as session:
        assert session.exec(select(PersonRow.name, PersonRow.role, PersonRow.password)).all() == [
            ("admin", "admin", "")
        ]
        assert not an_admin_can_sign_in(session)
    late = create_console_key(workspace, clock())
    clock.at += timedelta(hours=25)
    assert browser.get(f"/enter?key={late}").status_code == 401
    engine.dispose()


def test_an_invitation_sets_a_password_once_and_looking_at_it_does_not_use_it_up(browser, clock):
    assert sign_in(browser).status_code == 303
    page = post(browser, "/people", name="Mei.Lin", label="林梅", role="analyst").text
    key = re.search(r"/invite\?key=([\w-]+)", page)[1]
    guest = TestClient(browser.app, base_url="http://127.0.0.1")
    for _ in range(2):
        assert "mei.lin" in guest.get(f"/invite?key={key}").text
    for weak, why in (
        ("short", "shorter than 12"), ("mei.lin-forever-9", "own name"), ("password1234", "easy to guess"),
        ("qwertyuiop12", "easy to guess"), ("x" * 257, "longer than 256"),
    ):  # fmt: skip
        answer = guest.post("/invite", data={"key": key, "password": weak, "again": weak}, headers=OWN)
        assert why in answer.text, weak
    form = {
        "key": key,
        "password": "三 lanterns 过河 quietly",
        "again": "三 lanterns 过河 quietly",
        "label": "林梅",
    }
    assert guest.post("/invite", data=form, headers=OWN, follow_redirects=False).status_code == 303
    assert inside(guest)
    assert guest.post("/invite", data=form, headers=OWN).status_code == 410
    fresh = TestClient(browser.app, base_url="http://127.0.0.1")
    assert sign_in(fresh, " ＭEI.LIN ", "三 lanterns 过河 quietly").status_code == 303
    assert post(browser, "/people", name="mei.lin", role="reader").status_code == 409


def test_a_reset_ends_the_old_password_and_every_session_at_once(browser, house):
    number = enter_as(browser, Role.LEGAL, "ren")
    admin = TestClient(house, base_url="http://127.0.0.1")
    sign_in(admin)
    link = re.search(r"/invite\?key=[\w-]+", post(admin, f"/people/{number}", do="reset").text)[0]
    assert not inside(browser)
    assert browser.get(link).status_code == 200
    post(admin, f"/people/{number}", do="disable")
    assert browser.get(link).status_code == 410


def test_unknown_names_wrong_passwords_and_shut_accounts_get_the_same_answer(browser):
    shut = add_person(engine_of(browser), Role.ADMIN, browser.app.state.clock(), "shut")
    with transaction(engine_of(browser)) as session:
        row = session.get_one(PersonRow, shut)
        row.password = session.exec(select(PersonRow.password).where(PersonRow.name == "root-1")).one()
        row.disabled_at = browser.app.state.clock()
        session.add(row)
    answers = [
        sign_in(browser, *given)
        for given in (("nobody", GOOD), ("root-1", "wrong wrong wrong"), ("shut", GOOD))
    ]
    pages = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert {answer.status_code for answer in answers} == {401}
    assert len(pages) == 1
    assert "Name and password do not fit." in pages.pop()


def test_guessing_is_slowed_but_shuts_nobody_out_who_was_here_before(house, browser, clock):
    owner = TestClient(house, base_url="http://127.0.0.1")
    assert sign_in(owner).status_code == 303
    owner.cookies.delete("ipguard_session")
    statuses = [sign_in(browser, password="guess").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    refused = sign_in(browser)  # even the right one has to wait here
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 31
    assert sign_in(browser, "no-such-name").status_code == 401  # an account waits, not the house
    assert sign_in(owner).status_code == 303  # the browser that was in before is not the guesser's
    clock.at += timedelta(seconds=31)
    assert sign_in(browser).status_code == 303  # and whoever waits comes in


def test_a_second_step_asks_for_a_code_that_works_once(house, browser, clock):
    enter_as(browser, Role.ADMIN, "two")
    assert post(browser, "/account/password", new=GOOD + "x", again=GOOD + "x").status_code == 303
    page = browser.get("/account/second-step").text
    sealed = re.search(r'name="sealed" value="([^"]*)"', page)[1]
    secret = re.search(r'<code class="copyable">([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")
    assert "<svg" in page
    assert secret not in sealed
    code = totp.code_at(secret, totp.step_of(clock()))
    assert (
        "does not fit"
        in post(browser, "/account/second-step", sealed=sealed, code="000000", current=GOOD + "x").text
    )
    page = post(browser, "/account/second-step", sealed=sealed, code=code, current=GOOD + "x").text
    recovery = re.findall(r"<li><code>([a-z2-7-]+)</code>", page)
    assert len(recovery) == 10
    with reading(engine_of(browser)) as session:
        kept = [row.hash for row in session.exec(select(RecoveryRow)).all()]
        assert not {one.replace("-", "") for one in recovery} & set(kept)
        assert secret not in session.exec(select(PersonRow.totp).where(PersonRow.name == "two")).one()

    other = TestClient(house, base_url="http://127.0.0.1")
    first = other.cookies.get("ipguard_session")
    assert "authenticator app" in sign_in(other, "two", GOOD + "x").text
    assert not inside(other)
    assert other.cookies.get("ipguard_session") != first

    def answer(with_code):
        return other.post(
            "/signin/code", data={"code": with_code}, headers=OWN, follow_redirects=False
        ).status_code

    assert answer(code) == 401  # used when it was switched on
    clock.at += timedelta(seconds=30)
    waiting = other.cookies["ipguard_session"]
    assert answer(totp.code_at(secret, totp.step_of(clock()))) == 303
    assert inside(other)
    assert other.cookies["ipguard_session"] != waiting
    other.cookies.clear()
    sign_in(other, "two", GOOD + "x")
    assert answer(totp.code_at(secret, totp.step_of(clock()))) == 401  # replayed
    assert answer(recovery[0].upper().replace("-", " ")) == 303
    other.cookies.clear()
    sign_in(other, "two", GOOD + "x")
    assert answer(recovery[0]) == 401


def test_codes_are_those_of_rfc_6238():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", appendix B
    for seconds, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        assert totp.code_at(secret, seconds // 30) == code


def test_a_role_can_be_made_to_set_up_a_second_step_before_anything_else(house, browser, clock):
    workspace = house.state.workspace
    strict = workspace.settings.model_copy(update={"people": People(second_step_for=("reader",))})
    app = create_app(Workspace(workspace.folder, strict), engine=house.state.desk.engine, now=clock)
    with TestClient(app, base_url="http://127.0.0.1") as reader:
        enter_as(reader, Role.READER, "strict")
        assert reader.get("/alerts", follow_redirects=False).headers["location"] == "/account/second-step"
        assert reader.get("/metrics", follow_redirects=False).status_code == 303
        assert reader.get("/api/v1/alerts").status_code == 403
        assert "Your role needs a second step" in reader.get("/account").text


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(house, browser):
    other = TestClient(house, base_url="http://127.0.0.1")
    assert sign_in(browser).status_code == sign_in(other).status_code == 303
    new = "brook stone lantern 7"
    assert "not your password" in post(browser, "/account/password", current="wrong", new=new, again=new).text
    assert "differ" in post(browser, "/account/password", current=GOOD, new=new, again="x").text
    assert inside(other)
    assert post(browser, "/account/password", current=GOOD, new=new, again=new).status_code == 303
    assert inside(browser)
    assert not inside(other)
    assert post(browser, "/account/password", current=new, new=GOOD, again=GOOD).status_code == 303


def test_sessions_are_listed_in_words_ended_one_by_one_and_end_by_themselves(house, browser, clock):
    phone = TestClient(
        house, base_url="http://127.0.0.1", headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}
    )
    number = enter_as(browser, Role.READER, "many")
    with transaction(engine_of(browser)) as session:
        from ipguard.people.links import make_link

        key = make_link(session, session.get_one(PersonRow, number), "enter", by="t", now=clock())
    phone.get(f"/enter?key={key}")
    page = browser.get("/account").text
    assert "Safari, iPhone" in page
    which = re.search(r'name="which" value="([0-9a-f]{64})"', page)[1]
    assert post(browser, "/account/sessions", which=which).status_code == 303
    assert not inside(phone)
    clock.at += timedelta(minutes=119)
    assert inside(browser)
    clock.at += timedelta(minutes=119)
    assert inside(browser)  # used meanwhile
    clock.at += timedelta(minutes=121)
    assert not inside(browser)
    sign_in(browser)
    for _ in range(7):
        clock.at += timedelta(minutes=110)
        last = inside(browser)
    assert not last  # twelve hours are over, however busy


def test_cookies_cannot_be_read_by_scripts_nor_sent_by_other_sites_and_are_secure_on_https(house, clock):
    with TestClient(house, base_url="https://127.0.0.1") as browser:
        answer = browser.post(
            "/signin",
            data={"name": "root-1", "password": GOOD},
            headers={"Origin": "https://127.0.0.1"},
            follow_redirects=False,
        )
        for one in answer.headers.get_list("set-cookie"):
            assert {"httponly", "secure", "samesite=strict"} <= {
                part.strip().lower() for part in one.split(";")
            }
        with reading(engine_of(browser)) as session:
            kept = session.exec(select(SessionRow.hash)).all()
        assert browser.cookies["ipguard_session"] not in kept
    with TestClient(house, base_url="http://127.0.0.1") as other:
        assert sign_in(other, back="//evil.example/").headers["location"] == "/"
        form = {"name": "root-1", "password": GOOD}
        assert other.post("/signin", data=form, headers={"Origin": "https://evil.example"}).status_code == 403


def test_signing_in_leads_back_to_the_page_that_was_asked_for(browser):
    page = browser.get("/alerts?state=later").text
    after = html.unescape(re.search(r'name="back" value="([^"]*)"', page)[1])
    assert sign_in(browser, back=after).headers["location"] == "/alerts?state=later"


def test_the_last_admin_who_can_come_in_cannot_be_shut_out(browser):
    sign_in(browser)
    with reading(engine_of(browser)) as session:
        number = session.exec(select(PersonRow.id).where(PersonRow.name == "root-1")).one()
        two = session.exec(select(PersonRow).where(PersonRow.name == "two")).first()
    if two:
        post(browser, f"/people/{two.id}", do="disable")
    for change in ({"do": "disable"}, {"do": "role", "role": "reader"}):
        answer = post(browser, f"/people/{number}", **change)
        assert answer.status_code == 409
        assert "No other admin" in answer.text


def test_only_an_admin_sees_people_and_the_record(house, browser):
    enter_as(browser, Role.LEGAL, "curious")
    for path in ("/people", "/people/1", "/audit", "/audit/export.jsonl"):
        assert browser.get(path).status_code == 403, path
    assert 'href="/audit"' not in browser.get("/account").text
    assert post(browser, "/people", name="x", role="admin").status_code == 403


def test_the_record_is_filtered_paged_checked_and_exported_without_formulas(house, browser, clock):
    from ipguard.people.audit import audit
    from ipguard.people.rights import machine

    day = clock().date().isoformat()
    with transaction(engine_of(browser)) as session:
        for n in range(120):
            audit(
                session,
                machine("=cmd|' /C calc'!A0"),
                "case.open",
                f"case:{n}",
                {"title": "<b>x</b>"},
                clock(),
            )
    sign_in(browser)
    page = browser.get("/audit?action=case&person=%3Dcmd%7C%27%20/C%20calc%27%21A0").text
    assert "The chain is whole" in page
    assert "<b>x</b>" not in page
    older = html.unescape(re.search(r'href="(/audit\?[^"]*before=\d+)"', page)[1])
    assert browser.get(older).text.count("<tr id=") == 20
    assert browser.get("/audit?subject=case:7").text.count("<tr id=") == 1
    assert browser.get(f"/audit?since={day}&action=case").text.count("<tr id=") == 100
    assert browser.get("/audit?since=yesterday").status_code == 409
    lines = browser.get("/audit/export.csv?action=case").text.splitlines()
    assert lines[0].startswith("\ufeffposition,")
    assert len(lines) == 121
    assert ",'=cmd|" in lines[1]
    assert browser.get("/audit/export.jsonl?action=session.refused").text.count("\n") > 5
    with reading(engine_of(browser)) as session:
        assert entries(session)[0].action == "audit.export"
        assert check_chain(session).whole


def test_a_password_is_one_however_the_keyboard_sends_it_and_hashes_never_repeat():
    full_width = "ｓｕｎｆｌｏｗｅｒ　ｒｉｖｅｒ　９"
    kept = passwords.hash_password(passwords.check_password(full_width, name="x"))
    assert kept.startswith("$argon2id$")
    assert passwords.judge(GOOD, kept)[0]
    assert passwords.judge(GOOD, "") == (False, None)
    with pytest.raises(WrongUse):
        passwords.check_password("123456789012", name="x")
