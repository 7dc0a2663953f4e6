"""The journal on disk: entries, openings, checkpoints and stamps in one SQLite file whose log only grows.

WAL with synchronous=FULL and one exclusive connection: a commit is on the disk when it returns, and the
WAL-reset fault of SQLite before 3.51.3 (which needs two connections) cannot happen. Triggers refuse to
change or remove what stands there. Openings stand there sealed; erasing takes their key (FORMAT 12.4).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
CREATE TABLE IF NOT EXISTS part (
    exhibit TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (exhibit, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exhibit_key (exhibit TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vault (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), epoch INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS to_remove (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS stamp (
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    authority TEXT NOT NULL,
    query BLOB NOT NULL,
    response BLOB NOT NULL,
    roots BLOB NOT NULL,
    PRIMARY KEY (size, authority)
) STRICT;
CREATE TABLE IF NOT EXISTS cosignature (
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    witness TEXT NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (size, witness)
) STRICT;
CREATE TABLE IF NOT EXISTS renewal (
    number INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    authority TEXT NOT NULL,
    at TEXT NOT NULL,
    record BLOB NOT NULL,
    roots BLOB NOT NULL
) STRICT;
INSERT OR IGNORE INTO vault VALUES (1, 1);
"""

Row = tuple[Any, ...]
GUARDED = ("entry", "opening", "part", "checkpoint", "stamp", "cosignature", "renewal")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands in the journal."""

    position: int
    exhibit: str
    kind: str
    entry: bytes
    opening: bytes
    """Sealed (FORMAT 12.1)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where the sealed bytes of a file of an exhibit lie."""

    exhibit: str
    name: str
    digest: str
    """Of the sealed bytes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit adds."""

    lines: Sequence[Line] = ()
    parts: Sequence[Part] = ()
    keys: Sequence[tuple[str, bytes]] = ()
    """(exhibit, its wrapped key)."""


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
            self._db.execute("PRAGMA secure_delete=ON")
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

    def append(self, batch: Batch) -> None:
        """Add a batch in one commit; on the disk when this returns."""
        with self._transaction():
            self._add(batch)

    def forget(
        self, exhibits: Sequence[str], epoch: int, keys: Iterable[tuple[str, bytes]], batch: Batch
    ) -> None:
        """Take the keys of these exhibits, wrap all others anew for `epoch`, add `batch`: one commit.

        Names of sealed bytes that may go now are kept until `removed`.
        """
        with self._transaction():
            self._db.executemany(
                "UPDATE exhibit_key SET wrapped = ? WHERE exhibit = ?", ((w, e) for e, w in keys)
            )
            for exhibit in exhibits:
                self._db.execute("DELETE FROM exhibit_key WHERE exhibit = ?", (exhibit,))
                self._db.execute(
                    "INSERT OR IGNORE INTO to_remove SELECT digest FROM part WHERE exhibit = ?", (exhibit,)
                )
            self._db.execute("UPDATE vault SET epoch = ?", (epoch,))
            self._add(batch)
        with _told_in_words():  # the log of changes still holds old pages
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def to_remove(self) -> list[str]:
        """Digests of sealed bytes that nobody can open any more."""
        return [str(row[0]) for row in self._all("SELECT digest FROM to_remove ORDER BY digest", ())]

    def removed(self, digest: str) -> None:
        """These bytes are gone from the disk."""
        with self._transaction():
            self._db.execute("DELETE FROM to_remove WHERE digest = ?", (digest,))

    def epoch(self) -> int:
        """Number of the vault key that the keys here are wrapped under."""
        row = self._one("SELECT epoch FROM vault", ())
        return int(row[0]) if row else 0

    def key_of(self, exhibit: str) -> bytes | None:
        """The wrapped key of an exhibit; None when it was erased, or never was."""
        row = self._one("SELECT wrapped FROM exhibit_key WHERE exhibit = ?", (exhibit,))
        return bytes(row[0]) if row else None

    def keys(self) -> list[tuple[str, bytes]]:
        """Every (exhibit, wrapped key)."""
        return [
            (str(e), bytes(w))
            for e, w in self._all("SELECT exhibit, wrapped FROM exhibit_key ORDER BY 1", ())
        ]

    def part(self, exhibit: str, name: str) -> str | None:
        """Digest of the sealed bytes of a file of an exhibit."""
        row = self._one("SELECT digest FROM part WHERE exhibit = ? AND name = ?", (exhibit, name))
        return str(row[0]) if row else None

    def size(self) -> int:
        """Number of entries."""
        row = self._one("SELECT coalesce(max(position) + 1, 0) FROM entry", ())
        return int(row[0]) if row else 0

    def entries(self, start: int = 0) -> Iterator[bytes]:
        """Every entry from `start` on, in order; refuses a gap."""
        with _told_in_words():
            rows = self._db.execute(
                "SELECT position, data FROM entry WHERE position >= ? ORDER BY position", (start,)
            )
            for expected, (position, data) in enumerate(rows, start):
                if position != expected:
                    raise StoreDamaged(f"The journal misses entry {expected}")
                yield data

    def lines(self, exhibit: str, *kinds: str) -> list[Line]:
        """Lines of these kinds about one exhibit, in order."""
        marks = ", ".join("?" for _ in kinds)
        return list(self._lines(f"WHERE exhibit = ? AND kind IN ({marks})", (exhibit, *kinds)))

    def all_lines(self, *kinds: str) -> Iterator[Line]:
        """Every line of these kinds, in order."""
        marks = ", ".join("?" for _ in kinds)
        yield from self._lines(f"WHERE kind IN ({marks})", kinds)

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
        rows = self._all(
            "SELECT size, authority, query, response, roots FROM stamp WHERE size = ? ORDER BY authority",
            (size,),
        )
        return [StampLine(*row) for row in rows]

    def add_cosignature(self, size: int, witness: str, line: bytes) -> None:
        """Remember that a witness saw the checkpoint of this size."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO cosignature VALUES (?, ?, ?)", (size, witness, line))

    def cosignatures(self, size: int) -> list[tuple[str, bytes]]:
        """(witness, signature line) of one checkpoint, by witness."""
        rows = self._all("SELECT witness, line FROM cosignature WHERE size = ? ORDER BY witness", (size,))
        return [(str(witness), bytes(line)) for witness, line in rows]

    def cosigned(self) -> dict[str, int]:
        """The largest size that each witness cosigned."""
        rows = self._all("SELECT witness, max(size) FROM cosignature GROUP BY witness", ())
        return {str(witness): int(size) for witness, size in rows}

    def checkpoint_sizes(self) -> list[int]:
        """Size of every signed checkpoint, smallest first."""
        return [int(row[0]) for row in self._all("SELECT size FROM checkpoint ORDER BY size", ())]

    def add_renewals(self, at: str, rows: Iterable[tuple[int, str, bytes, bytes]]) -> None:
        """Remember evidence records that take over stamps (FORMAT 8.4): (size, authority, record, roots)."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO renewal (size, authority, at, record, roots) VALUES (?, ?, ?, ?, ?)",
                [(size, authority, at, record, roots) for size, authority, record, roots in rows],
            )

    def renewal(self, size: int, authority: str) -> tuple[bytes, bytes] | None:
        """The newest evidence record of a stamp, and the roots that its stamps lead to."""
        row = self._one(
            "SELECT record, roots FROM renewal WHERE size = ? AND authority = ? ORDER BY number DESC LIMIT 1",
            (size, authority),
        )
        return (bytes(row[0]), bytes(row[1])) if row else None

    def _add(self, batch: Batch) -> None:
        self._db.executemany("INSERT INTO exhibit_key (exhibit, wrapped) VALUES (?, ?)", batch.keys)
        self._db.executemany(
            "INSERT INTO part (exhibit, name, digest) VALUES (?, ?, ?)",
            [(part.exhibit, part.name, part.digest) for part in batch.parts],
        )
        self._db.executemany(
            "INSERT INTO entry (position, exhibit, kind, data) VALUES (?, ?, ?, ?)",
            [(line.position, line.exhibit, line.kind, line.entry) for line in batch.lines],
        )
        self._db.executemany(
            "INSERT INTO opening (position, data) VALUES (?, ?)",
            [(line.position, line.opening) for line in batch.lines],
        )

    def _lines(self, where: str, values: tuple[str, ...]) -> Iterator[Line]:
        statement = (
            "SELECT entry.position, exhibit, kind, entry.data, opening.data FROM entry "  # noqa: S608 — `where` is ours
            f"JOIN opening ON opening.position = entry.position {where} ORDER BY entry.position"
        )
        with _told_in_words():
            for row in self._db.execute(statement, values):
                yield Line(*row)

    def _one(self, statement: str, values: tuple[object, ...]) -> Row | None:
        with _told_in_words():
            row: Row | None = self._db.execute(statement, values).fetchone()
        return row

    def _all(self, statement: str, values: tuple[object, ...]) -> list[Row]:
        with _told_in_words():
            return self._db.execute(statement, values).fetchall()

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
