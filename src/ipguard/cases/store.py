"""Cases: alerts that belong together, and the exhibits that prove them, each under its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import func, select
from sqlmodel import Session, col

from ipguard.alerts.queries import AlertStory, exhibits_of, one_alert
from ipguard.alerts.tables import AlertRow
from ipguard.cases.states import check_move
from ipguard.cases.tables import CaseAlertRow, CaseEventRow, CaseExhibitRow, CaseExportRow, CaseRow
from ipguard.cases.timeline import events_of, note
from ipguard.errors import WrongUse


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list."""

    case: CaseRow
    alerts: int
    exhibits: int
    exports: int
    works: tuple[str, ...] = ()
    """Titles of the works its alerts are about; only where a page of cases was asked for."""
    sellers: tuple[str, ...] = ()
    """Names of the sellers, likewise."""

    @property
    def id(self) -> int:
        """Number of the case."""
        return cast(int, self.case.id)


@dataclass(frozen=True, slots=True)
class CaseStory:
    """A case with everything in it."""

    case: CaseRow
    alerts: tuple[AlertStory, ...]
    exhibits: tuple[CaseExhibitRow, ...]
    """By number."""
    exports: tuple[CaseExportRow, ...]
    """Oldest first."""
    events: tuple[CaseEventRow, ...] = ()
    """Its timeline, oldest first."""


def exhibit_label(number: int) -> str:
    """How an exhibit is called in a case: E-0001."""
    return f"E-{number:04}"


def new_case(session: Session, title: str, *, by: str, now: datetime) -> CaseRow:
    """Open a case.

    Raises:
        WrongUse: the title is empty.
    """
    if not title.strip():
        raise WrongUse("A case needs a title.", hint='For example: ipguard case new "Lantern Stall"')
    case = CaseRow(title=title.strip(), created_at=now, created_by=by, changed_at=now)
    session.add(case)
    session.flush()
    note(session, case, "opened", by=by, now=now, about={"title": case.title})
    return case


def add_alert(
    session: Session, case_id: int, alert_id: int, *, by: str, now: datetime
) -> list[CaseExhibitRow]:
    """Put an alert into a case with every exhibit it has; returns the exhibits that are new to the case.

    Raises:
        WrongUse: there is no such case or alert, or the case is closed.
    """
    case = _locked(session, case_id)
    if session.get(AlertRow, alert_id) is None:
        raise WrongUse(f"There is no alert {alert_id}.", hint="List them: ipguard alerts")
    if session.get(CaseAlertRow, (case_id, alert_id)) is None:
        session.add(CaseAlertRow(case_id=case_id, alert_id=alert_id, added_at=now, added_by=by))
        note(session, case, "alert_added", by=by, now=now, about={"alert": alert_id})
    return _join(session, case_id, alert_id, exhibits_of(session, alert_id), now)


def add_exhibit(
    session: Session, case_id: int, exhibit_id: str, *, alert_id: int | None, now: datetime
) -> list[CaseExhibitRow]:
    """Put one more exhibit into a case; returns it, or nothing where it is in already.

    Raises:
        WrongUse: there is no such case, or it is closed.
    """
    _locked(session, case_id)
    return _join(session, case_id, alert_id, [exhibit_id], now)


def gather(session: Session, case_id: int, *, now: datetime) -> list[CaseExhibitRow]:
    """Exhibits that alerts of a case gained since they were added join it too; returns these.

    Raises:
        WrongUse: there is no such case, or it is closed.
    """
    _locked(session, case_id)
    joined: list[CaseExhibitRow] = []
    for alert_id in _alerts_of(session, case_id):
        joined += _join(session, case_id, alert_id, exhibits_of(session, alert_id), now)
    return joined


def list_cases(session: Session) -> list[CaseLine]:
    """Every case, newest first."""
    counts = [
        select(func.count()).select_from(table).where(col(table.case_id) == col(CaseRow.id)).scalar_subquery()
        for table in (CaseAlertRow, CaseExhibitRow, CaseExportRow)
    ]
    rows = session.execute(select(CaseRow, *counts).order_by(col(CaseRow.id).desc())).all()
    return [CaseLine(row[0], row[1], row[2], row[3]) for row in rows]


def one_case(session: Session, case_id: int, *, now: datetime) -> CaseStory:
    """A case and all that is in it.

    Raises:
        WrongUse: there is no such case.
    """
    case = session.get(CaseRow, case_id)
    if case is None:
        raise _unknown(case_id)
    exhibits = session.scalars(
        select(CaseExhibitRow)
        .where(col(CaseExhibitRow.case_id) == case_id)
        .order_by(col(CaseExhibitRow.number))
    )
    exports = session.scalars(
        select(CaseExportRow).where(col(CaseExportRow.case_id) == case_id).order_by(col(CaseExportRow.id))
    )
    alerts = tuple(one_alert(session, alert_id, now=now) for alert_id in _alerts_of(session, case_id))
    return CaseStory(case, alerts, tuple(exhibits), tuple(exports), tuple(events_of(session, case_id)))


def open_cases_of(session: Session, exhibit_id: str) -> list[int]:
    """Numbers of the open cases that an exhibit belongs to."""
    return list(
        session.scalars(
            select(col(CaseRow.id))
            .join(CaseExhibitRow, col(CaseExhibitRow.case_id) == col(CaseRow.id))
            .where(col(CaseExhibitRow.exhibit_id) == exhibit_id, col(CaseRow.state) != "closed")
            .order_by(col(CaseRow.id))
        )
    )


def move_case(session: Session, case_id: int, to: str, *, by: str, now: datetime, why: str = "") -> CaseRow:
    """Move a case to another state, on its timeline. A closed one keeps its exhibits no longer.

    Raises:
        WrongUse: there is no such case, it cannot become that now, or the move needs a reason.
    """
    case = session.get(CaseRow, case_id, with_for_update=True)
    if case is None:
        raise _unknown(case_id)
    check_move(case.state, to, why)
    before, case.state = case.state, to
    note(session, case, "moved", by=by, now=now, why=why, about={"from": before, "to": to})
    return case


def record_export(session: Session, row: CaseExportRow) -> None:
    """Write down that a bundle left the house.

    Raises:
        WrongUse: there is no such case.
    """
    case = session.get(CaseRow, row.case_id, with_for_update=True)
    if case is None:
        raise _unknown(row.case_id)
    session.add(row)
    about = {"file": row.file_name, "sha256": row.sha256, "exhibits": row.exhibits}
    note(session, case, "exported", by=row.exported_by, now=row.exported_at, about=about)


def _join(
    session: Session, case_id: int, alert_id: int | None, exhibits: Sequence[str], now: datetime
) -> list[CaseExhibitRow]:
    known = set(
        session.scalars(select(col(CaseExhibitRow.exhibit_id)).where(col(CaseExhibitRow.case_id) == case_id))
    )
    highest = session.scalars(
        select(func.max(col(CaseExhibitRow.number))).where(col(CaseExhibitRow.case_id) == case_id)
    ).one()
    fresh = [exhibit for exhibit in dict.fromkeys(exhibits) if exhibit not in known]
    rows = [
        CaseExhibitRow(case_id=case_id, exhibit_id=exhibit, alert_id=alert_id, number=number, added_at=now)
        for number, exhibit in enumerate(fresh, (highest or 0) + 1)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def _alerts_of(session: Session, case_id: int) -> list[int]:
    return list(
        session.scalars(
            select(col(CaseAlertRow.alert_id))
            .where(col(CaseAlertRow.case_id) == case_id)
            .order_by(col(CaseAlertRow.added_at), col(CaseAlertRow.alert_id))
        )
    )


def _locked(session: Session, case_id: int) -> CaseRow:
    """The case, locked until the transaction ends, so that no number is given twice."""
    case = session.get(CaseRow, case_id, with_for_update=True)
    if case is None:
        raise _unknown(case_id)
    if case.state == "closed":
        raise WrongUse(f"Case {case_id} is closed.", hint="Open it again, or open a new case.")
    return case


def _unknown(case_id: int) -> WrongUse:
    return WrongUse(f"There is no case {case_id}.", hint="List them: ipguard case list")
