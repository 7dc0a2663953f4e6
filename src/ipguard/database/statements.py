"""What statements of several rooms share: an insert that both databases can turn into an update, and portions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ipguard.database.base import Row

T = TypeVar("T")


def insert_into(session: Session, table: type[Row]) -> sqlite.Insert | postgresql.Insert:
    """An insert of the session's database, with `on_conflict_do_update` and `excluded`."""
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if postgres else sqlite.insert(table)


def portions(items: Iterable[T], size: int = 200) -> Iterator[list[T]]:
    """Items in lists of at most `size`: no database takes any number of values in one statement."""
    left = iter(items)
    while portion := list(islice(left, size)):
        yield portion
