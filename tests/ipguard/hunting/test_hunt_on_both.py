"""A reference that comes late is found in every picture seen before; on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlmodel import col
from stall import Stall, open_stall

from evidence_store.exhibit import Operator
from evidence_store.verify.verifier import verify_bundle
from ipguard.alerts.queries import AlertView, Filter, list_alerts
from ipguard.cases.store import add_alert, new_case
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.demo import art, products
from ipguard.errors import WrongUse
from ipguard.evidence import export_case, open_store
from ipguard.hunting.hunt import HuntReport
from ipguard.jobs.claims import claim_named, release
from ipguard.jobs.lock import sweeping
from ipguard.listings.tables import ListingRow, PictureFingerprintRow, PictureLookRow
from ipguard.matching.images.eye import Eye
from ipguard.service import hunt_now, sweep_now
from ipguard.settings import DATABASE_VARIABLE, Workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.wiring import PictureStore, add_watchlist
from ipguard.workspace import make_workspace

OPERATOR = Operator("ana", "os-account")
FOX, LANTERN = "tide-fox", "star-lantern"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """Name of the goods → the picture that shows it."""
    return {
        "fox-shirt": products.jpeg(products.shirt(art.key_visual(FOX), 3)),
        "fox-hoodie": products.jpeg(products.shirt(art.key_visual(FOX), 5)),
        "lantern-shirt": products.jpeg(products.shirt(art.key_visual(LANTERN), 4)),
        "plain-mug": products.jpeg(products.mug(art.stranger(99), 5)),
        "broken": b"<html>no picture",
    }


class LastingEye(Eye):
    """The real picture process, for all tests here: a new one reads its libraries first."""

    def close(self) -> None:
        """It is ended when the tests are."""


@pytest.fixture(scope="module", autouse=True)
def one_eye() -> Iterator[None]:
    eye = LastingEye()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ipguard.lookout.Eye", lambda _asked: eye)
        yield
    Eye.close(eye)


@pytest.fixture
def workspace(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv(DATABASE_VARIABLE, database_url)
    return make_workspace(tmp_path / "ws", now=now)


@pytest.fixture
def database(workspace: Workspace) -> Iterator[Engine]:
    engine = make_engine(workspace.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def stall(database: Engine, pictures: dict[str, bytes]) -> Iterator[Stall]:
    with open_stall() as made:
        made.goods = {name: [data] for name, data in pictures.items()}
        with transaction(database) as session:
            add_source(
                session, NewSource(made.base, "shopify", "stall", local=True, min_gap_seconds=0.0), now=now()
            )
        yield made


def watch(workspace: Workspace, *works: str, size: int = 480, name: str = "") -> None:
    """Watch for these works, each with its key visual, and nothing else of them."""
    folder = workspace.folder.parent
    lines = []
    for work in works:
        art.key_visual(work, size=size).save(folder / f"{work}-{size}.png")
        names = f'names = [{{ text = "{name}", lang = "en" }}]\n' if name else ""
        lines.append(
            f'[[work]]\nid = "{work}"\ntitle = "{work}"\nowner = "Example Animation Co."\n'
            f'pictures = ["{work}-{size}.png"]\n{names}'
        )
    (folder / "w.toml").write_text("\n".join(lines), "utf-8")
    add_watchlist(workspace, folder / "w.toml", now=now)


def sweep(workspace: Workspace, database: Engine) -> None:
    done = sweep_now(
        workspace, database, ["stall"], everything=False, operator=OPERATOR, now=now, progress=lambda *_: None
    )
    assert [report.state for report in done.reports] == ["finished"]


def hunt(workspace: Workspace, database: Engine, work: str = "") -> HuntReport:
    return hunt_now(workspace, database, work=work, operator=OPERATOR, now=now, progress=lambda *_: None)


def alerts(database: Engine) -> list[AlertView]:
    with reading(database) as session:
        return list_alerts(session, Filter(None), now=now(), limit=100)


def titles(database: Engine) -> set[str]:
    return {view.listing.title for view in alerts(database)}


def forget_bytes(workspace: Workspace, data: bytes) -> None:
    """What is not there cannot be decoded again."""
    digest = PictureStore(workspace.pictures).put(data)
    (kept,) = (path for path in workspace.pictures.rglob("*") if path.name == digest)
    kept.chmod(0o600)
    kept.unlink()


def test_a_reference_that_comes_late_is_found_in_what_was_seen_before(workspace, database, stall, pictures):
    watch(workspace, LANTERN)
    sweep(workspace, database)
    assert titles(database) == {"lantern-shirt"}
    forget_bytes(workspace, pictures["plain-mug"])
    stall.asked.clear()

    watch(workspace, FOX)
    report = hunt(workspace, database)

    assert (report.state, report.pictures, report.found, report.new_alerts) == ("finished", 5, 2, 2)
    assert titles(database) == {"lantern-shirt", "fox-shirt", "fox-hoodie"}
    assert stall.asked == []
    assert hunt(workspace, database).pictures == 0
    with reading(database) as session:
        skipped = session.scalars(select(PictureLookRow.skipped)).all()
        prints = session.scalars(select(func.count()).select_from(PictureFingerprintRow)).one()
    assert ([one["code"] for one in skipped if one], prints) == (["unreadable.not_a_picture"], 4)
    with open_store(workspace, now) as store:
        kept = {one.exhibit_id for one in store.exhibits()}
        assert store.check() == []
    assert {one.alert.exhibit_id for one in alerts(database)} == kept


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_hunt_found_exports_and_verifies(workspace, database, stall):
    sweep(workspace, database)
    watch(workspace, FOX)
    assert hunt(workspace, database).new_alerts == 2
    (view,) = [one for one in alerts(database) if one.listing.title == "fox-shirt"]
    with transaction(database) as session:
        case = new_case(session, "Tide Fox", by="ana", now=now())
        add_alert(session, case.id, view.id, by="ana", now=now())
    summary, verdict = export_case(workspace, database, case.id, by="ana", now=now, progress=lambda *_: None)
    assert verdict.good
    assert verify_bundle(summary.path).good


def test_only_what_can_change_is_looked_at_again(workspace, database, stall):
    watch(workspace, LANTERN, FOX)
    sweep(workspace, database)
    assert titles(database) == {"lantern-shirt", "fox-shirt", "fox-hoodie"}
    with transaction(database) as session:
        session.execute(update(ListingRow).values(gone_at=now()))

    watch(workspace, LANTERN, size=400)
    report = hunt(workspace, database)
    assert (report.pictures, report.found, report.listings) == (5, 1, 1), "another picture of one work"

    watch(workspace, LANTERN, size=400, name="plain-mug")
    report = hunt(workspace, database)
    assert (report.pictures, report.listings, report.new_alerts) == (0, 5, 1), "a name"

    report = hunt(workspace, database, FOX)
    assert (report.work, report.pictures, report.new_alerts) == (FOX, 5, 0), "one work once more"
    with pytest.raises(WrongUse, match="no work nobody"):
        hunt(workspace, database, "nobody")

    with transaction(database) as session:
        first = session.scalars(select(func.min(col(PictureLookRow.sha256)))).one()
        session.execute(update(PictureLookRow).where(col(PictureLookRow.sha256) == first).values(edition=0))
    assert hunt(workspace, database).pictures == 1, "what a sweep compared with less"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_hunt_waits_for_the_sweep_of_a_source_and_then_goes_on(workspace, database, stall):
    watch(workspace, LANTERN)
    sweep(workspace, database)
    watch(workspace, LANTERN, name="plain-mug")
    with transaction(database) as session:
        (claim,) = claim_named(session, ["stall"], owner="somebody", now=now())
    with sweeping(workspace.folder):
        waiting = hunt(workspace, database)
    assert (waiting.state, waiting.busy, waiting.new_alerts) == ("waiting", ("stall",), 0)
    with transaction(database) as session:
        release(session, claim)
    done = hunt(workspace, database)
    assert (done.hunt, done.state, done.new_alerts) == (waiting.hunt, "finished", 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_found_stands_when_the_picture_is_gone(workspace, database, stall, pictures):
    watch(workspace, FOX)
    sweep(workspace, database)
    before = {view.listing.title: view.alert.score for view in alerts(database)}
    forget_bytes(workspace, pictures["fox-shirt"])
    with transaction(database) as session:
        session.execute(delete(PictureFingerprintRow))
        session.execute(update(PictureLookRow).values(version="older"))
    report = hunt(workspace, database)
    assert (report.pictures, report.found) == (5, 0)
    assert {view.listing.title: view.alert.score for view in alerts(database)} == before
    with reading(database) as session:
        assert session.scalars(select(func.count()).select_from(PictureFingerprintRow)).one() == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sweep_finds_a_late_reference_in_what_it_reads_again(workspace, database, stall):
    watch(workspace, LANTERN)
    sweep(workspace, database)
    watch(workspace, FOX)
    sweep(workspace, database)
    assert titles(database) == {"lantern-shirt", "fox-shirt", "fox-hoodie"}
    assert hunt(workspace, database).pictures == 0
