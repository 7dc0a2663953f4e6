"""Two stages, one verdict: hashes answer edits of the whole picture, features everything else, both say where."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import faiss

from ipguard.matching.finding import Finding, PicturePlace, Quad, Reason
from ipguard.matching.images.decode import Picture, Undecodable, decode
from ipguard.matching.images.features import query_features, reference_features
from ipguard.matching.images.geometry import Placement, place
from ipguard.matching.images.hashes import HashHit, turned_hashes
from ipguard.matching.images.index import Reference, ReferenceIndex, size_of

VERSION = "1"


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What one picture shows."""

    findings: tuple[Finding, ...] = ()
    """Best first, one a reference."""
    skipped: Reason | None = None
    """Why it could not be looked at."""


def match_picture(index: ReferenceIndex, data: bytes, sha256: str) -> PictureVerdict:
    """Compare one picture with every reference; the same bytes give the same verdict."""
    picture = decode(data)
    if isinstance(picture, Undecodable):
        return PictureVerdict(skipped=picture.reason)
    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    found = {
        hit.reference: _from_hash(index, picture, hit, sha256)
        for hit in index.hashes.search(turned_hashes(picture))
    }
    for mirrored in (False, True):
        if mirrored and found:
            break
        query = query_features(picture, mirrored=mirrored)
        for number in index.candidates(query):
            if number in found:
                continue
            reference = index.references[number]
            size = (reference.width, reference.height)
            placement = place(query, index.features[number], size_of(picture), size)
            if placement is not None:
                found[number] = _from_features(reference, picture, placement, sha256, mirrored=mirrored)
    ranked = sorted(found.values(), key=lambda f: (-f.strength, f.work, str(f.place)))
    return PictureVerdict(tuple(ranked))


def compare(reference: bytes, candidate: bytes) -> Placement | None:
    """One picture against one reference, features only: what every index must agree with."""
    one, other = decode(reference), decode(candidate)
    if isinstance(one, Undecodable) or isinstance(other, Undecodable):
        return None
    known = reference_features(one)
    for mirrored in (False, True):
        found = place(query_features(other, mirrored=mirrored), known, size_of(other), size_of(one))
        if found is not None:
            return found
    return None


def _from_hash(index: ReferenceIndex, picture: Picture, hit: HashHit, sha256: str) -> Finding:
    reference = index.references[hit.reference]
    whole = _whole(*size_of(picture))
    where = PicturePlace(
        sha256,
        reference.sha256,
        "hash",
        whole,
        _whole(reference.width, reference.height),
        mirrored=hit.turn >= 4,
    )
    values: dict[str, str | int | float] = {"reference": reference.name, "distance": hit.distance}
    strength = 0.97 - 0.07 * hit.distance / 64
    code = "picture.whole" if hit.turn == 0 else "picture.whole_turned"
    return Finding("picture", VERSION, reference.work, round(strength, 4), Reason(code, values), where)


def _from_features(
    reference: Reference, picture: Picture, placement: Placement, sha256: str, *, mirrored: bool
) -> Finding:
    region = _flipped(placement.region, picture.width) if mirrored else placement.region
    where = PicturePlace(
        sha256, reference.sha256, "features", region, placement.reference_region,
        placement.inliers, mirrored, placement.share,
    )  # fmt: skip
    values: dict[str, str | int | float] = {
        "reference": reference.name,
        "points": placement.inliers,
        "percent": round(100 * _area(region) / (picture.width * picture.height)),
        "share": round(100 * placement.share),
    }
    strength = min(0.97, 0.75 + (placement.inliers - 8) * 0.015)
    code = "picture.mirrored" if mirrored else "picture.part"
    return Finding("picture", VERSION, reference.work, round(strength, 4), Reason(code, values), where)


def _whole(width: int, height: int) -> Quad:
    return (0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))


def _flipped(quad: Quad, width: int) -> Quad:
    a, b, c, d = ((round(width - x, 1), y) for x, y in quad)
    return a, b, c, d


def _area(quad: Quad) -> float:
    pairs = zip(quad, (*quad[1:], quad[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
