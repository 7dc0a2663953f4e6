"""The service keeps the schedule, refuses a second one, survives kill -9, and tells what was kept when it cannot go on."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipguard.demo import art
from ipguard.demo.market import draw_pictures, open_shop
from ipguard.demo.planted import OUTLET

WATCHLIST = """
[[work]]
id = "star-lantern"
title = "Star Lantern"
owner = "Example Animation Co."
names = [{ text = "Star Lantern", lang = "en" }]
"""


def ipguard(
    *arguments: object, cwd: Path, expect: int = 0, limit: int = 0
) -> subprocess.CompletedProcess[str]:
    def full_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "ipguard", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False,
        timeout=120, preexec_fn=full_disk if limit else None,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    return draw_pictures(lambda _done, _total: None)


@pytest.fixture(scope="module")
def prepared(pictures: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with one due source, made by the commands: a shop that is open. Copied for each test."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "w.toml").write_text(WATCHLIST, "utf-8")
    ipguard("init", "ws", cwd=folder)
    ipguard("watch", "add", "w.toml", "--no-self-test", "-w", "ws", cwd=folder)
    with open_shop(OUTLET, pictures) as (_, url):
        ipguard("source", "add", url, "--name", "shop", "--local", "--gap", "0", "-w", "ws", cwd=folder)
        yield folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path / "p")
    return tmp_path / "p"


def serve(place: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the service on a free port; returns it and the link it prints."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = place / f"serve-{port}.log"
    with log.open("wb") as out:  # a file: children of a killed service would keep a pipe open
        service = subprocess.Popen(
            [sys.executable, "-u", "-m", "ipguard", "serve", "-w", "ws", "--port", str(port)],
            cwd=place,
            stdout=out,
            stderr=out,
        )
    wait_for(lambda: "Stop with" in log.read_text() or service.poll() is not None)
    said = log.read_text()
    link = re.search(r"http://\S+?/enter\?key=[\w-]+", said.replace("\n", ""))
    assert link is not None, said
    return service, link[0]


def finished_runs(place: Path) -> int:
    with sqlite3.connect(place / "ws" / "ipguard.db") as db:
        (count,) = db.execute("SELECT count(*) FROM run WHERE state = 'finished'").fetchone()
    db.close()
    return int(count)


def wait_for(what, seconds: float = 180.0) -> None:
    patience = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if what():
            return
        patience.wait(0.1)
    raise AssertionError("waited in vain")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.read() == b"ok\n")
    except OSError:
        return False


def test_the_service_looks_when_it_is_time_and_a_second_one_is_refused(place: Path):
    service, link = serve(place)
    try:
        wait_for(lambda: answers(link.split("/enter")[0] + "/healthz"))
        wait_for(lambda: finished_runs(place) == 1)
        second = subprocess.run(
            [sys.executable, "-m", "ipguard", "serve", "-w", "ws", "--port", "1"], cwd=place, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 2
        assert "Another `ipguard serve`" in second.stderr
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(60)


def test_the_service_searches_what_it_has_seen_for_a_work_that_is_added(place: Path):
    service, _ = serve(place)

    def hunted(edition: int) -> bool:
        with sqlite3.connect(place / "ws" / "ipguard.db") as db:
            (count,) = db.execute(
                "SELECT count(*) FROM hunt WHERE state = 'finished' AND edition = ? AND new_alerts > 0",
                (edition,),
            ).fetchone()
        db.close()
        return bool(count)

    try:
        wait_for(lambda: finished_runs(place) == 1)
        art.key_visual("tide-fox", size=480).save(place / "fox.png")
        (place / "w2.toml").write_text(
            '[[work]]\nid = "tide-fox"\ntitle = "Tide Fox"\nowner = "Example Animation Co."\npictures = ["fox.png"]\n',
            "utf-8",
        )
        told = ipguard("watch", "add", "w2.toml", "--no-self-test", "-w", "ws", cwd=place).stdout
        assert "ipguard hunt" in told
        wait_for(lambda: hunted(2))
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(60)
    found = ipguard(
        "alerts", "list", "--work", "tide-fox", "--json", "-w", "ws", cwd=place
    ).stdout.splitlines()
    assert found
    shown = json.loads(
        ipguard("alerts", "show", json.loads(found[0])["alert"], "--json", "-w", "ws", cwd=place).stdout
    )
    assert "same_pictures" in shown
    (hunt,) = map(
        json.loads, ipguard("hunt", "--work", "tide-fox", "--json", "-w", "ws", cwd=place).stdout.splitlines()
    )
    assert (hunt["state"], hunt["new_alerts"]) == ("finished", 0)
    assert len(ipguard("hunt", "--list", "--json", "-w", "ws", cwd=place).stdout.splitlines()) >= 2
    ipguard("evidence", "check", "-w", "ws", cwd=place)


def test_a_service_killed_in_the_middle_is_followed_by_one_that_goes_on(place: Path):
    service, _ = serve(place)

    def begun() -> bool:
        with sqlite3.connect(place / "ws" / "ipguard.db") as db:
            (count,) = db.execute("SELECT count(*) FROM run_step").fetchone()
        db.close()
        return bool(count >= 2)

    wait_for(begun)
    os.kill(service.pid, signal.SIGKILL)
    service.wait()
    again, _ = serve(place)
    try:
        wait_for(lambda: finished_runs(place) == 1)
    finally:
        again.send_signal(signal.SIGTERM)
        again.wait(60)
    with sqlite3.connect(place / "ws" / "ipguard.db") as db:
        (listings, keys) = db.execute("SELECT count(*), count(DISTINCT key) FROM listing").fetchone()
        (runs,) = db.execute("SELECT count(*) FROM run").fetchone()
    db.close()
    assert listings == keys == 20
    assert runs == 1
    ipguard("evidence", "check", "-w", "ws", cwd=place)


def test_a_full_disk_ends_the_run_with_what_was_kept(place: Path):
    size = (place / "ws" / "ipguard.db").stat().st_size
    done = ipguard("sweep", "-w", "ws", cwd=place, expect=1, limit=size + 20_000)

    assert "disk" in done.stderr.lower()
    assert "kept" in done.stderr
    assert "hint" in done.stderr
    ipguard("sweep", "--all", "-w", "ws", cwd=place)
    ipguard("evidence", "check", "-w", "ws", cwd=place)


def test_a_locked_database_is_told_in_words(place: Path):
    db = sqlite3.connect(place / "ws" / "ipguard.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    try:
        done = ipguard("sweep", "-w", "ws", cwd=place, expect=1)
    finally:
        db.execute("ROLLBACK")
        db.close()
    assert "locked" in done.stderr
    assert "kept" in done.stderr


def test_the_doctor_says_what_is_missing(place: Path):
    checks = [
        json.loads(line) for line in ipguard("doctor", "--json", "-w", "ws", cwd=place).stdout.splitlines()
    ]

    told = {check["check"]: check["state"] for check in checks}
    assert told["database"] == told["evidence"] == "good"
    assert told["time stamps"] == told["contact"] == told["log key"] == "note"
    shutil.rmtree(place / "ws" / "evidence" / "blobs")
    (place / "ws" / "evidence" / "journal.db").write_bytes(b"damaged" * 1000)
    assert "evidence" in ipguard("doctor", "-w", "ws", cwd=place, expect=1).stdout
