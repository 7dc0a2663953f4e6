"""A codec that crashes, stalls or eats memory costs its picture; every other picture gets its verdict."""

from __future__ import annotations

import hashlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import codecs_that_fail
import pytest

from ipguard.demo import art, products
from ipguard.matching.images.index import build_index
from ipguard.matching.images.isolated import CRASHED, IsolatedMatcher

FOX = products.jpeg(art.key_visual("tide-fox", size=320))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("index")
    build_index([("tide-fox", "f" * 64, "tide-fox.png", FOX)])[0].save(place)
    return place


@pytest.fixture(scope="module")
def matcher(folder):
    made = IsolatedMatcher(folder, processes=2, look=codecs_that_fail.look)
    yield made
    made.close()


def seen(matcher: IsolatedMatcher, data: bytes):
    return matcher.match(data, hashlib.sha256(data).hexdigest())


def works(matcher: IsolatedMatcher) -> list[str]:
    return [finding.work for finding in seen(matcher, FOX).findings]


def test_a_crash_costs_one_picture_and_is_tried_twice_in_all(matcher, tmp_path):
    tries = tmp_path / "tries"
    crashing = b"abort" + str(tries).encode()

    assert seen(matcher, crashing).skipped == CRASHED
    assert works(matcher) == ["tide-fox"]
    assert seen(matcher, crashing).skipped == CRASHED
    assert tries.read_text() == "tried\n" * 2, "the second time it is remembered"


def test_a_picture_that_was_merely_there_when_its_process_was_killed_is_looked_at_again(matcher, tmp_path):
    assert seen(matcher, b"once:" + str(tmp_path / "mark").encode()).skipped is None


def test_too_much_memory_is_a_named_outcome(matcher):
    assert seen(matcher, b"eats:").skipped == CRASHED
    assert works(matcher) == ["tide-fox"]


def test_a_stall_is_ended(folder):
    impatient = IsolatedMatcher(folder, seconds=0.3, look=codecs_that_fail.look)

    assert seen(impatient, b"stall").skipped == CRASHED
    assert impatient._isolated._all[0]._process is None
    impatient.close()


def test_neighbours_of_a_crash_lose_nothing(matcher, tmp_path):
    pictures = [b"waits%d" % n for n in range(12)]
    pictures[3:3] = [b"abort" + str(tmp_path / f"tries{n}").encode() for n in range(3)]
    with ThreadPoolExecutor(6) as callers:
        verdicts = list(callers.map(lambda data: seen(matcher, data), pictures))

    assert [v.skipped == CRASHED for v in verdicts] == [data.startswith(b"abort") for data in pictures]


def test_a_process_killed_between_two_pictures_is_not_noticed(folder):
    matcher = IsolatedMatcher(folder)
    assert works(matcher) == ["tide-fox"]
    for process in matcher._isolated._all:
        os.kill(process._process.pid, signal.SIGKILL)

    assert works(matcher) == ["tide-fox"]
    matcher.close()
