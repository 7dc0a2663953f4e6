"""What there is to tell a channel: what happened in the rows since it was told last. Nothing is told twice.

Each channel has its own place: the highest number of alert and export it was told about, and the moment up to which
it knows. So quiet hours, a daily digest and a long pause lose nothing and flood nobody: it becomes one event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow
from ipguard.cases.tables import CaseExportRow, CaseRow
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.matching.score import THRESHOLD
from ipguard.notify.deadlines import deadlines
from ipguard.notify.events import (
    AlertBrief,
    AlertsBack,
    AlertsNew,
    DeadlineNear,
    Digest,
    Event,
    ExportReady,
    Single,
    SourceAlarm,
    event_id,
)
from ipguard.notify.tables import ChannelRow
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import SourceAlarmRow

SETTLED = timedelta(seconds=30)
"""Numbers are given before they are committed: rows younger than this may still have an older one beside them."""
SHOWN = 15
"""Alerts named in one message."""
PAUSE = timedelta(minutes=5)
"""At least, between two messages about alerts."""
DAYS_BEFORE = (7, 1)
"""A deadline is told so many days before."""
MAX_TEXT, MAX_URL = 500, 2_000
"""Characters of a stranger's text that an event carries."""


def here_and_now(session: Session, now: datetime) -> dict[str, object]:
    """The place of a channel that begins now."""
    columns = {"alert": col(AlertRow.id), "export": col(CaseExportRow.id), "alarm": col(SourceAlarmRow.id)}
    highest = {name: session.scalars(select(func.max(one))).one() or 0 for name, one in columns.items()}
    return {**highest, "at": now.isoformat()}


def look(session: Session, channel: ChannelRow, now: datetime) -> list[Event]:
    """What there is to tell a channel now; moves its place and sets when to look again."""
    if is_quiet(channel, now):
        channel.next_at = now + PAUSE
        return []
    found = _happened(session, channel, now)
    if not channel.daily_at:
        channel.next_at = now + PAUSE
        return list(found)
    channel.next_at = next_hour(channel.daily_at, ZoneInfo(channel.time_zone), now)
    return [Digest(event_id("digest", channel.id, now.date()), now, tuple(found))] if found else []


def is_quiet(channel: ChannelRow, now: datetime) -> bool:
    """Whether it is a quiet hour of the channel; over midnight too."""
    if not channel.quiet_from:
        return False
    clock = now.astimezone(ZoneInfo(channel.time_zone)).strftime("%H:%M")
    begin, end = channel.quiet_from, channel.quiet_to
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def next_hour(hour: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The next moment it is that hour there."""
    local = now.astimezone(zone)
    wanted = datetime.combine(local.date(), time.fromisoformat(hour), zone)
    if wanted <= local:
        wanted = datetime.combine(local.date() + timedelta(days=1), time.fromisoformat(hour), zone)
    return wanted.astimezone(now.tzinfo)


def _happened(session: Session, channel: ChannelRow, now: datetime) -> list[Single]:
    seen = dict(channel.seen)
    since, until = datetime.fromisoformat(str(seen["at"])), now - SETTLED
    if until <= since:
        return []
    found: list[Single] = []
    highest = _highest(session, until)
    if highest > _number(seen["alert"]):
        fresh = and_(col(AlertRow.id) > seen["alert"], col(AlertRow.id) <= highest)
        found += _new(session, channel, fresh, (seen["alert"], highest), now)
        seen["alert"] = highest
    found += _back(session, channel, since, until, now)
    exports, seen["export"] = _exports(session, channel, _number(seen["export"]), until, now)
    found += exports
    alarms, seen["alarm"] = _alarms(session, channel, _number(seen["alarm"]), until, now)
    found += alarms
    found += _near(session, channel, now)
    channel.seen = seen | {"at": until.isoformat()}
    return [one for one in found if one.kind in channel.events]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _highest(session: Session, until: datetime) -> int:
    return (
        session.scalars(select(func.max(col(AlertRow.id))).where(col(AlertRow.created_at) <= until)).one()
        or 0
    )


def _new(
    session: Session, channel: ChannelRow, fresh: ColumnElement[bool], span: Sequence[object], now: datetime
) -> list[AlertsNew]:
    total, alerts, works = _alerts(session, channel, and_(fresh, col(AlertRow.state) == "open"))
    return [AlertsNew(event_id("alerts.new", channel.id, *span), now, total, alerts, works)] if total else []


def _back(
    session: Session, channel: ChannelRow, since: datetime, until: datetime, now: datetime
) -> list[AlertsBack]:
    woken = and_(
        col(AlertRow.state) == "later", col(AlertRow.later_until) > since, col(AlertRow.later_until) <= until
    )
    reopened = and_(
        col(AlertRow.state) == "open",
        cast(col(AlertRow.reopened), String)
        != "null",  # a JSON null, where the row was written by the mapper
        col(AlertRow.updated_at) > since,
        col(AlertRow.updated_at) <= until,
    )
    total, alerts, works = _alerts(session, channel, or_(woken, reopened))
    name = event_id("alerts.back", channel.id, since.isoformat(), until.isoformat())
    return [AlertsBack(name, now, total, alerts, works)] if total else []


def _alerts(
    session: Session, channel: ChannelRow, which: ColumnElement[bool]
) -> tuple[int, tuple[AlertBrief, ...], tuple[str, ...]]:
    conditions = [which, col(AlertRow.score) >= max(channel.min_score, THRESHOLD)]
    if channel.works:
        conditions.append(col(AlertRow.work_id).in_(channel.works))
    counts = session.execute(
        select(col(AlertRow.work_id), func.count()).where(*conditions).group_by(col(AlertRow.work_id))
    ).all()
    rows = session.execute(
        select(AlertRow, ListingRow, WorkRow)
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .join(WorkRow, col(WorkRow.id) == col(AlertRow.work_id))
        .where(*conditions)
        .order_by(col(AlertRow.score).desc(), col(AlertRow.id))
        .limit(SHOWN)
    ).all()
    pictures = _pictures(session, [listing.id for _, listing, _ in rows])
    briefs = tuple(brief(alert, listing, work, pictures) for alert, listing, work in rows)
    return sum(n for _, n in counts), briefs, tuple(sorted(work for work, _ in counts))


def brief(alert: AlertRow, listing: ListingRow, work: WorkRow, pictures: dict[int | None, str]) -> AlertBrief:
    """What a message needs of an alert."""
    return AlertBrief(
        id=alert.id or 0,
        version=alert.version,
        title=listing.title[:MAX_TEXT],
        work=work.id,
        work_title=work.title,
        score=alert.score,
        source=listing.source_id,
        seller=listing.seller_name[:MAX_TEXT],
        url=listing.url[:MAX_URL],
        price=listing.price_amount or "",
        currency=listing.currency or "",
        picture=pictures.get(listing.id, ""),
    )


def _pictures(session: Session, listings: Sequence[int | None]) -> dict[int | None, str]:
    rows = session.execute(
        select(col(ListingPictureRow.listing_id), col(ListingPictureRow.sha256))
        .where(col(ListingPictureRow.listing_id).in_(listings), col(ListingPictureRow.sha256).is_not(None))
        .order_by(col(ListingPictureRow.position).desc())
    )
    return {listing: digest or "" for listing, digest in rows}


def _exports(
    session: Session, channel: ChannelRow, after: int, until: datetime, now: datetime
) -> tuple[list[ExportReady], int]:
    rows = session.execute(
        select(CaseExportRow, CaseRow)
        .join(CaseRow, col(CaseRow.id) == col(CaseExportRow.case_id))
        .where(col(CaseExportRow.id) > after, col(CaseExportRow.exported_at) <= until)
        .order_by(col(CaseExportRow.id))
    ).all()
    told = [
        ExportReady(
            event_id("export.ready", channel.id, export.id),
            now,
            export.case_id,
            case.title,
            export.file_name,
            export.sha256,
            export.exhibits,
        )
        for export, case in rows
    ]
    return told, max([after, *(export.id or 0 for export, _ in rows)])


def _alarms(
    session: Session, channel: ChannelRow, after: int, until: datetime, now: datetime
) -> tuple[list[SourceAlarm], int]:
    rows = session.scalars(
        select(SourceAlarmRow)
        .where(col(SourceAlarmRow.id) > after, col(SourceAlarmRow.since) <= until)
        .order_by(col(SourceAlarmRow.id))
    ).all()
    told = [
        SourceAlarm(
            event_id("source.alarm", channel.id, row.id), now, row.source_id, row.code, _values(row.values)
        )
        for row in rows
        if row.until is None  # what was well again before anybody was told is no news
    ]
    return told, max([after, *(row.id or 0 for row in rows)])


def _values(stored: Mapping[str, object]) -> dict[str, str | int | float]:
    return {name: one if isinstance(one, str | int | float) else str(one) for name, one in stored.items()}


def _near(session: Session, channel: ChannelRow, now: datetime) -> list[DeadlineNear]:
    told = []
    for one in deadlines(session, now=now):
        left = (one.due - now.date()).days
        step = next((days for days in sorted(DAYS_BEFORE) if left <= days), None)
        if step is not None and one.what != "later":
            name = event_id("case.deadline", channel.id, one.uid, one.due, step)
            told.append(DeadlineNear(name, now, one.what, one.title, one.due, one.path))
    return told
