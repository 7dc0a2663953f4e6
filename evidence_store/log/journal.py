"""The journal on disk: entries, openings, checkpoints and stamps in one SQLite file that only grows.

WAL with synchronous=FULL and one exclusive connection: a commit is on the disk when it returns, and the
WAL-reset fault of SQLite before 3.51.3 (which needs two connections) cannot happen. Triggers refuse to
change or remove what stands there; openings alone may go, for erasure (FORMAT 4.3).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence_store.errors import OutOfSpace, StoreDamaged, StoreError

SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY,
    exhibit TEXT NOT NULL,
    kind TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_exhibit ON entry (exhibit);
CREATE TABLE IF NOT EXISTS opening (
    position INTEGER PRIMARY KEY REFERENCES entry (position),
    data BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS stamp (
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    authority TEXT NOT NULL,
    query BLOB NOT NULL,
    response BLOB NOT NULL,
    roots BLOB NOT NULL,
    PRIMARY KEY (size, authority)
) STRICT;
"""

GUARDED = ("entry", "checkpoint", "stamp")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands in the journal."""

    position: int
    exhibit: str
    kind: str
    entry: bytes
    opening: bytes
    """Empty when it was erased."""


@dataclass(frozen=True, slots=True)
class StampLine:
    """One time stamp as it stands in the journal."""

    size: int
    authority: str
    query: bytes
    response: bytes
    roots: bytes


class Journal:
    """Append-only; one writer. Close it to let others in."""

    def __init__(self, path: Path) -> None:
        with _told_in_words():
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.executescript(SCHEMA)
            for table in GUARDED:
                for verb in ("UPDATE", "DELETE"):
                    self._db.execute(
                        f"CREATE TRIGGER IF NOT EXISTS no_{verb.lower()}_{table} BEFORE {verb} ON {table} "
                        f"BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END"
                    )

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def append(self, lines: Sequence[Line]) -> None:
        """Add lines in one commit; on the disk when this returns."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO entry (position, exhibit, kind, data) VALUES (?, ?, ?, ?)",
                [(line.position, line.exhibit, line.kind, line.entry) for line in lines],
            )
            self._db.executemany(
                "INSERT INTO opening (position, data) VALUES (?, ?)",
                [(line.position, line.opening) for line in lines],
            )

    def entries(self) -> Iterator[bytes]:
        """Every entry in order; refuses a gap."""
        with _told_in_words():
            for expected, (position, data) in enumerate(
                self._db.execute("SELECT position, data FROM entry ORDER BY position")
            ):
                if position != expected:
                    raise StoreDamaged(f"The journal misses entry {expected}")
                yield data

    def lines(self, exhibit: str, kind: str) -> list[Line]:
        """Lines of one kind about one exhibit, in order."""
        return self._lines("WHERE exhibit = ? AND kind = ?", (exhibit, kind))

    def all_lines(self, kind: str) -> Iterator[Line]:
        """Every line of one kind, in order."""
        yield from self._lines("WHERE kind = ?", (kind,))

    def add_checkpoint(self, size: int, note: bytes) -> None:
        """Remember a signed checkpoint before anybody else sees it."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO checkpoint VALUES (?, ?)", (size, note))

    def newest_checkpoint(self) -> tuple[int, bytes] | None:
        """The largest signed checkpoint: (size, note)."""
        row = self._one("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", ())
        return (int(row[0]), bytes(row[1])) if row else None

    def checkpoint_at(self, size: int) -> bytes | None:
        """The checkpoint signed at one size."""
        row = self._one("SELECT note FROM checkpoint WHERE size = ?", (size,))
        return bytes(row[0]) if row else None

    def add_stamp(self, stamp: StampLine) -> None:
        """Remember a time stamp."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO stamp VALUES (?, ?, ?, ?, ?)",
                (stamp.size, stamp.authority, stamp.query, stamp.response, stamp.roots),
            )

    def stamps(self, size: int) -> list[StampLine]:
        """Stamps on the checkpoint of one size, by authority."""
        with _told_in_words():
            rows = self._db.execute(
                "SELECT size, authority, query, response, roots FROM stamp WHERE size = ? ORDER BY authority",
                (size,),
            ).fetchall()
        return [StampLine(*row) for row in rows]

    def _lines(self, where: str, values: tuple[str, ...]) -> list[Line]:
        statement = (
            "SELECT entry.position, exhibit, kind, entry.data, coalesce(opening.data, x'') FROM entry "  # noqa: S608 — `where` is ours
            f"LEFT JOIN opening ON opening.position = entry.position {where} ORDER BY entry.position"
        )
        with _told_in_words():
            return [Line(*row) for row in self._db.execute(statement, values).fetchall()]

    def _one(self, statement: str, values: tuple[int, ...]) -> tuple[int | bytes, ...] | None:
        with _told_in_words():
            row: tuple[int | bytes, ...] | None = self._db.execute(statement, values).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _told_in_words():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "full" in text or "disk I/O" in text:
            raise OutOfSpace(
                "The disk is full. Everything that was acknowledged is kept; this was not"
            ) from error
        if "malformed" in text or "not a database" in text:
            raise StoreDamaged(f"The journal is damaged: {text}") from error
        raise StoreError(f"The journal refused: {text}") from error
