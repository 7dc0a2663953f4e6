"""Pictures: milliseconds per picture, beside the libraries people would reach for."""

from __future__ import annotations

import imagehash
from PIL import Image

from benchmarks.rows import Row, best, cpu_seconds
from ipguard.demo import art, products
from ipguard.matching.images.index import build_index
from ipguard.matching.images.matcher import match_picture


def run() -> list[Row]:
    rows = []
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
