"""The story of a listing can be told: what changed when, where that was read, and that it went and came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine, select

from crawlers.addresses import one_spelling, same_place
from crawlers.listing import Listing, Price, Seller
from ipguard.database.engine import reading, transaction
from ipguard.listings.history import FieldChange, history_of, lately_changed
from ipguard.listings.store import keep_listings, mark_gone
from ipguard.listings.tables import ListingRow
from ipguard.sources.tables import RunRow, SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LAMP = Listing(
    id="https://stall.example/lamp",
    url="https://stall.example/lamp",
    title="lamp",
    price=Price(Decimal("12.90"), "USD"),
    seller=Seller(name="Lantern Stall"),
    pictures=("https://cdn.example/1.jpg",),
    description="soft light",
)


def keep(engine: Engine, listing: Listing, *, run: int, follow_seller: bool = True) -> None:
    at = NOON + timedelta(hours=run)
    with transaction(engine) as session:
        keep_listings(session, "stall", [listing], read_by="shelf@1", run_id=run, step=7, now=at, follow_seller=follow_seller)  # fmt: skip


def test_what_a_listing_said_and_when_it_changed_went_and_came_back_is_told(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(SourceRow(id="stall", adapter="x", base_url="https://stall.example", created_at=NOON))
        session.flush()
        session.add_all([RunRow(source_id="stall", state="finished", started_at=NOON) for _ in range(6)])
    keep(engine, LAMP, run=1)
    tracked = "http://m.stall.example/lamp/?utm_source=x&spm=a.b#top"
    keep(engine, replace(LAMP, id=tracked), run=2)
    cheaper = replace(
        LAMP, price=Price(Decimal("9.90"), "USD"), pictures=(*LAMP.pictures, "https://cdn.example/2.jpg")
    )
    keep(engine, cheaper, run=3)
    with transaction(engine) as session:
        assert mark_gone(session, "stall", 4, NOON + timedelta(hours=4)) == 1
    keep(engine, replace(cheaper, seller=Seller(name="Moon Stall")), run=5, follow_seller=False)
    keep(engine, replace(cheaper, seller=Seller(name="Moon Stall"), description=""), run=6)

    with reading(engine) as session:
        listing = session.scalars(select(ListingRow)).one()
        story = history_of(session, listing.id)
        newest = [moment.kind for _, moment in lately_changed(session, "stall", limit=3)]
    assert [(one.kind, one.version, one.run_id, one.step) for one in story] == [
        ("first", 1, 1, 7),
        ("changed", 2, 3, 7),
        ("gone", 2, 4, None),
        ("back", 2, 5, None),
        ("changed", 3, 5, 7),
        ("changed", 4, 6, 7),
    ]
    assert story[1].changes == (
        FieldChange("price", "12.90 USD", "9.90 USD"),
        FieldChange("pictures", "1", "2"),
    )
    assert story[4].changes == ()  # only the seller, whom this source does not let us follow
    assert "seller" not in (story[4].said or {})
    assert [one.field for one in story[5].changes] == ["description"]
    assert newest == ["changed", "changed", "back"]


def test_addresses_of_one_listing_have_one_spelling_and_others_do_not() -> None:
    same = [
        "https://shop.example/item/7?id=3",
        "http://www.shop.example/item/7/?id=3&utm_campaign=x&_pos=1&_ss=r",
        "https://m.shop.example/item/7?srsltid=9&id=3#reviews",
        "https://amp.shop.example/item/7/amp?id=3&outputType=amp",
        "https://shop.example/amp/item/7?gclid=1&pvid=2&scm=1007&id=3&ref=home",
    ]
    assert {same_place(url) for url in same} == {"shop.example/item/7?id=3"}
    apart = [same[0], "https://shop.example/item/7?id=4", "https://shop.example/item/77?id=3", "https://m.example/item/7?id=3", "https://shop.example:8443/item/7?id=3"]  # fmt: skip
    assert len({same_place(url) for url in apart}) == len(apart)
    assert one_spelling("https://shop.example/list?tag=lamp&fbclid=1&page=2") == "https://shop.example/list?page=2&tag=lamp"  # fmt: skip
    assert one_spelling("not an address") == "not an address"
