"""Copies found by family, false flags, placements and costs, beside imagehash, PDQ and ORB with RANSAC.

    python -m benchmarks pictures                                  a small run on art drawn by code
    python -m benchmarks.pictures --corpus DIR [--cache DIR] …     the development benchmark

The corpus is made by `python -m benchmarks.pictures_.corpus DIR` and has references/, distractor_art/ and
distractor_photos/. Recall is told at the lowest threshold that flags at most 1 photo in 1,000 (and in 10,000) and not
below the product's own. CPU is process time on this machine: compare within one run only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.pictures_.measuring import (
    Measured,
    Query,
    fillers,
    make_queries,
    measure_ours,
    measure_peer,
    strange_goods,
)
from benchmarks.pictures_.peers import OrbRansac, Pdq, Peer, PerceptualHash, opened
from benchmarks.rows import Row
from ipguard.demo import art, products
from ipguard.matching.images.altering import EDITS, FAMILIES, GOODS, LAYOUTS, PARTS, alter
from ipguard.matching.images.altering_scenes import stranger
from ipguard.matching.images.calibration import wilson
from ipguard.matching.images.decode import Pixels
from ipguard.matching.images.index import ReferenceIndex, build_index
from ipguard.matching.score import THRESHOLD

RATES = (1e-3, 1e-4)
GROUPS = (("edits", EDITS), ("parts", PARTS), ("layouts", LAYOUTS), ("goods", GOODS))


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way to find copies reached at one rate of false flags."""

    name: str
    references: int
    rate: float
    threshold: float
    recall: dict[str, float]
    flagged: dict[str, float]
    """Share of each kind of distractor that reaches the threshold."""
    milliseconds: float
    placement: dict[str, float]


def figures(found: Measured, queries: Sequence[Query], references: int, rate: float) -> Figures:
    """Recall at the lowest threshold that keeps to `rate` on the photos; our own never below the product's."""
    least = THRESHOLD if found.name == "ipguard" else -np.inf
    bar = max(least, threshold_for(found.false["photos"], rate))
    hit: dict[str, list[bool]] = {}
    for query, score in zip(queries, found.true, strict=True):
        hit.setdefault(query.family, []).append(score >= bar)
    errors: dict[str, list[float]] = {}
    for family, error in found.places:
        errors.setdefault(family, []).append(error)
    return Figures(
        found.name, references, rate, float(bar),
        {family: float(np.mean(hits)) for family, hits in hit.items()},
        {kind: float(np.mean([s >= bar for s in scores])) for kind, scores in found.false.items() if scores},
        1000 * float(np.mean(found.seconds)),
        {family: float(np.median(values)) for family, values in errors.items()},
    )  # fmt: skip


def threshold_for(scores: Sequence[float], rate: float) -> float:
    """Just above the score that one photo too many reaches."""
    allowed = int(rate * len(scores))
    ranked = sorted(scores, reverse=True)
    return float(np.nextafter(ranked[allowed], np.inf)) if len(ranked) > allowed else -np.inf


def index_of(pictures: Iterable[tuple[str, bytes]]) -> ReferenceIndex:
    rows = ((name, hashlib.sha256(data).hexdigest(), name, data) for name, data in pictures)
    return build_index(rows)[0]


def bytes_of(index: ReferenceIndex) -> int:
    """What the index takes on disk, and in memory when all of it is touched."""
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder))
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


COPIES, STRANGERS = 2, 20


def run() -> list[Row]:
    """The default run: art drawn by code, no downloads, half a minute of CPU."""
    names = ("star-lantern", "moss-courier", "tide-fox")
    works = [(name, products.png(art.key_visual(name))) for name in names]
    works += [(f"s{n}", _png(_nobody(n))) for n in range(STRANGERS)]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.png" for name, _ in works]
        for path, (_, data) in zip(paths, works, strict=True):
            path.write_bytes(data)
        queries = list(make_queries(paths, COPIES, photos=(), others=paths[3:9], cache=None))
    goods = [
        alter(_nobody(500 + n), GOODS[n % len(GOODS)], np.random.default_rng(n)).jpeg()
        for n in range(STRANGERS)
    ]
    ours = measure_ours(index_of(works), queries, {"photos": goods}, lambda _text: None)
    rows = []
    for peer in (PerceptualHash(), OrbRansac()):
        peer.add([opened(data) for _, data in works])
        theirs = measure_peer(peer, queries, {"photos": goods}, lambda _text: None)
        rows += _compared(
            figures(ours, queries, len(works), 1e-3), figures(theirs, queries, len(works), 1e-3)
        )
    return rows


def _nobody(seed: int) -> Pixels:
    return stranger(np.random.default_rng([31, seed]), 480)


def _compared(ours: Figures, theirs: Figures) -> list[Row]:
    bound = f"{ours.references} drawn references, {COPIES} copies a family, no flag on {STRANGERS} goods"
    rows = []
    for group, families in GROUPS:
        a, b = (100 * float(np.mean([f.recall[family] for family in families])) for f in (ours, theirs))
        rows.append(Row(f"pictures: {group} found", "%", a, theirs.name, b, bound))
    spent = "features and search"
    rows.append(
        Row("pictures: bytes to answer", "ms CPU", ours.milliseconds, theirs.name, theirs.milliseconds, spent)
    )
    return rows


def measure(given: argparse.Namespace) -> list[Figures]:
    """The development benchmark on a corpus."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    names = {
        role: sorted((given.corpus / role).glob("*.*"))
        for role in ("references", "distractor_art", "distractor_photos")
    }
    all_photos, all_art = names["distractor_photos"], names["distractor_art"]
    photos = [path.read_bytes() for path in spread(all_photos, given.photos)]
    artworks = [path.read_bytes() for path in spread(all_art, given.art)]
    goods = list(strange_goods(all_art, given.goods, all_photos[::37]))
    distractors = {"photos": photos, "art": artworks, "goods": goods}
    results: list[Figures] = []
    for count in given.references:
        real = spread(names["references"], count)
        asked = real if count <= len(real) else names["references"]
        if given.cache:
            given.cache.mkdir(parents=True, exist_ok=True)
        queries = list(
            make_queries(
                asked,
                given.queries_per_family,
                photos=all_photos[::37],
                others=all_art[::29],
                cache=given.cache,
            )
        )
        say(f"{len(queries)} copies of {len(asked)} references")
        rows = [(path.name, path.read_bytes()) for path in asked]
        extra = count - len(rows)
        if extra > 0:
            say(f"{extra} of {count} references are made of unrelated artworks: their flags are not counted")
            rows += [(f"filler-{n}", _png(p)) for n, p in enumerate(fillers(all_art[::3], extra))]
        index = index_of(rows)
        found = measure_ours(index, queries, {"photos": photos} if extra > 0 else distractors, say)
        results += [figures(found, queries, count, rate) for rate in RATES]
        say(f"index of {count}: {bytes_of(index) / 1e6:.1f} MB")
        tell(results[-2:], len(photos))
        if given.keep:
            _keep(given.keep, count, queries, asked, found)
        if count == given.peers_at:
            for peer in (PerceptualHash(), Pdq(), OrbRansac()):
                results += _peer_figures(peer, asked, queries, distractors, say)
                tell(results[-2:], len(photos))
    return results


def _peer_figures(
    peer: Peer,
    asked: Sequence[Path],
    queries: Sequence[Query],
    distractors: Mapping[str, Sequence[bytes]],
    say: Callable[[str], None],
) -> list[Figures]:
    peer.add([opened(path.read_bytes()) for path in asked])
    found = measure_peer(peer, queries, distractors, say)
    return [figures(found, queries, len(asked), rate) for rate in RATES]


def _png(pixels: NDArray[np.uint8]) -> bytes:
    return products.png(Image.fromarray(pixels))


def spread(paths: Sequence[Path], count: int) -> list[Path]:
    """`count` of them, evenly; all where there are fewer."""
    return [paths[n * len(paths) // count] for n in range(count)] if count < len(paths) else list(paths)


def _keep(file: Path, count: int, queries: Sequence[Query], asked: Sequence[Path], found: Measured) -> None:
    with file.open("a", encoding="utf-8") as out:
        for query, score in zip(queries, found.true, strict=True):
            row = {
                "references": count,
                "family": query.family,
                "work": asked[query.reference].name,
                "score": max(score, 0.0),
            }
            out.write(json.dumps(row) + "\n")


def tell(results: Sequence[Figures], photos: int) -> None:
    """One block of lines a result."""
    for one in results:
        proven = 1000 * wilson(int(one.rate * photos), photos)[1]
        print(f"\n{one.name}, {one.references:,} references, at most {one.rate:g} false flags a photo "
              f"({photos:,} photos: true rate up to {proven:.1f} in 1,000), threshold {one.threshold:.3f}")  # fmt: skip
        for family in FAMILIES:
            if family in one.recall:
                error = one.placement.get(family)
                print(
                    f"  {family:15} {one.recall[family]:.3f}"
                    + (f"   placement {error:.4f}" if error is not None else "")
                )
        flagged = ", ".join(f"{kind} {share:.4f}" for kind, share in one.flagged.items())
        print(f"  flagged: {flagged}; {one.milliseconds:.1f} ms CPU a picture")


def main() -> None:
    parser = argparse.ArgumentParser(description="The development benchmark for pictures.")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="keeps altered pictures between runs")
    parser.add_argument("--queries-per-family", type=int, default=100)
    parser.add_argument(
        "--references", type=lambda text: [int(n) for n in text.split(",")], default=[100, 1000, 10_000]
    )
    parser.add_argument("--photos", type=int, default=100_000, help="distractor photos at most")
    parser.add_argument("--art", type=int, default=100_000, help="unrelated artworks at most")
    parser.add_argument("--goods", type=int, default=500, help="goods with unrelated artworks")
    parser.add_argument(
        "--peers-at", type=int, default=1000, help="references at which the peers run too; 0: never"
    )
    parser.add_argument("--keep", type=Path, help="append the score of every copy here, as JSON Lines")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
