"""Looking at alerts: the list, and one alert with all that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, and_, func, or_, select
from sqlalchemy import cast as cast_to
from sqlmodel import Session, col

from ipguard.alerts.findings import from_row
from ipguard.alerts.tables import AlertExhibitRow, AlertRow, DecisionRow, FindingRow
from ipguard.errors import WrongUse
from ipguard.listings.lookups import lookups_of
from ipguard.listings.tables import ListingPictureRow, ListingRow, LookupRow
from ipguard.matching.finding import Finding, Reason, ReasonValue
from ipguard.matching.score import THRESHOLD
from ipguard.rights.tables import WorkRow
from ipguard.sources.tables import SourceRow

STATES = ("open", "infringing", "not_infringing", "later", "suppressed")
GROUPS = ("picture", "seller", "work")
"""What alerts can be grouped by."""
MOST_KEPT = 300
"""Rows decided in this view that are still shown in it."""
Key = tuple[float, int]
"""Where an alert stands in the order: score, number."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts are wanted; None or empty asks for every one."""

    state: str | None = "open"
    work: str = ""
    source: str = ""
    min_score: float = THRESHOLD
    """Alerts whose listing changed until it no longer matched fall below."""
    seller: str = ""
    """Source and seller in one word, as `alert.seller`."""
    picture: str = ""
    """SHA-256 of the picture that the strongest finding rests on."""
    rule: int = 0
    """Kept out by this suppression."""
    words: str = ""
    """Stand in the title, the seller's name or the address."""
    back: bool = False
    """Only those that came back after a decision, or from Later."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert with its listing and its reasons."""

    alert: AlertRow
    listing: ListingRow
    work: WorkRow
    source: SourceRow
    state: str
    """As it is now: a later whose time has come is open."""
    findings: tuple[Finding, ...]
    """Of the version shown, strongest first."""

    @property
    def id(self) -> int:
        """Number of the alert."""
        return cast(int, self.alert.id)

    @property
    def key(self) -> Key:
        """Where it stands in the order."""
        return self.alert.score, self.id

    @property
    def reopened(self) -> Reason | None:
        """Why it came back after a decision."""
        stored = self.alert.reopened
        if stored is None:
            return Reason("woken.date", {}) if self.alert.state == "later" and self.state == "open" else None
        return Reason(str(stored["code"]), cast("Mapping[str, ReasonValue]", stored["values"]))


@dataclass(frozen=True, slots=True)
class AlertStory:
    """One alert with everything that belongs to it."""

    view: AlertView
    pictures: tuple[ListingPictureRow, ...]
    decisions: tuple[DecisionRow, ...]
    """Oldest first, undone ones too."""
    exhibits: tuple[str, ...]
    """Ids, oldest first."""
    lookups: tuple[LookupRow, ...] = ()
    """What a registry and name servers say about it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Alerts that were decided in a view stay in it until the reader leaves."""

    session: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Open alerts that have something in common."""

    key: str
    count: int
    lead: AlertView
    """The strongest of them."""


def list_alerts(
    session: Session,
    wanted: Filter,
    *,
    now: datetime,
    limit: int = 50,
    after: int = 0,
    beyond: Key | None = None,
    kept: Kept | None = None,
) -> list[AlertView]:
    """Alerts, strongest first; `after` skips that many, `beyond` starts behind a place in the order (keyset).

    With `kept`, what was decided in this view stands among them at its place, beside `limit` others.
    """
    found = [row for part in _parts(wanted, now) for row in _page(session, part, limit + after, beyond)]
    rows = sorted(found, key=_place)[after : after + limit]
    if kept is not None:
        more = _page(session, _decided_here(wanted, kept), MOST_KEPT, beyond)
        last = _place(rows[-1]) if len(rows) == limit else None
        known = {row[0].id for row in rows}
        rows += [r for r in more if r[0].id not in known and (last is None or _place(r) <= last)]
        rows.sort(key=_place)
    views = _findings(session, [cast(int, row[0].id) for row in rows])
    return [_view(row[0], row[1], row[2], row[3], views, now) for row in rows]


def count_alerts(session: Session, wanted: Filter, *, now: datetime) -> int:
    """How many there are."""
    return sum(
        session.scalars(part.with_only_columns(func.count(), maintain_column_froms=True)).one()
        for part in _parts(wanted, now, _bare(wanted))
    )


def next_alert(
    session: Session, wanted: Filter, *, now: datetime, beyond: Key, skip: Iterable[int] = ()
) -> int | None:
    """The first alert of a view behind a place in its order; from the top again where there is none."""
    left = set(skip)
    for start in (beyond, None):
        rows = [row for part in _parts(wanted, now) for row in _page(session, part, len(left) + 1, start)]
        for row in sorted(rows, key=_place):
            if row[0].id not in left:
                return cast(int, row[0].id)
    return None


def alert_numbers(session: Session, wanted: Filter, *, now: datetime, limit: int) -> list[tuple[int, int]]:
    """Number and version of every alert of a view, in its order, `limit` at most."""
    rows = [row for part in _parts(wanted, now) for row in _page(session, part, limit, None)]
    return [(cast(int, row[0].id), row[0].version) for row in sorted(rows, key=_place)[:limit]]


def list_groups(
    session: Session, wanted: Filter, by: str, *, now: datetime, limit: int = 50, after: int = 0
) -> list[Group]:
    """Alerts of a view by what they share, the group with the strongest alert first; `after` skips that many.

    Alerts without a picture, where grouped by picture, are in no group.
    """
    column = {
        "picture": col(AlertRow.picture),
        "seller": col(AlertRow.seller),
        "work": col(AlertRow.work_id),
    }[by]
    best: dict[str, tuple[float, int]] = {}
    for part in _parts(wanted, now, _bare(wanted)):
        statement = (
            part.with_only_columns(
                column, func.count(), func.max(col(AlertRow.score)), maintain_column_froms=True
            )
            .where(column != "")
            .group_by(column)
            .order_by(func.max(col(AlertRow.score)).desc(), column)
            .limit(limit + after)
        )
        for key, count, score in session.execute(statement):
            known = best.get(key, (0.0, 0))
            best[key] = (max(known[0], score), known[1] + count)
    order = sorted(best.items(), key=lambda one: (-one[1][0], one[0]))[after : after + limit]
    found = []
    for key, (_, count) in order:
        lead = list_alerts(session, in_group(wanted, by, key), now=now, limit=1)
        found += [Group(key, count, one) for one in lead]
    return found


def in_group(wanted: Filter, by: str, key: str) -> Filter:
    """The same view, only one of its groups."""
    match by:
        case "picture":
            return replace(wanted, picture=key)
        case "seller":
            return replace(wanted, seller=key)
        case _:
            return replace(wanted, work=key)


def one_alert(session: Session, alert_id: int, *, now: datetime) -> AlertStory:
    """One alert and its story.

    Raises:
        WrongUse: there is no such alert.
    """
    row = session.execute(_joined().where(col(AlertRow.id) == alert_id)).first()
    if row is None:
        raise WrongUse(f"There is no alert {alert_id}.", hint="List them: ipguard alerts")
    view = _view(row[0], row[1], row[2], row[3], _findings(session, [alert_id]), now)
    pictures = session.scalars(
        select(ListingPictureRow)
        .where(col(ListingPictureRow.listing_id) == view.listing.id)
        .order_by(col(ListingPictureRow.position))
    )
    decisions = session.scalars(
        select(DecisionRow).where(col(DecisionRow.alert_id) == alert_id).order_by(col(DecisionRow.id))
    )
    listing_id = cast(int, view.listing.id)
    told = tuple(lookups_of(session, [listing_id])[listing_id])
    return AlertStory(view, tuple(pictures), tuple(decisions), exhibits_of(session, alert_id), told)


def exhibits_of(session: Session, alert_id: int) -> tuple[str, ...]:
    """Exhibits of one alert, oldest first."""
    return tuple(
        session.scalars(
            select(col(AlertExhibitRow.exhibit_id))
            .where(col(AlertExhibitRow.alert_id) == alert_id)
            .order_by(col(AlertExhibitRow.kept_at), col(AlertExhibitRow.exhibit_id))
        )
    )


def exhibits_of_listing(session: Session, listing_id: int) -> list[tuple[str, datetime]]:
    """Exhibits of every alert of a listing, and when each was kept, oldest first."""
    rows = session.execute(
        select(col(AlertExhibitRow.exhibit_id), func.min(col(AlertExhibitRow.kept_at)))
        .join(AlertRow, col(AlertRow.id) == col(AlertExhibitRow.alert_id))
        .where(col(AlertRow.listing_id) == listing_id)
        .group_by(col(AlertExhibitRow.exhibit_id))
        .order_by(func.min(col(AlertExhibitRow.kept_at)), col(AlertExhibitRow.exhibit_id))
    )
    return [(exhibit, kept_at) for exhibit, kept_at in rows]


Joined = Select[AlertRow, ListingRow, WorkRow, SourceRow]


def _joined() -> Joined:
    return (
        select(AlertRow, ListingRow, WorkRow, SourceRow)
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .join(WorkRow, col(WorkRow.id) == col(AlertRow.work_id))
        .join(SourceRow, col(SourceRow.id) == col(ListingRow.source_id))
    )


def _bare(wanted: Filter) -> Joined:
    """Only the tables that conditions need: counting does not read the others."""
    bare = select(AlertRow)
    if wanted.source or wanted.words:
        bare = bare.join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
    return cast("Joined", bare)


def _parts(wanted: Filter, now: datetime, base: Joined | None = None) -> list[Joined]:
    """A view as statements that each read one index: what is open, and what comes back from Later now."""
    statement = (_joined() if base is None else base).where(*_conditions(wanted))
    state = col(AlertRow.state)
    if wanted.state == "open":
        woken = statement.where(state == "later", col(AlertRow.later_until) <= now)
        return [statement.where(state == "open"), woken]
    if wanted.state == "later":
        return [statement.where(state == "later", col(AlertRow.later_until) > now)]
    return [statement.where(state == wanted.state) if wanted.state else statement]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [col(AlertRow.score) >= wanted.min_score]
    if wanted.work:
        conditions.append(col(AlertRow.work_id) == wanted.work)
    if wanted.source:
        conditions.append(col(ListingRow.source_id) == wanted.source)
    if wanted.seller:
        conditions.append(col(AlertRow.seller) == wanted.seller)
    if wanted.picture:
        conditions.append(col(AlertRow.picture) == wanted.picture)
    if wanted.rule:
        conditions.append(col(AlertRow.suppressed_by) == wanted.rule)
    if wanted.back:
        woken = and_(col(AlertRow.reopened).is_not(None), cast_to(col(AlertRow.reopened), String) != "null")
        conditions.append(or_(woken, col(AlertRow.state) == "later"))
    for word in wanted.words.split()[:8]:
        fields = (ListingRow.title, ListingRow.seller_name, ListingRow.url)
        conditions.append(or_(*(col(one).icontains(word, autoescape=True) for one in fields)))
    return conditions


def _decided_here(wanted: Filter, kept: Kept) -> Joined:
    here = select(col(DecisionRow.alert_id)).where(
        col(DecisionRow.session) == kept.session,
        col(DecisionRow.decided_at) >= kept.since,
        col(DecisionRow.undone_at).is_(None),
    )
    return _joined().where(*_conditions(wanted), col(AlertRow.id).in_(here))


def _page(session: Session, statement: Joined, limit: int, beyond: Key | None) -> list[Any]:
    score, number = col(AlertRow.score), col(AlertRow.id)
    if beyond is not None:
        statement = statement.where(score <= beyond[0], or_(score < beyond[0], number > beyond[1]))
    return list(session.execute(statement.order_by(score.desc(), number).limit(limit)).all())


def _place(row: Any) -> tuple[float, int]:  # noqa: ANN401 — a row of four tables
    return -row[0].score, row[0].id


def _view(
    alert: AlertRow,
    listing: ListingRow,
    work: WorkRow,
    source: SourceRow,
    found: Mapping[int, list[FindingRow]],
    now: datetime,
) -> AlertView:
    woken = alert.state == "later" and alert.later_until is not None and alert.later_until <= now
    rows = found.get(cast(int, alert.id), ())
    findings = tuple(from_row(row, work.id) for row in rows if row.alert_version == alert.version)
    return AlertView(alert, listing, work, source, "open" if woken else alert.state, findings)


def _findings(session: Session, alert_ids: list[int]) -> dict[int, list[FindingRow]]:
    found: dict[int, list[FindingRow]] = {}
    rows = session.scalars(
        select(FindingRow)
        .join(
            AlertRow,
            and_(
                col(AlertRow.id) == col(FindingRow.alert_id),
                col(AlertRow.version) == col(FindingRow.alert_version),
            ),
        )
        .where(col(FindingRow.alert_id).in_(alert_ids))
        .order_by(col(FindingRow.id))
    )
    for row in rows:
        found.setdefault(row.alert_id, []).append(row)
    return found
