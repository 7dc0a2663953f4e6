"""Cases: every exhibit of an alert joins under a number that never changes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from ipguard.alerts.tables import AlertExhibitRow, AlertRow
from ipguard.cases.store import add_alert, add_exhibit, exhibit_label, gather, list_cases, new_case, one_case
from ipguard.cases.tables import CaseRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingRow
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """Two alerts, of which the first has two exhibits, and an open case."""
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
        for key in ("a", "b"):
            session.add(ListingRow(source_id="s", key=key, url=f"https://s.example/{key}", title=key, **seen))
        session.flush()
        for listing in (1, 2):
            alert = {"score": 0.9, "score_version": "1", "created_at": NOON, "updated_at": NOON}
            session.add(AlertRow(listing_id=listing, work_id="star", listing_version=1, **alert))
        session.flush()
        for exhibit in ("x1", "x2"):
            session.add(AlertExhibitRow(alert_id=1, exhibit_id=exhibit, alert_version=1, kept_at=NOON))
        new_case(session, " Lantern Stall ", by="ana", now=NOON)
    return engine


def test_an_alert_brings_its_exhibits_under_numbers(desk: Engine) -> None:
    with transaction(desk) as session:
        joined = add_alert(session, 1, 1, by="ana", now=NOON)
        assert [exhibit_label(row.number) for row in joined] == ["E-0001", "E-0002"]
    with transaction(desk) as session:
        assert add_alert(session, 1, 1, by="bo", now=NOON) == []
        assert [row.number for row in add_exhibit(session, 1, "y1", alert_id=2, now=NOON)] == [3]
        assert add_exhibit(session, 1, "y1", alert_id=2, now=NOON) == []
    with reading(desk) as session:
        story = one_case(session, 1, now=NOON)
        [line] = list_cases(session)
    assert (story.case.title, [a.view.id for a in story.alerts]) == ("Lantern Stall", [1])
    assert [row.exhibit_id for row in story.exhibits] == ["x1", "x2", "y1"]
    assert (line.id, line.alerts, line.exhibits, line.exports) == (1, 1, 3, 0)


def test_what_an_alert_gained_since_joins_when_the_case_is_gathered(desk: Engine) -> None:
    with transaction(desk) as session:
        add_alert(session, 1, 2, by="ana", now=NOON)
        session.add(AlertExhibitRow(alert_id=2, exhibit_id="x9", alert_version=2, kept_at=NOON))
    with transaction(desk) as session:
        assert [(row.exhibit_id, row.number) for row in gather(session, 1, now=NOON)] == [("x9", 1)]
    with transaction(desk) as session:
        assert gather(session, 1, now=NOON) == []


def test_two_people_adding_at_once_never_share_a_number(desk: Engine) -> None:
    start = threading.Barrier(4)

    def add(name: str) -> None:
        start.wait()
        with transaction(desk) as session:
            add_exhibit(session, 1, name, alert_id=None, now=NOON)

    threads = [threading.Thread(target=add, args=(f"y{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(desk) as session:
        assert [row.number for row in one_case(session, 1, now=NOON).exhibits] == [1, 2, 3, 4]


def test_what_is_not_there_or_closed_is_refused(desk: Engine) -> None:
    with transaction(desk) as session:
        closed = new_case(session, "Old", by="ana", now=NOON)
        closed.state = "closed"
        session.add(CaseRow(title="Other", created_at=NOON, changed_at=NOON, created_by="bo"))
    for case, alert, words in ((9, 1, "no case 9"), (1, 9, "no alert 9"), (2, 1, "Case 2 is closed")):
        with pytest.raises(WrongUse, match=words), transaction(desk) as session:
            add_alert(session, case, alert, by="ana", now=NOON)
    with pytest.raises(WrongUse, match="no case 9"), reading(desk) as session:
        one_case(session, 9, now=NOON)
    with pytest.raises(WrongUse, match="title"), transaction(desk) as session:
        new_case(session, "  ", by="ana", now=NOON)
