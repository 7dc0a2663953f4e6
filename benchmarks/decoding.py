"""Bytes to pixels, at most 1,024 a side, beside Pillow and OpenCV, which make all of them first."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from PIL import Image

from benchmarks.rows import Row, best, cpu_seconds
from ipguard.demo import art, products
from ipguard.matching.images.decode import WORK_EDGE, decode

PICTURES: tuple[tuple[str, int, dict[str, int]], ...] = (
    ("JPEG", 800, {"quality": 80}),
    ("JPEG", 1600, {"quality": 85}),
    ("JPEG", 3200, {"quality": 85}),
    ("PNG", 800, {}),
    ("WEBP", 800, {"quality": 80}),
    ("AVIF", 800, {"quality": 60}),
)


def photo(kind: str, edge: int, options: dict[str, int]) -> bytes:
    """A shirt on wood with an artwork on it, with grain as a camera gives it."""
    image = products.shirt(art.key_visual("tide-fox"), 3).resize((edge, edge), Image.Resampling.LANCZOS)
    grain = np.random.default_rng(3).normal(0, 2, (edge, edge, 1))
    out = io.BytesIO()
    Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8)).save(out, kind, **options)
    return out.getvalue()


def by_pillow(data: bytes) -> object:
    """What most programs do."""
    with Image.open(io.BytesIO(data)) as image:
        rgb = image.convert("RGB")
    rgb.thumbnail((WORK_EDGE, WORK_EDGE), Image.Resampling.BILINEAR)
    return np.asarray(rgb)


def by_opencv(data: bytes) -> object:
    """OpenCV's decoder, and its area filter where the picture is larger."""
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    pixels = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    factor = WORK_EDGE / max(pixels.shape[:2])
    return (
        pixels
        if factor >= 1
        else cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    )


def milliseconds(work: Callable[[bytes], object], data: bytes) -> float:
    """CPU, the best of five runs of twenty pictures."""
    return 1000 * best(5, lambda: cpu_seconds(lambda: [work(data) for _ in range(20)])) / 20


def run() -> list[Row]:
    cv2.setNumThreads(1)
    rows = []
    for kind, edge, options in PICTURES:
        data = photo(kind, edge, options)
        mine = milliseconds(decode, data)
        for peer, theirs in (("Pillow convert RGB", by_pillow), ("OpenCV imdecode", by_opencv)):
            what = f"decoding: {kind} {edge} px, {len(data) // 1000} KB"
            rows.append(Row(what, "CPU-ms", mine, peer, milliseconds(partial(theirs), data), "the codec"))
    return rows
