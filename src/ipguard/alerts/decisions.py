"""Deciding on an alert, always on the version that was shown, and undoing it. Nothing is ever removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select, update
from sqlmodel import Session, col

from ipguard.alerts.findings import from_row
from ipguard.alerts.second_look import draw
from ipguard.alerts.suppressing import end_of_decision, suppress
from ipguard.alerts.tables import AlertRow, DecisionRow, FindingRow, SightRow
from ipguard.alerts.waking import EVENTS, settled_as
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingRow
from ipguard.matching.finding import Finding

DECISIONS = ("infringing", "not_infringing", "later")
REASONS = ("licensed", "own_listing", "different_work", "too_generic", "other")
"""Why something is not infringing."""
UNDECIDED = ("open", "later", "suppressed")


@dataclass(frozen=True, slots=True)
class Sight:
    """What was on the screen when somebody decided; kept with the decision."""

    way: str
    """alone, group, ticked, view."""
    shown_at: datetime
    dwell_ms: int
    """From the moment the server sent it to the decision."""
    pictures: tuple[dict[str, object], ...] = ()
    """`side`, `sha256` of the original bytes, `name` of an explanation that was drawn of them."""
    look: str = ""
    language: str = ""
    theme: str = ""
    viewport: str = ""
    painted_ms: int | None = None
    """From both pictures painted to the key press, as the browser said."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One key press or button: whose, when, and what it shares with the other decisions it made."""

    by: str
    now: datetime
    batch: str = ""
    """Decisions of one deed share it and are undone together."""
    session: str = ""
    """The session it was made in; the deeds of a session are undone one after the other."""
    chance: float = 1.0
    """A draw from 0 to 1: below `second_look.SHARE`, somebody else looks again."""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided."""

    decision: str
    reason: str = ""
    note: str = ""
    until: datetime | None = None
    event: str = ""
    """For later: one of `waking.EVENTS`, which may bring it back before `until`."""


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
    """`settle` for whoever decides about one alert at a time."""
    return settle(
        session, alert_id, version, Choice(decision, reason, note, until), Deed(by, now), sight=None
    )


def settle(
    session: Session, alert_id: int, version: int, choice: Choice, deed: Deed, *, sight: Sight | None
) -> DecisionRow:
    """Record what somebody decided about the version of an alert that they saw.

    A decision “not infringing” suppresses what it rested on; some decisions are drawn for a second look.

    Args:
        session: inside a transaction.
        alert_id: the alert.
        version: the version that was on the screen.
        choice: what is decided.
        deed: who decides, when, together with what.
        sight: what was on the screen, where there was one.

    Raises:
        WrongUse: no such alert, it changed or was decided since it was shown, or the decision is incomplete.
    """
    _check(choice, deed.now)
    listing = session.scalars(
        select(ListingRow)
        .join(AlertRow, col(AlertRow.listing_id) == col(ListingRow.id))
        .where(col(AlertRow.id) == alert_id)
    ).first()
    if listing is None:
        raise _unknown(alert_id)
    hit = session.execute(
        update(AlertRow)
        .where(
            col(AlertRow.id) == alert_id,
            col(AlertRow.version) == version,
            col(AlertRow.state).in_(UNDECIDED),
        )
        .values(
            state=choice.decision,
            later_until=choice.until,
            later_event=choice.event,
            reopened=None,
            suppressed_by=None,
            settled=settled_as(listing),
            settled_version=listing.version,
            updated_at=deed.now,
        )
        .returning(col(AlertRow.id))
    ).first()
    if hit is None:
        raise _why_not(session, alert_id, version)
    row = DecisionRow(
        alert_id=alert_id,
        alert_version=version,
        decision=choice.decision,
        reason=choice.reason,
        note=choice.note,
        until=choice.until,
        decided_by=deed.by,
        decided_at=deed.now,
        batch=deed.batch,
        session=deed.session,
        unsure=deed.unsure,
    )
    session.add(row)
    session.flush()
    if sight is not None:
        session.add(_sight_row(row, listing, sight))
    if choice.decision == "not_infringing":
        alert = session.get_one(AlertRow, alert_id, populate_existing=True)
        suppress(session, row, alert, listing, _rests_on(session, alert), deed.now)
    draw(session, row, deed.chance, deed.now)
    return row


def _sight_row(row: DecisionRow, listing: ListingRow, sight: Sight) -> SightRow:
    return SightRow(
        decision_id=cast(int, row.id),
        way=sight.way,
        pictures=list(sight.pictures),
        look=sight.look,
        language=sight.language,
        theme=sight.theme,
        viewport=sight.viewport,
        shown_at=sight.shown_at,
        dwell_ms=sight.dwell_ms,
        painted_ms=sight.painted_ms,
        listing_version=listing.version,
        alert_version=row.alert_version,
        watch=listing.judged_with,
    )


def _rests_on(session: Session, alert: AlertRow) -> list[Finding]:
    rows = session.scalars(
        select(FindingRow).where(
            col(FindingRow.alert_id) == alert.id, col(FindingRow.alert_version) == alert.version
        )
    )
    return [from_row(row, alert.work_id) for row in rows]


def undo_newest(session: Session, deed: Deed) -> list[int]:
    """Undo the newest deed of a session that stands, with every decision it made. Returns the alerts.

    Raises:
        WrongUse: nothing of this session is left to undo.
    """
    newest = newest_deed(session, deed.session)
    if newest is None:
        raise WrongUse("There is nothing to undo.", hint="Only what this session decided can be undone here.")
    rows = session.scalars(
        select(DecisionRow).where(
            col(DecisionRow.session) == deed.session,
            col(DecisionRow.batch) == newest,
            col(DecisionRow.undone_at).is_(None),
        )
    ).all()
    for row in rows:
        undo(session, row.alert_id, by=deed.by, now=deed.now)
    return [row.alert_id for row in rows]


def newest_deed(session: Session, session_key: str) -> str | None:
    """Batch of the newest deed of a session that stands."""
    return session.scalars(
        select(col(DecisionRow.batch))
        .where(
            col(DecisionRow.session) == session_key,
            col(DecisionRow.batch) != "",
            col(DecisionRow.undone_at).is_(None),
        )
        .order_by(col(DecisionRow.id).desc())
        .limit(1)
    ).first()


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
    alert.later_event = ""
    alert.updated_at = now
    session.add_all([alert, last])
    session.flush()
    end_of_decision(session, last.id, now)
    return last


def _check(choice: Choice, now: datetime) -> None:
    decision, reason, until = choice.decision, choice.reason, choice.until
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
    if decision != "later" and (until is not None or choice.event):
        raise WrongUse("Only later has an until.")
    if choice.event and choice.event not in EVENTS:
        raise WrongUse(f"“{choice.event}” brings nothing back.", hint=f"One of: {', '.join(EVENTS)}.")


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
