"""Sellers as people look at them: who has most open alerts, one seller's history, and who is linked and why.

Only sources whose policy lets sellers be followed are shown; the others are named as left out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Integer,
    RowMapping,
    Select,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.rights.tables import WorkRow
from ipguard.sellers.lists import SellerKey
from ipguard.sellers.tables import SellerEntryRow
from ipguard.sources.tables import SourceRow

STOCK_PHOTO = 12
"""Sellers that show one picture from which on it links nobody: it is a maker's photo, as everyone has it."""
MOST_LINKS = 20
MOST_SHOWN = 200
"""Listings of one seller on its page."""
MOST_PICTURES = 2000
"""Pictures of a seller that are compared with those of others."""


@dataclass(frozen=True, slots=True)
class SellerLine:
    """One seller in the list."""

    who: SellerKey
    name: str
    url: str
    listings: int
    open: int
    infringing: int
    first_seen_at: datetime
    last_seen_at: datetime
    stances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SellerFilter:
    """Which sellers; empty means all."""

    words: str = ""
    """In the name or id."""
    source: str = ""
    stance: str = ""
    """allow, deny, watch."""
    hidden: Collection[str] = ()
    """Sources whose sellers are not followed."""


@dataclass(frozen=True, slots=True)
class Link:
    """Another seller who seems to be the same, and why."""

    who: SellerKey
    name: str
    pictures: tuple[str, ...] = ()
    """SHA-256 of pictures that both show, and few others."""
    same_name: bool = False
    listings: int = 0


@dataclass(frozen=True, slots=True)
class SellerListing:
    """One listing of a seller, with what became of it."""

    id: int
    title: str
    url: str
    gone_at: datetime | None
    first_seen_at: datetime
    alerts: tuple[tuple[int, str, str], ...]
    """(alert, work, state)."""


@dataclass(frozen=True, slots=True)
class SellerProfile:
    """Everything about one seller."""

    line: SellerLine
    source_url: str
    entries: tuple[SellerEntryRow, ...]
    listings: tuple[SellerListing, ...]
    links: tuple[Link, ...] = ()
    works: tuple[tuple[str, str, int], ...] = field(default=())
    """(work, title, alerts), most first."""


def list_sellers(
    session: Session, wanted: SellerFilter, *, after: tuple[int, str, str] | None = None, limit: int = 50
) -> list[SellerLine]:
    """Sellers with most open alerts first.

    Args:
        session: only reads.
        wanted: which.
        after: (open alerts, source, key) of the last one seen.
        limit: at most so many.
    """
    counts = _counts(wanted).subquery()
    query = select(counts)
    if wanted.stance:
        standing = _standing(wanted.stance)
        query = query.where(
            standing.where(
                col(SellerEntryRow.source_id) == counts.c.source_id,
                col(SellerEntryRow.seller_key) == counts.c.key,
            ).exists()
        )
    if after is not None:
        seen, source, key = after
        place = (counts.c.source_id > source, and_(counts.c.source_id == source, counts.c.key > key))
        query = query.where(or_(counts.c.open < seen, and_(counts.c.open == seen, or_(*place))))
    rows = session.execute(
        query.order_by(counts.c.open.desc(), counts.c.source_id, counts.c.key).limit(limit)
    ).mappings()
    lines = [_line(row) for row in rows]
    stances = _stances(session, [line.who for line in lines])
    return [_with(line, stances.get(line.who, ())) for line in lines]


def one_seller(session: Session, who: SellerKey, hidden: Collection[str] = ()) -> SellerProfile:
    """A seller's page.

    Raises:
        WrongUse: nothing of that seller was seen, or its source does not let sellers be followed.
    """
    if who.source in hidden:
        raise WrongUse(
            f"Sellers on {who.source} are not followed: the terms of that source do not allow it",
            hint="The listings themselves are in Triage.",
        )
    rows = session.execute(_counts(SellerFilter(source=who.source), key=who.key)).mappings().all()
    if not rows:
        raise WrongUse("No listing of that seller was seen", hint="The list of sellers has all that were.")
    line = _with(_line(rows[0]), _stances(session, [who]).get(who, ()))
    source = session.get_one(SourceRow, who.source)
    entries = session.scalars(
        select(SellerEntryRow)
        .where(col(SellerEntryRow.source_id) == who.source, col(SellerEntryRow.seller_key) == who.key)
        .order_by(col(SellerEntryRow.id).desc())
    )
    return SellerProfile(
        line,
        source.base_url,
        tuple(entries),
        _listings(session, who),
        links_of(session, who, hidden),
        _works(session, who),
    )


def listed(session: Session, *, limit: int = 500) -> list[SellerEntryRow]:
    """Entries in force on any list, newest first."""
    query = select(SellerEntryRow).where(col(SellerEntryRow.ended_at).is_(None))
    return list(session.scalars(query.order_by(col(SellerEntryRow.id).desc()).limit(limit)))


def links_of(session: Session, who: SellerKey, hidden: Collection[str] = ()) -> tuple[Link, ...]:
    """Sellers who show the same pictures (that few others show), or bear the same name elsewhere; most shared first."""
    shared = _sharing(session, who, hidden)
    named = _namesakes(session, who, hidden)
    links = [
        Link(one, name, tuple(sorted(pictures)), one in named, count)
        for one, (name, pictures, count) in shared.items()
    ]
    links += [Link(one, name, (), True, count) for one, (name, count) in named.items() if one not in shared]
    return tuple(sorted(links, key=lambda link: (-len(link.pictures), not link.same_name, link.name)))[
        :MOST_LINKS
    ]


def _key() -> ColumnElement[str]:
    """Written without parameters: PostgreSQL groups by an expression only where it is the very same text."""
    named = func.nullif(col(ListingRow.seller_key), literal_column("''"))
    return func.coalesce(named, col(ListingRow.seller_name))


def _counts(
    wanted: SellerFilter, key: str | None = None
) -> Select[str, str, str, str, int, int, int, datetime, datetime]:
    """One row a seller."""
    seller = _key().label("key")
    alerts = (
        select(
            col(AlertRow.listing_id).label("listing_id"),
            func.sum(cast(col(AlertRow.state) == "open", Integer)).label("open"),
            func.sum(cast(col(AlertRow.state) == "infringing", Integer)).label("infringing"),
        )
        .group_by(col(AlertRow.listing_id))
        .subquery()
    )
    query = (
        select(
            col(ListingRow.source_id).label("source_id"),
            seller,
            func.max(col(ListingRow.seller_name)).label("name"),
            func.max(col(ListingRow.seller_url)).label("url"),
            func.count().label("listings"),
            func.coalesce(func.sum(alerts.c.open), 0).label("open"),
            func.coalesce(func.sum(alerts.c.infringing), 0).label("infringing"),
            func.min(col(ListingRow.first_seen_at)).label("first_seen_at"),
            func.max(col(ListingRow.last_seen_at)).label("last_seen_at"),
        )
        .outerjoin(alerts, alerts.c.listing_id == col(ListingRow.id))
        .where(col(ListingRow.kind) == "offer")
        .group_by(col(ListingRow.source_id), seller)
    )
    if wanted.source:
        query = query.where(col(ListingRow.source_id) == wanted.source)
    if wanted.hidden:
        query = query.where(col(ListingRow.source_id).not_in(sorted(wanted.hidden)))
    if wanted.words:
        found = [
            one.icontains(wanted.words, autoescape=True) for one in (_key(), col(ListingRow.seller_name))
        ]
        query = query.where(or_(*found, col(ListingRow.source_id).icontains(wanted.words, autoescape=True)))
    if key is not None:
        query = query.where(_key() == key)
    return query


def _line(told: RowMapping) -> SellerLine:
    who = SellerKey(told["source_id"], told["key"])
    return SellerLine(
        who, told["name"] or who.key or who.source, told["url"], told["listings"], told["open"], told["infringing"],
        told["first_seen_at"], told["last_seen_at"],
    )  # fmt: skip


def _with(line: SellerLine, stances: Sequence[str]) -> SellerLine:
    return replace(line, stances=tuple(stances))


def _standing(stance: str) -> Select[int | None]:
    return select(col(SellerEntryRow.id)).where(
        col(SellerEntryRow.ended_at).is_(None), col(SellerEntryRow.stance) == stance
    )


def _stances(session: Session, sellers: Sequence[SellerKey]) -> dict[SellerKey, list[str]]:
    keys = {one.key for one in sellers}
    rows = session.execute(
        select(
            col(SellerEntryRow.source_id), col(SellerEntryRow.seller_key), col(SellerEntryRow.stance)
        ).where(col(SellerEntryRow.ended_at).is_(None), col(SellerEntryRow.seller_key).in_(sorted(keys)))
    )
    found: dict[SellerKey, list[str]] = {}
    for source, key, stance in rows:
        known = found.setdefault(SellerKey(source, key), [])
        if stance not in known:
            known.append(stance)
    return found


def _listings(session: Session, who: SellerKey) -> tuple[SellerListing, ...]:
    rows = session.scalars(
        select(ListingRow)
        .where(col(ListingRow.source_id) == who.source, _key() == who.key)
        .order_by(col(ListingRow.id).desc())
        .limit(MOST_SHOWN)
    ).all()
    found = session.execute(
        select(col(AlertRow.listing_id), col(AlertRow.id), col(WorkRow.title), col(AlertRow.state))
        .join(WorkRow, col(WorkRow.id) == col(AlertRow.work_id))
        .where(col(AlertRow.listing_id).in_([row.id for row in rows]))
        .order_by(col(AlertRow.id))
    )
    alerts: dict[int, list[tuple[int, str, str]]] = {}
    for listing, alert, title, state in found:
        alerts.setdefault(listing, []).append((int(alert or 0), title, state))
    return tuple(
        SellerListing(
            int(row.id or 0),
            row.title,
            row.url,
            row.gone_at,
            row.first_seen_at,
            tuple(alerts.get(row.id or 0, ())),
        )
        for row in rows
    )


def _works(session: Session, who: SellerKey) -> tuple[tuple[str, str, int], ...]:
    rows = session.execute(
        select(col(WorkRow.id), col(WorkRow.title), func.count())
        .join(AlertRow, col(AlertRow.work_id) == col(WorkRow.id))
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .where(col(ListingRow.source_id) == who.source, _key() == who.key)
        .group_by(col(WorkRow.id), col(WorkRow.title))
        .order_by(func.count().desc(), col(WorkRow.title))
    )
    return tuple((work, title, count) for work, title, count in rows)


def _sharing(
    session: Session, who: SellerKey, hidden: Collection[str]
) -> dict[SellerKey, tuple[str, set[str], int]]:
    own = set(
        session.scalars(
            select(col(ListingPictureRow.sha256))
            .join(ListingRow, col(ListingRow.id) == col(ListingPictureRow.listing_id))
            .where(
                col(ListingRow.source_id) == who.source,
                _key() == who.key,
                col(ListingPictureRow.sha256).is_not(None),
            )
            .distinct()
            .limit(MOST_PICTURES)
        )
    )
    shows: dict[str, set[SellerKey]] = {}
    names: dict[SellerKey, str] = {}
    counted: dict[SellerKey, set[int]] = {}
    rows = session.execute(
        select(
            col(ListingPictureRow.sha256),
            col(ListingRow.source_id),
            _key(),
            col(ListingRow.seller_name),
            col(ListingRow.id),
        )
        .join(ListingRow, col(ListingRow.id) == col(ListingPictureRow.listing_id))
        .where(col(ListingPictureRow.sha256).in_(own), col(ListingRow.source_id).not_in(sorted(hidden)))
    )
    for sha256, source, key, name, listing in rows:
        one = SellerKey(source, key)
        shows.setdefault(str(sha256), set()).add(one)
        names[one] = name or key or source
        counted.setdefault(one, set()).add(int(listing or 0))
    found: dict[SellerKey, tuple[str, set[str], int]] = {}
    for sha256, sellers in shows.items():
        if len(sellers) > STOCK_PHOTO:
            continue
        for one in sellers - {who}:
            found.setdefault(one, (names[one], set(), len(counted[one])))[1].add(sha256)
    return found


def _namesakes(session: Session, who: SellerKey, hidden: Collection[str]) -> dict[SellerKey, tuple[str, int]]:
    """Who bears the same name, letter case apart; a shop that is its own seller has none."""
    own = session.scalars(
        select(func.lower(col(ListingRow.seller_name)))
        .where(col(ListingRow.source_id) == who.source, _key() == who.key, col(ListingRow.seller_name) != "")
        .distinct()
    ).all()
    if not own:
        return {}
    rows = session.execute(
        select(col(ListingRow.source_id), _key(), func.max(col(ListingRow.seller_name)), func.count())
        .where(
            func.lower(col(ListingRow.seller_name)).in_(own), col(ListingRow.source_id).not_in(sorted(hidden))
        )
        .group_by(col(ListingRow.source_id), _key())
    )
    found = {SellerKey(source, key): (name, count) for source, key, name, count in rows}
    found.pop(who, None)
    return found
