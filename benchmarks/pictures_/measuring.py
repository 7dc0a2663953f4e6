"""Altered copies with their truth (kept between runs), and what the matcher makes of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pictures_.peers import Peer, opened
from ipguard.matching.finding import PicturePlace, Quad
from ipguard.matching.images.altering import FAMILIES, GOODS, alter
from ipguard.matching.images.altering_scenes import backdrop, resized
from ipguard.matching.images.index import ReferenceIndex
from ipguard.matching.images.matcher import match_picture

Pixels = NDArray[np.uint8]
OTHERS = 60
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query:
    """One altered copy and the truth about it."""

    family: str
    reference: int
    data: bytes
    region: Quad
    size: tuple[int, int]
    """Of the reference: width, height."""


@dataclass(slots=True)
class Measured:
    """Scores of one way to find copies, in the order of what was asked; CPU seconds for each picture."""

    name: str
    true: list[float] = field(default_factory=list)
    """Score of the right reference, or its work; -inf where another or none was found."""
    false: dict[str, list[float]] = field(default_factory=dict)
    """Highest score on each distractor, by kind: photos, art, goods."""
    places: list[tuple[str, float]] = field(default_factory=list)
    """(family, error of the placement) of each query whose work was found by points."""
    seconds: list[float] = field(default_factory=list)


def make_queries(
    paths: Sequence[Path],
    per_family: int,
    *,
    photos: Sequence[Path],
    others: Sequence[Path],
    cache: Path | None,
) -> Iterator[Query]:
    """`per_family` copies of each family, references spread evenly; the same files, the same copies."""
    beside = [_small(opened(path.read_bytes())) for path in others[:OTHERS]]
    behind = [opened(path.read_bytes()) for path in photos[:OTHERS]]
    for f, family in enumerate(FAMILIES):
        for n in range(per_family):
            number = (n * len(paths) // per_family + 7 * f) % len(paths)
            yield _query(paths[number], number, family, n, beside, behind, cache)


def _query(
    path: Path,
    number: int,
    family: str,
    n: int,
    beside: list[Pixels],
    behind: list[Pixels],
    cache: Path | None,
) -> Query:
    key = hashlib.sha256(f"{path.name} {path.stat().st_size} {family} {n}".encode()).hexdigest()[:20]
    kept, truth = (cache / f"{key}.jpg", cache / f"{key}.json") if cache else (None, None)
    if kept and truth and truth.exists():
        said = json.loads(truth.read_text("utf-8"))
        a, b, c, d = ((float(x), float(y)) for x, y in said["region"])
        return Query(family, number, kept.read_bytes(), (a, b, c, d), (said["width"], said["height"]))
    work = opened(path.read_bytes())
    made = alter(
        work, family, np.random.default_rng([int(key[:8], 16), n]), backgrounds=behind, others=beside
    )
    height, width = work.shape[:2]
    assert made.region is not None
    if kept and truth:
        kept.write_bytes(made.jpeg())
        truth.write_text(json.dumps({"region": made.region, "width": width, "height": height}), "utf-8")
    return Query(family, number, made.jpeg(), made.region, (width, height))


def measure_ours(
    index: ReferenceIndex,
    queries: Sequence[Query],
    distractors: Mapping[str, Sequence[bytes]],
    note: Callable[[str], None],
) -> Measured:
    """The matcher's scores; a work is found when it is among the findings, as an alert would list it."""
    found = Measured("ipguard")
    for n, query in enumerate(queries):
        verdict = _timed(found, partial(match_picture, index, query.data, "0" * 64))
        work = index.references[query.reference].work
        mine = [one for one in verdict.findings if one.work == work]
        found.true.append(max((one.strength for one in mine), default=float("-inf")))
        for one in mine[:1]:
            if isinstance(one.place, PicturePlace) and one.place.inliers:
                found.places.append((query.family, placement_error(query, one.place)))
        if n % 50 == 49:
            note(f"{n + 1} of {len(queries)} copies")
    for kind, pictures in distractors.items():
        seen = [_timed(found, partial(match_picture, index, data, "0" * 64)) for data in pictures]
        found.false[kind] = [max((f.strength for f in v.findings), default=float("-inf")) for v in seen]
        note(f"{len(pictures)} {kind}")
    return found


def measure_peer(
    peer: Peer,
    queries: Sequence[Query],
    distractors: Mapping[str, Sequence[bytes]],
    note: Callable[[str], None],
) -> Measured:
    """A peer's scores, by the same rules."""
    found = Measured(peer.name)
    for query in queries:
        number, score = _timed(found, partial(peer.best, query.data))
        found.true.append(score if number == query.reference else float("-inf"))
    for kind, pictures in distractors.items():
        found.false[kind] = [_timed(found, partial(peer.best, data))[1] for data in pictures]
    note(f"{peer.name} done")
    return found


def _timed(found: Measured, work: Callable[[], T]) -> T:
    started = time.process_time()
    done = work()
    found.seconds.append(time.process_time() - started)
    return done


def placement_error(query: Query, place: PicturePlace) -> float:
    """Mean distance of the claimed corners from where they truly are, over the diagonal of the picture.

    Both are drawn to the edge of the picture where they lie outside: nobody sees more.
    """
    width, height = query.size
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    truth = cv2.getPerspectiveTransform(flat, np.array(query.region, np.float32))
    part = np.array(place.reference_region, np.float32)[None]
    height, width = opened(query.data).shape[:2]
    edge = (width, height)
    expected = np.clip(cv2.perspectiveTransform(part, truth)[0], 0, edge)
    away = np.hypot(*(expected - np.clip(np.array(place.region), 0, edge)).T)
    return float(away.mean() / np.hypot(width, height))


def strange_goods(art: Sequence[Path], count: int, photos: Sequence[Path]) -> Iterator[bytes]:
    """Goods printed with unrelated artworks: what most listing photos that are no copies show."""
    behind = [opened(path.read_bytes()) for path in photos[:OTHERS]]
    for n in range(count if art else 0):
        work = opened(art[n * len(art) // count].read_bytes())
        yield alter(work, GOODS[n % len(GOODS)], np.random.default_rng([9, n]), backgrounds=behind).jpeg()


def fillers(art: Sequence[Path], count: int) -> Iterator[Pixels]:
    """Pictures to fill a large index with: parts of unrelated artworks, recoloured, turned and laid over each other."""
    parts = [_small(opened(path.read_bytes())) for path in art]
    for n in range(count):
        rng = np.random.default_rng([4, n])
        ground = backdrop((480, 480), rng, ())
        for _ in range(3):
            part = parts[int(rng.integers(len(parts)))]
            made = alter(part, str(rng.choice(["crop_hard", "colour", "mirror", "turns"])), rng).pixels
            edge = int(rng.integers(180, 340))
            shape = resized(made, (edge, max(40, min(480, round(edge * made.shape[0] / made.shape[1])))))
            x, y = (int(rng.integers(0, 481 - side)) for side in (shape.shape[1], shape.shape[0]))
            ground[y : y + shape.shape[0], x : x + shape.shape[1]] = shape
        yield ground


def _small(pixels: Pixels, edge: int = 480) -> Pixels:
    factor = edge / max(pixels.shape[:2])
    return (
        pixels
        if factor >= 1
        else resized(pixels, (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)))
    )
