"""Listings that people bring: tables, and addresses they paste. Kept, matched and flagged like any other.

Marketplaces that are closed to machines are never asked of our own accord. A person may order one page of theirs: it is
then asked for once, over HTTP and in a browser, and what was said is an exhibit. Everything a table or a list of
addresses brings is written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import cast

from sqlalchemy import Engine
from sqlmodel import Session

from crawlers.adapter import Outcome
from crawlers.errors import CrawlError
from crawlers.exchange import Exchange, Purpose
from crawlers.extract.page import Extraction, extract_listing
from crawlers.fetch.browser import BrowserPage
from crawlers.listing import Listing
from ipguard.alerts.raising import add_to_alert
from ipguard.capture import Pictures, sniffed, wire_exchanges
from ipguard.database.engine import transaction
from ipguard.errors import WrongUse
from ipguard.flagging import Desk, flag, picture_name, step_name
from ipguard.jobs.claims import Claim, claim_named, release
from ipguard.listings.pictures import PER_LISTING, keep_picture, skip_picture
from ipguard.listings.store import Kept, keep_listings
from ipguard.matching.finding import Reason
from ipguard.recapture import Outcome as Captured
from ipguard.recapture import Wanted
from ipguard.sources.by_hand import source_by_hand
from ipguard.sources.importing import Brought
from ipguard.sources.marketplaces import Marketplace, marketplace_of, title_in
from ipguard.sources.runs import Asked, begin_run, end_run, write_step
from ipguard.sources.store import BY_HAND
from ipguard.sources.tables import RunRow, SourceRow
from ipguard.spool import Spool

READ_BY = f"{BY_HAND}@1"
NOTHING: Mapping[str, Exchange] = MappingProxyType({})
NO_PICTURES = "brought by hand: pictures are asked for only with their page"


@dataclass(frozen=True, slots=True)
class Seen:
    """A page that was asked for on a person's order."""

    captured: Captured
    heard: Sequence[Exchange]
    page: BrowserPage | None
    exhibit: str
    """Where it is kept."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One listing on its way in."""

    brought: Brought
    note: str = ""
    """In words, for the report: what was not done, and why."""
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of what was brought."""

    listings: int
    new: int
    changed: int
    alerts: tuple[int, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Address: what was not done, and why."""
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IntakeKit:
    """What taking in works with; put together in `ipguard.wiring`."""

    database: Engine
    desk: Desk
    pictures: Pictures
    spool_of: Callable[[int], Spool]
    see: Callable[[Wanted], Seen]
    """Asks for a page and keeps what was said; raises CrawlError where nothing was."""
    fetch: Callable[[Sequence[str]], Mapping[str, Exchange]]
    """Asks for pictures that a person ordered; those that were not to be had are not among the answers."""
    owner: str
    who: str
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Order:
    """What a person orders with the addresses they paste."""

    closed_too: bool = False
    """Ask for pages of marketplaces that are closed to machines, each once: the person answers for it."""
    ask: bool = True
    """Ask for the pages of shops that are open; otherwise addresses are only noted."""
    about: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """More to be put on record."""


def take_table(kit: IntakeKit, brought: Sequence[Brought], *, what: str, pictures: bool = False) -> Intake:
    """Take in the listings of a table; `what` says which, for the run report.

    With `pictures` the person orders those that the table names: each is asked for once.
    """
    named = [url for one in brought for url in one.listing.pictures[:PER_LISTING]] if pictures else []
    heard = kit.fetch(list(dict.fromkeys(named))) if named else {}
    done = _take(kit, [Taken(one) for one in brought], what, heard)
    lacking = len(set(named)) - len(heard)
    return replace(done, notes=(*done.notes, f"{lacking} pictures were not to be had.")) if lacking else done


def paste(kit: IntakeKit, addresses: Sequence[str], order: Order, *, what: str = "addresses") -> Intake:
    """Take in pages by their addresses: each is asked for where that is allowed or ordered, else noted.

    Raises:
        WrongUse: one of them is no web address; then nothing is asked and nothing is taken in.
    """
    places = [(url, marketplace_of(url)) for url in dict.fromkeys(addresses)]
    if not places:
        raise WrongUse(
            "There is no address.", hint="Give addresses as arguments, or one a line on standard input."
        )
    return _take(kit, [_by_address(kit, url, place, order) for url, place in places], what)


def _by_address(kit: IntakeKit, url: str, place: Marketplace, order: Order) -> Taken:
    noted = Listing(
        id=place.key(url),
        url=url,
        title=title_in(url) or url,
        missing=("title", "price", "seller", "pictures"),
    )
    if place.closed and not order.closed_too:
        note = f"{place.name} is closed to machines. {place.why} Order this page yourself: --browser."
        return Taken(Brought(place, noted), note)
    if not order.ask and not order.closed_too:
        return Taken(Brought(place, noted), "Noted by its address; it was not asked for.")
    purpose = f"A page that {kit.who} ordered by its address."
    try:
        seen = kit.see(Wanted(url, purpose, about={"ordered_by": kit.who, **order.about}))
    except CrawlError as error:
        return Taken(Brought(place, noted), f"{error} {error.hint}".strip())
    found = _read(seen, url)
    if found.listing is None:
        return Taken(Brought(place, noted), found.note or "No product was found on the page.", seen)
    listing = replace(found.listing, id=place.key(url), url=url)
    return Taken(Brought(place, listing), found.note, seen)


def _read(seen: Seen, url: str) -> Extraction:
    """The listing on a page: as it was sent, else as the browser shows it."""
    found = Extraction(Outcome.ERROR)
    answer = _answer(seen, url)
    if answer is not None and answer.status < 400:
        found = extract_listing(answer.body, url=answer.url, content_type=answer.header("content-type") or "")
    if found.listing is None and seen.page is not None and seen.page.dom:
        shown = extract_listing(
            seen.page.dom, url=seen.page.final_url, content_type="text/html; charset=utf-8"
        )
        found = shown if shown.listing is not None or found.outcome is Outcome.ERROR else found
    if found.listing is None and answer is not None and answer.status >= 400 and not found.note:
        return replace(found, note=f"The page answered with status {answer.status}.")
    return found


def _answer(seen: Seen, url: str) -> Exchange | None:
    pages = [one for one in seen.heard if one.request.purpose is Purpose.PAGE and one.request.url == url]
    return pages[-1] if pages else next((o for o in seen.heard if o.request.purpose is Purpose.PAGE), None)


def _take(
    kit: IntakeKit, taken: Sequence[Taken], what: str, pictures: Mapping[str, Exchange] = NOTHING
) -> Intake:
    by_source: dict[str, list[Taken]] = {}
    for one in taken:
        by_source.setdefault(one.brought.marketplace.id, []).append(one)
    with transaction(kit.database) as session:
        names = {
            place: source_by_hand(session, group[0].brought.marketplace, now=kit.now()).id
            for place, group in by_source.items()
        }
    with _claimed(kit, list(names.values())) as claims:
        with transaction(kit.database) as session:  # all of it or nothing
            runs = {
                names[place]: _write(kit, session, names[place], group, what, pictures)
                for place, group in by_source.items()
            }
        raised = [
            (name, alert) for name, (run_id, _) in runs.items() for alert in _flag(kit, claims[name], run_id)
        ]
        with transaction(kit.database) as session:
            for name, (run_id, kept) in runs.items():
                told = Reason("run.by_hand", {"listings": len(kept), "who": kit.who, "what": what})
                run = end_run(session, run_id, "finished", [told], kit.now(), outcome="ok")
                run.new_alerts = sum(1 for source, alert in raised if source == name and alert[1])
                session.add(run)
            _join_exhibits(kit, session, taken, names, runs, [alert for _, (alert, _) in raised])
        for run_id, _ in runs.values():
            kit.spool_of(run_id).clear()
    kept = [one for _, group in runs.values() for one in group]
    return Intake(
        listings=len(kept),
        new=sum(one.new for one in kept),
        changed=sum(one.changed for one in kept),
        alerts=tuple(sorted({alert for _, (alert, _) in raised})),
        sources=tuple(names.values()),
        notes=tuple(f"{one.brought.listing.url}: {one.note}" for one in taken if one.note),
        exhibits=tuple(one.seen.exhibit for one in taken if one.seen is not None),
    )


@contextmanager
def _claimed(kit: IntakeKit, names: Sequence[str]) -> Iterator[dict[str, Claim]]:
    """Hold these sources.

    Raises:
        WrongUse: another process holds one of them.
    """
    with transaction(kit.database) as session:
        claims = {one.source_id: one for one in claim_named(session, names, owner=kit.owner, now=kit.now())}
    try:
        if busy := [name for name in names if name not in claims]:
            raise WrongUse(f"Another process works on {', '.join(busy)}.", hint="Try again in a minute.")
        yield claims
    finally:
        with transaction(kit.database) as session:
            for claim in claims.values():
                release(session, claim)


def _write(
    kit: IntakeKit,
    session: Session,
    source_id: str,
    taken: Sequence[Taken],
    what: str,
    pictures: Mapping[str, Exchange],
) -> tuple[int, list[Kept]]:
    """One run: a step for the table, or one for each page that was asked for."""
    now = kit.now()
    run = begin_run(session, source_id, now)
    run_id = cast(int, run.id)
    kept: list[Kept] = []
    plain = [one.brought.listing for one in taken if one.seen is None]
    if plain:
        step = write_step(session, run, Asked("import", what, "ok", "", None, len(plain)), now)
        kept += keep_listings(session, source_id, plain, read_by=READ_BY, run_id=run_id, step=step, now=now)
        for listing in plain:
            for url in listing.pictures:
                answer = pictures.get(url)
                body = answer.body if answer is not None else b""
                if answer is not None and sniffed(body).startswith("image/"):
                    _keep(kit, session, run, url, body, answer)
                else:
                    skip_picture(session, url, NO_PICTURES, now)
    for one in taken:
        if one.seen is not None:
            kept += _write_seen(kit, session, run, one, one.seen)
    run.read, run.listings = len(taken), len(kept)
    run.new_listings = sum(one.new for one in kept)
    session.add(run)
    return run_id, kept


def _write_seen(kit: IntakeKit, session: Session, run: RunRow, one: Taken, seen: Seen) -> list[Kept]:
    now, run_id, listing = kit.now(), cast(int, run.id), one.brought.listing
    answer = _answer(seen, listing.url)
    status = answer.status if answer is not None else seen.page.status if seen.page is not None else None
    said = Asked("page", listing.url, "ok", f"Exhibit {seen.exhibit}. {one.note}".strip(), status, 1)
    step = write_step(session, run, said, now)
    spool = kit.spool_of(run_id)
    if answer is not None:
        spool.put(step_name(step), wire_exchanges(answer))
    kept = keep_listings(
        session, run.source_id, [listing], read_by=READ_BY, run_id=run_id, step=step, now=now
    )
    bodies = _picture_bodies(seen)
    for url in listing.pictures:
        body = bodies.get(url, b"")
        if sniffed(body).startswith("image/"):
            asked = next((one for one in seen.heard if one.request.url == url), None)
            _keep(kit, session, run, url, body, asked)
        else:
            skip_picture(session, url, "the page was shown without it", now)
    return kept


def _keep(
    kit: IntakeKit, session: Session, run: RunRow, url: str, body: bytes, asked: Exchange | None
) -> None:
    """A picture, by content, with the exchange it came in where it was asked for over HTTP."""
    sha256 = kit.pictures.put(body)
    keep_picture(session, url, sha256=sha256, media_type=sniffed(body), now=kit.now())
    run.pictures += 1
    if asked is not None:
        kit.spool_of(cast(int, run.id)).put(picture_name(sha256), wire_exchanges(asked))


def _picture_bodies(seen: Seen) -> dict[str, bytes]:
    """Address → bytes, of everything that came with the page; what was asked over HTTP counts more."""
    shown = {
        one.url: one.response.partition(b"\r\n\r\n")[2]
        for one in (seen.page.traffic if seen.page is not None else ())
        if not one.truncated
    }
    asked = {
        one.request.url: one.body
        for one in seen.heard
        if one.request.purpose is Purpose.PICTURE and one.status == 200 and not one.truncated
    }
    return {**shown, **asked}


def _flag(kit: IntakeKit, claim: Claim, run_id: int) -> list[tuple[int, bool]]:
    """Judge what was brought; alerts, and whether they are new."""
    with transaction(kit.database) as session:
        source = session.get_one(SourceRow, claim.source_id)
    return [(one.alert_id, one.new) for one in flag(kit.desk, claim, source, run_id, kit.spool_of)]


def _join_exhibits(
    kit: IntakeKit,
    session: Session,
    taken: Sequence[Taken],
    names: Mapping[str, str],
    runs: Mapping[str, tuple[int, list[Kept]]],
    alerts: Sequence[int],
) -> None:
    """The exhibit of a page that was ordered joins the alerts of its listing."""
    ids = {(name, one.key): one.id for name, (_, kept) in runs.items() for one in kept}
    for one in taken:
        if one.seen is not None:
            listing = ids.get((names[one.brought.marketplace.id], one.brought.listing.id))
            if listing is not None:
                add_to_alert(session, listing, alerts, one.seen.exhibit, kit.now())
