"""Obtain the corpus by package name and sort it: references, unrelated artwork, photos; nothing twice.

    python -m benchmarks.pictures_.corpus OUT

reads `sources.toml`, downloads with the system's own package clients into the folder named by IPGUARD_BENCH_CACHE
(kept between runs) and writes JPEG files to OUT/references, OUT/distractor_art and OUT/distractor_photos.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import subprocess
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray
from PIL import Image

CACHE = "IPGUARD_BENCH_CACHE"
FOLDERS = {"reference": "references", "art": "distractor_art", "photo": "distractor_photos"}
LEAST, LONGEST = 200, 1200
NEAR = {"reference": 70, "art": 70, "photo": 40}
"""Bits of 256 by which a picture must differ at least from all taken before it, in all eight turns."""
SIBLING_POINTS = 28
"""Agreeing points that make two artworks siblings: one character in two poses, one frame round two icons."""
EMBEDDED = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n|RIFF....WEBP", re.DOTALL)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Source:
    """Some files of some packages, and what they are used for."""

    package: str
    under: str
    role: str
    tiles: int = 1
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may be taken into the corpus."""

    name: str
    role: str
    group: str
    jpeg: bytes
    """As it is written: thousands of pictures do not fit into memory otherwise."""
    bits: NDArray[np.uint8]
    """8 × 32: 256-bit pHash in eight turns."""

    @property
    def pixels(self) -> Pixels:
        return np.asarray(Image.open(io.BytesIO(self.jpeg)), np.uint8)


def read_sources() -> list[Source]:
    text = Path(__file__).with_name("sources.toml").read_text("utf-8")
    return [Source(**row) for row in tomllib.loads(text)["source"]]


def obtain(package: str, cache: Path) -> Path:
    """The unpacked files of one package; downloaded once."""
    folder = cache / "tree" / package.replace(":", "-").replace("/", "-")
    if folder.exists():
        return folder
    drop = cache / "download"
    drop.mkdir(parents=True, exist_ok=True)
    if package.startswith("npm:"):
        named = subprocess.run(
            ["npm", "pack", "-s", package[4:]], cwd=drop, check=True, capture_output=True, text=True
        )
        archive = drop / named.stdout.split()[-1]
        folder.mkdir(parents=True)
        subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
    else:
        subprocess.run(["apt-get", "download", "-q", package], cwd=drop, check=True, capture_output=True)
        archive = next(drop.glob(f"{package}_*.deb"))
        folder.mkdir(parents=True)
        subprocess.run(["dpkg", "-x", archive, folder], check=True)
    archive.unlink()
    return folder


def packages_of(source: Source) -> list[str]:
    """A name that ends in * stands for every package the system knows by that beginning."""
    if "*" not in source.package:
        return [source.package]
    found = subprocess.run(
        ["apt-cache", "pkgnames", source.package.rstrip("*")], capture_output=True, text=True, check=True
    )
    wanted = (
        "did",
        "dw",
        "ei",
        "httt",
        "l",
        "low",
        "nr",
        "sof",
        "sota",
        "thot",
        "trow",
        "tsg",
        "utbs",
        "16.04",
        "20.04",
    )
    return sorted(name for name in found.stdout.split() if name.endswith(tuple(f"-{end}" for end in wanted)))


def files_of(source: Source, cache: Path) -> Iterator[tuple[str, str, bytes]]:
    """(name, folder, bytes) of every picture of a source, also those inside archives."""
    for package in packages_of(source):
        root = obtain(package, cache)
        paths = sorted(p for p in root.glob(source.under) if p.is_file())
        random.Random(source.under).shuffle(paths)
        for path in paths[: source.most]:
            group = f"{package}/{path.parent.relative_to(root).as_posix()}"
            if path.suffix == ".pk3":
                yield from _from_zip(path, package, source.most)
            elif path.suffix == ".rcc":
                yield from _from_resources(path, package)
            elif path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"):
                yield f"{package}-{path.stem}", group, path.read_bytes()


def _from_zip(path: Path, package: str, most: int) -> Iterator[tuple[str, str, bytes]]:
    wanted = ("nature", "mattn", "misc", "buildings", "ctp1", "material", "streets", "shop", "base")
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith((".jpg", ".png")) and "_n" not in n]
        names = [n for n in names if any(f"tex_{kind}/" in n for kind in wanted)]
        random.Random(1).shuffle(names)
        for name in names[:most]:
            yield f"{package}-{Path(name).stem}", f"{package}/{Path(name).parent.name}", archive.read(name)


def _from_resources(path: Path, package: str) -> Iterator[tuple[str, str, bytes]]:
    data = path.read_bytes()
    for found in EMBEDDED.finditer(data):
        start = found.start()
        length = int.from_bytes(data[max(0, start - 4) : start], "big")
        if 500 < length < 5_000_000 and start + length <= len(data):
            yield f"{package}-{path.stem}-{start}", f"{package}/{path.stem}", data[start : start + length]


def opened(data: bytes) -> Pixels | None:
    """RGB on white, transparent rims cut off; None for what is no picture or too small."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if min(image.size) < LEAST or image.size[0] * image.size[1] > 60_000_000:
                return None
            layers = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    box = layers.getchannel("A").point(lambda a: 255 if a > 16 else 0).getbbox()
    if box is None:
        return None
    layers = layers.crop(box)
    ground = Image.new("RGBA", layers.size, (255, 255, 255, 255))
    ground.alpha_composite(layers)
    pixels = np.asarray(ground.convert("RGB"), np.uint8)
    return (
        pixels
        if min(pixels.shape[:2]) >= LEAST and max(pixels.shape[:2]) <= 3 * min(pixels.shape[:2])
        else None
    )


def tiles_of(pixels: Pixels, tiles: int) -> Iterator[Pixels]:
    """Parts that do not overlap, each at least 400 pixels each way; the whole where it is too small to be cut."""
    height, width = pixels.shape[:2]
    across = min(int(np.sqrt(tiles)) or 1, max(1, width // 400))
    down = min(max(1, tiles // across), max(1, height // 400))
    for row in range(down):
        for column in range(across):
            part = pixels[
                row * height // down : (row + 1) * height // down,
                column * width // across : (column + 1) * width // across,
            ]
            factor = LONGEST / max(part.shape[:2])
            if factor < 1:
                size = (round(part.shape[1] * factor), round(part.shape[0] * factor))
                part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
            yield np.ascontiguousarray(part)


def has_something(pixels: Pixels) -> bool:
    """Whether there is enough in a picture to be somebody's work."""
    grey = cv2.cvtColor(cv2.resize(pixels, (128, 128), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    busy = float((np.abs(cv2.Laplacian(grey, cv2.CV_32F)) > 12).mean())
    return float(grey.std()) > 14 and busy > 0.04


def turned_bits(pixels: Pixels) -> NDArray[np.uint8]:
    small = cv2.cvtColor(cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    turns = [np.rot90(side, n) for side in (small, small[:, ::-1]) for n in range(4)]
    found = []
    for turn in turns:
        low = cv2.dct(np.ascontiguousarray(turn, np.float32))[:16, :16]
        found.append(np.packbits(low.reshape(-1) > np.median(low)))
    return np.stack(found)


def candidates(sources: Iterable[Source], cache: Path) -> Iterator[Candidate]:
    for source in sources:
        count = 0
        for name, group, data in files_of(source, cache):
            pixels = opened(data)
            if pixels is None:
                continue
            for n, part in enumerate(tiles_of(pixels, source.tiles)):
                if has_something(part):
                    count += 1
                    named = re.sub(r"[^A-Za-z0-9.+-]+", "_", f"{name}-{n}" if source.tiles > 1 else name)
                    out = io.BytesIO()
                    Image.fromarray(part).save(out, "JPEG", quality=94)
                    yield Candidate(named, source.role, group, out.getvalue(), turned_bits(part))
        print(f"{source.role:10} {source.package} {source.under}: {count}", flush=True)


class Known:
    """What was taken so far, to leave out near copies."""

    def __init__(self) -> None:
        self._hashes = faiss.IndexBinaryFlat(256)

    def near_copy(self, one: Candidate) -> bool:
        if not self._hashes.ntotal:
            return False
        distances, _ = self._hashes.search(one.bits, 1)
        return bool(distances.min() <= NEAR[one.role])

    def add(self, one: Candidate) -> None:
        self._hashes.add(np.ascontiguousarray(one.bits[:1]))


def sift(
    pixels: Pixels, edge: int = 400, count: int = 350
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(points, RootSIFT descriptors); an own extraction, so that the matcher under test does not choose its negatives."""
    factor = edge / max(pixels.shape[:2])
    grey = cv2.cvtColor(
        cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    found, raw = cv2.SIFT.create(nfeatures=count).detectAndCompute(grey, None)
    if not found:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    root = np.sqrt(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-6))
    return np.array([k.pt for k in found], np.float32), np.asarray(root, np.float32)


def without_siblings(references: list[Candidate], art: list[Candidate]) -> tuple[list[Candidate], set[str]]:
    """Art that shares no drawn part with any reference, and the names of references that are siblings of earlier ones.

    A drawn part: at least SIBLING_POINTS that agree on one similarity; twice what chance gives.
    """
    known = [sift(one.pixels) for one in references]
    owner = np.repeat(np.arange(len(known)), [len(d) for _, d in known])
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(128), 128, 1024, faiss.METRIC_INNER_PRODUCT)
    stacked = np.concatenate([d for _, d in known])
    index.train(stacked[:: max(1, len(stacked) // 60_000)])
    index.add(stacked)
    index.nprobe = 4
    kept = [one for one in art if _sibling(sift(one.pixels), known, owner, index, len(references)) is None]
    twins: set[str] = set()
    for n, one in enumerate(references):
        other = _sibling(known[n], known, owner, index, n)
        if other is not None:
            twins.add(one.name)
    return kept, twins


def _sibling(
    one: tuple[NDArray[np.float32], NDArray[np.float32]],
    known: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
    owner: NDArray[np.int64],
    index: faiss.Index,
    before: int,
) -> int | None:
    points, descriptors = one
    if len(points) < 12:
        return None
    similar, ids = index.search(descriptors, 8)
    votes = np.bincount(owner[ids[(similar > 0.85) & (ids >= 0)]], minlength=len(known))[:before]
    for other in np.argsort(-votes)[:4]:
        if votes[other] < SIBLING_POINTS // 2:
            break
        scores = descriptors @ known[other][1].T
        best = scores.argmax(axis=1)
        good = scores[np.arange(len(best)), best] > 0.85
        if good.sum() < SIBLING_POINTS:
            continue
        _, inside = cv2.estimateAffinePartial2D(
            points[good], known[other][0][best[good]], ransacReprojThreshold=6
        )
        if inside is not None and int(inside.sum()) >= SIBLING_POINTS:
            return int(other)
    return None


def _written(out: Path, one: Candidate, number: int) -> None:
    folder = out / FOLDERS[one.role]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number:05d}-{one.name[:80]}.jpg").write_bytes(one.jpeg)


def build(out: Path, cache: Path) -> dict[str, int]:
    """Write the corpus; returns how many files each folder has."""
    known, taken = (
        Known(),
        {"reference": list[Candidate](), "art": list[Candidate](), "photo": list[Candidate]()},
    )
    twice = 0
    for one in candidates(
        sorted(read_sources(), key=lambda s: ("reference", "art", "photo").index(s.role)), cache
    ):
        if known.near_copy(one):
            twice += 1
            continue
        known.add(one)
        taken[one.role].append(one)
    art, twins = without_siblings(taken["reference"], taken["art"])
    print(
        f"{twice} near copies left out, {len(taken['art']) - len(art)} artworks and {len(twins)} references are siblings"
    )
    taken["art"] = art
    taken["reference"] = [one for one in taken["reference"] if one.name not in twins]
    for members in taken.values():
        for n, one in enumerate(members):
            _written(out, one, n)
    return {folder: len(taken[role]) for role, folder in FOLDERS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Obtain and sort the corpus of the picture benchmark.")
    parser.add_argument("out", type=Path)
    cache = os.environ.get(CACHE)
    given = parser.parse_args()
    if not cache:
        parser.error(f"say where downloads are kept: {CACHE}=FOLDER")
    print(build(given.out, Path(cache)))


if __name__ == "__main__":
    main()
