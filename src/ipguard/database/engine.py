"""One engine and one session rule for SQLite and PostgreSQL.

SQLite: WAL, foreign keys on, and every transaction begins IMMEDIATE, because a deferred one that reads
and then writes fails with "database is locked" however long it may wait. synchronous=NORMAL loses at
most the last commits on a power cut and never corrupts; what must not be lost is in the evidence journal.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from ipguard.errors import Interrupted, NotConfigured

BUSY_SECONDS = 15.0
"""How long a writer waits for another before the run ends with words."""


def make_engine(url: str) -> Engine:
    """An engine for `url`. Parameters never show in errors: listing data does not belong in a log."""
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", _begin_immediate)
        engine.update_execution_options(ipguard_turn=threading.Lock())
        return engine
    try:
        return create_engine(_psycopg(url), hide_parameters=True, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise NotConfigured(
            "The PostgreSQL driver is not installed", hint="Install it: pip install 'ipguard[postgres]'"
        ) from error


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session that commits when the block ends and rolls back when it raises.

    Rows stay readable after the commit. Never wait for a network inside one.

    Raises:
        Interrupted: the disk is full or the database stayed locked; the transaction was rolled back.
    """
    with (
        _turn(engine),
        Session(engine, expire_on_commit=False) as session,
        _told_in_words(),
        session.begin(),
    ):
        yield session


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """As `transaction`, without a session: for single statements that run once a request.

    Raises:
        Interrupted: the disk is full or the database stayed locked; the transaction was rolled back.
    """
    with _turn(engine), _told_in_words(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads: on SQLite it never waits for a writer and never makes one wait.

    Raises:
        NotConfigured: the database cannot be opened or has other tables.
    """
    looking = engine.execution_options(ipguard_read_only=True)
    with Session(looking, expire_on_commit=False) as session, _told_in_words():
        yield session


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """The turn of one writer of this process on SQLite; elsewhere, and for readers, nothing is waited for."""
    options = engine.get_execution_options()
    lock = None if options.get("ipguard_read_only") else options.get("ipguard_turn")
    if lock is None:
        yield
        return
    if not lock.acquire(timeout=BUSY_SECONDS):
        raise _stayed_locked()
    try:
        yield
    finally:
        lock.release()


def _stayed_locked() -> Interrupted:
    return Interrupted(
        f"The database stayed locked for {BUSY_SECONDS:.0f} seconds; "
        "everything reported before this step is kept, this step was not",
        hint="Another ipguard is writing. Wait for it, then run the same command again.",
    )


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        text = str(error.orig).lower()
        if "locked" in text or "busy" in text:
            raise _stayed_locked() from error
        if "full" in text or "no space" in text or "disk i/o" in text:
            raise Interrupted(
                "The disk is full; everything reported before this step is kept, this step was not",
                hint="Free some space and run the same command again: it goes on where it stopped.",
            ) from error
        if "unable to open" in text or "connection" in text:
            raise NotConfigured(
                "The database cannot be opened", hint="Check database_url and that the server runs."
            ) from error
        if "no such" in text or "does not exist" in text:
            raise NotConfigured(
                "The database has no tables of this version", hint="Run: ipguard migrate"
            ) from error
        raise


def _sqlite_settings(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("ipguard_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _psycopg(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
