"""Sellers are put on lists that matchers heed, and are linked to others only with a proof one can look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from console_data import fill
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.testclient import TestClient

from crawlers.listing import Listing, Seller
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.listings.pictures import keep_picture
from ipguard.listings.store import keep_listings
from ipguard.lookout import watch_version
from ipguard.matching.sellers import match_seller
from ipguard.people.audit import every_entry
from ipguard.people.rights import machine
from ipguard.rights.store import edition_now
from ipguard.rights.tables import WorkRow
from ipguard.sellers.lists import (
    NOBODY,
    SellerKey,
    Stance,
    entries_of,
    listed_sellers,
    put_on_list,
    take_off_list,
)
from ipguard.sellers.queries import STOCK_PHOTO, SellerFilter, links_of, list_sellers, one_seller
from ipguard.sources.store import NewSource, add_source
from ipguard.sources.tables import RunRow
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA = machine("ana")
MOON = SellerKey("bazaar", "u-17")
STAR = SellerKey("harbor", "u-90")


def now() -> datetime:
    return NOON


@pytest.fixture
def market(engine: Engine) -> Engine:
    """Two marketplaces; u-17 and u-90 show one picture that nobody else shows, and everyone shows the maker's."""
    with transaction(engine) as session:
        for name in ("bazaar", "harbor"):
            add_source(session, NewSource(f"https://{name}.example", "schema-org", name), now=NOON)
            session.add(RunRow(source_id=name, state="finished", started_at=NOON))
        session.add(
            WorkRow(id="fox", title="Tide Fox", owner="Example Co.", created_at=NOON, updated_at=NOON)
        )
        session.flush()
        crowd = [offer("bazaar", f"s-{n}", f"Stall {n}", "maker") for n in range(STOCK_PHOTO + 1)]
        keep(session, "bazaar", [offer("bazaar", "u-17", "Moon Toys", "own", "maker"), *crowd])
        keep(
            session,
            "harbor",
            [offer("harbor", "u-90", "moon toys", "own"), offer("harbor", "u-91", "Other", "maker")],
        )
    return engine


def offer(source: str, key: str, name: str, *pictures: str) -> Listing:
    url = f"https://{source}.example/{key}"
    shown = tuple(f"{url}/{picture}.jpg" for picture in pictures)
    return Listing(id=key, url=url, title=f"A lamp of {name}", seller=Seller(key, name), pictures=shown)


def keep(session: Session, source: str, listings: list[Listing]) -> None:
    keep_listings(session, source, listings, read_by="x@1", run_id=1, step=1, now=NOON)
    for url in (url for one in listings for url in one.pictures):
        keep_picture(
            session, url, sha256=url.rsplit("/", 1)[1].ljust(64, "0"), media_type="image/jpeg", now=NOON
        )


def test_who_shows_pictures_that_few_others_show_is_linked_and_the_pictures_are_the_proof(market: Engine):
    with reading(market) as session:
        (link,) = links_of(session, MOON)

    assert (link.who, link.same_name, link.pictures) == (STAR, True, ("own.jpg".ljust(64, "0"),))


def test_a_picture_that_everyone_shows_links_nobody(market: Engine):
    with reading(market) as session:
        assert links_of(session, SellerKey("harbor", "u-91")) == ()


def test_sellers_of_a_source_that_forbids_it_are_neither_shown_nor_linked(market: Engine):
    with reading(market) as session:
        assert links_of(session, MOON, {"harbor"}) == ()
        shown = list_sellers(session, SellerFilter(hidden={"harbor"}))
        assert {line.who.source for line in shown} == {"bazaar"}
        with pytest.raises(WrongUse, match="not followed"):
            one_seller(session, STAR, {"harbor"})


def test_pages_of_the_list_show_everyone_once(market: Engine):
    with reading(market) as session:
        whole = [line.who for line in list_sellers(session, SellerFilter(), limit=100)]
        paged, after = [], None
        while lines := list_sellers(session, SellerFilter(), after=after, limit=4):
            paged += [line.who for line in lines]
            after = (lines[-1].open, lines[-1].who.source, lines[-1].who.key)

    assert paged == whole
    assert len(set(whole)) == STOCK_PHOTO + 4


def test_a_licensed_seller_turns_the_verdict_and_a_denied_one_supports_it(market: Engine):
    listing = offer("bazaar", "u-17", "Moon Toys")
    with transaction(market) as session:
        put_on_list(session, MOON, Stance.DENY, ANA, NOON, work="fox")
        denied = listed_sellers(session, ["fox", "owl"])
    against = match_seller("fox", (), listing, "https://bazaar.example", denied.denied["fox"])
    with transaction(market) as session:
        put_on_list(session, MOON, Stance.ALLOW, ANA, NOON, work="fox")
        allowed = listed_sellers(session, ["fox", "owl"])
    licensed = match_seller("fox", allowed.allowed["fox"], listing, "https://bazaar.example")
    elsewhere = match_seller("fox", allowed.allowed["fox"], listing, "https://harbor.example")

    assert against is not None
    assert against.reason.code == "seller.denied"
    assert licensed is not None
    assert licensed.reason.code == "seller.official"
    assert elsewhere is not None
    assert elsewhere.reason.code == "seller.unknown"
    assert allowed.denied == {}  # the later entry for the same work ended the earlier one
    assert "owl" not in allowed.allowed


def test_every_change_of_a_list_makes_listings_be_judged_again_and_stands_in_the_record(market: Engine):
    with transaction(market) as session:
        before, unlisted = edition_now(session), watch_version([], "p")
        row = put_on_list(session, MOON, Stance.WATCH, ANA, NOON, note="new here")
        on = listed_sellers(session, ["fox"])
        put_on_list(session, STAR, Stance.DENY, ANA, NOON)
        denied = listed_sellers(session, ["fox"])
        take_off_list(session, int(row.id or 0), ANA, NOON)
        actions = [entry.action for entry in every_entry(session)]
        assert edition_now(session) == before + 3
        assert entries_of(session, MOON) == []
        assert [one.ended_by for one in entries_of(session, MOON, ended=True)] == ["ana"]

    assert on == NOBODY  # watching changes no verdict
    assert watch_version([], "p", denied) != unlisted == watch_version([], "p", on)
    assert actions == ["seller.watch", "seller.deny", "seller.unlist"]


@pytest.mark.parametrize(
    ("who", "work", "words"), [(replace(MOON, source="no"), "", "no source"), (MOON, "no", "no work")]
)
def test_a_list_names_what_is_not_there(market: Engine, who: SellerKey, work: str, words: str):
    with pytest.raises(WrongUse, match=words), transaction(market) as session:
        put_on_list(session, who, Stance.DENY, ANA, NOON, work=work)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    workspace, engine = fill(tmp_path_factory.mktemp("console") / "ws", now)
    app = create_app(workspace, engine=engine, now=now)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=True) as client:
        client.headers["origin"] = "http://127.0.0.1"
        client.get(f"/enter?key={create_console_key(workspace)}")
        yield client
    engine.dispose()


def form_of(page: str) -> str:
    return page.split('name="token" value="')[1].split('"')[0]


def test_a_seller_is_denied_and_taken_off_again_on_the_console(console: TestClient):
    listing = console.get("/sellers").text
    address = listing.split('<a href="/sellers/of?')[1].split('"')[0].replace("&amp;", "&")
    page = console.get(f"/sellers/of?{address}").text
    who = dict(parse_qsl(address, keep_blank_values=True))
    put = {"token": form_of(page), **who, "stance": "deny"}
    denied = console.post("/sellers/list", data={**put, "note": "<b>sold copies</b>"})

    assert denied.status_code == 200
    assert "&lt;b&gt;sold copies" in denied.text
    assert 'class="chip bad">' in console.get("/sellers?on=deny").text
    entry = denied.text.split('name="entry" value="')[1].split('"')[0]
    off = console.post("/sellers/unlist", data={"token": put["token"], "entry": entry}).text
    assert "ended by" in off
    assert console.post("/sellers/list", data={**put, "stance": "love"}).status_code == 409
    assert "拒绝" in console.get("/sellers?lang=zh").text
