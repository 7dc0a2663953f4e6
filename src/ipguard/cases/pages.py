"""Lists of cases: filtered, in an order that people choose, a page at a time by key; and the board by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow
from ipguard.cases.states import STATES
from ipguard.cases.store import CaseLine
from ipguard.cases.tables import CaseAlertRow, CaseExhibitRow, CaseExportRow, CaseRow
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingRow
from ipguard.rights.tables import WorkRow

SORTS = ("newest", "changed", "deadline")
PAGE = 50
COLUMN = 20
"""Cases shown in a column of the board."""
NEVER = date.max
"""Where a case without a deadline stands among the others."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are wanted; empty asks for every one."""

    state: str = "active"
    """A state; `active`: everything but closed; empty: all."""
    work: str = ""
    """Id of a work."""
    seller: str = ""
    """Name of a seller, as listings write it."""
    counsel: str = ""
    """Part of the firm's or the person's name."""
    words: str = ""
    """Part of the title."""
    due: str = ""
    """`overdue` or `week`: has to be done by then and is not resolved."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of cases."""

    lines: tuple[CaseLine, ...]
    following: str
    """Key to ask for the next page with; empty on the last."""
    total: int
    """Of all pages."""


def page_of_cases(
    session: Session, wanted: CaseFilter, *, sort: str, today: date, after: str = "", limit: int = PAGE
) -> CasePage:
    """A page of cases.

    Raises:
        WrongUse: there is no such order, or the key is none of ours.
    """
    if sort not in SORTS:
        raise WrongUse(f"Cases have no order “{sort[:40]}”.", hint=f"One of: {', '.join(SORTS)}.")
    conditions = _conditions(wanted, today)
    total = session.scalars(select(func.count()).select_from(CaseRow).where(*conditions)).one()
    statement = _ordered(select(CaseRow).where(*conditions), sort, after)
    rows = list(session.scalars(statement.limit(limit + 1)))
    following = _key(rows[limit - 1], sort) if len(rows) > limit else ""
    return CasePage(tuple(_lines(session, rows[:limit])), following, total)


def board(session: Session, wanted: CaseFilter, *, today: date) -> Mapping[str, CasePage]:
    """State → its newest cases, for every state that is wanted."""
    states = (wanted.state,) if wanted.state in STATES else STATES if not wanted.state else STATES[:-1]
    columns = {}
    for state in states:
        own = CaseFilter(state, wanted.work, wanted.seller, wanted.counsel, wanted.words, wanted.due)
        columns[state] = page_of_cases(session, own, sort="changed", today=today, limit=COLUMN)
    return columns


def _conditions(wanted: CaseFilter, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state == "active":
        found.append(col(CaseRow.state) != "closed")
    elif wanted.state:
        found.append(col(CaseRow.state) == wanted.state)
    if wanted.words:
        found.append(col(CaseRow.title).icontains(wanted.words, autoescape=True))
    if wanted.counsel:
        texts = (col(CaseRow.counsel_firm), col(CaseRow.counsel_person))
        found.append(or_(*(text.icontains(wanted.counsel, autoescape=True) for text in texts)))
    if wanted.due:
        until = today if wanted.due == "overdue" else date.fromordinal(today.toordinal() + 8)
        unsettled = col(CaseRow.state).not_in(("resolved", "watching", "closed"))
        found += [col(CaseRow.due_on) < until, unsettled]
    if wanted.work or wanted.seller:
        inside = (
            select(col(CaseAlertRow.case_id))
            .join(AlertRow, col(AlertRow.id) == col(CaseAlertRow.alert_id))
            .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        )
        if wanted.work:
            inside = inside.where(col(AlertRow.work_id) == wanted.work)
        if wanted.seller:
            inside = inside.where(col(ListingRow.seller_name) == wanted.seller)
        found.append(col(CaseRow.id).in_(inside))
    return found


def _ordered(statement: Select[CaseRow], sort: str, after: str) -> Select[CaseRow]:
    number = col(CaseRow.id)
    value, _, last = after.rpartition("|")
    try:
        before = number < int(last) if last else None
        if sort == "newest":
            return _from(statement, before).order_by(number.desc())
        if sort == "changed":
            key = col(CaseRow.changed_at)
            if before is not None:
                at = datetime.fromisoformat(value)
                before = or_(key < at, and_(key == at, before))
            return _from(statement, before).order_by(key.desc(), number.desc())
        due = func.coalesce(col(CaseRow.due_on), NEVER)
        if before is not None:
            day = date.fromisoformat(value)
            before = or_(due > day, and_(due == day, before))
        return _from(statement, before).order_by(due, number.desc())
    except ValueError as error:
        raise WrongUse("That is no place in a list of cases.", hint="Start at its first page.") from error


def _from(statement: Select[CaseRow], before: ColumnElement[bool] | None) -> Select[CaseRow]:
    return statement if before is None else statement.where(before)


def _key(case: CaseRow, sort: str) -> str:
    value = {
        "newest": "",
        "changed": case.changed_at.isoformat(),
        "deadline": (case.due_on or NEVER).isoformat(),
    }
    return f"{value[sort]}|{case.id}"


def _lines(session: Session, cases: Sequence[CaseRow]) -> list[CaseLine]:
    """Cases with what is counted and gathered from what is in them."""
    numbers = [cast(int, case.id) for case in cases]
    counts = []
    for table in (CaseAlertRow, CaseExhibitRow, CaseExportRow):
        number = col(table.case_id)
        rows = session.execute(select(number, func.count()).where(number.in_(numbers)).group_by(number)).all()
        counts.append({row[0]: row[1] for row in rows})
    works: dict[int, dict[str, None]] = {}
    sellers: dict[int, dict[str, None]] = {}
    told = session.execute(
        select(col(CaseAlertRow.case_id), col(WorkRow.title), col(ListingRow.seller_name))
        .join(AlertRow, col(AlertRow.id) == col(CaseAlertRow.alert_id))
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .join(WorkRow, col(WorkRow.id) == col(AlertRow.work_id))
        .where(col(CaseAlertRow.case_id).in_(numbers))
        .distinct()
        .order_by(col(WorkRow.title), col(ListingRow.seller_name))
    )
    for case_id, title, seller in told:
        works.setdefault(case_id, {})[title] = None
        if seller:
            sellers.setdefault(case_id, {})[seller] = None
    alerts, exhibits, exports = counts
    return [
        CaseLine(
            case, alerts.get(n, 0), exhibits.get(n, 0), exports.get(n, 0),
            tuple(works.get(n, ())), tuple(sellers.get(n, ())),
        )
        for n, case in zip(numbers, cases, strict=True)
    ]  # fmt: skip
