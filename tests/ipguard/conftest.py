"""Both databases for every test of database code: SQLite and a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_postgres import find_binaries, postgres_server
from sqlalchemy import Engine, create_engine, text

from ipguard.database.engine import make_engine
from ipguard.database.migrate import upgrade

NUMBERS = itertools.count(1)
TEMPLATE = "ipguard_template"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a running server's `postgres` database."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries: install the test extra")
    with postgres_server(binaries) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """Name of a database with all tables, to be cloned a test."""
    _on(postgres, f"CREATE DATABASE {TEMPLATE}")
    engine = make_engine(_named(postgres, TEMPLATE))
    upgrade(engine)
    engine.dispose()
    return TEMPLATE


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database with all tables, once on each of the two."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ipguard.db'}"
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url
        return
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    name = f"t{next(NUMBERS)}"
    _on(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _named(server, name)
    _on(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on an empty database with all tables, once on each of the two."""
    made = make_engine(database_url)
    yield made
    made.dispose()


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _on(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
