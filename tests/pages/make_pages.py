"""Writes the saved pages: every shop, seller and product here is invented."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

HERE = Path(__file__).parent
SHOP = "https://moon-harbor.example"
STREET = "https://lantern-street.example"


def product(**changes: object) -> dict[str, object]:
    return {
        "id": 7001, "title": "Star Lantern Tee", "handle": "star-lantern-tee", "body_html": "<p>Soft <b>cotton</b></p>",
        "vendor": "Harbor Works", "product_type": "Shirts", "tags": ["anime", "summer"],
        "published_at": "2026-09-01T10:00:00+08:00", "updated_at": "2026-11-01T10:00:00+08:00",
        "variants": [{"id": 1, "price": "9.90", "sku": "SL-1", "available": True}],
        "images": [{"id": 1, "src": "https://cdn.moon-harbor.example/a.jpg", "width": 800}], **changes,
    }  # fmt: skip


def schema(**changes: object) -> dict[str, object]:
    return {
        "@context": "https://schema.org", "@type": "Product", "name": "星灯 T恤", "sku": "T-1",
        "image": ["/pictures/a.jpg"], "description": "柔软",
        "offers": {"@type": "Offer", "price": "59.00", "priceCurrency": "CNY", "availability": "https://schema.org/InStock",
                   "itemCondition": "https://schema.org/NewCondition", "seller": {"@type": "Organization", "name": "夜市小铺"}},
        **changes,
    }  # fmt: skip


def html(*parts: object, head: str = "", lang: str = "zh", charset: str = '<meta charset="utf-8">') -> str:
    blocks = "".join(
        f'<script type="application/ld+json">{json.dumps(p, ensure_ascii=False)}</script>'
        for p in parts
        if not isinstance(p, str)
    )
    body = "".join(p for p in parts if isinstance(p, str))
    return (
        f'<!doctype html><html lang="{lang}"><head>{charset}{head}{blocks}</head><body>{body}</body></html>'
    )


def case(
    name: str, url: str, body: object, expected: dict[str, object], *, encoding: str = "utf-8", **said: object
) -> None:
    folder = HERE / name
    folder.mkdir(parents=True)
    if isinstance(body, bytes):
        data = body
    else:
        data = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode(encoding)
    (folder / "body").write_bytes(data)
    meta = {"url": url, **said}
    (folder / "exchange.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", "utf-8")


def shopify() -> None:
    url, feed = f"{SHOP}/products.json?limit=250&page=1", {"purpose": "feed", "label": "list"}
    usd = {**feed, "state": {"page": 1, "currency": "USD"}}
    price = {"amount": "9.90", "currency": "USD", "raw": "9.90", "kind": "fixed", "read_from": "json"}
    case("shopify/one_product", url, {"products": [product(new_field=1)]}, {
        "outcome": "ok", "requests": [], "listings": [{
            "id": "7001", "url": f"{SHOP}/products/star-lantern-tee", "title": "Star Lantern Tee", "price": price,
            "description": "Soft cotton", "brand": "Harbor Works", "category": "Shirts", "tags": ["anime", "summer"],
            "seller": {"id": "moon-harbor.example", "name": "moon-harbor.example", "url": f"{SHOP}/", "country": ""},
            "pictures": ["https://cdn.moon-harbor.example/a.jpg"], "availability": "in_stock", "sku": "SL-1",
            "posted_at": "2026-09-01T10:00:00+08:00", "missing": []}]}, **usd)  # fmt: skip
    two = [{"price": "12.00", "available": False}, {"price": "9.90", "available": True}]
    case("shopify/variants_differ", url, {"products": [product(variants=two)]},
         {"outcome": "ok", "listings": [{"price": {**price, "kind": "from"}}]}, **usd)  # fmt: skip
    cdn = "https://cdn.moon-harbor.example"
    dressed = product(
        images=[{"src": f"{cdn}/a_300x300.jpg?v=7"}, {"src": f"{cdn}/b.jpg?v=7"}],
        variants=[{"price": "9.90", "featured_image": {"src": f"{cdn}/a.jpg?v=9"}},
                  {"price": "9.90", "featured_image": {"src": f"{cdn}/navy.jpg"}}, {"price": "9.90", "featured_image": None}],
        media=[{"media_type": "video", "preview_image": {"src": f"{cdn}/still.jpg"}}, {"media_type": "image", "preview_image": {"src": f"{cdn}/b_60x.jpg"}}],
    )  # fmt: skip
    case("shopify/variants_and_a_video", url, {"products": [dressed]}, {"outcome": "ok", "listings": [{
        "pictures": [f"{cdn}/a.jpg?v=9", f"{cdn}/b.jpg?v=7", f"{cdn}/navy.jpg", f"{cdn}/still.jpg"]}]}, **usd)  # fmt: skip
    crowd = product(images=[{"src": f"{cdn}/{n}.jpg"} for n in range(60)])
    case("shopify/very_many_pictures", url, {"products": [crowd]},
         {"outcome": "ok", "note": "no more than 40 pictures are taken"}, **usd)  # fmt: skip
    case("shopify/no_currency_told", url, {"products": [product()]},
         {"outcome": "ok", "listings": [{"price": {**price, "currency": None}, "missing": ["currency"]}]},
         **feed, state={"page": 1, "currency": ""})  # fmt: skip
    case("shopify/no_price_no_picture", url, {"products": [product(variants=[], images=[])]},
         {"outcome": "ok", "listings": [{"price": None, "missing": ["price", "pictures"]}]}, **usd)  # fmt: skip
    case("shopify/more_pages", url, {"products": [product(id=n, handle=f"h{n}") for n in range(250)]},
         {"outcome": "ok", "requests": [f"{SHOP}/products.json?limit=250&page=2"]}, **usd)  # fmt: skip
    case("shopify/one_broken_row", url, {"products": [product(), {"id": 1}, "odd"]},
         {"outcome": "ok", "note": "2 products could not be read"}, **usd)  # fmt: skip
    case(
        "shopify/last_page",
        url,
        {"products": []},
        {"outcome": "empty", "listings": [], "requests": []},
        **usd,
    )
    case("shopify/currency", f"{SHOP}/cart.js", {"currency": "JPY", "items": []},
         {"outcome": "ok", "requests": [url]}, purpose="feed", label="currency", state={"query": ""})  # fmt: skip
    case("shopify/currency_and_query", f"{SHOP}/cart.js", {"currency": "JPY"}, {
        "outcome": "ok",
        "requests": [f"{SHOP}/search/suggest.json?q=%E6%98%9F%E7%81%AF&resources%5Btype%5D=product&resources%5Blimit%5D=10"],
    }, purpose="feed", label="currency", state={"query": "星灯"})  # fmt: skip
    suggested = {
        "resources": {
            "results": {"products": [product(image="https://cdn.moon-harbor.example/b.jpg", images=None)]}
        }
    }
    case("shopify/suggestions", f"{SHOP}/search/suggest.json?q=x", suggested,
         {"outcome": "ok", "listings": [{"pictures": ["https://cdn.moon-harbor.example/b.jpg"]}]},
         purpose="feed", label="suggest", state={"currency": "USD"})  # fmt: skip
    case("shopify/password_page", url, "<html><title>Opening soon</title><form action='/password'><input type=password></form>",
         {"outcome": "blocked", "note": "password", "listings": []}, **usd)  # fmt: skip
    case("shopify/challenge", url, "<html><head><title>Just a moment...</title></head><body>checking</body></html>",
         {"outcome": "blocked", "note": "challenge"}, **usd)  # fmt: skip
    case(
        "shopify/not_json",
        url,
        "<html><title>Moon Harbor</title><h1>Welcome</h1>",
        {"outcome": "changed"},
        **usd,
    )
    case(
        "shopify/other_shape",
        url,
        {"items": []},
        {"outcome": "changed", "note": "no list of products"},
        **usd,
    )
    case("shopify/error_said", url, {"errors": "Page * Limit exceeds the 25000 limit."},
         {"outcome": "error", "note": "25000"}, **usd)  # fmt: skip


def schema_org() -> None:
    url, as_product = f"{STREET}/item/t-1", {"label": "product"}
    price = {"amount": "59.00", "currency": "CNY", "raw": "59.00", "kind": "fixed", "read_from": "jsonld"}
    case("schema-org/jsonld", f"{url}?utm_source=mail", html(schema()), {
        "outcome": "ok", "listings": [{
            "id": "item/t-1", "title": "星灯 T恤", "price": price, "pictures": [f"{STREET}/pictures/a.jpg"], "sku": "T-1",
            "seller": {"id": "", "name": "夜市小铺", "url": "", "country": ""}, "condition": "new",
            "availability": "in_stock", "description": "柔软", "language": "zh", "missing": []}]}, **as_product)  # fmt: skip
    case("schema-org/graph", url, html({"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, schema()]}),
         {"outcome": "ok", "listings": [{"title": "星灯 T恤", "price": price}]}, **as_product)  # fmt: skip
    case("schema-org/no_price", url, html(schema(offers={"@type": "Offer", "availability": "InStock"})),
         {"outcome": "ok", "listings": [{"price": None, "missing": ["price"]}]}, **as_product)  # fmt: skip
    for name, nonsense in (("object", {}), ("nan", "NaN"), ("negative", "-3"), ("words", "call us")):
        offer = {"price": nonsense, "priceCurrency": "CNY"}
        case(f"schema-org/price_{name}", url, html(schema(offers=offer)),
             {"outcome": "ok", "listings": [{"price": None}]}, **as_product)  # fmt: skip
    aggregate = {"@type": "AggregateOffer", "lowPrice": 12, "highPrice": "30", "priceCurrency": "EUR"}
    case("schema-org/aggregate_offer", url, html(schema(offers=aggregate)), {"outcome": "ok", "listings": [{
        "price": {"amount": "12", "currency": "EUR", "raw": "12", "kind": "from", "read_from": "jsonld"}}]}, **as_product)  # fmt: skip
    group = {"@type": "ProductGroup", "name": "Tide Fox Hoodie", "hasVariant": [
        {"@type": "Product", "image": "/s.jpg", "offers": {"price": "20", "priceCurrency": "USD"}},
        {"@type": "Product", "image": "/m.jpg", "offers": {"price": "25", "priceCurrency": "USD"}}]}  # fmt: skip
    case("schema-org/product_group", url, html(group, lang="en"), {"outcome": "ok", "listings": [{
        "price": {"amount": "20", "currency": "USD", "raw": "20", "kind": "from", "read_from": "jsonld"},
        "pictures": [f"{STREET}/s.jpg", f"{STREET}/m.jpg"]}]}, **as_product)  # fmt: skip
    filmed = schema(image={"@type": "ImageObject", "contentUrl": "/pictures/a.jpg"},
                    video={"@type": "VideoObject", "thumbnailUrl": ["/stills/1.jpg"], "contentUrl": "/film.mp4"},
                    associatedMedia=[{"@type": "https://schema.org/VideoObject", "thumbnail": {"@type": "ImageObject", "url": "/stills/2.jpg"}}])  # fmt: skip
    case("schema-org/video_thumbnails", url, html(filmed), {"outcome": "ok", "listings": [{
        "pictures": [f"{STREET}/pictures/a.jpg", f"{STREET}/stills/1.jpg", f"{STREET}/stills/2.jpg"]}]}, **as_product)  # fmt: skip
    hall = ('<div class="product-gallery"><a href="/pictures/a.jpg"><img src="/pictures/a-100x100.jpg"></a>'
            '<img src="data:image/gif;base64,R0lGOD" data-src="/pictures/b.jpg?width=80" data-srcset="/pictures/b.jpg?width=400 400w, /pictures/b.jpg?width=1600 1600w">'
            '<img src="/t.jpg" data-zoom-image="/pictures/c.jpg"><video poster="/stills/poster.jpg" src="/film.mp4"></video>'
            '<picture><source srcset="/pictures/d.webp 1x, /pictures/d-large.webp 2x"></picture></div>'
            '<div class="related-products"><div class="product-image"><img src="/other.jpg"></div></div><img src="/logo.png">')  # fmt: skip
    case("schema-org/gallery", url, html(schema(), hall), {"outcome": "ok", "listings": [{
        "pictures": [f"{STREET}/pictures/a.jpg", f"{STREET}/pictures/b.jpg?width=1600", f"{STREET}/pictures/c.jpg",
                     f"{STREET}/stills/poster.jpg", f"{STREET}/pictures/d-large.webp"]}]}, **as_product)  # fmt: skip
    case("schema-org/very_many_pictures", url, html(schema(image=[f"/pictures/{n}.jpg" for n in range(70)])),
         {"outcome": "ok", "note": "The page shows 70 pictures; the first 40 are taken."}, **as_product)  # fmt: skip
    specification = {"@type": "Offer", "priceSpecification": {"price": 1980, "priceCurrency": "JPY"}}
    case("schema-org/price_specification", url, html(schema(offers=specification)), {"outcome": "ok", "listings": [{
        "price": {"amount": "1980", "currency": "JPY", "raw": "1980", "kind": "fixed", "read_from": "jsonld"}}]}, **as_product)  # fmt: skip
    og = '<meta property="og:title" content="Slogan"><meta property="product:price:amount" content="8.50"><meta property="product:price:currency" content="USD">'
    case(
        "schema-org/two_currencies",
        url,
        html(schema(), head=og),
        {"outcome": "ok", "listings": [{"title": "星灯 T恤", "price": price}]},
        **as_product,
    )
    case("schema-org/meta_only", url, html(head=og + '<meta property="og:image" content="//cdn.lantern-street.example/o.jpg">'), {"outcome": "ok", "listings": [{
        "title": "Slogan", "price": {"amount": "8.50", "currency": "USD", "raw": "8.50", "kind": "fixed", "read_from": "meta"},
        "pictures": ["https://cdn.lantern-street.example/o.jpg"]}]}, **as_product)  # fmt: skip
    micro = ('<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Звёздный фонарь</h1>'
             '<img itemprop="image" src="/p.jpg"><div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
             '<span itemprop="price" content="990">990 ₽</span><meta itemprop="priceCurrency" content="RUB">'
             '<span itemprop="seller" itemscope itemtype="https://schema.org/Organization"><b itemprop="name">Лавка у моста</b></span></div></div>')  # fmt: skip
    case("schema-org/microdata", url, html(micro, lang="ru"), {"outcome": "ok", "listings": [{
        "title": "Звёздный фонарь", "pictures": [f"{STREET}/p.jpg"], "language": "ru",
        "seller": {"id": "", "name": "Лавка у моста", "url": "", "country": ""},
        "price": {"amount": "990", "currency": "RUB", "raw": "990", "kind": "fixed", "read_from": "microdata"}}]}, **as_product)  # fmt: skip
    shown = '<main><h1>Tide Fox Mug</h1><s class="price">$20.00</s><span class="price--old">$19</span><span class="price">$7.50</span><img src="a.jpg" srcset="a.jpg 400w, b.jpg 1200w"></main>'
    case("schema-org/visible_only", url, html(shown, lang="en"), {"outcome": "ok", "listings": [{
        "title": "Tide Fox Mug", "pictures": [f"{STREET}/item/b.jpg"],
        "price": {"amount": "7.50", "currency": "USD", "raw": "$7.50", "kind": "fixed", "read_from": "visible"}}]}, **as_product)  # fmt: skip
    case("schema-org/broken_block", url, html(schema(), head='<script type="application/ld+json">{"@type": </script>'),
         {"outcome": "ok", "note": "block 1 is broken", "listings": [{"title": "星灯 T恤"}]}, **as_product)  # fmt: skip
    deep = '<script type="application/ld+json">' + "[" * 20000 + "]" * 20000 + "</script>"
    case(
        "schema-org/nested_to_death",
        url,
        html(schema(), head=deep),
        {"outcome": "ok", "listings": [{"title": "星灯 T恤"}]},
        **as_product,
    )
    case("schema-org/markup_in_the_title", url, html(schema(name="<b>星灯</b> \u202e")),
         {"outcome": "ok", "listings": [{"title": "<b>星灯</b> \u202e"}]}, **as_product)  # fmt: skip
    words = {
        "shift_jis": ("ほしのランタン アクリルスタンド 新品です。送料無料でお届けします", "ja"), "euc_jp": ("ほしのランタン キーホルダー 限定品を販売しています", "ja"),
        "gb18030": ("星灯周边短袖现货包邮，质量很好，欢迎选购我们的商品", "zh"), "big5": ("星燈周邊壓克力立牌，現貨供應，歡迎選購我們的商品", "zh-Hant"),
        "euc_kr": ("별등 머그컵 무료배송 정품 아닙니다 좋은 상품입니다", "ko"), "windows-1251": ("Звёздный фонарь, футболка из хлопка, доставка по всей стране", "ru"),
    }  # fmt: skip
    for encoding, (title, lang) in words.items():
        case(f"schema-org/undeclared_{encoding.replace('-', '_')}", url, html(schema(name=title), lang=lang, charset="").replace("柔软", "").replace("夜市小铺", "shop"),
             {"outcome": "ok", "listings": [{"title": title}]}, encoding=encoding, headers={"Content-Type": "text/html"}, **as_product)  # fmt: skip
    items = [{"@type": "ListItem", "position": n, "url": f"/item/{n}"} for n in (1, 2)]
    shelf = html({"@type": "ItemList", "itemListElement": items}, '<a rel="next" href="/all?page=2">more</a>')
    case("schema-org/item_list", f"{STREET}/all", shelf,
         {"outcome": "ok", "listings": [], "requests": [f"{STREET}/item/1", f"{STREET}/item/2", f"{STREET}/all?page=2"]}, label="start")  # fmt: skip
    cards = "".join(f'<li class="product-card"><a href="/goods/{n}">x</a></li>' for n in range(5))
    case("schema-org/cards", f"{STREET}/all", html(f"<ul>{cards}</ul><a href='https://elsewhere.example/item/9'>ad</a>"),
         {"outcome": "ok", "requests": [f"{STREET}/goods/{n}" for n in range(5)]}, label="start")  # fmt: skip
    case(
        "schema-org/no_goods",
        f"{STREET}/about",
        html("<h1>About us</h1>"),
        {"outcome": "empty"},
        label="start",
    )
    case(
        "schema-org/challenge",
        url,
        html("<p>wait</p>", head="<title>Just a moment...</title>"),
        {"outcome": "blocked", "note": "challenge"},
        **as_product,
    )
    case(
        "schema-org/captcha",
        url,
        html('<h2>请完成人机验证</h2><div id="captcha"></div>'),
        {"outcome": "blocked", "note": "captcha"},
        **as_product,
    )
    case(
        "schema-org/a_pdf_now",
        url,
        b"%PDF-1.7 ...",
        {"outcome": "changed", "note": "application/pdf"},
        headers={"Content-Type": "application/pdf"},
        **as_product,
    )
    case("schema-org/gone", url, html("gone"), {"outcome": "empty", "note": "gone"}, status=404, **as_product)
    maps = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{STREET}/item/1</loc></url><url><loc>{STREET}/about</loc></url><url><loc>https://other.example/item/3</loc></url></urlset>'
    case("schema-org/sitemap", f"{STREET}/sitemap.xml", f'<?xml version="1.0"?>{maps}',
         {"outcome": "ok", "requests": [f"{STREET}/item/1"], "note": "1 addresses lead to other hosts"}, purpose="sitemap", label="start", state={"depth": 0})  # fmt: skip
    index = f"<sitemapindex><sitemap><loc>{STREET}/s1.xml.gz</loc></sitemap></sitemapindex>"
    case(
        "schema-org/sitemap_index",
        f"{STREET}/sitemap.xml",
        index,
        {"outcome": "ok", "requests": [f"{STREET}/s1.xml.gz"]},
        purpose="sitemap",
        label="start",
        state={"depth": 0},
    )
    case(
        "schema-org/sitemap_too_deep",
        f"{STREET}/sitemap.xml",
        index,
        {"outcome": "empty", "note": "deeper than 2"},
        purpose="sitemap",
        label="sitemap",
        state={"depth": 2},
    )
    laughs = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    case(
        "schema-org/sitemap_entities",
        f"{STREET}/sitemap.xml",
        laughs,
        {"outcome": "changed", "note": "entities"},
        purpose="sitemap",
        label="start",
        state={"depth": 0},
    )


if __name__ == "__main__":
    for name in ("shopify", "schema-org"):
        shutil.rmtree(HERE / name, ignore_errors=True)
    shopify()
    schema_org()
