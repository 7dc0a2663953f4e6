"""A fault at every file system call: the disk refuses, is full, or the process dies right there.

After Tessera's fault tests: strace makes the n-th call of a kind fail, or kills at it. What was acknowledged stays, an
error that surfaces is one of ours, and the next run goes on.
"""

import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from survivors import what_is_wrong

WORKER = Path(__file__).parent / "worker.py"
CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "mkdir", "fchmod", "flock")
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
POINTS = int(os.environ.get("IPGUARD_FAULT_POINTS", "24"))
"""Faults that are tried, evenly drawn; 0 is every one there is (some minutes)."""


@pytest.fixture(scope="session")
def calls(tmp_path_factory) -> list[tuple[str, int, int]]:
    """(call, n-th of its kind in the process, n-th that concerns the store) of one whole life."""
    place = tmp_path_factory.mktemp("calm")
    command = ["strace", "-f", "-y", "-o", str(place / "trace"), "-e", f"trace={','.join(CALLS)}"]
    done = subprocess.run(
        [*command, sys.executable, str(WORKER), str(place / "store")],
        capture_output=True,
        text=True,
        check=False,
    )
    if "not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    seen: Counter[str] = Counter()
    found = []
    for line in (place / "trace").read_text("latin-1").splitlines():
        match = re.match(r"^\d+\s+(\w+)\(", line)
        if match is None or match[1] not in CALLS:
            continue
        seen[match[1]] += 1
        if str(place / "store") in line or str(place) + ">" in line:
            found.append((match[1], seen[match[1]], len(found)))
    assert len(found) > 200
    return found


@pytest.mark.needs("strace")
@pytest.mark.slow
def test_a_fault_at_any_call_loses_nothing_and_speaks_our_language(calls, tmp_path):
    chosen = [(call, n, fault) for call, n, _ in calls for fault in FAULTS]
    if POINTS and len(chosen) > POINTS:
        chosen = random.Random(11).sample(chosen, POINTS)
    wrong, surfaced = [], 0
    for number, (call, n, fault) in enumerate(chosen):
        place = tmp_path / str(number)
        place.mkdir()
        command = ["strace", "-f", "-qq", "-o", str(place / "trace"), "-e", f"inject={call}:{fault}:when={n}"]
        done = subprocess.run(
            [*command, sys.executable, str(WORKER), str(place / "store")],
            capture_output=True,
            text=True,
            check=False,
        )
        told = done.stdout.splitlines()
        what = f"{fault} at {call} number {n}"
        if fault.startswith("error") and done.returncode not in (0, 3):
            wrong.append(f"{what}: {done.stderr.strip().splitlines()[-1:]}")
        surfaced += done.returncode != 0
        if problem := what_is_wrong(place / "store", told):
            wrong.append(f"{what}: {problem}")
    assert wrong == []
    assert surfaced > len(chosen) // 2  # the faults did hit
