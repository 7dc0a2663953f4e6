"""Names and pictures: listings per second and milliseconds per picture, beside the libraries people would reach for."""

from __future__ import annotations

import random
from functools import partial

import imagehash
from PIL import Image
from rapidfuzz import fuzz

from benchmarks.rows import Row, best, cpu_seconds
from ipguard.demo import art, products
from ipguard.matching.images.index import build_index
from ipguard.matching.images.matcher import match_picture
from ipguard.matching.text.fold import fold
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName

SYLLABLES = "ka mi no ru ta shi velo tron mar lux ven dor pix bel zar quo fen".split()
CJK = "星灯苔邮差潮狐雷霆爪天鹅绒流风云海月影夜火山川林森石"


def names(count: int) -> list[WatchedName]:
    dice = random.Random(5)
    made = []
    for n in range(count):
        if n % 3:
            word = (
                "".join(dice.choices(SYLLABLES, k=3)).title()
                + " "
                + "".join(dice.choices(SYLLABLES, k=2)).title()
            )
        else:
            word = "".join(dice.choices(CJK, k=4))
        made.append(WatchedName(f"w{n}", word, ""))
    return made


def titles(count: int, known: list[WatchedName]) -> list[str]:
    dice = random.Random(6)
    filler = [
        "mug",
        "poster",
        "T恤",
        "周边",
        "new",
        "2026",
        "gift",
        "футболка",
        "グッズ",
        "case",
        "现货",
        "plush",
    ]
    made = []
    for n in range(count):
        words = dice.choices(filler, k=dice.randint(6, 16))
        if n % 10 == 0:
            words.insert(dice.randrange(len(words)), dice.choice(known).text)
        made.append(" ".join(words))
    return made


def by_rapidfuzz(texts: list[str], plain: list[str]) -> None:
    for text in texts:
        for name in plain:
            fuzz.partial_ratio(name, text)


def run() -> list[Row]:
    rows = []
    for count, many in ((100, 3000), (10_000, 3000)):
        watched = names(count)
        matcher, texts = TextMatcher(watched), titles(many, watched)
        few = texts[: 60 if count < 1000 else 2]
        plain = [name.text for name in watched]
        mine = many / best(2, partial(cpu_seconds, partial(matcher.match_texts, texts)))
        theirs = len(few) / cpu_seconds(partial(by_rapidfuzz, few, plain))
        rows.append(
            Row(
                f"names: all layers, {count:,} names",
                "listings/CPU-s",
                mine,
                "RapidFuzz partial_ratio",
                theirs,
                "our Python per candidate",
            )
        )
    text = " ".join(titles(20_000, names(10)))
    size = len(text.encode()) / 1e6
    rows.append(Row("names: folding with offsets", "MB/CPU-s", size / best(3, lambda: cpu_seconds(lambda: fold(text))),
                    "str.casefold, no offsets", size / best(3, lambda: cpu_seconds(text.casefold)), "memory bandwidth"))  # fmt: skip
    works = [("tide-fox", "a", "a", products.png(art.key_visual("tide-fox")))]
    works += [(f"s{n}", f"{n}", f"{n}", products.png(art.stranger(n, size=320))) for n in range(40)]
    index, _ = build_index(works)
    photos = [
        products.jpeg(make(art.stranger(99), 3)) for make in (products.shirt, products.mug, products.poster)
    ]
    photos.append(products.jpeg(products.shirt(art.key_visual("tide-fox"), 3)))
    ours = 1000 * cpu_seconds(lambda: [match_picture(index, photo, "x") for photo in photos]) / len(photos)

    def hashes() -> None:
        import io

        for photo in photos:
            imagehash.phash(Image.open(io.BytesIO(photo)), hash_size=16)

    theirs = 1000 * best(3, lambda: cpu_seconds(hashes)) / len(photos)
    rows.append(
        Row(
            "pictures: bytes to verdict, 41 references",
            "ms/picture",
            ours,
            "imagehash pHash alone (sees no print)",
            theirs,
            "SIFT and pairwise matching",
        )
    )
    return rows
