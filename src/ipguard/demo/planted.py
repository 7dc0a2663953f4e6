"""What lies on the shelves of the demo marketplace: copies, hard cases, innocent goods, and the truth about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ipguard.demo import art, products

LANTERN, COURIER, FOX = "star-lantern", "moss-courier", "tide-fox"
OUTLET, STREET = "moon-harbor-outlet", "lantern-street"


@dataclass(frozen=True, slots=True)
class Planted:
    """One listing and the truth about it."""

    shop: str
    handle: str
    title: str
    price: str
    """Decimal text; empty for a listing that names no price."""
    picture: Callable[[], bytes]
    how: str
    """How it copies, or why it is innocent."""
    work: str | None = None
    """The work it copies, or None."""
    hard: str = ""
    """Why it is expected to be missed, or wrongly flagged; empty where it should come out right."""
    seller: str = "Harbor Bargain Hall"
    description: str = ""
    charset: str = "utf-8"
    vanishes: bool = False
    """Gone when the shop is visited a second time."""


def _shirt(work: str, seed: int) -> Callable[[], bytes]:
    return lambda: products.jpeg(products.shirt(art.key_visual(work), seed))


def _mug(work: str, seed: int) -> Callable[[], bytes]:
    return lambda: products.jpeg(products.mug(art.key_visual(work), seed))


def _poster(work: str, seed: int) -> Callable[[], bytes]:
    return lambda: products.jpeg(products.poster(art.key_visual(work), seed))


def _case(work: str, seed: int) -> Callable[[], bytes]:
    return lambda: products.jpeg(products.phone_case(art.key_visual(work), seed))


def _other(make: products.Photograph, seed: int) -> Callable[[], bytes]:
    return lambda: products.jpeg(make(art.stranger(seed), seed))


def _made(make: products.Photograph, work: str, quality: int = 82) -> Callable[[], bytes]:
    return lambda: products.jpeg(make(art.key_visual(work), 7), quality)


def _broken() -> bytes:
    return products.jpeg(products.shirt(art.key_visual(LANTERN), 90))[:1800]


CATALOGUE: tuple[Planted, ...] = (
    # copies in the outlet (a Shopify-style storefront)
    Planted(OUTLET, "lantern-tee", "Star Lantern T-shirt, unisex cotton", "9.90", _shirt(LANTERN, 1), "name and print", LANTERN),
    Planted(OUTLET, "cyr-mug", "Ѕtаr Lаntеrn enamel mug 350 ml", "6.50", _mug(LANTERN, 2), "name in Cyrillic look-alikes, artwork bent round a mug", LANTERN),
    Planted(OUTLET, "night-mug", "Cute anime night mug, gift idea", "7.20", _mug(LANTERN, 3), "no name; artwork bent round a mug", LANTERN),
    Planted(OUTLET, "fox-case", "Tide Fox phone case, soft shell", "4.99", _case(FOX, 4), "name and print, a corner hidden by the camera", FOX),
    Planted(OUTLET, "leet-sheet", "T1de F0x sticker pack, 9 pcs", "2.10", lambda: products.jpeg(products.sticker_sheet([art.key_visual(FOX), art.emblem(COURIER)], 5)), "name with digits for letters, nine small stickers", FOX),
    Planted(OUTLET, "sea-print", "Ocean animal art print", "5.00", _made(products.mirrored, FOX), "no name; artwork mirrored", FOX),
    Planted(OUTLET, "wall-crop", "Glowing lamp wall art", "8.00", _made(products.cropped, LANTERN), "no name; artwork cropped to 36 %", LANTERN),
    Planted(OUTLET, "wallpaper", "Digital wallpaper download", "1.00", _made(products.repost, FOX, 55), "no name; re-compressed with a caption", FOX, vanishes=True),
    Planted(OUTLET, "courrier", "Moss Courrier plush, 30 cm", "12.00", _other(products.poster, 41), "misspelt name; unrelated picture", COURIER),
    Planted(OUTLET, "moss-poster", "Moss Courier poster A3", "3.50", _poster(COURIER, 6), "name and print, seen from the side", COURIER),
    # hard cases in the outlet
    Planted(OUTLET, "spirit-tee", "Cute lamp spirit tee", "11.00", lambda: products.jpeg(products.shirt(art.restyled(LANTERN), 8)), "drawn again by another hand", LANTERN, hard="drawn again by another hand and sold without the name: neither names nor pictures can tell"),
    Planted(OUTLET, "keyring", "Lucky keyring", "2.00", lambda: products.jpeg(products.tiny_keyring(art.key_visual(LANTERN), 9)), "artwork far away and out of focus", LANTERN, hard="the artwork covers about 1 % of the picture and is out of focus"),
    Planted(OUTLET, "boxed", "Collector figure S-L, you know which one", "19.00", _other(products.poster, 51), "coded name, picture of something else", LANTERN, hard="coded name and a picture of something else: only a test purchase would tell"),
    Planted(OUTLET, "broken-pic", "Glowing tee, size L", "9.00", _broken, "its picture breaks off", LANTERN, hard="its picture breaks off after 1,800 bytes and cannot be read; the run report says so"),
    # innocent goods in the outlet
    Planted(OUTLET, "brass-lantern", "Solar star lantern for the garden, brass", "24.00", _other(products.poster, 61), "garden goods with the same two words", None, hard="two everyday words that happen to be the title: a person has to look"),
    Planted(OUTLET, "lanternfish", "Lodestar Lanternfish plush", "14.00", _other(products.mug, 62), "one word ends, the next begins: no name"),
    Planted(OUTLET, "tide-gauge", "Tide gauge TF-0X1, stainless", "39.00", _other(products.mug, 63), "a part number"),
    Planted(OUTLET, "courier-bag", "Courier bag in moss green", "29.00", _other(products.shirt, 64), "the words apart"),
    Planted(OUTLET, "bird-tee", "Bird T-shirt, organic", "15.00", _other(products.shirt, 66), "somebody else's artwork"),
    Planted(OUTLET, "tower-mug", "Skyline mug", "11.00", _other(products.mug, 65), "somebody else's artwork"),
    # copies on the street (a marketplace of many sellers, schema.org mark-up)
    Planted(STREET, "zh-tee", "星灯 周边 短袖T恤 现货", "6.80", _shirt(LANTERN, 21), "Chinese name and print", LANTERN, seller="夜市小铺"),
    Planted(STREET, "hant-stand", "【代購】星燈 壓克力立牌", "3.20", _other(products.poster, 71), "traditional characters; unrelated picture", LANTERN, seller="夜市小铺"),
    Planted(STREET, "ja-stand", "ほしのランタン アクリルスタンド", "5.40", _poster(LANTERN, 22), "Japanese name on a page in Shift_JIS", LANTERN, seller="駅前雑貨", charset="shift_jis"),
    Planted(STREET, "pinyin", "Xing Deng 周边 海报 挂画", "2.90", _poster(LANTERN, 23), "name in pinyin", LANTERN, seller="夜市小铺"),
    Planted(STREET, "ru-tee", "Футболка «Звёздный фонарь», хлопок", "8.10", _shirt(LANTERN, 24), "Russian name and print", LANTERN, seller="Лавка у моста"),
    Planted(STREET, "ko-mug", "별등 머그컵 350ml", "7.00", _mug(LANTERN, 25), "Korean name and artwork bent round a mug", LANTERN, seller="골목상점"),
    Planted(STREET, "zh-courier", "苔邮差 手办 盒装", "15.00", _other(products.mug, 72), "Chinese name; unrelated picture", COURIER, seller="夜市小铺"),
    Planted(STREET, "spaced-fox", "T.i.d.e  F.o.x hoodie", "16.00", _shirt(FOX, 26), "dots between the letters, and print", FOX, seller="Dockside Prints"),
    Planted(STREET, "noprice", "Tide Fox mug, message me for the price", "", _mug(FOX, 27), "names no price", FOX, seller="Dockside Prints"),
    # innocent goods on the street
    Planted(STREET, "official", "Star Lantern figure, official release", "39.00", _poster(LANTERN, 28), "sold by the owner's own shop", None, seller="Star Lantern Official Store"),
    Planted(STREET, "stranger-1", "Teapot poster", "9.00", _other(products.poster, 73), "somebody else's artwork", seller="Dockside Prints"),
    Planted(STREET, "stranger-2", "City mug", "10.00", _other(products.mug, 74), "somebody else's artwork", seller="Dockside Prints"),
    Planted(STREET, "zh-other", "星空投影灯 卧室氛围灯", "13.00", _other(products.mug, 75), "a lamp: the two characters stand apart", seller="夜市小铺"),
    Planted(STREET, "ja-other", "流れ星ランタン キャンプ用", "22.00", _other(products.shirt, 76), "a camping lantern", seller="駅前雑貨"),
    # behind a door that robots.txt keeps shut
    Planted(STREET, "members/secret-tee", "Star Lantern tee, members only", "5.00", _shirt(LANTERN, 29), "robots.txt forbids the page", LANTERN, hard="robots.txt forbids the page, and a polite crawler does not open it", seller="夜市小铺"),
)  # fmt: skip
"""Every planted listing. Lines are long because each is one row of a table."""

WATCHLIST = """\
# The works of the demo. Pictures are drawn by code and free for everybody (CC0).
[[work]]
id = "star-lantern"
title = "Star Lantern"
owner = "Example Animation Co."
pictures = ["art/star-lantern-*.png"]
official_sellers = ["Star Lantern Official Store"]
names = [
  { text = "Star Lantern", lang = "en", kind = "title" },
  { text = "星灯", lang = "zh", kind = "title" },
  { text = "ほしのランタン", lang = "ja", kind = "title" },
  { text = "별등", lang = "ko", kind = "title" },
  { text = "Звёздный фонарь", lang = "ru", kind = "title" },
]
rights = [
  { kind = "copyright", territory = "CN", number = "SAMPLE-0001" },
  { kind = "trademark", territory = "US", number = "SAMPLE-0002", valid_to = 2034-05-01 },
]
official_prices = [{ product = "merchandise", amount = "39.00", currency = "USD" }]

[[work]]
id = "moss-courier"
title = "Moss Courier"
owner = "Example Animation Co."
pictures = ["art/moss-courier-*.png"]
names = [
  { text = "Moss Courier", lang = "en", kind = "title" },
  { text = "苔邮差", lang = "zh", kind = "title" },
]
rights = [{ kind = "copyright", territory = "CN", number = "SAMPLE-0003" }]

[[work]]
id = "tide-fox"
title = "Tide Fox"
owner = "Example Animation Co."
pictures = ["art/tide-fox-*.png"]
names = [
  { text = "Tide Fox", lang = "en", kind = "title" },
  { text = "潮狐", lang = "zh", kind = "title" },
]
rights = [{ kind = "copyright", territory = "CN", number = "SAMPLE-0004" }]
"""
