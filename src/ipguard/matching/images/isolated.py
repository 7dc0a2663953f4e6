"""Looking at hostile pictures in processes of their own: a codec that crashes costs one picture and not the worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ipguard.matching.finding import Reason
from ipguard.matching.images.index import ReferenceIndex
from ipguard.matching.images.isolation import SECONDS, Isolated
from ipguard.matching.images.matcher import PictureVerdict, match_picture

CRASHED = Reason("unreadable.crashed")

Look = Callable[[str, bytes, str], PictureVerdict]
"""(index folder, the picture's bytes, their SHA-256 in hex); runs in the other process."""


def look(folder: str, data: bytes, sha256: str) -> PictureVerdict:
    """Match one picture against the index in `folder`, which the process keeps open."""
    return match_picture(_index(folder), data, sha256)


class IsolatedMatcher:
    """Matches pictures against a saved index, in other processes. Any number of threads may ask. Close it when done."""

    def __init__(
        self, index_folder: Path, *, processes: int = 1, seconds: float = SECONDS, look: Look = look
    ) -> None:
        self._folder, self._look = str(index_folder), look
        self._isolated = Isolated(processes=processes, seconds=seconds)

    def match(self, data: bytes, sha256: str) -> PictureVerdict:
        """What a picture shows; a crash or a stall is a named reason."""
        seen = self._isolated.run(self._look, self._folder, data, sha256, key=sha256)
        return seen if seen is not None else PictureVerdict(skipped=CRASHED)

    def close(self) -> None:
        """End the processes."""
        self._isolated.close()


@lru_cache(maxsize=1)
def _index(folder: str) -> ReferenceIndex:
    return ReferenceIndex.load(Path(folder))
