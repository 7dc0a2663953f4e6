"""What was settled comes back by itself: from Later at its event, from a dismissal when price class or right changed.

Called after every portion of a run that judged listings, and by the clock. Later at a date needs no waking: reading
knows the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import cast

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.alerts.suppressing import reopen_kept_out, rights_digest, same_price_class
from ipguard.alerts.tables import AlertRow, DecisionRow, SuppressionRow
from ipguard.listings.tables import ListingPictureRow, ListingRow, ListingVersionRow
from ipguard.matching.finding import Reason

EVENTS = ("price", "change", "availability", "seller")
"""What may bring an alert back from Later: the price falls, the listing says something else, it can be bought again or
not any more, another seller shows the same picture."""
SETTLED = ("later", "not_infringing", "suppressed")
COMPARED = ("title", "pictures", "description")
"""What `change` waits for."""


def settled_as(listing: ListingRow) -> dict[str, object]:
    """What is remembered of a listing when its alert is settled."""
    return {
        "price": listing.price_amount,
        "currency": listing.currency,
        "availability": listing.availability,
        "version": listing.version,
    }


def wake(session: Session, *, now: datetime, source_id: str = "") -> list[int]:
    """Bring back what waited for something that has happened; of one source, or of all. Returns the alerts."""
    woken: list[int] = []
    for alert, listing in _moved(session, source_id):
        reason = _why(session, alert, listing)
        alert.settled_version = listing.version
        if reason is not None:
            _open(alert, reason, now)
            woken.append(cast(int, alert.id))
        session.add(alert)
    for alert, listing in _waiting_for_sellers(session):
        reason = _new_sellers(session, alert, listing)
        if reason is not None:
            _open(alert, reason, now)
            session.add(alert)
            woken.append(cast(int, alert.id))
    woken += _rights_changed(session, now)
    session.flush()
    return woken


def _open(alert: AlertRow, reason: Reason, now: datetime) -> None:
    alert.state, alert.later_until, alert.later_event = "open", None, ""
    alert.reopened = {"code": reason.code, "values": dict(reason.values)}
    alert.updated_at = now


def _moved(session: Session, source_id: str) -> Iterator[tuple[AlertRow, ListingRow]]:
    """Settled alerts whose listing says something else by now."""
    statement = (
        select(AlertRow, ListingRow)
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .where(
            col(AlertRow.state).in_(SETTLED),
            col(AlertRow.settled_version).is_not(None),
            col(AlertRow.settled_version) < col(ListingRow.version),
        )
    )
    if source_id:
        statement = statement.where(col(ListingRow.source_id) == source_id)
    for row in session.execute(statement).all():
        yield row[0], row[1]


def _why(session: Session, alert: AlertRow, listing: ListingRow) -> Reason | None:
    before = alert.settled or {}
    money = (cast("str | None", before.get("price")), cast("str | None", before.get("currency")))
    if alert.state != "later":
        if same_price_class(money, (listing.price_amount, listing.currency)):
            return None
        return Reason("woken.price_class", {"before": _shown(*money), "now": _shown(*_money(listing))})
    match alert.later_event:
        case "price" if _fell(money, _money(listing)):
            values = {"before": str(money[0]), "now": str(listing.price_amount)}
            return Reason("woken.price", {**values, "currency": str(listing.currency or "")})
        case "availability" if before.get("availability") != listing.availability:
            values = {"before": str(before.get("availability") or "—"), "now": listing.availability or "—"}
            return Reason("woken.availability", dict(values))
        case "change":
            fields = _changed(session, listing, cast(int, before.get("version", listing.version)))
            return Reason("woken.change", {"fields": ", ".join(fields)}) if fields else None
        case _:
            return None


def _changed(session: Session, listing: ListingRow, since: int) -> list[str]:
    rows = session.scalars(
        select(col(ListingVersionRow.changed)).where(
            col(ListingVersionRow.listing_id) == listing.id, col(ListingVersionRow.version) > since
        )
    )
    said = {name for names in rows for name in names}
    return [name for name in COMPARED if name in said]


def _waiting_for_sellers(session: Session) -> list[tuple[AlertRow, ListingRow]]:
    rows = session.execute(
        select(AlertRow, ListingRow)
        .join(ListingRow, col(ListingRow.id) == col(AlertRow.listing_id))
        .where(col(AlertRow.state) == "later", col(AlertRow.later_event) == "seller")
    ).all()
    return [(alert, listing) for alert, listing in rows]


def _new_sellers(session: Session, alert: AlertRow, listing: ListingRow) -> Reason | None:
    """Sellers who show one of its pictures, and did not before it was put off."""
    decided = session.scalars(
        select(col(DecisionRow.decided_at))
        .where(col(DecisionRow.alert_id) == alert.id, col(DecisionRow.undone_at).is_(None))
        .order_by(col(DecisionRow.id).desc())
        .limit(1)
    ).first()
    if decided is None:
        return None
    own = select(col(ListingPictureRow.sha256)).where(
        col(ListingPictureRow.listing_id) == listing.id, col(ListingPictureRow.sha256).is_not(None)
    )
    others = session.execute(
        select(col(ListingRow.source_id), col(ListingRow.seller_key), col(ListingRow.seller_name))
        .join(ListingPictureRow, col(ListingPictureRow.listing_id) == col(ListingRow.id))
        .where(
            col(ListingPictureRow.sha256).in_(own),
            col(ListingPictureRow.fetched_at) > decided,
            col(ListingRow.id) != listing.id,
        )
        .distinct()
    ).all()
    mine = (listing.source_id, listing.seller_key, listing.seller_name)
    count = len({tuple(row) for row in others} - {mine})
    return Reason("woken.seller", {"sellers": count}) if count else None


def _rights_changed(session: Session, now: datetime) -> list[int]:
    pairs = session.execute(
        select(col(SuppressionRow.work_id), col(SuppressionRow.rights))
        .where(col(SuppressionRow.ended_at).is_(None))
        .distinct()
    ).all()
    woken: list[int] = []
    for work_id, digest in pairs:
        if rights_digest(session, work_id) == digest:
            continue
        rules = session.scalars(
            select(SuppressionRow).where(
                col(SuppressionRow.work_id) == work_id,
                col(SuppressionRow.rights) == digest,
                col(SuppressionRow.ended_at).is_(None),
            )
        ).all()
        for rule in rules:
            rule.ended_at, rule.ended_by = now, "rights"
            session.add(rule)
            decided = session.get(DecisionRow, rule.decision_id) if rule.decision_id else None
            alert = session.get(AlertRow, decided.alert_id) if decided else None
            if alert is not None and alert.state == "not_infringing":
                _open(alert, Reason("woken.rights", {}), now)
                session.add(alert)
                woken.append(cast(int, alert.id))
        reopen_kept_out(session, [cast(int, rule.id) for rule in rules], "woken.rights", now)
    return woken


def _money(listing: ListingRow) -> tuple[str | None, str | None]:
    return listing.price_amount, listing.currency


def _fell(before: tuple[str | None, str | None], now: tuple[str | None, str | None]) -> bool:
    if before[0] is None or now[0] is None or before[1] != now[1]:
        return False
    try:
        return Decimal(now[0]) < Decimal(before[0])
    except InvalidOperation:
        return False


def _shown(amount: str | None, currency: str | None) -> str:
    return f"{amount} {currency or ''}".strip() if amount is not None else "—"
