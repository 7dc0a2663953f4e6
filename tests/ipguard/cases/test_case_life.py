"""A case goes only where the rule lets it, keeps a timeline of all that was done, and is found in a long list."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from ipguard.alerts.tables import AlertRow
from ipguard.cases.editing import Facts, edit_case, facts_of, value_of
from ipguard.cases.pages import SORTS, CaseFilter, board, page_of_cases
from ipguard.cases.states import MOVES, STATES, check_move
from ipguard.cases.store import add_alert, move_case, new_case, one_case, open_cases_of
from ipguard.cases.tables import CaseExhibitRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingRow
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOON.date()


def test_every_move_that_is_not_in_the_rule_is_refused_and_every_state_can_end() -> None:
    for before, after in itertools.product(STATES, STATES):
        if after in MOVES[before]:
            check_move(before, after, "because")
        else:
            with pytest.raises(WrongUse, match="cannot become"):
                check_move(before, after, "because")
    assert all("closed" in MOVES[state] for state in STATES if state != "closed")
    for before, after in (("open", "closed"), ("closed", "open"), ("watching", "open")):
        with pytest.raises(WrongUse, match="reason"):
            check_move(before, after, "  ")


def test_a_case_keeps_who_did_what_and_a_closed_one_lets_go_of_its_exhibits(engine: Engine) -> None:
    with transaction(engine) as session:
        case = int(str(new_case(session, "Stall", by="ana", now=NOON).id))
        session.add(CaseExhibitRow(case_id=case, exhibit_id="x", number=1, added_at=NOON))
        facts = Facts(
            "Stall on Lantern Street",
            "Hu & Wei LLP",
            "Hu Wei",
            "hu@example.org",
            date(2026, 12, 1),
            Decimal("12500.50"),
            "usd",
            "call",
        )
        assert edit_case(session, case, facts, by="bo", now=NOON) == (
            "renamed",
            "counsel",
            "deadline",
            "value",
            "notes",
        )
        assert edit_case(session, case, facts, by="bo", now=NOON) == ()
        move_case(session, case, "notified", by="bo", now=NOON + timedelta(hours=1))
        assert open_cases_of(session, "x") == [case]
        move_case(session, case, "closed", by="bo", now=NOON + timedelta(hours=2), why="settled")
        assert open_cases_of(session, "x") == []
    with reading(engine) as session:
        story = one_case(session, case, now=NOON)
    assert facts_of(story.case).value == Decimal("12500.50")
    assert story.case.value_currency == "USD"
    assert [event.kind for event in story.events] == [
        "opened",
        "renamed",
        "counsel",
        "deadline",
        "value",
        "notes",
        "moved",
        "moved",
    ]
    assert story.events[4].about == {"from": "", "to": "12500.50 USD"}
    assert (story.events[-1].about, story.events[-1].why, story.events[-1].who) == (
        {"from": "notified", "to": "closed"},
        "settled",
        "bo",
    )
    assert "hu@example.org" not in str([event.about for event in story.events])
    assert story.case.changed_at == NOON + timedelta(hours=2)


def test_what_makes_no_sense_is_not_written_down(engine: Engine) -> None:
    with transaction(engine) as session:
        case = int(str(new_case(session, "Stall", by="ana", now=NOON).id))
        for changes, words in (
            ({"title": " "}, "title"),
            ({"value": Decimal(1)}, "currency"),
            ({"currency": "USD"}, "currency"),
            ({"value": Decimal(1), "currency": "$"}, "currency"),
        ):
            with pytest.raises(WrongUse, match=words):
                edit_case(session, case, Facts(**{"title": "Stall", **changes}), by="bo", now=NOON)


def test_amounts_are_read_as_people_write_them() -> None:
    assert (value_of(" 12,500.50 "), value_of("")) == (Decimal("12500.50"), None)
    for text in ("twelve", "-1", "NaN", "1e99"):
        with pytest.raises(WrongUse, match="no amount"):
            value_of(text)


def test_paging_by_key_shows_every_case_once_in_every_order_and_filters_narrow(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(WorkRow(id="star", title="Star", owner="E", created_at=NOON, updated_at=NOON))
        session.add(SourceRow(id="s", adapter="shopify", base_url="https://s.example", created_at=NOON))
        session.flush()
        seen = {
            "read_by": "t@1",
            "first_seen_at": NOON,
            "last_seen_at": NOON,
            "changed_at": NOON,
            "digest": "",
        }
        session.add(
            ListingRow(
                source_id="s", key="a", url="https://s.example/a", title="a", seller_name="夜市小铺", **seen
            )
        )
        session.flush()
        session.add(
            AlertRow(
                listing_id=1,
                work_id="star",
                listing_version=1,
                score=0.9,
                score_version="1",
                created_at=NOON,
                updated_at=NOON,
            )
        )
        session.flush()
        for n in range(11):
            case = int(
                str(new_case(session, f"Stall 100% {n}", by="ana", now=NOON + timedelta(minutes=n % 3)).id)
            )
            due = TODAY + timedelta(days=n - 2) if n % 2 else None
            edit_case(
                session,
                case,
                Facts(f"Stall 100% {n}", "Hu & Wei" if n == 4 else "", due_on=due),
                by="ana",
                now=NOON + timedelta(minutes=n % 3),
            )
        add_alert(session, 5, 1, by="ana", now=NOON)
        move_case(session, 7, "closed", by="ana", now=NOON, why="over")
    with reading(engine) as session:
        for sort in SORTS:
            shown, after = [], ""
            while True:
                page = page_of_cases(session, CaseFilter(""), sort=sort, today=TODAY, after=after, limit=3)
                shown += [line.id for line in page.lines]
                if not (after := page.following):
                    break
            assert sorted(shown) == list(range(1, 12)), sort
            assert page.total == 11
        assert shown[:5] == [2, 4, 6, 8, 10]  # deadlines first, soonest on top, those without behind

        def found(**wanted: str) -> list[int]:
            return [
                line.id
                for line in page_of_cases(session, CaseFilter(**wanted), sort="newest", today=TODAY).lines
            ]

        assert found(state="closed") == [7]
        assert 7 not in found()
        assert found(work="star") == found(seller="夜市小铺") == found(counsel="wei") == [5]
        assert found(words="100% 1") == [11, 2]
        assert found(words="0%_") == []
        assert found(due="overdue") == [2]
        assert found(due="week") == [10, 8, 6, 4, 2]
        [line] = page_of_cases(session, CaseFilter(work="star"), sort="newest", today=TODAY).lines
        assert (line.works, line.sellers, line.alerts) == (("Star",), ("夜市小铺",), 1)
        columns = board(session, CaseFilter(""), today=TODAY)
        assert {state: page.total for state, page in columns.items() if page.total} == {
            "open": 10,
            "closed": 1,
        }
        for wrong in ({"sort": "price"}, {"sort": "deadline", "after": "soon|x"}):
            with pytest.raises(WrongUse):
                page_of_cases(session, CaseFilter(), today=TODAY, **wrong)
