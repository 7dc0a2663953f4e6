"""What the engine asks and reads, form by form and trap by trap, on recipes of a few lines."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from crawlers.adapter import Outcome, Query
from crawlers.auth import Scheme
from crawlers.errors import BadSource
from crawlers.exchange import Exchange, Request
from crawlers.recipes.build import build
from crawlers.recipes.check import read_recipe
from crawlers.recipes.engine import MAX_ROWS
from crawlers.saved import FROZEN

BASE = "https://shop.example"
PLAIN = {
    "id": "shop", "version": 1, "title": "Shop", "base": BASE, "hosts": ["shop.example"],
    "access": {"class": "A", "basis": "public-page", "may_store_raw": True, "retain_days": 9, "may_profile_seller": True},
    "rate": {"min_interval_s": 1.5, "per_day": 70},
}  # fmt: skip
FIELDS = {"url": "u | abs", "title": "t", "price": {"amount": "p", "currency": "c"}}


def made(search: dict[str, object], chosen: dict[str, object] | None = None, url: str = "", **more: object):
    search = {"request": {"url": "{base}/s", "params": {"q": "{query}"}}, "format": "json", "items": "r", "fields": FIELDS, **search}  # fmt: skip
    text = yaml.safe_dump({**PLAIN, "search": search, **more}, allow_unicode=True, sort_keys=False)
    return build(read_recipe(text.encode(), "recipe.yaml"), url, chosen or {})


def said(request: Request, body: object, status: int = 200, url: str = "", **headers: str) -> Exchange:
    data = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange(request, url or request.url, status, named, data, FROZEN, FROZEN)


def row(number: int, **changes: object) -> dict[str, object]:
    return {"u": f"/i/{number}", "t": f"Lamp {number}", "p": 9.5, "c": "EUR", **changes}


def first(adapter, words: str = "lamp") -> Request:
    (request,) = adapter.start(Query(words, language="ja"))
    return request


@pytest.mark.parametrize(
    ("request_", "url", "method", "kind", "body"),
    [
        ({"url": "{base}/s/{query}"}, f"{BASE}/s/%E7%81%AF%20a%2Fb%3F", "GET", "", ""),
        ({"url": "{base}/s?a=1", "params": {"q": "{query}", "none": "", "n": 5}}, f"{BASE}/s?a=1&q=%E7%81%AF+a%2Fb%3F&n=5", "GET", "", ""),
        ({"url": "{base}/s", "params": {"q": "{query}"}, "encoding": "euc-jp"}, f"{BASE}/s?q=%C5%F4+a%2Fb%3F", "GET", "", ""),
        ({"url": "{base}/s", "form": {"w": "{query}", "l": "{language}", "x": ""}}, f"{BASE}/s", "POST", "application/x-www-form-urlencoded", "w=%E7%81%AF+a%2Fb%3F&l=ja"),
        ({"url": "{base}/s", "json": {"a": ["{query}", "in {language}"], "n": "{page}", "t": True}}, f"{BASE}/s", "POST", "application/json", '{"a": ["灯 a/b?", "in ja"], "n": 1, "t": true}'),
        ({"url": "{base}/s", "graphql": {"query": "{page}", "variables": {"q": "{query}", "n": "{page}"}}}, f"{BASE}/s", "POST", "application/json", '{"query": "{page}", "variables": {"q": "灯 a/b?", "n": 1}}'),
    ],
)  # fmt: skip
def test_a_request_is_filled_in_as_its_place_needs(request_, url, method, kind, body):
    moves = {"next": {"max_pages": 2}} if "{page}" in str(request_) else {}
    asked = first(made({"request": request_, **moves}), "灯 a/b?")
    assert (asked.url, asked.method, dict(asked.headers).get("Content-Type", ""), asked.body.decode()) == (url, method, kind, body)  # fmt: skip


def test_a_header_cannot_begin_another_one():
    asked = first(
        made({"request": {"url": "{base}/s", "headers": {"X-Words": "{query}"}}}), "a\r\nCookie: b\x00"
    )
    assert asked.headers == (("X-Words", "aCookie: b"),)


RULES = {
    "page": ({"p": "{page}"}, {"first": 0}, "p=1"),
    "offset": ({"o": "{offset}", "n": "{limit}"}, {"limit": 2}, "o=2&n=2"),
    "offset from one": ({"start": "{offset}"}, {"first": 1, "limit": 2}, "start=3"),
    "cursor": ({"c": "{cursor}"}, {"cursor": "next"}, "c=abc"),
    "link": ({"q": "{query}"}, {"link": "link"}, "after=abc"),
    "header": ({"p": "{page}"}, {"pages": "header(x-pages)"}, "p=2"),
}
ANSWER = {"r": [row(1), row(2)], "next": "abc", "link": "/s?after=abc", "total": 5}


@pytest.mark.parametrize("way", RULES)
def test_the_next_page_is_asked_for(way):
    params, following, asked = RULES[way]
    adapter = made({"request": {"url": "{base}/s", "params": params}, "next": following})
    page = adapter.read(said(first(adapter), ANSWER, X_Pages="3"))
    assert [request.url.split("?")[1] for request in page.requests] == [asked]


@pytest.mark.parametrize(
    ("following", "answer", "state", "note"),
    [
        ({"total": "total"}, {**ANSWER, "total": 2}, {}, ""),
        ({"total": "total"}, ANSWER, {"read": 3}, ""),
        ({"pages": "n"}, {**ANSWER, "n": 1}, {}, ""),
        ({"pages": "header(x-pages)"}, ANSWER, {"page": 3}, ""),
        ({"more": "more"}, {**ANSWER, "more": False}, {}, ""),
        ({"limit": 3, "stop": ["short_page"]}, ANSWER, {}, ""),
        ({"max_pages": 4}, ANSWER, {"seen": 4}, "4 pages are enough"),
        ({"limit": 2, "max_offset": 10}, ANSWER, {"offset": 10}, "nothing after entry 10"),
        ({}, {"r": []}, {}, "The list is empty"),
    ],
)
def test_paging_ends_and_says_why(following, answer, state, note):
    adapter = made({"request": {"url": "{base}/s", "params": {"p": "{page}"}}, "next": following})
    asked = first(adapter)
    page = adapter.read(said(replace(asked, state={**asked.state, **state}), answer, X_Pages="3"))
    assert (page.requests, note in page.note) == ((), True)


def test_paging_ends_on_the_same_entries_a_redirect_the_same_cursor_and_the_same_link():
    adapter = made({"request": {"url": "{base}/s", "params": {"p": "{page}"}}, "next": {"max_pages": 9}})
    second = adapter.read(said(first(adapter), ANSWER)).requests[0]
    assert "same entries" in adapter.read(said(second, ANSWER)).note
    moved = said(second, {"r": [row(3)]}, url=f"{BASE}/s?p=1")
    assert "led to another page" in adapter.read(moved).note
    adapter = made({"request": {"url": "{base}/s", "params": {"c": "{cursor}"}}, "next": {"cursor": "next"}})
    second = adapter.read(said(first(adapter), ANSWER)).requests[0]
    assert "same cursor" in adapter.read(said(second, {"r": [row(3)], "next": "abc"})).note
    adapter = made({"next": {"link": "link"}})
    assert "this page" in adapter.read(said(first(adapter), {**ANSWER, "link": "/s?q=lamp#2"})).note


FEED = """<rss xmlns:m="urn:m"><channel><item><title>A</title><link>https://shop.example/1</link>
<guid isPermaLink="false">7</guid><m:content url="https://shop.example/a.jpg"/></item><!-- x -->
<item><title>B</title><link>https://shop.example/2</link></item></channel></rss>"""


@pytest.mark.parametrize(
    ("search", "body", "titles"),
    [
        ({"format": "jsonl", "items": "@"}, b'{"u":"/1","t":"A"}\nbroken\n\n{"u":"/2","t":"B"}\n', ["A", "B"]),
        ({"format": "json", "inside": "script#d", "items": "props.r"}, '<script id="d">{"props":{"r":[{"u":"/1","t":"A"}]}}</script>', ["A"]),
        ({"format": "xml", "items": "rss.channel.item[]", "fields": {"url": "link", "title": "title", "id": 'guid."#text"', "pictures": 'content."@url"'}},
         FEED, ["A", "B"]),
        ({"items": ["Items[].Item", "items"]}, {"Items": [], "items": [row(1)]}, []),
        ({"items": ["Items[].Item", "items"]}, {"items": [row(1)]}, ["Lamp 1"]),
    ],
)  # fmt: skip
def test_each_format_is_read(search, body, titles):
    adapter = made(search)
    page = adapter.read(said(first(adapter), body))
    assert [one.title for one in page.listings] == titles


def test_entities_are_not_read_and_a_cut_answer_is_not_a_change():
    adapter = made({"format": "xml", "items": "a"})
    bomb = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    assert adapter.read(said(first(adapter), bomb)).outcome is Outcome.CHANGED
    adapter = made({})
    cut = replace(said(first(adapter), '{"r": ['), truncated="length")
    assert adapter.read(cut).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"r": [row(1)]}, Outcome.OK),
        (200, {"r": []}, Outcome.EMPTY),
        (404, {"code": "nothing"}, Outcome.EMPTY),
        (404, {}, Outcome.CHANGED),
        (200, {"x": 1}, Outcome.CHANGED),
        (200, "<title>Just a moment...</title>", Outcome.BLOCKED),
        (403, {}, Outcome.BLOCKED),
        (429, {}, Outcome.BLOCKED),
        (400, {"fault": "key"}, Outcome.BLOCKED),
        (400, {}, Outcome.CHANGED),
        (503, "", Outcome.ERROR),
        (451, {"r": [row(1)]}, Outcome.EMPTY),
    ],
)
def test_outcomes_are_kept_apart(status, body, outcome):
    rules = {"blocked": ["json: fault"], "empty": ["json: code == 'nothing'", {"when": "status == 451", "why": "Not shown here."}]}  # fmt: skip
    adapter = made({}, outcomes=rules)
    if status == 451:
        body = {}
    assert adapter.read(said(first(adapter), body, status)).outcome is outcome
    assert adapter.policy.reads_status == {451}


def test_rules_look_at_title_body_address_and_header():
    rules = {"blocked": [{"when": "url ~ /login", "why": "It asks for a log-in."}, "header X-Wall ~ on", "title ~ ^wait", "body ~ robot"]}  # fmt: skip
    page = made({"format": "html", "items": "li", "fields": {"url": "a@href", "title": "a"}}, outcomes=rules)
    good = "<title>List</title><li><a href=/1>One</a>"
    asked = first(page)
    assert page.read(said(asked, good)).outcome is Outcome.OK
    assert page.read(said(asked, good, url=f"{BASE}/login?next=/s")).note == "It asks for a log-in."
    assert page.read(said(asked, good, X_Wall="ON")).outcome is Outcome.BLOCKED
    assert page.read(said(asked, "<title>Wait</title>")).outcome is Outcome.BLOCKED
    assert page.read(said(asked, f"{good}<p>Robot?</p>")).outcome is Outcome.BLOCKED


def test_amount_and_currency_are_taken_from_one_place_or_not_at_all():
    places = [{"amount": "old", "currency": "oldc"}, {"amount": "p", "currency": "c"}]
    adapter = made({"fields": {**FIELDS, "price": places}})
    rows = [
        row(1, old=7),
        row(2, old=7, oldc="JPY"),
        row(3, p="on request"),
        row(4, p=None),
        row(5, p={}, old="NaN"),
    ]
    prices = [one.price for one in adapter.read(said(first(adapter), {"r": rows})).listings]
    assert [price and (price.amount, price.currency) for price in prices] == [
        (Decimal(7), None), (Decimal(7), "JPY"), None, None, None,
    ]  # fmt: skip
    missing = [one.missing for one in adapter.read(said(first(adapter), {"r": rows})).listings]
    assert missing[:3] == [("currency",), (), ("price",)]


def test_what_a_field_holds_is_checked():
    fields = {
        **FIELDS, "condition": "cond", "availability": "stock", "ships_from": "from", "posted_at": "at", "tags": "tags",
        "pictures": "pics", "seller": {"country": "from", "url": "su"}, "images": "pics",
    }  # fmt: skip
    del fields["images"]
    adapter = made({"fields": fields})
    good = row(1, cond="https://schema.org/UsedCondition", stock=True, tags=["a", "a", "b"], pics=["/a.jpg?w=80", "/a.jpg?w=640"])  # fmt: skip
    odd = row(
        2,
        cond="shiny",
        stock="?",
        at="yesterday",
        pics=["javascript:x", None],
        su="ftp://x",
        **{"from": "Japan"},
    )
    one, two = adapter.read(said(first(adapter), {"r": [{**good, "from": "jp", "at": "2026-09-01T00:00:00Z"}, odd]})).listings  # fmt: skip
    assert (one.condition, one.availability, one.ships_from, one.seller.country) == (
        "used",
        "in_stock",
        "JP",
        "JP",
    )
    assert (one.tags, one.pictures) == (("a", "b"), (f"{BASE}/a.jpg?w=640",))
    assert one.posted_at
    assert (two.condition, two.availability, two.ships_from, two.posted_at, two.pictures, two.seller.url) == (
        "", "", "", None, (), "",
    )  # fmt: skip


def test_a_page_is_asked_for_only_where_something_is_missing_and_is_not_lost_when_it_cannot_be_read():
    detail = {
        "format": "html",
        "ask": "missing",
        "extract": ["jsonld", "meta"],
        "fill": {"brand": "const(Ours)"},
    }
    adapter = made({"expect": ["price", "brand"], "fields": {**FIELDS, "brand": "b"}}, detail=detail)
    page = adapter.read(said(first(adapter), {"r": [row(1, b="Own"), row(2, p=None)]}))
    assert [one.brand for one in page.listings] == ["Own"]
    (asked,) = page.requests
    product = {"@type": "Product", "name": "Lamp 2", "offers": {"price": "3", "priceCurrency": "USD"}}
    marked = f'<script type="application/ld+json">{json.dumps(product)}</script><meta property="og:price:amount" content="4">'
    (read,) = adapter.read(said(asked, marked)).listings
    assert (read.price.amount, read.price.currency, read.brand) == (Decimal(3), "USD", "Ours")
    for status, body, outcome in (
        (403, "", Outcome.BLOCKED),
        (200, "<title>Just a moment</title>", Outcome.BLOCKED),
    ):
        page = adapter.read(said(asked, body, status))
        assert (page.outcome, [one.title for one in page.listings]) == (outcome, ["Lamp 2"])
    assert adapter.read(said(asked, "", 404)).listings == ()


def test_what_whoever_adds_it_may_choose():
    options = {"market": {"default": "de", "one_of": ["de", "jp"]}, "tag": {}}
    search = {"request": {"url": "{base}/{market}/s", "params": {"t": "{tag}"}}}
    assert first(made(search, {"market": "jp", "tag": "x y"}, options=options)).url == f"{BASE}/jp/s?t=x+y"
    with pytest.raises(BadSource) as caught:
        made(search, {"market": "us"}, options=options)
    assert "de, jp" in caught.value.hint
    with pytest.raises(BadSource) as caught:
        made(search, {"markt": "de"}, options=options)
    assert "Did you mean “market”?" in caught.value.hint


def test_where_it_is_and_whether_it_may_be_asked():
    assert made({}, url=f"{BASE}/any/page?x=1").base == BASE
    with pytest.raises(BadSource, match="does not know the host other"):
        made({}, url="https://other.example")
    many = {"hosts": ["any"], "base": ""}
    assert made({}, url="https://one.example/shop/", **many).hosts == ("one.example",)
    with pytest.raises(BadSource, match="is many shops"):
        made({}, **many)
    closed = {"access": {**PLAIN["access"], "off_because": "Its terms forbid it."}}
    with pytest.raises(BadSource, match="Its terms forbid it"):
        made({}, **closed)
    assert made({}, {"permitted": "true"}, **closed).policy.min_gap_seconds == 1.5
    told = made({}, auth={"scheme": "header", "headers": {"x-key": "{key}"}}).policy.auth
    assert (told.scheme, told.headers, told.names) == (Scheme.HEADER, (("x-key", "{key}"),), ("key",))


def test_hostile_answers_stay_in_bounds():
    began = time.process_time()
    adapter = made(
        {"fields": {**FIELDS, "description": "d | html_text", "tags": "tags"}, "next": {"link": "link"}}
    )
    huge = row(1, d="<b>x" * 2_500_000, tags=["y" * 5_000_000, *map(str, range(10_000))], t="T" * 9_000_000)
    (one,) = adapter.read(said(first(adapter), {"r": [huge]})).listings
    assert (len(one.title), len(one.description), len(one.tags)) == (20_000, 19_999, 100)
    assert max(map(len, one.tags)) <= 200
    many = adapter.read(said(first(adapter), {"r": [row(n) for n in range(MAX_ROWS + 500)]}))
    assert len(many.listings) == MAX_ROWS
    for body in (
        '{"r":' + "[" * 200_000,
        '{"r":' + '{"a":' * 900 + "1" + "}" * 901,
        b"\xff\xfe\x00",
        "[]",
        '"x"',
        '{"r": 5}',
    ):
        assert adapter.read(said(first(adapter), body)).outcome in (
            Outcome.CHANGED,
            Outcome.EMPTY,
            Outcome.OK,
        )
    html = made(
        {
            "format": "html",
            "items": "li",
            "fields": {"url": "a@href", "title": "a | regex('(.*)(.*)x?')", "price": "i"},
        }
    )
    deep = "<div>" * 100_000 + "<li><a href=/1>A</a><i>" + "9" * 1_000_000 + "</i>"
    assert html.read(said(first(html), deep)).outcome in (Outcome.OK, Outcome.CHANGED)
    wide = "<li><a href=/{0}>A</a></li>" * 30_000
    assert len(html.read(said(first(html), wide)).listings) <= MAX_ROWS
    xml = made({"format": "xml", "items": "a.b[]"})
    assert xml.read(said(first(xml), "<a>" + "<b>" * 5_000)).outcome is Outcome.CHANGED
    assert time.process_time() - began < 20
