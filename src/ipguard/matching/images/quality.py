"""Is a reference good enough to find copies of? Said when it is added."""

from __future__ import annotations

from dataclasses import dataclass

from ipguard.matching.finding import Reason
from ipguard.matching.images.decode import Undecodable, decode
from ipguard.matching.images.features import reference_features
from ipguard.matching.images.hashes import is_flat
from ipguard.matching.images.lettering import lettering

GOOD_EDGE = 300
GOOD_POINTS = 120
MOSTLY_TEXT = 0.6
"""Share of the drawn edges that belong to lines of letters."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What looking at a reference told."""

    width: int = 0
    height: int = 0
    media_type: str = ""
    warnings: tuple[Reason, ...] = ()
    unreadable: Reason | None = None


def quality_of(data: bytes) -> Quality:
    """Look at a reference picture."""
    picture = decode(data)
    if isinstance(picture, Undecodable):
        return Quality(unreadable=picture.reason)
    warnings = []
    if min(picture.width, picture.height) < GOOD_EDGE:
        warnings.append(Reason("reference.small", {"width": picture.width, "height": picture.height}))
    if is_flat(picture):
        warnings.append(Reason("reference.flat"))
    points = len(reference_features(picture))
    if points < GOOD_POINTS:
        warnings.append(Reason("reference.few_points", {"points": points}))
    share = lettering(picture.pixels)
    if share >= MOSTLY_TEXT:
        warnings.append(Reason("reference.mostly_text", {"percent": round(100 * share)}))
    return Quality(picture.width, picture.height, picture.media_type, tuple(warnings))
