"""Hunts: stored pictures compared with one new reference by what was kept of them, beside looking at them anew."""

from __future__ import annotations

import hashlib
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.rows import Row, best, cpu_seconds
from ipguard.demo import art, products
from ipguard.matching.images.eye import compare, look
from ipguard.matching.images.shelf import Shelf, Wanted

REFERENCES = 60
PHOTOS = 12


def run() -> list[Row]:
    pictures = [products.png(art.stranger(n, size=320)) for n in range(REFERENCES)]
    pictures.append(products.png(art.key_visual("tide-fox")))
    names = ["stranger"] * REFERENCES + ["tide-fox"]
    by_digest = {hashlib.sha256(data).hexdigest(): data for data in pictures}
    wanted = [Wanted(work, sha256, "key.png") for work, sha256 in zip(names, by_digest, strict=True)]
    kinds = (products.shirt, products.mug, products.poster, products.phone_case)
    photos = {
        str(n): products.jpeg(
            kinds[n % 4](art.key_visual("tide-fox") if n % 8 == 0 else art.stranger(500 + n), n)
        )
        for n in range(PHOTOS)
    }
    with tempfile.TemporaryDirectory() as folder:
        index = Shelf(Path(folder)).open(wanted, by_digest.__getitem__)
        place = str(index.folder)
        seen = {name: look(place, data, name) for name, data in photos.items()}
        kept = tuple((name, one.fingerprint.data) for name, one in seen.items() if one.fingerprint)
        new = (("tide-fox", wanted[-1].sha256),)
        compare(place, kept[:1], new)
        hunted = PHOTOS / best(3, partial(cpu_seconds, partial(compare, place, kept, new)))
        anew = PHOTOS / best(
            2, partial(cpu_seconds, lambda: [look(place, data, name) for name, data in photos.items()])
        )
    size = sum(len(data) for _, data in kept) / len(kept) / 1000
    photo = sum(map(len, photos.values())) / PHOTOS / 1000
    return [
        Row(
            f"hunt: stored pictures against 1 new reference of {REFERENCES + 1}",
            "pictures/CPU-s",
            hunted,
            "from bytes, all references",
            anew,
            "reading and placing features",
        ),
        Row("hunt: kept of a picture", "kB", size, "the picture itself", photo, "points and codes"),
    ]
