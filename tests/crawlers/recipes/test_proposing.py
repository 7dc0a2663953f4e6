"""What is proposed for lists of many builds: pages with and without classes, and answers of many interfaces."""

from __future__ import annotations

import json

import pytest

from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.page import parse
from crawlers.listing import Listing, Seller
from crawlers.recipes.proposing.cards import cards_on
from crawlers.recipes.proposing.masking import masked, masks_for
from crawlers.recipes.proposing.objects import objects_in
from crawlers.recipes.proposing.onward import following_on, nothing_found, taken_apart
from crawlers.recipes.proposing.proposed import Hints
from crawlers.recipes.proposing.walk import NOTHING, Walk, begin, look_closer, look_for_nothing, saved_answers
from crawlers.saved import FROZEN

BASE = "https://shop.example"
NAV = (
    "<nav><ul>"
    + "".join(f'<li class="item"><a href="/c/{n}">Lamps {n}</a></li>' for n in range(9))
    + "</ul></nav>"
)
ASIDE = '<aside><div class="tile"><a href="/i/90">Also</a></div><div class="tile"><a href="/i/91">Also</a></div></aside>'


def page(one: str, count: int = 5, around: str = "<main>{}</main>") -> str:
    return f"<html><body>{NAV}{around.format(''.join(one.format(n=n) for n in range(1, count + 1)))}</body></html>"


TILE = (
    '<div class="col css-1x2y3z"><div class="tile"><a href="/i/{n}"><img src="/{n}.jpg"></a>'
    '<a class="t" href="/i/{n}">Lamp no. {n}</a><del>€ 9{n},00</del><span class="amount">€ {n},50</span>'
    '<span class="shop">by <b>Anna {n}</b></span></div></div>'
)
ROW = (
    '<div class="row"><article><h2><a href="/i/{n}1">Lamp {n}a</a></h2><i class="price">£{n}.10</i></article>'
    '<article><h2><a href="/i/{n}2">Lamp {n}b</a></h2><i class="price">£{n}.20</i></article></div>'
)
PAGES = {
    "tiles with made-up classes": (
        TILE,
        "div.col", {"title": "a.t", "price": "span.amount | price", "seller.name": "span.shop > b"},
    ),
    "a table without classes": (
        '<tr><td><a href="item.php?id={n}">Lamp number {n}</a></td><td>${n}.00</td></tr>',
        "tbody > tr", {"title": "a", "price": "td:nth-of-type(2) | price", "url": "a@href | abs"},
    ),
    "cards that are links": (
        '<a class="product-card" href="/p/{n}"><img src="{n}.jpg"><h3>Lamp {n}</h3><p>1,{n}00円</p></a>',
        "a.product-card", {"url": "@href | abs", "title": "h3", "price": "a.product-card > p | price"},
    ),
    "rows of three": (
        ROW,
        "div.row > article", {"title": "h2", "price": "i.price | price"},
    ),
    "microdata": (
        '<li itemscope><a itemprop="url" href="/i/{n}"><span itemprop="name">Lamp {n}</span></a> <b itemprop="price">{n}.00</b></li>',
        "main > li", {"title": "span[itemprop=name]", "price": "b[itemprop=price] | price(EUR)"},
    ),
    "no price in the list": ('<li class="hit"><a href="/i/{n}">Lamp number {n}</a><img src="/{n}.png"></li>', "li.hit", {"title": "a"}),
}  # fmt: skip


@pytest.mark.parametrize("build", PAGES)
def test_what_repeats_on_a_page_is_found(build):
    one, items, fields = PAGES[build]
    around = "<main><table>{}</table></main>" if one.startswith("<tr") else "<main>{}</main>" + ASIDE
    tree = parse(page(one, around=around).encode(), "text/html; charset=utf-8")
    found = cards_on(tree, f"{BASE}/list", "EUR" if "itemprop" in one else "")
    assert found is not None
    assert found.count == (10 if one == ROW else 5)
    assert fields.items() <= found.fields.items(), found
    assert found.items == items


@pytest.mark.parametrize(
    "markup", ["<p>Nothing</p>", NAV, '<a href="/i/1">One</a>', "<li><a href=/about>x</a></li>" * 5]
)
def test_what_is_no_list_of_goods_is_not_taken_for_one(markup):
    found = cards_on(parse(markup.encode(), "text/html"), f"{BASE}/list")
    assert found is None or "price" not in found.fields


ANSWERS = [
    ({"data": {"items": [{"id": 1, "title": "A", "permalink": "https://x/1", "prices": {"price": "990", "currency_code": "USD", "currency_minor_unit": 2},
                          "images": [{"src": "/a.jpg"}], "seller": {"username": "ann"}, "created_at": 1_790_000_000}]}},
     "data.items[]", {"price": {"amount": "minor(prices.price, prices.currency_minor_unit)", "currency": "prices.currency_code"},
                      "pictures": "images[].src | abs", "seller.id": "seller.username", "posted_at": "created_at | epoch"}),
    ([{"name": "A", "price": 9.9, "currency": "eur", "link": "/a", "image_url": "/a.jpg"}], "[]",
     {"url": "link | abs", "price": {"amount": "price", "currency": "currency"}, "pictures": "image_url | abs"}),
    ({"Items": [{"Item": {"itemName": "A", "itemUrl": "https://x/a", "itemPrice": 120, "shopName": "s"}}]}, "Items[].Item",
     {"title": "itemName", "price": {"amount": "itemPrice", "currency": "const(JPY)"}, "seller.name": "shopName"}),
    ({"results": [{"listing-id": 7, "title": "A", "url": "/x", "price": {"amount": 500, "divisor": 100, "currency_code": "EUR"}}]}, "results[]",
     {"price": {"amount": "ratio(price.amount, price.divisor)", "currency": "price.currency_code"}}),
    ({"facets": [{"name": "Colour"}, {"name": "Size"}, {"name": "Shop"}], "hits": [{"title": "A", "url": "/a", "price": 1}]}, "hits[]", {}),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "items", "fields"), ANSWERS)
def test_which_key_is_what_in_an_answer_is_found(answer, items, fields):
    found = objects_in(answer, "JPY" if "Items" in str(answer) else "")
    assert found is not None
    assert found.items == items
    assert fields.items() <= found.fields.items(), found.fields


def test_an_answer_without_addresses_asks_for_one():
    answer = {"r": [{"title": "A", "handle": "a", "price": 1}]}
    assert "--item-url" in objects_in(answer).notes[0]
    assert objects_in(answer, item_url="https://x/{}").fields["url"] == "handle | format('https://x/{}')"
    assert objects_in({"r": [{"a": 1}]}) is None


@pytest.mark.parametrize(
    ("url", "words", "request_", "moves"),
    [
        ("/s?q=lamp&utm_source=x", "", {"url": "{base}/s", "params": {"q": "{query}"}}, {}),
        ("/s?find=lamp&page=3", "lamp", {"url": "{base}/s", "params": {"find": "{query}", "page": "{page}"}}, {"first": 3}),
        ("/tag/lamp", "lamp", {"url": "{base}/tag/{query}"}, {}),
        ("/s/{query}?offset=0&limit=40", "lamp", {"url": "{base}/s/{query}", "params": {"offset": "{offset}", "limit": "{limit}"}}, {"limit": 40}),
        ("/all", "", {"url": "{base}/all"}, {}),
    ],
)  # fmt: skip
def test_an_address_is_taken_apart(url, words, request_, moves):
    address = taken_apart(f"{BASE}{url}", words)
    assert (address.request(), address.moves()) == (request_, moves)


@pytest.mark.parametrize(
    ("markup", "following"),
    [
        ('<a rel="next" href="?p=2">x</a>', {"link": "a[rel~=next], link[rel~=next]@href | abs"}),
        ('<div class="pages"><a class="fwd" href="?x=2">次へ</a></div>', {"link": "a.fwd@href | abs"}),
        ('<a href="/list?seite=2">2</a><a href="/list?seite=3">3</a>', {"max_pages": 50}),
        ("<a href='/other'>x</a>", {}),
    ],
)
def test_how_a_list_goes_on_is_found(markup, following):
    url = f"{BASE}/list"
    assert following_on(parse(markup.encode(), "text/html"), url, taken_apart(url))[1] == following


def test_what_an_empty_list_says_is_found():
    full = parse(b"<main><p>12 found</p></main>", "text/html")
    for markup, rule in (
        ('<div class="no-results">None</div>', "css: div.no-results"),
        ("<main><p>Sorry (nothing).</p></main>", "body ~ Sorry \\(nothing\\)\\."),
        (f"<p>{NOTHING}</p>", ""),
    ):
        assert nothing_found(parse(markup.encode(), "text/html"), full, NOTHING) == rule


def shop(url: str) -> tuple[int, str]:
    """A shop with mark-up on the pages of its goods, which shows favourites where nothing is found."""
    if "/i/" in url:
        product = {"@type": "Product", "name": "Lamp", "brand": "Ours", "offers": {"price": "5", "priceCurrency": "EUR", "seller": {"name": "Ann Lamp"}}}  # fmt: skip
        return (
            200,
            f'<script type="application/ld+json">{json.dumps(product)}</script><p>von Ann <b>Lamp</b></p>',
        )
    return 200, page('<li class="hit"><a href="/i/{n}">Lamp number {n}</a></li>')


def asking(asked: list[str]):
    def ask(request: Request) -> Exchange:
        asked.append(request.url)
        status, body = shop(request.url)
        headers = (("Content-Type", "text/html; charset=utf-8"),)
        return Exchange(request, request.url, status, headers, body.encode(), FROZEN, FROZEN)

    return ask


def test_little_is_asked_and_what_is_not_known_is_told():
    asked: list[str] = []
    walk = begin(asking(asked), f"{BASE}/s?q=lamp&gclid=1", Hints("shop"))
    assert isinstance(walk, Walk)
    walk = look_for_nothing(asking(asked), look_closer(asking(asked), walk))
    assert asked == [f"{BASE}/s?q=lamp&gclid=1", f"{BASE}/s?q=lamp", f"{BASE}/i/1", f"{BASE}/s?q={NOTHING}"]
    assert walk.recipe().part.detail.extract[0] == "jsonld"
    assert "No price stands in the list" in walk.notes[0]
    assert "What an empty list looks like is not known" in walk.notes[-1]
    answers = saved_answers(walk, FROZEN)
    assert {name: origin["kind"] for name, (_, origin) in answers.items()} == {
        "search_page1": "recorded", "detail_full": "recorded", "blocked": "modelled", "changed": "modelled", "search_empty": "modelled",
    }  # fmt: skip
    assert b"Ann" not in answers["detail_full"][0].body


def test_sellers_are_masked_in_any_spelling_and_by_number():
    sellers = [Seller("77", "Ann & Söhne"), Seller("", "Bo"), Seller("", "Ann & Söhne"), Seller("", "x")]
    masks = masks_for([Listing("1", "u", "t", seller=one) for one in sellers], {})
    assert masks == {"Ann & Söhne": "seller-1", "77": "seller-1", "Bo": "seller-2"}
    request = Request(BASE, Purpose.PAGE)
    body = "<p>Ann &amp;  S\u00f6hne, Ann <i>&amp;</i> <b>S\u00f6hne</b>, Bo</p>".encode("latin-1")
    told = Exchange(
        request, BASE, 200, (("Content-Type", "text/html; charset=latin-1"),), body, FROZEN, FROZEN
    )
    assert masked(told, masks).body == b"<p>seller-1, seller-1</b>, seller-2</p>"
    data = json.dumps({"shop": {"id": 77, "name": "Ann & Söhne"}, "n": 5}).encode()
    read = json.loads(masked(Exchange(request, BASE, 200, (), data, FROZEN, FROZEN), masks).body)
    assert read == {"shop": {"id": "seller-1", "name": "seller-1"}, "n": 5}
