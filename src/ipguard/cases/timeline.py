"""The timeline of a case: everything that was done to it, by whom and why. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.cases.tables import CaseEventRow, CaseRow

KINDS = (
    "opened", "moved", "renamed", "counsel", "deadline", "value", "notes", "alert_added", "exhibit_added", "exported",
    "reported",
)  # fmt: skip


def note(
    session: Session,
    case: CaseRow,
    kind: str,
    *,
    by: str,
    now: datetime,
    why: str = "",
    about: Mapping[str, object] | None = None,
) -> CaseEventRow:
    """Write down that something was done to a case.

    Args:
        session: inside a transaction.
        case: with its number.
        kind: one of KINDS.
        by: who did it.
        now: when.
        why: in their words.
        about: what it was about: `from` and `to`, `alert`, `exhibit`, `file`.
    """
    row = CaseEventRow(
        case_id=int(str(case.id)), at=now, kind=kind, who=by, why=why.strip(), about=dict(about or {})
    )
    case.changed_at = now
    session.add_all([row, case])
    session.flush()
    return row


def events_of(session: Session, case_id: int) -> Sequence[CaseEventRow]:
    """The timeline, oldest first."""
    return list(
        session.scalars(
            select(CaseEventRow).where(col(CaseEventRow.case_id) == case_id).order_by(col(CaseEventRow.id))
        )
    )
