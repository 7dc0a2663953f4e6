"""Two stages, one verdict: hashes answer edits of the whole picture, features everything else; both say where."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import faiss
import numpy as np

from ipguard.matching.finding import Finding, PicturePlace, Point, Quad, Reason
from ipguard.matching.images.agreement import Guide, Proposal, gather, propose
from ipguard.matching.images.decode import Undecodable, decode_frames
from ipguard.matching.images.features import Features
from ipguard.matching.images.fingerprint import Fingerprint, fingerprint_of
from ipguard.matching.images.fitting import Warp
from ipguard.matching.images.geometry import Placement, Size, evidence_for, outline, placement
from ipguard.matching.images.hashes import HashHit
from ipguard.matching.images.index import Reference, ReferenceIndex, build_index
from ipguard.matching.images.likeness import UNKNOWN, likeness
from ipguard.matching.images.voting import candidates

VERSION = "2"

TOLERANCE = 0.011
"""Of the picture's diagonal: how far a point may lie from where it should."""
PROPOSALS = 8
"""Placements that are looked into, most votes first."""
MIRRORED_FEATURES = 600
"""Strongest features that are also looked for mirrored: whole mirrored pictures are the business of hashes."""
SURE = 0.5
"""Sureness that makes a finding; docs/calibration.md has the rate of false ones."""
ALIKE, ALIKE_SEEN = 0.62, 0.6
"""Middle correlation, and share of patches alike, that uphold what a hash proposes."""
CERTAIN = 24
"""Differing bits up to which a hash needs nobody to uphold it."""
MIRRORED_FROM = 4
"""Turns from here on are of the mirrored picture."""


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What one picture shows."""

    findings: tuple[Finding, ...] = ()
    """Best first, one a reference."""
    skipped: Reason | None = None
    """Why it could not be looked at."""


def match_picture(index: ReferenceIndex, data: bytes, sha256: str) -> PictureVerdict:
    """Compare one picture with every reference; the same bytes give the same verdict."""
    frames = decode_frames(data)
    if isinstance(frames, Undecodable):
        return PictureVerdict(skipped=frames.reason)
    return match_frames(index, [(frame.frame, fingerprint_of(frame)) for frame in frames], sha256)


def match_frames(
    index: ReferenceIndex, prints: Iterable[tuple[int, Fingerprint]], sha256: str
) -> PictureVerdict:
    """Compare the frames of one picture, by their fingerprints; of each reference the best frame is told."""
    best: dict[tuple[str, str], Finding] = {}
    for frame, one in prints:
        for finding, place in _see(index, one, sha256):
            key = (finding.work, place.reference)
            if key not in best or finding.strength > best[key].strength:
                best[key] = replace(finding, place=replace(place, frame=frame))
    return PictureVerdict(tuple(sorted(best.values(), key=lambda f: (-f.strength, f.work, str(f.place)))))


def compare(reference: bytes, candidate: bytes) -> PicturePlace | None:
    """One picture against one reference and nothing else: what any larger index must agree with."""
    index, _ = build_index([("", "", "", reference)])
    findings = match_picture(index, candidate, "").findings
    place = findings[0].place if findings else None
    return place if isinstance(place, PicturePlace) else None


def _see(index: ReferenceIndex, seen: Fingerprint, sha256: str) -> Iterator[tuple[Finding, PicturePlace]]:
    """Findings in one frame: what hashes say and pixels uphold, and what features say; one a reference.

    Where both see a reference, features say where, since a hash knows only the whole, and the surer one how sure.
    """
    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    whole = {}
    for hit in index.hashes.search(seen.bits):
        corners = _corners(hit.turn, (seen.width, seen.height))
        if _upheld(index, seen, hit, corners):
            whole[hit.reference] = _by_hash(index.references[hit.reference], hit, corners, sha256)
    placed: set[int] = set()
    for mirrored in (False, True):
        for number, found in _placements(index, seen, placed, mirrored=mirrored):
            placed.add(number)
            finding, place = _by_features(index.references[number], seen, found, sha256, mirrored=mirrored)
            surer = max(finding.strength, whole[number][0].strength) if number in whole else finding.strength
            yield replace(finding, strength=surer), place
    for number, told in whole.items():
        if number not in placed:
            yield told


def _upheld(index: ReferenceIndex, seen: Fingerprint, hit: HashHit, corners: Quad) -> bool:
    """Whether the pixels say what the hash says."""
    reference = index.references[hit.reference]
    width, height = reference.width, reference.height
    upright = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(upright, np.array(corners, np.float32))
    alike = likeness(
        seen.grey, seen.width, index.thumb(hit.reference), width, Warp(np.asarray(matrix, np.float64))
    )
    if alike == UNKNOWN:
        return hit.distance <= CERTAIN
    return alike.middle >= ALIKE and alike.seen >= ALIKE_SEEN


def _placements(
    index: ReferenceIndex, seen: Fingerprint, known: set[int], *, mirrored: bool
) -> Iterator[tuple[int, Placement]]:
    """Placements that are sure enough, of references that are not known yet."""
    features = seen.features.mirrored(seen.width) if mirrored else seen.features
    if not len(features):
        return
    tolerance = TOLERANCE * math.hypot(seen.width, seen.height)
    proposals = _proposals(
        index, features.first(MIRRORED_FEATURES) if mirrored else features, tolerance, known
    )
    if not proposals:
        return
    guide, frame = Guide.over(features), (seen.width, seen.height)
    grey = np.ascontiguousarray(seen.grey[:, ::-1]) if mirrored else seen.grey
    for number, reference, proposal in proposals:
        size = _size(index.references[number])
        agreement = gather(guide, reference, proposal, frame, tolerance)
        quad = outline(agreement.warp, size, frame) if agreement is not None else None
        if agreement is None or quad is None:
            continue
        alike = likeness(grey, seen.width, index.thumb(number), size[0], agreement.warp)
        evidence = evidence_for(agreement, proposal.votes, reference, size, alike)
        if evidence is not None and evidence.sureness >= SURE:
            yield number, placement(agreement, quad, (features, reference), (frame, size), evidence.sureness)


def _proposals(
    index: ReferenceIndex, features: Features, tolerance: float, known: set[int]
) -> list[tuple[int, Features, Proposal]]:
    """References with their features and how they might lie, most votes first."""
    found = []
    for candidate in candidates(index.matches(features)):
        if candidate.reference not in known:
            reference = index.features(candidate.reference)
            proposal = propose(features, reference, candidate.pairs, tolerance)
            if proposal is not None:
                found.append((candidate.reference, reference, proposal))
    return sorted(found, key=lambda one: (-one[2].votes, one[0]))[:PROPOSALS]


def _by_hash(reference: Reference, hit: HashHit, corners: Quad, sha256: str) -> tuple[Finding, PicturePlace]:
    place = PicturePlace(
        picture=sha256,
        reference=reference.sha256,
        method="hash",
        region=corners,
        reference_region=_corners(0, _size(reference)),
        mirrored=hit.turn >= MIRRORED_FROM,
    )
    reason = Reason(
        "picture.whole" if hit.turn == 0 else "picture.whole_turned",
        {"reference": reference.name, "distance": hit.distance},
    )
    strength = round(0.97 - 0.07 * hit.distance / 64, 4)
    return Finding("picture", VERSION, reference.work, strength, reason, place), place


def _by_features(
    reference: Reference, seen: Fingerprint, found: Placement, sha256: str, *, mirrored: bool
) -> tuple[Finding, PicturePlace]:
    flip = (lambda point: (round(seen.width - point[0], 1), point[1])) if mirrored else (lambda point: point)
    a, b, c, d = (flip(corner) for corner in found.region)
    place = PicturePlace(
        picture=sha256,
        reference=reference.sha256,
        method="features",
        region=(a, b, c, d),
        reference_region=found.reference_region,
        inliers=found.inliers,
        mirrored=mirrored,
        share=found.share,
        points=tuple((flip(here), there) for here, there in found.points),
    )
    reason = Reason(
        "picture.mirrored" if mirrored else "picture.part",
        {
            "reference": reference.name,
            "points": found.inliers,
            "percent": round(100 * min(1.0, _area(place.region) / (seen.width * seen.height))),
            "share": round(100 * found.share),
        },
    )
    return Finding("picture", VERSION, reference.work, round(found.sureness, 4), reason, place), place


def _corners(turn: int, size: Size) -> Quad:
    """Where the corners of a reference lie in a picture that is it, turned; in the reference's order."""
    width, height = float(size[0]), float(size[1])
    corners: list[Point] = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    if turn >= MIRRORED_FROM:
        corners = [corners[n] for n in (1, 0, 3, 2)]
    a, b, c, d = (corners[(n - turn) % 4] for n in range(4))
    return a, b, c, d


def _size(reference: Reference) -> Size:
    return reference.width, reference.height


def _area(quad: Quad) -> float:
    pairs = zip(quad, (*quad[1:], quad[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
