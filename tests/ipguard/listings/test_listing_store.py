"""Listings are kept once, in the version they were last read in, however hostile their text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from crawlers.listing import Listing, Price, Seller
from ipguard.database.engine import reading, transaction
from ipguard.listings.pictures import PER_LISTING, keep_picture, shown_by, skip_picture, wanted
from ipguard.listings.said import as_listing, digest, fit, said_by
from ipguard.listings.store import Kept, judge_again, keep_listings, mark_gone, note_judged, to_judge
from ipguard.listings.tables import ListingRow
from ipguard.sources.tables import RunRow, SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LAMP = Listing(
    id="lamp",
    url="https://stall.example/lamp",
    title="星灯 night lamp",
    price=Price(Decimal("12.90"), "USD", "12.90"),
    seller=Seller(name="Lantern Stall"),
    pictures=("https://cdn.example/1.jpg", "https://cdn.example/2.jpg"),
    tags=("lamp", "灯"),
)


@pytest.fixture
def source(engine: Engine) -> Engine:
    """A source with two runs."""
    with transaction(engine) as session:
        session.add(
            SourceRow(id="stall", adapter="shopify", base_url="https://stall.example", created_at=NOON)
        )
        session.flush()
        session.add_all([RunRow(source_id="stall", state="running", started_at=NOON) for _ in range(2)])
    return engine


def keep(engine: Engine, *listings: Listing, run: int = 1, minutes: int = 0) -> list[Kept]:
    with transaction(engine) as session:
        return keep_listings(
            session,
            "stall",
            listings,
            read_by="shopify@1",
            run_id=run,
            step=1,
            now=NOON + timedelta(minutes=minutes),
        )


def only(engine: Engine) -> ListingRow:
    with reading(engine) as session:
        return session.scalars(select(ListingRow)).one()


def test_a_listing_read_twice_is_one_row_of_the_same_version(source: Engine) -> None:
    assert [(k.new, k.version) for k in keep(source, LAMP)] == [(True, 1)]
    assert [(k.new, k.changed, k.version) for k in keep(source, LAMP, run=2, minutes=5)] == [
        (False, False, 1)
    ]
    row = only(source)
    assert (row.first_seen_at, row.last_seen_at) == (NOON, NOON + timedelta(minutes=5))
    assert (row.changed_at, row.last_run_id) == (NOON, 2)


def test_a_new_price_is_a_new_version(source: Engine) -> None:
    keep(source, LAMP)
    cheaper = replace(LAMP, price=Price(Decimal("11.90"), "USD"))
    [kept] = keep(source, cheaper, minutes=5)
    assert (kept.changed, kept.version) == (True, 2)
    row = only(source)
    assert (row.price_amount, row.changed_at) == ("11.90", NOON + timedelta(minutes=5))


def test_only_what_changed_is_judged_again(source: Engine) -> None:
    keep(source, LAMP)
    with transaction(source) as session:
        rows = to_judge(session, 1, "watch-1")
        note_judged(session, rows, "watch-1")
    keep(source, LAMP)
    with reading(source) as session:
        assert to_judge(session, 1, "watch-1") == []
        assert len(to_judge(session, 1, "watch-2")) == 1
    keep(source, replace(LAMP, title="lamp"))
    with reading(source) as session:
        assert len(to_judge(session, 1, "watch-1")) == 1


def test_a_verdict_on_an_older_version_does_not_count_for_the_newer(source: Engine) -> None:
    keep(source, LAMP)
    with reading(source) as session:
        stale = to_judge(session, 1, "watch-1")
    keep(source, replace(LAMP, title="lamp"))
    with transaction(source) as session:
        note_judged(session, stale, "watch-1")
    with reading(source) as session:
        assert len(to_judge(session, 1, "watch-1")) == 1


def test_what_a_full_run_did_not_see_is_gone_and_comes_back_when_seen(source: Engine) -> None:
    keep(source, LAMP)
    keep(source, replace(LAMP, id="mug"), run=2)
    with transaction(source) as session:
        assert mark_gone(session, "stall", 2, NOON) == 1
    with transaction(source) as session:
        assert mark_gone(session, "stall", 2, NOON) == 0
    [kept] = keep(source, LAMP, run=2)
    assert (kept.back, kept.changed, kept.version) == (True, False, 1)


def test_a_listing_named_twice_in_one_answer_is_kept_once(source: Engine) -> None:
    assert len(keep(source, LAMP, replace(LAMP, title="second"))) == 1
    assert only(source).title == "second"


def test_five_hundred_listings_of_one_answer_are_all_kept(source: Engine) -> None:
    many = [replace(LAMP, id=f"lamp-{n}", pictures=()) for n in range(500)]
    assert sum(k.new for k in keep(source, *many)) == 500
    assert sum(k.new for k in keep(source, *many)) == 0


def test_text_no_database_stores_is_cleaned_and_kept(source: Engine) -> None:
    hostile = replace(LAMP, id="k" * 5000, title="a\x00b\ud800c", description="d" * 200_000, tags=("\x00",))
    keep(source, hostile)
    keep(source, hostile)
    row = only(source)
    assert (row.title, row.tags, len(row.description), row.version) == ("ab?c", [""], 100_000, 1)


def test_a_row_says_what_the_listing_said(source: Engine) -> None:
    keep(source, LAMP)
    assert replace(as_listing(only(source)), pictures=LAMP.pictures) == LAMP


def test_a_listing_without_a_price_is_kept_without_one(source: Engine) -> None:
    keep(source, replace(LAMP, price=None, missing=("price",)))
    row = only(source)
    assert (row.price_amount, row.currency, row.missing) == (None, None, ["price"])


def test_pictures_are_fetched_once_an_address_and_kept_in_order(source: Engine) -> None:
    kept = keep(source, LAMP, replace(LAMP, id="lamp-2"))
    with transaction(source) as session:
        assert len(wanted(session, 1)) == 4
        assert keep_picture(
            session, LAMP.pictures[0], sha256="a" * 64, media_type="image/jpeg", now=NOON
        ) == [
            kept[0].id,
            kept[1].id,
        ]
        skip_picture(session, LAMP.pictures[1], "not a picture", NOON)
        assert wanted(session, 1) == []
    turned = replace(LAMP, pictures=(LAMP.pictures[1], LAMP.pictures[0], "https://cdn.example/3.jpg"))
    keep(source, turned)
    with reading(source) as session:
        rows = shown_by(session, [kept[0].id])[kept[0].id]
    assert [(r.position, r.sha256 is not None, r.skipped) for r in rows] == [
        (0, False, "not a picture"),
        (1, True, ""),
        (2, False, ""),
    ]


def test_pictures_past_the_cap_or_with_impossible_addresses_say_why_they_are_skipped(source: Engine) -> None:
    urls = [f"https://cdn.example/{n}.jpg" for n in range(PER_LISTING + 1)]
    [kept] = keep(
        source,
        replace(LAMP, pictures=("data:image/png;base64,AAAA", "https://x.example/" + "灯" * 900, *urls)),
    )
    with reading(source) as session:
        whys = [row.skipped for row in shown_by(session, [kept.id])[kept.id]]
    assert "not http" in whys[0]
    assert "longer than" in whys[1]
    assert sum("more than" in why for why in whys) == 3


def test_a_picture_that_arrived_has_its_listing_judged_again(source: Engine) -> None:
    [kept] = keep(source, LAMP)
    with transaction(source) as session:
        note_judged(session, to_judge(session, 1, "w"), "w")
        judge_again(session, [kept.id])
        assert [row.id for row in to_judge(session, 1, "w")] == [kept.id]


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(max_size=8), max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_digest_of_what_is_kept_never_depends_on_the_day(title: str, key: str, tags: list[str]) -> None:
    listing = replace(LAMP, id=key, title=title, tags=tuple(tags))
    later = replace(listing, updated_at=NOON, missing=("price",))
    assert digest(said_by(fit(listing))) == digest(said_by(fit(later))) == digest(said_by(fit(fit(listing))))
