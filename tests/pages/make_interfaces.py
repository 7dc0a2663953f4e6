"""Writes the saved answers of the recipes that come with the package: documented formats, invented shops and goods.

Every answer is modelled on what the interface's own or its users' texts say of it; none was recorded.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import quote

PLACE = Path(__file__).parents[2] / "config" / "marketplaces"
ORIGIN = {
    "kind": "modelled",
    "date": "2026-11-26",
    "licence": "invented after documented formats; Apache-2.0",
    "confirmed": False,
}
FIRST = {"seen": 1, "read": 0, "page": 1, "offset": 0, "cursor": "", "query": "star lantern"}
CHALLENGE = "<html><head><title>Access denied</title></head><h1>Access denied</h1></html>"
CDN = "https://cdn.pictures.example"


def case(
    name: str,
    url: str,
    body: object,
    outcome: str,
    note: str = "",
    listings: object = (),
    requests: object = None,
    **said: object,
) -> None:
    recipe, fixture = name.split("/")
    folder = PLACE / recipe / "fixtures" / fixture
    folder.mkdir(parents=True)
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=1)
    (folder / "body").write_text(text + "\n", "utf-8")
    kind = "text/html" if isinstance(body, str) else "application/json"
    exchange = {
        "url": url,
        "purpose": "feed",
        "label": "search",
        "state": FIRST,
        "headers": {"Content-Type": kind},
        **said,
        "from": ORIGIN,
    }
    expected = {
        "outcome": outcome,
        "note": note,
        "listings": listings,
        **({} if requests is None else {"requests": requests}),
    }
    for file, value in (("exchange.json", exchange), ("expected.json", expected)):
        (folder / file).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def price(amount: str, currency: str, kind: str = "fixed") -> dict[str, object]:
    return {"amount": amount, "currency": currency, "raw": amount, "kind": kind, "read_from": "json"}


def seller(key: str, name: str, url: str = "", country: str = "") -> dict[str, str]:
    return {"id": key, "name": name, "url": url, "country": country}


def later(**moves: object) -> dict[str, object]:
    return {"state": {**FIRST, **moves}}


def ebay() -> None:
    url = "https://api.ebay.com/buy/browse/v1/item_summary/search?q=star+lantern&limit=200&offset=%d&fieldgroups=EXTENDED&sort=newlyListed&filter=buyingOptions%%3A%%7BAUCTION%%7CFIXED_PRICE%%7D"
    one = {"itemId": "v1|256000000001|0", "legacyItemId": "256000000001", "title": "Star Lantern acrylic stand", "condition": "New", "conditionId": "1000",
           "itemWebUrl": "https://www.ebay.com/itm/256000000001?_skw=star+lantern&hash=item3b", "image": {"imageUrl": f"{CDN}/g/a/s-l1600.jpg"},
           "additionalImages": [{"imageUrl": f"{CDN}/g/b/s-l1600.jpg"}], "thumbnailImages": [{"imageUrl": f"{CDN}/g/a/s-l225.jpg"}],
           "price": {"value": "12.61", "currency": "USD", "convertedFromValue": "9.90", "convertedFromCurrency": "GBP"},
           "seller": {"username": "seller-1", "feedbackScore": 12, "feedbackPercentage": "99.0"}, "itemLocation": {"country": "GB", "postalCode": "SW1***", "city": "Harbour"},
           "buyingOptions": ["FIXED_PRICE"], "categories": [{"categoryId": "1", "categoryName": "Anime merchandise"}], "shortDescription": "A <b>stand</b>",
           "itemCreationDate": "2026-11-20T08:00:00.000Z", "epid": "1", "shippingOptions": [{"shippingCostType": "FIXED"}]}  # fmt: skip
    bid = {"itemId": "v1|256000000002|0", "legacyItemId": "256000000002", "title": "Star Lantern tee", "condition": "Pre-owned", "itemWebUrl": "https://www.ebay.com/itm/256000000002",
           "thumbnailImages": [{"imageUrl": f"{CDN}/g/c/s-l225.jpg"}], "currentBidPrice": {"value": "5.50", "currency": "USD"}, "bidCount": 2,
           "buyingOptions": ["AUCTION"], "seller": {"username": "seller-2"}, "itemLocation": {"country": "CN"}, "itemEndDate": "2026-12-01T08:00:00.000Z"}  # fmt: skip
    said = [{"id": "256000000001", "url": "https://www.ebay.com/itm/256000000001", "title": "Star Lantern acrylic stand", "price": price("9.90", "GBP"),
             "seller": seller("seller-1", "seller-1", country="GB"), "ships_from": "GB", "condition": "new", "description": "A stand", "category": "Anime merchandise",
             "pictures": [f"{CDN}/g/a/s-l1600.jpg", f"{CDN}/g/b/s-l1600.jpg"], "posted_at": "2026-11-20T08:00:00+00:00", "missing": []},
            {"id": "256000000002", "price": price("5.50", "USD", "auction"), "condition": "used", "pictures": [f"{CDN}/g/c/s-l225.jpg"], "ships_from": "CN"}]  # fmt: skip
    case(
        "ebay/search_page1",
        url % 0,
        {
            "href": url % 0,
            "total": 202,
            "limit": 200,
            "offset": 0,
            "itemSummaries": [one, bid],
            "warnings": [],
        },
        "ok",
        listings=said,
        requests=[url % 200],
    )
    case(
        "ebay/search_last",
        url % 200,
        {"total": 202, "limit": 200, "offset": 200, "itemSummaries": [bid, one]},
        "ok",
        listings=[{}, {}],
        requests=[],
        **later(seen=2, read=200, page=2, offset=200),
    )
    case("ebay/search_empty", url % 0, {"href": url % 0, "total": 0, "limit": 200, "offset": 0}, "empty")
    case("ebay/blocked", url % 0, CHALLENGE, "blocked", status=403)
    case("ebay/changed", url % 0, {"total": 2, "items": [one]}, "changed", "itemSummaries")
    wrong = {
        "errors": [
            {
                "errorId": 12002,
                "domain": "API_BROWSE",
                "category": "REQUEST",
                "message": "Invalid.",
                "longMessage": "The 'offset' value should be 0 or a multiple of 'limit'.",
            }
        ]
    }
    case("ebay/refused_words", url % 3, wrong, "error", "multiple of 'limit'", status=400)


def rakuten() -> None:
    url = "https://openapi.rakuten.co.jp/ichibams/api/IchibaItem/Search/20260701?format=json&formatVersion=2&keyword=star+lantern&hits=30&page=%d&sort=-updateTimestamp"
    shop = "https://www.rakuten.co.jp/moonharbor/"
    one = {"itemName": "ほしのランタン アクリルスタンド", "catchcopy": "新作", "itemCode": "moonharbor:10000001", "itemPrice": 1980, "itemCaption": "高さ15cm",
           "itemUrl": "https://item.rakuten.co.jp/moonharbor/hl-204/?rafcid=wsc_i_is_1", "affiliateUrl": "", "mediumImageUrls": [f"{CDN}/cabinet/a.jpg?_ex=128x128"],
           "smallImageUrls": [f"{CDN}/cabinet/a.jpg?_ex=64x64"], "shopName": "seller-1", "shopCode": "moonharbor", "shopUrl": f"{shop}?rafcid=wsc", "availability": 1, "taxFlag": 0,
           "postageFlag": 1, "reviewCount": 0, "reviewAverage": 0, "genreId": "101", "tagIds": [], "pointRate": 1}  # fmt: skip
    said = {"id": "moonharbor:10000001", "url": "https://item.rakuten.co.jp/moonharbor/hl-204/", "title": "ほしのランタン アクリルスタンド", "price": price("1980", "JPY"),
            "seller": seller("moonharbor", "seller-1", shop, "JP"), "pictures": [f"{CDN}/cabinet/a.jpg"], "availability": "in_stock", "description": "高さ15cm", "missing": []}  # fmt: skip
    head = {"count": 31, "page": 1, "first": 1, "last": 30, "hits": 30, "pageCount": 2}
    case("rakuten/search_page1", url % 1, {**head, "Items": [one]}, "ok", listings=[said], requests=[url % 2])
    sold = {**one, "itemCode": "moonharbor:10000002", "availability": 0, "mediumImageUrls": []}
    case(
        "rakuten/search_last",
        url % 2,
        {**head, "page": 2, "items": [sold]},
        "ok",
        listings=[{"id": "moonharbor:10000002", "availability": "out_of_stock"}],
        requests=[],
        **later(seen=2, read=30, page=2, offset=30),
    )
    wrapped = {**one, "mediumImageUrls": [{"imageUrl": f"{CDN}/cabinet/a.jpg?_ex=128x128"}]}
    case(
        "rakuten/wrapped",
        url % 1,
        {**head, "pageCount": 1, "Items": [{"Item": wrapped}]},
        "ok",
        listings=[said],
        requests=[],
    )
    case("rakuten/search_empty", url % 1, {**head, "count": 0, "pageCount": 0, "Items": []}, "empty")
    refused = {"errors": {"errorCode": 403, "errorMessage": "REQUEST_CONTEXT_BODY_HTTP_REFERRER_MISSING"}}
    case("rakuten/blocked", url % 1, refused, "blocked", "must be those that were registered", status=403)
    case("rakuten/changed", url % 1, {"count": 3, "results": [one]}, "changed")
    case(
        "rakuten/wrong_words",
        url % 1,
        {"error": "wrong_parameter", "error_description": "keyword is not valid"},
        "error",
        "keyword is not valid",
        status=400,
    )


def yahoo() -> None:
    url = "https://shopping.yahooapis.jp/ShoppingWebService/V3/itemSearch?query=star+lantern&results=50&start=%d&image_size=600&sort=-score"
    one = {"index": 1, "name": "ほしのランタン Tシャツ", "description": "<b>綿</b>100%", "headLine": "", "url": "https://store.shopping.yahoo.co.jp/moonharbor/hl-1.html", "inStock": True,
           "code": "moonharbor_hl-1", "condition": "new", "imageId": "x", "image": {"small": f"{CDN}/i/c/x", "medium": f"{CDN}/i/g/x"}, "exImage": {"url": f"{CDN}/i/l/x", "width": 600, "height": 600},
           "price": 2480, "premiumPrice": 2480, "priceLabel": {"taxable": True, "defaultPrice": 2480, "discountedPrice": None}, "janCode": "4900000000013", "brand": {"id": 1, "name": "Harbor"},
           "genreCategory": {"id": 2, "name": "Tシャツ", "depth": 3}, "seller": {"sellerId": "moonharbor", "name": "seller-1", "url": "https://store.shopping.yahoo.co.jp/moonharbor/", "isBestSeller": False}}  # fmt: skip
    said = {"id": "moonharbor_hl-1", "title": "ほしのランタン Tシャツ", "price": price("2480", "JPY"), "description": "綿 100%", "pictures": [f"{CDN}/i/l/x"], "condition": "new", "availability": "in_stock",
            "gtin": "4900000000013", "brand": "Harbor", "category": "Tシャツ", "seller": seller("moonharbor", "seller-1", "https://store.shopping.yahoo.co.jp/moonharbor/", "JP")}  # fmt: skip
    case(
        "yahoo-shopping-jp/search_page1",
        url % 1,
        {"totalResultsAvailable": 51, "totalResultsReturned": 50, "firstResultsPosition": 1, "hits": [one]},
        "ok",
        listings=[said],
        requests=[url % 51],
        **later(offset=1),
    )
    used = {**one, "code": "moonharbor_hl-2", "condition": "used", "inStock": False}
    case("yahoo-shopping-jp/search_last", url % 51, {"totalResultsAvailable": 51, "totalResultsReturned": 1, "firstResultPosition": 51, "hits": [used]}, "ok",
         listings=[{"condition": "used", "availability": "out_of_stock"}], requests=[], **later(seen=2, read=50, page=2, offset=51))  # fmt: skip
    case(
        "yahoo-shopping-jp/search_empty",
        url % 1,
        {"totalResultsAvailable": 0, "totalResultsReturned": 0, "hits": []},
        "empty",
    )
    case(
        "yahoo-shopping-jp/blocked",
        url % 1,
        {"Error": {"Message": "Your Request was Forbidden"}},
        "blocked",
        "Forbidden",
        status=403,
    )
    case("yahoo-shopping-jp/changed", url % 1, {"ResultSet": {"0": one}}, "changed")


def etsy() -> None:
    url = "https://openapi.etsy.com/v3/application/listings/active?keywords=star+lantern&limit=100&offset=%d&sort_on=created&sort_order=desc"
    one = {"listing_id": 1500000001, "user_id": 9, "shop_id": 77, "title": "Star Lantern sticker &amp; pin", "description": "Drawn by code", "state": "active", "original_creation_timestamp": 1790000000,
           "last_modified_timestamp": 1790001000, "quantity": 3, "url": "https://www.etsy.com/listing/1500000001/star-lantern-sticker?ref=api", "tags": ["sticker"], "language": "en", "has_variations": False,
           "price": {"amount": 1250, "divisor": 100, "currency_code": "EUR"}}  # fmt: skip
    look = "https://openapi.etsy.com/v3/application/listings/1500000001?includes=Images,Shop"
    case("etsy/search_page1", url % 0, {"count": 101, "results": [one]}, "ok", requests=[look, url % 100])
    case(
        "etsy/search_last",
        url % 100,
        {"count": 101, "results": [one]},
        "ok",
        requests=[look],
        **later(seen=2, read=100, page=2, offset=100),
    )
    case("etsy/search_empty", url % 0, {"count": 0, "results": []}, "empty")
    case(
        "etsy/blocked",
        url % 0,
        {"error": "API key not found or not active"},
        "blocked",
        "not active",
        status=403,
    )
    case("etsy/changed", url % 0, {"count": 1, "listings": [one]}, "changed")
    case(
        "etsy/too_far",
        url % 12100,
        {"error": "Offset provided is greater than the maximum offset allowed"},
        "error",
        "maximum offset",
        status=400,
    )
    carried = {
        "id": "1500000001",
        "url": "https://www.etsy.com/listing/1500000001/star-lantern-sticker",
        "title": "Star Lantern sticker & pin",
        "price": price("12.5", "EUR", "from"),
    }
    state = {"id": "1500000001", "url": carried["url"], "query": "star lantern", "said": json.dumps(carried)}
    full = {
        **one,
        "images": [{"url_570xN": f"{CDN}/570.jpg", "url_fullxfull": f"{CDN}/full.jpg"}],
        "shop": {"shop_id": 77, "shop_name": "seller-1", "url": "https://www.etsy.com/shop/seller-1"},
    }
    case("etsy/detail_full", look, full, "ok", listings=[{"id": "1500000001", "price": price("12.5", "EUR", "from"), "pictures": [f"{CDN}/full.jpg"],
         "seller": seller("77", "seller-1", "https://www.etsy.com/shop/seller-1")}], label="detail", state=state)  # fmt: skip


def aliexpress() -> None:
    url = "https://api-sg.aliexpress.com/sync?method=aliexpress.affiliate.product.query&format=json&v=2.0"
    one = {"product_id": 1005000000001, "product_title": "Star Lantern plush", "product_detail_url": "https://www.aliexpress.com/item/1005000000001.html?pdp_npi=4", "promotion_link": "https://s.click.example/e",
           "product_main_image_url": f"{CDN}/kf/a.jpg", "product_small_image_urls": {"string": [f"{CDN}/kf/a.jpg", f"{CDN}/kf/b.jpg"]}, "sale_price": "45.50", "sale_price_currency": "CNY",
           "target_sale_price": "6.30", "target_sale_price_currency": "USD", "shop_id": 110000001, "shop_url": "https://www.aliexpress.com/store/110000001", "first_level_category_name": "Toys",
           "second_level_category_name": "Plush", "lastest_volume": 31}  # fmt: skip
    said = {"id": "1005000000001", "url": "https://www.aliexpress.com/item/1005000000001.html", "title": "Star Lantern plush", "price": price("45.50", "CNY"), "category": "Plush",
            "pictures": [f"{CDN}/kf/a.jpg", f"{CDN}/kf/b.jpg"], "seller": seller("110000001", "", "https://www.aliexpress.com/store/110000001", "CN")}  # fmt: skip

    def answer(total: int, *rows: object) -> object:
        result = {
            "current_page_no": 1,
            "current_record_count": len(rows),
            "total_record_count": total,
            "products": {"product": list(rows)},
        }
        return {
            "aliexpress_affiliate_product_query_response": {
                "resp_result": {"resp_code": 200, "resp_msg": "Call succeeds", "result": result}
            }
        }

    flat = {
        **one,
        "product_id": 1005000000002,
        "product_small_image_urls": [f"{CDN}/kf/c.jpg"],
        "sale_price": None,
    }
    case("aliexpress/search_page1", url, answer(51, one, flat), "ok", requests=[url], listings=[
        said, {"id": "1005000000002", "price": price("6.30", "USD"), "pictures": [f"{CDN}/kf/a.jpg", f"{CDN}/kf/c.jpg"]}])  # fmt: skip
    case(
        "aliexpress/search_last",
        url,
        answer(51, one),
        "ok",
        listings=[said],
        requests=[],
        **later(seen=2, read=50, page=2, offset=50),
    )
    none = {
        "aliexpress_affiliate_product_query_response": {
            "resp_result": {"resp_code": 405, "resp_msg": "The result is empty"}
        }
    }
    case("aliexpress/search_empty", url, none, "empty")
    case(
        "aliexpress/blocked",
        url,
        {
            "error_response": {
                "code": "IncompleteSignature",
                "msg": "The request signature does not conform",
                "type": "ISV",
            }
        },
        "blocked",
        "signature",
    )
    case("aliexpress/changed", url, {"resp_result": {"result": {}}}, "changed")
    case(
        "aliexpress/trouble",
        url,
        {
            "error_response": {
                "code": "15",
                "msg": "Remote service error",
                "sub_code": "isp.top",
                "sub_msg": "try later",
            }
        },
        "error",
        "try later",
    )


def shopee() -> None:
    url = "https://open-api.affiliate.shopee.sg/graphql"
    one = {"itemId": 7890123, "productName": "Star Lantern mug", "priceMin": "8.90", "priceMax": "10.90", "imageUrl": f"{CDN}/file/x", "shopId": 123456, "shopName": "seller-1",
           "productLink": "https://shopee.sg/product/123456/7890123", "sales": 3, "ratingStar": "4.9"}  # fmt: skip
    said = {"id": "123456.7890123", "url": "https://shopee.sg/product/123456/7890123", "title": "Star Lantern mug", "price": price("8.90", "SGD", "from"), "pictures": [f"{CDN}/file/x"],
            "seller": seller("123456", "seller-1", country="SG")}  # fmt: skip

    def answer(more: bool, *rows: object) -> object:
        return {
            "data": {
                "productOfferV2": {
                    "nodes": list(rows),
                    "pageInfo": {"page": 1, "limit": 50, "hasNextPage": more, "scrollId": None},
                }
            }
        }

    case("shopee/search_page1", url, answer(True, one), "ok", listings=[said], requests=[url])
    case(
        "shopee/search_last",
        url,
        answer(False, one),
        "ok",
        listings=[said],
        requests=[],
        **later(seen=2, read=50, page=2, offset=50),
    )
    case("shopee/search_empty", url, answer(False), "empty")
    case(
        "shopee/blocked",
        url,
        {"errors": [{"message": "error [10020]: Invalid Signature", "extensions": {"code": 10020}}]},
        "blocked",
        "Invalid Signature",
    )
    case("shopee/changed", url, {"data": {"offers": []}}, "changed")
    case(
        "shopee/trouble",
        url,
        {"errors": [{"message": "error [10000]: System error", "extensions": {"code": 10000}}]},
        "error",
        "System error",
    )


def amazon() -> None:
    url = "https://creatorsapi.amazon/catalog/v1/searchItems"
    one = {"asin": "B0ABCDEFGH", "detailPageURL": "https://www.amazon.com/dp/B0ABCDEFGH?tag=x-20&linkCode=osi", "images": {"primary": {"large": {"url": f"{CDN}/I/a._SL500_.jpg"}, "hiRes": {"url": f"{CDN}/I/a.jpg"}}},
           "itemInfo": {"title": {"displayValue": "Star Lantern figure"}, "byLineInfo": {"brand": {"displayValue": "Harbor"}}, "externalIds": {"eans": {"displayValues": ["4900000000013"]}}},
           "offersV2": {"listings": [{"price": {"money": {"amount": 39.9, "currency": "USD", "displayAmount": "$39.90"}}, "merchantInfo": {"id": "A1", "name": "seller-1"}, "condition": {"value": "New"}, "isBuyBoxWinner": True}]}}  # fmt: skip
    said = {"id": "B0ABCDEFGH", "url": "https://www.amazon.com/dp/B0ABCDEFGH", "title": "Star Lantern figure", "price": price("39.9", "USD"), "brand": "Harbor", "gtin": "4900000000013",
            "seller": seller("A1", "seller-1"), "condition": "new", "pictures": [f"{CDN}/I/a.jpg"]}  # fmt: skip
    case(
        "amazon/search_page1",
        url,
        {"searchResult": {"totalResultCount": 11, "searchURL": "https://www.amazon.com/s", "items": [one]}},
        "ok",
        listings=[said],
        requests=[url],
    )
    case(
        "amazon/search_last",
        url,
        {"searchResult": {"totalResultCount": 11, "items": [one]}},
        "ok",
        listings=[said],
        requests=[],
        **later(seen=2, read=10, page=2, offset=10),
    )
    case("amazon/search_empty", url, {"searchResult": {"totalResultCount": 0, "items": []}}, "empty")
    case(
        "amazon/blocked",
        url,
        {
            "errors": [
                {
                    "code": "AssociateNotEligible",
                    "message": "Your account does not currently meet the eligibility requirements.",
                }
            ]
        },
        "blocked",
        "enough sales",
        status=403,
    )
    case("amazon/changed", url, {"SearchResult": {"Items": [one]}}, "changed")


def itunes() -> None:
    url = "https://itunes.apple.com/search?term=star+lantern&country=US&entity=software&limit=200"
    one = {"trackId": 6400000001, "trackName": "Star Lantern Idle", "bundleId": "example.harbor.idle", "sellerName": "seller-1", "artistName": "seller-1", "artistId": 44, "artistViewUrl": "https://apps.apple.com/us/developer/x/id44",
           "trackViewUrl": "https://apps.apple.com/us/app/star-lantern-idle/id6400000001?uo=4", "artworkUrl512": f"{CDN}/512x512bb.jpg", "screenshotUrls": [f"{CDN}/s1.png"], "description": "Collect lanterns", "version": "1.0",
           "releaseDate": "2026-09-01T07:00:00Z", "currentVersionReleaseDate": "2026-10-01T07:00:00Z", "price": 0.0, "currency": "USD", "genres": ["Games"], "primaryGenreName": "Games", "userRatingCount": 5}  # fmt: skip
    said = {"id": "example.harbor.idle", "url": "https://apps.apple.com/us/app/star-lantern-idle/id6400000001", "title": "Star Lantern Idle", "price": price("0.0", "USD"), "pictures": [f"{CDN}/512x512bb.jpg", f"{CDN}/s1.png"],
            "seller": seller("44", "seller-1", "https://apps.apple.com/us/developer/x/id44"), "category": "Games", "posted_at": "2026-09-01T07:00:00+00:00", "missing": []}  # fmt: skip
    case("itunes/search_page1", url, {"resultCount": 1, "results": [one]}, "ok", listings=[said], requests=[])
    case("itunes/search_empty", url, {"resultCount": 0, "results": []}, "empty")
    case("itunes/blocked", url, CHALLENGE, "blocked", status=403)
    case("itunes/changed", url, {"count": 1, "apps": [one]}, "changed")
    case(
        "itunes/wrong_country",
        url,
        {"errorMessage": "Invalid value(s) for key(s): [country]", "queryParameters": {}},
        "error",
        "country",
        status=400,
    )


def youtube() -> None:
    url = "https://youtube.googleapis.com/youtube/v3/search?part=snippet&q=star+lantern&type=video&order=date&maxResults=50"
    one = {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": "Ab-cd_Ef012"}, "snippet": {"publishedAt": "2026-11-20T08:00:00Z", "channelId": "UC1", "title": "Star Lantern ep. 1 &amp; 2", "description": "full episodes",
           "thumbnails": {"default": {"url": f"{CDN}/vi/default.jpg"}, "high": {"url": f"{CDN}/vi/hqdefault.jpg"}}, "channelTitle": "seller-1", "liveBroadcastContent": "none"}}  # fmt: skip
    channel = {"id": {"kind": "youtube#channel", "channelId": "UC1"}, "snippet": {"title": "seller-1"}}
    said = {"id": "Ab-cd_Ef012", "url": "https://www.youtube.com/watch?v=Ab-cd_Ef012", "title": "Star Lantern ep. 1 & 2", "pictures": [f"{CDN}/vi/hqdefault.jpg"], "posted_at": "2026-11-20T08:00:00+00:00",
            "seller": seller("UC1", "seller-1", "https://www.youtube.com/channel/UC1")}  # fmt: skip
    case("youtube/search_page1", url, {"nextPageToken": "CDIQAA", "pageInfo": {"totalResults": 80, "resultsPerPage": 50}, "items": [one, channel]}, "ok", listings=[said],
         requests=[url.replace("maxResults=50", "maxResults=50&pageToken=CDIQAA")])  # fmt: skip
    case(
        "youtube/search_last",
        f"{url}&pageToken=CDIQAA",
        {"prevPageToken": "x", "pageInfo": {"totalResults": 80}, "items": [one]},
        "ok",
        listings=[said],
        requests=[],
        **later(seen=2, read=50, page=2, cursor="CDIQAA"),
    )
    case(
        "youtube/search_empty",
        url,
        {"pageInfo": {"totalResults": 0, "resultsPerPage": 50}, "items": []},
        "empty",
    )
    used = {
        "error": {
            "code": 403,
            "message": "The request cannot be completed because you have exceeded your quota.",
            "errors": [{"domain": "youtube.quota", "reason": "quotaExceeded"}],
        }
    }
    case("youtube/blocked", url, used, "blocked", "hundred searches", status=403)
    case("youtube/changed", url, {"videos": [one]}, "changed")


def woocommerce() -> None:
    shop = "https://lamp-house.example"
    url = f"{shop}/wp-json/wc/store/v1/products?per_page=100&page=%d&search=star+lantern&orderby=date&order=desc"
    money = {
        "price": "1250",
        "regular_price": "1500",
        "sale_price": "1250",
        "price_range": None,
        "currency_code": "EUR",
        "currency_minor_unit": 2,
        "currency_symbol": "€",
    }
    one = {"id": 41, "name": "Star Lantern <em>Mug</em> &#8211; blue", "slug": "mug", "permalink": f"{shop}/product/mug/", "sku": "M-1", "short_description": "<p>Blue</p>", "description": "<p>A <b>mug</b></p>", "on_sale": True, "prices": money,
           "images": [{"id": 1, "src": f"{shop}/wp-content/uploads/mug.jpg", "thumbnail": f"{shop}/wp-content/uploads/mug-300x300.jpg", "srcset": "", "alt": ""}], "categories": [{"id": 3, "name": "Mugs"}],
           "tags": [{"name": "anime"}], "brands": [], "variations": [], "is_in_stock": True, "is_password_protected": False, "low_stock_remaining": None, "average_rating": "0"}  # fmt: skip
    said = {"id": "41", "url": f"{shop}/product/mug/", "title": "Star Lantern Mug – blue", "price": price("12.50", "EUR"), "pictures": [f"{shop}/wp-content/uploads/mug.jpg"], "sku": "M-1", "category": "Mugs", "tags": ["anime"],
            "availability": "in_stock", "description": "A mug", "seller": seller("lamp-house.example", "lamp-house.example")}  # fmt: skip
    pages = {"headers": {"Content-Type": "application/json", "X-WP-Total": "101", "X-WP-TotalPages": "2"}}
    case("woocommerce/search_page1", url % 1, [one], "ok", listings=[said], requests=[url % 2], **pages)
    varied = {
        **one,
        "id": 42,
        "prices": {**money, "price_range": {"min_amount": "1000", "max_amount": "2000"}},
        "is_in_stock": False,
    }
    case(
        "woocommerce/search_last",
        url % 2,
        [varied],
        "ok",
        listings=[{"id": "42", "price": price("10.00", "EUR", "from"), "availability": "out_of_stock"}],
        requests=[],
        **pages,
        **later(seen=2, read=100, page=2, offset=100),
    )
    yen = {**one, "prices": {**money, "price": "1980", "currency_code": "JPY", "currency_minor_unit": 0}}
    case(
        "woocommerce/yen",
        url % 1,
        [yen],
        "ok",
        listings=[{"price": price("1980", "JPY")}],
        requests=[],
        headers={"X-WP-TotalPages": "1"},
    )
    case("woocommerce/search_empty", url % 1, [], "empty")
    case("woocommerce/blocked", url % 1, CHALLENGE, "blocked", status=403)
    case(
        "woocommerce/switched_off",
        url % 1,
        {
            "code": "rest_no_route",
            "message": "No route was found matching the URL and request method.",
            "data": {"status": 404},
        },
        "changed",
        "schema-org",
        status=404,
    )
    case("woocommerce/changed", url % 1, {"products": [one]}, "changed")
    case(
        "woocommerce/wrong_words",
        f"{url % 1}{quote(' ')}",
        {"code": "rest_invalid_param", "message": "Invalid parameter(s): per_page", "data": {"status": 400}},
        "error",
        "per_page",
        status=400,
    )


if __name__ == "__main__":
    for made in (ebay, rakuten, yahoo, etsy, aliexpress, shopee, amazon, itunes, youtube, woocommerce):
        name = {"yahoo": "yahoo-shopping-jp"}.get(made.__name__, made.__name__)
        shutil.rmtree(PLACE / name / "fixtures", ignore_errors=True)
        made()
