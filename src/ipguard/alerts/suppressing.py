"""What was found harmless from one seller does not come back: until the picture, the price class or the right changes.

Each decision “not infringing” leaves a row for every picture and name it rested on. A new alert of the same work and
seller is kept out of the queue when everything strong in it is covered by such rows and it costs about the same. It is
written all the same, as `suppressed`, so that the number on a rule opens its list and ending the rule brings it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from ipguard.alerts.tables import AlertRow, DecisionRow, SuppressionRow
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingRow
from ipguard.matching.finding import DomainPlace, Finding, PicturePlace, TextPlace
from ipguard.rights.tables import RightRow

PRICE_CLASS = Decimal(2)
"""A price is of another class when it is more than this many times higher or lower."""
NAMES_NOT_FOR = ("other",)
"""Reasons that say nothing about a name."""
Money = tuple[str | None, str | None]
"""Amount as decimal text, and currency."""


def seller_of(listing: ListingRow) -> str:
    """Source and seller in one word; `source/` where the shop does not tell who sells."""
    who = listing.seller_key or " ".join(listing.seller_name.casefold().split())
    return f"{listing.source_id}/{who}"


def picture_of(findings: Sequence[Finding]) -> str:
    """SHA-256 of the picture that the strongest picture finding rests on, or an empty text."""
    placed = [f for f in findings if isinstance(f.place, PicturePlace)]
    best = max(placed, key=lambda f: f.strength, default=None)
    return best.place.picture if best is not None and isinstance(best.place, PicturePlace) else ""


def rests_on(findings: Sequence[Finding]) -> set[tuple[str, str]] | None:
    """Kind and content of everything strong; None where something strong is neither a picture nor a name."""
    found: set[tuple[str, str]] = set()
    for finding in findings:
        if finding.weak:
            continue
        match finding.place:
            case PicturePlace() as place:
                found.add(("picture", place.picture))
            case TextPlace() | DomainPlace() as place:
                found.add(("name", place.name))
            case _:
                return None
    return found


def suppress(
    session: Session,
    decision: DecisionRow,
    alert: AlertRow,
    listing: ListingRow,
    findings: Sequence[Finding],
    now: datetime,
) -> list[SuppressionRow]:
    """Rows for what a decision “not infringing” rested on; what is covered already gets none."""
    seller = seller_of(listing)
    known = {(row.kind, row.content) for row in _active(session, alert.work_id, seller)}
    rights = rights_digest(session, alert.work_id)
    made = []
    for kind, content in sorted((rests_on(findings) or set()) - known):
        if kind == "name" and (decision.reason in NAMES_NOT_FOR or seller.endswith("/")):
            continue  # a shop that does not tell who sells may have many sellers: only the picture is theirs
        row = SuppressionRow(
            work_id=alert.work_id,
            seller=seller,
            kind=kind,
            content=content,
            reason=decision.reason,
            price=listing.price_amount,
            currency=listing.currency,
            rights=rights,
            decision_id=decision.id,
            made_by=decision.decided_by,
            made_at=now,
        )
        session.add(row)
        made.append(row)
    session.flush()
    return made


def covering(
    session: Session, work_id: str, listing: ListingRow, findings: Sequence[Finding]
) -> SuppressionRow | None:
    """The suppression that covers an alert, or None where something in it is new."""
    needed = rests_on(findings)
    if not needed:
        return None
    rights = rights_digest(session, work_id)
    price = (listing.price_amount, listing.currency)
    fitting = {
        (row.kind, row.content): row
        for row in _active(session, work_id, seller_of(listing))
        if row.rights == rights and same_price_class((row.price, row.currency), price)
    }
    if not needed <= fitting.keys():
        return None
    return min((fitting[one] for one in needed), key=lambda row: (row.kind != "picture", row.id or 0))


def keep_out(session: Session, alert: AlertRow, rule: SuppressionRow, now: datetime) -> None:
    """Keep an alert out of the queue, and count it."""
    alert.state, alert.suppressed_by, alert.reopened = "suppressed", rule.id, None
    rule.hits, rule.last_hit_at = rule.hits + 1, now
    session.add_all([alert, rule])


def end_suppression(session: Session, rule_id: int, *, by: str, now: datetime) -> int:
    """End a suppression; the alerts it kept out are open again. Returns how many.

    Raises:
        WrongUse: there is no such suppression, or it has ended.
    """
    rule = session.get(SuppressionRow, rule_id, with_for_update=True)
    if rule is None or rule.ended_at is not None:
        raise WrongUse("That suppression is not in force any more.", hint="Load the page again.")
    rule.ended_at, rule.ended_by = now, by
    session.add(rule)
    return reopen_kept_out(session, [rule_id], "woken.suppression_ended", now)


def renew_suppression(session: Session, rule_id: int, *, by: str, now: datetime) -> int:
    """Take the end of a suppression back; the alerts that came back and are still open are kept out again.

    Raises:
        WrongUse: there is no such suppression, or it is in force.
    """
    rule = session.get(SuppressionRow, rule_id, with_for_update=True)
    if rule is None or rule.ended_at is None:
        raise WrongUse("That suppression is in force.", hint="Load the page again.")
    rule.ended_at, rule.ended_by, rule.made_by = None, "", by
    rule.rights = rights_digest(session, rule.work_id)
    session.add(rule)
    again = session.execute(
        update(AlertRow)
        .where(col(AlertRow.suppressed_by) == rule_id, col(AlertRow.state) == "open")
        .values(state="suppressed", reopened=None, updated_at=now)
        .returning(col(AlertRow.id))
    )
    return len(again.all())


def end_of_decision(session: Session, decision_id: int | None, now: datetime) -> None:
    """A decision was undone: what it suppressed comes back."""
    rows = session.scalars(
        select(SuppressionRow).where(
            col(SuppressionRow.decision_id) == decision_id, col(SuppressionRow.ended_at).is_(None)
        )
    ).all()
    for row in rows:
        row.ended_at, row.ended_by = now, "undo"
        session.add(row)
    reopen_kept_out(session, [row.id or 0 for row in rows], "woken.suppression_ended", now)


def reopen_kept_out(session: Session, rule_ids: Sequence[int], code: str, now: datetime) -> int:
    """Open what these suppressions keep out; the alert says why."""
    if not rule_ids:
        return 0
    return len(
        session.execute(
            update(AlertRow)
            .where(col(AlertRow.suppressed_by).in_(rule_ids), col(AlertRow.state) == "suppressed")
            .values(state="open", reopened={"code": code, "values": {}}, updated_at=now)
            .returning(col(AlertRow.id))
        ).all()
    )


def list_suppressions(
    session: Session, *, ended: bool = False, work: str = "", limit: int = 200
) -> list[tuple[SuppressionRow, int]]:
    """Suppressions in force (or ended), newest first, each with how many alerts it keeps out now.

    The list behind a number is `/alerts?state=suppressed&rule=ID`.
    """
    kept = (
        select(col(AlertRow.suppressed_by).label("rule"), func.count().label("kept"))
        .where(col(AlertRow.state) == "suppressed")
        .group_by(col(AlertRow.suppressed_by))
        .subquery()
    )
    statement = (
        select(SuppressionRow, func.coalesce(kept.c.kept, 0))
        .outerjoin(kept, kept.c.rule == col(SuppressionRow.id))
        .where(col(SuppressionRow.ended_at).is_not(None) if ended else col(SuppressionRow.ended_at).is_(None))
        .order_by(col(SuppressionRow.id).desc())
        .limit(limit)
    )
    if work:
        statement = statement.where(col(SuppressionRow.work_id) == work)
    return [(row, int(count)) for row, count in session.execute(statement)]


def rights_digest(session: Session, work_id: str) -> str:
    """What the rights of a work come to, in 16 characters."""
    rows = session.scalars(select(RightRow).where(col(RightRow.work_id) == work_id))
    said = sorted(f"{row.kind}|{row.territory}|{row.number}|{row.valid_to}" for row in rows)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def same_price_class(before: Money, now: Money) -> bool:
    """Whether two prices are about the same: the same currency, and neither more than twice the other."""
    old, new = _amount(before[0]), _amount(now[0])
    if old is None or new is None:
        return old is new
    if before[1] != now[1]:
        return False
    low, high = sorted((old, new))
    return high <= low * PRICE_CLASS


def _amount(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        return None


def _active(session: Session, work_id: str, seller: str) -> list[SuppressionRow]:
    return list(
        session.scalars(
            select(SuppressionRow).where(
                col(SuppressionRow.work_id) == work_id,
                col(SuppressionRow.seller) == seller,
                col(SuppressionRow.ended_at).is_(None),
            )
        )
    )
