"""Signing in by a provider, against a real one over HTTP: what it lets in, and every forgery it does not."""

from __future__ import annotations

import re
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from openid_provider import CLIENT, SECRET, provider
from people_data import add_person, enter_as
from pydantic import ValidationError
from sqlmodel import select
from starlette.testclient import TestClient

from ipguard.database.engine import make_engine, reading
from ipguard.people.rights import Role
from ipguard.people.tables import PersonRow
from ipguard.settings import Oidc, People, Workspace
from ipguard.web.app import create_app
from ipguard.workspace import make_workspace

OWN = {"Origin": "http://127.0.0.1"}


class Clock:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    clock = Clock()
    workspace = make_workspace(tmp_path_factory.mktemp("oidc") / "ws", now=clock)
    engine = make_engine(workspace.database_url)
    with provider(clock) as other, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPGUARD_OIDC_SECRET", SECRET)
        oidc = Oidc(
            issuer=other.issuer, client_id=CLIENT, label="Staff", roles={"ip-legal": "legal", "ip": "analyst"}
        )
        settings = workspace.settings.model_copy(update={"people": People(oidc=oidc)})
        app = create_app(Workspace(workspace.folder, settings), engine=engine, now=clock)
        yield app, other, clock, engine
    engine.dispose()


@pytest.fixture
def app(house):
    app, other, clock, _ = house
    other.trick, other.claims = (
        "",
        {"sub": "u-1", "preferred_username": "lin", "name": "Lin Mei", "groups": ["ip"]},
    )
    clock.at += timedelta(hours=2)
    return app


@pytest.fixture
def browser(app):
    return TestClient(app, base_url="http://127.0.0.1")


def go_to_provider(browser, path="/signin/oidc"):
    """What the provider sends the browser back with."""
    sent = browser.get(path, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    return back_from(sent.headers["location"])


def back_from(url: str) -> str:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        urllib.request.build_opener(Stay).open(url)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.headers["Location"].removeprefix("http://127.0.0.1")
    raise AssertionError("the provider did not send the browser back")


def inside(browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_group_makes_an_account_with_its_role_and_the_next_sign_in_is_the_same_person(house, browser, app):
    _, other, _, engine = house
    answer = browser.get(go_to_provider(browser))
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/">' in answer.text
    assert "Lin Mei" in browser.get("/account").text

    other.claims |= {"groups": ["ip-legal"], "preferred_username": "renamed"}
    again = TestClient(app, base_url="http://127.0.0.1")
    again.get(go_to_provider(again))
    with reading(engine) as session:
        (row,) = session.exec(select(PersonRow).where(PersonRow.created_by == "provider")).all()
        assert (row.name, row.role) == ("lin", "legal")

    other.claims["groups"] = []
    third = TestClient(app, base_url="http://127.0.0.1")
    assert "None of your groups" in third.get(go_to_provider(third)).text
    assert not inside(third)


@pytest.mark.parametrize(
    "trick",
    [
        "wrong nonce", "no nonce", "wrong audience", "two audiences without azp", "other issuer", "too old", "no subject",
        "alg none", "another key", "signed with the client secret", "signed with the public key as a secret",
    ],
)  # fmt: skip
def test_a_token_that_was_not_made_for_this_sign_in_lets_nobody_in(house, browser, trick):
    house[1].trick = trick
    answer = browser.get(go_to_provider(browser))

    assert answer.status_code == 401
    assert "provider" in answer.text
    assert not inside(browser)


def test_a_state_works_once_in_the_browser_that_began_it_and_for_ten_minutes(house, browser, app):
    back = go_to_provider(browser)
    thief = TestClient(app, base_url="http://127.0.0.1")
    assert thief.get(back).status_code == 401  # with the victim's address, without the cookie
    thief.get("/signin/oidc", follow_redirects=False)
    assert thief.get(back).status_code == 401  # with a cookie of another sign-in
    assert browser.get(back).status_code == 200
    browser.cookies.clear()
    assert browser.get(back).status_code == 401

    late = go_to_provider(browser)
    house[2].at += timedelta(minutes=11)
    assert browser.get(late).status_code == 401


def test_an_answer_that_names_another_issuer_or_was_refused_is_not_redeemed(house, browser):
    other = house[1]
    for change in (
        lambda url: re.sub(r"&iss=[^&]*", "&iss=https%3A%2F%2Fother.example", url),
        lambda url: url + "&error=access_denied",
    ):
        count = len(other.redeemed)
        assert browser.get(change(go_to_provider(browser))).status_code == 401
        assert len(other.redeemed) == count


def test_nobody_is_let_in_by_a_name_or_a_mail_address_alone(house, browser):
    _, other, clock, engine = house
    boss = add_person(engine, Role.ADMIN, clock(), "boss@example.com")
    other.claims = {
        "sub": "stranger",
        "preferred_username": "boss@example.com",
        "email": "boss@example.com",
        "email_verified": True,
    }
    assert "not known here" in browser.get(go_to_provider(browser)).text
    other.claims["groups"] = ["ip"]
    browser.get(go_to_provider(browser))
    with reading(engine) as session:
        made = session.exec(
            select(PersonRow).where(
                PersonRow.created_by == "provider", PersonRow.name == "boss@example.com-2"
            )
        ).one()
        assert (made.role, made.id == boss) == ("analyst", False)


def test_no_group_makes_an_admin():
    with pytest.raises(ValidationError):
        Oidc(issuer="https://id.example", client_id="x", roles={"root": "admin"})
    with pytest.raises(ValidationError, match="https"):
        Oidc(issuer="http://id.example", client_id="x")


def test_somebody_inside_links_their_account_and_comes_in_by_it_from_then_on(house, browser, app):
    _, other, _, engine = house
    other.claims = {"sub": "linked-1", "preferred_username": "x"}
    number = enter_as(browser, Role.ADMIN, "keeper")
    token = re.search(r'name="token" value="([^"]*)"', browser.get("/account").text)[1]
    page = browser.post("/account/link", data={"token": token}, headers=OWN).text
    assert "form-action" not in page
    onward = re.search(r'content="0;url=([^"]*)"', page)[1].replace("&amp;", "&")
    browser.get(back_from(onward))
    assert "linked" in browser.get("/account").text

    fresh = TestClient(app, base_url="http://127.0.0.1")
    fresh.get(go_to_provider(fresh))
    assert "keeper" in fresh.get("/account").text
    with reading(engine) as session:
        assert session.get_one(PersonRow, number).role == "admin"  # kept: the account was not made by a group

    second = TestClient(app, base_url="http://127.0.0.1")
    enter_as(second, Role.READER, "second")
    token = re.search(r'name="token" value="([^"]*)"', second.get("/account").text)[1]
    page = second.post("/account/link", data={"token": token}, headers=OWN).text
    onward = re.search(r'content="0;url=([^"]*)"', page)[1].replace("&amp;", "&")
    assert "linked to somebody else" in second.get(back_from(onward)).text


def test_a_provider_that_is_silent_or_calls_itself_otherwise_is_told_in_words(house, browser):
    house[1].trick = "another name"
    answer = browser.get("/signin/oidc")
    assert answer.status_code == 401
    assert "another name than the settings" in answer.text
