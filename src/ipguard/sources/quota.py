"""The ledger of requests a day, in the database: it survives restarts, and every worker spends from it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from ipguard.database.engine import connected
from ipguard.sources.tables import QuotaRow

EARLIER = delete(QuotaRow).where(
    col(QuotaRow.host) == bindparam("host"), col(QuotaRow.day) < bindparam("day")
)


class DatabaseQuota:
    """A `crawlers.fetch.quota.Quota` over the quota_day table; to spend is one statement, atomic on both databases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        first = dialect.insert(QuotaRow).values(host=bindparam("host"), day=bindparam("day"), spent=1)
        self._more = first.on_conflict_do_update(
            index_elements=[col(QuotaRow.host), col(QuotaRow.day)],
            set_={"spent": col(QuotaRow.spent) + 1},
            where=col(QuotaRow.spent) < bindparam("limit"),
        ).returning(col(QuotaRow.spent))

    def spend(self, host: str, per_day: int, day: date) -> bool:
        """Take one of the day's requests; False where all are spent. A host's earlier days are forgotten with its
        first request of a new one."""
        if per_day < 1:
            return False
        with connected(self._engine) as connection:
            asked = {"host": host, "day": day, "limit": per_day}
            spent = connection.execute(self._more, asked).scalar()
            if spent == 1:
                connection.execute(EARLIER, asked)
        return spent is not None


def spent_today(session: Session, day: date) -> dict[str, int]:
    """Host → requests that are spent of a day."""
    rows = session.execute(select(col(QuotaRow.host), col(QuotaRow.spent)).where(col(QuotaRow.day) == day))
    return {row.host: row.spent for row in rows}
