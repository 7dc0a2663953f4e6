"""Writes the saved answers of the invented marketplaces beside this file, and what each must yield."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

HERE = Path(__file__).parent / "marketplaces"
FROM = {"kind": "modelled", "date": "2026-11-26", "licence": "invented for these tests; Apache-2.0"}
CARDS, TIDE, WAVE = "https://lantern-cards.example", "https://api.tide.example", "https://wave.example"
CHALLENGE = "<html><title>One moment</title><h1>Just a moment…</h1></html>"


def case(name: str, url: str, body: object, expected: dict[str, object], **said: object) -> None:
    recipe, fixture = name.split("/")
    folder = HERE / recipe / "fixtures" / fixture
    folder.mkdir(parents=True)
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=1)
    (folder / "body").write_text(text, "utf-8")
    for file, value in (("exchange.json", {"url": url, **said, "from": FROM}), ("expected.json", expected)):
        (folder / file).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def card(number: int, title: str, price: str, *, seller: str = "seller-1", more: str = "") -> str:
    return (
        f'<li class="card"><a class="name" href="/item/{number}?ref=list">{title}</a> <img src="/p/{number}_80x80.jpg"'
        f' srcset="/p/{number}_80x80.jpg 1x, /p/{number}_640x640.jpg 2x"> {price} <p class="by">by <b>{seller}</b></p>{more}</li>'
    )


def html(body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="de"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'
    )


def cards() -> None:
    page = {"headers": {"Content-Type": "text/html; charset=utf-8"}}
    first = {
        **page,
        "label": "search",
        "state": {"seen": 1, "read": 0, "page": 1, "offset": 0, "query": "lantern"},
    }
    second = {
        **page,
        "label": "search",
        "state": {"seen": 2, "read": 3, "page": 2, "offset": 3, "query": "lantern"},
    }
    two = card(11, "Star Lantern card", '<span class="amount">12,50 €</span>') + card(
        12, "Moon card", '<span class="amount">3,00</span>', more='<i class="gone">weg</i>'
    )
    case("lantern-cards/search_page1", f"{CARDS}/search?q=lantern&page=1",
         html(f'<p class="count">4 Treffer</p><ul>{two}<li class="card">Anzeige</li></ul>'),
         {"outcome": "ok", "note": "1 entries could not be read.", "listings": [],
          "requests": [f"{CARDS}/item/11?ref=list", f"{CARDS}/item/12?ref=list", f"{CARDS}/search?q=lantern&page=2"]}, **first)  # fmt: skip
    case("lantern-cards/search_last", f"{CARDS}/search?q=lantern&page=2",
         html(f'<p class="count">4 Treffer</p><ul>{card(13, "Tide card", "")}</ul>'),
         {"outcome": "ok", "listings": [], "requests": [f"{CARDS}/item/13?ref=list"]}, **second)  # fmt: skip
    case("lantern-cards/search_empty", f"{CARDS}/search?q=xyzzy&page=1", html('<p class="no-results">Nichts</p>'),
         {"outcome": "empty", "requests": [], "listings": []}, **first)  # fmt: skip
    case("lantern-cards/changed", f"{CARDS}/search?q=lantern&page=1", html('<div class="tile"><a href="/item/11">x</a></div>'),
         {"outcome": "changed", "note": "Nothing in the answer fits 'li.card'", "listings": []}, **first)  # fmt: skip
    case("lantern-cards/blocked", f"{CARDS}/search?q=lantern&page=1", CHALLENGE,
         {"outcome": "blocked", "note": "a proof that we are people", "listings": []}, status=403, **first)  # fmt: skip
    said = {"id": "11", "url": f"{CARDS}/item/11?ref=list", "title": "Star Lantern card",
            "price": {"amount": "12.50", "currency": "EUR", "raw": "12,50 €", "kind": "fixed", "read_from": "visible"},
            "seller": {"id": "", "name": "seller-1", "url": "", "country": ""}, "pictures": [f"{CARDS}/p/11_640x640.jpg"]}  # fmt: skip
    look = {**page, "label": "detail", "state": {"id": "11", "url": said["url"], "said": json.dumps(said)}}
    full = html(
        '<nav><h1>Lantern Cards</h1></nav><main><h1>Star Lantern card, signed</h1> <s>19,00 €</s> <span class="amount">11,00 €</span>'
        '<div class="about"><p>One of ten.</p><p>Drawn by code.</p></div><p class="by"><b>seller-1</b> <a href="/u/1" data-country="de">shop</a></p>'
        '<div class="views"><img src="/p/11_80x80.jpg"><img src="/p/11b.jpg"></div>'
        "<dl class=specs><dt>SKU</dt><dd>LC-11</dd><dt>State</dt><dd>Second hand</dd></dl></main>"
    )
    case("lantern-cards/detail_full", str(said["url"]), full, {"outcome": "ok", "requests": [], "listings": [{
        "id": "11", "url": said["url"], "title": "Star Lantern card, signed", "description": "One of ten. Drawn by code.",
        "price": {"amount": "11.00", "currency": "EUR", "raw": "11,00 €", "kind": "fixed", "read_from": "visible"},
        "seller": {"id": "", "name": "seller-1", "url": f"{CARDS}/u/1", "country": "DE"}, "condition": "used", "sku": "LC-11",
        "pictures": [f"{CARDS}/p/11_80x80.jpg", f"{CARDS}/p/11b.jpg"], "missing": []}]}, **look)  # fmt: skip
    bare = json.dumps({**said, "price": None, "pictures": []})
    case("lantern-cards/detail_no_price", str(said["url"]), html("<main><h1>Star Lantern card</h1></main>"),
         {"outcome": "ok", "listings": [{"id": "11", "price": None, "missing": ["price", "pictures", "sku"]}]},
         **{**look, "state": {"id": "11", "url": said["url"], "said": bare}})  # fmt: skip
    case("lantern-cards/detail_changed", str(said["url"]), html("<p>new</p>"),
         {"outcome": "changed", "note": "Nothing on the page of a listing", "listings": [{"id": "11", "title": "Star Lantern card"}]}, **look)  # fmt: skip
    case("lantern-cards/detail_gone", str(said["url"]), html("<p>404</p>"),
         {"outcome": "empty", "note": "gone", "listings": []}, status=404, **look)  # fmt: skip


def goods(number: int, **changes: object) -> dict[str, object]:
    return {
        "sku": f"T{number}", "name": f"Star Lantern tee {number}", "link": f"{WAVE}/t/{number}?utm_source=api",
        "money": {"value": 990, "decimals": 2, "code": "usd"}, "images": [{"src": f"{WAVE}/i/{number}.png"}, {"src": None}],
        "shop": {"key": f"seller-{number}", "label": f"seller-{number}"}, "made": 1_790_000_000, "words": ["tee", "星灯"],
        "state": "NEW", "left": True, **changes,
    }  # fmt: skip


def tide() -> None:
    said = {"purpose": "feed", "label": "search", "headers": {"Content-Type": "application/json"}}
    first = {**said, "state": {"seen": 1, "read": 0, "page": 1, "offset": 0, "query": "lantern"}}
    url = f"{TIDE}/v2/goods?market=de&q=lantern&limit=2&offset=0"
    yen = goods(2, money={"value": 1200, "decimals": 0, "code": "JPY"}, left=False, state="pre-loved")
    case("tide-json/search_page1", url, {"hits": [goods(1, unheard_of={"x": 1}), yen, "odd"], "found": 5}, {
        "outcome": "ok", "requests": [f"{TIDE}/v2/goods?market=de&q=lantern&limit=2&offset=2"], "note": "1 entries", "listings": [
            {"id": "T1", "url": f"{WAVE}/t/1?utm_source=api", "title": "Star Lantern tee 1", "condition": "new", "availability": "in_stock",
             "price": {"amount": "9.90", "currency": "USD", "raw": "9.90", "kind": "fixed", "read_from": "json"},
             "pictures": [f"{WAVE}/i/1.png"], "seller": {"id": "seller-1", "name": "seller-1", "url": "", "country": ""},
             "tags": ["tee", "星灯"], "posted_at": "2026-09-21T14:13:20+00:00", "missing": []},
            {"id": "T2", "condition": "used", "availability": "out_of_stock",
             "price": {"amount": "1200", "currency": "JPY", "raw": "1200", "kind": "fixed", "read_from": "json"}}]}, **first)  # fmt: skip
    case("tide-json/search_last", url.replace("offset=0", "offset=4"), {"hits": [goods(5, money=None, images=[])], "found": 5}, {
        "outcome": "ok", "requests": [], "listings": [{"id": "T5", "price": None, "missing": ["price", "pictures"]}],
        }, **{**said, "state": {"seen": 3, "read": 4, "offset": 4, "query": "lantern"}})  # fmt: skip
    case(
        "tide-json/search_empty", url, {"hits": [], "found": 0}, {"outcome": "empty", "listings": []}, **first
    )
    case("tide-json/changed", url, {"results": [goods(1)]}, {"outcome": "changed", "note": "'hits[]'", "listings": []}, **first)  # fmt: skip
    case("tide-json/blocked", url, {"fault": {"code": "quota", "text": "Enough for today"}},
         {"outcome": "blocked", "note": "It says: Enough for today", "listings": []}, **first)  # fmt: skip
    case("tide-json/refused", url, {}, {"outcome": "blocked", "note": "status 401"}, status=401, **first)
    case("tide-json/challenge", url, CHALLENGE, {"outcome": "blocked", "note": "challenge"}, **first)
    case("tide-json/trouble", url, "", {"outcome": "error", "note": "status 503"}, status=503, **first)


ASKED = (
    '{"query": "query ($q: String, $n: Int, $after: String) {\\n  offers(keyword: $q, limit: $n, after: $after) {\\n'
    '    nodes { itemId productName priceMin productLink imageUrl shopId }\\n    info { after more }\\n  }\\n}\\n", '
    '"variables": {"q": "lantern", "n": 50, "after": "abc"}}'
)


def wave() -> None:
    said = {"purpose": "feed", "label": "search", "headers": {"Content-Type": "application/json"}}
    first, url = (
        {**said, "state": {"seen": 1, "read": 0, "page": 1, "cursor": "", "query": "lantern"}},
        f"{WAVE}/graphql",
    )

    def reply(nodes: list[object] | None, cursor: str = "") -> dict[str, object]:
        return {"data": {"offers": {"nodes": nodes, "info": {"after": cursor, "more": bool(cursor)}}}}

    node = {
        "itemId": 77,
        "productName": "Star Lantern figure",
        "priceMin": "39.5",
        "productLink": f"{WAVE}/f/77",
        "imageUrl": f"{WAVE}/77.jpg",
        "shopId": 5,
    }
    price = {"amount": "39.5", "currency": "SGD", "raw": "39.5", "kind": "from", "read_from": "json"}
    case("wave-graphql/search_page1", url, reply([node], "abc"), {"outcome": "ok", "requests": [url], "bodies": [ASKED], "listings": [{
        "id": "77", "title": "Star Lantern figure", "price": price, "seller": {"id": "5", "name": "", "url": "", "country": "SG"}}]}, **first)  # fmt: skip
    case(
        "wave-graphql/search_last",
        url,
        reply([node]),
        {"outcome": "ok", "requests": [], "listings": [{"id": "77"}]},
        **first,
    )
    case("wave-graphql/search_empty", url, reply([]), {"outcome": "empty"}, **first)
    case("wave-graphql/changed", url, {"data": {"offers": None}}, {"outcome": "changed"}, **first)
    case("wave-graphql/blocked", url, {"errors": [{"message": "Invalid Signature", "extensions": {"code": 10020}}]},
         {"outcome": "blocked", "note": "It says: Invalid Signature"}, **first)  # fmt: skip
    case("wave-graphql/trouble", url, {"errors": [{"message": "System error", "extensions": {"code": 10000}}]},
         {"outcome": "error", "note": "It says: System error"}, **first)  # fmt: skip


if __name__ == "__main__":
    for folder in HERE.glob("*/fixtures"):
        shutil.rmtree(folder)
    cards()
    tide()
    wave()
