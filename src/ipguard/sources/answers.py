"""Answers that can be asked about, kept in the database between runs and bounded in bytes and age."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from crawlers.fetch.answers import MAX_AGE, Kept
from crawlers.fetch.stored import from_bytes, to_bytes
from ipguard.database.engine import connected, transaction
from ipguard.sources.tables import KeptAnswerRow

MOST_BYTES = 256_000_000
"""Of all kept answers together, as they are stored."""
SWEEP_EVERY = 32
"""Answers after which the bounds are looked at again."""

ANSWER = select(col(KeptAnswerRow.answer)).where(
    col(KeptAnswerRow.key) == bindparam("key"), col(KeptAnswerRow.said_at) >= bindparam("not_before")
)


class DatabaseAnswers:
    """A `crawlers.fetch.answers.Answers` over the kept_answer table."""

    def __init__(
        self, engine: Engine, *, most_bytes: int = MOST_BYTES, sweep_every: int = SWEEP_EVERY
    ) -> None:
        self._engine, self._most_bytes, self._sweep_every = engine, most_bytes, sweep_every
        self._put = 0
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        new = dialect.insert(KeptAnswerRow)
        self._upsert = new.on_conflict_do_update(
            index_elements=[col(KeptAnswerRow.key)],
            set_={name: new.excluded[name] for name in ("said_at", "size", "answer")},
        )

    def get(self, key: str, not_before: datetime) -> Kept | None:
        """The answer kept under a key; what cannot be read any more is none."""
        looking = self._engine.execution_options(ipguard_read_only=True)
        with connected(looking) as connection:
            row = connection.execute(ANSWER, {"key": key, "not_before": not_before}).first()
        if row is None:
            return None
        exchange = from_bytes(row.answer)
        return None if exchange is None else Kept(exchange)

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer in the place of an earlier one; now and then those that are too old or too many go."""
        data = to_bytes(kept.exchange)
        row = {"key": key, "said_at": kept.exchange.ended_at, "size": len(data), "answer": data}
        self._put += 1
        with connected(self._engine) as connection:
            connection.execute(self._upsert, row)
        if self._put % self._sweep_every == 0:
            self.keep_bounds(kept.exchange.ended_at)

    def forget(self, key: str) -> None:
        """Keep it no more."""
        with transaction(self._engine) as session:
            session.execute(delete(KeptAnswerRow).where(col(KeptAnswerRow.key) == key))

    def keep_bounds(self, now: datetime) -> None:
        """Drop what is too old, then the oldest until the rest fits."""
        with transaction(self._engine) as session:
            session.execute(delete(KeptAnswerRow).where(col(KeptAnswerRow.said_at) < now - MAX_AGE))
            newest_first = (col(KeptAnswerRow.said_at).desc(), col(KeptAnswerRow.key))
            running = func.sum(col(KeptAnswerRow.size)).over(order_by=newest_first).label("running")
            sums = select(col(KeptAnswerRow.key).label("key"), running).subquery()
            too_many = select(sums.c.key).where(sums.c.running > self._most_bytes)
            session.execute(delete(KeptAnswerRow).where(col(KeptAnswerRow.key).in_(too_many)))
