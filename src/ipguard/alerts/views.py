"""Views that people name, the secret address of a view's feed, and the keys somebody decides with."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from ipguard.alerts.tables import KeySettingRow, SavedViewRow
from ipguard.errors import WrongUse

MOST_VIEWS = 50
"""A person may keep."""
LONGEST_NAME = 80
KEYS: Mapping[str, str] = {
    "next": "j",
    "previous": "k",
    "infringing": "a",
    "not_infringing": "d",
    "later": "s",
    "case": "c",
    "tick": "x",
    "undo": "z",
    "unsure": "u",
    "region": "o",
    "points": "p",
    "layover": "b",
    "compare": "v",
    "search": "/",
    "help": "?",
}
"""Action → its usual key. The reasons of “not infringing” are 1 to 5."""
KEY_WORDS: Mapping[str, str] = {
    "next": "Next alert",
    "previous": "Previous alert",
    "infringing": "Infringing",
    "not_infringing": "Not infringing, then a reason from 1 to 5",
    "later": "Later",
    "case": "Add to case",
    "tick": "Tick or untick",
    "undo": "Undo the last decision",
    "unsure": "Ask for a second look",
    "region": "Matched region",
    "points": "Matching points",
    "layover": "Laid over",
    "compare": "Compare",
    "search": "Search",
    "help": "Show the keys",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one person."""

    off: bool
    keys: Mapping[str, str]
    """Action → key, every action."""


def save_view(session: Session, person: str, name: str, query: str, now: datetime) -> SavedViewRow:
    """Keep a view under a name; one of that name is replaced.

    Raises:
        WrongUse: no name, a very long one, or too many views.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise WrongUse(f"A view needs a name of at most {LONGEST_NAME} characters.")
    views = list_views(session, person)
    row = next((view for view in views if view.name == name), None)
    if row is None:
        if len(views) >= MOST_VIEWS:
            raise WrongUse(f"{MOST_VIEWS} views are enough for one person.", hint="Remove one first.")
        row = SavedViewRow(person=person, name=name, query=query, created_at=now)
    row.query = query
    session.add(row)
    session.flush()
    return row


def list_views(session: Session, person: str) -> list[SavedViewRow]:
    """The views of a person, by name."""
    rows = session.scalars(
        select(SavedViewRow).where(col(SavedViewRow.person) == person).order_by(col(SavedViewRow.name))
    )
    return list(rows)


def remove_view(session: Session, person: str, view_id: int) -> None:
    """Remove a view and its feed."""
    session.execute(
        delete(SavedViewRow).where(col(SavedViewRow.id) == view_id, col(SavedViewRow.person) == person)
    )


def new_feed(session: Session, person: str, view_id: int) -> str:
    """A new secret for the feed of a view; an older one stops working. It is told once and kept as a hash.

    Raises:
        WrongUse: there is no such view of that person.
    """
    key = secrets.token_urlsafe(24)
    view = _own(session, person, view_id)
    view.feed = _hash(key)
    session.add(view)
    return key


def end_feed(session: Session, person: str, view_id: int) -> None:
    """The address of a view's feed stops working."""
    view = _own(session, person, view_id)
    view.feed = None
    session.add(view)


def view_of_feed(session: Session, key: str) -> SavedViewRow | None:
    """The view whose feed has this secret."""
    return session.scalars(select(SavedViewRow).where(col(SavedViewRow.feed) == _hash(key))).first()


def keys_of(session: Session, person: str) -> Keys:
    """The keys of a person: the usual ones, where they chose no others."""
    row = session.get(KeySettingRow, person)
    if row is None:
        return Keys(False, KEYS)
    return Keys(row.off, {action: row.keys.get(action, key) for action, key in KEYS.items()})


def choose_keys(session: Session, person: str, *, off: bool, keys: Mapping[str, str]) -> None:
    """Keep somebody's keys.

    Raises:
        WrongUse: a key is not one character, stands for two actions, or is a reason's digit.
    """
    chosen = {action: keys.get(action, key).strip().lower() or key for action, key in KEYS.items()}
    for key in chosen.values():
        if len(key) != 1 or not key.isprintable() or key.isspace():
            raise WrongUse(f"“{key}” is not one key.", hint="Give every action one character.")
        if key.isdigit():
            raise WrongUse("Digits are the reasons of “not infringing”.", hint="Choose another key.")
    twice = [key for key in chosen.values() if list(chosen.values()).count(key) > 1]
    if twice:
        raise WrongUse(f"“{twice[0]}” stands for two actions.", hint="No key may do two things.")
    row = session.get(KeySettingRow, person) or KeySettingRow(person=person)
    row.off = off
    row.keys = {action: key for action, key in chosen.items() if key != KEYS[action]}
    session.add(row)
    session.flush()


def _own(session: Session, person: str, view_id: int) -> SavedViewRow:
    row = session.get(SavedViewRow, view_id)
    if row is None or row.person != person:
        raise WrongUse("You have no such view.", hint="Load the page again.")
    return row


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
