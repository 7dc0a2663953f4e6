"""A second look: some decisions are made again by somebody else who does not see the first; how often both agree.

Drawn are two in a hundred of either decision and every one whose reader was unsure. Agreement is told with its
interval (Wilson 1927, 95 %) and as Cohen's kappa (1960), which takes off what chance alone would agree on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session, col

from ipguard.alerts.tables import DecisionRow, SecondLookRow
from ipguard.errors import WrongUse

SHARE = 0.02
"""Of both decisions, drawn at random."""
VERDICTS = ("infringing", "not_infringing")
KINDS = ("waiting", "agreed", "differ", "settled")
"""Lists of second looks: nobody looked yet; both said the same; they did not; and what came of it."""
Z = 1.959964
"""Of the normal distribution at 97.5 %."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two readers decided the same."""

    both: int
    """Decisions that were made twice."""
    same: int
    low: float
    """Of the 95 % interval of the rate, 0..1."""
    high: float
    kappa: float | None
    """Cohen's kappa; None where it says nothing: nobody looked twice, or everything was decided alike."""

    @property
    def rate(self) -> float | None:
        """Share on which both agree; None where nothing was looked at twice."""
        return self.same / self.both if self.both else None


def draw(session: Session, decision: DecisionRow, chance: float, now: datetime) -> SecondLookRow | None:
    """Put a decision among those that are looked at again, where its reader was unsure or the draw says so."""
    if decision.decision not in VERDICTS or not (decision.unsure or chance < SHARE):
        return None
    why = "unsure" if decision.unsure else "random"
    row = SecondLookRow(alert_id=decision.alert_id, decision_id=decision.id or 0, why=why, drawn_at=now)
    session.add(row)
    session.flush()
    return row


def list_looks(
    session: Session, kind: str, *, reader: str = "", limit: int = 100
) -> list[tuple[SecondLookRow, DecisionRow]]:
    """Second looks of a kind, oldest first; those that wait without what `reader` decided, who may not look twice."""
    statement = _of(kind)
    if kind == "waiting" and reader:
        statement = statement.where(col(DecisionRow.decided_by) != reader)
    rows = session.execute(statement.order_by(col(SecondLookRow.id)).limit(limit)).all()
    return [(look, decision) for look, decision in rows]


def count_looks(session: Session, *, reader: str = "") -> dict[str, int]:
    """How many there are of each kind."""
    found = {}
    for kind in KINDS:
        statement = _of(kind)
        if kind == "waiting" and reader:
            statement = statement.where(col(DecisionRow.decided_by) != reader)
        found[kind] = session.scalars(select(func.count()).select_from(statement.subquery())).one()
    return found


def look_again(
    session: Session, look_id: int, *, decision: str, reason: str, by: str, now: datetime
) -> SecondLookRow:
    """Record what the second reader decides.

    Raises:
        WrongUse: there is no such look, it was looked at, it is theirs, or that is no decision.
    """
    look = session.get(SecondLookRow, look_id, with_for_update=True)
    if look is None or look.second:
        raise WrongUse("Somebody has looked at that already.", hint="Take the next one.")
    first = session.get_one(DecisionRow, look.decision_id)
    if first.decided_by == by:
        raise WrongUse("You made the first decision: somebody else has to look again.")
    if decision not in VERDICTS:
        raise WrongUse(f"“{decision}” is not a decision here.", hint=f"One of: {', '.join(VERDICTS)}.")
    look.second, look.second_reason, look.second_by, look.second_at = decision, reason, by, now
    session.add(look)
    session.flush()
    return look


def settle_look(session: Session, look_id: int, *, decision: str, by: str, now: datetime) -> SecondLookRow:
    """Record what two differing decisions came to; the alert itself is decided by whoever calls this.

    Raises:
        WrongUse: there is no such disagreement.
    """
    look = session.get(SecondLookRow, look_id, with_for_update=True)
    if look is None or not look.second or look.settled:
        raise WrongUse("There is no disagreement to settle here.", hint="Load the page again.")
    if decision not in VERDICTS:
        raise WrongUse(f"“{decision}” is not a decision here.", hint=f"One of: {', '.join(VERDICTS)}.")
    look.settled, look.settled_by, look.settled_at = decision, by, now
    session.add(look)
    session.flush()
    return look


def agreement(session: Session, why: str = "random") -> Agreement:
    """Agreement over second looks drawn for a reason; at random is the one that speaks for all decisions."""
    rows = session.execute(
        select(col(DecisionRow.decision), col(SecondLookRow.second))
        .join(DecisionRow, col(DecisionRow.id) == col(SecondLookRow.decision_id))
        .where(
            col(SecondLookRow.second) != "",
            col(SecondLookRow.why) == why,
            col(DecisionRow.undone_at).is_(None),
        )
    ).all()
    return agreement_of((first, second) for first, second in rows)


def agreement_of(pairs: Iterable[tuple[str, str]]) -> Agreement:
    """Agreement of (first, second) decisions."""
    given = list(pairs)
    both = len(given)
    same = sum(first == second for first, second in given)
    low, high = wilson(same, both)
    return Agreement(both, same, low, high, _kappa(given))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson score interval of a share at 95 %; 0 to 1 where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    spread = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _kappa(pairs: list[tuple[str, str]]) -> float | None:
    if not pairs:
        return None
    count = len(pairs)
    seen = sum(a == b for a, b in pairs) / count
    chance = sum(
        (sum(a == verdict for a, _ in pairs) / count) * (sum(b == verdict for _, b in pairs) / count)
        for verdict in VERDICTS
    )
    return None if chance >= 1 else (seen - chance) / (1 - chance)


def _of(kind: str) -> Select[SecondLookRow, DecisionRow]:
    statement = select(SecondLookRow, DecisionRow).join(
        DecisionRow, col(DecisionRow.id) == col(SecondLookRow.decision_id)
    )
    conditions: dict[str, list[ColumnElement[bool]]] = {
        "waiting": [col(SecondLookRow.second) == "", col(DecisionRow.undone_at).is_(None)],
        "agreed": [col(SecondLookRow.second) != "", col(SecondLookRow.second) == col(DecisionRow.decision)],
        "differ": [
            col(SecondLookRow.second) != "",
            col(SecondLookRow.second) != col(DecisionRow.decision),
            col(SecondLookRow.settled) == "",
        ],
        "settled": [col(SecondLookRow.settled) != ""],
    }
    return statement.where(*conditions[kind])
