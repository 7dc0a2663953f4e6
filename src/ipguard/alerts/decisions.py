"""Deciding on an alert, always on the version that was shown, and undoing it. Nothing is ever removed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow, DecisionRow
from ipguard.errors import WrongUse

DECISIONS = ("infringing", "not_infringing", "later")
REASONS = ("licensed", "own_listing", "different_work", "too_generic", "other")
"""Why something is not infringing."""
UNDECIDED = ("open", "later")


def decide(
    session: Session,
    alert_id: int,
    *,
    version: int,
    decision: str,
    by: str,
    now: datetime,
    reason: str = "",
    note: str = "",
    until: datetime | None = None,
) -> DecisionRow:
    """Record what somebody decided about the version of an alert that they saw.

    Args:
        session: inside a transaction.
        alert_id: the alert.
        version: the version that was on the screen.
        decision: infringing, not_infringing or later.
        by: who decided.
        now: when.
        reason: for not_infringing, one of REASONS.
        note: in their own words.
        until: for later, when it comes back.

    Raises:
        WrongUse: no such alert, it changed or was decided since it was shown, or the decision is incomplete.
    """
    _check(decision, reason, until, now)
    hit = session.execute(
        update(AlertRow)
        .where(
            col(AlertRow.id) == alert_id,
            col(AlertRow.version) == version,
            col(AlertRow.state).in_(UNDECIDED),
        )
        .values(state=decision, later_until=until, reopened=None, updated_at=now)
        .returning(col(AlertRow.id))
    ).first()
    if hit is None:
        raise _why_not(session, alert_id, version)
    row = DecisionRow(
        alert_id=alert_id,
        alert_version=version,
        decision=decision,
        reason=reason,
        note=note,
        until=until,
        decided_by=by,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    return row


def undo(session: Session, alert_id: int, *, by: str, now: datetime) -> DecisionRow:
    """Undo the last decision that stands; the alert is again what it was before it.

    Raises:
        WrongUse: no such alert, or nothing is decided.
    """
    alert = session.get(AlertRow, alert_id, with_for_update=True)
    if alert is None:
        raise _unknown(alert_id)
    standing = list(
        session.scalars(
            select(DecisionRow)
            .where(col(DecisionRow.alert_id) == alert_id, col(DecisionRow.undone_at).is_(None))
            .order_by(col(DecisionRow.id).desc())
            .limit(2)
        )
    )
    if alert.state == "open" or not standing:
        raise WrongUse(f"Alert {alert_id} is open: there is nothing to undo.")
    last = standing[0]
    last.undone_at, last.undone_by = now, by
    before = standing[1] if len(standing) > 1 else None
    alert.state = before.decision if before else "open"
    alert.later_until = before.until if before else None
    alert.updated_at = now
    session.add_all([alert, last])
    session.flush()
    return last


def _check(decision: str, reason: str, until: datetime | None, now: datetime) -> None:
    if decision not in DECISIONS:
        raise WrongUse(f"“{decision}” is not a decision.", hint=f"One of: {', '.join(DECISIONS)}.")
    if decision == "not_infringing" and reason not in REASONS:
        raise WrongUse(
            "Not infringing needs a reason" + (f", and “{reason}” is none." if reason else "."),
            hint=f"One of: {', '.join(REASONS)}.",
        )
    if decision != "not_infringing" and reason:
        raise WrongUse("A reason belongs to not_infringing only.", hint="Put it into the note.")
    if decision == "later" and (until is None or until <= now):
        raise WrongUse("Later needs a moment in the future.", hint="Say until when.")
    if decision != "later" and until is not None:
        raise WrongUse("Only later has an until.")


def _why_not(session: Session, alert_id: int, version: int) -> WrongUse:
    alert = session.get(AlertRow, alert_id)
    if alert is None:
        return _unknown(alert_id)
    if alert.state not in UNDECIDED:
        last = session.scalars(
            select(DecisionRow)
            .where(col(DecisionRow.alert_id) == alert_id, col(DecisionRow.undone_at).is_(None))
            .order_by(col(DecisionRow.id).desc())
            .limit(1)
        ).first()
        who = f" by {last.decided_by} at {last.decided_at:%Y-%m-%d %H:%M} UTC" if last else ""
        return WrongUse(
            f"Alert {alert_id} was already decided {alert.state.replace('_', ' ')}{who}; "
            "your decision was not recorded.",
            hint="Look at it again; undo that decision first if it is wrong.",
        )
    return WrongUse(
        f"Alert {alert_id} changed since it was shown: it is at version {alert.version} now and you saw "
        f"{version}; your decision was not recorded.",
        hint="Look at it again, then decide.",
    )


def _unknown(alert_id: int) -> WrongUse:
    return WrongUse(f"There is no alert {alert_id}.", hint="List them: ipguard alerts")
