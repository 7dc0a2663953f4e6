"""Requests that were answered already: the same key gets the same answer again for a day, and nothing is done twice.

Source: draft-ietf-httpapi-idempotency-key-header-07 §2. A key belongs to whoever sent it; the same key with another
request is a mistake of the sender, and one that is still being worked on is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import Field, Session, col

from ipguard.database.base import Row, Utc
from ipguard.database.statements import insert_into

KEPT = timedelta(hours=24)
MAX_BODY_BYTES = 256 * 1024
"""Of an answer that is kept."""


class AnsweredRow(Row, table=True):
    """One request with a key, and what was answered to it."""

    __tablename__ = "answered_request"

    who: str = Field(primary_key=True, max_length=128)
    key: str = Field(primary_key=True, max_length=255)
    request_sha256: str = Field(max_length=64)
    """Of method, path and body."""
    status: int | None = None
    """None while it is being worked on."""
    body: str = ""
    etag: str = ""
    location: str = ""
    at: datetime = Field(sa_type=Utc, index=True)


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered."""

    status: int
    body: str
    etag: str
    location: str


class OtherRequest(Exception):
    """The key was used for another request."""


class StillAtIt(Exception):
    """The first request with that key is still being worked on."""


def begin(session: Session, who: str, key: str, request_sha256: str, now: datetime) -> Answered | None:
    """Take a key for a request; gives what was answered to it before.

    Raises:
        OtherRequest, StillAtIt.
    """
    session.execute(delete(AnsweredRow).where(col(AnsweredRow.at) < now - KEPT))
    row = {
        "who": who,
        "key": key,
        "request_sha256": request_sha256,
        "at": now,
        "body": "",
        "etag": "",
        "location": "",
    }
    taken = session.execute(
        insert_into(session, AnsweredRow)
        .values(row)
        .on_conflict_do_nothing(index_elements=["who", "key"])
        .returning(col(AnsweredRow.key))
    ).first()
    if taken is not None:
        return None
    known = session.scalars(
        select(AnsweredRow).where(col(AnsweredRow.who) == who, col(AnsweredRow.key) == key)
    ).one()
    if known.request_sha256 != request_sha256:
        raise OtherRequest
    if known.status is None:
        raise StillAtIt
    return Answered(known.status, known.body, known.etag, known.location)


def finish(session: Session, who: str, key: str, answer: Answered) -> None:
    """Keep what was answered."""
    row = session.get(AnsweredRow, (who, key))
    if row is not None:
        row.status, row.body = answer.status, answer.body
        row.etag, row.location = answer.etag, answer.location
        session.add(row)


def give_up(session: Session, who: str, key: str) -> None:
    """Free a key whose request came to nothing: it can be sent again."""
    session.execute(delete(AnsweredRow).where(col(AnsweredRow.who) == who, col(AnsweredRow.key) == key))
