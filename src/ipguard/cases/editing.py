"""What people say about a case: its name, counsel, deadline, value and notes; every change is on its timeline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlmodel import Session

from ipguard.cases.tables import CaseRow
from ipguard.cases.timeline import note
from ipguard.errors import WrongUse

CURRENCY = re.compile(r"[A-Z]{3}")
"""ISO 4217."""
MAX_TEXT = 300
MAX_NOTES = 8000


@dataclass(frozen=True, slots=True)
class Facts:
    """What people say about a case."""

    title: str
    counsel_firm: str = ""
    counsel_person: str = ""
    counsel_contact: str = ""
    due_on: date | None = None
    value: Decimal | None = None
    """What is at stake."""
    currency: str = ""
    """ISO 4217; goes with the value."""
    notes: str = ""


def value_of(text: str) -> Decimal | None:
    """An amount as people write it, with or without commas between thousands; None where nothing is written.

    Raises:
        WrongUse: it is no amount.
    """
    bare = text.strip().replace(",", "").replace(" ", "")
    if not bare:
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0 or value >= Decimal(10) ** 15:
        raise WrongUse(f"“{text[:40]}” is no amount.", hint="For example: 12500.50")
    return value


def facts_of(case: CaseRow) -> Facts:
    """What is said of it now."""
    value = Decimal(case.value_amount) if case.value_amount else None
    return Facts(
        case.title, case.counsel_firm, case.counsel_person, case.counsel_contact, case.due_on, value,
        case.value_currency, case.notes,
    )  # fmt: skip


def edit_case(session: Session, case_id: int, facts: Facts, *, by: str, now: datetime) -> tuple[str, ...]:
    """Change what is said about a case; returns the kinds of events that say so, none where nothing changed.

    Raises:
        WrongUse: there is no such case, it has no name, or value and currency do not go together.
    """
    case = session.get(CaseRow, case_id, with_for_update=True)
    if case is None:
        raise WrongUse(f"There is no case {case_id}.", hint="List them: ipguard case list")
    facts = _checked(facts)
    before, changes = facts_of(case), _changes(facts_of(case), facts)
    if before == facts:
        return ()
    case.title, case.due_on, case.notes = facts.title, facts.due_on, facts.notes
    case.counsel_firm, case.counsel_person = facts.counsel_firm, facts.counsel_person
    case.counsel_contact = facts.counsel_contact
    case.value_amount = f"{facts.value:f}" if facts.value is not None else None
    case.value_currency = facts.currency
    for kind, about in changes.items():
        note(session, case, kind, by=by, now=now, about=about)
    return tuple(changes)


def _checked(facts: Facts) -> Facts:
    texts = (facts.title, facts.counsel_firm, facts.counsel_person, facts.counsel_contact)
    title, firm, person, contact = (" ".join(text.split())[:MAX_TEXT] for text in texts)
    currency = facts.currency.strip().upper()
    if not title:
        raise WrongUse("A case needs a title.")
    if (facts.value is None) != (not currency) or (currency and not CURRENCY.fullmatch(currency)):
        raise WrongUse(
            "A value needs its currency, and a currency a value.", hint="For example: 12500 and USD"
        )
    return Facts(
        title, firm, person, contact, facts.due_on, facts.value, currency, facts.notes.strip()[:MAX_NOTES]
    )


def _changes(before: Facts, after: Facts) -> dict[str, dict[str, object]]:
    """Kind of event → what it says. A contact and notes are not written down twice: only that they changed."""

    def of(told: Facts, kind: str) -> str:
        value = f"{told.value:f} {told.currency}" if told.value is not None else ""
        counsel = ", ".join(part for part in (told.counsel_firm, told.counsel_person) if part)
        due = told.due_on.isoformat() if told.due_on else ""
        return {"renamed": told.title, "counsel": counsel, "deadline": due, "value": value}[kind]

    changed: dict[str, dict[str, object]] = {
        kind: {"from": of(before, kind), "to": of(after, kind)}
        for kind in ("renamed", "counsel", "deadline", "value")
        if of(before, kind) != of(after, kind)
    }
    if before.counsel_contact != after.counsel_contact:
        changed.setdefault("counsel", {"to": of(after, "counsel"), "contact": "changed"})
    if before.notes != after.notes:
        changed["notes"] = {}
    return changed
