"""The ledger of requests a day, in the database: it survives restarts, and every worker spends from it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from ipguard.database.engine import transaction
from ipguard.sources.tables import QuotaRow


class DatabaseQuota:
    """A `crawlers.fetch.quota.Quota` over the quota_day table; to spend is one statement, atomic on both databases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def spend(self, host: str, per_day: int, day: date) -> bool:
        """Take one of the day's requests; False where all are spent. A host's earlier days are forgotten with its
        first request of a new one."""
        if per_day < 1:
            return False
        with transaction(self._engine) as session:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            first = dialect.insert(QuotaRow).values(host=host, day=day, spent=1)
            more = first.on_conflict_do_update(
                index_elements=[col(QuotaRow.host), col(QuotaRow.day)],
                set_={"spent": col(QuotaRow.spent) + 1},
                where=col(QuotaRow.spent) < per_day,
            )
            spent = session.execute(more.returning(col(QuotaRow.spent))).scalar()
            if spent == 1:
                session.execute(delete(QuotaRow).where(col(QuotaRow.host) == host, col(QuotaRow.day) < day))
        return spent is not None


def spent_today(session: Session, day: date) -> dict[str, int]:
    """Host → requests that are spent of a day."""
    rows = session.execute(select(col(QuotaRow.host), col(QuotaRow.spent)).where(col(QuotaRow.day) == day))
    return {row.host: row.spent for row in rows}
