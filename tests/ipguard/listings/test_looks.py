"""What was seen in a picture is kept once, holds up to an edition of the watchlist, and is never taken back by a late writer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from crawlers.listing import Listing
from ipguard.database.engine import reading, transaction
from ipguard.listings.looks import (
    Look,
    Need,
    behind,
    count_behind,
    count_stored,
    fingerprints_of,
    forget_findings,
    keep_looks,
    listings_showing,
    looks_of,
    stored_contents,
)
from ipguard.listings.pictures import keep_picture
from ipguard.listings.same import same_picture_as, sellers_of, shown_elsewhere
from ipguard.listings.store import judge_again, keep_listings, note_judged, to_judge, unjudged
from ipguard.matching.finding import Reason
from ipguard.matching.images.same import SamePictures
from ipguard.matching.seen import Print
from ipguard.sources.tables import RunRow, SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B, C = ("a" * 64, "b" * 64, "c" * 64)
FOUND = {("fox", "f" * 64): {"strength": 0.9}}


def stamp(bits: int, data: bytes = b"data") -> Print:
    """A fingerprint of which `bits` bits of the first turn are set."""
    row = ((1 << bits) - 1).to_bytes(32, "little")
    return Print("1", 100, 80, row + b"\xff" * 224, data)


@pytest.fixture
def stall(engine: Engine) -> Engine:
    """Three listings that show the pictures A, B and C."""
    with transaction(engine) as session:
        session.add(
            SourceRow(id="stall", adapter="shopify", base_url="https://stall.example", created_at=NOON)
        )
        session.flush()
        session.add(RunRow(source_id="stall", state="finished", started_at=NOON))
        session.flush()
        goods = [
            Listing(
                id=c[0], url=f"https://x.example/{c}", title=c[0], pictures=(f"https://x.example/{c}.jpg",)
            )
            for c in (A, B, C)
        ]
        keep_listings(session, "stall", goods, read_by="s@1", run_id=1, step=1, now=NOON)
        for one in (A, B, C):
            keep_picture(
                session, f"https://x.example/{one}.jpg", sha256=one, media_type="image/jpeg", now=NOON
            )
    return engine


def keep(engine: Engine, *looks: Look) -> list[str]:
    with transaction(engine) as session:
        return keep_looks(session, looks, NOON)


def test_a_look_is_kept_with_its_findings_and_fingerprint(stall: Engine):
    look = Look(A, "1", 3, None, FOUND, stamp(4))
    bad = Look(B, "1", 3, Reason("unreadable.bomb", {"width": 9}))
    assert keep(stall, look, bad) == [A]
    assert keep(stall, look, bad) == []
    with reading(stall) as session:
        assert looks_of(session, [A, B, C]) == {A: replace(look, fingerprint=None), B: bad}
        assert fingerprints_of(session, [A, B], "1") == {A: b"data"}
        assert fingerprints_of(session, [A], "2") == {}


def test_who_looked_with_less_changes_nothing(stall: Engine):
    keep(stall, Look(A, "1", 3, None, FOUND))
    assert keep(stall, Look(A, "1", 2, None, {})) == []
    assert keep(stall, Look(A, "1", 3, None, {})) == [A]
    assert keep(stall, Look(A, "2", 0, None, FOUND)) == [A]


def test_pictures_are_behind_when_nobody_looked_or_a_reference_came_later(stall: Engine):
    keep(stall, Look(A, "1", 3), Look(B, "1", 2))
    with reading(stall) as session:
        assert behind(session, Need("1", 2)) == [C]
        assert behind(session, Need("1", 3)) == [B, C]
        assert behind(session, Need("1", 3), after=B) == [C]
        assert behind(session, Need("2", 0), limit=2) == [A, B]
        assert behind(session, Need("1", 3), run_id=1) == [B, C]
        assert behind(session, Need("1", 3), run_id=2) == []
        assert count_behind(session, Need("1", 3)) == 2
        assert (stored_contents(session, after=A), count_stored(session, after=A)) == ([B, C], 2)


def test_findings_of_references_that_are_gone_are_forgotten(stall: Engine):
    other = ("owl", "0" * 64)
    keep(stall, Look(A, "1", 3, None, {**FOUND, other: {}}), Look(B, "1", 3, None, {other: {}}))
    with transaction(stall) as session:
        assert forget_findings(session, set(FOUND)) == [A, B]
        assert forget_findings(session, set(FOUND)) == []
        assert {one.sha256: dict(one.findings) for one in looks_of(session, [A, B]).values()} == {
            A: FOUND,
            B: {},
        }


def test_what_becomes_known_while_somebody_judges_is_not_taken_for_judged(stall: Engine):
    for expected in ({"stall": 1}, {"stall": 1}, {}):
        with reading(stall) as session:
            rows = to_judge(session, None, "w", source_id="stall")
        with transaction(stall) as session:
            judge_again(session, listings_showing(session, [A]) if expected else [])
        with transaction(stall) as session:
            note_judged(session, rows, "w")
        with reading(stall) as session:
            assert unjudged(session, "w") == expected


def test_the_same_picture_is_found_at_other_listings(stall: Engine):
    keep(stall, *(Look(c, "1", 1, fingerprint=stamp(n)) for c, n in ((A, 0), (B, 5), (C, 60))))
    with reading(stall) as session:
        assert [(one.sha256, one.distance, one.turn) for one in same_picture_as(session, A)] == [(B, 5, "0")]
        assert same_picture_as(session, A, within=4) == []
        assert same_picture_as(session, "d" * 64) == []
        shown = shown_elsewhere(session, 1)
    assert ([one.title for one in shown], sellers_of(shown)) == (["b"], 1)


@settings(max_examples=40, deadline=None)
@given(
    stored=st.lists(st.lists(st.integers(0, 255), max_size=30), max_size=12),
    asked=st.lists(st.lists(st.integers(0, 255), max_size=30), min_size=8, max_size=8),
    within=st.integers(0, 40),
)
def test_the_search_finds_exactly_what_comparing_everything_finds(stored, asked, within: int):
    def row(bits: list[int]) -> bytes:
        return sum(1 << bit for bit in set(bits)).to_bytes(32, "little")

    known = SamePictures([str(n) for n in range(len(stored))], [row(bits) * 8 for bits in stored])
    hashes = b"".join(map(row, asked))
    assert known.of(hashes, within) == known.of_slowly(hashes, within)
