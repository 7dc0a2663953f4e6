"""The tables can be brought forward and back, on both databases, and are exactly what the code says."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, inspect, text
from sqlmodel import select

from ipguard.database import migrate
from ipguard.database.engine import reading, transaction
from ipguard.errors import NotConfigured
from ipguard.rights.tables import WorkRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def work(name: str) -> WorkRow:
    return WorkRow(id=name, title=name, owner="Example Animation Co.", created_at=NOON, updated_at=NOON)


def test_a_migrated_database_has_exactly_the_tables_of_the_code(engine: Engine):
    migrate.check(engine)

    assert migrate.current(engine) == migrate.newest()


def test_every_migration_can_be_undone_and_done_again(engine: Engine):
    migrate.downgrade(engine)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}

    migrate.upgrade(engine)
    migrate.check(engine)


def test_a_moment_comes_back_aware_and_in_utc(engine: Engine):
    with transaction(engine) as session:
        session.add(work("star-lantern"))

    with reading(engine) as session:
        assert session.exec(select(WorkRow.created_at)).one() == NOON
        assert session.exec(select(WorkRow.created_at)).one().tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(engine: Engine):
    row = work("star-lantern")
    row.created_at = datetime(2026, 11, 24, 12)  # noqa: DTZ001 — the mistake under test
    with pytest.raises(Exception, match="time zone"), transaction(engine) as session:
        session.add(row)


def test_a_block_that_raises_leaves_nothing_behind(engine: Engine):
    with pytest.raises(ZeroDivisionError), transaction(engine) as session:  # noqa: PT012 — the block is the subject
        session.add(work("star-lantern"))
        session.flush()
        raise ZeroDivisionError

    with reading(engine) as session:
        assert session.exec(select(WorkRow)).all() == []


def test_readers_see_the_last_commit_while_somebody_writes(engine: Engine):
    with transaction(engine) as writer:
        writer.add(work("star-lantern"))
        writer.flush()
        with reading(engine) as reader:
            assert reader.exec(select(WorkRow)).all() == []


def test_writers_that_read_first_wait_for_each_other(engine: Engine):
    with transaction(engine) as session:
        session.add(work("counter"))

    def add_one() -> None:
        for _ in range(10):
            with transaction(engine) as session:
                lock = "" if engine.dialect.name == "sqlite" else " FOR UPDATE"
                row = session.connection().execute(text(f"SELECT title FROM work WHERE id = 'counter'{lock}"))
                before = row.scalar_one()
                title = str(int(before) + 1 if before != "counter" else 1)
                session.connection().execute(
                    text("UPDATE work SET title = :t WHERE id = 'counter'"), {"t": title}
                )

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading(engine) as session:
        assert session.exec(select(WorkRow.title)).one() == "40"


def test_a_database_without_tables_says_what_to_run(engine: Engine):
    migrate.downgrade(engine)
    with pytest.raises(NotConfigured) as caught, reading(engine) as session:
        session.exec(select(WorkRow)).all()

    assert "ipguard migrate" in caught.value.hint


def test_errors_never_print_the_values_of_rows(engine: Engine):
    with transaction(engine) as session:
        session.add(work("secret-title"))
    with pytest.raises(Exception, match="work") as caught, transaction(engine) as session:
        session.add(work("secret-title"))

    assert "secret-title" not in str(caught.value).split("DETAIL")[0]
