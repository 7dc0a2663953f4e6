"""The power fails after any system call: what was acknowledged is there all the same.

kill -9 cannot find a forgotten flush, for the kernel still has what was written. Here only what was flushed is sure.
The negative controls take one kind of flush out of the trace: each must be noticed.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from disk_model import Disk, Step, steps
from survivors import what_is_wrong

WORKER = Path(__file__).parent / "worker.py"
CALLS = "openat,write,pwrite64,fsync,fdatasync,ftruncate,lseek,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat"
WAYS = ("none", "all", "names", "torn", "torn")
STATES = int(os.environ.get("IPGUARD_CRASH_STATES", "400"))
"""Crash states that are looked at; 0 is every one there is."""


@pytest.fixture(scope="session")
def life(tmp_path_factory) -> tuple[list[Step], str]:
    """Every step of a store's short life, and its folder."""
    place = tmp_path_factory.mktemp("life")
    root = str(place / "store")
    command = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-o", place / "trace"]
    done = subprocess.run(
        [*command, sys.executable, WORKER, root], capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    return list(steps((place / "trace").read_text("latin-1"), root)), root


def crash_everywhere(
    life: tuple[list[Step], str], keeps: Callable[[Step], bool], limit: int
) -> tuple[int, list[str]]:
    """(states looked at, what was wrong in them). Steps that `keeps` denies never happen."""
    all_steps, root = life
    points = [n for n, step in enumerate(all_steps) if step.name != "told"]
    chosen = [(n, way) for n in points for way in WAYS]
    chance = random.Random(7)
    if limit and len(chosen) > limit:
        chosen = chance.sample(chosen, limit)
    wanted: dict[int, list[str]] = {}
    for n, way in chosen:
        wanted.setdefault(n, []).append(way)
    disk, wrong = Disk(root), []
    memory = Path("/dev/shm")
    base = tempfile.mkdtemp(dir=memory if memory.is_dir() else None)
    try:
        for n, step in enumerate(all_steps):
            if keeps(step):
                disk.play(step)
            for number, way in enumerate(wanted.get(n, ())):
                left = Path(base) / f"{n}-{number}"
                left.mkdir()
                disk.left(way, chance, left)
                if problem := what_is_wrong(left, disk.told):
                    wrong.append(
                        f"after step {n} ({step.name} {step.path.removeprefix(root)}), {way}: {problem}"
                    )
                shutil.rmtree(left)
    finally:
        shutil.rmtree(base)
    return len(chosen), wrong


@pytest.mark.needs("strace")
@pytest.mark.slow
def test_whatever_is_left_after_a_power_cut_nothing_acknowledged_is_lost(life):
    count, wrong = crash_everywhere(life, lambda _step: True, STATES)
    assert count == (STATES or count)
    assert count >= 400
    assert wrong == []


def flush_of(part: str) -> Callable[[Step], bool]:
    """Whether a step is anything but the flush of this part of a store."""

    def keeps(step: Step) -> bool:
        if step.name != "flush":
            return True
        path = step.path
        kinds = {
            "the journal": "journal.db" in path,
            "sealed bytes": path.endswith(".part") and "/blobs/" in path,
            "folders of sealed bytes": "/blobs/" in path and not path.endswith(".part"),
            "the checkpoint": ".checkpoint." in path,
            "the folder that holds the store": path.endswith("/life0"),
        }
        return not kinds[part]

    return keeps


@pytest.mark.needs("strace")
@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        "the journal",
        "sealed bytes",
        "folders of sealed bytes",
        "the checkpoint",
        "the folder that holds the store",
    ],
)
def test_a_flush_that_is_left_out_is_noticed(life, part):
    _, wrong = crash_everywhere(life, flush_of(part), 200)
    assert wrong, f"nobody noticed that {part} was never flushed"
