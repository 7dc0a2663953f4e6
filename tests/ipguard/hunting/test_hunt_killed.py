"""A hunt that is killed again and again ends as one that was not: nothing missed, nothing doubled."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from crawlers.listing import Listing
from evidence_store.exhibit import Operator
from ipguard.alerts.tables import AlertRow, FindingRow
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.demo import art, products
from ipguard.evidence import open_store
from ipguard.hunting.store import list_hunts
from ipguard.listings.pictures import keep_picture
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import PictureLookRow
from ipguard.service import hunt_now
from ipguard.settings import Workspace, open_workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.sources.tables import RunRow
from ipguard.wiring import PictureStore, add_watchlist
from ipguard.workspace import make_workspace

GOODS = 36
"""Pictures: more than two pages of a hunt."""
COPIES = 5
OPERATOR = Operator("ana", "os-account")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import event
from evidence_store.exhibit import Operator
from ipguard.database.engine import make_engine
from ipguard.service import hunt_now
from ipguard.settings import open_workspace

place = open_workspace(Path(sys.argv[1]))

def hunt(left):
    database = make_engine(place.database_url)

    @event.listens_for(database, "commit")
    def kill(connection):
        nonlocal left
        if not connection.get_execution_options().get("ipguard_read_only"):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    hunt_now(place, database, operator=Operator("ana", "os-account"), now=lambda: datetime.now(UTC), progress=lambda *_: None)

if __name__ == "__main__":
    for commits in sys.argv[2:]:
        child = os.fork()
        if not child:
            hunt(int(commits))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace full of pictures that nobody looked at, and a work that some of them show."""
    place = tmp_path_factory.mktemp("stored")
    workspace = make_workspace(place / "ws", now=now)
    fox = art.key_visual("tide-fox", size=240)
    fox.save(place / "fox.png")
    (place / "w.toml").write_text(
        '[[work]]\nid = "tide-fox"\ntitle = "Tide Fox"\nowner = "Example Animation Co."\npictures = ["fox.png"]\n',
        "utf-8",
    )
    add_watchlist(workspace, place / "w.toml", now=now)
    shown = [products.jpeg(fox, 60 + n) for n in range(COPIES)]
    shown += [products.jpeg(art.stranger(n, size=48)) for n in range(GOODS - COPIES)]
    store, engine = PictureStore(workspace.pictures), make_engine(workspace.database_url)
    with transaction(engine) as session:
        add_source(session, NewSource("https://stall.example", "shopify", "stall"), now=NOON)
        session.add(RunRow(source_id="stall", state="finished", started_at=NOON))
        session.flush()
        urls = [f"https://stall.example/{n}.jpg" for n in range(GOODS)]
        goods = [Listing(id=url, url=url, title="lamp", pictures=(url,)) for url in urls]
        keep_listings(session, "stall", goods, read_by="shopify@1", run_id=1, step=1, now=NOON)
        for url, data in zip(urls, shown, strict=True):
            keep_picture(session, url, sha256=store.put(data), media_type="image/jpeg", now=NOON)
    engine.dispose()
    return workspace.folder


def copy(stored: Path, to: Path) -> Workspace:
    shutil.copytree(stored, to)
    return open_workspace(to)


def ended(workspace: Workspace) -> tuple[list[tuple[object, ...]], ...]:
    """Everything a hunt leaves, but for times and exhibits' names."""
    engine = make_engine(workspace.database_url)
    with reading(engine) as session:
        alerts = session.execute(
            select(
                col(AlertRow.listing_id), col(AlertRow.work_id), col(AlertRow.version), col(AlertRow.score)
            )
        )
        findings = session.execute(select(col(FindingRow.alert_version), col(FindingRow.reason_code)))
        looks = session.execute(select(col(PictureLookRow.sha256), col(PictureLookRow.edition)))
        left = tuple(sorted(tuple(row) for row in rows) for rows in (alerts, findings, looks))
        exhibits = set(session.scalars(select(AlertRow.exhibit_id)))
        assert [row.state for row in list_hunts(session)] == ["finished"]
    engine.dispose()
    with open_store(workspace, now) as store:
        assert exhibits <= {kept.exhibit_id for kept in store.exhibits()}
        assert store.check() == []
    return left


def test_a_hunt_killed_at_any_commit_ends_as_one_that_was_not(stored: Path, tmp_path: Path):
    whole = copy(stored, tmp_path / "whole")
    engine = make_engine(whole.database_url)
    report = hunt_now(whole, engine, operator=OPERATOR, now=now, progress=lambda *_: None)
    engine.dispose()
    assert (report.pictures, report.found, report.new_alerts) == (GOODS, COPIES, COPIES)

    killed = copy(stored, tmp_path / "killed")
    (tmp_path / "child.py").write_text(CHILD, "utf-8")
    done = subprocess.run(
        [sys.executable, "child.py", str(killed.folder), "4", "5", "6", "1000"], cwd=tmp_path, timeout=120, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert [int(code) for code in done.stdout.split()] == [-signal.SIGKILL] * 3 + [0], done.stderr
    assert ended(killed) == ended(whole)
