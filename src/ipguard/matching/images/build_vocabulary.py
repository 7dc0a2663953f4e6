"""Trains the axes and the vocabulary of descriptors. Run once; the result is data, frozen and tested by its digest.

`python -m ipguard.matching.images.build_vocabulary FOLDER…` describes the pictures in FOLDER… as references and listing
pictures are described. What is committed was trained on free artwork and photos of Debian's packages (NOTICE.md): it
holds averages of thousands of descriptors, and no picture can be told from it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import faiss
import numpy as np

from ipguard.matching.images.decode import Undecodable, decode
from ipguard.matching.images.descriptors import AXES, Floats
from ipguard.matching.images.features import REFERENCE_SIZES, sift_at

TARGET = Path(__file__).parent / "data"
SAMPLES = 160_000
"""Descriptors that are trained on: 39 a cell, as many as FAISS asks for."""
PICTURES = 1_500
CELLS, CODES, BITS, LINKS = 4096, 32, 4, 16
ROUNDS = 8
"""Of k-means; more move nothing that a recall shows."""
SEED = 20_261


def roots_of(files: Iterable[Path]) -> Iterator[Floats]:
    """RootSIFT descriptors of pictures (n × 128, unit length); those that cannot be read are left out."""
    for file in files:
        picture = decode(file.read_bytes())
        if isinstance(picture, Undecodable):
            continue
        for edge, count in REFERENCE_SIZES:
            _, sift = sift_at(picture.pixels, edge, count)
            yield np.sqrt(sift / np.maximum(sift.sum(axis=1, keepdims=True), 1e-6)).astype(np.float32)


def train(roots: Floats) -> tuple[Floats, Floats, Floats, faiss.Index]:
    """Mean, principal axes, and deviations along them; and an empty inverted file over them."""
    mean = roots.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((roots - mean).T))
    basis = np.ascontiguousarray(vectors[:, ::-1][:, :AXES].T, np.float32)
    basis *= np.sign(basis[np.arange(AXES), np.abs(basis).argmax(axis=1)])[:, None]  # one of two equal signs
    seen = np.ascontiguousarray((roots - mean) @ basis.T, np.float32)
    index = faiss.index_factory(AXES, f"IVF{CELLS}_HNSW{LINKS},PQ{CODES}x{BITS}fs")
    faiss.extract_index_ivf(index).cp.niter = ROUNDS
    index.train(seen)
    return mean, basis, seen.std(axis=0), index


def main() -> None:
    """Write both files."""
    files = [file for folder in sys.argv[1:] for file in sorted(Path(folder).rglob("*")) if file.is_file()]
    random.Random(SEED).shuffle(files)  # noqa: S311 # a sample, not a secret
    cv2.setNumThreads(1)
    roots = np.concatenate(list(roots_of(files[:PICTURES])))
    chosen = np.random.default_rng(SEED).permutation(len(roots))[:SAMPLES]
    mean, basis, deviation, index = train(roots[chosen])
    TARGET.mkdir(exist_ok=True)
    np.savez(TARGET / "axes.npz", mean=mean, basis=basis, deviation=deviation)
    faiss.write_index(index, str(TARGET / "vocabulary.faiss"))


if __name__ == "__main__":
    main()
