"""Writes pages of invented shops that the generic reader must make sense of: no mark-up, half of it, or traps."""

from __future__ import annotations

import shutil

from make_pages import HERE, case, html

SHOP = "https://lantern-street.example"
URL = f"{SHOP}/item/t-1"


def price(
    amount: str, currency: str | None, raw: str, read_from: str, kind: str = "fixed"
) -> dict[str, object]:
    return {"amount": amount, "currency": currency, "raw": raw, "kind": kind, "read_from": read_from}


def shop(name: str, page: str, *listings: dict[str, object], **expected: object) -> None:
    case(
        f"shops/{name}", URL, page, {"outcome": "ok", "listings": list(listings), **expected}, label="product"
    )


COOKIES = '<div class="cookie-consent"><h1>We value your privacy</h1><span class="price">$1</span></div>'
RELATED = '<section class="related"><h2>Also liked</h2><div class="price">$99.00</div><img src="/other.jpg"></section>'


def without_markup() -> None:
    shop("japanese_table", html(
        '<header><img src="/logo.png"></header><main><h1>ほしのランタン アクリルスタンド</h1><div><img data-src="/a.jpg"></div>'
        '<p><b>1,980円</b>(税込) <span>送料 500円</span></p><table><tr><th>商品コード</th><td>HL-204</td></tr><tr><th>JANコード</th>'
        '<td>4900000000013</td></tr><tr><th>状態</th><td>未使用に近い</td></tr><tr><th>出品者</th><td>月の港</td></tr><tr><th>在庫</th>'
        "<td>在庫あり</td></tr></table></main>", lang="ja"),
        {"title": "ほしのランタン アクリルスタンド", "price": price("1980", "JPY", "1,980円", "visible"), "condition": "used",
         "availability": "in_stock", "sku": "HL-204", "gtin": "4900000000013", "pictures": [f"{SHOP}/a.jpg"],
         "seller": {"id": "", "name": "月の港", "url": "", "country": ""}})  # fmt: skip
    shop("german_list", html(
        f'{COOKIES}<article><h1>Sternlaterne Becher</h1><div class="preis-box"><span class="preis-alt"><s>19,90 €</s></span>'
        '<span class="preis">12,50 €</span></div><ul><li>Artikelnummer: SB-77</li><li>Zustand: Neu</li><li>Auf Lager</li></ul>'
        f'<p class="stock">Sofort lieferbar</p><div class="seller"><a href="/haendler/9">Hafenladen</a></div></article>{RELATED}', lang="de"),
        {"title": "Sternlaterne Becher", "price": price("12.50", "EUR", "12,50 €", "visible"), "sku": "SB-77",
         "condition": "new", "availability": "in_stock",
         "seller": {"id": "", "name": "Hafenladen", "url": f"{SHOP}/haendler/9", "country": ""}})  # fmt: skip
    shop("chinese_spans", html(
        '<div class="goods-detail"><h1>星灯 亚克力立牌</h1><p><em>原价</em> <del>￥89.00</del></p><p><span>￥59.00</span></p>'
        '<dl><dt>货号</dt><dd>XD-59</dd><dt>品牌</dt><dd>夜市</dd><dt>成色</dt><dd>全新</dd></dl><div>店铺：夜市小铺</div></div>'),
        {"title": "星灯 亚克力立牌", "price": price("59.00", None, "￥59.00", "visible"), "sku": "XD-59", "brand": "夜市",
         "condition": "new", "seller": {"id": "", "name": "夜市小铺", "url": "", "country": ""}})  # fmt: skip
    shop("russian_far_price", html(
        '<div class="card-item"><div><div><h1>Звёздный фонарь</h1></div></div><div class="buy"><div>Цена: <b>2 990 руб.</b></div>'
        "<p>Артикул: ЗФ-12</p><p>Состояние: Б/у</p><p class='availability'>Нет в наличии</p></div></div>", lang="ru"),
        {"title": "Звёздный фонарь", "price": price("2990", "RUB", "2 990 руб.", "visible"), "sku": "ЗФ-12",
         "condition": "used", "availability": "out_of_stock"})  # fmt: skip
    shop("korean_range", html(
        '<main><h1>별등 머그컵</h1><strong class="price">12,000원 ~ 15,000원</strong><dl><dt>판매자</dt><dd>달항구</dd></dl></main>', lang="ko"),
        {"title": "별등 머그컵", "price": price("12000", "KRW", "12,000원 ~ 15,000원", "visible", "from")})  # fmt: skip
    shop("thousands_with_points", html(
        '<main><h1>Áo đèn sao</h1><p class="price">350.000 ₫</p><p>Tình trạng: Mới</p></main>', lang="vi"),
        {"price": price("350000", "VND", "350.000 ₫", "visible"), "condition": "new"})  # fmt: skip
    shop("only_a_regular_price", html(
        '<main><h1>Tide Fox Mug</h1><span class="price-item price-item--regular">US $7.50</span></main>', lang="en"),
        {"price": price("7.50", "USD", "US $7.50", "visible")})  # fmt: skip
    shop("struck_beside_the_price", html(
        '<main><h1>Tide Fox Mug</h1><p class="price"><del><span class="amount">£20.00</span></del> <ins><span class="amount">£15.00</span></ins></p>'
        '<span class="sku">TF-1</span><p>SKU: TF-1</p></main>', lang="en"),
        {"price": price("15.00", "GBP", "£15.00", "visible"), "sku": "TF-1"})  # fmt: skip
    links = "".join(
        f'<li class="product-card"><a href="/goods/{n}">Mug {n}</a><span class="price">${n}.50</span></li>'
        for n in range(12)
    )
    case("shops/a_shelf_is_no_product", f"{SHOP}/all", html(f"<main><h1>All mugs</h1><ul>{links}</ul></main>", lang="en"),
         {"outcome": "ok", "listings": [], "requests": [f"{SHOP}/goods/{n}" for n in range(12)]}, label="start")  # fmt: skip


def half_marked() -> None:
    ld = {"@context": "https://schema.org", "@type": "Product", "name": "Tide Fox Hoodie"}
    twice = {
        **ld,
        "offers": [{"price": 2879.2, "priceCurrency": "CNY"}, {"price": "2879.20", "priceCurrency": "CNY"}],
    }
    shop(
        "one_price_written_twice", html(twice), {"price": price("2879.2", "CNY", "2879.2", "jsonld")}, note=""
    )
    og = '<meta property="og:title" content="Cheap finds, every day"><meta property="og:site_name" content="Lantern Street"><meta property="product:price:amount" content="8.50"><meta property="product:price:currency" content="EUR"><meta property="product:availability" content="in stock"><meta property="product:condition" content="used"><meta property="product:retailer_item_id" content="R-5">'
    shop("slogan_for_a_title", html("<main><h1>Gefütterte Jacke</h1></main>", head=f"<title>Gefütterte Jacke | Lantern Street</title>{og}"),
         {"title": "Gefütterte Jacke", "price": price("8.50", "EUR", "8.50", "meta"), "availability": "in_stock", "condition": "used", "sku": "R-5"})  # fmt: skip
    shop("two_currencies_told", html({**ld, "offers": {"price": "9.10", "priceCurrency": "GBP"}}, head=og),
         {"price": price("9.10", "GBP", "9.10", "jsonld")}, note="also names 8.50 EUR (meta)")  # fmt: skip
    empty = {
        **ld,
        "offers": {
            "@type": "Offer",
            "price": {},
            "priceCurrency": "USD",
            "availability": "https://schema.org/SoldOut",
        },
    }
    shop("price_only_visible", html(empty, '<main><h1>Tide Fox Hoodie</h1><span class="price">A$64.00</span></main>', lang="en"),
         {"price": price("64.00", "AUD", "A$64.00", "visible"), "availability": "out_of_stock"})  # fmt: skip
    listed = {**ld, "offers": {"@type": "Offer", "priceSpecification": [
        {"@type": "UnitPriceSpecification", "price": "30.00", "priceCurrency": "USD", "priceType": "https://schema.org/ListPrice"},
        {"@type": "UnitPriceSpecification", "price": "21.00", "priceCurrency": "USD"}]}}  # fmt: skip
    shop("list_price_beside_the_price", html(listed), {"price": price("21.00", "USD", "21.00", "jsonld")})
    other = {**ld, "name": "Moon Harbor Cap", "offers": {"price": "5", "priceCurrency": "USD"}}
    own = {**ld, "offers": {"price": "35", "priceCurrency": "USD", "seller": {"name": "Harbor"}, "itemCondition": "NewCondition"},
           "gtin13": "490-0000000013", "mpn": "TFH"}  # fmt: skip
    shop("another_product_first", html(other, own, "<main><h1>Tide Fox Hoodie</h1></main>"),
         {"title": "Tide Fox Hoodie", "price": price("35", "USD", "35", "jsonld"), "gtin": "4900000000013", "mpn": "TFH"})  # fmt: skip
    group = {"@context": "https://schema.org", "@type": "ProductGroup", "name": "Tide Fox Hoodie", "hasVariant": [
        {"@type": "Product", "sku": "S", "offers": {"price": "20", "priceCurrency": "USD", "availability": "OutOfStock"}},
        {"@type": "Product", "sku": "M", "gtin": "12345670", "offers": [{"price": "20.00", "priceCurrency": "USD", "availability": "InStock"}]}]}  # fmt: skip
    shop("variants_cost_the_same", html(group),
         {"price": price("20", "USD", "20", "jsonld"), "availability": "in_stock", "sku": "S", "gtin": "12345670"})  # fmt: skip
    dong = {**ld, "offers": {"price": "350.000", "priceCurrency": "VND"}}
    shop("points_part_thousands", html(dong), {"price": price("350000", "VND", "350.000", "jsonld")})
    item = '<div itemscope itemtype="http://schema.org/Product"><b itemprop="name">{}</b><div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><meta itemprop="price" content="{}"><meta itemprop="priceCurrency" content="PLN"><link itemprop="availability" href="http://schema.org/PreOrder"></div></div>'
    shop("microdata_among_related", html(f'<div class="related">{item.format("Kubek", "9.00")}</div><h1>Bluza Lis</h1>{item.format("Bluza Lis", "149,90")}', lang="pl"),
         {"title": "Bluza Lis", "price": price("149.90", "PLN", "149,90", "microdata"), "availability": "preorder"})  # fmt: skip
    loose = '<main><h1>Taza Zorro</h1><span itemprop="price" content="189.00">$189</span><meta itemprop="priceCurrency" content="MXN"></main>'
    shop(
        "price_marked_alone",
        html(loose, lang="es"),
        {"title": "Taza Zorro", "price": price("189.00", "MXN", "189.00", "microdata")},
    )
    zoom = ('<main><h1>Poster</h1><p class="price">9 €</p><div class="product-gallery"><a href="/big/a.jpg"><picture><source srcset="/s/a.webp 300w">'
            '<img src="/s/a.jpg"></picture></a><img data-src="/b.jpg?width=90" data-srcset="/b.jpg?width=300 300w, /b.jpg?width=1500 1500w">'
            '<img src="/s/c.jpg" data-zoom-image="/big/c.jpg"></div></main>' + RELATED)  # fmt: skip
    shop(
        "zoomed_pictures",
        html(zoom),
        {"pictures": [f"{SHOP}/big/a.jpg", f"{SHOP}/b.jpg?width=1500", f"{SHOP}/big/c.jpg"]},
    )
    shop(
        "price_without_a_name",
        html('<span itemprop="price" content="3">3</span><meta itemprop="priceCurrency" content="EUR">'),
        outcome="empty",
        note="without a name",
    )


if __name__ == "__main__":
    shutil.rmtree(HERE / "shops", ignore_errors=True)
    without_markup()
    half_marked()
