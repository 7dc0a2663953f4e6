"""What no alert rests on is let go of when its source's terms say so; what raised an alert stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from crawlers.listing import Listing
from ipguard.alerts.tables import AlertRow
from ipguard.database.engine import reading, transaction
from ipguard.forgetting import Forgotten, forget_stale
from ipguard.listings.history import history_of
from ipguard.listings.pictures import keep_picture
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import ListingRow, PictureLookRow
from ipguard.rights.tables import PictureRow, WorkRow
from ipguard.sources.tables import RunRow, SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=40)


def seen(engine: Engine, at: datetime, *listings: Listing) -> None:
    with transaction(engine) as session:
        keep_listings(session, "stall", listings, read_by="x@1", run_id=1, step=1, now=at)


def shown(name: str, *pictures: str) -> Listing:
    return Listing(name, f"https://s.example/{name}", name, pictures=tuple(f"https://cdn.example/{one}" for one in pictures))  # fmt: skip


def test_what_was_not_seen_for_too_long_goes_with_its_pictures_unless_an_alert_rests_on_it(engine: Engine):
    with transaction(engine) as session:
        session.add(SourceRow(id="stall", adapter="x", base_url="https://s.example", created_at=NOON))
        session.add(WorkRow(id="fox", title="Fox", owner="O", created_at=NOON, updated_at=NOON))
        session.flush()
        session.add(RunRow(source_id="stall", state="finished", started_at=NOON))
        session.add(PictureRow(work_id="fox", sha256="c" * 64, file_name="c", media_type="image/png", width=9, height=9))  # fmt: skip
    seen(engine, LONG_AGO, shown("stale", "a", "b", "c"), shown("flagged", "d"), shown("here", "b"))
    with transaction(engine) as session:
        for letter in "abcd":
            keep_picture(
                session, f"https://cdn.example/{letter}", sha256=letter * 64, media_type="", now=NOON
            )
            session.add(PictureLookRow(sha256=letter * 64, version="1", edition=0, looked_at=NOON))
        listing = session.scalars(select(ListingRow).where(ListingRow.key == "flagged")).one()
        session.add(AlertRow(listing_id=listing.id, work_id="fox", listing_version=1, score=0.9, score_version="1", created_at=NOON, updated_at=NOON))  # fmt: skip
    seen(engine, NOON, replace(shown("here", "b"), title="cheaper"))
    erased: list[str] = []

    def forget(*, dry_run: bool = False) -> Forgotten:
        return forget_stale(engine, "stall", 30, now=NOON, erase=erased.append, dry_run=dry_run)

    expected = Forgotten("stall", 30, listings=1, versions=1, pictures=1, kept_flagged=1)
    assert (forget(dry_run=True), erased) == (expected, [])
    assert (forget(), erased) == (expected, ["a" * 64])  # b is shown elsewhere, c is a reference
    with reading(engine) as session:
        rows = {row.key: row for row in session.scalars(select(ListingRow))}
        looks = set(session.scalars(select(PictureLookRow.sha256)))
        assert set(rows) == {"flagged", "here"}
        assert [one.version for one in history_of(session, rows["here"].id or 0)] == [2]
    assert looks == {letter * 64 for letter in "bcd"}
    assert forget() == Forgotten("stall", 30, 0, 0, 0, kept_flagged=1)
