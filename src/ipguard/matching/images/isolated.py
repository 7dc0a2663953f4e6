"""Looking at hostile pictures in processes of their own: a codec that crashes costs one picture and not the worker."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from pathlib import Path

from ipguard.matching.finding import Reason
from ipguard.matching.images.index import ReferenceIndex
from ipguard.matching.images.matcher import PictureVerdict, match_picture

SECONDS = 60.0
"""A picture that takes longer is given up."""
CRASHED = Reason("unreadable.crashed")


class IsolatedMatcher:
    """Matches pictures against a saved index, in other processes. Close it when done."""

    def __init__(self, index_folder: Path, *, processes: int = 1) -> None:
        self._folder, self._processes = index_folder, processes
        self._pool = self._new_pool()

    def match(self, data: bytes, sha256: str) -> PictureVerdict:
        """What a picture shows; a crash or a stall is a named reason."""
        try:
            return self._pool.submit(_match, str(self._folder), data, sha256).result(timeout=SECONDS)
        except (BrokenProcessPool, TimeoutError):
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = self._new_pool()
            return PictureVerdict(skipped=CRASHED)

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, mp_context=multiprocessing.get_context("spawn"))


def _match(folder: str, data: bytes, sha256: str) -> PictureVerdict:
    return match_picture(_index(folder), data, sha256)


@lru_cache(maxsize=1)
def _index(folder: str) -> ReferenceIndex:
    return ReferenceIndex.load(Path(folder))
