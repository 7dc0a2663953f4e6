"""Writers of one process on SQLite: one after the other, nobody forgotten, readers never in the queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from ipguard.database.engine import connected, make_engine, reading, transaction

WRITERS, TIMES = 8, 20


def test_writers_take_turns_and_readers_wait_for_none(tmp_path: Path):
    engine = make_engine(f"sqlite:///{tmp_path}/x.db")
    with connected(engine) as connection:
        connection.execute(text("create table tally (n integer)"))
        connection.execute(text("insert into tally values (0)"))

    def count_on(_writer: int) -> None:
        for _ in range(TIMES):
            with transaction(engine) as session:
                n = session.execute(text("select n from tally")).scalar_one()
                session.execute(text("update tally set n = :n"), {"n": n + 1})

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(count_on, range(WRITERS)))

    def fail() -> None:
        with transaction(engine) as session:
            session.execute(text("update tally set n = -1"))
            with reading(engine) as beside:
                assert beside.execute(text("select n from tally")).scalar_one() == WRITERS * TIMES
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with connected(engine) as connection:  # the one that failed gave its turn back, and left nothing
        assert connection.execute(text("select n from tally")).scalar_one() == WRITERS * TIMES
    engine.dispose()
