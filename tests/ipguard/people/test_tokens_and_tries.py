"""Tokens and the counting of failures, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from people_data import add_person
from sqlalchemy import func
from sqlmodel import select

from ipguard.database.engine import reading, transaction
from ipguard.errors import NotAllowed, WrongUse
from ipguard.people import limits, links, oidc, sessions
from ipguard.people.accounts import disable, get_person
from ipguard.people.audit import entries
from ipguard.people.limits import TooManyTries, count_try, forgive, gate, network_of
from ipguard.people.rights import Principal, Right, Role, Scope, machine
from ipguard.people.sessions import Browser, Lasting
from ipguard.people.signing_in import NotSignedIn
from ipguard.people.tables import PersonRow, TokenRow, TriesRow
from ipguard.people.tokens import WrongToken, make_token, mark_used, must_be_marked, revoke, token_principal

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WHO = machine("op")


def test_a_token_is_shown_once_kept_as_a_hash_and_says_who_and_what(engine):
    number = add_person(engine, Role.LEGAL, NOON, "mei")
    with transaction(engine) as session:
        made = make_token(session, WHO, get_person(session, "mei"), "night", ["read", "export"], now=NOON)
    assert made.text.startswith("ipg_")
    assert made.row.ends_at == NOON + timedelta(days=90)
    with reading(engine) as session:
        row = session.get_one(TokenRow, made.row.id)
        assert made.text not in (row.hash, row.hint)
        who = token_principal(session, f"Bearer {made.text}", NOON)
        assert (who.id, who.name, who.token, who.way) == (number, "mei", row.id, f"token:{row.id}")
        assert [right for right in Right if who.may(right)] == [Right.READ, Right.EXPORT]
        assert must_be_marked(session, row.id, NOON)
        for header in ("", "Bearer", f"Basic {made.text}", f"Bearer {made.text}x", "Bearer ipg_" + "A" * 43):
            with pytest.raises(WrongToken):
                token_principal(session, header, NOON)
        with pytest.raises(WrongToken):
            token_principal(session, f"Bearer {made.text}", NOON + timedelta(days=90))
        assert "ipg_" not in str(entries(session)[0].details)
    with transaction(engine) as session:
        mark_used(session, made.row.id, NOON)
        assert not must_be_marked(session, made.row.id, NOON + timedelta(seconds=59))
        revoke(session, WHO, made.row.id, now=NOON)
        with pytest.raises(WrongToken):
            token_principal(session, f"Bearer {made.text}", NOON)


def test_a_token_ends_with_its_person_and_cannot_be_made_without_an_end_or_a_scope(engine):
    add_person(engine, Role.ADMIN, NOON, "mei")
    with transaction(engine) as session:
        person = get_person(session, "mei")
        made = make_token(session, WHO, person, "x", ["admin"], now=NOON)
        for scopes, days in (([], 9), (["root"], 9), (["read"], 0), (["read"], 367)):
            with pytest.raises(WrongUse):
                make_token(session, WHO, person, "x", scopes, days=days, now=NOON)
        weak = Principal(1, "mei", Role.ADMIN, token=made.row.id, scopes=frozenset({Scope.READ}))
        with pytest.raises(NotAllowed):
            make_token(session, weak, person, "more", ["admin"], now=NOON)
        session.add(PersonRow(name="other", role="admin", password="x", created_at=NOON, created_by="t"))
        session.flush()
        disable(session, WHO, person, now=NOON)
        with pytest.raises(WrongToken):
            token_principal(session, f"Bearer {made.text}", NOON)


def test_tries_that_come_at_once_are_all_counted_and_none_is_judged_while_waiting(engine):
    one = gate(b"k", "account", "mei", 5)
    told: list[str] = []

    def attempt() -> None:
        for _ in range(3):
            try:
                with transaction(engine) as session:
                    count_try(session, [one], NOON)
                told.append("judged")
            except TooManyTries:
                told.append("waits")

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) == ["judged"] * 5 + ["waits"] * 7


def test_waiting_grows_to_a_quarter_of_an_hour_and_an_hour_of_rest_forgets_it(engine):
    one, shared = gate(b"k", "account", "mei", 1), gate(b"k", "address", "127.0.0.1", 100)
    now, waits = NOON, []
    for _ in range(8):
        with transaction(engine) as session:
            count_try(session, [one, shared], now)
        with reading(engine) as session:
            until = limits.closed_until(session, one, now)
        waits.append(int((until - now).total_seconds()))
        now = until
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    with transaction(engine) as session:
        forgive(session, [], [shared])
        assert session.get_one(TriesRow, shared.key, populate_existing=True).failures == 7
        count_try(session, [one], now + timedelta(hours=2))
        assert session.get_one(TriesRow, one.key).failures == 1
        forgive(session, [one])
        assert session.get(TriesRow, one.key, populate_existing=True) is None


def test_counting_keeps_no_names_and_no_more_rows_than_it_should(engine, monkeypatch):
    monkeypatch.setattr(limits, "MOST_ROWS", 20)
    for n in range(30):
        with transaction(engine) as session:
            count_try(session, [gate(b"k", "account", f"name-{n}", 5)], NOON + timedelta(seconds=n))
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(TriesRow)).one() == 20
        assert not any("name" in row.key for row in session.exec(select(TriesRow)).all())
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert network_of("nonsense") == "unknown"


def test_a_link_used_twice_at_once_lets_one_in(engine):
    add_person(engine, Role.ADMIN, NOON, "mei")
    with transaction(engine) as session:
        key = links.make_link(session, get_person(session, "mei"), "enter", by="t", now=NOON)
    let_in: list[bool] = []

    def use() -> None:
        with transaction(engine) as session:
            let_in.append(links.use_link(session, key, ("enter",), NOON) is not None)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(let_in) == [False, False, False, True]


def test_a_session_holds_until_it_is_idle_over_or_ended_and_a_provider_flow_is_taken_once(engine):
    number = add_person(engine, Role.READER, NOON, "mei")
    with transaction(engine) as session:
        person = session.get_one(PersonRow, number)
        key = sessions.begin(session, person, method="link", browser=Browser(), lasting=Lasting(), now=NOON)
        waits = sessions.begin(
            session, person, method="password", browser=Browser(), lasting=Lasting(), now=NOON, waits=True
        )
        flow = oidc.begin_flow(session, link_to=None, now=NOON)
    with transaction(engine) as session:
        held = sessions.look_up(session, key, Lasting(), NOON + timedelta(minutes=6))
        assert (held.principal.name, held.stale) == ("mei", True)
        assert sessions.look_up(session, key, Lasting(), NOON + timedelta(hours=2)) is None
        sessions.mark_seen(session, held.principal.session, NOON + timedelta(hours=11))
        assert sessions.look_up(session, key, Lasting(), NOON + timedelta(hours=11, minutes=59)) is not None
        assert sessions.look_up(session, key, Lasting(), NOON + timedelta(hours=12)) is None
        assert sessions.look_up(session, waits, Lasting(), NOON) is None
        assert sessions.count_open(session, Lasting(), NOON) == {number: 1}
        assert sessions.end_all(session, number, by="mei", now=NOON) == 2
        assert sessions.look_up(session, key, Lasting(), NOON) is None
        with pytest.raises(NotSignedIn):
            oidc.take_flow(session, flow.state, "another browser", NOON)
        assert oidc.take_flow(session, flow.state, flow.browser, NOON).nonce == flow.nonce
        with pytest.raises(NotSignedIn):
            oidc.take_flow(session, flow.state, flow.browser, NOON)
        sessions.sweep_out(session, NOON + timedelta(days=31))
        assert sessions.sessions_of(session, number, Lasting(), NOON) == []
