"""Looking at hostile pictures in processes of their own: a codec that crashes costs one picture and not the worker."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from pathlib import Path

from ipguard.matching.finding import Reason
from ipguard.matching.images.index import ReferenceIndex
from ipguard.matching.images.matcher import PictureVerdict, match_picture

SECONDS = 60.0
"""A picture that takes longer is given up."""
WATCH_SECONDS = 2.0
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
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._processes, context, initializer=_end_with, initargs=(os.getpid(),))


def _end_with(parent: int) -> None:
    """End this process soon after its parent: a parent that is killed cannot tell it to."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _match(folder: str, data: bytes, sha256: str) -> PictureVerdict:
    return match_picture(_index(folder), data, sha256)


@lru_cache(maxsize=1)
def _index(folder: str) -> ReferenceIndex:
    return ReferenceIndex.load(Path(folder))
