"""Writes saved feeds, sitemaps that are watched, and storefronts that hide something: all invented."""

from __future__ import annotations

import json
import shutil

from make_pages import HERE, case, html, product, schema

BOARD = "https://lantern-board.example"
XML = {"Content-Type": "application/xml"}


def feeds() -> None:
    said = {
        "purpose": "feed",
        "label": "feed",
        "headers": XML,
        "state": {"newest": "2026-11-01T00:00:00+00:00"},
    }
    url = f"{BOARD}/feed.xml"
    rss = f"""<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Board</title>
<item><title>Star Lantern &lt;b&gt;mug&lt;/b&gt;</title><link>{BOARD}/item/1?utm_source=rss</link><guid isPermaLink="false">1</guid><description><![CDATA[<p>Soft <i>light</i></p>]]></description><pubDate>Tue, 24 Nov 2026 08:00:00 GMT</pubDate>
<g:price>12.50 EUR</g:price><g:image_link>{BOARD}/p/1.jpg</g:image_link><g:condition>new</g:condition><g:availability>in stock</g:availability><g:gtin>4900000000013</g:gtin><dc:creator>Moon Harbor</dc:creator><category>mugs</category></item>
<item><title>Tide Fox sticker</title><link>{BOARD}/item/2</link><pubDate>Mon, 23 Nov 2026 08:00:00 +0800</pubDate></item>
<item><title>Seen before</title><link>{BOARD}/item/3</link><pubDate>Mon, 26 Oct 2026 08:00:00 GMT</pubDate></item>
<item><title>Elsewhere</title><link>https://other.example/item/4</link><enclosure url="https://other.example/4.png" type="image/png"/></item><item><title>No link</title></item></channel></rss>"""
    price = {"amount": "12.50", "currency": "EUR", "raw": "12.50 EUR", "kind": "fixed", "read_from": "feed"}
    case("feed/rss", url, rss, {"outcome": "ok", "requests": [f"{BOARD}/item/2"], "listings": [
        {"id": "item/1", "title": "Star Lantern mug", "description": "Soft light", "price": price, "pictures": [f"{BOARD}/p/1.jpg"], "condition": "new", "availability": "in_stock",
         "gtin": "4900000000013", "tags": ["mugs"], "posted_at": "2026-11-24T08:00:00+00:00", "seller": {"id": "", "name": "Moon Harbor", "url": f"{BOARD}/", "country": ""}},
        {"url": "https://other.example/item/4", "pictures": ["https://other.example/4.png"]}]}, **said)  # fmt: skip
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">星灯 &amp;amp; 立牌</title><link rel="self" href="/api/1"/><link rel="alternate" href="/item/5"/><id>tag:5</id><updated>2026-11-25T08:00:00+09:00</updated>
<summary>新</summary><author><name>夜市</name></author><link rel="enclosure" type="image/jpeg" href="/p/5.jpg"/></entry></feed>"""
    case("feed/atom", url, atom, {"outcome": "ok", "requests": [], "listings": [
        {"url": f"{BOARD}/item/5", "title": "星灯 & 立牌", "pictures": [f"{BOARD}/p/5.jpg"], "posted_at": "2026-11-25T08:00:00+09:00", "missing": ["price"]}]}, **said)  # fmt: skip
    rdf = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Board</title></channel>
<item rdf:about="{BOARD}/item/6"><title>ほしのランタン</title><link>{BOARD}/item/6</link><dc:date>2026-11-20T00:00:00+09:00</dc:date></item></rdf:RDF>"""
    case("feed/rdf", url, rdf, {"outcome": "ok", "requests": [f"{BOARD}/item/6"], "listings": []}, **said)
    crowd = "".join(
        f"<item><title>Mug {n}</title><link>{BOARD}/item/{n}</link><pubDate>Tue, 24 Nov 2026 {n % 24:02d}:00:00 GMT</pubDate></item>"
        for n in range(60)
    )
    case(
        "feed/many_entries",
        url,
        f"<rss><channel>{crowd}</channel></rss>",
        {"outcome": "ok", "note": "20 entries are looked at in the next run"},
        **said,
    )
    case("feed/cut_short", url, rss[:900], {"outcome": "ok", "note": "breaks off"}, **said)
    case(
        "feed/no_entries",
        url,
        "<rss><channel><title>Board</title></channel></rss>",
        {"outcome": "empty"},
        **said,
    )
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>'
    case("feed/entities", url, bomb, {"outcome": "changed", "note": "entities"}, **said)
    case(
        "feed/a_page_now",
        url,
        html("<h1>Welcome</h1>"),
        {"outcome": "changed", "note": "A feed was expected"},
        **said,
    )
    case(
        "feed/challenge",
        url,
        html("<p>wait</p>", head="<title>Just a moment...</title>"),
        {"outcome": "blocked"},
        **said,
    )
    entry = {"label": "entry", "state": {"title": "Tide Fox sticker"}}
    case(
        "feed/entry",
        f"{BOARD}/item/2",
        html(schema()),
        {"outcome": "ok", "listings": [{"title": "星灯 T恤", "availability": "in_stock"}]},
        **entry,
    )
    case(
        "feed/entry_without_product",
        f"{BOARD}/item/2",
        html("<p>Only words</p>"),
        {"outcome": "ok", "listings": [{"title": "Tide Fox sticker", "missing": ["price", "pictures"]}]},
        **entry,
    )


def watched() -> None:
    said = {"purpose": "sitemap", "label": "start", "state": {"depth": 0}, "headers": XML}
    rows = [
        ("old", "2026-01-01"),
        ("new", "2026-11-20"),
        ("newest", "2026-11-23T08:00:00+08:00"),
        ("undated", ""),
    ]
    body = "".join(
        f"<url><loc>{BOARD}/item/{name}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</url>"
        for name, at in rows
    )
    case("sitemap-watch/newest_first", f"{BOARD}/sitemap.xml", f"<urlset>{body}</urlset>", {
        "outcome": "ok", "note": "1 addresses have not changed for 14 days",
        "requests": [f"{BOARD}/item/newest", f"{BOARD}/item/new", f"{BOARD}/item/undated"]}, **said)  # fmt: skip
    maps = f"<sitemap><loc>{BOARD}/s-old.xml</loc><lastmod>2025-01-01</lastmod></sitemap><sitemap><loc>{BOARD}/s-new.xml</loc><lastmod>2026-11-22</lastmod></sitemap>"
    case(
        "sitemap-watch/index",
        f"{BOARD}/sitemap.xml",
        f"<sitemapindex>{maps}</sitemapindex>",
        {"outcome": "ok", "requests": [f"{BOARD}/s-new.xml"]},
        **said,
    )
    case(
        "sitemap-watch/nothing_new",
        f"{BOARD}/sitemap.xml",
        f"<urlset><url><loc>{BOARD}/item/1</loc><lastmod>2026-01-01</lastmod></url></urlset>",
        {"outcome": "empty", "note": "not changed"},
        **said,
    )
    case(
        "sitemap-watch/entities",
        f"{BOARD}/sitemap.xml",
        "<!DOCTYPE x><urlset/>",
        {"outcome": "changed"},
        **said,
    )
    case(
        "sitemap-watch/challenge",
        f"{BOARD}/item/1",
        html("<p>wait</p>", head="<title>Just a moment...</title>"),
        {"outcome": "blocked"},
        label="product",
    )
    case(
        "sitemap-watch/product",
        f"{BOARD}/item/1",
        html(schema()),
        {"outcome": "ok", "listings": [{"title": "星灯 T恤"}]},
        label="product",
    )


def storefront() -> None:
    shop, feed = "https://moon-harbor.example", {"purpose": "feed"}
    case("shopify/cart_switched_off", f"{shop}/cart.js", html("<h1>Not found</h1>"), {"outcome": "ok", "note": "does not tell its currency", "requests": [f"{shop}/products.json?limit=1&page=1"]},
         status=404, label="currency", state={"query": ""}, **feed)  # fmt: skip
    case("shopify/one_to_look_at", f"{shop}/products.json?limit=1&page=1", {"products": [product()]}, {"outcome": "ok", "listings": [], "requests": [f"{shop}/products/star-lantern-tee"]},
         label="sample", state={"query": ""}, **feed)  # fmt: skip
    ld = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Star Lantern Tee",
        "offers": {"price": "9.90", "priceCurrency": "SGD"},
    }
    first = f"{shop}/products.json?limit=250&page=1"
    case(
        "shopify/currency_on_a_page",
        f"{shop}/products/star-lantern-tee",
        html(ld),
        {"outcome": "ok", "requests": [first]},
        label="look",
        state={"query": ""},
    )
    case(
        "shopify/no_currency_anywhere",
        f"{shop}/products/star-lantern-tee",
        html("<h1>Tee</h1>"),
        {"outcome": "ok", "note": "no currency", "requests": [first]},
        label="look",
        state={"query": ""},
    )
    case("shopify/limit_reached", f"{shop}/products.json?limit=250&page=101", {"errors": "Page * Limit exceeds the 25000 limit."}, {"outcome": "ok", "note": "by its collections", "requests": [f"{shop}/collections.json?limit=250&page=1"]},
         status=400, label="list", state={"page": 101, "currency": "USD"}, **feed)  # fmt: skip
    shelves = {
        "collections": [
            {"id": 1, "handle": "tees", "products_count": 3},
            {"id": 2, "handle": "empty", "products_count": 0},
        ]
    }
    case("shopify/collections", f"{shop}/collections.json?limit=250&page=1", shelves, {"outcome": "ok", "requests": [f"{shop}/collections/tees/products.json?limit=250&page=1"]},
         label="collections", state={"page": 1, "currency": "USD"}, **feed)  # fmt: skip
    many = {"products": [product(id=n, handle=f"h{n}") for n in range(250)]}
    case("shopify/a_collection", f"{shop}/collections/tees/products.json?limit=250&page=1", many, {"outcome": "ok", "requests": [f"{shop}/collections/tees/products.json?limit=250&page=2"]},
         label="list", state={"page": 1, "currency": "USD", "collection": "tees"}, **feed)  # fmt: skip
    case(
        "shopify/switched_off",
        first,
        html("<h1>404</h1>"),
        {"outcome": "changed", "note": "myshopify.com"},
        status=404,
        label="list",
        state={"page": 1, "currency": ""},
        **feed,
    )


def pictures() -> None:
    """eBay's answers to a picture are those to words: the bodies of the recipe's saved answers."""
    url = "https://api.ebay.com/buy/browse/v1/item_summary/search_by_image?limit=200&offset=%d&fieldgroups=EXTENDED&filter=buyingOptions%%3A%%7BAUCTION%%7CFIXED_PRICE%%7D"
    for name, offset, more in (
        ("search_page1", 0, [url % 200]),
        ("search_last", 200, []),
        ("search_empty", 0, []),
        ("blocked", 0, []),
        ("changed", 0, []),
    ):
        recorded = HERE.parents[1] / "config" / "marketplaces" / "ebay" / "fixtures" / name
        said, expected = (
            json.loads((recorded / f"{file}.json").read_text("utf-8")) for file in ("exchange", "expected")
        )
        state = {
            **said["state"],
            "query": "",
            "offset": offset,
            "page": offset // 200 + 1,
            "seen": offset // 200 + 1,
            "read": offset,
        }
        case(f"ebay-image/{name}", url % offset, (recorded / "body").read_bytes(), {**expected, "requests": more},
             purpose="feed", label="search", state=state, headers=said["headers"], status=said.get("status", 200))  # fmt: skip


if __name__ == "__main__":
    for name in (
        "ebay-image",
        "feed",
        "sitemap-watch",
        "shopify/cart_switched_off",
        "shopify/one_to_look_at",
        "shopify/currency_on_a_page",
        "shopify/no_currency_anywhere",
        "shopify/limit_reached",
        "shopify/collections",
        "shopify/a_collection",
        "shopify/switched_off",
    ):
        shutil.rmtree(HERE / name, ignore_errors=True)
    feeds()
    watched()
    storefront()
    pictures()
