"""Further voices beside hashes and features: each looks at decoded frames and says what it thinks it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ipguard.matching.finding import Finding, PicturePlace
from ipguard.matching.images.decode import Picture


class PictureVoice(Protocol):
    """Compares a picture with every reference in its own way; does no I/O once it is made."""

    @property
    def version(self) -> str:
        """Changes whenever the same picture might give other findings; part of the version of a watch."""
        ...

    def see(self, picture: Picture) -> Sequence[Finding]:
        """Findings, each with a PicturePlace; `look_with` fills in the listing picture's digest and the frame."""
        ...


def look_with(voices: Sequence[PictureVoice], frames: Sequence[Picture], sha256: str) -> list[Finding]:
    """What the voices see in the frames of one picture: of each voice the strongest finding a reference.

    Args:
        voices: none of them hears another, so a finding never depends on who else is asked.
        frames: as `decode_frames` gives them.
        sha256: of the picture's bytes, hex.

    Returns:
        Strongest first; of frames that say the same, the earlier one.
    """
    best: dict[tuple[int, str, str], Finding] = {}
    for frame in frames:
        for number, voice in enumerate(voices):
            for finding in voice.see(frame):
                if not isinstance(finding.place, PicturePlace):
                    raise TypeError("a voice says where: its findings have a PicturePlace")
                key = (number, finding.work, finding.place.reference)
                if key not in best or finding.strength > best[key].strength:
                    place = replace(finding.place, picture=sha256, frame=frame.frame)
                    best[key] = replace(finding, place=place)
    return sorted(best.values(), key=lambda f: (-f.strength, f.work, str(f.place)))
