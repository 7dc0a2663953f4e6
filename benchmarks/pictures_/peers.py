"""What people would reach for instead: perceptual hashes, and ORB with RANSAC over a voting index."""

from __future__ import annotations

import io
from typing import Protocol

import cv2
import faiss
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


class Peer(Protocol):
    """Another way to find copies."""

    name: str

    def add(self, references: list[Pixels]) -> None:
        """Learn the references, once."""
        ...

    def best(self, data: bytes) -> tuple[int, float]:
        """(number of the best reference, score); higher is more alike."""
        ...


def opened(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), np.uint8)


class PerceptualHash:
    """imagehash pHash of 256 bits, the picture as it is."""

    name = "imagehash pHash"

    def __init__(self) -> None:
        self._index = faiss.IndexBinaryFlat(256)

    def _bits(self, pixels: Pixels) -> NDArray[np.uint8]:
        return np.packbits(imagehash.phash(Image.fromarray(pixels), hash_size=16).hash.reshape(1, -1), axis=1)

    def add(self, references: list[Pixels]) -> None:
        self._index.add(np.concatenate([self._bits(one) for one in references]))

    def best(self, data: bytes) -> tuple[int, float]:
        distances, ids = self._index.search(self._bits(opened(data)), 1)
        return int(ids[0, 0]), -float(distances[0, 0])


class Pdq:
    """PDQ in its eight turns (Facebook 2019)."""

    name = "PDQ, 8 turns"

    def __init__(self) -> None:
        from pdqhash import compute_dihedral  # type: ignore[attr-defined,unused-ignore] # re-exported without saying so; an extra

        self._turns = compute_dihedral
        self._index = faiss.IndexBinaryFlat(256)

    def _bits(self, pixels: Pixels) -> NDArray[np.uint8]:
        return np.packbits(np.array(self._turns(pixels)[0], np.uint8), axis=1)

    def add(self, references: list[Pixels]) -> None:
        self._index.add(np.concatenate([self._bits(one)[:1] for one in references]))

    def best(self, data: bytes) -> tuple[int, float]:
        distances, ids = self._index.search(self._bits(opened(data)), 1)
        turn = int(distances[:, 0].argmin())
        return int(ids[turn, 0]), -float(distances[turn, 0])


class OrbRansac:
    """ORB (OpenCV), the nearest descriptor votes, the ten with most votes are fitted by RANSAC; inliers are the score."""

    name = "ORB + RANSAC"
    FEATURES, EDGE, TRIED = 500, 640, 10

    def __init__(self) -> None:
        self._orb = cv2.ORB.create(nfeatures=self.FEATURES)
        self._pairs = cv2.BFMatcher(cv2.NORM_HAMMING)
        self._known: list[tuple[NDArray[np.float32], NDArray[np.uint8]]] = []

    def _features(self, pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        factor = min(1.0, self.EDGE / max(pixels.shape[:2]))
        grey = cv2.cvtColor(
            cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        found, raw = self._orb.detectAndCompute(grey, None)
        if not found:
            return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
        return np.array([k.pt for k in found], np.float32), np.asarray(raw, np.uint8)

    def add(self, references: list[Pixels]) -> None:
        self._known = [self._features(one) for one in references]
        self._owner = np.repeat(np.arange(len(self._known)), [len(d) for _, d in self._known])
        rows = np.concatenate([d for _, d in self._known])
        quantiser = faiss.IndexBinaryFlat(256)
        lists = max(16, int(np.sqrt(len(rows))))
        self._index = faiss.IndexBinaryIVF(quantiser, 256, lists)
        self._index.own_fields = False
        self._quantiser = quantiser
        self._index.nprobe = 8
        self._index.train(rows)
        self._index.add(rows)

    def best(self, data: bytes) -> tuple[int, float]:
        points, descriptors = self._features(opened(data))
        if len(points) < 4:
            return -1, 0.0
        _, ids = self._index.search(descriptors, 3)
        votes = np.bincount(self._owner[ids[ids >= 0]], minlength=len(self._known))
        top = (-1, 0.0)
        for number in np.argsort(-votes, kind="stable")[: self.TRIED]:
            score = self._fitted(points, descriptors, *self._known[int(number)])
            top = (int(number), score) if score > top[1] else top
        return top

    def _fitted(
        self, points: NDArray[np.float32], descriptors: NDArray[np.uint8],
        known: NDArray[np.float32], their: NDArray[np.uint8],
    ) -> float:  # fmt: skip
        if len(known) < 4:
            return 0.0
        pairs = [two for two in self._pairs.knnMatch(descriptors, their, 2) if len(two) == 2]
        good = [a for a, b in pairs if a.distance < 0.8 * b.distance]
        if len(good) < 4:
            return 0.0
        start = np.array([known[m.trainIdx] for m in good])
        end = np.array([points[m.queryIdx] for m in good])
        _, inside = cv2.findHomography(start, end, cv2.RANSAC, 5.0)
        return float(inside.sum()) if inside is not None else 0.0
