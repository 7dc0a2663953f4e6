"""Alerts: one a listing and work, decided on the version that was seen, back only for something unseen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from crawlers.listing import Listing
from ipguard.alerts.decisions import decide, undo
from ipguard.alerts.findings import finding_json, from_row, to_row
from ipguard.alerts.queries import Filter, count_alerts, list_alerts, one_alert
from ipguard.alerts.raising import Raised, changes, write_alerts
from ipguard.alerts.tables import AlertRow
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.pictures import keep_picture
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import ListingRow
from ipguard.matching.finding import Finding, PicturePlace, Reason, TextPlace
from ipguard.matching.reasons import render
from ipguard.matching.score import verdicts
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import RunRow, SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SQUARE = ((0.0, 0.0), (9.5, 0.0), (9.5, 9.5), (0.0, 9.5))


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def named(text: str = "星灯", strength: float = 0.8, work: str = "star") -> Finding:
    place = TextPlace("title", 0, len(text), text, "星灯", "exact")
    return Finding("text", "1", work, strength, Reason("text.exact", {"name": text}), place)


def pictured(picture: str = "a" * 64) -> Finding:
    place = PicturePlace(picture, "f" * 64, "features", SQUARE, SQUARE, 41, share=0.5)
    return Finding("image", "1", "star", 0.9, Reason("image.features", {"inliers": 41}), place)


CHEAP = Finding("price", "1", "star", 0.4, Reason("price.far_below", {"percent": 20}), weak=True)


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """One work, one source, one listing with one picture to come."""
    with transaction(engine) as session:
        session.add(WorkRow(id="star", title="Star", owner="E", created_at=NOON, updated_at=NOON))
        session.add(WorkRow(id="moon", title="Moon", owner="E", created_at=NOON, updated_at=NOON))
        session.add(
            SourceRow(id="stall", adapter="shopify", base_url="https://stall.example", created_at=NOON)
        )
        session.flush()
        session.add(RunRow(source_id="stall", state="running", started_at=NOON))
    listed(engine, "星灯 lamp", 0)
    return engine


def listed(engine: Engine, title: str, minutes: int) -> None:
    lamp = Listing("lamp", "https://stall.example/lamp", title, pictures=("https://stall.example/1.jpg",))
    with transaction(engine) as session:
        keep_listings(session, "stall", [lamp], read_by="t@1", run_id=1, step=1, now=at(minutes))


def raised(engine: Engine, findings: Sequence[Finding], minutes: int = 0, exhibit: str = "x") -> list[Raised]:
    with transaction(engine) as session:
        listing = session.scalars(select(ListingRow)).one()
        return write_alerts(session, listing, verdicts(findings), {"star": exhibit}, at(minutes))


def decided(
    engine: Engine, minutes: int, decision: str = "not_infringing", version: int = 1, **more: object
) -> None:
    more.setdefault("reason", "licensed" if decision == "not_infringing" else "")
    with transaction(engine) as session:
        decide(session, 1, version=version, decision=decision, by="ana", now=at(minutes), **more)  # type: ignore[arg-type]


def state(engine: Engine) -> str:
    with reading(engine) as session:
        return session.scalars(select(AlertRow)).one().state


def test_the_same_reasons_twice_are_one_alert_of_one_version(shop: Engine) -> None:
    assert [(r.new, r.version) for r in raised(shop, [named(), CHEAP])] == [(True, 1)]
    assert raised(shop, [named(), CHEAP], 5) == []


def test_another_reason_raises_the_version_and_keeps_the_old_reasons(shop: Engine) -> None:
    raised(shop, [named()])
    assert [(r.new, r.version) for r in raised(shop, [named(), pictured()], 5, "x2")] == [(False, 2)]
    with reading(shop) as session:
        story = one_alert(session, 1, now=at(6))
    assert [f.matcher for f in story.view.findings] == ["image", "text"]
    assert story.exhibits == ("x", "x2")
    assert story.view.alert.exhibit_id == "x"


def test_weak_reasons_raise_nothing(shop: Engine) -> None:
    assert raised(shop, [CHEAP]) == []


def test_only_what_no_version_showed_before_asks_for_an_exhibit(shop: Engine) -> None:
    raised(shop, [named()])
    with reading(shop) as session:
        [change] = changes(session, 1, verdicts([named(strength=0.7), pictured(), CHEAP]))
    assert (change.new, [f.matcher for f in change.unseen]) == (False, ["image"])


def test_a_listing_whose_reasons_are_gone_falls_out_of_the_list_and_stays_on_record(shop: Engine) -> None:
    raised(shop, [named()])
    raised(shop, [], 5)
    with reading(shop) as session:
        assert list_alerts(session, Filter(), now=at(6)) == []
        [view] = list_alerts(session, Filter(min_score=0.0), now=at(6))
    assert (view.alert.version, view.alert.score, view.findings) == (2, 0.0, ())


def test_findings_come_back_from_the_database_as_they_went_in() -> None:
    for finding in (named("ｓｔａｒ"), pictured(), CHEAP):
        assert finding_json(from_row(to_row(finding, 1, 1), "star")) == finding_json(finding)
        assert from_row(to_row(finding, 1, 1), "star").place == finding.place


def test_a_decision_on_an_older_version_is_refused(shop: Engine) -> None:
    raised(shop, [named()])
    raised(shop, [named(), pictured()], 5)
    with pytest.raises(WrongUse, match="version 2 now and you saw 1"):
        decided(shop, 6, version=1)
    assert state(shop) == "open"


def test_the_second_of_two_decisions_is_told_who_was_first(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1, "infringing")
    with pytest.raises(WrongUse, match="already decided infringing by ana at 2026-11-24 12:01"):
        decided(shop, 2)
    assert state(shop) == "infringing"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"decision": "guilty"}, "not a decision"),
        ({"reason": ""}, "needs a reason"),
        ({"reason": "boring"}, "boring"),
        ({"decision": "infringing", "reason": "licensed"}, "not_infringing only"),
        ({"decision": "later"}, "future"),
        ({"decision": "later", "until": NOON}, "future"),
        ({"decision": "infringing", "until": NOON + timedelta(days=1)}, "Only later"),
    ],
)
def test_an_incomplete_decision_says_what_is_missing(
    shop: Engine, more: dict[str, object], words: str
) -> None:
    raised(shop, [named()])
    with pytest.raises(WrongUse, match=words):
        decided(shop, 1, **more)  # type: ignore[arg-type]


def test_deciding_on_nothing_says_so(shop: Engine) -> None:
    with pytest.raises(WrongUse, match="no alert 1"):
        decided(shop, 1)
    with pytest.raises(WrongUse, match="no alert 1"), reading(shop) as session:
        one_alert(session, 1, now=NOON)


def test_undo_goes_back_one_decision_at_a_time_and_forgets_none(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1, "later", until=at(600))
    decided(shop, 2, "infringing")
    for expected in ("later", "open"):
        with transaction(shop) as session:
            undo(session, 1, by="bo", now=at(3))
        assert state(shop) == expected
    with pytest.raises(WrongUse, match="nothing to undo"), transaction(shop) as session:
        undo(session, 1, by="bo", now=at(4))
    with reading(shop) as session:
        decisions = one_alert(session, 1, now=at(5)).decisions
    assert [(d.decision, d.undone_by) for d in decisions] == [("later", "bo"), ("infringing", "bo")]


def test_later_is_open_again_when_its_time_has_come(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1, "later", until=at(60))
    with reading(shop) as session:
        assert count_alerts(session, Filter(), now=at(59)) == 0
        assert count_alerts(session, Filter(state="later"), now=at(59)) == 1
        [view] = list_alerts(session, Filter(), now=at(60))
        assert count_alerts(session, Filter(state="later"), now=at(60)) == 0
    assert view.state == "open"


def test_a_dismissed_listing_does_not_come_back_for_nothing(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1)
    listed(shop, "星灯 lamp, now cheaper", 5)
    raised(shop, [named(), CHEAP], 6)
    assert state(shop) == "not_infringing"


def test_a_better_matcher_alone_does_not_bring_a_dismissed_listing_back(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1)
    raised(shop, [named(), named("星燈")], 6)
    assert state(shop) == "not_infringing"


def test_a_dismissed_listing_that_shows_something_new_comes_back_and_says_why(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1)
    listed(shop, "星灯 lamp 星燈", 5)
    assert [r.reopened for r in raised(shop, [named(), named("星燈")], 6)] == [True]
    with reading(shop) as session:
        [view] = list_alerts(session, Filter(), now=at(7))
    assert view.reopened is not None
    assert render(view.reopened).startswith("Dismissed by ana")
    decided(shop, 8, "infringing", version=2)
    with reading(shop) as session:
        assert one_alert(session, 1, now=at(9)).view.reopened is None


def test_a_picture_that_arrived_after_the_decision_brings_it_back(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1)
    with transaction(shop) as session:
        keep_picture(
            session, "https://stall.example/1.jpg", sha256="a" * 64, media_type="image/jpeg", now=at(5)
        )
    raised(shop, [named(), pictured()], 6)
    assert state(shop) == "open"


def test_one_decided_infringing_stays_so_whatever_more_is_found(shop: Engine) -> None:
    raised(shop, [named()])
    decided(shop, 1, "infringing")
    listed(shop, "星灯 lamp 星燈", 5)
    raised(shop, [named(), named("星燈")], 6)
    assert state(shop) == "infringing"


def test_alerts_are_listed_strongest_first_and_filtered(shop: Engine) -> None:
    raised(shop, [named(strength=0.6), named("Moon", 0.9, "moon")])
    with reading(shop) as session:
        assert [v.work.id for v in list_alerts(session, Filter(), now=at(1))] == ["moon", "star"]
        assert [v.work.id for v in list_alerts(session, Filter(), now=at(1), after=1)] == ["star"]
        assert [v.work.id for v in list_alerts(session, Filter(work="star"), now=at(1))] == ["star"]
        assert count_alerts(session, Filter(source="other"), now=at(1)) == 0
        assert count_alerts(session, Filter(state=None), now=at(1)) == 2
