"""Sources are added with an address that can be asked, and are due at once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.sources.store import (
    NewSource,
    add_source,
    check_url,
    get_source,
    list_sources,
    parse_interval,
    set_enabled,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_new_source_is_due_at_once_and_named_after_its_host(engine: Engine):
    with transaction(engine) as session:
        add_source(session, NewSource("https://www.moon-harbor.example/all", "schema-org"), now=NOON)

    with reading(engine) as session:
        (row,) = list_sources(session)
    assert row.id == "moon-harbor-example"
    assert row.next_run_at == NOON
    assert row.every_seconds == 86_400


def test_a_name_is_given_once(engine: Engine):
    new = NewSource("https://moon-harbor.example", "shopify", id="harbor")
    with transaction(engine) as session:
        add_source(session, new, now=NOON)
    with pytest.raises(WrongUse, match="already"), transaction(engine) as session:
        add_source(session, new, now=NOON)


def test_a_paused_source_goes_on_with_a_clean_slate(engine: Engine):
    with transaction(engine) as session:
        row = add_source(session, NewSource("https://moon-harbor.example", "shopify", id="harbor"), now=NOON)
        row.attempts, row.last_error = 3, "no answer"
        set_enabled(session, "harbor", False, now=NOON)
    later = NOON + timedelta(days=3)
    with transaction(engine) as session:
        set_enabled(session, "harbor", True, now=later)

    with reading(engine) as session:
        row = get_source(session, "harbor")
    assert (row.enabled, row.attempts, row.last_error, row.next_run_at) == (True, 0, "", later)


def test_an_unknown_source_tells_the_known_ones(engine: Engine):
    with transaction(engine) as session:
        add_source(session, NewSource("https://moon-harbor.example", "shopify", id="harbor"), now=NOON)
    with reading(engine) as session, pytest.raises(WrongUse) as caught:
        get_source(session, "harbour")

    assert "harbor" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example",
        "shop.example",
        "https://",
        "file:///etc/passwd",
        "https://u:p@shop.example",
        "http://x:99999",
    ],
)
def test_an_address_that_cannot_be_asked_is_refused(url):
    with pytest.raises(WrongUse):
        check_url(url)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("6h", 21_600), ("1d", 86_400), ("2 w", 1_209_600)]
)
def test_intervals_people_write(text, seconds):
    assert parse_interval(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["1m", "soon", "", "-1d", "0h"])
def test_intervals_that_make_no_sense_are_refused(text):
    with pytest.raises(WrongUse):
        parse_interval(text)
