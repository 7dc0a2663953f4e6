"""Every saved page yields what it must, one test a field; and every adapter keeps its contract."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.adapter import Policy, Query
from crawlers.adapters import (
    discord,
    ebay_image,
    feed,
    github,
    rdap,
    rfc6962,
    schema_org,
    shopify,
    static_ct,
    top_list,
)
from crawlers.errors import BadSource
from crawlers.extract.page import listing_id
from crawlers.plain import plain
from crawlers.recipes.folder import shipped
from crawlers.registry import (
    Spelled,
    build_adapter,
    is_woocommerce,
    known_adapters,
    probe_url,
    recognise,
    spelled,
)
from crawlers.saved import read_saved
from crawlers.testing import AdapterContract, SavedPage, saved_pages

PAGES = list(saved_pages(Path(__file__).parents[2] / "pages"))
POLICY = Policy("A", "public-page")
SELECTORS = {"entry": "tr.server", "title": ".name", "text": ".about", "votes": ".votes", "empty": ".none"}
ADAPTERS = {
    "shopify": shopify.make("https://moon-harbor.example/x", POLICY, {}),
    "schema-org": schema_org.make("https://lantern-street.example/all", POLICY, {}),
    "shops": schema_org.make("https://lantern-street.example/all", POLICY, {}),
    "ebay-image": ebay_image.make("", POLICY, {"image": "AAAA"}),
    "feed": feed.make("https://lantern-board.example/feed.xml", POLICY, {}),
    "sitemap-watch": schema_org.make("https://lantern-board.example/sitemap.xml", POLICY, {"recent": "14"}),
    "static-ct": static_ct.make("https://log.example/2026h2/", POLICY, {}),
    "rfc6962": rfc6962.make("https://log.example/2026h2/", POLICY, {}),
    "rdap": rdap.make("https://rdap.registry.example/v1", POLICY, {}),
    "github": github.make("https://api.code.example", POLICY, {}),
    "discord": discord.make("https://chat.example/api/v10", POLICY, {}),
    "top-list": top_list.make("https://top-servers.example/star-lantern", POLICY, SELECTORS),
}


def fields_of(page: SavedPage) -> list[tuple[str, object]]:
    """(name, expected) pairs; fields of listings are named listings.N.field."""
    found: list[tuple[str, object]] = []
    for name, value in page.expected.items():
        if name == "listings" and isinstance(value, list):
            found.append(("listings.count", len(value)))
            found += [(f"listings.{n}.{field}", v) for n, one in enumerate(value) for field, v in one.items()]
        else:
            found.append((name, value))
    return found


EXPECTED = [(page, name, value) for page in PAGES for name, value in fields_of(page)]


@pytest.mark.parametrize(
    ("page", "name", "expected"), EXPECTED, ids=[f"{p.case}-{n}" for p, n, _ in EXPECTED]
)
def test_a_field_is_read_as_expected(page, name, expected):
    read = ADAPTERS[page.folder.parent.name].read(page.exchange)
    if name == "note":
        assert expected in read.note
    elif name == "requests":
        assert [request.url for request in read.requests] == expected
    elif name == "outcome":
        assert read.outcome.value == expected
    elif name == "listings.count":
        assert len(read.listings) == expected
    else:
        _, number, field = name.split(".")
        assert plain(getattr(read.listings[int(number)], field)) == expected


class Contract(AdapterContract):
    kind = ""

    @pytest.fixture
    def adapter(self):
        return ADAPTERS[self.kind]

    @pytest.fixture
    def saved(self):
        return [page for page in PAGES if page.folder.parent.name == self.kind]


class TestShopify(Contract):
    kind = "shopify"


class TestSchemaOrg(Contract):
    kind = "schema-org"


class TestEbayImage(Contract):
    kind = "ebay-image"


class TestFeed(Contract):
    kind = "feed"


class TestSitemapWatch(Contract):
    kind = "sitemap-watch"


class TestStaticCt(Contract):
    kind = "static-ct"


class TestRfc6962(Contract):
    kind = "rfc6962"


class TestRdap(Contract):
    kind = "rdap"


class TestGitHub(Contract):
    kind = "github"


class TestDiscord(Contract):
    kind = "discord"


class TestTopList(Contract):
    kind = "top-list"


def test_what_a_registry_says_of_people_is_not_read():
    by_case = {page.case: page.exchange for page in PAGES}
    found = rdap.registration_in(json.loads(by_case["rdap/registered"].body))
    assert found == rdap.Registration(
        "star-lantern-shop.example", "Harbour Names Ltd", "NZ", datetime(2026, 11, 20, 8, tzinfo=UTC),
        datetime(2026, 11, 21, 8, 30, tzinfo=UTC), datetime(2027, 11, 20, 8, tzinfo=UTC),
        ("client transfer prohibited", "active"), ("ns1.host.example", "ns2.host.example"),
    )  # fmt: skip
    assert not ADAPTERS["rdap"].policy.may_store_raw


def test_forks_are_asked_for_only_where_their_parent_is_worth_keeping():
    by_case = {page.case: page.exchange for page in PAGES}
    (forks,) = ADAPTERS["github"].read(by_case["github/readme"]).requests
    assert forks.only_for == "wick/lantern-ps"


@pytest.mark.parametrize(
    ("words", "urls"),
    [
        ("star lantern", ["/search/repositories?q=star+lantern&sort=updated&order=desc&per_page=100&page=1"]),
        ("wick/lantern-ps", ["/repos/wick/lantern-ps"]),
        (
            "wick/ps lamp",
            ["/repos/wick/ps", "/search/repositories?q=lamp&sort=updated&order=desc&per_page=100&page=1"],
        ),
    ],
)
def test_a_search_and_a_named_repository_are_told_apart(words, urls):
    asked = ADAPTERS["github"].start(Query(words))
    assert [request.url.removeprefix("https://api.code.example") for request in asked] == urls


def test_an_invite_is_known_by_its_code_or_its_link():
    asked = ADAPTERS["discord"].start(
        Query("lantern, https://discord.gg/tide?event=1 discord.com/invite/fox lantern")
    )
    assert [request.state["code"] for request in asked] == ["lantern", "tide", "fox"]


def test_a_search_by_picture_posts_the_picture_with_every_page():
    (asked,) = ADAPTERS["ebay-image"].start(Query("words are not taken"))
    assert (asked.method, json.loads(asked.body)) == ("POST", {"image": "AAAA"})
    with pytest.raises(BadSource, match="needs a picture"):
        ebay_image.make("", POLICY, {"image": "no base64!"})


def test_a_recipe_is_named_by_what_stands_before_the_colon():
    assert spelled("ebay:star lantern") == Spelled("", "recipe:ebay", "star lantern", "ebay")
    assert spelled("woocommerce:https://shop.example").adapter == "recipe:woocommerce"
    assert spelled("ebay-image:star.png").query == "star.png"
    assert spelled("https://ebay.example/x") == Spelled("https://ebay.example/x")


def test_a_woocommerce_shop_is_recognised_by_its_answer():
    answer = read_saved(shipped() / "woocommerce" / "fixtures" / "search_page1").exchange
    assert is_woocommerce(answer)
    assert not is_woocommerce(replace(answer, status=404))
    assert not is_woocommerce(replace(answer, body=b"<html>"))


@pytest.mark.parametrize("options", [{}, {"entry": "tr"}, {"entry": "tr[[", "title": "a"}])
def test_a_top_list_needs_selectors_that_are_some(options):
    with pytest.raises(BadSource) as caught:
        top_list.make("https://top.example", POLICY, options)

    assert "entry=tr.server" in caught.value.hint


def test_adapters_are_built_by_name():
    for kind in ("shopify", "schema-org"):
        adapter = build_adapter(kind, "https://moon-harbor.example", {}, min_gap_seconds=2.0)
        assert adapter.name == kind
        assert adapter.policy.min_gap_seconds == 2.0
        assert adapter.start(Query())
    assert set(known_adapters()) >= {"shopify", "schema-org"}


def test_an_unknown_adapter_tells_the_known_ones():
    with pytest.raises(BadSource) as caught:
        build_adapter("temu", "https://x.example", {}, min_gap_seconds=1.0)

    assert "shopify" in caught.value.hint


def test_a_storefront_is_recognised_by_its_answer():
    by_case = {page.case: page.exchange for page in PAGES}

    assert recognise(by_case["shopify/one_product"]) == "shopify"
    assert recognise(by_case["shopify/not_json"]) == "schema-org"
    assert (
        probe_url("https://moon-harbor.example/collections/x")
        == "https://moon-harbor.example/products.json?limit=1"
    )


@pytest.mark.parametrize(
    "query", ["utm_source=x", "fbclid=1&gclid=2", "spm=a.b&scm=1", "ref=home", "UTM_Campaign=y", "srsltid=z"]
)
def test_a_listing_is_the_same_under_tracking_parameters(query):
    assert listing_id(f"https://x.example/item/7?id=3&{query}") == listing_id(
        "https://x.example/item/7?id=3#top"
    )
