"""From verdicts to alerts: one alert a listing and work, a higher version when its reasons change.

A decided alert stays decided. One found not infringing comes back only when the listing changed after
the decision and shows something that was not there to be seen; the alert then says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.alerts.findings import Witness, finding_json, from_row, to_row, witness
from ipguard.alerts.suppressing import covering, keep_out, picture_of, seller_of
from ipguard.alerts.tables import AlertExhibitRow, AlertRow, DecisionRow, FindingRow
from ipguard.alerts.waking import settled_as
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.matching.finding import Finding, PicturePlace, Reason
from ipguard.matching.score import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """What a verdict would do to the alerts of a listing."""

    verdict: Verdict
    alert: AlertRow | None
    """The standing alert; None where a new one is raised."""
    unseen: tuple[Finding, ...] = ()
    """Strong findings that no earlier version of the alert rests on: these need an exhibit."""

    @property
    def new(self) -> bool:
        """A new alert is raised."""
        return self.alert is None


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that was written."""

    alert_id: int
    work: str
    version: int
    new: bool
    reopened: bool


def changes(session: Session, listing_id: int, verdicts: Sequence[Verdict]) -> list[Change]:
    """What these verdicts change; a verdict that changes nothing is left out.

    A standing alert whose work has no verdict any more gets an empty one: its reasons are gone.
    """
    standing = {
        alert.work_id: alert
        for alert in session.scalars(select(AlertRow).where(col(AlertRow.listing_id) == listing_id))
    }
    given = {verdict.work: verdict for verdict in verdicts}
    gone = [Verdict(work, False, 0.0, ()) for work in sorted(standing.keys() - given.keys())]
    found: list[Change] = []
    for verdict in (*given.values(), *gone):
        alert = standing.get(verdict.work)
        if alert is None:
            if verdict.match:
                found.append(Change(verdict, None, _strong(verdict)))
            continue
        history = _history(session, alert)
        now_rests_on = [f for f in history if f[0] == alert.version]
        if _same(verdict, alert, [finding for _, finding in now_rests_on]):
            continue
        known = {witness(finding) for _, finding in history}
        found.append(Change(verdict, alert, tuple(f for f in _strong(verdict) if witness(f) not in known)))
    return found


def write_alerts(
    session: Session,
    listing: ListingRow,
    verdicts: Sequence[Verdict],
    exhibits: Mapping[str, str],
    now: datetime,
) -> list[Raised]:
    """Write what `changes` says; `exhibits` gives, by work, the exhibit that holds what raised it."""
    listing_id = _id(listing.id)
    return [
        _write(session, change, listing, listing_id, exhibits.get(change.verdict.work), now)
        for change in changes(session, listing_id, verdicts)
    ]


def add_to_alert(
    session: Session, listing_id: int, alerts: Sequence[int], exhibit: str, now: datetime
) -> list[int]:
    """Note an exhibit that holds the page of a listing with those of its alerts that are among `alerts`."""
    rows = session.scalars(
        select(AlertRow).where(col(AlertRow.listing_id) == listing_id, col(AlertRow.id).in_(alerts))
    ).all()
    for alert in rows:
        if session.get(AlertExhibitRow, (_id(alert.id), exhibit)) is None:
            session.add(
                AlertExhibitRow(
                    alert_id=_id(alert.id), exhibit_id=exhibit, alert_version=alert.version, kept_at=now
                )
            )
    session.flush()
    return [_id(alert.id) for alert in rows]


def _write(
    session: Session, change: Change, listing: ListingRow, listing_id: int, exhibit: str | None, now: datetime
) -> Raised:
    verdict, alert = change.verdict, change.alert
    reopened = None
    if alert is None:
        alert = AlertRow(
            listing_id=listing_id,
            work_id=verdict.work,
            listing_version=listing.version,
            score=verdict.score,
            score_version=verdict.version,
            created_at=now,
            updated_at=now,
        )
    else:
        reopened = _why_reopened(session, alert, change, listing)
        alert.version += 1
    alert.listing_version, alert.updated_at = listing.version, now
    alert.score, alert.score_version = verdict.score, verdict.version
    alert.exhibit_id = alert.exhibit_id or exhibit
    alert.picture, alert.seller = picture_of(verdict.findings), seller_of(listing)
    if reopened is not None:
        alert.state = "open"
        alert.reopened = {"code": reopened.code, "values": dict(reopened.values)}
    session.add(alert)
    session.flush()
    alert_id = _id(alert.id)
    session.add_all(to_row(finding, alert_id, alert.version) for finding in verdict.findings)
    _suppress(session, change, alert, listing, now)
    if exhibit is not None and session.get(AlertExhibitRow, (alert_id, exhibit)) is None:
        session.add(
            AlertExhibitRow(alert_id=alert_id, exhibit_id=exhibit, alert_version=alert.version, kept_at=now)
        )
    session.flush()
    return Raised(alert_id, verdict.work, alert.version, change.new, reopened is not None)


def _suppress(session: Session, change: Change, alert: AlertRow, listing: ListingRow, now: datetime) -> None:
    """Keep a new alert out of the queue where its seller was found harmless; let one that changed in again."""
    if not change.verdict.match or not (change.new or alert.state == "suppressed"):
        return
    rule = covering(session, alert.work_id, listing, change.verdict.findings)
    if rule is not None and change.new:
        keep_out(session, alert, rule, now)
        alert.settled, alert.settled_version = settled_as(listing), listing.version
    elif rule is None and alert.state == "suppressed":
        alert.state, alert.reopened = "open", {"code": "woken.unlike", "values": {}}
    session.add(alert)


def _why_reopened(session: Session, alert: AlertRow, change: Change, listing: ListingRow) -> Reason | None:
    """Why a dismissed alert comes back, or None where it stays dismissed."""
    if alert.state != "not_infringing" or not change.verdict.match:
        return None
    decision = session.scalars(
        select(DecisionRow)
        .where(col(DecisionRow.alert_id) == alert.id, col(DecisionRow.undone_at).is_(None))
        .order_by(col(DecisionRow.id).desc())
        .limit(1)
    ).first()
    if decision is None:
        return None
    seen = _witnesses_seen(session, alert, decision.alert_version)
    fresh = [finding for finding in _strong(change.verdict) if witness(finding) not in seen]
    if listing.changed_at <= decision.decided_at:
        arrived = _pictures_since(session, _id(listing.id), decision.decided_at)
        fresh = [f for f in fresh if isinstance(f.place, PicturePlace) and f.place.picture in arrived]
    if not fresh:
        return None
    return Reason("alert.reopened", {"by": decision.decided_by, "reasons": len(fresh)})


def _witnesses_seen(session: Session, alert: AlertRow, version: int) -> set[Witness]:
    return {witness(finding) for shown, finding in _history(session, alert) if shown <= version}


def _pictures_since(session: Session, listing_id: int, moment: datetime) -> set[str]:
    rows = session.scalars(
        select(col(ListingPictureRow.sha256)).where(
            col(ListingPictureRow.listing_id) == listing_id,
            col(ListingPictureRow.sha256).is_not(None),
            col(ListingPictureRow.fetched_at) > moment,
        )
    )
    return {sha256 for sha256 in rows if sha256 is not None}


def _history(session: Session, alert: AlertRow) -> list[tuple[int, Finding]]:
    """Every finding of every version of an alert, with the version."""
    rows = session.scalars(
        select(FindingRow).where(col(FindingRow.alert_id) == alert.id).order_by(col(FindingRow.id))
    )
    return [(row.alert_version, from_row(row, alert.work_id)) for row in rows]


def _same(verdict: Verdict, alert: AlertRow, findings: Sequence[Finding]) -> bool:
    if (verdict.score, verdict.version) != (alert.score, alert.score_version):
        return False
    return [finding_json(f) for f in verdict.findings] == [finding_json(f) for f in findings]


def _strong(verdict: Verdict) -> tuple[Finding, ...]:
    return tuple(finding for finding in verdict.findings if not finding.weak)


def _id(value: int | None) -> int:
    if value is None:
        raise ValueError("a row that was never written has no id")
    return value
