"""The same sweep on SQLite and on PostgreSQL: a real shop, alerts, evidence, and the second visit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store.exhibit import Operator
from ipguard.alerts.queries import Filter, list_alerts
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.demo import art
from ipguard.demo.market import draw_pictures, open_shop
from ipguard.demo.planted import CATALOGUE, COURIER, FOX, LANTERN, OUTLET, WATCHLIST
from ipguard.evidence import export_case, open_store
from ipguard.service import sweep_now
from ipguard.settings import DATABASE_VARIABLE
from ipguard.sources.pace import DatabasePace
from ipguard.sources.store import NewSource, add_source
from ipguard.wiring import add_watchlist
from ipguard.workspace import make_workspace


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    return draw_pictures(lambda _done, _total: None)


def test_alerts_have_their_evidence_on_either_database(database_url, tmp_path: Path, monkeypatch, pictures):
    monkeypatch.setenv(DATABASE_VARIABLE, database_url)
    workspace = make_workspace(tmp_path / "ws", now=now)
    (tmp_path / "art").mkdir()
    for work in (LANTERN, COURIER, FOX):
        art.key_visual(work, size=480).save(tmp_path / "art" / f"{work}-key.png")
    (tmp_path / "w.toml").write_text(WATCHLIST, "utf-8")
    add_watchlist(workspace, tmp_path / "w.toml", now=now)
    engine = make_engine(database_url)
    with open_shop(OUTLET, pictures) as (shop, url):
        with transaction(engine) as session:
            add_source(
                session, NewSource(url, "shopify", "outlet", local=True, min_gap_seconds=0.0), now=now()
            )
        for evening in (False, True):
            shop.evening = evening
            done = sweep_now(
                workspace, engine, [], everything=True, operator=Operator("t", "test"), now=now, progress=lambda *_: None
            )  # fmt: skip
            assert [report.state for report in done.reports] == ["finished"]
    assert done.reports[0].gone == 1
    with reading(engine) as session:
        views = list_alerts(session, Filter(), now=now(), limit=100)
    copies = {item.title for item in CATALOGUE if item.shop == OUTLET and item.work and not item.hard}
    assert copies <= {view.listing.title for view in views}
    with open_store(workspace, now) as store:
        assert {view.alert.exhibit_id for view in views} <= {kept.exhibit_id for kept in store.exhibits()}
        assert store.check() == []
    with pytest.raises(Exception, match="case"):
        export_case(workspace, engine, 1, by="t", now=now, progress=lambda *_: None)
    engine.dispose()


def test_the_pace_of_a_host_outlives_the_process(engine):
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    first, second = DatabasePace(engine), DatabasePace(engine)

    moments = [pace.reserve("shop.example", 2.5, at).at for pace in (first, second, first)]
    assert [(moment - at).total_seconds() for moment in moments] == [0.0, 2.5, 5.0]

    second.postpone("shop.example", at.replace(hour=13))
    assert first.reserve("shop.example", 1.0, at).at == at.replace(hour=13)
    assert first.reserve("other.example", 1.0, at).at == at
