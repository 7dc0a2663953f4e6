"""A codec that crashes, stalls or eats memory costs its picture; every other picture is seen."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import codecs_that_fail
import pytest

from ipguard.matching.images.isolation import Isolated


@pytest.fixture(scope="module")
def isolated():
    made = Isolated(processes=2)
    yield made
    made.close()


def seen(isolated: Isolated, data: bytes) -> str | None:
    return isolated.run(codecs_that_fail.look, data, key=data.hex())


def test_a_crash_costs_one_picture_and_is_tried_twice_in_all(isolated, tmp_path):
    tries = tmp_path / "tries"
    crashing = b"abort" + str(tries).encode()

    assert seen(isolated, crashing) is None
    assert seen(isolated, b"good 0001") == "seen 0001"
    assert seen(isolated, crashing) is None
    assert tries.read_text() == "tried\n" * 2, "the second time it is remembered"


def test_without_a_key_nothing_is_remembered(isolated, tmp_path):
    tries = tmp_path / "tries"
    for _ in range(2):
        assert isolated.run(codecs_that_fail.look, b"abort" + str(tries).encode()) is None
    assert tries.read_text() == "tried\n" * 4


def test_a_picture_that_was_merely_there_when_its_process_was_killed_is_looked_at_again(isolated, tmp_path):
    assert seen(isolated, b"once:" + str(tmp_path / "mark").encode()) == "seen mark"


@pytest.mark.parametrize("how", [b"eats:", b"raise"])
def test_too_much_memory_and_what_nobody_expected_cost_one_picture(isolated, how):
    assert seen(isolated, how) is None
    assert seen(isolated, b"good 0002") == "seen 0002"


def test_a_stall_is_ended():
    impatient = Isolated(seconds=0.3)

    assert seen(impatient, b"stall") is None
    assert impatient._all[0]._process is None
    impatient.close()


def test_neighbours_of_a_crash_lose_nothing(isolated, tmp_path):
    pictures = [b"waits %04d" % n for n in range(12)]
    pictures[3:3] = [b"abort" + str(tmp_path / f"tries{n}").encode() for n in range(3)]
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda data: seen(isolated, data), pictures))

    assert answers == [None if d.startswith(b"abort") else f"seen {d[-4:].decode()}" for d in pictures]


def test_a_process_killed_between_two_pictures_is_not_noticed(isolated):
    for n in range(2):
        assert seen(isolated, b"good %04d" % n) == f"seen {n:04d}"
    for process in isolated._all:
        if process._process is not None:
            os.kill(process._process.pid, signal.SIGKILL)

    assert seen(isolated, b"good 0007") == "seen 0007"
