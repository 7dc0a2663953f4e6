"""What the triage screen shows: the queue on the left, one alert with both pictures, why, and who else sells it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.alerts.decisions import REASONS, newest_deed
from ipguard.alerts.queries import (
    GROUPS,
    STATES,
    AlertStory,
    AlertView,
    Filter,
    Group,
    Kept,
    count_alerts,
    in_group,
    list_alerts,
    list_groups,
    one_alert,
)
from ipguard.alerts.suppressing import seller_of
from ipguard.alerts.views import KEY_WORDS, keys_of, list_views
from ipguard.alerts.waking import EVENTS
from ipguard.cases.store import list_cases
from ipguard.database.engine import reading
from ipguard.errors import WrongUse
from ipguard.listings.lookups import facts_shown
from ipguard.listings.tables import ListingPictureRow
from ipguard.matching.finding import PicturePlace
from ipguard.matching.images.draw import views_of
from ipguard.people.rights import Principal
from ipguard.rights.tables import RightRow
from ipguard.web.desk import Desk, desk_of
from ipguard.web.explain import Read
from ipguard.web.marks import best_place
from ipguard.web.pictures import Shown, explained, shown
from ipguard.web.queries import reference_of
from ipguard.web.view import View

PAGE = 50
MEMBERS = 60
"""Alerts of a group that are shown, and decided together, at once."""
BESIDE = 8
"""Alerts of the same seller, and of the same work, that are shown beside one."""
LATER_DAYS = (1, 3, 7, 30, 90)
EVENT_WORDS = {
    "price": "when the price falls",
    "change": "when title, pictures or text change",
    "availability": "when availability changes",
    "seller": "when another seller shows the same picture",
}
GROUP_WORDS = {"picture": "by picture", "seller": "by seller", "work": "by work"}
STRENGTHS = ((0.85, "Strong match"), (0.6, "Likely match"), (0.0, "Weak match"))
"""From which score on a match is called what."""


@dataclass(frozen=True, slots=True)
class Row:
    """An alert in a list: with its small picture, and the mark that it was shown."""

    view: AlertView
    picture: str | None
    mark: str


@dataclass(frozen=True, slots=True)
class Sides:
    """The two pictures, and what explains the match."""

    place: PicturePlace | None
    listing: str | None
    """SHA-256 of the listing picture; None where there is none."""
    listing_picture: Shown | None
    reference: str | None
    reference_picture: Shown | None
    looks: tuple[str, ...]
    look: str
    drawn: dict[str, Shown]

    def seen(self) -> tuple[dict[str, object], ...]:
        """What was on the screen, as it is kept with a decision."""
        seen: list[dict[str, object]] = []
        for side, digest in (("listing", self.listing), ("reference", self.reference)):
            if digest:
                seen.append({"side": side, "sha256": digest})
        names = {"points": ("points",), "layover": ("covered", "difference")}.get(self.look, ())
        seen += [{"side": "explained", "name": name} for name in names if name in self.drawn]
        return tuple(seen)


def screen(request: Request, chosen: int | None, view: View) -> Response:
    """The page."""
    desk = desk_of(request)
    who = desk.require(request)
    now = desk.now()
    view = view.entered(now)
    with reading(desk.engine) as session:
        values = _values(session, desk, who, view, chosen, now)
    return desk.page(request, "triage.html", values)


def _values(
    session: Session, desk: Desk, who: Principal, view: View, chosen: int | None, now: datetime
) -> dict[str, object]:
    kept = Kept(who.session, cast(datetime, view.since))
    groups = _groups(session, view, now) if view.group else []
    inner = view
    if view.group and groups:
        group = _group_of(session, groups, view, chosen, now)
        inner = replace(view, wanted=in_group(view.wanted, view.group, group), group="")
        limit = MEMBERS
    else:
        limit = PAGE
    found = list_alerts(
        session, inner.wanted, now=now, limit=limit + 1, beyond=None if view.group else view.start, kept=kept
    )
    rows = found[:limit] if len([v for v in found if v.state == "open"]) <= limit else found[:-1]
    more = len(found) > len(rows)
    first = next((v for v in rows if v.state == (view.wanted.state or v.state)), rows[0] if rows else None)
    shown_id = chosen or (first.id if first else None)
    story = one_alert(session, shown_id, now=now) if shown_id else None
    sides = look_at(session, desk, story, view.look) if story else None
    small = small_pictures(session, [*rows, *(g.lead for g in groups)])
    marked = [
        Row(v, small.get(v.id), desk.access.shown(who.session, v.id, v.alert.version, now)) for v in rows
    ]
    return {
        "at": view,
        "rows": marked,
        "groups": [(g, small.get(g.lead.id)) for g in groups[:PAGE]],
        "members": marked if view.group else [],
        "older": _older(view, groups, rows, more),
        "total": count_alerts(session, view.wanted, now=now),
        "decided": sum(v.state not in ("open", view.wanted.state) for v in rows),
        "story": story,
        "sides": sides,
        "beside": _beside(session, story, now) if story else [],
        "rights": _rights(session, story) if story else [],
        "cases": [line for line in list_cases(session) if line.case.state != "closed"],
        "mark": desk.access.shown(who.session, story.view.id, story.view.alert.version, now) if story else "",
        "read": read_of(story) if story else None,
        "can_undo": newest_deed(session, who.session) is not None,
        "saved": list_views(session, who.by),
        "keys": keys_of(session, who.by),
        "key_words": KEY_WORDS,
        "ahead": _ahead(rows, small, shown_id),
        "states": STATES,
        "group_names": [(name, GROUP_WORDS[name]) for name in GROUPS],
        "reasons": REASONS,
        "days": LATER_DAYS,
        "events": [(event, EVENT_WORDS[event]) for event in EVENTS],
        "strength": strength,
        "facts_shown": facts_shown,
        **_neighbours([v.id for v in rows], shown_id),
    }


def _groups(session: Session, view: View, now: datetime) -> list[Group]:
    return list_groups(session, view.wanted, view.group, now=now, limit=PAGE + 1, after=view.page)


def _group_of(session: Session, groups: list[Group], view: View, chosen: int | None, now: datetime) -> str:
    """Key of the group that an alert belongs to; of the first where none was chosen."""
    if chosen is None:
        return groups[0].key
    one = one_alert(session, chosen, now=now).view
    key = {"picture": one.alert.picture, "seller": one.alert.seller, "work": one.alert.work_id}[view.group]
    return key or groups[0].key


def _older(view: View, groups: list[Group], rows: list[AlertView], more: bool) -> str:
    if view.group:
        return view.query(page=view.page + PAGE) if len(groups) > PAGE else ""
    if not more or not rows:
        return ""
    return view.query(**{"from": f"{rows[-1].key[0]!r}:{rows[-1].id}", "since": ""})


def look_at(session: Session, desk: Desk, story: AlertStory, wish: str) -> Sides:
    """Both pictures of an alert and what can be drawn of them."""
    place = best_place(story.view.findings)
    kept = [picture.sha256 for picture in story.pictures if picture.sha256]
    listing = place.picture if place else (kept[0] if kept else None)
    reference = place.reference if place else reference_of(session, story.view.work.id)
    looks = views_of(place) if place else ()
    look = wish if wish in looks else "region"
    drawn = dict(explained(desk.workspace.pictures, place)) if place and look != "region" else {}
    return Sides(
        place,
        listing,
        _shown(desk, listing, place.frame if place else 0),
        reference,
        _shown(desk, reference),
        looks,
        look if drawn else "region",
        drawn,
    )


def read_of(story: AlertStory) -> Read:
    """What findings point into."""
    listing = story.view.listing
    return Read(
        listing.title,
        listing.description,
        "\n".join(listing.tags),
        listing.seller_name,
        names=(listing.url, listing.key),
    )


def strength(score: float) -> str:
    """What a score is called."""
    return next(words for least, words in STRENGTHS if score >= least)


def small_pictures(session: Session, views: list[AlertView]) -> dict[int, str]:
    """Alert → the picture it is shown by in a list."""
    found = {view.id: view.alert.picture for view in views if view.alert.picture}
    bare = {view.listing.id: view.id for view in views if view.id not in found}
    rows = session.execute(
        select(col(ListingPictureRow.listing_id), col(ListingPictureRow.sha256))
        .where(col(ListingPictureRow.listing_id).in_(bare), col(ListingPictureRow.sha256).is_not(None))
        .order_by(col(ListingPictureRow.position).desc())
    )
    return found | {bare[listing_id]: sha256 for listing_id, sha256 in rows if sha256}


def _shown(desk: Desk, digest: str | None, frame: int = 0) -> Shown | None:
    try:
        return shown(desk.workspace.pictures, digest, frame) if digest else None
    except WrongUse:
        return None  # the page says in its place that it cannot be shown


def _beside(session: Session, story: AlertStory, now: datetime) -> list[tuple[str, str, str, list[Row]]]:
    """Open alerts of the same seller, and of the same work: heading, address, how many at least, the first few."""
    view = story.view
    seller = view.alert.seller or seller_of(view.listing)
    found = []
    for heading, wanted, part in (
        ("Same seller", Filter(seller=seller), {"seller": seller}),
        ("Same work, other sellers", Filter(work=view.work.id), {"work": view.work.id}),
    ):
        others = [one for one in list_alerts(session, wanted, now=now, limit=BESIDE + 2) if one.id != view.id]
        if part.get("work"):
            others = [one for one in others if one.alert.seller != seller]
        small = small_pictures(session, others)
        rows = [Row(one, small.get(one.id), "") for one in others[:BESIDE]]
        more = "+" if len(others) > BESIDE else ""  # an exact number would read the index of the whole work
        found.append((heading, View().query(**part), f"{len(rows)}{more}", rows))
    return found


def _rights(session: Session, story: AlertStory) -> list[RightRow]:
    rows = session.scalars(
        select(RightRow)
        .where(col(RightRow.work_id) == story.view.work.id)
        .order_by(col(RightRow.id))
        .limit(6)
    )
    return list(rows)


def _ahead(rows: list[AlertView], small: dict[int, str], chosen: int | None) -> list[str]:
    """Pictures of the next alerts: the browser fetches them while this one is looked at."""
    ids = [view.id for view in rows]
    at = ids.index(chosen) + 1 if chosen in ids else 0
    digests: list[str] = []
    for view in [v for v in rows[at:] if v.state in ("open", "later")][:3]:
        place = best_place(view.findings)
        pair = (place.picture, place.reference) if place else (small.get(view.id, ""),)
        digests += [f"/pictures/{digest}" for digest in pair if digest]
    return list(dict.fromkeys(digests))


def _neighbours(ids: list[int], chosen: int | None) -> dict[str, object]:
    at = ids.index(chosen) if chosen in ids else -1
    return {
        "position": at + 1,
        "previous": ids[at - 1] if at > 0 else None,
        "following": ids[at + 1] if 0 <= at < len(ids) - 1 else None,
    }
