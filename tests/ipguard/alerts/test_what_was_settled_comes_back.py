"""Later ends on a date or an event; what was found harmless stays away until something changes; deeds are undone whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from crawlers.listing import Listing, Price, Seller
from ipguard.alerts import second_look
from ipguard.alerts.decisions import Choice, Deed, Sight, settle, undo_newest
from ipguard.alerts.queries import Filter, Kept, count_alerts, list_alerts, list_groups, next_alert
from ipguard.alerts.raising import write_alerts
from ipguard.alerts.suppressing import (
    end_suppression,
    list_suppressions,
    renew_suppression,
    same_price_class,
)
from ipguard.alerts.tables import AlertRow, SecondLookRow, SightRow
from ipguard.alerts.views import (
    choose_keys,
    keys_of,
    list_views,
    new_feed,
    remove_view,
    save_view,
    view_of_feed,
)
from ipguard.alerts.waking import wake
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.pictures import keep_picture
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import ListingRow
from ipguard.matching.finding import Finding, PicturePlace, Reason, TextPlace
from ipguard.matching.reasons import render
from ipguard.matching.score import verdicts
from ipguard.rights.tables import RightRow, WorkRow
from ipguard.sources.tables import RunRow, SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SQUARE = ((0.0, 0.0), (9.5, 0.0), (9.5, 9.5), (0.0, 9.5))
A, B = "a" * 64, "b" * 64


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def named(name: str = "星灯") -> Finding:
    place = TextPlace("title", 0, 2, "星灯", name, "exact")
    return Finding("text", "1", "star", 0.8, Reason("text.exact", {"name": name}), place)


def pictured(sha256: str = A) -> Finding:
    place = PicturePlace(sha256, "f" * 64, "features", SQUARE, SQUARE, 41)
    return Finding("image", "1", "star", 0.9, Reason("image.features", {"inliers": 41}), place)


@pytest.fixture
def shop(engine: Engine) -> Engine:
    with transaction(engine) as session:
        session.add(WorkRow(id="star", title="Star", owner="E", created_at=NOON, updated_at=NOON))
        for name in ("stall", "bazaar"):
            session.add(
                SourceRow(id=name, adapter="shopify", base_url=f"https://{name}.example", created_at=NOON)
            )
        session.flush()
        session.add(RunRow(source_id="stall", state="running", started_at=NOON))
    return engine


def listed(
    engine: Engine, key: str, minutes: int = 0, price: str = "10.00", seller: str = "moon", title: str = "星灯",
    source: str = "stall", picture: str = A,
) -> None:  # fmt: skip
    url = f"https://{source}.example/{key}.jpg"
    one = Listing(
        key, f"https://{source}.example/{key}", title, Price(Decimal(price), "USD", price),
        seller=Seller(seller, seller), pictures=(url,), availability="in stock",
    )  # fmt: skip
    with transaction(engine) as session:
        keep_listings(session, source, [one], read_by="t@1", run_id=1, step=1, now=at(minutes))
        keep_picture(session, url, sha256=picture, media_type="image/png", now=at(minutes))


def flagged(engine: Engine, key: str, findings: list[Finding], minutes: int = 0) -> AlertRow:
    with transaction(engine) as session:
        listing = session.scalars(select(ListingRow).where(ListingRow.key == key)).one()
        write_alerts(session, listing, verdicts(findings), {"star": "x"}, at(minutes))
        wake(session, now=at(minutes))
        return session.scalars(select(AlertRow).where(AlertRow.listing_id == listing.id)).one()


def settled(engine: Engine, alert: AlertRow, choice: Choice, minutes: int = 1, **deed: object) -> None:
    with transaction(engine) as session:
        sight = Sight(
            "alone", at(0), 900, ({"side": "listing", "sha256": A},), "region", "en", "dark", "1400x875"
        )
        settle(session, alert.id, alert.version, choice, Deed("li", at(minutes), **deed), sight=sight)


def of(engine: Engine, key: str) -> AlertRow:
    with reading(engine) as session:
        return session.scalars(
            select(AlertRow)
            .join(ListingRow, ListingRow.id == AlertRow.listing_id)
            .where(ListingRow.key == key)
        ).one()


HARMLESS = Choice("not_infringing", "licensed")


def test_what_was_found_harmless_from_a_seller_does_not_come_back_and_the_rule_shows_what_it_kept_out(shop):
    listed(shop, "lamp")
    settled(shop, flagged(shop, "lamp", [named(), pictured()]), HARMLESS)
    listed(shop, "mug", 2)
    listed(shop, "cup", 2, seller="other")
    assert flagged(shop, "mug", [named(), pictured()], 3).state == "suppressed"
    assert flagged(shop, "cup", [named(), pictured()], 3).state == "open"

    with transaction(shop) as session:
        rules = list_suppressions(session)
        kept = {rule.kind: count for rule, count in rules}
        assert kept == {"picture": 1, "name": 0}
        picture = next(rule.id for rule, _ in rules if rule.kind == "picture")
        assert [
            v.listing.key for v in list_alerts(session, Filter("suppressed", rule=picture), now=at(4))
        ] == ["mug"]
        assert end_suppression(session, picture, by="li", now=at(4)) == 1
    assert of(shop, "mug").state == "open"
    with transaction(shop) as session:
        assert renew_suppression(session, picture, by="li", now=at(5)) == 1
    assert of(shop, "mug").state == "suppressed"


@pytest.mark.parametrize(
    ("change", "findings"),
    [({"price": "30.00"}, [named(), pictured()]), ({}, [named(), pictured(B)]), ({}, [named("月影"), pictured()])],
    ids=["price class", "picture", "name"],
)  # fmt: skip
def test_another_price_class_picture_or_name_is_not_suppressed(shop, change, findings):
    listed(shop, "lamp")
    settled(shop, flagged(shop, "lamp", [named(), pictured()]), HARMLESS)
    listed(shop, "mug", 2, **change)

    assert flagged(shop, "mug", findings, 3).state == "open"


def test_a_dismissed_alert_wakes_when_the_price_class_or_the_right_changes(shop):
    listed(shop, "lamp")
    settled(shop, flagged(shop, "lamp", [pictured()]), HARMLESS)
    listed(shop, "lamp", 2, price="9.00")
    assert flagged(shop, "lamp", [pictured()], 2).state == "not_infringing"
    listed(shop, "lamp", 3, price="4.00")
    woken = flagged(shop, "lamp", [pictured()], 3)
    assert (woken.state, woken.reopened["code"]) == ("open", "woken.price_class")

    settled(shop, woken, HARMLESS, 4)
    listed(shop, "mug", 5, price="4.00")
    assert flagged(shop, "mug", [pictured()], 5).state == "open", "the rule was made at another price"
    with transaction(shop) as session:
        session.add(RightRow(work_id="star", kind="copyright", territory="US", number="SAMPLE-1"))
        session.flush()
        assert wake(session, now=at(6))
    assert of(shop, "lamp").reopened["code"] == "woken.rights"


@pytest.mark.parametrize(
    ("event", "change", "code"),
    [
        ("price", {"price": "8.00"}, "woken.price"),
        ("change", {"title": "星灯 new"}, "woken.change"),
        ("seller", {"key": "copy", "source": "bazaar", "seller": "else"}, "woken.seller"),
    ],
)  # fmt: skip
def test_later_ends_at_its_event_before_its_date(shop, event, change, code):
    listed(shop, "lamp")
    choice = Choice("later", until=at(90 * 24 * 60), event=event)
    settled(shop, flagged(shop, "lamp", [pictured()]), choice)
    listed(shop, "lamp", 2, price="10.00" if event != "price" else "11.00")
    assert flagged(shop, "lamp", [pictured()], 2).state == "later", "nothing has happened yet"

    listed(shop, **{"key": "lamp", "minutes": 3, **change})
    with transaction(shop) as session:
        wake(session, now=at(4))
    woken = of(shop, "lamp")
    assert (woken.state, woken.reopened["code"]) == ("open", code)
    for language in ("en", "zh"):
        assert "{" not in render(Reason(code, woken.reopened["values"]), language)


def test_a_deed_over_many_alerts_is_undone_as_one_and_steps_go_back_as_far_as_the_session(shop):
    alerts = []
    for n in range(3):
        listed(shop, f"l{n}", picture=f"{n}" * 64)
        alerts.append(flagged(shop, f"l{n}", [pictured(f"{n}" * 64)]))
    settled(shop, alerts[0], HARMLESS, batch="one", session="s")
    for alert in alerts[1:]:
        settled(shop, alert, Choice("infringing"), 2, batch="two", session="s")

    with reading(shop) as session:
        view = list_alerts(session, Filter(), now=at(3), kept=Kept("s", at(0)))
        assert [v.state for v in view] == ["not_infringing", "infringing", "infringing"]
        assert list_alerts(session, Filter(), now=at(3), kept=Kept("other", at(0))) == []
    with transaction(shop) as session:
        assert len(undo_newest(session, Deed("li", at(3), session="s"))) == 2
        assert len(list_suppressions(session)) == 1
        assert undo_newest(session, Deed("li", at(4), session="s")) == [alerts[0].id]
        assert list_suppressions(session) == []
        with pytest.raises(WrongUse):
            undo_newest(session, Deed("li", at(5), session="s"))
    assert {of(shop, f"l{n}").state for n in range(3)} == {"open"}


def test_pages_groups_and_the_next_alert_follow_one_order(shop):
    for n in range(5):
        listed(shop, f"l{n}", seller="even" if n % 2 == 0 else "odd", title=f"星灯 {n}")
        flagged(shop, f"l{n}", [pictured(A if n < 3 else B)])
    with reading(shop) as session:
        first = list_alerts(session, Filter(), now=at(1), limit=2)
        rest = list_alerts(session, Filter(), now=at(1), limit=9, beyond=first[-1].key)
        assert [v.listing.key for v in [*first, *rest]] == [f"l{n}" for n in range(5)]
        assert next_alert(session, Filter(), now=at(1), beyond=first[0].key) == first[1].id
        assert next_alert(session, Filter(), now=at(1), beyond=rest[-1].key) == first[0].id
        for by, sizes in (("picture", [3, 2]), ("seller", [3, 2]), ("work", [5])):
            assert [g.count for g in list_groups(session, Filter(), by, now=at(1))] == sizes
        assert count_alerts(session, Filter(words="灯 3"), now=at(1)) == 1
        assert count_alerts(session, Filter(words="100%"), now=at(1)) == 0


def test_what_was_on_the_screen_is_kept_with_the_decision(shop):
    listed(shop, "lamp")
    settled(shop, flagged(shop, "lamp", [pictured()]), Choice("infringing"))
    with reading(shop) as session:
        sight = session.scalars(select(SightRow)).one()
    assert (sight.way, sight.dwell_ms, sight.theme, sight.viewport) == ("alone", 900, "dark", "1400x875")
    assert sight.pictures == [{"side": "listing", "sha256": A}]


def test_some_decisions_are_made_again_by_somebody_else(shop):
    listed(shop, "lamp")
    alert = flagged(shop, "lamp", [pictured()])
    settled(shop, alert, Choice("infringing"), chance=0.019)
    listed(shop, "mug", picture=B)
    settled(shop, flagged(shop, "mug", [pictured(B)]), HARMLESS, chance=0.02)
    with transaction(shop) as session:
        look = session.scalars(select(SecondLookRow)).one()
        assert second_look.list_looks(session, "waiting", reader="li") == []
        with pytest.raises(WrongUse):
            second_look.look_again(session, look.id, decision="infringing", reason="", by="li", now=at(2))
        second_look.look_again(
            session, look.id, decision="not_infringing", reason="licensed", by="wu", now=at(2)
        )
        assert second_look.count_looks(session) == {"waiting": 0, "agreed": 0, "differ": 1, "settled": 0}
        told = second_look.agreement(session)
    assert (told.both, told.same, told.rate) == (1, 0, 0.0)


def test_agreement_is_told_with_its_interval():
    yes, no = "infringing", "not_infringing"
    told = second_look.agreement_of([(yes, yes)] * 45 + [(no, no)] * 45 + [(yes, no)] * 5 + [(no, yes)] * 5)

    assert told.rate == 0.9
    assert (round(told.low, 3), round(told.high, 3)) == (0.826, 0.945)  # Wilson, 90 of 100
    assert told.kappa == pytest.approx(0.8)
    assert second_look.agreement_of([]).kappa is None


def test_prices_of_another_currency_or_more_than_double_are_of_another_class():
    assert same_price_class(("10", "USD"), ("19.9", "USD"))
    assert not same_price_class(("10", "USD"), ("20.1", "USD"))
    assert not same_price_class(("10", "USD"), ("10", "EUR"))
    assert not same_price_class(("10", "USD"), (None, None))
    assert same_price_class((None, None), (None, None))


def test_a_view_has_a_name_and_a_secret_feed_that_can_be_ended_and_keys_do_one_thing_each(shop):
    with transaction(shop) as session:
        view = save_view(session, "li", " Big  sellers ", "group=seller", NOON)
        assert save_view(session, "li", "Big sellers", "group=work", NOON).id == view.id
        old = new_feed(session, "li", view.id)
        key = new_feed(session, "li", view.id)
        assert view_of_feed(session, old) is None
        assert view_of_feed(session, key).query == "group=work"
        assert key not in (view.feed or "")
        with pytest.raises(WrongUse):
            new_feed(session, "wu", view.id)
        remove_view(session, "li", view.id)
        assert list_views(session, "li") == []

        choose_keys(session, "li", off=False, keys={"infringing": "F"})
        assert keys_of(session, "li").keys["infringing"] == "f"
        assert keys_of(session, "wu").keys["infringing"] == "a"
        for wrong in ({"infringing": "j"}, {"later": "1"}, {"later": "ab"}):
            with pytest.raises(WrongUse):
                choose_keys(session, "li", off=False, keys=wrong)
